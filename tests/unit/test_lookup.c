/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Who is behind an address, and what is said of a user. */

#include "tests/unit/directory_setup.h"

#include "directory/lookup.h"

static const char passwd[] = "alice:::::/home/alice::\n"
			     "bob@example.org:::::/home/bob::\n"
			     "carol+list@example.org:::::/home/list::\n"
			     "carol:::::/home/carol::\n"
			     "any:::::/home/any::\n"
			     "catcher:::::/home/catcher::\n"
			     "root:::::/home/root::\n"
			     "\u00e4rger:::::/home/aerger::\n"
			     "odd:::::/home/odd::userdb_uid=no-such-account\n"
			     "x:::::/home/x::userdb_mail=maildir:/m/%n\n";

static const char aliases[] = "team: alice, bob\n"
			      "nested: team, carol\n"
			      "dup: alice, ALICE, team\n"
			      "loop: pool\n"
			      "pool: loop\n"
			      "root: root, alice\n"
			      "alice@second.example: bob@example.org\n"
			      "x: \\x, any\n"
			      "back: \\alice\n"
			      "ghost: nobody-here\n"
			      "half: nobody-here, alice\n"
			      "pipe: \"|cat\"\n"
			      "file: /tmp/x\n"
			      "away: a@elsewhere.invalid\n"
			      "none:\n"
			      "detail: alice+work\n"
			      "oddly: alice, odd\n";

static const char settings[] = "hostname = \"example.org\"\n"
			       "mail_location = \"maildir:~/Maildir\"\n"
			       "domain \"example.org\" {\n"
			       "\tsource = \"file:%s/passwd\"\n\taliases = \"%s/aliases\"\n}\n"
			       "domain \"second.example\" {\n"
			       "\tsource = \"file:%s/passwd\"\n\taliases = \"%s/aliases\"\n"
			       "\tcatch_all = \"catcher\"\n\tcase_sensitive = yes\n"
			       "\trecipient_delimiter = \"-\"\n}\n"
			       "domain \"b\u00fccher.example\" {\n"
			       "\tsource = static\n\thome = \"/v/%%d/%%n\"\n}\n"
			       "domain \"broken.example\" {\n\tsource = \"file:%s/none\"\n"
			       "\tcatch_all = \"catcher\"\n}\n"
			       "domain \"third.example\" {\n\tsource = \"file:%s/aliases\"\n"
			       "\tcatch_all = \"bob+x@example.org\"\n}\n"
			       "domain \"ring.example\" {\n\tsource = \"file:%s/aliases\"\n"
			       "\tcatch_all = \"a@ring.example\"\n}\n"
			       "domain \"lost.example\" {\n\tsource = \"file:%s/passwd\"\n"
			       "\taliases = \"%s/none\"\n}\n";

struct world {
	struct conf *conf;
	struct lookup *lookup;
};

static void
open_world(struct place *place, struct str text, bool is_unprivileged, struct world *world)
{
	struct buf errors = BUF_EMPTY;
	struct str path = write_text(place, "conf", text);
	struct lookup_options options = { .is_unprivileged = is_unprivileged };

	if (conf_read(path.p, &world->conf, &errors) == -1)
		fail_msg("%s", buf_cstr(&errors));
	options.conf = world->conf;
	world->lookup = lookup_new(&options);
}

static void
close_world(struct world *world)
{
	lookup_free(&world->lookup);
	conf_free(&world->conf);
}

static void
open_usual(struct place *place, struct world *world)
{
	const char *p = place->path;

	write_text(place, "passwd", str_of(passwd));
	write_text(place, "aliases", str_of(aliases));
	open_world(place, arena_printf(&place->arena, settings, p, p, p, p, p, p, p, p, p), true, world);
}

/* The users, joined by |; "-" unknown, "!" cannot be told. */
static struct str
users_of(struct place *place, struct world *world, struct str address)
{
	struct lookup_targets targets;
	struct buf text = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	struct str joined;
	size_t i;

	if (lookup_address(world->lookup, address, &place->arena, &targets, NULL, &why) == -1) {
		if (why.class == FAIL_PERM)
			assert_int_equal(why.subject, 1);
		else
			assert_int_equal(why.class, FAIL_TEMP);
		return str_of(why.class == FAIL_PERM ? "-" : "!");
	}
	for (i = 0; i < targets.n; i++) {
		buf_add_str(&text, targets.at[i].user);
		buf_add_byte(&text, '|');
	}
	joined = arena_str(&place->arena, buf_str(&text));
	buf_fini(&text);
	return joined;
}

static void
expect_users(struct place *place, struct world *world, const char *address, const char *users)
{
	struct str got = users_of(place, world, str_of(address));

	if (!str_is_equal(got, str_of(users)))
		fail_msg("<%s>: %.*s, not %s", address, STR_ARG(got), users);
}

static void
address_has_users(void **state)
{
	static const struct {
		const char *address, *users;
	} cases[] = {
		/* users */
		{ "alice@example.org", "alice@example.org|" },
		{ "bob@example.org", "bob@example.org|" },
		{ "bob@second.example", "catcher@second.example|" },
		{ "nobody-here@example.org", "-" },
		{ "alice@elsewhere.invalid", "-" },
		{ "alice", "alice@example.org|" },
		{ "nobody-here", "-" },
		/* case rule */
		{ "ALICE@EXAMPLE.ORG", "alice@example.org|" },
		{ "\u00c4RGER@example.org", "\u00e4rger@example.org|" },
		{ "A\u0308rger@example.org", "\u00e4rger@example.org|" },
		{ "carol@second.example", "carol@second.example|" },
		{ "Carol@second.example", "catcher@second.example|" },
		/* domains */
		{ "a@b\u00fccher.example", "a@b\u00fccher.example|" },
		{ "a@xn--bcher-kva.example", "a@b\u00fccher.example|" },
		{ "a@XN--BCHER-KVA.example", "a@b\u00fccher.example|" },
		{ "alice@example.org.", "alice@example.org|" },
		{ "alice@sub.example.org", "-" },
		/* subaddress: the whole name first */
		{ "alice+x@example.org", "alice@example.org|" },
		{ "alice+x+y@example.org", "alice@example.org|" },
		{ "carol+list@example.org", "carol+list@example.org|" },
		{ "carol+lists@example.org", "carol@example.org|" },
		{ "carol-x@second.example", "carol@second.example|" },
		{ "carol+x@second.example", "catcher@second.example|" },
		{ "+alice@example.org", "-" },
		{ "team+x@example.org", "alice@example.org|bob@example.org|" },
		/* catch-all: after aliases, users and subaddresses */
		{ "whoever@second.example", "catcher@second.example|" },
		{ "alice@second.example", "bob@example.org|" },
		{ "whoever@third.example", "bob@example.org|" },
		{ "whoever@ring.example", "!" },
		{ "ghost@second.example", "catcher@second.example|" },
		/* aliases */
		{ "team@example.org", "alice@example.org|bob@example.org|" },
		{ "TEAM@example.org", "alice@example.org|bob@example.org|" },
		{ "nested@example.org",
		    "alice@example.org|bob@example.org|carol@example.org|" },
		{ "dup@example.org", "alice@example.org|bob@example.org|" },
		{ "root@example.org", "root@example.org|alice@example.org|" },
		{ "back@example.org", "alice@example.org|" },
		{ "x@example.org", "x@example.org|any@example.org|" },
		{ "detail@example.org", "alice@example.org|" },
		{ "half@example.org", "alice@example.org|" },
		{ "ghost@example.org", "-" },
		{ "none@example.org", "-" },
		/* what cannot be told or done */
		{ "loop@example.org", "!" },
		{ "pipe@example.org", "!" },
		{ "file@example.org", "!" },
		{ "away@example.org", "!" },
		{ "odd@example.org", "!" },
		{ "oddly@example.org", "!" },
		{ "alice@broken.example", "!" },
		{ "alice@lost.example", "!" },
		/* names that are no path */
		{ "@example.org", "-" },
		{ "", "-" },
		{ "@", "-" },
		{ "../alice@b\u00fccher.example", "-" },
		{ "..@b\u00fccher.example", "-" },
		{ ".@b\u00fccher.example", "-" },
		{ "a/b@b\u00fccher.example", "-" },
		{ "a\tb@b\u00fccher.example", "-" },
		{ "a b@b\u00fccher.example", "a b@b\u00fccher.example|" },
	};
	struct place *place = *state;
	struct world world;
	size_t i;

	open_usual(place, &world);
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_users(place, &world, cases[i].address, cases[i].users);
	close_world(&world);
	assert_null(world.lookup);
}

/* Quoted local parts may hold an @, domains may be address literals; nothing of
 * it may reach another domain's users or a path. */
static void
odd_names_are_nobodys(void **state)
{
	static const struct {
		struct str address;
		const char *users;
	} cases[] = {
		{ STR("bob@example.org@second.example"), "catcher@second.example|" },
		{ STR("bob@example.org@example.org"), "-" },
		{ STR("alice@second.example@example.org"), "-" },
		{ STR("alice@[x:/../../y]"), "-" },
		{ STR("alice@[192.0.2.1]"), "alice@[192.0.2.1]|" },
		{ STR("alice@../x"), "-" },
		{ STR("team\0x@example.org"), "-" },
		{ STR("alice@example.org\0.x"), "-" },
		{ STR("any@B\303\234CHER.example"), "any@b\303\274cher.example|" },
	};
	struct place *place = *state;
	struct lookup_user user;
	struct fail why = FAIL_EMPTY;
	struct world world;
	size_t i;

	open_usual(place, &world);
	close_world(&world);
	open_world(place, arena_printf(&place->arena,
	    "%.*s\ndomain \"*\" {\n\tsource = \"file:%s/passwd\"\n}\n",
	    STR_ARG(arena_printf(&place->arena, settings, place->path, place->path, place->path,
		place->path, place->path, place->path, place->path, place->path,
		place->path)), place->path), true, &world);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str got = users_of(place, &world, cases[i].address);

		assert_int_equal(lookup_user(world.lookup, STR("alice@x/../y"), &place->arena, &user,
		    &why), -1);
		assert_int_equal(why.class, FAIL_PERM);
		if (!str_is_equal(got, str_of(cases[i].users)))
			fail_msg("<%.*s>: %.*s", STR_ARG(cases[i].address), STR_ARG(got));
	}
	close_world(&world);
}

static void
included_lists_are_members(void **state)
{
	struct place *place = *state;
	struct world world;
	struct lookup_targets targets;
	struct fail why = FAIL_EMPTY;
	struct str list = write_text(place, "list", STR("# people\nalice\n\n bob, carol \n"));

	open_usual(place, &world);
	write_text(place, "aliases", arena_printf(&place->arena,
	    "list: :include:%.*s, any\nnone: alice, :include:%.*s/none\n", STR_ARG(list),
	    STR_ARG(str_of(place->path))));
	expect_users(place, &world, "list@example.org",
	    "alice@example.org|bob@example.org|carol@example.org|any@example.org|");
	/* A list that includes itself ends where a nest of aliases does. */
	write_text(place, "list", arena_printf(&place->arena, ":include:%.*s\n", STR_ARG(list)));
	assert_int_equal(lookup_address(world.lookup, STR("list@example.org"), &place->arena,
	    &targets, NULL, &why), -1);
	assert_string_equal(why.text, "Alias loop");
	/* A list that cannot be read may hold anybody. */
	expect_users(place, &world, "none@example.org", "!");
	close_world(&world);
}

static void
alias_bomb_is_bounded(void **state)
{
	struct place *place = *state;
	struct world world;
	struct buf text = BUF_EMPTY;
	int i, j;

	open_usual(place, &world);
	for (i = 0; i < 15; i++) {
		buf_addf(&text, "b%d:", i);
		for (j = 0; j < 10; j++)
			buf_addf(&text, " b%d,", i + 1);
		buf_add_byte(&text, '\n');
	}
	buf_add_cstr(&text, "b15: alice\n");
	write_text(place, "aliases", buf_str(&text));
	expect_users(place, &world, "b0@example.org", "!");
	expect_users(place, &world, "b14@example.org", "alice@example.org|");
	buf_fini(&text);
	close_world(&world);
}

static void
trace_tells_the_steps(void **state)
{
	struct place *place = *state;
	struct world world;
	struct lookup_targets targets;
	struct buf trace = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;

	open_usual(place, &world);
	assert_int_equal(lookup_address(world.lookup, STR("carol-x@second.example"),
	    &place->arena, &targets, &trace, &why), 0);
	assert_true(str_find(buf_str(&trace), STR("domain: second.example\n")) != -1);
	assert_true(str_find(buf_str(&trace), STR(": carol-x: unknown\n")) != -1);
	assert_true(str_find(buf_str(&trace), STR(": carol: found\n")) != -1);
	assert_true(str_find(buf_str(&trace), STR("user: carol@second.example\n")) != -1);
	buf_fini(&trace);
	close_world(&world);
}

/* ---- the record of a user ---- */

static const char one_domain[] = "virtual_user = \"800:5001\"\nfirst_valid_uid = 1000\n"
				 "mail_location = \"maildir:~/Maildir\"\n"
				 "quota_storage = 1M\nquota_messages = 10\n"
				 "domain \"x.example\" {\n\tsource = \"file:%s/passwd\"\n"
				 "\thome = \"/v/%%d/%%n\"\n}\n";

static int
look_up(struct place *place, const char *line, bool is_unprivileged, struct lookup_user *out,
    struct fail *why)
{
	struct world world;
	int rc;

	write_text(place, "passwd", str_of(line));
	open_world(place, arena_printf(&place->arena, one_domain, place->path), is_unprivileged,
	    &world);
	rc = lookup_user(world.lookup, STR("a@x.example"), &place->arena, out, why);
	if (rc == 0) {
		/* It may point into the settings. */
		out->delimiters = arena_str(&place->arena, out->delimiters);
		out->source = arena_str(&place->arena, out->source);
	}
	close_world(&world);
	return rc;
}

static void
user_record_is_complete(void **state)
{
	struct place *place = *state;
	struct lookup_user user;
	struct fail why = FAIL_EMPTY;

	assert_int_equal(look_up(place, "a:pw:2000:2001:Name:/home/a:/bin/sh:\n", false, &user, &why),
	    0);
	assert_str_equal(user.name, "a@x.example");
	assert_str_equal(user.owner, "uid.2000");
	assert_int_equal(user.uid, 2000);
	assert_int_equal(user.gid, 2001);
	assert_str_equal(user.home, "/home/a");
	assert_str_equal(user.mail, "maildir:/home/a/Maildir");
	assert_str_equal(user.script, "/home/a/.dovecot.sieve");
	assert_str_equal(user.delimiters, "+");
	assert_int_equal(user.quota_bytes, 1024 * 1024);
	assert_int_equal(user.quota_messages, 10);
}

static void
settings_fill_what_the_source_leaves_open(void **state)
{
	struct place *place = *state;
	struct lookup_user user;
	struct fail why = FAIL_EMPTY;

	assert_int_equal(look_up(place, "a\n", false, &user, &why), 0);
	assert_str_equal(user.owner, "virtual");
	assert_int_equal(user.uid, 800); /* named on purpose: below first_valid_uid */
	assert_int_equal(user.gid, 5001);
	assert_str_equal(user.home, "/v/x.example/a");
	assert_str_equal(user.mail, "maildir:/v/x.example/a/Maildir");
}

static void
without_privilege_all_is_ours(void **state)
{
	struct place *place = *state;
	struct lookup_user user;
	struct fail why = FAIL_EMPTY;

	assert_int_equal(look_up(place, "a:pw:0:0::/home/a::\n", true, &user, &why), 0);
	assert_str_equal(user.owner, "virtual");
	assert_int_equal(user.uid, geteuid());
	assert_int_equal(user.gid, getegid());
}

static void
identity_that_owns_no_mail_is_refused(void **state)
{
	static const char *const lines[] = {
		"a::0:0::/home/a::\n",
		"a::999:2000::/home/a::\n",
		"a::no-such-account:2000::/home/a::\n",
		"a::2000:no-such-group::/home/a::\n",
		"a::4294967295:2000::/home/a::\n",
		"a::-1:2000::/home/a::\n",
		"a::2000:::/home/a::\n",
		"a:::2000::/home/a::\n",
		"a::2000:0::/home/a::\n",
	};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct lookup_user user;
		struct fail why = FAIL_EMPTY;

		if (look_up(place, lines[i], false, &user, &why) != -1)
			fail_msg("%s", lines[i]);
		assert_int_equal(why.class, FAIL_TEMP);
	}
}

static void
mail_location_is_cut_of_its_options(void **state)
{
	static const struct {
		const char *mail, *result; /* NULL: refused */
	} cases[] = {
		{ "maildir:/m/%n", "maildir:/m/a" },
		{ "maildir:~/M:INDEX=/i:LAYOUT=Maildir++", "maildir:/home/a/M" },
		{ "maildir:~/M:LAYOUT=fs", NULL },
		{ "maildir:~/%x", NULL },
		{ "maildir:", NULL },
		{ "maildir", NULL },
		{ "~/Maildir", NULL },
	};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lookup_user user;
		struct fail why = FAIL_EMPTY;
		struct str line = arena_printf(&place->arena,
		    "a:::::/home/a::userdb_mail=%s\n", cases[i].mail);
		int rc = look_up(place, line.p, false, &user, &why);

		if (rc != (cases[i].result == NULL ? -1 : 0))
			fail_msg("%s", cases[i].mail);
		if (rc == 0)
			assert_str_equal(user.mail, cases[i].result);
		else
			assert_int_equal(why.class, FAIL_TEMP);
	}
}

static void
user_that_is_gone_is_unknown(void **state)
{
	struct place *place = *state;
	struct lookup_user user;
	struct fail why = FAIL_EMPTY;

	assert_int_equal(look_up(place, "b\n", false, &user, &why), -1);
	assert_int_equal(why.class, FAIL_PERM);
	assert_int_equal(why.subject, 1);
	assert_int_equal(why.detail, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_has_users),
		cmocka_unit_test(odd_names_are_nobodys),
		cmocka_unit_test(included_lists_are_members),
		cmocka_unit_test(alias_bomb_is_bounded),
		cmocka_unit_test(trace_tells_the_steps),
		cmocka_unit_test(user_record_is_complete),
		cmocka_unit_test(settings_fill_what_the_source_leaves_open),
		cmocka_unit_test(without_privilege_all_is_ours),
		cmocka_unit_test(identity_that_owns_no_mail_is_refused),
		cmocka_unit_test(mail_location_is_cut_of_its_options),
		cmocka_unit_test(user_that_is_gone_is_unknown),
	};

	return cmocka_run_group_tests_name("lookup", tests, open_place, close_place);
}

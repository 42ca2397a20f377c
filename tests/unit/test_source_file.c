/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Dovecot's passwd-file: fields, extra fields, and a file that changes. */

#include "tests/unit/directory_setup.h"

#include "directory/source.h"

static struct source *
open_source(struct place *place, const char *text)
{
	return source_file.open(write_text(place, "passwd", str_of(text)));
}

static enum source_result
find(struct place *place, struct source *source, const char *local, struct source_record *record)
{
	struct fail why = FAIL_EMPTY;
	enum source_result result = source_file.find(source, str_of(local), STR("x.example"),
	    &place->arena, record, &why);

	assert_int_equal(why.class, result == SOURCE_BROKEN ? FAIL_TEMP : FAIL_NONE);
	return result;
}

static void
all_fields_are_read(void **state)
{
	struct place *place = *state;
	struct source_record record = { 0 };
	struct source *source = open_source(place,
	    "a:{PLAIN}pw:1000:1001:A. Name,,:/home/a:/bin/sh:"
	    "nopassword=y userdb_mail=maildir:~/M:INDEX=/i  userdb_sieve=~/s.sieve "
	    "userdb_quota_rule=*:storage=2G:messages=30 allow_nets=127.0.0.0/8 proxy\n");

	assert_int_equal(find(place, source, "a", &record), SOURCE_FOUND);
	assert_str_equal(record.user, "a@x.example");
	assert_int_equal(record.uid, 1000);
	assert_int_equal(record.gid, 1001);
	assert_str_equal(record.home, "/home/a");
	assert_str_equal(record.mail, "maildir:~/M:INDEX=/i");
	assert_str_equal(record.script, "~/s.sieve");
	assert_true(record.has_quota);
	assert_int_equal(record.quota_bytes, INT64_C(2) << 30);
	assert_int_equal(record.quota_messages, 30);
	source_file.close(source);
}

static void
extra_fields_replace_plain_ones(void **state)
{
	struct place *place = *state;
	struct source_record record = { 0 };
	struct source *source = open_source(place,
	    "a::1:1::/home/a::userdb_home=/h/b userdb_uid=3000 userdb_gid=3001 "
	    "userdb_mail_location=maildir:/m userdb_quota_storage_size=5k "
	    "userdb_quota_message_count=7\n");

	assert_int_equal(find(place, source, "a", &record), SOURCE_FOUND);
	assert_str_equal(record.home, "/h/b");
	assert_int_equal(record.uid, 3000);
	assert_int_equal(record.gid, 3001);
	assert_str_equal(record.mail, "maildir:/m");
	assert_int_equal(record.quota_bytes, 5 * 1024);
	assert_int_equal(record.quota_messages, 7);
	source_file.close(source);
}

static void
accounts_may_be_named(void **state)
{
	struct place *place = *state;
	struct source_record record = { 0 };
	struct source *source = open_source(place, "a::root:root::/home/a::\n");

	record.uid = record.gid = 9;
	assert_int_equal(find(place, source, "a", &record), SOURCE_FOUND);
	assert_int_equal(record.uid, 0);
	assert_int_equal(record.gid, 0);
	source_file.close(source);
}

static void
lines_are_found_by_full_name_or_local_part(void **state)
{
	static const struct {
		const char *text, *local, *home; /* "-" unknown */
	} cases[] = {
		{ "a:::::/1::\n", "a", "/1" },
		{ "a@x.example:::::/1::\n", "a", "/1" },
		{ "a:::::/1::\na@x.example:::::/2::\n", "a", "/2" },
		{ "a@y.example:::::/1::\n", "a", "-" },
		{ "a@y.example:::::/1::\n", "a@y.example", "-" },
		{ "a:::::/1::\na:::::/2::\n", "a", "/1" },
		{ "a:::::/1::\r\nb:::::/2::\r\n", "b", "/2" },
		{ "a:::::/1", "a", "/1" },
		{ "a", "a", "" },
		{ "#a:::::/1::\n", "#a", "-" },
		{ "\n  \na:::::/1::\n", "a", "/1" },
		{ ":::::/1::\n", "", "-" },
		{ "a:::::/1::\n", "ab", "-" },
		{ "ab:::::/1::\n", "a", "-" },
		{ "A:::::/1::\n", "a", "-" },
		{ "../a:::::/1::\n", "../a", "-" },
		{ "a/b:::::/1::\n", "a/b", "-" },
		{ "", "a", "-" },
	};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct source *source = open_source(place, cases[i].text);
		struct source_record record = { 0 };
		enum source_result result = find(place, source, cases[i].local, &record);
		struct str home = result == SOURCE_FOUND ? record.home : STR("-");

		if (result == SOURCE_BROKEN || !str_is_equal(home, str_of(cases[i].home)))
			fail_msg("%s %s: %.*s", cases[i].text, cases[i].local, STR_ARG(home));
		source_file.close(source);
	}
}

static void
line_with_a_mistake_is_broken_not_unknown(void **state)
{
	static const char *const lines[] = {
		"a::x:1::/h::\n",
		"a::1:x::/h::\n",
		"a::-1:1::/h::\n",
		"a::4294967295:1::/h::\n",
		"a::1:4294967296::/h::\n",
		"a:::::/h::userdb_uid=\n",
		"a:::::/h::userdb_quota_rule=*:storage=lots\n",
		"a:::::/h::userdb_quota_rule=*:storage=-1\n",
		"a:::::/h::userdb_quota_rule=*:storage=99999999999T\n",
		"a:::::/h::userdb_quota_rule=*:messages=1k\n",
		"a:::::/h::userdb_quota_rule=*:storage=10%\n",
		"a:::::/h::userdb_quota_rule=*:hens=3\n",
		"a:::::/h::userdb_quota_storage_size=\n",
		"a:::::/h::userdb_quota_message_count=x\n",
	};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct buf text = BUF_EMPTY;
		struct source *source;
		struct source_record record = { 0 };

		buf_addf(&text, "%sb:::::/b::\n", lines[i]);
		source = open_source(place, buf_cstr(&text));
		if (find(place, source, "a", &record) != SOURCE_BROKEN)
			fail_msg("%s", lines[i]);
		/* The others are not concerned. */
		assert_int_equal(find(place, source, "b", &record), SOURCE_FOUND);
		assert_str_equal(record.home, "/b");
		source_file.close(source);
		buf_fini(&text);
	}
}

static void
quota_rule_is_read_as_dovecot_does(void **state)
{
	static const struct {
		const char *rule;
		uint64_t bytes, messages;
	} cases[] = {
		/* storage without a unit is in kilobytes */
		{ "*:storage=100", 100 * 1024, 0 },
		{ "*:storage=100b", 100, 0 },
		{ "*:bytes=100", 100, 0 },
		{ "*:messages=5", 0, 5 },
		{ "*:storage=1M:messages=5", 1 << 20, 5 },
		{ "*:ignore", 0, 0 },
	};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct source_record record = { 0 };
		struct source *source = open_source(place, arena_printf(&place->arena,
		    "a:::::/h::userdb_quota_rule=%s\n", cases[i].rule).p);

		assert_int_equal(find(place, source, "a", &record), SOURCE_FOUND);
		assert_true(record.has_quota);
		assert_int_equal(record.quota_bytes, cases[i].bytes);
		assert_int_equal(record.quota_messages, cases[i].messages);
		source_file.close(source);
	}
}

static void
rules_of_single_mailboxes_are_passed_over(void **state)
{
	struct place *place = *state;
	struct source_record record = { 0 };
	struct source *source = open_source(place,
	    "a:::::/h::userdb_quota_rule=Trash:storage=+10% userdb_quota_rule2=x\n");

	assert_int_equal(find(place, source, "a", &record), SOURCE_FOUND);
	assert_false(record.has_quota);
	source_file.close(source);
}

static void
file_that_is_replaced_is_read_again(void **state)
{
	struct place *place = *state;
	struct source_record record = { 0 };
	struct source *source = open_source(place, "a:::::/1::\n");
	struct str kept;

	assert_int_equal(find(place, source, "a", &record), SOURCE_FOUND);
	kept = record.home;
	write_text(place, "passwd", STR("b:::::/2::\n"));
	assert_int_equal(find(place, source, "a", &record), SOURCE_UNKNOWN);
	assert_int_equal(find(place, source, "b", &record), SOURCE_FOUND);
	assert_str_equal(record.home, "/2");
	/* What was found lives in the arena, not in the text. */
	assert_str_equal(kept, "/1");
	source_file.close(source);
}

static void
missing_file_is_broken(void **state)
{
	struct place *place = *state;
	struct source_record record = { 0 };
	struct source *source = open_source(place, "a:::::/1::\n");

	assert_int_equal(find(place, source, "a", &record), SOURCE_FOUND);
	assert_int_equal(unlink(path_of(place, "passwd").p), 0);
	assert_int_equal(find(place, source, "a", &record), SOURCE_BROKEN);
	assert_int_equal(find(place, source, "b", &record), SOURCE_BROKEN);
	write_text(place, "passwd", STR("a:::::/1::\n"));
	assert_int_equal(find(place, source, "a", &record), SOURCE_FOUND);
	source_file.close(source);
}

static void
sizes_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		bool is_good;
	} cases[] = {
		{ "0", 0, true }, { "1", 1, true }, { "5b", 5, true }, { "5B", 5, true },
		{ "2k", 2048, true }, { "2K", 2048, true }, { "3M", 3 << 20, true },
		{ "1g", 1 << 30, true }, { "1T", UINT64_C(1) << 40, true },
		{ "18446744073709551615", UINT64_MAX, true },
		{ "18446744073709551616", 0, false }, { "16777216T", 0, false },
		{ "16777215T", UINT64_C(16777215) << 40, true },
		{ "", 0, false }, { "k", 0, false }, { "-1", 0, false }, { "1 k", 0, false },
		{ "1kb", 0, false }, { "1.5G", 0, false }, { "0x10", 0, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t bytes = 0;

		if (source_is_size(str_of(cases[i].text), &bytes) != cases[i].is_good ||
		    (cases[i].is_good && bytes != cases[i].bytes))
			fail_msg("%s: %llu", cases[i].text, (unsigned long long)bytes);
	}
}

static void
names_are_path_components(void **state)
{
	static const char *const bad[] = { "", ".", "..", ".a", "a/b", "/", "a\nb", "a\x7f" };
	char name[SOURCE_NAME_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(source_is_name(str_of(bad[i])));
	assert_false(source_is_name(STR("a\0b")));
	assert_true(source_is_name(STR("a.b+c@d e")));
	assert_true(source_is_name(STR("\xc3\xa4")));
	memset(name, 'a', sizeof name);
	assert_true(source_is_name((struct str){ name, SOURCE_NAME_MAX }));
	assert_false(source_is_name((struct str){ name, SOURCE_NAME_MAX + 1 }));
}

static void
kinds_are_found_by_their_setting(void **state)
{
	struct str argument;

	(void)state;
	assert_ptr_equal(source_find_kind(STR("file:/a:b"), &argument), &source_file);
	assert_str_equal(argument, "/a:b");
	assert_ptr_equal(source_find_kind(STR("passwd"), &argument), &source_passwd);
	assert_ptr_equal(source_find_kind(STR("static"), &argument), &source_static);
	assert_null(source_find_kind(STR("file:"), &argument));
	assert_null(source_find_kind(STR("file"), &argument));
	assert_null(source_find_kind(STR("static:x"), &argument));
	assert_null(source_find_kind(STR(""), &argument));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_are_read),
		cmocka_unit_test(extra_fields_replace_plain_ones),
		cmocka_unit_test(accounts_may_be_named),
		cmocka_unit_test(lines_are_found_by_full_name_or_local_part),
		cmocka_unit_test(line_with_a_mistake_is_broken_not_unknown),
		cmocka_unit_test(quota_rule_is_read_as_dovecot_does),
		cmocka_unit_test(rules_of_single_mailboxes_are_passed_over),
		cmocka_unit_test(file_that_is_replaced_is_read_again),
		cmocka_unit_test(missing_file_is_broken),
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(names_are_path_components),
		cmocka_unit_test(kinds_are_found_by_their_setting),
	};

	return cmocka_run_group_tests_name("source_file", tests, open_place, close_place);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A message is sent on as it is, from whom the site wants, and never in a
 * circle. */
#include "compose_setup.h"

static enum compose_answer
send_on(struct fixture *f, const char *target, struct str text)
{
	const struct sieve_action action = { .kind = SIEVE_REDIRECT, .line = 3,
		.target = text_of(target) };

	return compose_redirect(&f->env, &action, text, &f->out);
}

static void
the_message_goes_on_as_it_is(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "Subject: x\n\nbody\n", "Subject: x\n\nbody\n" },
		{ "Subject: x\r\n\r\nbody\r\n", "Subject: x\r\n\r\nbody\r\n" },
		{ "\nbody\n", "\nbody\n" },
		{ "Subject: x\n", "Subject: x\n" },
		{ "", "" },
		{ "Return-Path: <a@b>\nSubject: x\nreturn-path: <c@d>\n (e)\nTo: y\n\nReturn-Path: z\n",
		    "Subject: x\nTo: y\n\nReturn-Path: z\n" },
		{ "Return-Path: <a@b>", "" },
		{ " continued\n\tagain\nSubject: x\n\n", "Subject: x\n\n" },
		{ "Subject: caf\351\nnonsense\n\n\001\000", "Subject: caf\351\nnonsense\n\n\001" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;
		char want[200];

		snprintf(want, sizeof want, "X-Sieve-Redirected-From: me@b.example\n%s", cases[i].want);
		fixture_begin(&f, str_of(cases[i].text));
		assert_int_equal(send_on(&f, "Else <else@c.example>", f.env.text), COMPOSE_DONE);
		assert_true(str_is_equal(fixture_text(&f), str_of(want)));
		assert_int_equal(f.out.to_count, 1);
		assert_true(str_is_equal(f.out.to[0], STR("else@c.example")));
		assert_true(str_is_equal(f.out.from, STR("joe@a.example")));
		assert_false(f.out.is_utf8);
		assert_int_equal(f.out.is_8bit, i == 8);
		fixture_end(&f);
	}
}

static void
what_the_script_made_is_sent(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f, STR("Subject: x\n\nbody\n"));
	f.env.is_utf8 = true;
	assert_int_equal(send_on(&f, "else@c.example", STR("Subject: y\n\nother\n")), COMPOSE_DONE);
	assert_string_equal(fixture_field(&f, "Subject"), "y");
	assert_string_equal(fixture_body(&f, 0), "other\n");
	assert_true(f.out.is_utf8);
	fixture_end(&f);
}

static void
the_sender_is_by_setting(void **state)
{
	static const struct {
		const char *setting, *want;
	} cases[] = {
		{ "sender", "joe@a.example" },
		{ "recipient", "me@b.example" },
		{ "orig_recipient", "info@b.example" },
		{ "user_email", "mine@b.example" },
		{ "postmaster", "postmaster@mx.b.example" },
		{ " <x@y.example> ", "x@y.example" },
		{ "<>", NULL },
		{ "<x>", NULL },
		{ "x@y.example", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;
		bool is_ok;

		fixture_begin(&f, STR("Subject: x\n\nbody\n"));
		f.env.original_recipient = STR("info@b.example");
		f.env.user_email = STR("mine@b.example");
		is_ok = compose_can_parse_source(str_of(cases[i].setting),
		    &f.settings.redirect_from, &f.settings.redirect_from_address);
		assert_int_equal(is_ok, cases[i].want != NULL);
		if (is_ok) {
			assert_int_equal(send_on(&f, "else@c.example", f.env.text), COMPOSE_DONE);
			assert_true(str_is_equal(f.out.from, str_of(cases[i].want)));
			compose_fini(&f.out);
			/* RFC 5321 4.5.5: a report stays one. */
			f.env.sender = STR_EMPTY;
			assert_int_equal(send_on(&f, "else@c.example", f.env.text), COMPOSE_DONE);
			assert_int_equal(f.out.from.n, 0);
		}
		fixture_end(&f);
	}
}

static void
circles_end_here(void **state)
{
	static const struct {
		const char *fields;
		enum compose_answer want;
	} cases[] = {
		{ "X-Sieve-Redirected-From: me@b.example\n\n", COMPOSE_FAILED },
		{ "X-Sieve-Redirected-From: x@c.example\nx-sieve-redirected-from: <ME@b.example>\n\n",
		    COMPOSE_FAILED },
		{ "X-Sieve-Redirected-From: alias@b.example\n\n", COMPOSE_FAILED },
		{ "X-Sieve-Redirected-From: you@b.example\n\n", COMPOSE_DONE },
		{ "X-Sieve-Redirected-From: nonsense me@b.example\n\n", COMPOSE_DONE },
		{ "Delivered-To: me@b.example\n\n", COMPOSE_DONE },
		{ "Delivered-To: me@b.example\nDelivered-To: list@b.example\n\n", COMPOSE_DONE },
		{ "Delivered-To: me@b.example\nReceived: x\nDelivered-To: me@b.example\n\n",
		    COMPOSE_FAILED },
	};
	static const struct str aliases[] = { { "alias@b.example", 15 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		fixture_begin(&f, str_of(cases[i].fields));
		f.env.aliases = aliases;
		f.env.alias_count = 1;
		assert_int_equal(send_on(&f, "else@c.example", f.env.text), cases[i].want);
		assert_true(cases[i].want == COMPOSE_DONE || f.out.why.n > 0);
		fixture_end(&f);
	}
}

static void
our_own_redirect_is_known_again(void **state)
{
	struct fixture f;
	struct buf once = BUF_EMPTY;

	(void)state;
	fixture_begin(&f, STR("Subject: x\n\nbody\n"));
	assert_int_equal(send_on(&f, "else@c.example", f.env.text), COMPOSE_DONE);
	buf_add_str(&once, fixture_text(&f));
	fixture_end(&f);
	fixture_begin(&f, buf_str(&once));
	assert_int_equal(send_on(&f, "else@c.example", f.env.text), COMPOSE_FAILED);
	fixture_end(&f);
	buf_fini(&once);
}

static void
too_many_hops_are_a_circle(void **state)
{
	struct buf message = BUF_EMPTY;
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < COMPOSE_HOPS_MAX; i++) {
		fixture_begin(&f, buf_str(&message));
		assert_int_equal(send_on(&f, "else@c.example", f.env.text), COMPOSE_DONE);
		fixture_end(&f);
		buf_add_cstr(&message, "Received: from x by y; z\n");
	}
	fixture_begin(&f, buf_str(&message));
	assert_int_equal(send_on(&f, "else@c.example", f.env.text), COMPOSE_FAILED);
	fixture_end(&f);
	buf_fini(&message);
}

static bool
is_marked(void *arg, struct str mark)
{
	return str_is_equal(mark, *(const struct str *)arg);
}

static void
one_message_goes_to_an_address_once(void **state)
{
	struct fixture f, again;
	struct str mark;

	(void)state;
	fixture_begin(&f, STR("Message-ID: <1@a>\nSubject: x\n\n"));
	fixture_begin(&again, STR("Subject: y\nMessage-ID:\n <1@a>\n\n"));
	assert_int_equal(send_on(&f, "else@c.example", f.env.text), COMPOSE_DONE);
	assert_int_equal(f.out.mark_seconds, COMPOSE_REDIRECT_SECONDS);
	mark = f.out.mark;
	again.env.is_marked = is_marked;
	again.env.arg = &mark;
	assert_int_equal(send_on(&again, "else@c.example", again.env.text), COMPOSE_SILENT);
	compose_fini(&again.out);
	assert_int_equal(send_on(&again, "other@c.example", again.env.text), COMPOSE_DONE);
	fixture_end(&again);
	fixture_end(&f);
	fixture_begin(&f, STR("Subject: x\n\n"));
	assert_int_equal(send_on(&f, "else@c.example", f.env.text), COMPOSE_DONE);
	assert_int_equal(f.out.mark_seconds, 0);
	fixture_end(&f);
}

static void
targets_that_are_no_address_fail(void **state)
{
	static const char *const targets[] = { "", "root", "a@b, c@d", "a b", "a@b\r\nRCPT TO:x@y", "<>",
		 "a@b c", "group: a@b;" };

	(void)state;
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		struct fixture f;

		fixture_begin(&f, STR("Subject: x\n\n"));
		assert_int_equal(send_on(&f, targets[i], f.env.text), COMPOSE_FAILED);
		fixture_end(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_message_goes_on_as_it_is),
		cmocka_unit_test(what_the_script_made_is_sent),
		cmocka_unit_test(the_sender_is_by_setting),
		cmocka_unit_test(circles_end_here),
		cmocka_unit_test(our_own_redirect_is_known_again),
		cmocka_unit_test(too_many_hops_are_a_circle),
		cmocka_unit_test(one_message_goes_to_an_address_once),
		cmocka_unit_test(targets_that_are_no_address_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

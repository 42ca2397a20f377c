/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Notifications by mail: what a URI may say and what it may not, clause by
 * clause. */
#include "compose_setup.h"

#define MESSAGE "From: Joe <joe@a.example>\nSubject: =?utf-8?q?Caf=C3=A9?=\nMessage-ID: <1@a>\n" \
    "References: <0@a>\n\nbody\n"

static struct sieve_action
notification(const struct sieve_notify *notify, const char *uri)
{
	return (struct sieve_action){ .kind = SIEVE_NOTIFY, .line = 3, .target = text_of(uri),
		.notify = notify };
}

static enum compose_answer
tell(struct fixture *f, const struct sieve_notify *notify, const char *uri)
{
	struct sieve_action action = notification(notify, uri);

	return compose_notify(&f->env, &action, 0, &f->out);
}

static const struct sieve_notify plain = { .importance = 2 };

#define NAMES "Auto-Submitted Message-ID Date Subject From To References Importance X-Priority" \
    " X-Auto-Response-Suppress MIME-Version Content-Type Content-Transfer-Encoding"

static void
a_notification_is_what_the_rfc_wants(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f, STR(MESSAGE));
	assert_int_equal(tell(&f, &plain, "mailto:pager@c.example"), COMPOSE_DONE);
	assert_string_equal(fixture_names(&f), NAMES);
	/* RFC 5436 2.7.1. */
	assert_string_equal(fixture_field(&f, "Auto-Submitted"),
	    "auto-notified; owner-email=\"me@b.example\"");
	assert_string_equal(fixture_field(&f, "Subject"), "Caf\303\251");
	assert_string_equal(fixture_field(&f, "From"), "me@b.example");
	assert_string_equal(fixture_field(&f, "To"), "pager@c.example");
	assert_string_equal(fixture_field(&f, "References"), "<0@a> <1@a>");
	assert_string_equal(fixture_field(&f, "Importance"), "Normal");
	assert_string_equal(fixture_body(&f, 0), "Notification of new message.\n");
	assert_true(str_is_equal(f.out.from, STR("me@b.example")));
	assert_int_equal(f.out.to_count, 1);
	assert_true(str_is_equal(f.out.to[0], STR("pager@c.example")));
	assert_int_equal(f.out.mark_seconds, 0);
	fixture_end(&f);
}

static void
recipients_are_of_the_uri(void **state)
{
	static const struct {
		const char *uri, *to, *cc;
		size_t count;
	} cases[] = {
		{ "mailto:a@x.example,b@x.example", "a@x.example, b@x.example", "(none)", 2 },
		{ "mailto:a@x.example?to=b@x.example&cc=c@x.example", "a@x.example, b@x.example",
		    "c@x.example", 3 },
		{ "mailto:a@x.example?cc=a@x.example&bcc=z@x.example", "a@x.example", "(none)", 1 },
		{ "mailto:?cc=a@x.example", "a@x.example", "(none)", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		fixture_begin(&f, STR(MESSAGE));
		assert_int_equal(tell(&f, &plain, cases[i].uri), COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, "To"), cases[i].to);
		assert_string_equal(fixture_field(&f, "Cc"), cases[i].cc);
		assert_string_equal(fixture_field(&f, "Bcc"), "(none)");
		assert_int_equal(f.out.to_count, cases[i].count);
		fixture_end(&f);
	}
}

static void
nobody_is_told_twice(void **state)
{
	struct sieve_action actions[] = {
		notification(&plain, "mailto:a@x.example?cc=b@x.example"),
		{ .kind = SIEVE_KEEP },
		notification(&plain, "mailto:A@x.example,c@x.example"),
		notification(&plain, "mailto:c@x.example?cc=b@x.example"),
		notification(&plain, "mailto:"),
	};
	struct fixture f;

	(void)state;
	fixture_begin(&f, STR(MESSAGE));
	assert_int_equal(compose_notify(&f.env, actions, 0, &f.out), COMPOSE_DONE);
	compose_fini(&f.out);
	assert_int_equal(compose_notify(&f.env, actions, 2, &f.out), COMPOSE_DONE);
	assert_string_equal(fixture_field(&f, "To"), "c@x.example");
	assert_int_equal(f.out.to_count, 1);
	compose_fini(&f.out);
	assert_int_equal(compose_notify(&f.env, actions, 3, &f.out), COMPOSE_SILENT);
	assert_int_equal(compose_notify(&f.env, actions, 4, &f.out), COMPOSE_SILENT);
	fixture_end(&f);
}

static void
the_sender_is_by_script_and_setting(void **state)
{
	static const struct {
		const char *from, *setting, *sender;
		const char *want_author, *want_sender;
	} cases[] = {
		/* RFC 5436 2.7. */
		{ NULL, NULL, "joe@a.example", "me@b.example", "me@b.example" },
		{ "Me <x@b.example>", NULL, "joe@a.example", "Me <x@b.example>", "x@b.example" },
		{ "not\r\nBcc: y", NULL, "joe@a.example", "me@b.example", "me@b.example" },
		{ NULL, NULL, "", "me@b.example", "" },
		{ "x@b.example", NULL, "", "x@b.example", "" },
		{ NULL, "sender", "joe@a.example", "me@b.example", "joe@a.example" },
		{ "x@b.example", "<bounce@b.example>", "joe@a.example", "x@b.example",
		    "bounce@b.example" },
		{ "x@b.example", "<bounce@b.example>", "", "x@b.example", "" },
		{ NULL, "postmaster", "", "me@b.example", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sieve_notify notify = plain;
		struct fixture f;

		if (cases[i].from != NULL)
			notify.from = text_of(cases[i].from);
		fixture_begin(&f, STR(MESSAGE));
		f.env.sender = str_of(cases[i].sender);
		if (cases[i].setting != NULL)
			assert_true(compose_can_parse_source(str_of(cases[i].setting),
			    &f.settings.notify_from, &f.settings.notify_from_address));
		assert_int_equal(tell(&f, &notify, "mailto:p@c.example?from=evil@x"), COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, "From"), cases[i].want_author);
		assert_true(str_is_equal(f.out.from, str_of(cases[i].want_sender)));
		fixture_end(&f);
	}
}

static void
the_subject_has_an_order(void **state)
{
	static const struct {
		const char *message, *uri, *want;
	} cases[] = {
		{ "Ding", "mailto:p@c.example?subject=Dong", "Ding" },
		{ "", "mailto:p@c.example?subject=Dong", "Dong" },
		{ "", "mailto:p@c.example", "Caf\303\251" },
		{ "a\r\nBcc: x@y\r\n\r\nb", "mailto:p@c.example", "a  Bcc: x@y    b" },
		{ "\303\251", "mailto:p@c.example", "\303\251" },
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sieve_notify notify = plain;

		notify.message = text_of(cases[i].message);
		fixture_begin(&f, STR(MESSAGE));
		assert_int_equal(tell(&f, &notify, cases[i].uri), COMPOSE_DONE);
		assert_string_equal(fixture_names(&f), NAMES);
		assert_string_equal(fixture_field(&f, "Subject"), cases[i].want);
		fixture_end(&f);
	}
	fixture_begin(&f, STR("\n"));
	assert_int_equal(tell(&f, &plain, "mailto:p@c.example"), COMPOSE_DONE);
	assert_string_equal(fixture_field(&f, "Subject"), "Notification of new message");
	assert_string_equal(fixture_field(&f, "References"), "(none)");
	fixture_end(&f);
}

static void
fields_of_the_uri_are_sifted(void **state)
{
	static const struct {
		const char *fields, *name, *want;
	} cases[] = {
		{ "x-frop=a%20b", "X-frop", "a b" },
		{ "x-frop=%C3%A9", "X-Frop", "\303\251" },
		{ "x-frop=a&X-FROP=b", "X-Frop", "a" },
		{ "keywords=a", "Keywords", "a" },
		{ "reply-to=Me%20%3Cx@y.example%3E", "Reply-To", "Me <x@y.example>" },
		{ "reply-to=x", "Reply-To", "(none)" },
		/* RFC 5436 2.7. */
		{ "auto-submitted=no", "Auto-Submitted",
		    "auto-notified; owner-email=\"me@b.example\"" },
		{ "from=evil@x.example", "From", "me@b.example" },
		{ "received=evil", "Received", "(none)" },
		{ "message-id=%3Ca@b%3E", "Original-Message-ID", "(none)" },
		{ "date=evil", "Date", "Tue, 25 Nov 2025 01:00:55 +0000" },
		{ "content-type=text/html", "Content-Type", "text/plain; charset=utf-8" },
		{ "mime-version=2.0", "MIME-Version", "1.0" },
		{ "references=%3Ca@b%3E", "References", "<0@a> <1@a>" },
		{ "return-path=%3Ca@b%3E", "Return-Path", "(none)" },
		{ "resent-to=a@b.example", "Resent-To", "(none)" },
		/* Ours, and what others take for theirs. */
		{ "importance=high", "Importance", "Normal" },
		{ "x-priority=1", "X-Priority", "3 (Normal)" },
		{ "X-Sieve-Redirected-From=a@b", "X-Sieve-Redirected-From", "(none)" },
		{ "disposition-notification-to=a@b", "Disposition-Notification-To", "(none)" },
		{ "list-id=x", "List-Id", "(none)" },
		{ "dkim-signature=x", "DKIM-Signature", "(none)" },
		{ "authentication-results=x", "Authentication-Results", "(none)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;
		char uri[200];

		snprintf(uri, sizeof uri, "mailto:p@c.example?%s", cases[i].fields);
		fixture_begin(&f, STR(MESSAGE));
		assert_int_equal(tell(&f, &plain, uri), COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, cases[i].name), cases[i].want);
		fixture_end(&f);
	}
}

static void
importance_and_body_are_told(void **state)
{
	static const char *const importances[] = { "High", "Normal", "Low" };

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		struct sieve_notify notify = { .importance = i };
		struct fixture f;

		fixture_begin(&f, STR(MESSAGE));
		assert_int_equal(tell(&f, &notify,
		    "mailto:p@c.example?body=a%20letter%0D%0A%0D%0A.%0D%0A%C3%A9%26b"), COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, "Importance"), importances[i - 1]);
		assert_string_equal(fixture_body(&f, 0), "a letter\n\n.\n\303\251&b\n");
		assert_false(f.out.is_8bit);
		fixture_end(&f);
	}
}

static void
programs_trigger_nothing(void **state)
{
	static const struct {
		const char *fields;
		enum compose_answer want;
	} cases[] = {
		{ "Auto-Submitted: auto-notified; owner-email=\"x\"\n\n", COMPOSE_SILENT },
		{ "Auto-Submitted: auto-generated (by x)\n\n", COMPOSE_SILENT },
		{ "Auto-Submitted: NO\n\n", COMPOSE_DONE },
		/* Lists may: RFC 5436 3. */
		{ "List-Id: x\nPrecedence: list\n\n", COMPOSE_DONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		fixture_begin(&f, str_of(cases[i].fields));
		assert_int_equal(tell(&f, &plain, "mailto:p@c.example"), cases[i].want);
		fixture_end(&f);
	}
}

static void
other_methods_fail(void **state)
{
	static const char *const uris[] = { "", "xmpp:a@b", "mailto:no address", "mailto:a@b?x",
		"mailto:a@b?subject=%0ABcc:%20x" };

	(void)state;
	for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
		struct fixture f;

		fixture_begin(&f, STR(MESSAGE));
		assert_int_equal(tell(&f, &plain, uris[i]), COMPOSE_FAILED);
		fixture_end(&f);
	}
}

static void
our_own_notification_triggers_none(void **state)
{
	struct fixture f, again;

	(void)state;
	fixture_begin(&f, STR(MESSAGE));
	assert_int_equal(tell(&f, &plain, "mailto:p@c.example"), COMPOSE_DONE);
	fixture_begin(&again, fixture_text(&f));
	assert_int_equal(tell(&again, &plain, "mailto:p@c.example"), COMPOSE_SILENT);
	fixture_end(&again);
	fixture_end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_notification_is_what_the_rfc_wants),
		cmocka_unit_test(recipients_are_of_the_uri),
		cmocka_unit_test(nobody_is_told_twice),
		cmocka_unit_test(the_sender_is_by_script_and_setting),
		cmocka_unit_test(the_subject_has_an_order),
		cmocka_unit_test(fields_of_the_uri_are_sifted),
		cmocka_unit_test(importance_and_body_are_told),
		cmocka_unit_test(programs_trigger_nothing),
		cmocka_unit_test(other_methods_fail),
		cmocka_unit_test(our_own_notification_triggers_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

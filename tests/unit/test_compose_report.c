/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Refusals told by mail: who gets one, and that programs can read it. */
#include "compose_setup.h"

#include "mail/report.h"

static enum compose_answer
refuse(struct fixture *f, enum sieve_action_kind kind, const char *reason)
{
	const struct sieve_action action = { .kind = kind, .line = 3, .target = text_of(reason) };

	return compose_reject(&f->env, &action, &f->out);
}

/* "type/subtype encoding" of the three parts, one a line. */
static void
assert_parts(struct fixture *f, const char *want)
{
	struct arena a = ARENA_EMPTY;
	struct mime mime;

	mime_parse(fixture_text(f), &a, &mime);
	buf_clear(&f->scratch);
	for (uint32_t i = 1; i < mime.count && i < 4; i++)
		buf_addf(&f->scratch, "%.*s/%.*s %d\n", STR_ARG(mime.parts[i].type),
		    STR_ARG(mime.parts[i].subtype), (int)mime.parts[i].encoding);
	assert_true(mime_part_is(&mime.parts[0], STR("multipart"), STR("report")));
	arena_fini(&a);
	assert_string_equal(buf_cstr(&f->scratch), want);
}

/* Exactly three parts below the report, of these subtypes. */
static void
assert_three(struct fixture *f, const char *second, bool is_whole)
{
	struct arena a = ARENA_EMPTY;
	struct mime mime;
	const char *want[] = { "plain", second, is_whole ? "rfc822" : "rfc822-headers" };
	size_t n = 0;

	mime_parse(fixture_text(f), &a, &mime);
	for (uint32_t i = 1; i < mime.count; i++) {
		if (mime.parts[i].parent != 0)
			continue;
		assert_true(n < 3 && str_is_equal(mime.parts[i].subtype, str_of(want[n])));
		n++;
	}
	assert_int_equal(n, 3);
	arena_fini(&a);
}

#define NAMES "Message-ID Date Subject From To In-Reply-To References Auto-Submitted" \
    " MIME-Version Content-Type"

static void
a_reject_is_a_disposition_notification(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f, STR("Subject: Hi\nMessage-ID: <1@a>\nX: y\n\nbody\n"));
	f.env.original_recipient = STR("info@b.example");
	assert_int_equal(refuse(&f, SIEVE_REJECT, "No.\r\n\r\nNot from you."), COMPOSE_DONE);
	assert_string_equal(fixture_names(&f), NAMES);
	assert_string_equal(fixture_field(&f, "From"), "me@b.example");
	assert_string_equal(fixture_field(&f, "To"), "joe@a.example");
	assert_string_equal(fixture_field(&f, "Subject"), "Rejected: Hi");
	assert_string_equal(fixture_field(&f, "Auto-Submitted"), "auto-replied (rejected)");
	assert_string_equal(fixture_field(&f, "References"), "<1@a>");
	assert_parts(&f, "text/plain 0\nmessage/disposition-notification 0\n"
	    "text/rfc822-headers 0\n");
	assert_string_equal(fixture_body(&f, 1), "Your message to me@b.example\n"
	    "was refused by the recipient's mail filtering program.\n"
	    "The reason given was as follows:\n\nNo.\n\nNot from you.\n");
	assert_string_equal(fixture_body(&f, 2), "Reporting-UA: mx.b.example; Doorstep\n"
	    "Original-Recipient: rfc822; info@b.example\n"
	    "Final-Recipient: rfc822; me@b.example\n"
	    "Original-Message-ID: <1@a>\n"
	    "Disposition: automatic-action/MDN-sent-automatically; deleted\n");
	assert_string_equal(fixture_body(&f, 3), "Subject: Hi\nMessage-ID: <1@a>\nX: y\n\n");
	assert_int_equal(f.out.from.n, 0);
	assert_true(str_is_equal(f.out.to[0], STR("joe@a.example")));
	fixture_end(&f);
}

static void
an_ereject_is_a_delivery_report(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f, STR("Message-ID: <1@a>\n\nbody\n"));
	f.env.envelope_id = STR("QQ314159");
	assert_int_equal(refuse(&f, SIEVE_EREJECT, "Spam\nit is"), COMPOSE_DONE);
	assert_string_equal(fixture_names(&f), NAMES);
	assert_string_equal(fixture_field(&f, "From"),
	    "Mail Delivery System <MAILER-DAEMON@mx.b.example>");
	assert_string_equal(fixture_field(&f, "Subject"), "Rejected: (no subject)");
	assert_parts(&f, "text/plain 0\nmessage/delivery-status 0\ntext/rfc822-headers 0\n");
	assert_string_equal(fixture_body(&f, 2), "Original-Envelope-Id: QQ314159\n"
	    "Reporting-MTA: dns; mx.b.example\n"
	    "Arrival-Date: Tue, 25 Nov 2025 01:00:55 +0000\n\n"
	    "Final-Recipient: rfc822; me@b.example\n"
	    "Action: failed\nStatus: 5.7.1\n"
	    "Diagnostic-Code: smtp; 550 5.7.1 Spam it is\n");
	fixture_end(&f);
}

static void
nobody_gets_no_report(void **state)
{
	static const enum sieve_action_kind kinds[] = { SIEVE_REJECT, SIEVE_EREJECT };
	static const char *const bad[] = { "a b", "a@b\r\nDATA", "@", "\"a@b" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;

		fixture_begin(&f, STR("\n"));
		f.env.sender = STR_EMPTY;
		assert_int_equal(refuse(&f, kinds[i], "No"), COMPOSE_SILENT);
		for (size_t k = 0; k < 4; k++) {
			compose_fini(&f.out);
			f.env.sender = str_of(bad[k]);
			assert_int_equal(refuse(&f, kinds[i], "No"), COMPOSE_FAILED);
		}
		fixture_end(&f);
	}
}

static void
all_of_it_comes_back_when_it_was_asked_for(void **state)
{
	static const struct {
		const char *text, *parts, *body;
		bool is_8bit;
	} cases[] = {
		{ "Subject: x\r\n\r\na\r\n--b\r\n", "message/rfc822 0", "Subject: x\n\na\n--b\n", false },
		{ "Subject: x\n\n\351\n", "message/rfc822 1", "Subject: x\n\n\351\n", true },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		char want[200];

		snprintf(want, sizeof want, "text/plain 0\nmessage/disposition-notification 0\n%s\n",
		    cases[i].parts);
		fixture_begin(&f, str_of(cases[i].text));
		f.env.is_full_returned = true;
		assert_int_equal(refuse(&f, SIEVE_REJECT, "No"), COMPOSE_DONE);
		assert_parts(&f, want);
		assert_string_equal(fixture_body(&f, 3), cases[i].body);
		assert_int_equal(f.out.is_8bit, cases[i].is_8bit);
		assert_false(f.out.is_utf8);
		fixture_end(&f);
	}
}

static void
utf_8_is_told_as_the_sender_can_read_it(void **state)
{
	static const struct {
		const char *sender, *recipient;
		enum sieve_action_kind kind;
		bool is_utf8;
		const char *parts, *final;
	} cases[] = {
		/* RFC 6533 3: to a sender of ASCII, the escaped form. */
		{ "joe@a.example", "m\303\251+x@b.example", SIEVE_EREJECT, false,
		    "text/plain 3\nmessage/delivery-status 0\ntext/rfc822-headers 3\n",
		    "\nFinal-Recipient: utf-8; m\\x{E9}\\x{2B}x@b.example\n" },
		/* An MDN is from the recipient: it needs SMTPUTF8 in any case. */
		{ "joe@a.example", "m\303\251@b.example", SIEVE_REJECT, true,
		    "text/plain 3\nmessage/global-disposition-notification 1\nmessage/global-headers 3\n",
		    "\nFinal-Recipient: utf-8; m\303\251@b.example\n" },
		{ "j\303\266@a.example", "me@b.example", SIEVE_EREJECT, true,
		    "text/plain 3\nmessage/global-delivery-status 1\nmessage/global-headers 3\n",
		    "\nFinal-Recipient: rfc822; me@b.example\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		fixture_begin(&f, STR("Subject: \303\251\n\nbody\n"));
		f.env.sender = str_of(cases[i].sender);
		f.env.recipient = str_of(cases[i].recipient);
		assert_int_equal(refuse(&f, cases[i].kind, "Nein, \303\251."), COMPOSE_DONE);
		assert_int_equal(f.out.is_utf8, cases[i].is_utf8);
		assert_parts(&f, cases[i].parts);
		if (strstr(fixture_body(&f, 2), cases[i].final) == NULL)
			fail_msg("%s", fixture_body(&f, 2));
		assert_string_equal(fixture_body(&f, 3), "Subject: \303\251\n\n");
		fixture_end(&f);
	}
}

static void
hostile_messages_stay_inside_their_part(void **state)
{
	static const char *const units[] = { "X: y\n", "a", "\001\n", "\377: \377\n", "--=_\n", "\r",
		"Content-Type: multipart/report; boundary=x\n", "--\n--x--\n" };

	(void)state;
	for (size_t i = 0; i < 4 * (sizeof units / sizeof *units); i++) {
		const char *unit = units[i / 4];
		bool is_mdn = i % 2 == 0, is_whole = i % 4 < 2 && strlen(unit) > 1;
		struct buf message = BUF_EMPTY, reason = BUF_EMPTY;
		struct fixture f;

		while (message.n < (i % 4 < 2 ? 100000u : 300000u))
			buf_add_cstr(&message, unit);
		buf_addf(&reason, "a\r\n.\r\n--=_0123\n--x--\n%.*s", 60000, message.p);
		fixture_begin(&f, buf_str(&message));
		f.env.envelope_id = STR("a\r\nStatus: 2.0.0");
		f.env.is_full_returned = true;
		assert_int_equal(refuse(&f, is_mdn ? SIEVE_REJECT : SIEVE_EREJECT, buf_cstr(&reason)),
		    COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, "MIME-Version"), "1.0");
		assert_true(f.out.made.n < 300000);
		assert_three(&f, is_mdn ? "disposition-notification" : "delivery-status", is_whole);
		fixture_end(&f);
		buf_fini(&message);
		buf_fini(&reason);
	}
}

static void
a_report_has_all_recipients(void **state)
{
	static const struct report_rcpt rcpts[] = {
		{ .original_type = { "x400", 4 }, .original = { "/G=Joe/", 7 },
		  .final = { "joe@a.example", 13 }, .action = REPORT_DELAYED, .status = { "4.4.1", 5 },
		  .remote_mta = { "mx.a.example", 12 }, .last_attempt = NOW, .retry_until = NOW + 60 },
		{ .final = { "jim@a.example", 13 }, .action = REPORT_RELAYED, .status = { "2.0.0", 5 } },
	};
	static const struct report report = { .kind = REPORT_DELIVERY, .text = { "x", 1 },
		.hostname = { "mx", 2 }, .zone = 60, .rcpts = rcpts, .rcpt_count = 2 };
	struct fixture f;

	(void)state;
	fixture_begin(&f, STR("\n"));
	report_add(&f.out.made, &report);
	assert_string_equal(fixture_body(&f, 2), "Reporting-MTA: dns; mx\n\n"
	    "Original-Recipient: x400; /G=Joe/\n"
	    "Final-Recipient: rfc822; joe@a.example\nAction: delayed\nStatus: 4.4.1\n"
	    "Remote-MTA: dns; mx.a.example\n"
	    "Last-Attempt-Date: Tue, 25 Nov 2025 02:00:55 +0100\n"
	    "Will-Retry-Until: Tue, 25 Nov 2025 02:01:55 +0100\n\n"
	    "Final-Recipient: rfc822; jim@a.example\nAction: relayed\nStatus: 2.0.0\n");
	fixture_end(&f);
}

static void
what_can_be_said_in_a_reply_is_known(void **state)
{
	static const struct {
		const char *reason;
		bool ascii, utf8;
	} cases[] = {
		{ "No.\r\nNever.", true, true },
		{ "", true, true },
		{ "\303\251", false, true },
		{ "\351", false, false },
		{ "a\001", false, false },
		{ "a\tb", true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(compose_is_sayable(str_of(cases[i].reason), false), cases[i].ascii);
		assert_int_equal(compose_is_sayable(str_of(cases[i].reason), true), cases[i].utf8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reject_is_a_disposition_notification),
		cmocka_unit_test(an_ereject_is_a_delivery_report),
		cmocka_unit_test(nobody_gets_no_report),
		cmocka_unit_test(all_of_it_comes_back_when_it_was_asked_for),
		cmocka_unit_test(utf_8_is_told_as_the_sender_can_read_it),
		cmocka_unit_test(hostile_messages_stay_inside_their_part),
		cmocka_unit_test(a_report_has_all_recipients),
		cmocka_unit_test(what_can_be_said_in_a_reply_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Which messages somebody who is away answers, clause by clause, and what the
 * answer looks like. */
#include "compose_setup.h"

static const struct sieve_vacation plain = { .seconds = 7 * 24 * 3600, .handle = { "h", 1 } };

static enum compose_answer
answer(struct fixture *f, const struct sieve_vacation *vacation, const char *reason)
{
	const struct sieve_action action = { .kind = SIEVE_VACATION, .line = 3,
		.target = text_of(reason), .vacation = vacation };

	return compose_vacation(&f->env, &action, &f->out);
}

/* ---- whether ---- */

struct rule {
	const char *sender, *fields;
	enum compose_answer want;
};

static void
check_rules(const struct rule *rules, size_t n, const struct compose_settings *settings)
{
	for (size_t i = 0; i < n; i++) {
		struct fixture f;
		enum compose_answer got;

		fixture_begin(&f, str_of(rules[i].fields));
		f.settings = *settings;
		f.env.sender = str_of(rules[i].sender);
		got = answer(&f, &plain, "away");
		if (got != rules[i].want)
			fail_msg("%s: %s: got %d (%.*s)", rules[i].sender, rules[i].fields, (int)got,
			    STR_ARG(f.out.why));
		assert_true(got == COMPOSE_DONE ? f.out.to_count == 1 : f.out.why.n > 0);
		fixture_end(&f);
	}
}

#define ME "To: me@b.example\n"

static void
no_answer_goes_to_what_cannot_want_one(void **state)
{
	static const struct rule rules[] = {
		{ "joe@a.example", ME "\n", COMPOSE_DONE },
		/* RFC 3834 2: null addresses. */
		{ "", ME "\n", COMPOSE_SILENT },
		{ "not an address", ME "\n", COMPOSE_SILENT },
		{ "me@b.example", ME "\n", COMPOSE_SILENT },
		{ "ME@B.Example", ME "\n", COMPOSE_SILENT },
		/* RFC 5230 4.6: addresses. */
		{ "MAILER-DAEMON@a.example", ME "\n", COMPOSE_SILENT },
		{ "mailer-daemon", ME "\n", COMPOSE_SILENT },
		{ "LISTSERV@a.example", ME "\n", COMPOSE_SILENT },
		{ "Majordomo@a.example", ME "\n", COMPOSE_SILENT },
		{ "owner-list@a.example", ME "\n", COMPOSE_SILENT },
		{ "list-request@a.example", ME "\n", COMPOSE_SILENT },
		{ "list-REQUEST@a.example", ME "\n", COMPOSE_SILENT },
		{ "list-bounces+me=b.example@a.example", ME "\n", COMPOSE_SILENT },
		{ "no-reply@a.example", ME "\n", COMPOSE_SILENT },
		{ "\"owner-list\"@a.example", ME "\n", COMPOSE_SILENT },
		{ "postmaster@a.example", ME "\n", COMPOSE_DONE },
		{ "request@a.example", ME "\n", COMPOSE_DONE },
		{ "joe+work@a.example", ME "\n", COMPOSE_DONE },
		/* RFC 5230 4.6: lists. */
		{ "joe@a.example", ME "List-Id: <x>\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "List-Help: <x>\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "LIST-SUBSCRIBE: <x>\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "List-Unsubscribe: <x>\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "List-Post: NO\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "List-Owner: <x>\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "List-Archive:\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "X-List-Id: <x>\n\n", COMPOSE_DONE },
		/* RFC 5230 4.6, RFC 3834 5: Auto-Submitted. */
		{ "joe@a.example", ME "Auto-Submitted: auto-generated\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "Auto-Submitted: auto-replied (vacation)\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "Auto-Submitted: auto-notified; owner-email=\"x\"\n\n",
		    COMPOSE_SILENT },
		{ "joe@a.example", ME "Auto-Submitted: no\n\n", COMPOSE_DONE },
		{ "joe@a.example", ME "Auto-Submitted: No; x=y (yes)\n\n", COMPOSE_DONE },
		{ "joe@a.example", ME "Auto-Submitted: (yes)\n no\n\n", COMPOSE_DONE },
		{ "joe@a.example", ME "Auto-Submitted: nothing\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "Auto-Submitted: no\nAuto-Submitted: auto-replied\n\n",
		    COMPOSE_SILENT },
		/* RFC 3834 2: Precedence. */
		{ "joe@a.example", ME "Precedence: bulk\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "Precedence: Junk\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "precedence: list (x)\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "Precedence: first-class\n\n", COMPOSE_DONE },
		{ "joe@a.example", ME "X-Auto-Response-Suppress: All\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "X-Auto-Response-Suppress: RN, oof\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "X-Auto-Response-Suppress: NRN,\n AutoReply\n\n",
		    COMPOSE_SILENT },
		{ "joe@a.example", ME "X-Auto-Response-Suppress: DR\n\n", COMPOSE_SILENT },
		{ "joe@a.example", ME "X-Auto-Response-Suppress: RN, NRN\n\n", COMPOSE_DONE },
		{ "joe@a.example", ME "Content-Type: Multipart/Report; boundary=x\n\n",
		    COMPOSE_SILENT },
		{ "joe@a.example", ME "Content-Type: multipart/mixed; boundary=x\n\n", COMPOSE_DONE },
	};

	(void)state;
	check_rules(rules, sizeof rules / sizeof *rules, &(struct compose_settings){ 0 });
}

static void
only_who_was_named_answers(void **state)
{
	/* RFC 5230 4.5. */
	static const struct rule rules[] = {
		{ "joe@a.example", "To: Me <ME@B.example>\n\n", COMPOSE_DONE },
		{ "joe@a.example", "Cc: x@y, \"me\"@b.example\n\n", COMPOSE_DONE },
		{ "joe@a.example", "bcc: team: me@b.example;\n\n", COMPOSE_DONE },
		{ "joe@a.example", "Resent-To: me@b.example\n\n", COMPOSE_DONE },
		{ "joe@a.example", "Resent-Cc: me@b.example\n\n", COMPOSE_DONE },
		{ "joe@a.example", "Resent-Bcc: me@b.example\n\n", COMPOSE_DONE },
		{ "joe@a.example", "To: a@x\nTo: me@b.example\n\n", COMPOSE_DONE },
		{ "joe@a.example", "To: me@c.example\n\n", COMPOSE_SILENT },
		{ "joe@a.example", "To: me@b.example.org\n\n", COMPOSE_SILENT },
		{ "joe@a.example", "To: you@b.example (me@b.example)\n\n", COMPOSE_SILENT },
		{ "joe@a.example", "To: \"me@b.example\" <you@b.example>\n\n", COMPOSE_SILENT },
		{ "joe@a.example", "From: me@b.example\n\n", COMPOSE_SILENT },
		{ "joe@a.example", "Reply-To: me@b.example\n\n", COMPOSE_SILENT },
		{ "joe@a.example", "\nTo: me@b.example\n", COMPOSE_SILENT },
		{ "joe@a.example", "", COMPOSE_SILENT },
	};
	static const struct rule others[] = {
		{ "joe@a.example", "To: you@b.example\n\n", COMPOSE_DONE },
		{ "", "To: you@b.example\n\n", COMPOSE_SILENT },
	};

	(void)state;
	check_rules(rules, sizeof rules / sizeof *rules, &(struct compose_settings){ 0 });
	check_rules(others, sizeof others / sizeof *others,
	    &(struct compose_settings){ .is_recipient_unchecked = true });
}

static void
every_address_of_the_user_counts(void **state)
{
	static const struct sieve_text addresses[] = { { "Also <also@c.example>", 21 },
		{ "nonsense", 8 } };
	static const struct str aliases[] = { { "alias@b.example", 15 } };
	static const struct {
		const char *to, *from;
		bool is_original_foreign;
	} cases[] = {
		{ "also@C.example", "also@c.example", false },
		{ "alias@b.example", "alias@b.example", false },
		{ "info@b.example", "info@b.example", false },
		{ "info@b.example", NULL, true },
		{ "mine@d.example", "mine@d.example", false },
		{ "alias@b.example, me@b.example", "me@b.example", false },
		{ "other@b.example", NULL, false },
		{ "nonsense", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sieve_vacation vacation = plain;
		struct fixture f;
		char fields[200];

		snprintf(fields, sizeof fields, "To: %s\n\n", cases[i].to);
		vacation.addresses = addresses;
		vacation.address_count = 2;
		fixture_begin(&f, str_of(fields));
		f.env.aliases = aliases;
		f.env.alias_count = 1;
		f.env.user_email = STR("mine@d.example");
		f.env.original_recipient = STR("info@b.example");
		f.settings.is_original_recipient_foreign = cases[i].is_original_foreign;
		assert_int_equal(answer(&f, &vacation, "away"),
		    cases[i].from == NULL ? COMPOSE_SILENT : COMPOSE_DONE);
		if (cases[i].from != NULL)
			assert_string_equal(fixture_field(&f, "From"), cases[i].from);
		compose_fini(&f.out);
		/* And none of them gets an answer. */
		f.env.sender = str_of(cases[i].to);
		assert_int_equal(answer(&f, &vacation, "away"), COMPOSE_SILENT);
		fixture_end(&f);
	}
}

struct marks {
	char standing[100];
	unsigned asked;
};

static bool
is_marked(void *arg, struct str mark)
{
	struct marks *marks = arg;

	marks->asked++;
	return str_is_equal(mark, str_of(marks->standing));
}

static void
a_sender_gets_one_answer_in_its_time(void **state)
{
	struct marks marks = { "", 0 };
	struct sieve_vacation vacation = plain;
	struct fixture f;

	(void)state;
	fixture_begin(&f, STR(ME "\n"));
	f.env.is_marked = is_marked;
	f.env.arg = &marks;
	assert_int_equal(answer(&f, &vacation, "away"), COMPOSE_DONE);
	assert_int_equal(f.out.mark_seconds, plain.seconds);
	memcpy(marks.standing, f.out.mark.p, f.out.mark.n);
	compose_fini(&f.out);
	f.env.sender = STR("JOE@a.example");
	assert_int_equal(answer(&f, &vacation, "other text"), COMPOSE_SILENT);
	compose_fini(&f.out);
	/* RFC 5230 4.2: another handle, another sender; RFC 6131 3.1: 0 seconds. */
	vacation.handle = text_of("other");
	assert_int_equal(answer(&f, &vacation, "away"), COMPOSE_DONE);
	compose_fini(&f.out);
	vacation = plain;
	f.env.sender = STR("jim@a.example");
	assert_int_equal(answer(&f, &vacation, "away"), COMPOSE_DONE);
	compose_fini(&f.out);
	f.env.sender = STR("joe@a.example");
	vacation.seconds = 0;
	marks.asked = 0;
	assert_int_equal(answer(&f, &vacation, "away"), COMPOSE_DONE);
	assert_int_equal(f.out.mark_seconds, 0);
	assert_int_equal(marks.asked, 0);
	fixture_end(&f);
}

/* ---- what ---- */

#define NAMES "Message-ID Date Subject From To In-Reply-To References Auto-Submitted" \
    " Precedence X-Auto-Response-Suppress MIME-Version Content-Type Content-Transfer-Encoding"

static void
an_answer_is_what_the_rfc_wants(void **state)
{
	struct fixture f;
	struct buf first = BUF_EMPTY;

	(void)state;
	fixture_begin(&f, STR(ME "From: \"Joe Doe\" <joe@A.example>\nSubject: =?utf-8?q?Caf=C3=A9?=\n"
	    "Message-ID: <1@a>\nReferences: <0@a> <00@a>\nIn-Reply-To: <9@a>\n\nhello\n"));
	assert_int_equal(answer(&f, &plain, "I am away."), COMPOSE_DONE);
	assert_string_equal(fixture_names(&f), NAMES);
	assert_string_equal(fixture_field(&f, "Subject"), "Auto: Caf\303\251");
	assert_string_equal(fixture_field(&f, "From"), "me@b.example");
	assert_string_equal(fixture_field(&f, "To"), "Joe Doe <joe@A.example>");
	assert_string_equal(fixture_field(&f, "In-Reply-To"), "<1@a>");
	assert_string_equal(fixture_field(&f, "References"), "<0@a> <00@a> <1@a>");
	assert_string_equal(fixture_field(&f, "Auto-Submitted"), "auto-replied (vacation)");
	assert_string_equal(fixture_field(&f, "Date"), "Tue, 25 Nov 2025 01:00:55 +0000");
	assert_string_equal(fixture_field(&f, "Content-Type"), "text/plain; charset=utf-8");
	assert_string_equal(fixture_body(&f, 0), "I am away.\n");
	/* RFC 5230 5.1. */
	assert_int_equal(f.out.from.n, 0);
	assert_int_equal(f.out.to_count, 1);
	assert_true(str_is_equal(f.out.to[0], STR("joe@a.example")));
	assert_true(str_is_equal(f.out.notify, STR("NEVER")));
	assert_false(f.out.is_utf8);
	assert_false(f.out.is_8bit);
	/* Another try is the same message, another delivery is not. */
	buf_add_str(&first, fixture_text(&f));
	compose_fini(&f.out);
	assert_int_equal(answer(&f, &plain, "I am away."), COMPOSE_DONE);
	assert_true(str_is_equal(buf_str(&first), fixture_text(&f)));
	compose_fini(&f.out);
	f.env.seed = STR("other");
	assert_int_equal(answer(&f, &plain, "I am away."), COMPOSE_DONE);
	assert_false(str_is_equal(buf_str(&first), fixture_text(&f)));
	buf_fini(&first);
	fixture_end(&f);
}

static void
of_many_references_the_first_and_the_last_stay(void **state)
{
	static const unsigned counts[] = { 0, 1, 2, COMPOSE_REFERENCES_MAX - 1, COMPOSE_REFERENCES_MAX,
		COMPOSE_REFERENCES_MAX + 1, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct buf message = BUF_EMPTY, want = BUF_EMPTY;
		struct fixture f;

		buf_add_cstr(&message, ME "Message-ID: <me@a>\nReferences:");
		for (unsigned k = 0; k < counts[i]; k++) {
			buf_addf(&message, " <%u@a>", k);
			if (k == 0 || k + COMPOSE_REFERENCES_MAX > counts[i])
				buf_addf(&want, "<%u@a> ", k);
		}
		buf_add_cstr(&message, "\n\n");
		buf_add_cstr(&want, "<me@a>");
		fixture_begin(&f, buf_str(&message));
		assert_int_equal(answer(&f, &plain, "x"), COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, "References"), buf_cstr(&want));
		fixture_end(&f);
		buf_fini(&message);
		buf_fini(&want);
	}
}

static void
without_references_one_in_reply_to_stands_for_them(void **state)
{
	/* RFC 5322 3.6.4. */
	static const struct {
		const char *fields, *want;
	} cases[] = {
		{ "In-Reply-To: <0@a>\n", "<0@a> <1@a>" },
		{ "In-Reply-To: <0@a> <00@a>\n", "<1@a>" },
		{ "In-Reply-To: yours of today\n", "<1@a>" },
		{ "References:\nIn-Reply-To: <0@a>\n", "<1@a>" },
		{ "", "<1@a>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;
		char fields[200];

		snprintf(fields, sizeof fields, ME "Message-ID: <1@a>\n%s\n", cases[i].fields);
		fixture_begin(&f, str_of(fields));
		assert_int_equal(answer(&f, &plain, "x"), COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, "References"), cases[i].want);
		fixture_end(&f);
	}
}

static void
what_the_script_gives_is_taken(void **state)
{
	static const struct {
		const char *subject, *from, *reason;
		const char *want_subject, *want_from, *want_body;
	} cases[] = {
		{ "Gone", "Me <me@c.example>", "x", "Gone", "Me <me@c.example>", "x\n" },
		{ "F\303\274r dich", "\"M\303\251\" <m\303\251@c.example>", "\303\251\303\251\303\251",
		    "F\303\274r dich", "M\303\251 <m\303\251@c.example>", "\303\251\303\251\303\251\r\n" },
		{ "a\r\nBcc: you@x", "a@b.example\r\nBcc: x@y", "a\r\n.\r\nb", "a  Bcc: you@x",
		    "me@b.example", "a\n.\nb\n" },
		{ "a\n\nb", "not, one", "\r", "a  b", "me@b.example", "\n" },
		{ NULL, NULL, "x", "Auto: Hi", "me@b.example", "x\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sieve_vacation vacation = plain;
		struct fixture f;

		if (cases[i].subject != NULL) {
			vacation.subject = text_of(cases[i].subject);
			vacation.from = text_of(cases[i].from);
		}
		fixture_begin(&f, STR(ME "Subject: Hi\nMessage-ID: <1@a>\n\n"));
		assert_int_equal(answer(&f, &vacation, cases[i].reason), COMPOSE_DONE);
		assert_string_equal(fixture_names(&f), NAMES);
		assert_string_equal(fixture_field(&f, "Subject"), cases[i].want_subject);
		assert_string_equal(fixture_field(&f, "From"), cases[i].want_from);
		assert_string_equal(fixture_body(&f, 0), cases[i].want_body);
		assert_int_equal(f.out.is_utf8, i == 1);
		fixture_end(&f);
	}
}

static void
several_authors_have_a_sender(void **state)
{
	/* RFC 5230 4.3, RFC 5322 3.6.2. */
	static const struct {
		const char *from, *want_from, *want_sender;
	} cases[] = {
		{ "a@x.example, B <b@x.example>", "a@x.example, B <b@x.example>", "me@b.example" },
		{ "B <b@x.example>", "B <b@x.example>", "(none)" },
		{ "a@x.example, nonsense", "me@b.example", "(none)" },
		{ "a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x", "me@b.example",
		    "(none)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sieve_vacation vacation = plain;
		struct fixture f;

		vacation.from = text_of(cases[i].from);
		fixture_begin(&f, STR(ME "\n"));
		assert_int_equal(answer(&f, &vacation, "x"), COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, "From"), cases[i].want_from);
		assert_string_equal(fixture_field(&f, "Sender"), cases[i].want_sender);
		fixture_end(&f);
	}
}

static void
settings_change_subject_and_addresses(void **state)
{
	static const struct {
		const char *fields, *subject, *template, *want;
	} cases[] = {
		{ "", NULL, NULL, "Automated reply" },
		{ "Subject:\n", NULL, NULL, "Automated reply" },
		{ "", "Away", NULL, "Away" },
		{ "Subject: Hi\n", "Away", NULL, "Auto: Hi" },
		{ "Subject: Hi\n", "Away", "Re (%%): %{subject}!", "Re (%): Hi!" },
		{ "Subject: Hi\n", NULL, "%$, %$ %", "Hi, Hi %" },
		{ "Subject: %{subject}\n", NULL, "[%$]", "[%{subject}]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;
		char fields[200];

		snprintf(fields, sizeof fields, ME "Sender: s@a.example\nFrom: x@z.example,"
		    " J <joe@a.example>\n%s\n", cases[i].fields);
		fixture_begin(&f, str_of(fields));
		f.settings.vacation_subject = str_of(cases[i].subject);
		f.settings.vacation_template = str_of(cases[i].template);
		f.settings.is_vacation_from_recipient = true;
		assert_int_equal(answer(&f, &plain, "x"), COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, "Subject"), cases[i].want);
		assert_string_equal(fixture_field(&f, "To"), "J <joe@a.example>");
		assert_true(str_is_equal(f.out.from, STR("me@b.example")));
		compose_fini(&f.out);
		f.settings.is_to_from_header = true;
		assert_int_equal(answer(&f, &plain, "x"), COMPOSE_DONE);
		assert_string_equal(fixture_field(&f, "To"), "s@a.example");
		assert_true(str_is_equal(f.out.to[0], STR("joe@a.example")));
		fixture_end(&f);
	}
}

static void
an_entity_brings_its_content_fields_only(void **state)
{
	static const struct {
		const char *reason;
		enum compose_answer want;
		const char *type, *body;
		uint32_t part;
	} cases[] = {
		{ "Content-Type: text/html;\r\n charset=utf-8\r\nBcc: x@y\r\nContent-Language: de\r\n\r\n<b>\r\n",
		    COMPOSE_DONE, "text/html; charset=utf-8", "<b>\n", 0 },
		{ "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n"
		  "--x\n\none\n--x\n\ntwo\n--x--\n",
		    COMPOSE_DONE, "multipart/alternative; boundary=x", "two", 2 },
		{ "just a text", COMPOSE_DONE, "text/plain; charset=utf-8", "just a text\n", 0 },
		{ "\njust a text", COMPOSE_DONE, "text/plain; charset=utf-8", "just a text\n", 0 },
		{ "Bcc: x@y\n\ntext", COMPOSE_DONE, "text/plain; charset=utf-8",
		    "Bcc: x@y\n\ntext\n", 0 },
		{ "Content-Type: text/plain; x=\303\251\n\ntext", COMPOSE_FAILED, NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sieve_vacation vacation = plain;
		struct fixture f;

		vacation.is_mime = true;
		fixture_begin(&f, STR(ME "\n"));
		assert_int_equal(answer(&f, &vacation, cases[i].reason), cases[i].want);
		if (cases[i].want == COMPOSE_DONE) {
			assert_string_equal(fixture_field(&f, "Content-Type"), cases[i].type);
			assert_string_equal(fixture_field(&f, "MIME-Version"), "1.0");
			assert_string_equal(fixture_field(&f, "Bcc"), "(none)");
			assert_string_equal(fixture_body(&f, cases[i].part), cases[i].body);
		}
		fixture_end(&f);
	}
}

static void
hostile_messages_get_small_answers(void **state)
{
	static const struct {
		const char *name, *unit;
	} cases[] = {
		{ "References", "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b> " },
		{ "References", "<" },
		{ "In-Reply-To", "<a@b>" },
		{ "Message-ID", "<" },
		{ "Message-ID", "a" },
		{ "Subject", "\303\251" },
		{ "Subject", "=?utf-8?q?a=0d=0aBcc:x?= " },
		{ "Subject", "\377" },
		{ "Subject", "a " },
		{ "Subject", "a\n " },
		{ "From", "\"\303\251\" <joe@a.example>, " },
		{ "From", "(" },
		{ "From", "joe@a.example <" },
		{ "Sender", "\377\376 " },
	};
	struct sieve_text many[1000];

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		many[i] = text_of("\"Some Body\" <some.body@somewhere.example>");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sieve_vacation vacation = plain;
		struct buf message = BUF_EMPTY;
		struct fixture f;

		vacation.addresses = many;
		vacation.address_count = 1000;
		buf_addf(&message, "Message-ID: <1@a>\n" ME "%s: ", cases[i].name);
		while (message.n < 1 << 20)
			buf_add_cstr(&message, cases[i].unit);
		buf_add_cstr(&message, "\n\n");
		fixture_begin(&f, buf_str(&message));
		assert_int_equal(answer(&f, &vacation, "x"), COMPOSE_DONE);
		assert_string_equal(fixture_names(&f), NAMES);
		assert_true(f.out.made.n < 30000);
		assert_false(f.out.is_8bit);
		fixture_end(&f);
		buf_fini(&message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_answer_goes_to_what_cannot_want_one),
		cmocka_unit_test(only_who_was_named_answers),
		cmocka_unit_test(every_address_of_the_user_counts),
		cmocka_unit_test(a_sender_gets_one_answer_in_its_time),
		cmocka_unit_test(an_answer_is_what_the_rfc_wants),
		cmocka_unit_test(of_many_references_the_first_and_the_last_stay),
		cmocka_unit_test(without_references_one_in_reply_to_stands_for_them),
		cmocka_unit_test(what_the_script_gives_is_taken),
		cmocka_unit_test(several_authors_have_a_sender),
		cmocka_unit_test(settings_change_subject_and_addresses),
		cmocka_unit_test(an_entity_brings_its_content_fields_only),
		cmocka_unit_test(hostile_messages_get_small_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Command lines, paths and parameters of LMTP: what is understood, and the
 * reply to what is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/command.h"
#include "mail/xtext.h"

#define ANY_STATE                                                              \
	(COMMAND_AT_START | COMMAND_AT_REST | COMMAND_IN_MAIL | COMMAND_IN_RCPT | COMMAND_IN_CHUNKS)

static struct arena arena;

static int
parse(struct str line, enum command_state state, bool is_utf8, struct command *out,
    struct reply *why)
{
	*why = REPLY_NONE;
	return command_parse(line, COMMAND_LMTP, state, is_utf8, &arena, out, why);
}

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}

struct refused {
	const char *line;
	int code;
	const char *enhanced;
};

static void
check_refused(const struct refused *r, size_t count, enum command_state state)
{
	struct command c;
	struct reply why;
	size_t i;

	for (i = 0; i < count; i++) {
		if (parse(str_of(r[i].line), state, false, &c, &why) == 0)
			fail_msg("accepted: %s", r[i].line);
		if (why.code != r[i].code || strcmp(why.enhanced, r[i].enhanced) != 0)
			fail_msg("%s: got %d %s", r[i].line, why.code, why.enhanced);
	}
}

static void
verbs_have_their_reply_when_refused(void **state)
{
	static const struct refused lines[] = {
		{ "", 500, "5.5.2" },
		{ " LHLO a", 500, "5.5.2" },
		{ "LHLO", 501, "5.5.4" },
		{ "LHLO a b", 501, "5.5.4" },
		{ "LHLO a\"b", 501, "5.5.4" },
		{ "LHLO [1.2.3]", 501, "5.5.4" },
		{ "LHLO \303\244.example", 501, "5.5.4" },
		{ "HELO a", 500, "5.5.1" },
		{ "EHLO a", 500, "5.5.1" },
		{ "STARTTLS", 502, "5.5.1" },
		{ "AUTH PLAIN", 502, "5.5.1" },
		{ "EXPN list", 502, "5.5.1" },
		{ "VRFY", 501, "5.5.4" },
		{ "RSET x", 501, "5.5.4" },
		{ "QUIT x", 501, "5.5.4" },
		{ "NOPE", 500, "5.5.2" },
		{ "NOOPS", 500, "5.5.2" },
		{ "NOOP \001", 500, "5.5.2" },
		{ "NOOP\ta", 500, "5.5.2" },
		{ "GET / HTTP/1.1", 500, "5.5.2" },
	};

	(void)state;
	check_refused(lines, sizeof lines / sizeof *lines, COMMAND_AT_REST);
}

static void
order_is_checked_before_form(void **state)
{
	static const struct refused lines[] = {
		{ "MAIL FROM:<a@b>", 503, "5.5.1" },
		{ "MAIL rubbish", 503, "5.5.1" },
		{ "RCPT TO:<a@b>", 503, "5.5.1" },
		{ "DATA", 503, "5.5.1" },
		{ "BDAT 3", 503, "5.5.1" },
	};

	(void)state;
	check_refused(lines, sizeof lines / sizeof *lines, COMMAND_AT_START);
}

static void
mail_is_refused_with_5_1_7_or_5_5_4(void **state)
{
	static const struct refused lines[] = {
		{ "MAIL", 501, "5.5.4" },
		{ "MAIL <a@b>", 501, "5.5.4" },
		{ "MAIL FROM:", 501, "5.1.7" },
		{ "MAIL FROM:a@b", 501, "5.1.7" },
		{ "MAIL FROM:<a@b", 501, "5.1.7" },
		{ "MAIL FROM:<a@>", 501, "5.1.7" },
		{ "MAIL FROM:<@b>", 501, "5.1.7" },
		{ "MAIL FROM:<a b@c>", 501, "5.1.7" },
		{ "MAIL FROM:<a@b@c>", 501, "5.1.7" },
		{ "MAIL FROM:<a@b..c>", 501, "5.1.7" },
		{ "MAIL FROM:<a@-b>", 501, "5.1.7" },
		{ "MAIL FROM:<\"a@b>", 501, "5.1.7" },
		{ "MAIL FROM:<\"a\\\"@b>", 501, "5.1.7" },
		{ "MAIL FROM:<a@[1.2.3.4.5]>", 501, "5.1.7" },
		{ "MAIL FROM:<a@[IPv6:::g]>", 501, "5.1.7" },
		{ "MAIL FROM:<a@[]>", 501, "5.1.7" },
		{ "MAIL FROM:<@r a@b>", 501, "5.1.7" },
		{ "MAIL FROM:<@r:>", 501, "5.1.7" },
		{ "MAIL FROM:<list:a@b;>", 501, "5.1.7" },
		{ "MAIL FROM:<a@b>x", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> SIZE", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> SIZE=", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> SIZE=-1", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> SIZE=123456789012345678901", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> SIZE=1 SIZE=1", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> BODY=9BIT", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> SMTPUTF8=1", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> RET=ALL", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> ENVID=a+4", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> ENVID=a+0A", 501, "5.5.4" },
		{ "MAIL FROM:<a@b> NOTIFY=NEVER", 555, "5.5.4" },
		{ "MAIL FROM:<a@b> X=1", 555, "5.5.4" },
		{ "MAIL FROM:<\303\244@b>", 553, "5.6.7" },
		{ "MAIL FROM:<a@\303\244>", 553, "5.6.7" },
		{ "MAIL FROM:<\303@b> SMTPUTF8", 501, "5.1.7" },
		{ "MAIL FROM:<\355\240\200@b> SMTPUTF8", 501, "5.1.7" },
	};

	(void)state;
	check_refused(lines, sizeof lines / sizeof *lines, COMMAND_AT_REST);
}

static void
rcpt_is_refused_with_5_1_3_or_5_5_4(void **state)
{
	static const struct refused lines[] = {
		{ "RCPT TO", 501, "5.5.4" },
		{ "RCPT TO:<>", 501, "5.1.3" },
		{ "RCPT TO:<\"\"@b>", 501, "5.1.3" },
		{ "RCPT TO:<\"\">", 501, "5.1.3" },
		{ "RCPT TO:<a@b> SIZE=3", 555, "5.5.4" },
		{ "RCPT TO:<a@b> NOTIFY=", 501, "5.5.4" },
		{ "RCPT TO:<a@b> NOTIFY=,", 501, "5.5.4" },
		{ "RCPT TO:<a@b> NOTIFY=NEVER,DELAY", 501, "5.5.4" },
		{ "RCPT TO:<a@b> NOTIFY=SOMETIMES", 501, "5.5.4" },
		{ "RCPT TO:<a@b> ORCPT=a@b", 501, "5.5.4" },
		{ "RCPT TO:<a@b> ORCPT=rfc822;", 501, "5.5.4" },
		{ "RCPT TO:<a@b> ORCPT=;a@b", 501, "5.5.4" },
		{ "RCPT TO:<a@b> ORCPT=rfc822;a=b", 501, "5.5.4" },
		{ "RCPT TO:<a@b> ORCPT=utf-8;\\x{D800}", 501, "5.5.4" },
		{ "RCPT TO:<a@b> ORCPT=utf-8;\\x{0A}", 501, "5.5.4" },
		{ "RCPT TO:<a@b> ORCPT=utf-8;\\x{110000}", 501, "5.5.4" },
		{ "RCPT TO:<a@b> ORCPT=utf-8;\\x{41", 501, "5.5.4" },
		{ "RCPT TO:<a@b> XMAILBOX=Trash", 555, "5.5.4" },
		{ "RCPT TO:<a@b> XUSERONLY", 555, "5.5.4" },
		{ "RCPT TO:<\303\244@b>", 553, "5.6.7" },
	};

	(void)state;
	check_refused(lines, sizeof lines / sizeof *lines, COMMAND_IN_MAIL);
}

struct address {
	const char *path, *text, *local, *domain;
};

static void
addresses_are_taken_apart(void **state)
{
	static const struct address samples[] = {
		{ "<a@b>", "a@b", "a", "b" },
		{ "<a@b.c.>x", NULL, NULL, NULL },
		{ "<postmaster>", "postmaster", "postmaster", "" },
		{ "<@r1,@[1.2.3.4]:a@b>", "a@b", "a", "b" },
		{ "<a..b.@c>", "a..b.@c", "a..b.", "c" },
		{ "<\"a b\"@c>", "\"a b\"@c", "a b", "c" },
		{ "<\"a\\\"\\\\>@\"@c>", "\"a\\\"\\\\>@\"@c", "a\"\\>@", "c" },
		{ "<a@[127.0.0.1]>", "a@[127.0.0.1]", "a", "[127.0.0.1]" },
		{ "<a@[IPv6:::1]>", "a@[IPv6:::1]", "a", "[IPv6:::1]" },
		{ "<a@[x-y:z]>", "a@[x-y:z]", "a", "[x-y:z]" },
		{ "<a+b/c=d@host_1.example>", "a+b/c=d@host_1.example", "a+b/c=d", "host_1.example" },
	};
	char line[200];
	struct command c;
	struct reply why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof *samples; i++) {
		const struct address *a = &samples[i];
		int rc;

		snprintf(line, sizeof line, "rcpt to: %s notify=success,DELAY ", a->path);
		rc = parse(str_of(line), COMMAND_IN_RCPT, false, &c, &why);
		if (a->text == NULL) {
			assert_int_equal(rc, -1);
			continue;
		}
		if (rc == -1)
			fail_msg("%s: %d %s", line, why.code, why.text);
		assert_str(c.path.text, a->text);
		assert_str(c.path.local, a->local);
		assert_str(c.path.domain, a->domain);
		assert_int_equal(c.notify, COMMAND_NOTIFY_SUCCESS | COMMAND_NOTIFY_DELAY);
	}
}

static void
mail_takes_all_its_parameters(void **state)
{
	struct command c;
	struct reply why;

	(void)state;
	assert_int_equal(parse(STR("MAIL FROM:<> size=12345678901234567890 BODY=BinaryMime "
				   "RET=hdrs ENVID=a+2Bb+20c SMTPUTF8"),
			     COMMAND_AT_REST, false, &c, &why),
	    0);
	assert_int_equal(c.path.text.n, 0);
	assert_true(c.size == UINT64_C(12345678901234567890));
	assert_int_equal(c.body, COMMAND_BODY_BINARYMIME);
	assert_int_equal(c.ret, COMMAND_RET_HDRS);
	assert_str(c.envid, "a+b c");
	assert_true(c.is_utf8);
	assert_int_equal(parse(STR("MAIL FROM:<a@b> SIZE=99999999999999999999"), COMMAND_AT_REST,
			     false, &c, &why),
	    0);
	assert_true(c.size == UINT64_MAX);
}

static void
who_submitted_and_by_when_are_read(void **state)
{
	static const struct {
		const char *line, *auth;
		enum command_by by;
		int seconds;
		bool is_traced;
		int code;
	} samples[] = {
		{ "AUTH=e+3Dmc2@example.com", "e=mc2@example.com", COMMAND_BY_NONE, 0, false, 0 },
		{ "AUTH=<>", "", COMMAND_BY_NONE, 0, false, 0 },
		{ "AUTH=fred", "fred", COMMAND_BY_NONE, 0, false, 0 },
		{ "AUTH=a+0Ab@c", "", 0, 0, false, 501 },
		{ "AUTH=a@b,c", "", 0, 0, false, 501 },
		{ "AUTH=a@b+3E+20SIZE", "", 0, 0, false, 501 },
		{ "BY=120;R", "", COMMAND_BY_RETURN, 120, false, 0 },
		{ "BY=+999999999;nt", "", COMMAND_BY_NOTIFY, 999999999, true, 0 },
		{ "BY=-30;N", "", COMMAND_BY_NOTIFY, -30, false, 0 },
		{ "BY=0;N", "", COMMAND_BY_NOTIFY, 0, false, 0 },
		{ "BY=0;R", "", 0, 0, false, 501 },
		{ "BY=-1;RT", "", 0, 0, false, 501 },
		{ "BY=1000000000;N", "", 0, 0, false, 501 },
		{ "BY=--1;N", "", 0, 0, false, 501 },
		{ "BY=;N", "", 0, 0, false, 501 },
		{ "BY=5", "", 0, 0, false, 501 },
		{ "BY=5;", "", 0, 0, false, 501 },
		{ "BY=5;X", "", 0, 0, false, 501 },
		{ "BY=5;NTT", "", 0, 0, false, 501 },
		{ "BY=5;T", "", 0, 0, false, 501 },
		{ "BY", "", 0, 0, false, 501 },
	};
	char line[128];
	struct command c;
	struct reply why;

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		snprintf(line, sizeof line, "MAIL FROM:<a@b> %s", samples[i].line);
		why.code = 0;
		if (parse(str_of(line), COMMAND_AT_REST, false, &c, &why) != (why.code == 0 ? 0 : -1) ||
		    why.code != samples[i].code)
			fail_msg("%s: %d", line, why.code);
		if (why.code != 0)
			continue;
		assert_str(c.auth, samples[i].auth);
		assert_int_equal(c.by, samples[i].by);
		assert_int_equal(c.by_seconds, samples[i].seconds);
		assert_int_equal(c.is_by_traced, samples[i].is_traced);
	}
}

static void
utf8_addresses_need_the_transaction_to_be_smtputf8(void **state)
{
	static const char line[] = "RCPT TO:<\303\274ser@b\303\274cher.example>";
	struct command c;
	struct reply why;

	(void)state;
	assert_int_equal(parse(str_of(line), COMMAND_IN_MAIL, false, &c, &why), -1);
	assert_int_equal(parse(str_of(line), COMMAND_IN_MAIL, true, &c, &why), 0);
	assert_str(c.path.local, "\303\274ser");
	assert_str(c.path.domain, "b\303\274cher.example");
}

static void
truncated_utf8_is_refused_at_every_byte(void **state)
{
	static const char whole[] = "\360\237\222\214";
	char line[64];
	struct command c;
	struct reply why;
	int n;

	(void)state;
	for (n = 1; n <= 4; n++) {
		snprintf(line, sizeof line, "RCPT TO:<%.*s@b>", n, whole);
		assert_int_equal(parse(str_of(line), COMMAND_IN_MAIL, true, &c, &why), n == 4 ? 0 : -1);
		snprintf(line, sizeof line, "RCPT TO:<\"%.*s\"@b>", n, whole);
		assert_int_equal(parse(str_of(line), COMMAND_IN_MAIL, true, &c, &why), n == 4 ? 0 : -1);
	}
}

static void
nul_is_refused_in_every_token(void **state)
{
	static const char *const lines[] = { "NOOP x", "MAIL FROM:<a@b>", "RCPT TO:<\"a\"@b>",
		"RCPT TO:<a@b> ORCPT=rfc822;a@b", "BDAT 10 LAST" };
	char copy[64];
	struct command c;
	struct reply why;
	size_t i, k, n;

	(void)state;
	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		n = strlen(lines[i]);
		for (k = 0; k < n; k++) {
			memcpy(copy, lines[i], n + 1);
			copy[k] = '\0';
			assert_int_equal(parse((struct str){ copy, n }, ANY_STATE, false, &c, &why), -1);
		}
	}
}

static void
original_recipients_are_decoded(void **state)
{
	static const struct {
		const char *value, *decoded;
	} samples[] = {
		{ "rfc822;a+2Bb@c", "a+b@c" },
		{ "RFC822;a+3Db", "a=b" },
		{ "utf-8;\\x{FC}@c", "\303\274@c" },
		{ "utf-8;\303\274@c", "\303\274@c" },
		{ "utf-8;a\\x{2B}b", "a+b" },
		{ "utf-8;a+2Bb", "a+b" },
		{ "utf-8;\\x{1F48C}", "\360\237\222\214" },
	};
	char line[200];
	struct command c;
	struct reply why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof *samples; i++) {
		snprintf(line, sizeof line, "RCPT TO:<a@b> ORCPT=%s", samples[i].value);
		if (parse(str_of(line), COMMAND_IN_MAIL, true, &c, &why) == -1)
			fail_msg("%s: %s", line, why.text);
		assert_str(c.orcpt, samples[i].decoded);
	}
}

static void
a_refused_chunk_can_still_be_swallowed(void **state)
{
	struct command c;
	struct reply why;

	(void)state;
	assert_int_equal(parse(STR("BDAT 7 last"), COMMAND_IN_CHUNKS, false, &c, &why), 0);
	assert_int_equal(c.chunk, 7);
	assert_true(c.is_last);
	assert_int_equal(parse(STR("BDAT 9"), COMMAND_AT_REST, false, &c, &why), -1);
	assert_int_equal(why.code, 503);
	assert_true(c.has_chunk);
	assert_int_equal(c.chunk, 9);
	assert_int_equal(parse(STR("BDAT"), COMMAND_IN_RCPT, false, &c, &why), -1);
	assert_false(c.has_chunk);
	assert_int_equal(parse(STR("BDAT -1"), COMMAND_IN_RCPT, false, &c, &why), -1);
	assert_false(c.has_chunk);
	assert_int_equal(parse(STR("BDAT 18446744073709551616"), COMMAND_IN_RCPT, false, &c, &why), -1);
	assert_false(c.has_chunk);
	assert_int_equal(parse(STR("BDAT 3 FIRST"), COMMAND_IN_RCPT, false, &c, &why), -1);
	assert_false(c.has_chunk);
}

static void
the_lda_may_name_a_folder(void **state)
{
	struct command c;
	struct reply why;

	(void)state;
	assert_int_equal(command_parse(STR("RCPT TO:<a> XMAILBOX=Entw+C3+BCrfe XUSERONLY"),
			     COMMAND_LDA, COMMAND_IN_MAIL, false, &arena, &c, &why),
	    0);
	assert_str(c.mailbox, "Entw\303\274rfe");
	assert_true(c.is_user_only);
}

static void
smtp_wants_a_domain(void **state)
{
	struct command c;
	struct reply why;

	(void)state;
	assert_int_equal(command_parse(STR("RCPT TO:<a>"), COMMAND_SMTP, COMMAND_IN_MAIL, false,
			     &arena, &c, &why),
	    -1);
	assert_int_equal(command_parse(STR("RCPT TO:<Postmaster>"), COMMAND_SMTP, COMMAND_IN_MAIL,
			     false, &arena, &c, &why),
	    0);
}

static void
long_names_are_refused(void **state)
{
	char line[800];
	struct command c;
	struct reply why;

	(void)state;
	snprintf(line, sizeof line, "RCPT TO:<%0256d@b>", 0);
	assert_int_equal(parse(str_of(line), COMMAND_IN_MAIL, false, &c, &why), 0);
	snprintf(line, sizeof line, "RCPT TO:<%0257d@b>", 0);
	assert_int_equal(parse(str_of(line), COMMAND_IN_MAIL, false, &c, &why), -1);
	snprintf(line, sizeof line, "RCPT TO:<a@%063d.b>", 0);
	assert_int_equal(parse(str_of(line), COMMAND_IN_MAIL, false, &c, &why), 0);
	snprintf(line, sizeof line, "RCPT TO:<a@%064d.b>", 0);
	assert_int_equal(parse(str_of(line), COMMAND_IN_MAIL, false, &c, &why), -1);
}

static void
xtext_comes_back_as_it_was(void **state)
{
	struct buf encoded = BUF_EMPTY;
	struct str decoded;
	char all[95];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof all; i++)
		all[i] = (char)(' ' + i);
	xtext_add(&encoded, (struct str){ all, sizeof all });
	assert_true(xtext_is_decoded(buf_str(&encoded), &arena, &decoded));
	assert_int_equal(decoded.n, sizeof all);
	assert_memory_equal(decoded.p, all, sizeof all);
	buf_fini(&encoded);
}

static void
replies_are_safe_whatever_their_text(void **state)
{
	struct buf out = BUF_EMPTY;
	char longer[1000];

	(void)state;
	reply_add(&out, 250, "2.0.0", STR("a\nb\r\377"));
	assert_str(buf_str(&out), "250-2.0.0 a\r\n250 2.0.0 b??\r\n");
	buf_clear(&out);
	reply_add_utf8(&out, 550, "5.7.1", STR("n\303\244\nb\377\r"));
	assert_str(buf_str(&out), "550-5.7.1 n\303\244\r\n550 5.7.1 b??\r\n");
	buf_clear(&out);
	reply_add(&out, 220, "", STR("x"));
	assert_str(buf_str(&out), "220 x\r\n");
	buf_clear(&out);
	memset(longer, 'x', sizeof longer);
	reply_add(&out, 550, "5.1.1", (struct str){ longer, sizeof longer });
	assert_int_equal(out.n, REPLY_LINE_MAX);
	assert_memory_equal(out.p + out.n - 3, "x\r\n", 3);
	buf_fini(&out);
}

static int
tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_have_their_reply_when_refused),
		cmocka_unit_test(order_is_checked_before_form),
		cmocka_unit_test(mail_is_refused_with_5_1_7_or_5_5_4),
		cmocka_unit_test(rcpt_is_refused_with_5_1_3_or_5_5_4),
		cmocka_unit_test(addresses_are_taken_apart),
		cmocka_unit_test(mail_takes_all_its_parameters),
		cmocka_unit_test(who_submitted_and_by_when_are_read),
		cmocka_unit_test(utf8_addresses_need_the_transaction_to_be_smtputf8),
		cmocka_unit_test(truncated_utf8_is_refused_at_every_byte),
		cmocka_unit_test(nul_is_refused_in_every_token),
		cmocka_unit_test(original_recipients_are_decoded),
		cmocka_unit_test(a_refused_chunk_can_still_be_swallowed),
		cmocka_unit_test(the_lda_may_name_a_folder),
		cmocka_unit_test(smtp_wants_a_domain),
		cmocka_unit_test(long_names_are_refused),
		cmocka_unit_test(xtext_comes_back_as_it_was),
		cmocka_unit_test(replies_are_safe_whatever_their_text),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, tear_down);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * MAIL and RCPT by what the remote can, and AUTH by its RFCs' own examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "relay/auth.h"
#include "relay/envelope.h"

#define PLAIN STR("Subject: x\n\ny\n")
#define LATIN STR("Subject: x\n\n\303\251\n")
#define UTF8_HEADER STR("Subject: \303\251\n\ny\n")
#define ODD STR("MIME-Version: 1.0\nContent-Type: x/y\n\na\0\n")
#define SIGNED STR("MIME-Version: 1.0\nContent-Type: multipart/signed; boundary=b\n\n--b\n\n" \
	"\303\251\n--b--\n")

#define ALL (CAN_8BITMIME | CAN_CHUNKING | CAN_BINARYMIME | CAN_SMTPUTF8 | CAN_DSN | CAN_SIZE \
	| CAN_REQUIRETLS | CAN_DELIVERBY)

struct sample {
	struct msg_DELIVER_GIVES_MAIL said;
	struct terms terms;
	const char *mail, *rcpt;	 /* NULL: it cannot be said */
	enum fail_class class;		 /* then why */
	unsigned subject, detail;
};

#define TO(address) .recipient = STR(address)
#define CAN(bits) .terms.capabilities.can = (bits)
#define SAYS(m, r) .mail = m, .rcpt = r
#define REFUSED(s, d) .class = FAIL_PERM, .subject = s, .detail = d

static const struct sample samples[] = {
	{ .said = { .sender = STR("a@b"), TO("c@d"), .text = PLAIN },
	    SAYS("MAIL FROM:<a@b>", "RCPT TO:<c@d>") },
	{ .said = { .sender = STR_EMPTY, TO("\"a b\"@d"), .text = PLAIN }, CAN(CAN_SIZE),
	    SAYS("MAIL FROM:<> SIZE=17", "RCPT TO:<\"a b\"@d>") },
	/* What is not offered is not said. */
	{ .said = { TO("c@d"), .text = PLAIN, .envid = STR("e"), .ret = 1, .notify = 2,
	    .orcpt = STR("rfc822;x@y"), .by = STR("60;N") },
	    SAYS("MAIL FROM:<>", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = PLAIN, .envid = STR("e+ =1"), .ret = 2, .notify = 6,
	    .orcpt = STR("rfc822;x+y@z"), .by = STR("60;N") }, CAN(ALL & ~CAN_SIZE),
	    SAYS("MAIL FROM:<> BY=60;N RET=HDRS ENVID=e+2B+20+3D1",
		"RCPT TO:<c@d> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+2By@z") },
	{ .said = { TO("c@d"), .text = PLAIN, .ret = 1, .notify = 15 }, CAN(CAN_DSN),
	    SAYS("MAIL FROM:<> RET=FULL", "RCPT TO:<c@d> NOTIFY=NEVER") },
	{ .said = { TO("c@d"), .text = PLAIN, .notify = 8, .orcpt = STR("rfc822;\303\251@z") },
	    CAN(CAN_DSN), SAYS("MAIL FROM:<>", "RCPT TO:<c@d> NOTIFY=DELAY ORCPT=utf-8;\\x{E9}@z") },
	{ .said = { TO("c@d"), .text = PLAIN, .orcpt = STR("utf-8;\360\237\230\200+@z") },
	    CAN(CAN_DSN), SAYS("MAIL FROM:<>", "RCPT TO:<c@d> ORCPT=utf-8;\\x{1F600}\\x{2B}@z") },
	/* Requests that are malformed are left out, and cannot end the line. */
	{ .said = { TO("c@d"), .text = PLAIN, .envid = STR("a\r\nRSET"), .orcpt = STR("x y;z"),
	    .by = STR("1;N\r\nRSET") }, CAN(ALL & ~CAN_SIZE),
	    SAYS("MAIL FROM:<>", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = PLAIN, .orcpt = STR("rfc822;a\nb") }, CAN(CAN_DSN),
	    SAYS("MAIL FROM:<>", "RCPT TO:<c@d>") },
	{ .said = { .sender = STR("a@b>\r\nRSET"), TO("c@d"), .text = PLAIN }, REFUSED(1, 7) },
	{ .said = { TO("c@d>\r\nRSET"), .text = PLAIN }, REFUSED(1, 3) },
	{ .said = { TO("c@d> BODY=8BITMIME"), .text = PLAIN }, REFUSED(1, 3) },
	{ .said = { TO(""), .text = PLAIN }, REFUSED(1, 3) },
	/* Octets. */
	{ .said = { TO("c@d"), .text = LATIN }, CAN(CAN_8BITMIME),
	    SAYS("MAIL FROM:<> BODY=8BITMIME", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = PLAIN, .body_type = 1 }, CAN(CAN_8BITMIME),
	    SAYS("MAIL FROM:<>", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = LATIN }, SAYS("MAIL FROM:<>", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = SIGNED }, REFUSED(6, 2) },
	{ .said = { TO("c@d"), .text = SIGNED }, CAN(CAN_8BITMIME),
	    SAYS("MAIL FROM:<> BODY=8BITMIME", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = ODD }, CAN(CAN_CHUNKING | CAN_BINARYMIME),
	    SAYS("MAIL FROM:<> BODY=BINARYMIME", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = ODD }, CAN(CAN_BINARYMIME | CAN_8BITMIME),
	    SAYS("MAIL FROM:<>", "RCPT TO:<c@d>") },
	/* UTF-8: for what is not ASCII, not for what might have been. */
	{ .said = { TO("c@d"), .text = PLAIN, .smtputf8 = 1 },
	    SAYS("MAIL FROM:<>", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = UTF8_HEADER, .smtputf8 = 1 }, CAN(CAN_8BITMIME),
	    REFUSED(6, 9) },
	{ .said = { TO("c@d"), .text = UTF8_HEADER, .smtputf8 = 1 },
	    CAN(CAN_8BITMIME | CAN_SMTPUTF8),
	    SAYS("MAIL FROM:<> BODY=8BITMIME SMTPUTF8", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = UTF8_HEADER }, CAN(CAN_8BITMIME),
	    SAYS("MAIL FROM:<> BODY=8BITMIME", "RCPT TO:<c@d>") },
	{ .said = { TO("\303\251@d"), .text = PLAIN }, CAN(CAN_8BITMIME), REFUSED(6, 7) },
	{ .said = { .sender = STR("a@\303\251.b"), TO("c@d"), .text = PLAIN },
	    CAN(CAN_8BITMIME | CAN_SMTPUTF8),
	    SAYS("MAIL FROM:<a@\303\251.b> SMTPUTF8", "RCPT TO:<c@d>") },
	/* Size. */
	{ .said = { TO("c@d"), .text = PLAIN }, .terms.capabilities = { CAN_SIZE, 0, 17 },
	    SAYS("MAIL FROM:<> SIZE=17", "RCPT TO:<c@d>") },
	{ .said = { TO("c@d"), .text = PLAIN }, .terms.capabilities = { CAN_SIZE, 0, 16 },
	    REFUSED(3, 4) },
	/* It grows when it is converted. */
	{ .said = { TO("c@d"), .text = LATIN }, .terms.capabilities = { CAN_SIZE, 0, 30 },
	    REFUSED(3, 4) },
	/* TLS. */
	{ .said = { TO("c@d"), .text = PLAIN, .requiretls = 1 }, CAN(CAN_REQUIRETLS),
	    REFUSED(7, 10) },
	{ .said = { TO("c@d"), .text = PLAIN, .requiretls = 1 },
	    .terms = { .capabilities.can = CAN_REQUIRETLS, .is_encrypted = true }, REFUSED(7, 10) },
	{ .said = { TO("c@d"), .text = PLAIN, .requiretls = 1 },
	    .terms = { .is_encrypted = true, .is_verified = true }, REFUSED(7, 30) },
	{ .said = { TO("c@d"), .text = PLAIN, .requiretls = 1 },
	    .terms = { .capabilities.can = CAN_REQUIRETLS, .is_encrypted = true,
	    .is_verified = true }, SAYS("MAIL FROM:<> REQUIRETLS", "RCPT TO:<c@d>") },
	/* Time. */
	{ .said = { TO("c@d"), .text = PLAIN, .by = STR("60;R") }, REFUSED(3, 3) },
	{ .said = { TO("c@d"), .text = PLAIN, .by = STR("-60;NT") }, CAN(CAN_DELIVERBY),
	    SAYS("MAIL FROM:<> BY=-60;NT", "RCPT TO:<c@d>") },
};

static struct mail *
make_mail(const struct sample *s)
{
	union msg_any any;

	memset(&any, 0, sizeof any);
	any.DELIVER_GIVES_MAIL = s->said;
	any.DELIVER_GIVES_MAIL.fd = -1;
	return mail_new(&any, NULL);
}

static void
commands_say_what_the_remote_understands(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		const struct sample *s = &samples[i];
		struct mail *mail = make_mail(s);
		struct fail why = FAIL_EMPTY;
		struct buf from = BUF_EMPTY, to = BUF_EMPTY;
		struct plan plan;
		int rc = envelope_plan(mail, &s->terms, &plan, &why);

		if (s->mail == NULL) {
			if (rc != -1 || why.class != s->class || why.subject != s->subject ||
			    why.detail != s->detail)
				fail_msg("%zu: %d %u.%u %s", i, rc, why.subject, why.detail,
				    why.log);
		} else {
			if (rc == -1)
				fail_msg("%zu: %s", i, why.log);
			envelope_add_mail(mail, &s->terms, &plan, &from);
			envelope_add_rcpt(mail, &s->terms, &to);
			assert_true(str_has_suffix(buf_str(&from), STR("\r\n")));
			buf_truncate(&from, from.n - 2);
			buf_truncate(&to, to.n - 2);
			assert_string_equal(buf_cstr(&from), s->mail);
			assert_string_equal(buf_cstr(&to), s->rcpt);
			assert_int_equal(plan.is_dsn_passed, (s->terms.capabilities.can & CAN_DSN)
			    != 0 && s->said.notify != 0);
		}
		mail_free(&mail);
		buf_fini(&from);
		buf_fini(&to);
	}
}

/* ---- AUTH ---- */

static void
set_nonce(struct auth *auth, const char *nonce)
{
	buf_clear(&auth->nonce);
	buf_add_cstr(&auth->nonce, nonce);
	buf_clear(&auth->first);
	buf_addf(&auth->first, "n=user,r=%s", nonce);
}

static void
the_best_mechanism_that_may_be_used_is_used(void **state)
{
	static const struct {
		unsigned mechanisms;
		bool is_private;
		const char *line; /* NULL: none */
	} cases[] = {
		{ AUTH_PLAIN | AUTH_LOGIN, true, "AUTH PLAIN AHVzZXIAcGVuY2ls\r\n" },
		{ AUTH_LOGIN, true, "AUTH LOGIN\r\n" },
		{ AUTH_PLAIN | AUTH_LOGIN, false, NULL },
		{ 0, true, NULL },
		{ AUTH_PLAIN | AUTH_SCRAM_SHA_1, false, "AUTH SCRAM-SHA-1 " },
		{ AUTH_PLAIN | AUTH_SCRAM_SHA_1 | AUTH_SCRAM_SHA_256, true, "AUTH SCRAM-SHA-256 " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct auth auth = AUTH_EMPTY;
		struct buf line = BUF_EMPTY;
		struct fail why = FAIL_EMPTY;
		int rc = auth_begin(&auth, cases[i].mechanisms, cases[i].is_private, STR("user"),
		    STR("pencil"), &line, &why);

		assert_int_equal(rc, cases[i].line == NULL ? -1 : 0);
		if (cases[i].line != NULL)
			assert_true(str_has_prefix(buf_str(&line), str_of(cases[i].line)));
		auth_fini(&auth);
		buf_fini(&line);
	}
}

static void
login_says_name_and_password_in_turn(void **state)
{
	struct auth auth = AUTH_EMPTY;
	struct buf line = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;

	(void)state;
	assert_int_equal(auth_begin(&auth, AUTH_LOGIN, true, STR("user"), STR("pencil"), &line,
	    &why), 0);
	buf_clear(&line);
	assert_int_equal(auth_continue(&auth, STR("VXNlcm5hbWU6"), &line, &why), 0);
	assert_string_equal(buf_cstr(&line), "dXNlcg==\r\n");
	buf_clear(&line);
	assert_int_equal(auth_continue(&auth, STR("UGFzc3dvcmQ6"), &line, &why), 0);
	assert_string_equal(buf_cstr(&line), "cGVuY2ls\r\n");
	assert_int_equal(auth_continue(&auth, STR("VXNlcm5hbWU6"), &line, &why), -1);
	auth_fini(&auth);
	buf_fini(&line);
}

/* RFC 5802 5 and RFC 7677 3, their challenges and proofs in base64. */
static const struct {
	enum auth_mechanism mechanism;
	const char *nonce, *first, *answer, *last;
} scrams[] = {
	{ AUTH_SCRAM_SHA_1, "fyko+d2lbbFgONRv9qkxdawL",
	    "cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9"
	    "NDA5Ng==",
	    "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBD"
	    "SkdiSlF5RjBYK0hJNFRzPQ==\r\n",
	    "dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9" },
	{ AUTH_SCRAM_SHA_256, "rOprNGfwEbeRWgbNEkqO",
	    "cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3"
	    "c29Fc1VFamI2Z1E9PSxpPTQwOTY=",
	    "Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1kSHpi"
	    "WmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ==\r\n",
	    "dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==" },
};

static void
scram_proves_both_sides(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof scrams / sizeof scrams[0]; i++) {
		struct auth auth = AUTH_EMPTY;
		struct buf line = BUF_EMPTY;
		struct fail why = FAIL_EMPTY;

		assert_int_equal(auth_begin(&auth, scrams[i].mechanism, false, STR("user"),
		    STR("pencil"), &line, &why), 0);
		set_nonce(&auth, scrams[i].nonce);
		buf_clear(&line);
		assert_int_equal(auth_continue(&auth, str_of(scrams[i].first), &line, &why), 0);
		assert_string_equal(buf_cstr(&line), scrams[i].answer);
		assert_false(auth_is_over(&auth));
		assert_int_equal(auth_continue(&auth, str_of(scrams[i].last), &line, &why), 0);
		assert_true(auth_is_over(&auth));
		auth_fini(&auth);
		buf_fini(&line);
	}
}

static void
scram_refuses_a_stranger(void **state)
{
	/* A nonce that is not ours, none of its own, no salt, iterations out of
	 * bounds, nothing. */
	static const char *const bad[] = { "cj14eHgscz1RUT09LGk9NDA5Ng==",
		"cj1ub25jZSxzPVFRPT0saT00MDk2", "cj1ub25jZXgscz0saT00MDk2",
		"cj1ub25jZXgscz1RUT09LGk9MA==", "cj1ub25jZXgscz1RUT09LGk9OTk5OTk5OTk5OQ==", "", "!!!!" };
	struct auth auth = AUTH_EMPTY;
	struct buf line = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(auth_begin(&auth, AUTH_SCRAM_SHA_256, true, STR("user"),
		    STR("pencil"), &line, &why), 0);
		set_nonce(&auth, "nonce");
		if (auth_continue(&auth, str_of(bad[i]), &line, &why) != -1)
			fail_msg("%s", bad[i]);
	}
	/* It got so far without knowing the password, and ends there. */
	assert_int_equal(auth_begin(&auth, AUTH_SCRAM_SHA_256, true, STR("user"), STR("pencil"),
	    &line, &why), 0);
	set_nonce(&auth, scrams[1].nonce);
	assert_int_equal(auth_continue(&auth, str_of(scrams[1].first), &line, &why), 0);
	assert_int_equal(auth_continue(&auth, str_of(scrams[0].last), &line, &why), -1);
	auth_fini(&auth);
	buf_fini(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_say_what_the_remote_understands),
		cmocka_unit_test(the_best_mechanism_that_may_be_used_is_used),
		cmocka_unit_test(login_says_name_and_password_in_turn),
		cmocka_unit_test(scram_proves_both_sides),
		cmocka_unit_test(scram_refuses_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

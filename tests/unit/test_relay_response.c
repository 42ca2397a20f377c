/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Replies of remotes and the reply to EHLO, however they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "relay/capability.h"
#include "relay/response.h"

/* Bytes up to `cut` first, then one by one more. */
static enum response_result
feed(struct response *r, struct str in, size_t cut, size_t *rest)
{
	struct buf pending = BUF_EMPTY;
	enum response_result result = RESPONSE_MORE;
	size_t at = 0, used, step = cut;

	while (result == RESPONSE_MORE && at < in.n) {
		buf_add_str(&pending, str_sub(in, at, step));
		at = at + step < in.n ? at + step : in.n;
		step = 1;
		result = response_take(r, buf_str(&pending), &used);
		buf_cut_front(&pending, used);
	}
	*rest = pending.n + in.n - at;
	buf_fini(&pending);
	return result;
}

static const struct {
	const char *in;
	enum response_result result;
	int code;
	const char *text;
	size_t rest;
} replies[] = {
	{ "250 Ok\r\n", RESPONSE_DONE, 250, "250 Ok", 0 },
	{ "250 Ok\n", RESPONSE_DONE, 250, "250 Ok", 0 },
	{ "250\r\n", RESPONSE_DONE, 250, "250", 0 },
	{ "250 \r\n", RESPONSE_DONE, 250, "250", 0 },
	{ "250-a\r\n250-b\r\n250 c\r\n", RESPONSE_DONE, 250, "250 a b c", 0 },
	{ "250-a\r\n250\r\n", RESPONSE_DONE, 250, "250 a", 0 },
	{ "250 a\r\n550 b\r\n", RESPONSE_DONE, 250, "250 a", 7 },
	{ "550 5.1.1 caf\303\251\r\n", RESPONSE_DONE, 550, "550 5.1.1 caf\303\251", 0 },
	{ "550 caf\351 x\r\n", RESPONSE_DONE, 550, "550 caf? x", 0 },
	{ "550 a\tb\033[1m\r\n", RESPONSE_DONE, 550, "550 a?b?[1m", 0 },
	{ "550 a\rb\r\n", RESPONSE_DONE, 550, "550 a?b", 0 },
	{ "250 O", RESPONSE_MORE, 0, NULL, 5 },
	{ "250-a\r\n", RESPONSE_MORE, 250, NULL, 0 },
	{ "", RESPONSE_MORE, 0, NULL, 0 },
	{ "250-a\r\n251 b\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
	{ "250-a\r\nb\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
	{ "25 Ok\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
	{ "2500 Ok\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
	{ "150 Ok\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
	{ "650 Ok\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
	{ "2a0 Ok\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
	{ "250=Ok\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
	{ "\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
	{ " 250 Ok\r\n", RESPONSE_BROKEN, 0, NULL, 0 },
};

static void
replies_are_read_wherever_they_are_cut(void **state)
{
	size_t i, cut, rest;

	(void)state;
	for (i = 0; i < sizeof replies / sizeof replies[0]; i++) {
		for (cut = 1; cut <= strlen(replies[i].in) + 1; cut++) {
			struct response r = RESPONSE_EMPTY;
			struct buf text = BUF_EMPTY;

			if (feed(&r, str_of(replies[i].in), cut, &rest) != replies[i].result)
				fail_msg("%s", replies[i].in);
			if (replies[i].result == RESPONSE_DONE) {
				response_add_text(&r, &text);
				assert_string_equal(buf_cstr(&text), replies[i].text);
				assert_int_equal(r.code, replies[i].code);
			}
			if (replies[i].result != RESPONSE_BROKEN)
				assert_int_equal(rest, replies[i].rest);
			buf_fini(&text);
			response_fini(&r);
		}
	}
}

static void
nul_is_no_reply(void **state)
{
	struct response r = RESPONSE_EMPTY;
	size_t rest;

	(void)state;
	assert_int_equal(feed(&r, STR("250 a\0b\r\n"), 100, &rest), RESPONSE_BROKEN);
	response_fini(&r);
}

/* n lines of that many bytes. */
static enum response_result
feed_lines(size_t n, size_t length, bool is_ended)
{
	struct response r = RESPONSE_EMPTY;
	struct buf in = BUF_EMPTY;
	enum response_result result;
	size_t i, j, used;

	for (i = 0; i < n; i++) {
		buf_add_cstr(&in, i + 1 < n ? "250-" : "250 ");
		for (j = 4; j < length; j++)
			buf_add_byte(&in, 'x');
		if (i + 1 < n || is_ended)
			buf_add_cstr(&in, "\r\n");
	}
	result = response_take(&r, buf_str(&in), &used);
	if (result == RESPONSE_DONE) {
		struct buf text = BUF_EMPTY;

		response_add_text(&r, &text);
		assert_true(text.n <= RESPONSE_TEXT_MAX);
		buf_fini(&text);
	}
	buf_fini(&in);
	response_fini(&r);
	return result;
}

static void
each_limit_ends_a_reply(void **state)
{
	(void)state;
	assert_int_equal(feed_lines(RESPONSE_LINES_MAX, 10, true), RESPONSE_DONE);
	assert_int_equal(feed_lines(RESPONSE_LINES_MAX + 1, 10, true), RESPONSE_BROKEN);
	assert_int_equal(feed_lines(100000, 10, true), RESPONSE_BROKEN);
	assert_int_equal(feed_lines(1, RESPONSE_LINE_MAX, true), RESPONSE_DONE);
	assert_int_equal(feed_lines(1, RESPONSE_LINE_MAX + 1, true), RESPONSE_BROKEN);
	assert_int_equal(feed_lines(1, RESPONSE_LINE_MAX, false), RESPONSE_MORE);
	assert_int_equal(feed_lines(1, RESPONSE_LINE_MAX + 1, false), RESPONSE_BROKEN);
	assert_int_equal(feed_lines(15, RESPONSE_LINE_MAX, true), RESPONSE_DONE);
	assert_int_equal(feed_lines(30, RESPONSE_LINE_MAX, true), RESPONSE_BROKEN);
}

static const struct {
	const char *in;
	enum fail_class class;
	unsigned subject, detail;
} judged[] = {
	{ "250 2.1.5 Ok\r\n", FAIL_NONE, 1, 5 },
	{ "250 Ok\r\n", FAIL_NONE, 0, 0 },
	{ "550 5.1.1 unknown\r\n", FAIL_PERM, 1, 1 },
	{ "550-5.1.1 a\r\n550 5.1.1 b\r\n", FAIL_PERM, 1, 1 },
	{ "550 5.7.30\r\n", FAIL_PERM, 7, 30 },
	{ "550 unknown\r\n", FAIL_PERM, 0, 0 },
	{ "550 4.1.1 of another class\r\n", FAIL_PERM, 0, 0 },
	{ "550 5.1 half\r\n", FAIL_PERM, 0, 0 },
	{ "550 5.1.1x\r\n", FAIL_PERM, 0, 0 },
	{ "550 5.1234.1 a\r\n", FAIL_PERM, 0, 0 },
	{ "550 5.999.1 a\r\n", FAIL_PERM, 0, 0 },
	{ "451 4.3.0 later\r\n", FAIL_TEMP, 3, 0 },
	{ "421 bye\r\n", FAIL_TEMP, 0, 0 },
	{ "530 5.7.0 Authentication required\r\n", FAIL_TEMP, 7, 0 },
	{ "538 5.7.11 Encryption required\r\n", FAIL_TEMP, 7, 11 },
};

static void
a_reply_decides_by_class_and_by_its_own_code(void **state)
{
	size_t i, rest;

	(void)state;
	for (i = 0; i < sizeof judged / sizeof judged[0]; i++) {
		struct response r = RESPONSE_EMPTY;
		struct fail fail;

		assert_int_equal(feed(&r, str_of(judged[i].in), 1000, &rest), RESPONSE_DONE);
		response_judge(&r, &fail);
		if (fail.class != judged[i].class || fail.subject != judged[i].subject ||
		    fail.detail != judged[i].detail)
			fail_msg("%s: %d %u.%u", judged[i].in, fail.class, fail.subject,
			    fail.detail);
		response_fini(&r);
	}
}

static const struct {
	const char *lines;
	unsigned can, mechanisms;
	uint64_t size;
} greetings[] = {
	{ "mx.example.org PIPELINING", 0, 0, 0 },
	{ "mx\nPIPELINING\n8bitmime\nEnhancedStatusCodes", CAN_PIPELINING | CAN_8BITMIME, 0, 0 },
	{ "mx\nSIZE 1000", CAN_SIZE, 0, 1000 },
	{ "mx\nSIZE", CAN_SIZE, 0, 0 },
	{ "mx\nSIZE 99999999999999999999999", CAN_SIZE, 0, 0 },
	{ "mx\nSIZE -1\nSIZEABLE 5", CAN_SIZE, 0, 0 },
	{ "mx\nAUTH PLAIN login CRAM-MD5 SCRAM-SHA-256\nAUTH=LOGIN", CAN_AUTH,
	    AUTH_PLAIN | AUTH_LOGIN | AUTH_SCRAM_SHA_256, 0 },
	{ "mx\nAUTH=PLAIN", 0, AUTH_PLAIN, 0 },
	{ "mx\n DSN \nSMTPUTF8\nCHUNKING\nBINARYMIME\nSTARTTLS\nREQUIRETLS\nDELIVERBY 240",
	    CAN_DSN | CAN_SMTPUTF8 | CAN_CHUNKING | CAN_BINARYMIME | CAN_STARTTLS |
	    CAN_REQUIRETLS | CAN_DELIVERBY, 0, 0 },
	{ "", 0, 0, 0 },
	{ "mx\n\n\n \n=\nAUTH", CAN_AUTH, 0, 0 },
};

static void
what_a_remote_can_is_read_from_its_words(void **state)
{
	struct capabilities c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
		capability_parse(str_of(greetings[i].lines), &c);
		if (c.can != greetings[i].can || c.mechanisms != greetings[i].mechanisms ||
		    c.size != greetings[i].size)
			fail_msg("%s: %x %x %llu", greetings[i].lines, c.can, c.mechanisms,
			    (unsigned long long)c.size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_read_wherever_they_are_cut),
		cmocka_unit_test(nul_is_no_reply),
		cmocka_unit_test(each_limit_ends_a_reply),
		cmocka_unit_test(a_reply_decides_by_class_and_by_its_own_code),
		cmocka_unit_test(what_a_remote_can_is_read_from_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

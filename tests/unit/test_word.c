/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Encoded words, read in every state they come in, and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/charset.h"
#include "mail/word.h"

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}

/* `count` times `text`: what costs quadratic time does not end here. */
static void
add_times(struct buf *out, const char *text, size_t count)
{
	while (count-- > 0)
		buf_add_cstr(out, text);
}


struct pair {
	const char *raw, *want;
};

typedef void decoder(struct buf *out, struct str raw, struct charset_set *set);

static void
check(decoder *decode, const struct pair *cases, size_t n)
{
	struct charset_set *set = charset_set_new();
	struct buf out = BUF_EMPTY;

	for (size_t i = 0; i < n; i++) {
		buf_clear(&out);
		decode(&out, str_of(cases[i].raw), set);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
	charset_set_free(&set);
}

static void
words_are_decoded_as_rfc_2047_shows(void **state)
{
	/* RFC 2047 8. */
	static const struct pair cases[] = {
		{ "=?ISO-8859-1?Q?a?=", "a" },
		{ "=?ISO-8859-1?Q?a?= b", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=\n    =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a_b?=", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
		{ "=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>" },
		{ "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
		  "    =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
		    "If you can read this you understand the example." },
		{ "(=?ISO-8859-1?q?Andr=E9?=)", "(Andr\303\251)" },
	};

	(void)state;
	check(word_add_decoded, cases, sizeof cases / sizeof *cases);
}

static void
characters_split_over_words_are_joined(void **state)
{
	static const struct pair cases[] = {
		{ "=?utf-8?q?a=c3?= =?UTF-8?Q?=a9?=", "a\303\251" },
		{ "=?utf-8?b?w6nDqQ==?= =?utf-8?b?w6k=?=", "\303\251\303\251\303\251" },
		{ "=?utf-8?b?4oI=?= =?utf-8?q?=AC?=", "\342\202\254" },
		{ "=?utf-8?q?=c3?= x =?utf-8?q?=a9?=", "\357\277\275 x \357\277\275" },
	};

	(void)state;
	check(word_add_decoded, cases, sizeof cases / sizeof *cases);
}

static void
what_is_no_encoded_word_stays_as_written(void **state)
{
	static const struct pair cases[] = {
		{ "", "" },
		{ "  x  ", "x" },
		{ "=?", "=?" },
		{ "=?=?=?", "=?=?=?" },
		{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
		{ "=?utf-8?q?a", "=?utf-8?q?a" },
		{ "=??q?a?=", "=??q?a?=" },
		{ "=?x-none?q?a_b?= =?x-none?q?c?=", "=?x-none?q?a_b?= =?x-none?q?c?=" },
		{ "=?x-none?q?a?=\n =?utf-8?q?b?=", "=?x-none?q?a?=b" },
		{ "what=? =?utf-8?q?a?=", "what=? a" },
		{ "=?utf-8?q?=zz=?=", "=zz=" },
		{ "=?utf-8?q?two words?=", "two words" },
		{ "=?utf-8*en?q?a?=", "a" },
		{ "=?utf-8?b?YW Jj?=", "abc" },
	};

	(void)state;
	check(word_add_decoded, cases, sizeof cases / sizeof *cases);
}

static void
decoded_text_is_one_clean_line(void **state)
{
	static const struct pair cases[] = {
		{ "=?utf-8?q?a=0d=0aBcc:_x=00?=", "a  Bcc: x\357\277\275" },
		{ "a\r\n\tb\n c", "a\tb c" },
		{ "a\nb\rc", "a b c" },
		{ "na\303\257ve", "na\303\257ve" },
		{ "na\357ve", "na\303\257ve" },
	};

	(void)state;
	check(word_add_decoded, cases, sizeof cases / sizeof *cases);
}

static void
phrases_lose_quotes_and_comments(void **state)
{
	static const struct pair cases[] = {
		{ "John  Q.\n Public", "John Q. Public" },
		{ "\"Q. \\\"x\\\"  y\"", "Q. \"x\"  y" },
		{ "a (b (c) \\) d) e", "a e" },
		{ "(a) b", "b" },
		{ "\"=?utf-8?q?=c3=a9?=\"", "\303\251" },
		{ "=?utf-8?q?(\"x\")?= y", "(\"x\") y" },
		{ "\"open", "open" },
		{ "open (a", "open (a" },
		{ "\"a\"\"b\"", "ab" },
		{ "\"a\" \"b\"", "a b" },
	};

	(void)state;
	check(word_add_phrase, cases, sizeof cases / sizeof *cases);
}

static void
hostile_text_takes_linear_time(void **state)
{
	static const char *const units[] = { "=?", "=?a", "?=", "(", "\"", "=?utf-8?q?", "=?x?q?a?= ",
		"=?utf-8?q?=c3?= ", "=?x?q?a?=", "=?utf-8?b?w6k=?= =?koi8-r?q?a?= ", "(()", "=?a?b" };
	struct buf text = BUF_EMPTY, out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		buf_clear(&text);
		add_times(&text, units[i], 500000 / strlen(units[i]));
		buf_clear(&out);
		word_add_phrase(&out, buf_str(&text), NULL);
		assert_true(buf_is_ok(&out) && out.n < text.n * 3);
	}
	buf_fini(&text);
	buf_fini(&out);
}

static void
text_is_encoded_only_when_it_must_be(void **state)
{
	static const struct {
		const char *text;
		size_t column;
		const char *value, *phrase;
	} cases[] = {
		{ "hello world", 9, "hello world", "hello world" },
		{ "Q. x \"y\"", 9, "Q. x \"y\"", "\"Q. x \\\"y\\\"\"" },
		{ "\303\251", 9, "=?utf-8?B?w6k=?=", "=?utf-8?B?w6k=?=" },
		{ "a=?b", 9, "=?utf-8?B?YT0/Yg==?=", "=?utf-8?B?YT0/Yg==?=" },
		{ " x", 9, "=?utf-8?B?IHg=?=", "=?utf-8?B?IHg=?=" },
		{ "a\r\nBcc: x", 9, "=?utf-8?B?YSAgQmNjOiB4?=", "=?utf-8?B?YSAgQmNjOiB4?=" },
		{ "\303\251", 70, "\n =?utf-8?B?w6k=?=", "\n =?utf-8?B?w6k=?=" },
		{ "ab cd", 74, "ab\n cd", "ab\n cd" },
	};
	struct buf out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		word_add_encoded(&out, str_of(cases[i].text), cases[i].column);
		assert_str(buf_str(&out), cases[i].value);
		buf_clear(&out);
		word_add_encoded_phrase(&out, str_of(cases[i].text), cases[i].column);
		assert_str(buf_str(&out), cases[i].phrase);
	}
	buf_fini(&out);
}

static void
long_text_is_folded_and_comes_back(void **state)
{
	static const char *const units[] = { "\303\251", "\360\237\230\200", "word ", "a\303\251 ",
		"averyveryverylongwordindeed" };

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct buf text = BUF_EMPTY, encoded = BUF_EMPTY, again = BUF_EMPTY;
		struct str rest, line;

		add_times(&text, units[i], 300);
		buf_add_cstr(&text, "end");
		word_add_encoded(&encoded, buf_str(&text), 9);
		rest = buf_str(&encoded);
		while (str_can_split(&rest, '\n', &line))
			assert_true(line.n < 78);
		word_add_decoded(&again, buf_str(&encoded), NULL);
		assert_true(str_is_equal(buf_str(&text), buf_str(&again)));
		buf_fini(&text);
		buf_fini(&encoded);
		buf_fini(&again);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_decoded_as_rfc_2047_shows),
		cmocka_unit_test(characters_split_over_words_are_joined),
		cmocka_unit_test(what_is_no_encoded_word_stays_as_written),
		cmocka_unit_test(decoded_text_is_one_clean_line),
		cmocka_unit_test(phrases_lose_quotes_and_comments),
		cmocka_unit_test(hostile_text_takes_linear_time),
		cmocka_unit_test(text_is_encoded_only_when_it_must_be),
		cmocka_unit_test(long_text_is_folded_and_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

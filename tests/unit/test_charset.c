/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Charsets to UTF-8, with a set of converters and without. */
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

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}


static void
bytes_of_known_charsets_become_utf8(void **state)
{
	static const struct {
		const char *charset;
		struct str bytes;
		const char *want;
	} cases[] = {
		{ "utf-8", { "h\303\251", 3 }, "h\303\251" },
		{ "UTF8", { "h\303", 2 }, "h\357\277\275" },
		{ "utf-8", { "\355\240\200", 3 }, "\357\277\275\357\277\275\357\277\275" },
		{ "utf-8", { "a\0b", 3 }, "a\357\277\275b" },
		{ "iso-8859-1", { "\351\200", 2 }, "\303\251\342\202\254" },
		{ "Windows-1252", { "\223\201\0", 3 }, "\342\200\234\357\277\275\357\277\275" },
		{ "us-ascii", { "\303\251", 2 }, "\303\251" },
		{ "us-ascii", { "\351", 1 }, "\303\251" },
		{ "iso-8859-2", { "\261", 1 }, "\304\205" },
		{ "ISO8859-15", { "\244", 1 }, "\342\202\254" },
		{ "koi8-r", { "\320", 1 }, "\320\277" },
		{ "windows-1251", { "\357", 1 }, "\320\277" },
		{ "iso-2022-jp", { "\033$BF|\033(B", 8 }, "\346\227\245" },
		{ "Shift_JIS", { "\223\372", 2 }, "\346\227\245" },
		{ "x-sjis", { "\223", 1 }, "\357\277\275" },
		{ "gb2312", { "\304\343", 2 }, "\344\275\240" },
		{ "big5", { "\247A", 2 }, "\344\275\240" },
		{ "big5", { "\210f", 2 }, "\303\212" }, /* held back by iconv */
		{ "ks_c_5601-1987", { "\276\310", 2 }, "\354\225\210" },
		{ "utf-16be", { "\330=\336\0\0\0", 6 }, "\360\237\230\200\357\277\275" },
		{ "utf-7", { "+AOk-", 5 }, "\303\251" },
	};
	struct charset_set *set = charset_set_new();
	struct buf out = BUF_EMPTY;

	(void)state;
	assert_true(charset_preload(set) > 30);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		if (!charset_is_converted(set, str_of(cases[i].charset), cases[i].bytes, &out))
			fail_msg("unknown: %s", cases[i].charset);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
	charset_set_free(&set);
	assert_null(set);
}

static void
names_that_are_none_are_refused_before_iconv_sees_them(void **state)
{
	static const struct str cases[] = { { "", 0 }, { "x-nothing", 9 }, { "utf-8//TRANSLIT", 15 },
		{ "../../tmp/x", 11 }, { "utf-8\0", 6 }, { "koi8 r", 6 }, { "\303\251", 2 } };
	struct charset_set *set = charset_set_new();
	struct buf out = BUF_EMPTY;
	char name[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_false(charset_is_converted(set, cases[i], STR("x"), &out));
	memset(name, 'a', sizeof name);
	for (size_t n = 50; n <= sizeof name; n++)
		assert_false(charset_is_converted(set, (struct str){ name, n }, STR("x"), &out));
	assert_int_equal(out.n, 0);
	charset_set_free(&set);
}

static void
sealed_set_opens_nothing_more(void **state)
{
	struct charset_set *set = charset_set_new();
	struct buf out = BUF_EMPTY;

	(void)state;
	assert_true(charset_is_converted(set, STR("iso-8859-2"), STR("x"), &out));
	assert_true(charset_is_converted(set, STR("cp037"), STR("\x81"), &out));
	assert_str(buf_str(&out), "xa");
	charset_set_free(&set);
	set = charset_set_new();
	charset_preload(set);
	assert_false(charset_is_converted(set, STR("cp037"), STR("x"), &out));
	assert_false(charset_is_converted(NULL, STR("koi8-r"), STR("x"), &out));
	charset_set_free(&set);
	buf_fini(&out);
}

static void
long_text_passes_in_pieces(void **state)
{
	struct charset_set *set = charset_set_new();
	struct buf in = BUF_EMPTY, out = BUF_EMPTY;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_add(&in, i % 2 == 0 ? "\223" : "\372", 1);
	assert_true(charset_is_converted(set, STR("cp932"), buf_str(&in), &out));
	assert_int_equal(out.n, 150000);
	for (size_t i = 0; i < out.n; i += 3)
		assert_memory_equal(out.p + i, "\346\227\245", 3);
	buf_fini(&in);
	buf_fini(&out);
	charset_set_free(&set);
}

static void
unlabelled_text_is_utf8_or_windows_1252_as_a_whole(void **state)
{
	struct buf out = BUF_EMPTY;

	(void)state;
	charset_add_unlabelled(&out, STR("\303\251"));
	charset_add_unlabelled(&out, STR("\303\251\351"));
	assert_str(buf_str(&out), "\303\251\303\203\302\251\303\251");
	buf_fini(&out);
}

static void
cuts_do_not_split_characters(void **state)
{
	(void)state;
	assert_str(charset_cut_utf8(STR("a\303\251b"), 4), "a\303\251b");
	assert_str(charset_cut_utf8(STR("a\303\251b"), 3), "a\303\251");
	assert_str(charset_cut_utf8(STR("a\303\251b"), 2), "a");
	assert_str(charset_cut_utf8(STR("\360\237\230\200"), 3), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_of_known_charsets_become_utf8),
		cmocka_unit_test(names_that_are_none_are_refused_before_iconv_sees_them),
		cmocka_unit_test(sealed_set_opens_nothing_more),
		cmocka_unit_test(long_text_passes_in_pieces),
		cmocka_unit_test(unlabelled_text_is_utf8_or_windows_1252_as_a_whole),
		cmocka_unit_test(cuts_do_not_split_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* i;unicode-casemap: what folding makes of text, matching it, and getting back
 * to the text as it was. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sieve/unicode.h"

static void *
get(void *arg, size_t n)
{
	unsigned *left = arg;

	if (*left == 0)
		return NULL;
	--*left;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	(void)arg;
	free(p);
}

static unsigned plenty = UINT32_MAX;
static const struct sieve_alloc memory = { get, give, &plenty };

static void
assert_text(struct sieve_text text, const char *expected)
{
	if (text.n != strlen(expected) || memcmp(text.p, expected, text.n) != 0)
		fail_msg("\"%.*s\", not \"%s\"", SIEVE_TEXT_ARG(text), expected);
}

static void
characters_are_title_case_and_decomposed(void **state)
{
	static const struct {
		const char *text, *folded;
	} samples[] = {
		{ "", "" },
		{ "Straw 1*?\\", "STRAW 1*?\\" },
		{ "\xc3\xa9", "E\xcc\x81" },
		/* RFC 5051 2 (2) (b) has this one: U+01C4. */
		{ "\xc7\x84", "Dz\xcc\x8c" },
		{ "\xc7\x86", "Dz\xcc\x8c" },
		/* Sharp s has no title case of one character. */
		{ "stra\xc3\x9f""e", "STRA\xc3\x9f""E" },
		/* Ligature, full width, Angstrom sign, Hangul, Greek, Cyrillic. */
		{ "\xef\xac\x81x", "fiX" },
		{ "\xef\xbd\x81", "A" },
		{ "\xe2\x84\xab", "A\xcc\x8a" },
		{ "\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8" },
		{ "\xce\xb1\xcf\x82", "\xce\x91\xce\xa3" },
		{ "\xd0\xbf\xd0\x99", "\xd0\x9f\xd0\x98\xcc\x86" },
		{ "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80" },
		/* RFC 5051 2 (1) (b): unchanged, all of it. */
		{ "abc\xff", "abc\xff" },
		{ "ab\xc3", "ab\xc3" },
		{ "a\xed\xa0\x80", "a\xed\xa0\x80" },
		{ "a\xc0\xaf", "a\xc0\xaf" },
	};
	struct sieve_unicode unicode = SIEVE_UNICODE_EMPTY;
	struct sieve_arena arena;
	struct sieve_text key;
	size_t i;

	(void)state;
	sieve_arena_init(&arena, &memory, 1 << 20);
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		assert_int_equal(sieve_unicode_fold(&arena, sieve_text_of(samples[i].text),
				     &unicode), 0);
		assert_text(unicode.folded, samples[i].folded);
		assert_int_equal(sieve_unicode_fold_key(&arena, sieve_text_of(samples[i].text),
				     &key), 0);
		assert_text(key, samples[i].folded);
	}
	sieve_arena_fini(&arena);
}

static void
a_pattern_keeps_its_wildcards_and_gets_no_others(void **state)
{
	static const struct {
		const char *pattern, *folded;
	} samples[] = {
		{ "*a?", "*A?" },
		{ "\\*\\?\\\\\\a", "\\*\\?\\\\A" },
		{ "a\\", "A\\\\" },
		/* Full width asterisk, question mark and backslash; U+2047. */
		{ "\xef\xbc\x8a", "\\*" },
		{ "\\\xef\xbc\x8a", "\\*" },
		{ "\xef\xbc\x9f\xef\xbc\xbc", "\\?\\\\" },
		{ "\xe2\x81\x87", "\\?\\?" },
		{ "\\\xc3\xa9", "E\xcc\x81" },
		{ "*\xff", "*\xff" },
	};
	struct sieve_arena arena;
	struct sieve_text folded;
	size_t i;

	(void)state;
	sieve_arena_init(&arena, &memory, 1 << 20);
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		assert_int_equal(sieve_unicode_fold_pattern(&arena,
				     sieve_text_of(samples[i].pattern), &folded), 0);
		assert_text(folded, samples[i].folded);
	}
	sieve_arena_fini(&arena);
}

struct sample {
	const char *value, *pattern;
	const char *captures; /* each in `<>`; NULL: no match */
};

static const struct sample globs[] = {
	{ "Gr\xc3\xbc\xc3\x9f""e", "GR\xc3\x9c\xc3\x9f*", "<Gr\xc3\xbc\xc3\x9f""e><e>" },
	{ "caf\xc3\xa9 au lait", "CAF? *", "<caf\xc3\xa9 au lait><\xc3\xa9><au lait>" },
	/* U and a combining diaeresis is the same as one character. */
	{ "u\xcc\x88""ber alles", "\xc3\x9c*", "<u\xcc\x88""ber alles><ber alles>" },
	{ "\xc3\xbc", "*u*", "<\xc3\xbc><><>" },
	{ "x\xc3\xbcy", "*u*", "<x\xc3\xbcy><x><y>" },
	{ "x\xc3\xbcy", "x??", "<x\xc3\xbcy><\xc3\xbc><y>" },
	{ "x\xc3\xbcy", "x?", NULL },
	{ "\xef\xac\x81sh", "?SH", "<\xef\xac\x81sh><\xef\xac\x81>" },
	{ "\xef\xac\x81sh", "\xef\xac\x81*", "<\xef\xac\x81sh><sh>" },
	{ "5\xef\xbc\x8a""6", "5\\*6", "<5\xef\xbc\x8a""6>" },
	{ "5x6", "5\xef\xbc\x8a""6", NULL },
	{ "5*6", "5\xef\xbc\x8a""6", "<5*6>" },
	{ "\xd0\x9f\xd0\xb8\xd1\x82\xd0\xb5\xd1\x80 \xd0\x96", "\xd0\xbf\xd0\x98* ?",
	    "<\xd0\x9f\xd0\xb8\xd1\x82\xd0\xb5\xd1\x80 \xd0\x96>"
	    "<\xd1\x82\xd0\xb5\xd1\x80><\xd0\x96>" },
	/* Not UTF-8: octets, and case counts. */
	{ "A\xff""B", "a?b", "<A\xff""B><\xff>" },
	{ "a\xff""b", "a?b", NULL },
	{ "a\xff""b", "a\xff""?", "<a\xff""b><b>" },
	{ "\xc3\xa9\xff", "??\xff", "<\xc3\xa9\xff><\xc3><\xa9>" },
	{ "\xc3\xa9\xff", "*?\xff", "<\xc3\xa9\xff><\xc3><\xa9>" },
	{ "", "*", "<><>" },
	{ "", "", "<>" },
};

static void
describe(const struct sieve_captures *captures, char *out, size_t size)
{
	size_t n = 0;
	unsigned i;

	for (i = 0; i < captures->n; i++)
		n += (size_t)snprintf(out + n, size - n, "<%.*s>", SIEVE_TEXT_ARG(captures->at[i]));
}

static void
captures_are_the_text_as_it_was(void **state)
{
	struct sieve_unicode value = SIEVE_UNICODE_EMPTY;
	struct sieve_captures captures;
	struct sieve_arena arena;
	struct sieve_text pattern;
	char text[256];
	size_t i;
	bool is_match;

	(void)state;
	sieve_arena_init(&arena, &memory, 1 << 20);
	for (i = 0; i < sizeof globs / sizeof globs[0]; i++) {
		assert_int_equal(sieve_unicode_fold(&arena, sieve_text_of(globs[i].value), &value), 0);
		assert_int_equal(sieve_unicode_fold_pattern(&arena,
				     sieve_text_of(globs[i].pattern), &pattern), 0);
		is_match = sieve_match_unicode(&value, pattern, &captures);
		assert_int_equal(sieve_match_unicode(&value, pattern, NULL), is_match);
		if (is_match != (globs[i].captures != NULL))
			fail_msg("\"%s\" and \"%s\"", globs[i].value, globs[i].pattern);
		if (!is_match)
			continue;
		describe(&captures, text, sizeof text);
		assert_string_equal(text, globs[i].captures);
	}
	sieve_arena_fini(&arena);
}

static void
no_memory_is_a_failure(void **state)
{
	unsigned none = 0;
	const struct sieve_alloc nothing = { get, give, &none };
	struct sieve_unicode value = SIEVE_UNICODE_EMPTY;
	struct sieve_arena arena;
	struct sieve_text key;

	(void)state;
	sieve_arena_init(&arena, &nothing, 1 << 20);
	assert_int_equal(sieve_unicode_fold(&arena, sieve_text_of("x"), &value), -1);
	assert_int_equal(sieve_unicode_fold_key(&arena, sieve_text_of("x"), &key), -1);
	sieve_arena_fini(&arena);
}

static void
mending_leaves_utf_8_of_the_same_size(void **state)
{
	static const char broken[] = "a\xc3\xa9\xff\xc3\xe2\x82x\xf0\x9f\x98\x80\xe2\x82";
	static const char mended[] = "a\xc3\xa9\x1a\x1a\x1a\x1ax\xf0\x9f\x98\x80\x1a\x1a";
	char out[sizeof broken];

	(void)state;
	assert_false(sieve_unicode_is_valid(sieve_text_of(broken)));
	assert_true(sieve_unicode_is_valid(sieve_text_of(mended)));
	sieve_unicode_mend(sieve_text_of(broken), out);
	assert_memory_equal(out, mended, sizeof broken - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_are_title_case_and_decomposed),
		cmocka_unit_test(a_pattern_keeps_its_wildcards_and_gets_no_others),
		cmocka_unit_test(captures_are_the_text_as_it_was),
		cmocka_unit_test(no_memory_is_a_failure),
		cmocka_unit_test(mending_leaves_utf_8_of_the_same_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

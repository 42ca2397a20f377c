/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Borrowed bytes: cut, compared, searched, counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"

#define assert_str(got, want) assert_true(str_is_equal((got), (want)))

static void
a_part_outside_is_clipped(void **state)
{
	static const struct {
		size_t from, count;
		struct str want;
	} cases[] = {
		{ 0, 3, { "abc", 3 } },
		{ 1, 1, { "b", 1 } },
		{ 1, SIZE_MAX, { "bc", 2 } },
		{ 3, 1, { "", 0 } },
		{ SIZE_MAX, SIZE_MAX, { "", 0 } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_str(str_sub(STR("abc"), cases[i].from, cases[i].count), cases[i].want);
	assert_int_equal(str_from(STR_EMPTY, 5).n, 0);
	assert_null(str_from(STR_EMPTY, 5).p);
}

static void
case_is_folded_for_ascii_only(void **state)
{
	(void)state;
	assert_true(str_is_equal_nocase(STR("MAIL From"), STR("mail fROM")));
	assert_false(str_is_equal_nocase(STR("@[`{"), STR("`{@[")));
	assert_false(str_is_equal_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
	assert_false(str_is_equal(STR("a"), STR("A")));
	assert_true(str_has_prefix_nocase(STR("RCPT TO"), STR("rcpt")));
	assert_false(str_has_prefix_nocase(STR("RC"), STR("rcpt")));
}

static void
both_ends_are_recognised(void **state)
{
	(void)state;
	assert_true(str_has_prefix(STR("abc"), STR("ab")));
	assert_true(str_has_prefix(STR("abc"), STR("")));
	assert_false(str_has_prefix(STR("a"), STR("ab")));
	assert_true(str_has_suffix(STR("abc"), STR("bc")));
	assert_false(str_has_suffix(STR("c"), STR("bc")));
	assert_true(str_has_suffix(STR_EMPTY, STR_EMPTY));
}

static void
order_is_by_unsigned_bytes_then_length(void **state)
{
	(void)state;
	assert_int_equal(str_compare(STR("a"), STR("b")), -1);
	assert_int_equal(str_compare(STR("\xff"), STR("a")), 1);
	assert_int_equal(str_compare(STR("a"), STR("aa")), -1);
	assert_int_equal(str_compare(STR("a\0b"), STR("a\0a")), 1);
	assert_int_equal(str_compare(STR_EMPTY, STR("")), 0);
}

static void
first_last_and_needle_are_found(void **state)
{
	(void)state;
	assert_int_equal(str_find_byte(STR("a@b@c"), '@'), 1);
	assert_int_equal(str_find_last_byte(STR("a@b@c"), '@'), 3);
	assert_int_equal(str_find_byte(STR_EMPTY, '@'), -1);
	assert_int_equal(str_find_last_byte(STR("abc"), '@'), -1);
	assert_int_equal(str_find(STR("a\r\n.\r\n"), STR("\r\n.\r\n")), 1);
	assert_int_equal(str_find(STR("ab"), STR("abc")), -1);
	assert_int_equal(str_find(STR("abc"), STR("")), 0);
}

static void
only_blanks_at_the_ends_are_trimmed(void **state)
{
	(void)state;
	assert_str(str_trim(STR(" \t\r\na b\n ")), STR("a b"));
	assert_int_equal(str_trim(STR(" \t ")).n, 0);
	assert_str(str_trim(STR("\va\v")), STR("\va\v"));
}

static void
split_gives_every_part_once(void **state)
{
	struct str rest = STR("a,,b");
	struct str part;

	(void)state;
	assert_true(str_can_split(&rest, ',', &part));
	assert_str(part, STR("a"));
	assert_true(str_can_split(&rest, ',', &part));
	assert_int_equal(part.n, 0);
	assert_true(str_can_split(&rest, ',', &part));
	assert_str(part, STR("b"));
	assert_false(str_can_split(&rest, ',', &part));
	assert_null(part.p);
}

static void
a_number_is_digits_up_to_its_maximum(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool is_number;
		uint64_t want;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "7", 7, true, 7 },
		{ "8", 7, false, 0 },
		{ "65535", 65535, true, 65535 },
		{ "65536", 65535, false, 0 },
		{ "0000012", 12, true, 12 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999", UINT64_MAX, false, 0 },
		{ "", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1x", 9, false, 0 },
	};
	uint64_t got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		got = 4711;
		assert_int_equal(str_is_number(str_of(cases[i].text), cases[i].max, &got),
		    cases[i].is_number);
		assert_int_equal(got, cases[i].is_number ? cases[i].want : 4711);
	}
}

static void
control_characters_are_c0_and_del(void **state)
{
	(void)state;
	assert_false(str_has_control(STR_EMPTY));
	assert_false(str_has_control(STR(" ~\x80\xff")));
	assert_true(str_has_control(STR("a\0")));
	assert_true(str_has_control(STR("\x1f")));
	assert_true(str_has_control(STR("\x7f")));
}

static void
every_such_byte_is_counted(void **state)
{
	(void)state;
	assert_int_equal(str_count_byte(STR_EMPTY, 'a'), 0);
	assert_int_equal(str_count_byte(STR("banana"), 'x'), 0);
	assert_int_equal(str_count_byte(STR("banana"), 'a'), 3);
	assert_int_equal(str_count_byte(STR("\n\nx\n"), '\n'), 3);
	assert_int_equal(str_count_byte(STR("a\0b\0"), '\0'), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_outside_is_clipped),
		cmocka_unit_test(case_is_folded_for_ascii_only),
		cmocka_unit_test(both_ends_are_recognised),
		cmocka_unit_test(order_is_by_unsigned_bytes_then_length),
		cmocka_unit_test(first_last_and_needle_are_found),
		cmocka_unit_test(control_characters_are_c0_and_del),
		cmocka_unit_test(every_such_byte_is_counted),
		cmocka_unit_test(only_blanks_at_the_ends_are_trimmed),
		cmocka_unit_test(split_gives_every_part_once),
		cmocka_unit_test(a_number_is_digits_up_to_its_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Owned bytes: they grow, and a failed append is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define assert_buf(b, want) assert_true(str_is_equal(buf_str(b), (want)))

static void
appends_follow_each_other(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	buf_add_str(&b, STR("a\0b"));
	buf_add_cstr(&b, "-");
	buf_add_number(&b, 0);
	buf_add_number(&b, UINT64_MAX);
	buf_add_hex(&b, "\x00\xfe", 2);
	buf_addf(&b, " %d %s", -5, "x");
	buf_add_str(&b, STR_EMPTY);
	assert_buf(&b, STR("a\0b-01844674407370955161500fe -5 x"));
	assert_true(buf_has_nul(&b));
	buf_fini(&b);
	assert_null(b.p);
}

static void
exactly_the_limit_fits_by_every_way(void **state)
{
	struct buf b = BUF_LIMIT(4);

	(void)state;
	buf_add_str(&b, STR("abcd"));
	assert_true(buf_is_ok(&b));
	assert_string_equal(buf_cstr(&b), "abcd");
	buf_clear(&b);
	buf_addf(&b, "%d", 1234);
	assert_true(buf_is_ok(&b));
	buf_clear(&b);
	buf_add_hex(&b, "\x01\x02", 2);
	assert_true(buf_is_ok(&b));
	assert_buf(&b, STR("0102"));
	buf_fini(&b);
}

static void
an_append_past_the_limit_spoils_all_later_ones(void **state)
{
	struct buf b = BUF_LIMIT(4);

	(void)state;
	buf_add_str(&b, STR("abc"));
	buf_addf(&b, "%d", 12);
	assert_false(buf_is_ok(&b));
	buf_add_byte(&b, 'd');
	assert_buf(&b, STR("abc"));
	assert_string_equal(buf_cstr(&b), "");
	assert_null(buf_reserve(&b, 1));
	buf_clear(&b);
	assert_true(buf_is_ok(&b));
	buf_add_str(&b, STR("abcde"));
	assert_false(buf_is_ok(&b));
	assert_int_equal(b.n, 0);
	buf_fini(&b);
	assert_int_equal(b.max, 4);
}

static void
impossible_sizes_spoil_and_do_not_wrap(void **state)
{
	struct buf b = BUF_LIMIT(SIZE_MAX);

	(void)state;
	buf_add_byte(&b, 'a');
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_false(buf_is_ok(&b));
	buf_clear(&b);
	assert_null(buf_reserve(&b, SIZE_MAX - 300));
	buf_clear(&b);
	buf_add_hex(&b, "a", SIZE_MAX / 2 + 1);
	assert_false(buf_is_ok(&b));
	buf_fini(&b);
}

static void
reserved_room_is_filled_by_the_caller(void **state)
{
	struct buf b = BUF_EMPTY;
	char *to;

	(void)state;
	assert_non_null(buf_reserve(&b, 0));
	to = buf_reserve(&b, 1000);
	memset(to, 'x', 1000);
	buf_grew(&b, 1000);
	assert_int_equal(b.n, 1000);
	assert_int_equal(b.p[999], 'x');
	buf_fini(&b);
}

static void
both_ends_are_cut(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	buf_cut_front(&b, 0);
	buf_add_str(&b, STR("abcdef"));
	buf_cut_front(&b, 2);
	buf_truncate(&b, 3);
	assert_buf(&b, STR("cde"));
	buf_cut_front(&b, 3);
	assert_int_equal(b.n, 0);
	assert_string_equal(buf_cstr(&b), "");
	buf_fini(&b);
}

static void
taken_bytes_are_the_callers(void **state)
{
	struct buf b = BUF_EMPTY;
	size_t n;
	char *p;

	(void)state;
	buf_add_str(&b, STR("abc"));
	p = buf_take(&b, &n);
	buf_fini(&b);
	assert_int_equal(n, 3);
	assert_memory_equal(p, "abc", 3);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_follow_each_other),
		cmocka_unit_test(exactly_the_limit_fits_by_every_way),
		cmocka_unit_test(an_append_past_the_limit_spoils_all_later_ones),
		cmocka_unit_test(impossible_sizes_spoil_and_do_not_wrap),
		cmocka_unit_test(reserved_room_is_filled_by_the_caller),
		cmocka_unit_test(both_ends_are_cut),
		cmocka_unit_test(taken_bytes_are_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The hash table against a plain array, through growth and removal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/table.h"

#define KEYS 2000

static int things[KEYS];

static struct str
key_of(struct buf *b, size_t i)
{
	buf_clear(b);
	buf_addf(b, "user%zu@example.org", i);
	return buf_str(b);
}

static void
an_empty_table_answers(void **state)
{
	struct table t = TABLE_EMPTY;
	struct str key;
	size_t cursor = 0;
	void *value;

	(void)state;
	assert_null(table_get(&t, STR("a")));
	assert_null(table_remove(&t, STR("a")));
	assert_int_equal(table_count(&t), 0);
	assert_false(table_has_next(&t, &cursor, &key, &value));
	table_fini(&t);
}

static void
a_second_put_replaces_and_returns_the_first(void **state)
{
	struct table t = TABLE_EMPTY;
	char key[] = "a\0b";

	(void)state;
	assert_null(table_put(&t, (struct str){ key, 3 }, &things[0]));
	key[2] = 'x';
	assert_ptr_equal(table_put(&t, STR("a\0b"), &things[1]), &things[0]);
	assert_null(table_get(&t, STR("a\0x")));
	assert_null(table_get(&t, STR("a")));
	assert_null(table_put(&t, STR_EMPTY, &things[2]));
	assert_ptr_equal(table_get(&t, STR("")), &things[2]);
	assert_int_equal(table_count(&t), 2);
	table_fini(&t);
	assert_null(table_get(&t, STR("a\0b")));
}

static void
thousands_come_and_go(void **state)
{
	struct table t = TABLE_EMPTY;
	struct buf b = BUF_EMPTY;
	bool is_in[KEYS] = { false };
	size_t count = 0;
	size_t i, round;
	void *got;

	(void)state;
	for (round = 0; round < 20 * KEYS; round++) {
		i = (round * 7919 + round / 3) % KEYS;
		if (round % 5 < 3)
			got = table_put(&t, key_of(&b, i), &things[i]);
		else
			got = table_remove(&t, key_of(&b, i));
		assert_ptr_equal(got, is_in[i] ? &things[i] : NULL);
		count += (round % 5 < 3) - (size_t)is_in[i];
		is_in[i] = round % 5 < 3;
		assert_int_equal(table_count(&t), count);
	}
	for (i = 0; i < KEYS; i++)
		assert_ptr_equal(table_get(&t, key_of(&b, i)), is_in[i] ? &things[i] : NULL);
	buf_fini(&b);
	table_fini(&t);
}

static void
a_queue_of_keys_does_not_grow_it(void **state)
{
	struct table t = TABLE_EMPTY;
	struct buf b = BUF_EMPTY;
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		table_put(&t, key_of(&b, i), &things[0]);
		if (i >= 10)
			assert_ptr_equal(table_remove(&t, key_of(&b, i - 10)), &things[0]);
	}
	assert_int_equal(table_count(&t), 10);
	assert_true(t.cap <= 64);
	buf_fini(&b);
	table_fini(&t);
}

static void
a_visit_sees_each_once_and_may_remove_it(void **state)
{
	struct table t = TABLE_EMPTY;
	struct buf b = BUF_EMPTY;
	int seen[KEYS] = { 0 };
	size_t cursor = 0;
	size_t i;
	struct str key;
	void *value;

	(void)state;
	for (i = 0; i < KEYS; i++)
		table_put(&t, key_of(&b, i), &things[i]);
	while (table_has_next(&t, &cursor, &key, &value)) {
		i = (size_t)((int *)value - things);
		assert_true(str_is_equal(key, key_of(&b, i)));
		seen[i]++;
		assert_ptr_equal(table_remove(&t, key), value);
	}
	for (i = 0; i < KEYS; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(table_count(&t), 0);
	buf_fini(&b);
	table_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_answers),
		cmocka_unit_test(a_second_put_replaces_and_returns_the_first),
		cmocka_unit_test(thousands_come_and_go),
		cmocka_unit_test(a_queue_of_keys_does_not_grow_it),
		cmocka_unit_test(a_visit_sees_each_once_and_may_remove_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

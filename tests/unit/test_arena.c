/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Memory with one lifetime, its ceiling and its cleanups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

static void
every_size_is_aligned_and_its_own(void **state)
{
	struct arena a;
	unsigned char *parts[300];
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < 300; i++) {
		parts[i] = arena_alloc(&a, i * 17);
		assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
		memset(parts[i], (int)(i & 0xff), i * 17);
	}
	for (i = 1; i < 300; i++) {
		assert_int_equal(parts[i][0], i & 0xff);
		assert_int_equal(parts[i][i * 17 - 1], i & 0xff);
	}
	arena_fini(&a);
}

static void
a_copy_is_terminated(void **state)
{
	struct arena a;
	struct str copy;

	(void)state;
	arena_init(&a);
	copy = arena_str(&a, str_sub(STR("abcdef"), 1, 3));
	assert_int_equal(copy.n, 3);
	assert_string_equal(copy.p, "bcd");
	assert_string_equal(arena_cstr(&a, STR_EMPTY), "");
	copy = arena_printf(&a, "%s-%d", "x", 12);
	assert_int_equal(copy.n, 4);
	assert_string_equal(copy.p, "x-12");
	arena_fini(&a);
}

static void
zeroed_memory_is_zero_when_reused(void **state)
{
	struct arena a;
	unsigned char *p;
	size_t i;

	(void)state;
	arena_init(&a);
	memset(arena_alloc(&a, 512), 0xee, 512);
	arena_empty(&a);
	p = arena_array(&a, 64, 8);
	for (i = 0; i < 512; i++)
		assert_int_equal(p[i], 0);
	arena_fini(&a);
}

static void
an_emptied_arena_reuses_its_block(void **state)
{
	struct arena a;
	void *first;

	(void)state;
	arena_init(&a);
	first = arena_alloc(&a, 100);
	arena_alloc(&a, 100000);
	arena_alloc(&a, 100);
	arena_empty(&a);
	assert_int_equal(a.used, 0);
	assert_ptr_equal(arena_alloc(&a, 100), first);
	arena_fini(&a);
	arena_fini(&a);
}

static void
past_the_ceiling_there_is_null(void **state)
{
	struct arena a;

	(void)state;
	arena_init_limit(&a, 1000);
	assert_non_null(arena_alloc(&a, 500));
	assert_null(arena_alloc(&a, 600));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_zalloc(&a, SIZE_MAX - 4));
	assert_null(arena_array(&a, SIZE_MAX / 2, 4));
	assert_null(arena_cstr(&a, (struct str){ "", SIZE_MAX }));
	assert_null(arena_str(&a, (struct str){ "", 5000 }).p);
	assert_null(arena_printf(&a, "%600d", 1).p);
	assert_non_null(arena_alloc(&a, 400));
	arena_empty(&a);
	assert_non_null(arena_alloc(&a, 992));
	assert_null(arena_alloc(&a, 1));
	arena_fini(&a);
}

struct trail {
	struct arena *arena;
	char text[8];
	size_t n;
};

struct step {
	struct trail *trail;
	char mark;
};

static void
leave_mark(void *arg)
{
	struct step *step = arg;

	step->trail->text[step->trail->n++] = step->mark;
}

static void
leave_mark_later(void *arg)
{
	struct step *step = arg;

	arena_on_free(step->trail->arena, leave_mark, step);
}

static void
cleanups_run_once_and_last_first(void **state)
{
	struct arena a;
	struct trail trail = { &a, "", 0 };
	struct step steps[] = { { &trail, '1' }, { &trail, '2' }, { &trail, '3' } };

	(void)state;
	arena_init(&a);
	arena_on_free(&a, leave_mark, &steps[0]);
	arena_on_free(&a, leave_mark_later, &steps[1]);
	arena_on_free(&a, leave_mark, &steps[2]);
	arena_empty(&a);
	assert_string_equal(trail.text, "321");
	arena_fini(&a);
	assert_int_equal(trail.n, 3);
}

static void
a_cleanup_without_room_runs_at_once(void **state)
{
	struct arena a;
	struct trail trail = { &a, "", 0 };
	struct step step = { &trail, 'x' };

	(void)state;
	arena_init_limit(&a, 16);
	assert_non_null(arena_alloc(&a, 16));
	arena_on_free(&a, leave_mark, &step);
	assert_string_equal(trail.text, "x");
	arena_fini(&a);
	assert_int_equal(trail.n, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_is_aligned_and_its_own),
		cmocka_unit_test(a_copy_is_terminated),
		cmocka_unit_test(zeroed_memory_is_zero_when_reused),
		cmocka_unit_test(an_emptied_arena_reuses_its_block),
		cmocka_unit_test(past_the_ceiling_there_is_null),
		cmocka_unit_test(cleanups_run_once_and_last_first),
		cmocka_unit_test(a_cleanup_without_room_runs_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

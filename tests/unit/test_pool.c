/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Threads that work, and the loop that hears of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "deliver/pool.h"

#define ITEMS 1000

struct world {
	struct loop *loop;
	struct pool *pool;
	struct item {
		struct world *world;
		size_t number;
		pthread_t worker;
		bool is_worked, is_told;
	} items[ITEMS];
	atomic_size_t worked;
	size_t order[ITEMS], told;
	pthread_t main;
	bool runs_again;
};

static void
work(void *arg)
{
	struct item *item = arg;
	struct world *w = item->world;

	item->worker = pthread_self();
	item->is_worked = true;
	w->order[atomic_fetch_add(&w->worked, 1)] = item->number;
}

static void
told(void *arg)
{
	struct item *item = arg;
	struct world *w = item->world;

	assert_true(item->is_worked);
	assert_false(item->is_told);
	assert_true(pthread_equal(pthread_self(), w->main));
	assert_false(pthread_equal(item->worker, w->main));
	item->is_told = true;
	/* The loop's side may give more work. */
	if (w->runs_again && w->told + 1 < ITEMS)
		pool_run(w->pool, work, told, &w->items[w->told + 1]);
	if (++w->told == ITEMS)
		loop_stop(w->loop);
}

static void
open_world(struct world *w, unsigned threads)
{
	size_t i;

	memset(w, 0, sizeof *w);
	w->main = pthread_self();
	w->loop = loop_new();
	w->pool = pool_new(w->loop, threads);
	for (i = 0; i < ITEMS; i++) {
		w->items[i].world = w;
		w->items[i].number = i;
	}
}

static void
close_world(struct world *w)
{
	pool_free(&w->pool);
	assert_null(w->pool);
	loop_free(&w->loop);
}

static void
all_work_is_done_and_told(void **state)
{
	static struct world w;
	size_t i;

	(void)state;
	open_world(&w, 8);
	for (i = 0; i < ITEMS; i++)
		pool_run(w.pool, work, told, &w.items[i]);
	loop_run(w.loop);
	for (i = 0; i < ITEMS; i++)
		assert_true(w.items[i].is_told);
	close_world(&w);
}

static void
one_thread_keeps_the_order(void **state)
{
	static struct world w;
	size_t i;

	(void)state;
	open_world(&w, 1);
	for (i = 0; i < ITEMS; i++)
		pool_run(w.pool, work, told, &w.items[i]);
	loop_run(w.loop);
	for (i = 0; i < ITEMS; i++)
		assert_int_equal(w.order[i], i);
	close_world(&w);
}

static void
each_end_may_begin_the_next(void **state)
{
	static struct world w;

	(void)state;
	open_world(&w, 3);
	w.runs_again = true;
	pool_run(w.pool, work, told, &w.items[0]);
	loop_run(w.loop);
	assert_int_equal(w.told, ITEMS);
	close_world(&w);
}

static void
end_waits_for_the_work_and_tells_nobody(void **state)
{
	static struct world w;
	size_t i;

	(void)state;
	open_world(&w, 2);
	for (i = 0; i < ITEMS; i++)
		pool_run(w.pool, work, told, &w.items[i]);
	close_world(&w);
	assert_int_equal(w.worked, ITEMS);
	assert_int_equal(w.told, 0);
}

static void
look_at_mask(void *arg)
{
	sigset_t *mask = arg;

	pthread_sigmask(SIG_BLOCK, NULL, mask);
}

static void
do_nothing(void *arg)
{
	(void)arg;
}

static void
signals_are_left_to_the_loop(void **state)
{
	static struct world w;
	sigset_t inside, outside;

	(void)state;
	sigemptyset(&inside);
	open_world(&w, 1);
	pool_run(w.pool, look_at_mask, do_nothing, &inside);
	close_world(&w);
	assert_int_equal(sigismember(&inside, SIGTERM), 1);
	assert_int_equal(sigismember(&inside, SIGCHLD), 1);
	/* And the caller's own mask is as before. */
	pthread_sigmask(SIG_BLOCK, NULL, &outside);
	assert_int_equal(sigismember(&outside, SIGTERM), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_work_is_done_and_told),
		cmocka_unit_test(one_thread_keeps_the_order),
		cmocka_unit_test(each_end_may_begin_the_next),
		cmocka_unit_test(end_waits_for_the_work_and_tells_nobody),
		cmocka_unit_test(signals_are_left_to_the_loop),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The event loop: order, renewal, and watches that end themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/net.h"

struct world {
	struct loop *loop;
	struct watch one, two, three;
	int fds[2];
	char trail[32];
	size_t n;
};

static void
leave(struct world *w, char mark)
{
	assert_true(w->n < sizeof w->trail - 1);
	w->trail[w->n++] = mark;
}

static void
stop(void *arg)
{
	struct world *w = arg;

	leave(w, '.');
	loop_stop(w->loop);
}

static void
mark_timer(void *arg)
{
	leave(arg, 't');
}

static void
mark_soon(void *arg)
{
	leave(arg, 's');
}

static int
start(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	w->loop = loop_new();
	*state = w;
	return net_pair(w->fds, NULL);
}

static int
end(void **state)
{
	struct world *w = *state;

	loop_unwatch(&w->one);
	loop_unwatch(&w->two);
	loop_unwatch(&w->three);
	loop_free(&w->loop);
	loop_free(&w->loop);
	file_close(&w->fds[0]);
	file_close(&w->fds[1]);
	free(w);
	return 0;
}

static void
timers_run_once_in_order_of_time(void **state)
{
	struct world *w = *state;
	int64_t before = clock_monotonic();

	loop_timer(w->loop, &w->one, 30000, stop, w);
	loop_timer(w->loop, &w->two, 10000, mark_timer, w);
	loop_timer(w->loop, &w->three, -5, mark_soon, w);
	assert_true(loop_is_set(&w->two));
	loop_run(w->loop);
	assert_string_equal(w->trail, "st.");
	assert_false(loop_is_set(&w->two));
	/* libevent reads a coarse clock, which is up to 10 ms (HZ = 100) behind ours. */
	assert_true(clock_monotonic() - before >= 19000);
}

static void
setting_a_timer_again_replaces_it(void **state)
{
	struct world *w = *state;

	loop_timer(w->loop, &w->one, 1000, mark_timer, w);
	loop_timer(w->loop, &w->one, 20000, stop, w);
	loop_timer(w->loop, &w->two, 3600 * CLOCK_SECOND, mark_timer, w);
	loop_soon(w->loop, &w->two, mark_soon, w);
	loop_run(w->loop);
	assert_string_equal(w->trail, "s.");
}

static void
a_cancelled_timer_does_not_run(void **state)
{
	struct world *w = *state;

	loop_timer(w->loop, &w->one, 1000, mark_timer, w);
	loop_timer(w->loop, &w->two, 10000, stop, w);
	loop_unwatch(&w->one);
	loop_unwatch(&w->one);
	assert_false(loop_is_set(&w->one));
	loop_run(w->loop);
	assert_string_equal(w->trail, ".");
}

static void
read_one(int fd, short what, void *arg)
{
	struct world *w = arg;
	char byte;

	assert_int_equal(what, LOOP_READ);
	assert_int_equal(read(fd, &byte, 1), 1);
	leave(w, byte);
	loop_soon(w->loop, &w->two, mark_soon, w);
	if (byte == 'c')
		loop_timer(w->loop, &w->three, 5000, stop, w);
}

static void
a_watch_calls_as_long_as_there_is_something(void **state)
{
	struct world *w = *state;

	loop_watch(w->loop, &w->one, w->fds[0], LOOP_READ, read_one, w);
	assert_int_equal(write(w->fds[1], "a", 1), 1);
	assert_int_equal(write(w->fds[1], "c", 1), 1);
	loop_run(w->loop);
	assert_string_equal(w->trail, "acs.");
	assert_true(loop_is_set(&w->one));
}

static void
ready_to_write(int fd, short what, void *arg)
{
	struct world *w = arg;

	(void)fd;
	assert_int_equal(what, LOOP_WRITE);
	leave(w, 'w');
	loop_unwatch(&w->one);
	loop_timer(w->loop, &w->two, 5000, stop, w);
}

static void
a_watch_may_end_itself(void **state)
{
	struct world *w = *state;

	loop_watch(w->loop, &w->one, w->fds[0], LOOP_WRITE, ready_to_write, w);
	loop_run(w->loop);
	assert_string_equal(w->trail, "w.");
}

struct mortal {
	struct watch watch;
	struct world *world;
};

static void
die(void *arg)
{
	struct mortal *m = arg;
	struct world *w = m->world;

	loop_unwatch(&m->watch);
	free(m);
	stop(w);
}

static void
a_callback_may_free_what_holds_its_watch(void **state)
{
	struct world *w = *state;
	struct mortal *m = calloc(1, sizeof *m);

	m->world = w;
	loop_timer(w->loop, &m->watch, 0, die, m);
	loop_run(w->loop);
	assert_string_equal(w->trail, ".");
}

static void
soon_again(void *arg)
{
	struct world *w = arg;

	leave(w, 's');
	if (w->n < 10)
		loop_soon(w->loop, &w->two, soon_again, w);
}

static void
soon_does_not_starve_descriptors(void **state)
{
	struct world *w = *state;

	loop_soon(w->loop, &w->two, soon_again, w);
	loop_watch(w->loop, &w->one, w->fds[0], LOOP_WRITE, ready_to_write, w);
	loop_run(w->loop);
	assert_true(memchr(w->trail, 'w', 3) != NULL);
}

static void
on_signal(int signal, short what, void *arg)
{
	(void)what;
	assert_int_equal(signal, SIGUSR1);
	stop(arg);
}

static void
a_signal_is_an_event(void **state)
{
	struct world *w = *state;

	loop_signal(w->loop, &w->one, SIGUSR1, on_signal, w);
	raise(SIGUSR1);
	loop_run(w->loop);
	raise(SIGUSR1);
	loop_run(w->loop);
	assert_string_equal(w->trail, "..");
}

static void
a_stop_before_the_run_counts(void **state)
{
	struct world *w = *state;

	loop_stop(w->loop);
	loop_run(w->loop);
	loop_timer(w->loop, &w->one, 0, stop, w);
	loop_run(w->loop);
	assert_string_equal(w->trail, ".");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_run_once_in_order_of_time, start, end),
		cmocka_unit_test_setup_teardown(setting_a_timer_again_replaces_it, start, end),
		cmocka_unit_test_setup_teardown(a_cancelled_timer_does_not_run, start, end),
		cmocka_unit_test_setup_teardown(a_watch_calls_as_long_as_there_is_something, start,
		    end),
		cmocka_unit_test_setup_teardown(a_watch_may_end_itself, start, end),
		cmocka_unit_test_setup_teardown(a_callback_may_free_what_holds_its_watch, start, end),
		cmocka_unit_test_setup_teardown(soon_does_not_starve_descriptors, start, end),
		cmocka_unit_test_setup_teardown(a_signal_is_an_event, start, end),
		cmocka_unit_test_setup_teardown(a_stop_before_the_run_counts, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

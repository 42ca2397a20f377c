/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The bar of long work: on a terminal, after a second, and gone at the end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/progress.h"

/* Standard error as something else for the length of a test. */
struct replaced {
	int saved, other_end;
};

static struct replaced
replace_stderr(int with, int other_end)
{
	struct replaced r = { dup(STDERR_FILENO), other_end };

	assert_true(r.saved != -1);
	assert_int_equal(dup2(with, STDERR_FILENO), STDERR_FILENO);
	close(with);
	return r;
}

/* What was written meanwhile; standard error is as before. */
static size_t
restore_stderr(struct replaced *r, char *out, size_t size)
{
	ssize_t n;

	assert_int_equal(fcntl(r->other_end, F_SETFL, O_NONBLOCK), 0);
	n = read(r->other_end, out, size - 1);
	assert_int_equal(dup2(r->saved, STDERR_FILENO), STDERR_FILENO);
	close(r->saved);
	close(r->other_end);
	out[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static struct replaced
with_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	assert_true(master != -1);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave != -1);
	return replace_stderr(slave, master);
}

static struct replaced
with_pipe(void)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	return replace_stderr(fds[1], fds[0]);
}

static void
work(const int seconds)
{
	const struct timespec while_working = { .tv_sec = seconds, .tv_nsec = 100 * 1000 * 1000 };
	struct progress p;

	progress_init(&p, "users");
	progress_show(&p, 1, 4);
	nanosleep(&while_working, NULL);
	progress_show(&p, 3, 4);
	progress_fini(&p);
}

static void
long_work_on_a_terminal_shows_how_far_it_is(void **state)
{
	struct replaced r = with_terminal();
	char text[1024];

	(void)state;
	work(1);
	assert_true(restore_stderr(&r, text, sizeof text) > 0);
	assert_non_null(strstr(text, "3/4 users"));
}

static void
short_work_shows_nothing(void **state)
{
	struct replaced r = with_terminal();
	char text[1024];

	(void)state;
	work(0);
	assert_int_equal(restore_stderr(&r, text, sizeof text), 0);
}

static void
what_is_no_terminal_gets_no_bar(void **state)
{
	struct replaced r = with_pipe();
	char text[1024];

	(void)state;
	work(1);
	assert_int_equal(restore_stderr(&r, text, sizeof text), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_work_on_a_terminal_shows_how_far_it_is),
		cmocka_unit_test(short_work_shows_nothing),
		cmocka_unit_test(what_is_no_terminal_gets_no_bar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

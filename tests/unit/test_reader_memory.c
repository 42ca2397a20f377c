/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* libdoorstep when memory runs out, at every place where it asks for some: it
 * says so, and neither ends the program nor leaks what it had. */

#include "store_setup.h"

#include <errno.h>

#include "doorstep.h"

/* More than a whole walk asks for. */
#define ALLOCATIONS_MAX 2000

/* Allocations that still succeed; negative: all.  The C library calls the
 * program's malloc, so this is the one place where it can be made to fail. */
static long left = -1;

#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define CAN_FAIL false
#else
#define CAN_FAIL true

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);

static bool
is_refused(void)
{
	if (left > 0)
		left--;
	if (left == 0)
		errno = ENOMEM;
	return left == 0;
}

void *
malloc(size_t n)
{
	return is_refused() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t count, size_t n)
{
	return is_refused() ? NULL : __libc_calloc(count, n);
}

void *
realloc(void *p, size_t n)
{
	return is_refused() ? NULL : __libc_realloc(p, n);
}
#endif

static int
begin(void **state)
{
	struct setup *t = calloc(1, sizeof *t);
	struct disk_delivery d;

	setup_begin(t);
	d = setup_delivery(t, "INBOX", 1, 1, 100);
	setup_deliver(t, &d);
	setup_checkpoint(t);
	store_close(&t->store);
	*state = t;
	return 0;
}

static int
end(void **state)
{
	setup_end(*state);
	free(*state);
	return 0;
}

static int
count(const struct doorstep_message *message, void *arg)
{
	(void)message;
	++*(size_t *)arg;
	return 0;
}

/* Opens, finds, walks and fetches: 0, or the code of what failed. */
static enum doorstep_code
read_all(const struct setup *t, size_t *messages)
{
	struct doorstep_error error = { .code = DOORSTEP_OK };
	struct doorstep *store = NULL;
	struct doorstep_snapshot *now = NULL;
	struct doorstep_user user;
	struct doorstep_mailbox inbox;
	int fd = -1;

	if (doorstep_open(t->store_dir, &store, &error) == 0 &&
	    doorstep_begin(store, &now, &error) == 0 &&
	    doorstep_find_user(now, SETUP_USER, &user, &error) == 0 &&
	    doorstep_find_mailbox(now, SETUP_USER, "INBOX", &inbox, &error) == 0 &&
	    doorstep_each_message(now, inbox.id, 1, UINT32_MAX, count, messages, &error) == 0)
		doorstep_fetch(store, user.root, inbox.path, "none", &fd, NULL, &error);
	doorstep_end(&now);
	doorstep_close(&store);
	return error.code;
}

static void
memory_that_runs_out_is_told(void **state)
{
	enum doorstep_code code = DOORSTEP_NO_MEMORY;
	size_t messages = 0;
	long n, failures = 0;

	if (!CAN_FAIL)
		skip();
	for (n = 1; code != DOORSTEP_OK && n < ALLOCATIONS_MAX; n++) {
		messages = 0;
		left = n;
		code = read_all(*state, &messages);
		left = -1;
		failures += code != DOORSTEP_OK;
		if (code != DOORSTEP_OK && code != DOORSTEP_NO_MEMORY)
			fail_msg("allocation %ld: code %d", n, (int)code);
	}
	assert_int_equal(code, DOORSTEP_OK);
	assert_int_equal(messages, 1);
	assert_true(failures > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(memory_that_runs_out_is_told, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Memory that is there, or the program ends: the one place that decides so.
 * Not for libdoorstep and sieve/, whose hosts must go on. */
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Straight to the descriptor and _exit: stdio, the log and atexit handlers
 * would all ask for the memory that is not there.
 */
static _Noreturn void
die(void)
{
	static const char line[] = "ERROR: out of memory, ending\n";
	ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);

	(void)ignored;
	_exit(XALLOC_EXIT);
}

void *
xmalloc(size_t n)
{
	void *p = malloc(n == 0 ? 1 : n);

	if (p == NULL)
		die();
	return p;
}

void *
xcalloc(size_t count, size_t size)
{
	void *p = count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);

	if (p == NULL)
		die();
	return p;
}

void *
xrealloc(void *p, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		die();
	p = realloc(p, n == 0 ? 1 : n);
	if (p == NULL)
		die();
	return p;
}

char *
xstrdup(const char *cstr)
{
	return xstrndup(str_of(cstr));
}

char *
xstrndup(struct str s)
{
	char *copy;

	if (s.n == SIZE_MAX)
		die();
	copy = xmalloc(s.n + 1);
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

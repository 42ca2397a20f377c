/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* An arena over the host's memory.  Never ends the program. */

#include "alloc.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of the first block; later ones grow with what is used, for each is given back
 * alone. */
#define BLOCK_SIZE ((size_t)4096)
#define BLOCK_SIZE_MAX ((size_t)64 * 1024)

struct sieve_arena_block {
	struct sieve_arena_block *next;
	size_t used, cap;
	alignas(max_align_t) char bytes[];
};

void
sieve_arena_init(struct sieve_arena *a, const struct sieve_alloc *host, size_t max)
{
	*a = (struct sieve_arena){ .host = host, .max = max };
}

void
sieve_arena_fini(struct sieve_arena *a)
{
	struct sieve_arena_block *block;

	while ((block = a->blocks) != NULL) {
		a->blocks = block->next;
		a->host->give(a->host->arg, block);
	}
	a->used = 0;
}

static struct sieve_arena_block *
add_block(struct sieve_arena *a, size_t n)
{
	struct sieve_arena_block *block;
	size_t cap = a->used / 2 < BLOCK_SIZE ? BLOCK_SIZE : a->used / 2;

	cap = cap < BLOCK_SIZE_MAX ? cap : BLOCK_SIZE_MAX;
	/* Close to the ceiling nothing is taken that is not needed. */
	if (cap < n || cap > a->max - a->used)
		cap = n;
	if (cap > a->max || a->used > a->max - cap)
		return NULL;
	block = a->host->get(a->host->arg, sizeof *block + cap);
	if (block == NULL)
		return NULL;
	a->used += cap;
	*block = (struct sieve_arena_block){ .next = a->blocks, .cap = cap };
	a->blocks = block;
	return block;
}

void *
sieve_arena_get(struct sieve_arena *a, size_t n)
{
	const size_t step = alignof(max_align_t);
	struct sieve_arena_block *block = a->blocks;
	char *p;

	if (a->is_out || n > a->max) {
		a->is_out = true;
		return NULL;
	}
	n = (n + step - 1) / step * step;
	if (block == NULL || block->cap - block->used < n)
		block = add_block(a, n);
	if (block == NULL) {
		a->is_out = true;
		return NULL;
	}
	p = block->bytes + block->used;
	block->used += n;
	return memset(p, 0, n);
}

struct sieve_text
sieve_arena_copy(struct sieve_arena *a, struct sieve_text t)
{
	char *p = sieve_arena_get(a, t.n + 1);

	if (p == NULL)
		return SIEVE_TEXT_EMPTY;
	if (t.n > 0)
		memcpy(p, t.p, t.n);
	return (struct sieve_text){ p, t.n };
}

struct sieve_text
sieve_arena_printf(struct sieve_arena *a, const char *format, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (n < 0)
		return SIEVE_TEXT_EMPTY;
	if ((size_t)n >= sizeof line)
		n = sizeof line - 1;
	return sieve_arena_copy(a, (struct sieve_text){ line, (size_t)n });
}

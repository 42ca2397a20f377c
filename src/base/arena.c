/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Memory that is given back all at once.  Knows nothing of what is in it. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/xalloc.h"

/* A block with its header fills this much, so that malloc's bins repeat. */
#define BLOCK_SIZE ((size_t)8192)
/* Above this a request gets a block of its own, and the current one goes on. */
#define LARGE (BLOCK_SIZE / 4)

struct arena_block {
	struct arena_block *next;
	size_t cap, used;
	_Alignas(max_align_t) char bytes[];
};

struct arena_cleanup {
	struct arena_cleanup *next;
	void (*fn)(void *arg);
	void *arg;
};

void
arena_init(struct arena *a)
{
	*a = ARENA_EMPTY;
}

void
arena_init_limit(struct arena *a, size_t max_bytes)
{
	BUG_ON(max_bytes == 0);
	*a = ARENA_EMPTY;
	a->max = max_bytes;
}

/* A cleanup may register another one: the list is read anew each time. */
static void
run_cleanups(struct arena *a)
{
	struct arena_cleanup *first;

	while ((first = a->cleanups) != NULL) {
		a->cleanups = first->next;
		first->fn(first->arg);
	}
}

void
arena_empty(struct arena *a)
{
	struct arena_block *kept = NULL;
	struct arena_block *block, *next;

	run_cleanups(a);
	for (block = a->blocks; block != NULL; block = next) {
		next = block->next;
		/* A large block is not kept: an idle connection would hold it. */
		if (kept == NULL && block->cap <= BLOCK_SIZE)
			kept = block;
		else
			free(block);
	}
	a->blocks = kept;
	a->used = 0;
	if (kept != NULL) {
		kept->next = NULL;
		kept->used = 0;
	}
}

void
arena_fini(struct arena *a)
{
	arena_empty(a);
	free(a->blocks);
	a->blocks = NULL;
}

static struct arena_block *
new_block(struct arena *a, size_t cap)
{
	size_t total = sizeof(struct arena_block) + cap;
	struct arena_block *block = a->max == 0 ? xmalloc(total) : malloc(total);

	if (block == NULL)
		return NULL;
	block->next = NULL;
	block->cap = cap;
	block->used = 0;
	return block;
}

static struct arena_block *
block_for(struct arena *a, size_t n)
{
	struct arena_block *first = a->blocks;
	struct arena_block *block;

	if (first != NULL && first->cap - first->used >= n)
		return first;
	block = new_block(a, n > LARGE ? n : BLOCK_SIZE - sizeof *block);
	if (block == NULL)
		return NULL;
	if (first != NULL && n > LARGE) {
		block->next = first->next;
		first->next = block;
	} else {
		block->next = first;
		a->blocks = block;
	}
	return block;
}

/* The size to take for n bytes, or 0 when there is no such size. */
static size_t
round_up(size_t n)
{
	const size_t unit = _Alignof(max_align_t);

	if (n > SIZE_MAX / 2)
		return 0;
	return n == 0 ? unit : (n + unit - 1) / unit * unit;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *block;
	size_t size = round_up(n);
	void *p;

	if (a->max != 0 && (size == 0 || a->used > a->max || size > a->max - a->used))
		return NULL;
	/* Half the address space: xmalloc cannot have it and ends the program. */
	if (size == 0)
		return xmalloc(n);
	block = block_for(a, size);
	if (block == NULL)
		return NULL;
	p = block->bytes + block->used;
	block->used += size;
	a->used += size;
	return p;
}

void *
arena_zalloc(struct arena *a, size_t n)
{
	void *p = arena_alloc(a, n);

	if (p != NULL)
		memset(p, 0, n);
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		n = SIZE_MAX;
	return arena_zalloc(a, n);
}

char *
arena_cstr(struct arena *a, struct str s)
{
	char *copy = arena_alloc(a, s.n == SIZE_MAX ? s.n : s.n + 1);

	if (copy == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *copy = arena_cstr(a, s);

	return copy == NULL ? STR_EMPTY : (struct str){ copy, s.n };
}

struct str
arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap;
	char *to;
	int need;

	va_start(ap, format);
	need = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	BUG_ON(need < 0);
	to = arena_alloc(a, (size_t)need + 1);
	if (to == NULL)
		return STR_EMPTY;
	va_start(ap, format);
	vsnprintf(to, (size_t)need + 1, format, ap);
	va_end(ap);
	return (struct str){ to, (size_t)need };
}

void
arena_on_free(struct arena *a, void (*fn)(void *arg), void *arg)
{
	struct arena_cleanup *cleanup = arena_alloc(a, sizeof *cleanup);

	/* No room to remember it, so it cannot be owed: done now. */
	if (cleanup == NULL) {
		fn(arg);
		return;
	}
	cleanup->fn = fn;
	cleanup->arg = arg;
	cleanup->next = a->cleanups;
	a->cleanups = cleanup;
}

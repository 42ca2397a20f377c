/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_ARENA_H
#define DOORSTEP_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

/*
 * Memory with one lifetime: a connection, a transaction, a message.  Nothing
 * is freed by itself; arena_empty gives everything back at once and runs the
 * cleanups, last registered first.  Allocation never returns NULL (xalloc.h)
 * unless the arena has a ceiling (arena_init_limit), then NULL means that the
 * ceiling was met: for work on hostile input.
 */
struct arena_block;
struct arena_cleanup;
struct arena {
	struct arena_block *blocks;
	struct arena_cleanup *cleanups;
	size_t used, max;
};

#define ARENA_EMPTY ((struct arena){ NULL, NULL, 0, 0 })

void arena_init(struct arena *a);
void arena_init_limit(struct arena *a, size_t max_bytes);
void arena_empty(struct arena *a); /* all freed but for one block that is reused */
void arena_fini(struct arena *a);  /* all freed; legal on an empty arena */

void *arena_alloc(struct arena *a, size_t n);	/* aligned for any type, not zeroed */
void *arena_zalloc(struct arena *a, size_t n);	/* zeroed */
void *arena_array(struct arena *a, size_t count, size_t size); /* zeroed, overflow-checked */
struct str arena_str(struct arena *a, struct str s); /* a copy, with a NUL behind it */
char *arena_cstr(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* fn(arg) runs when the arena is emptied: ties an fd or a reference to it.
 * At once when the ceiling leaves no room to remember it. */
void arena_on_free(struct arena *a, void (*fn)(void *arg), void *arg);

#endif

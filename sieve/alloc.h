/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_ALLOC_H
#define SIEVE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/* Where the library's memory comes from: the host's malloc and free, or what
 * it has in their place.  get may return NULL. */
struct sieve_alloc {
	void *(*get)(void *arg, size_t n);
	void (*give)(void *arg, void *p);
	void *arg;
};

/*
 * Memory of one lifetime with a ceiling.  An allocation that would pass it, or
 * that the host refuses, returns NULL and sets is_out, which stays: so a chain
 * of steps may be checked once, at its end.
 */
struct sieve_arena_block;
struct sieve_arena {
	const struct sieve_alloc *host;
	struct sieve_arena_block *blocks;
	size_t used, max;
	bool is_out;
};

void sieve_arena_init(struct sieve_arena *a, const struct sieve_alloc *host, size_t max);
void sieve_arena_fini(struct sieve_arena *a);

void *sieve_arena_get(struct sieve_arena *a, size_t n); /* zeroed; NULL: is_out */
struct sieve_text sieve_arena_copy(struct sieve_arena *a, struct sieve_text t);
struct sieve_text sieve_arena_printf(struct sieve_arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

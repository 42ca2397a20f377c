/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_TEXT_H
#define SIEVE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed run of bytes; not terminated, may hold NUL. */
struct sieve_text {
	const char *p;
	size_t n;
};

#define SIEVE_TEXT_EMPTY ((struct sieve_text){ "", 0 })
#define SIEVE_TEXT_ARG(t) (int)(t).n, (t).p

struct sieve_text sieve_text_of(const char *cstr);
bool sieve_text_is(struct sieve_text a, const char *word); /* ASCII case ignored */
bool sieve_text_is_ascii(struct sieve_text t);
bool sieve_text_is_same(struct sieve_text a, struct sieve_text b); /* ASCII case ignored */

/* Changes (insert, delete, replace, swap neighbours) that turn a into b,
 * ASCII case ignored; `max` + 1 when there are more than max. */
unsigned sieve_text_distance(struct sieve_text a, const char *b, unsigned max);

/* At most max bytes, without cutting a character of UTF-8 in two. */
struct sieve_text sieve_text_cut(struct sieve_text t, size_t max);

static inline unsigned char
sieve_text_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

#endif

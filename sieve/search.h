/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_SEARCH_H
#define SIEVE_SEARCH_H

#include "match.h"

#define SIEVE_SEARCH_NONE ((size_t)-1)

/* Where key first stands in value at or behind `from`, or SIEVE_SEARCH_NONE.
 * Time is linear in both, and no memory is used.  For i;unicode-casemap, both
 * are folded already (unicode.h). */
size_t sieve_search(enum sieve_comparator comparator, struct sieve_text value, size_t from,
    struct sieve_text key);

/* RFC 4790 9.2.1: order is that of the upper case letters. */
static inline unsigned char
sieve_search_fold(enum sieve_comparator comparator, char c)
{
	if (comparator == SIEVE_COMPARE_CASEMAP && c >= 'a' && c <= 'z')
		return (unsigned char)(c - 32);
	return (unsigned char)c;
}

#endif

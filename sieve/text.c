/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Byte strings for the library.  Knows nothing of Sieve. */

#include "text.h"

#include <string.h>

#include "limit.h"

struct sieve_text
sieve_text_of(const char *cstr)
{
	return (struct sieve_text){ cstr, strlen(cstr) };
}

bool
sieve_text_is_ascii(struct sieve_text t)
{
	size_t i;

	for (i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] >= 0x80)
			return false;
	return true;
}

bool
sieve_text_is_same(struct sieve_text a, struct sieve_text b)
{
	size_t i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++)
		if (sieve_text_lower((unsigned char)a.p[i]) !=
		    sieve_text_lower((unsigned char)b.p[i]))
			return false;
	return true;
}

bool
sieve_text_is(struct sieve_text a, const char *word)
{
	return sieve_text_is_same(a, sieve_text_of(word));
}

struct sieve_text
sieve_text_cut(struct sieve_text t, size_t max)
{
	size_t n = max;

	if (t.n <= max)
		return t;
	/* A character has at most three bytes behind its first. */
	while (n > 0 && max - n < 4 && ((unsigned char)t.p[n] & 0xc0) == 0x80)
		n--;
	return (struct sieve_text){ t.p, ((unsigned char)t.p[n] & 0xc0) == 0x80 ? max : n };
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool
is_alike(struct sieve_text a, size_t i, const char *b, size_t j)
{
	return sieve_text_lower((unsigned char)a.p[i]) == sieve_text_lower((unsigned char)b[j]);
}

unsigned
sieve_text_distance(struct sieve_text a, const char *b, unsigned max)
{
	unsigned rows[3][SIEVE_IDENTIFIER_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2], *spare;
	size_t i, j, n = strlen(b);

	if (a.n > SIEVE_IDENTIFIER_MAX || n > SIEVE_IDENTIFIER_MAX)
		return max + 1;
	for (j = 0; j <= n; j++)
		above[j] = (unsigned)j;
	for (i = 1; i <= a.n; i++) {
		row[0] = (unsigned)i;
		for (j = 1; j <= n; j++) {
			row[j] = above[j - 1] + (is_alike(a, i - 1, b, j - 1) ? 0 : 1);
			row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && is_alike(a, i - 1, b, j - 2) &&
			    is_alike(a, i - 2, b, j - 1))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return least(above[n], max + 1);
}

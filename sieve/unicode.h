/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_UNICODE_H
#define SIEVE_UNICODE_H

#include "alloc.h"
#include "match.h"

/*
 * i;unicode-casemap, RFC 5051: both sides are prepared, each character by
 * itself, and then compared as octets.  What is no UTF-8 stays as it is.
 * Begin with SIEVE_UNICODE_EMPTY; the room is used for one text after the
 * other, so a text is there until the next one.
 */
struct sieve_unicode {
	struct sieve_text original, folded;
	/* Bit i: folded.p[i] begins what one character of the original became;
	 * NULL: every octet does. */
	const unsigned char *starts;
	char *room; /* private, as cap */
	size_t cap;
};
#define SIEVE_UNICODE_EMPTY ((struct sieve_unicode){ .room = NULL })

/* -1: the arena is out.  original is borrowed. */
int sieve_unicode_fold(struct sieve_arena *a, struct sieve_text original, struct sieve_unicode *out);
/* A key, in the arena.  A wildcard of a pattern stays one, and what only
 * becomes `*`, `?` or a backslash by folding is none. */
int sieve_unicode_fold_key(struct sieve_arena *a, struct sieve_text key, struct sieve_text *out);
int sieve_unicode_fold_pattern(struct sieve_arena *a, struct sieve_text pattern,
    struct sieve_text *out);

/* Bytes from one character of the original to the next, as they are in folded. */
size_t sieve_unicode_step(const struct sieve_unicode *text, size_t at);

/* Captures of the folded text become those of the original.  A character of
 * which only a part was captured is left out. */
void sieve_unicode_restore(const struct sieve_unicode *text, struct sieve_captures *captures);

/* Whether all of it is UTF-8, RFC 3629. */
bool sieve_unicode_is_valid(struct sieve_text text);
/* Puts one octet that is a character in place of each that is none; p has room
 * for text.n. */
void sieve_unicode_mend(struct sieve_text text, char *p);

#endif

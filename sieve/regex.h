/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_REGEX_H
#define SIEVE_REGEX_H

#include "alloc.h"
#include "match.h"

/*
 * Regular expressions, by PCRE2: POSIX extended ones and what Perl added.
 * Text is UTF-8; `\d`, `\w` and `[[:alpha:]]` go by Unicode.  `^` and `$` stand
 * at each line, `.` is no end of line (draft-murchison-sieve-regex-07 3).  Of
 * several matches at one place, the first alternative wins, not the longest.
 *
 * A pool holds the expressions of one program, or of one run, and the memory
 * for matching, all from the host and counted.
 */
struct sieve_regex_pool;
struct sieve_regex;

struct sieve_regex_fault {
	char text[192];
	bool is_memory; /* not the expression's fault */
};

/* NULL: no memory.  max: bytes of all that is in it. */
struct sieve_regex_pool *sieve_regex_pool_new(const struct sieve_alloc *host, size_t max);
void sieve_regex_pool_free(struct sieve_regex_pool **pool); /* legal on NULL */

/* Borrowed until the pool is freed.  NULL: fault says why. */
const struct sieve_regex *sieve_regex_compile(struct sieve_regex_pool *pool,
    struct sieve_text pattern, bool is_caseless, struct sieve_regex_fault *fault);

/* As sieve_regex_compile, but the pool keeps the latest few only: borrowed
 * until the next call.  Adds to *steps what it cost. */
const struct sieve_regex *sieve_regex_find(struct sieve_regex_pool *pool,
    struct sieve_text pattern, bool is_caseless, uint64_t *steps,
    struct sieve_regex_fault *fault);

enum sieve_regex_outcome {
	SIEVE_REGEX_NO_MATCH,
	SIEVE_REGEX_MATCH,
	SIEVE_REGEX_TOO_COSTLY, /* a limit of limit.h, or max, was reached */
	SIEVE_REGEX_NO_MEMORY,
};

/*
 * regex may be of another pool.  Octets of the value that are no UTF-8 are one
 * character each.  captures may be NULL; at[0] is what matched, and all borrow
 * from the value.  Adds to *steps what it cost, at most max or little more.
 */
enum sieve_regex_outcome sieve_regex_match(struct sieve_regex_pool *pool,
    const struct sieve_regex *regex, struct sieve_text value, uint64_t max, uint64_t *steps,
    struct sieve_captures *captures);

#endif

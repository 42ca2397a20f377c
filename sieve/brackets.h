/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_BRACKETS_H
#define SIEVE_BRACKETS_H

#include "text.h"

/*
 * Bracket expressions of POSIX that Perl has not: `[=x=]` and `[.x.]` inside
 * brackets become `x` (draft-murchison-sieve-regex-07 3), as in the C
 * locale.  p has room for pattern.n; returns how much of it was used.
 */
size_t sieve_brackets_plain(struct sieve_text pattern, char *p);

/* Where in the pattern stands what came to `offset` of the plain one. */
size_t sieve_brackets_place(struct sieve_text pattern, size_t offset);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_FLAGS_H
#define SIEVE_FLAGS_H

#include "alloc.h"
#include "limit.h"

/*
 * A list of IMAP flags in the making (RFC 5232 2): no duplicates, case not
 * counting; the order they came in.  What would not fit is left out.
 */
struct sieve_flags {
	char at[SIEVE_FLAGS_MAX];
	size_t n;
};

/* One string may hold several, with blanks between.  What can be no flag is
 * passed over, \Recent too. */
void sieve_flags_add(struct sieve_flags *flags, struct sieve_text more);
void sieve_flags_remove(struct sieve_flags *flags, struct sieve_text less);
struct sieve_text sieve_flags_text(const struct sieve_flags *flags); /* borrowed */

/* Takes the next word off the front of a list with blanks between. */
bool sieve_flags_can_take(struct sieve_text *rest, struct sieve_text *out);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_ADDRSPEC_H
#define SIEVE_ADDRSPEC_H

#include "limit.h"
#include "text.h"

/*
 * Addresses that a script names, RFC 5322 3.4 and in UTF-8 RFC 6532: with or
 * without angle brackets, a display name, comments.  No groups, no routes, no
 * line breaks.
 */

/* An address alone, as RFC 5321 4.1.2 has it: the local part has quotes only
 * where it needs them, so equal ones look the same but for case. */
struct sieve_addrspec {
	char at[SIEVE_ADDRESS_MAX];
	size_t n;
};

bool sieve_addrspec_is_mailbox(struct sieve_text text, struct sieve_addrspec *out);
/* The same without all that may stand around it. */
bool sieve_addrspec_is_bare(struct sieve_text text, struct sieve_addrspec *out);
/* One or more with commas between: a From field. */
bool sieve_addrspec_is_list(struct sieve_text text);
/* Takes one off the front of such a list, and the comma behind it, which says
 * that there must be more; false: there is none. */
bool sieve_addrspec_can_take(struct sieve_text *rest, bool *has_more,
    struct sieve_addrspec *out);

struct sieve_text sieve_addrspec_text(const struct sieve_addrspec *address); /* borrowed */

#endif

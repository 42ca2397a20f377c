/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_VARIABLES_H
#define SIEVE_VARIABLES_H

#include "check.h"
#include "interp.h"

/* Complains unless the string is a constant that may name a variable. */
void sieve_variables_check_name(struct sieve_checker *checker, const struct sieve_string *string);

/* RFC 5229 4.1, and those of other extensions; of a value that is in scratch,
 * or is only read. */
#define SIEVE_VARIABLES_MODIFIERS (SIEVE_GROUP_BIT(CASE) | SIEVE_GROUP_BIT(FIRST) | \
    SIEVE_GROUP_BIT(QUOTE) | SIEVE_GROUP_BIT(ENCODE) | SIEVE_GROUP_BIT(LENGTH))
void sieve_variables_modify(struct sieve_interp *in, const struct sieve_call *call,
    struct sieve_text *value);

#endif

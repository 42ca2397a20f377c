/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_FCC_H
#define SIEVE_FCC_H

#include "check.h"

/* What a command that makes a message takes for a copy of it, RFC 8580 3. */
#define SIEVE_FCC_GROUPS (SIEVE_GROUP_BIT(FCC) | SIEVE_GROUP_BIT(FLAGS) | \
    SIEVE_GROUP_BIT(CREATE) | SIEVE_GROUP_BIT(SPECIAL_USE) | SIEVE_GROUP_BIT(MAILBOX_ID))

/* For the check of such a command. */
void sieve_fcc_check(struct sieve_checker *checker, const struct sieve_node *node);

#endif

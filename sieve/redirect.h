/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_REDIRECT_H
#define SIEVE_REDIRECT_H

#include "check.h"

/* The command redirect of RFC 5228 4.2, with what RFC 6009 and 6134 2.3 add. */
#define SIEVE_REDIRECT_GROUPS (SIEVE_GROUP_BIT(COPY) | SIEVE_GROUP_BIT(LIST) | \
    SIEVE_GROUP_BIT(DSN_NOTIFY) | SIEVE_GROUP_BIT(DSN_RET) | SIEVE_GROUP_BIT(BY_TIME) | \
    SIEVE_GROUP_BIT(BY_MODE) | SIEVE_GROUP_BIT(BY_TRACE))
enum sieve_by_time { SIEVE_BY_TIME_NONE, SIEVE_BY_TIME_RELATIVE, SIEVE_BY_TIME_ABSOLUTE };
void sieve_redirect_check(struct sieve_checker *checker, const struct sieve_node *node);
void sieve_redirect_run(struct sieve_interp *in, const struct sieve_call *call);

#endif

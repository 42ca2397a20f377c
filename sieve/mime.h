/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_MIME_H
#define SIEVE_MIME_H

#include "check.h"
#include "tests.h"

#define SIEVE_GROUPS_MIME (SIEVE_GROUP_BIT(MIME) | SIEVE_GROUP_BIT(ANY_CHILD))

/* What :mime makes of header, address and exists, RFC 5703 4. */
void sieve_mime_check(struct sieve_checker *checker, const struct sieve_node *node);
bool sieve_mime_header(struct sieve_interp *in, const struct sieve_call *call);
bool sieve_mime_address(struct sieve_interp *in, const struct sieve_call *call);
bool sieve_mime_exists(struct sieve_interp *in, const struct sieve_call *call);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_SPECIAL_USE_H
#define SIEVE_SPECIAL_USE_H

#include "check.h"

/* RFC 8579 4: what stands behind `:specialuse`; NULL: it is an attribute. */
const char *sieve_special_use_fault(struct sieve_text use);

/* For the check of a command that takes both: the attribute, if it is a
 * constant, and that no id stands beside it (RFC 9042 4.2). */
void sieve_special_use_check(struct sieve_checker *checker, const struct sieve_node *node);

#endif

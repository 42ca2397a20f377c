/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_MEMORY_H
#define DOORSTEP_FILTER_MEMORY_H

#include "sieve/alloc.h"

/* What sieve/ is given: the C library's memory.  Its ceilings are sieve/'s. */
extern const struct sieve_alloc memory_sieve;

/* An error sink (sieve/sieve.h); arg: a struct buf. */
void memory_add_text(void *arg, const char *p, size_t n);

#endif

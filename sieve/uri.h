/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_URI_H
#define SIEVE_URI_H

#include "alloc.h"

/* Percent-encoding, RFC 3986 2.  When the arena is out, *out is empty. */

/* All but what is unreserved. */
void sieve_uri_encode(struct sieve_arena *a, struct sieve_text text, struct sieve_text *out);
/* `allowed`: what may stand for itself beside what is unreserved.  False: there
 * is something else, half an escape, NUL, or what comes of it is no UTF-8. */
bool sieve_uri_is_decoded(struct sieve_arena *a, struct sieve_text raw, const char *allowed,
    struct sieve_text *out);

#endif

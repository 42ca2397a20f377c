/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_HEADER_H
#define SIEVE_HEADER_H

#include "alloc.h"

bool sieve_header_is_name(struct sieve_text name); /* RFC 5322 3.6.8 */

/*
 * The value of a field, from UTF-8 text, as it is to stand behind `name: `:
 * what is not ASCII as encoded words (RFC 2047), folded with LF and a blank at
 * 78 columns where a blank allows it, control characters as blanks.  No value
 * can end the field.
 */
struct sieve_text sieve_header_encode(struct sieve_arena *a, struct sieve_text name,
    struct sieve_text value);

#endif

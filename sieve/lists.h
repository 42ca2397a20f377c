/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_LISTS_H
#define SIEVE_LISTS_H

#include "check.h"
#include "interp.h"

/*
 * Names of external lists, RFC 6134 2.5.  What the host is asked for has one
 * form: an address book is `:addrbook:NAME` with NAME decoded, and "default"
 * in lower case; every other URI is as it was written.
 */

/* False: no absolute URI, nor short for one.  *out borrows or is in the arena;
 * empty without memory. */
bool sieve_lists_is_name(struct sieve_arena *a, struct sieve_text name, struct sieve_text *out);

/* The name of a list that the host has, in that form.  False: the run has
 * failed (RFC 6134 2.2). */
bool sieve_lists_can_find(struct sieve_interp *in, struct sieve_text name,
    struct sieve_text *out);
/* All keys of a `:list` test likewise. */
struct sieve_list sieve_lists_find(struct sieve_interp *in, struct sieve_list names);

/* For a test with `:list`: what RFC 6134 2.2 forbids. */
void sieve_lists_check(struct sieve_checker *checker, const struct sieve_node *node);

#endif

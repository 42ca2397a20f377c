/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_TESTS_H
#define SIEVE_TESTS_H

#include "compare.h"
#include "message.h"

/* The tests of RFC 5228 5 that look at a message. */
bool sieve_tests_header(struct sieve_interp *in, const struct sieve_call *call);
bool sieve_tests_address(struct sieve_interp *in, const struct sieve_call *call);
bool sieve_tests_exists(struct sieve_interp *in, const struct sieve_call *call);
bool sieve_tests_size(struct sieve_interp *in, const struct sieve_call *call);

/* Compares the part of an address that the call asks for (RFC 5228 2.7.4,
 * 5233); an address without such a part matches nothing.  True: done. */
bool sieve_tests_is_done(struct sieve_compare *compare, const struct sieve_call *call,
    const struct sieve_address *address);

/* Compares all addresses of a part's fields of these names so.  True: done. */
bool sieve_tests_are_addresses_done(struct sieve_compare *compare, const struct sieve_call *call,
    struct sieve_list names, uint32_t part);

#endif

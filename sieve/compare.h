/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_COMPARE_H
#define SIEVE_COMPARE_H

#include "interp.h"
#include "unicode.h"

/*
 * The match of a test, RFC 5228 2.7 and 5231: its values are given one by
 * one, and compared with every key.
 *
 *	sieve_compare_begin(&compare, in, call, keys);
 *	while (there is a value && !sieve_compare_is_done(&compare, value))
 *		;
 *	return sieve_compare_end(&compare);
 */
struct sieve_compare {
	struct sieve_interp *in;
	enum sieve_match match;
	enum sieve_comparator comparator;
	enum sieve_relation relation;
	struct sieve_list keys;
	struct sieve_text *folded; /* the keys, with i;unicode-casemap; else NULL */
	struct sieve_unicode value; /* likewise */
	uint64_t count; /* of :count */
	bool can_capture; /* matches set ${1}; a test may forbid it (RFC 5173 6) */
	bool is_true;
};

void sieve_compare_begin(struct sieve_compare *compare, struct sieve_interp *in,
    const struct sieve_call *call, struct sieve_list keys);
/* True: the outcome is known, no more values are needed. */
bool sieve_compare_is_done(struct sieve_compare *compare, struct sieve_text value);
bool sieve_compare_end(struct sieve_compare *compare);

#endif

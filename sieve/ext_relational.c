/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* :value and :count, RFC 5231, and the comparator that goes with them. */

#include "check.h"
#include "match.h"

static const struct sieve_tag tags[] = {
	{ "value", SIEVE_GROUP_MATCH, SIEVE_VALUE_STRING, SIEVE_MATCH_VALUE },
	{ "count", SIEVE_GROUP_MATCH, SIEVE_VALUE_STRING, SIEVE_MATCH_COUNT },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_relational = {
	.name = "relational",
	.rfc = "RFC 5231",
	.tags = tags,
};

static const char *const numeric[] = { "i;ascii-numeric", NULL };

const struct sieve_extension sieve_ext_numeric = {
	.name = "comparator-i;ascii-numeric",
	.rfc = "RFC 4790",
	.comparators = numeric,
};

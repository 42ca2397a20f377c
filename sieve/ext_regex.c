/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* :regex and :quoteregex, draft-ietf-sieve-regex: regular expressions.  Knows
 * nothing of how they are matched. */

#include "check.h"
#include "match.h"

static const struct sieve_tag tags[] = {
	{ "regex", SIEVE_GROUP_MATCH, SIEVE_VALUE_NONE, SIEVE_MATCH_REGEX },
	{ "quoteregex", SIEVE_GROUP_QUOTE, SIEVE_VALUE_NONE, SIEVE_QUOTE_REGEX },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_regex = {
	.name = "regex",
	.rfc = "draft-ietf-sieve-regex",
	.tags = tags,
};

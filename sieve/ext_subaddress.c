/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* :user and :detail, RFC 5233. */

#include "check.h"

static const struct sieve_tag tags[] = {
	{ "user", SIEVE_GROUP_PART, SIEVE_VALUE_NONE, SIEVE_PART_USER },
	{ "detail", SIEVE_GROUP_PART, SIEVE_VALUE_NONE, SIEVE_PART_DETAIL },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_subaddress = {
	.name = "subaddress",
	.rfc = "RFC 5233",
	.tags = tags,
};

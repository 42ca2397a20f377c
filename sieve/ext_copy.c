/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* :copy, RFC 3894. */

#include "check.h"

static const struct sieve_tag tags[] = {
	{ "copy", SIEVE_GROUP_COPY, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_copy = {
	.name = "copy",
	.rfc = "RFC 3894",
	.tags = tags,
};

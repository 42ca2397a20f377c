/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Until when a redirected message is to be delivered, RFC 6009 7.  redirect.c
 * reads it. */

#include "redirect.h"

static const struct sieve_tag tags[] = {
	{ "bytimerelative", SIEVE_GROUP_BY_TIME, SIEVE_VALUE_NUMBER, SIEVE_BY_TIME_RELATIVE },
	{ "bytimeabsolute", SIEVE_GROUP_BY_TIME, SIEVE_VALUE_STRING, SIEVE_BY_TIME_ABSOLUTE },
	{ "bymode", SIEVE_GROUP_BY_MODE, SIEVE_VALUE_STRING, 1 },
	{ "bytrace", SIEVE_GROUP_BY_TRACE, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_redirect_deliverby = {
	.name = "redirect-deliverby",
	.rfc = "RFC 6009",
	.tags = tags,
};

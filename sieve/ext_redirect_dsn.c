/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* :notify and :ret of redirect, RFC 6009 6.  redirect.c reads them. */

#include "check.h"

static const struct sieve_tag tags[] = {
	{ "notify", SIEVE_GROUP_DSN_NOTIFY, SIEVE_VALUE_STRING, 1 },
	{ "ret", SIEVE_GROUP_DSN_RET, SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_redirect_dsn = {
	.name = "redirect-dsn",
	.rfc = "RFC 6009",
	.tags = tags,
};

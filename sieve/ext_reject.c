/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* reject and ereject, RFC 5429.  How a message is refused is the host's. */

#include "actions.h"

static void
run_reject(struct sieve_interp *in, const struct sieve_call *call)
{
	sieve_actions_add(in, call, SIEVE_REJECT, sieve_interp_argument(in, call, 0));
}

static void
run_ereject(struct sieve_interp *in, const struct sieve_call *call)
{
	sieve_actions_add(in, call, SIEVE_EREJECT, sieve_interp_argument(in, call, 0));
}

static const struct sieve_word reject[] = {
	{ .name = "reject", .kind = SIEVE_COMMAND, .positional = { SIEVE_VALUE_STRING },
	    .names = { "the reason" }, .run = run_reject },
	{ .name = NULL },
};

static const struct sieve_word ereject[] = {
	{ .name = "ereject", .kind = SIEVE_COMMAND, .positional = { SIEVE_VALUE_STRING },
	    .names = { "the reason" }, .run = run_ereject },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_reject = {
	.name = "reject",
	.rfc = "RFC 5429",
	.words = reject,
};

const struct sieve_extension sieve_ext_ereject = {
	.name = "ereject",
	.rfc = "RFC 5429",
	.words = ereject,
};

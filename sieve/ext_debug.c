/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* debug_log of vnd.dovecot.debug: a line in the user's log. */

#include "check.h"
#include "interp.h"

static void
run_debug_log(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text text = sieve_interp_argument(in, call, 0);
	const struct sieve_host *host = in->host;

	if (host->log != NULL && sieve_interp_can_spend(in, SIEVE_QUESTION_STEPS))
		host->log(host->arg, call->line, sieve_text_cut(text, SIEVE_LOGGED_MAX));
}

static const struct sieve_word words[] = {
	{ .name = "debug_log", .kind = SIEVE_COMMAND, .positional = { SIEVE_VALUE_STRING },
	    .names = { "a text" }, .run = run_debug_log },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_debug = {
	.name = "vnd.dovecot.debug",
	.rfc = "Pigeonhole",
	.words = words,
};

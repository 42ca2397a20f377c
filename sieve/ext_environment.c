/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* environment, RFC 5183, and what Pigeonhole adds to it: items of its own and
 * the namespace `env`.  Knows no item: the host does. */

#include "check.h"
#include "compare.h"

static bool
has_item(struct sieve_interp *in, struct sieve_text name, struct sieve_text *out)
{
	const struct sieve_host *host = in->host;

	return host->environment != NULL && host->environment(host->arg, name, out);
}

static bool
is_environment(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_compare compare;
	struct sieve_text value;

	/* RFC 5183 4: "MUST fail unconditionally if the specified information
	 * item does not exist", with :count too. */
	if (!has_item(in, sieve_interp_argument(in, call, 0), &value))
		return false;
	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	/* "The count [...] is 0 if the environment information returned is the
	 * empty string". */
	if (compare.match == SIEVE_MATCH_COUNT && value.n == 0)
		return sieve_compare_end(&compare);
	(void)sieve_compare_is_done(&compare, value);
	return sieve_compare_end(&compare);
}

static struct sieve_text
read_item(struct sieve_interp *in, struct sieve_text name)
{
	struct sieve_text value;

	return has_item(in, name, &value) ? value : SIEVE_TEXT_EMPTY;
}

static const struct sieve_word words[] = {
	{ .name = "environment", .kind = SIEVE_TEST, .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS },
	    .names = { "an item", "keys" }, .is_true = is_environment },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_environment = {
	.name = "environment",
	.rfc = "RFC 5183",
	.words = words,
};

const struct sieve_extension sieve_ext_vnd_environment = {
	.name = "vnd.dovecot.environment",
	.rfc = "Pigeonhole",
	.space = "env",
	.variable = read_item,
};

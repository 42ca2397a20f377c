/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* mailboxidexists and :mailboxid, RFC 9042. */

#include "check.h"
#include "interp.h"

/* RFC 8474 7: an id has 1 to 255 letters, digits, `_` and `-`; another one
 * nothing has. */
#define ID_MAX 255

static bool
has_ids(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list ids = sieve_interp_list(in, call->arguments[0]);
	const struct sieve_host *host = in->host;
	unsigned i;

	for (i = 0; i < ids.n && sieve_interp_can_spend(in, SIEVE_QUESTION_STEPS); i++)
		if (ids.at[i].text.n == 0 || ids.at[i].text.n > ID_MAX ||
		    host->has_mailbox_id == NULL ||
		    !host->has_mailbox_id(host->arg, ids.at[i].text))
			return false;
	return !in->is_over;
}

static const struct sieve_word words[] = {
	{ .name = "mailboxidexists", .kind = SIEVE_TEST, .positional = { SIEVE_VALUE_STRINGS },
	    .names = { "mailbox ids" }, .is_true = has_ids },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "mailboxid", SIEVE_GROUP_MAILBOX_ID, SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_mailboxid = {
	.name = "mailboxid",
	.rfc = "RFC 9042",
	.words = words,
	.tags = tags,
};

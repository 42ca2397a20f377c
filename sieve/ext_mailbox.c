/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* mailboxexists and :create of mailbox, RFC 5490 3.1 and 3.2. */

#include "actions.h"
#include "check.h"

static bool
has_mailboxes(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = sieve_interp_list(in, call->arguments[0]);
	const struct sieve_host *host = in->host;
	unsigned i;

	for (i = 0; i < names.n && sieve_interp_can_spend(in, SIEVE_QUESTION_STEPS); i++)
		if (sieve_actions_mailbox_fault(names.at[i].text) != NULL ||
		    host->has_mailbox == NULL || !host->has_mailbox(host->arg, names.at[i].text))
			return false;
	return !in->is_over;
}

static const struct sieve_word words[] = {
	{ .name = "mailboxexists", .kind = SIEVE_TEST, .positional = { SIEVE_VALUE_STRINGS },
	    .names = { "folder names" }, .is_true = has_mailboxes },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "create", SIEVE_GROUP_CREATE, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_mailbox = {
	.name = "mailbox",
	.rfc = "RFC 5490",
	.words = words,
	.tags = tags,
};

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* fileinto, RFC 5228 4.1. */

#include "actions.h"
#include "special_use.h"

static void
check_fileinto(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = node->bound.positional[0]->strings;
	const char *fault = sieve_actions_mailbox_fault(name->text);

	if (fault != NULL && !name->has_references)
		sieve_error_add(checker->errors, name->offset, "%s", fault);
	sieve_special_use_check(checker, node);
}

static void
run_fileinto(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text name = sieve_interp_text(in, &call->arguments[0].at[0]);
	const char *fault = sieve_actions_mailbox_fault(name);

	/* RFC 8579 4: "in the same way as an invalid mailbox name is handled". */
	if (fault == NULL && sieve_call_has(call, SIEVE_GROUP_SPECIAL_USE))
		fault = sieve_special_use_fault(
		    sieve_interp_tagged(in, call, SIEVE_GROUP_SPECIAL_USE));
	if (fault != NULL)
		sieve_interp_fail(in, "%s", fault);
	else
		sieve_actions_add(in, call, SIEVE_FILEINTO, name);
}

static const struct sieve_word words[] = {
	{ .name = "fileinto", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_FILEINTO,
	    .groups = SIEVE_GROUP_BIT(FLAGS) | SIEVE_GROUP_BIT(COPY) | SIEVE_GROUP_BIT(CREATE) |
		SIEVE_GROUP_BIT(SPECIAL_USE) | SIEVE_GROUP_BIT(MAILBOX_ID),
	    .positional = { SIEVE_VALUE_STRING }, .names = { "a folder name" },
	    .check = check_fileinto, .run = run_fileinto },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_fileinto = {
	.name = "fileinto",
	.rfc = "RFC 5228",
	.words = words,
};

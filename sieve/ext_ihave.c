/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* ihave and error, RFC 5463. */

#include "check.h"
#include "interp.h"

static void
check_ihave(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *string = node->bound.positional[0]->strings;
	int index;

	for (; string != NULL; string = string->next) {
		if (string->has_references)
			sieve_error_add(checker->errors, string->offset,
			    "the extensions of `ihave` must be constant strings");
		index = sieve_registry_find(string->text);
		if (index == -1 || !sieve_check_is_there(checker->profile, index))
			checker->is_lenient = true;
	}
}

/* RFC 5463 4: all of them, or none is enabled. */
static bool
is_there(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = call->arguments[0];
	sieve_set found = 0;
	unsigned i;
	int index;

	for (i = 0; i < names.n && sieve_interp_can_spend(in, 1); i++) {
		index = sieve_registry_find(names.at[i].text);
		if (index == -1 || (in->frame->unit->available & SIEVE_SET_BIT(index)) == 0)
			return false;
		found |= sieve_registry_set(index);
	}
	in->frame->enabled |= found;
	return true;
}

static void
run_error(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text reason = sieve_interp_text(in, &call->arguments[0].at[0]);

	sieve_interp_fail(in, "%.*s", SIEVE_TEXT_ARG(sieve_text_cut(reason, SIEVE_REASON_MAX)));
	if (reason.n == 0)
		sieve_interp_fail(in, "`error` was reached");
}

static const struct sieve_word words[] = {
	{ .name = "ihave", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_IHAVE,
	    .positional = { SIEVE_VALUE_STRINGS }, .names = { "the extensions" },
	    .check = check_ihave, .is_true = is_there },
	{ .name = "error", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_ERROR,
	    .positional = { SIEVE_VALUE_STRING }, .names = { "the reason" }, .run = run_error },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_ihave = {
	.name = "ihave",
	.rfc = "RFC 5463",
	.words = words,
};

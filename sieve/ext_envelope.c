/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The envelope test, RFC 5228 5.4. */

#include "check.h"
#include "tests.h"

static void
check_envelope(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *part = node->bound.positional[0]->strings;

	for (; part != NULL; part = part->next)
		if (!part->has_references && !sieve_text_is(part->text, "from") &&
		    !sieve_text_is(part->text, "to"))
			sieve_error_add(checker->errors, part->offset,
			    "unknown envelope part \"%.*s\": expected \"from\" or \"to\"",
			    SIEVE_TEXT_ARG(part->text));
}

static bool
is_envelope(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list parts = sieve_interp_list(in, call->arguments[0]);
	struct sieve_compare compare;
	struct sieve_address address;
	enum sieve_envelope part;
	unsigned i;

	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	for (i = 0; i < parts.n && sieve_interp_can_spend(in, 1); i++) {
		part = sieve_text_is(parts.at[i].text, "from") ? SIEVE_ENVELOPE_FROM
							       : SIEVE_ENVELOPE_TO;
		/* Possible with variables: what is checked at once otherwise. */
		if (part == SIEVE_ENVELOPE_TO && !sieve_text_is(parts.at[i].text, "to")) {
			sieve_interp_fail(in, "unknown envelope part \"%.*s\"",
			    SIEVE_TEXT_ARG(sieve_text_cut(parts.at[i].text, SIEVE_RULE_MAX)));
			return false;
		}
		address = in->host->envelope(in->host->arg, part);
		if (sieve_tests_is_done(&compare, call, &address))
			return compare.is_true;
	}
	return sieve_compare_end(&compare);
}

static const struct sieve_word words[] = {
	{ .name = "envelope", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_ENVELOPE,
	    .groups = SIEVE_GROUPS_MATCH | SIEVE_GROUP_BIT(PART),
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "envelope parts", "keys" }, .check = check_envelope,
	    .is_true = is_envelope },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_envelope = {
	.name = "envelope",
	.rfc = "RFC 5228",
	.words = words,
};

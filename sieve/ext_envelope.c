/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The envelope test, RFC 5228 5.4. */

#include "check.h"

static void
check_envelope(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *part = node->bound.positional[0]->strings;

	for (; part != NULL; part = part->next)
		if (!sieve_text_is(part->text, "from") && !sieve_text_is(part->text, "to"))
			sieve_error_add(checker->errors, part->offset,
			    "unknown envelope part \"%.*s\": expected \"from\" or \"to\"",
			    SIEVE_TEXT_ARG(part->text));
}

static const struct sieve_word words[] = {
	{ .name = "envelope", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_ENVELOPE,
	    .groups = SIEVE_GROUPS_MATCH | SIEVE_GROUP_BIT(PART),
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "envelope parts", "keys" }, .check = check_envelope },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_envelope = {
	.name = "envelope",
	.rfc = "RFC 5228",
	.words = words,
};

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The envelope test, RFC 5228 5.4. */

#include "check.h"
#include "tests.h"

static const struct {
	const char *name;
	enum sieve_envelope part;
} parts[] = {
	{ "from", SIEVE_ENVELOPE_FROM },
	{ "to", SIEVE_ENVELOPE_TO },
	{ "auth", SIEVE_ENVELOPE_AUTH },
	{ "orcpt", SIEVE_ENVELOPE_ORCPT },
};

#define PART_COUNT (sizeof parts / sizeof parts[0])

/* PART_COUNT: no such part. */
static size_t
find_part(struct sieve_text name)
{
	size_t i = 0;

	while (i < PART_COUNT && !sieve_text_is(name, parts[i].name))
		i++;
	return i;
}

static void
check_envelope(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *string = node->bound.positional[0]->strings;

	for (; string != NULL; string = string->next)
		if (!string->has_references && find_part(string->text) == PART_COUNT)
			sieve_error_add(checker->errors, string->offset,
			    "unknown envelope part \"%.*s\": expected \"from\", \"to\", "
			    "\"auth\" or \"orcpt\"", SIEVE_TEXT_ARG(string->text));
}

static bool
is_part_done(struct sieve_compare *compare, const struct sieve_call *call,
    enum sieve_envelope part)
{
	const struct sieve_host *host = compare->in->host;
	struct sieve_address address;

	if (host->envelope == NULL || !host->envelope(host->arg, part, &address))
		return false;
	/* RFC 5231 4.2: "will be 0 if the MAIL FROM is empty". */
	if (compare->match == SIEVE_MATCH_COUNT && address.all.n == 0)
		return false;
	return sieve_tests_is_done(compare, call, &address);
}

static bool
is_envelope(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = sieve_interp_list(in, call->arguments[0]);
	struct sieve_compare compare;
	unsigned i;
	size_t at;

	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	for (i = 0; i < names.n && sieve_interp_can_spend(in, 1); i++) {
		at = find_part(names.at[i].text);
		/* Possible with variables: what is checked at once otherwise. */
		if (at == PART_COUNT) {
			sieve_interp_fail(in, "unknown envelope part \"%.*s\"",
			    SIEVE_TEXT_ARG(sieve_text_cut(names.at[i].text, SIEVE_RULE_MAX)));
			return false;
		}
		if (is_part_done(&compare, call, parts[at].part))
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

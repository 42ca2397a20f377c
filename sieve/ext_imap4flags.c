/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* IMAP flags, RFC 5232, without the named variables of its section 2. */

#include "check.h"

/* Two arguments mean a variable's name in front; RFC 5232 2. */
static void
check_variable(struct sieve_checker *checker, const struct sieve_node *node)
{
	if (node->bound.positional[0] != NULL)
		sieve_error_add(checker->errors, node->bound.positional[0]->offset,
		    "`%s` with a variable needs the extension \"variables\", which is not "
		    "available yet", node->word->name);
}

#define FLAG_COMMAND(word, meant) \
	{ .name = word, .kind = SIEVE_COMMAND, .meaning = meant, \
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS }, \
	    .names = { "a variable", "flags" }, .optional = 1, .check = check_variable }

static const struct sieve_word words[] = {
	FLAG_COMMAND("setflag", SIEVE_MEANS_SETFLAG),
	FLAG_COMMAND("addflag", SIEVE_MEANS_ADDFLAG),
	FLAG_COMMAND("removeflag", SIEVE_MEANS_REMOVEFLAG),
	{ .name = "hasflag", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_HASFLAG,
	    .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "variables", "flags" }, .optional = 1, .check = check_variable },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "flags", SIEVE_GROUP_FLAGS, SIEVE_VALUE_STRINGS },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_imap4flags = {
	.name = "imap4flags",
	.rfc = "RFC 5232",
	.words = words,
	.tags = tags,
};

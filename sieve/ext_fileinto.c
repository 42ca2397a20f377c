/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* fileinto, RFC 5228 4.1. */

#include "check.h"

/* The store has the last word about names; what no store can have is said at
 * once. */
static void
check_fileinto(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = node->bound.positional[0]->strings;
	size_t i;

	if (name->text.n == 0)
		sieve_error_add(checker->errors, name->offset, "a folder must have a name");
	for (i = 0; i < name->text.n; i++) {
		if ((unsigned char)name->text.p[i] >= ' ' && name->text.p[i] != 0x7f)
			continue;
		sieve_error_add(checker->errors, name->offset,
		    "a folder name may not hold control characters");
		return;
	}
}

static const struct sieve_word words[] = {
	{ .name = "fileinto", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_FILEINTO,
	    .groups = SIEVE_GROUP_BIT(FLAGS),
	    .positional = { SIEVE_VALUE_STRING }, .names = { "a folder name" },
	    .check = check_fileinto },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_fileinto = {
	.name = "fileinto",
	.rfc = "RFC 5228",
	.words = words,
};

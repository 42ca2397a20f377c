/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The base language, RFC 5228. */

#include "check.h"

static void
check_require(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *string = node->bound.positional[0]->strings;
	const struct sieve_future *future;
	const char *near;
	int i;

	/* RFC 5228 3.2 */
	if (checker->is_past_require)
		sieve_error_add(checker->errors, node->offset,
		    "`require` must stand before every other command");
	for (; string != NULL; string = string->next) {
		i = sieve_registry_find(string->text);
		if (i != -1) {
			checker->has[i] = true;
			continue;
		}
		future = sieve_registry_future(string->text);
		near = sieve_registry_near_extension(string->text);
		if (future != NULL)
			sieve_error_add(checker->errors, string->offset,
			    "extension \"%s\" (%s) is not available yet", future->extension,
			    future->rfc);
		else if (near != NULL)
			sieve_error_add(checker->errors, string->offset,
			    "unknown extension \"%.*s\"; did you mean \"%s\"?",
			    SIEVE_TEXT_ARG(string->text), near);
		else
			sieve_error_add(checker->errors, string->offset,
			    "unknown extension \"%.*s\"", SIEVE_TEXT_ARG(string->text));
	}
}

/* RFC 5228 3.1: elsif and else follow an if or elsif. */
static void
check_else(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_node *before = node->before;
	enum sieve_meaning meaning =
	    before == NULL || before->word == NULL ? SIEVE_MEANS_NOTHING : before->word->meaning;

	if (before != NULL && (before->word == NULL || before->is_broken))
		return;
	if (meaning != SIEVE_MEANS_IF && meaning != SIEVE_MEANS_ELSIF)
		sieve_error_add(checker->errors, node->offset,
		    "`%s` must follow the block of an `if` or `elsif`", node->word->name);
}

static const struct sieve_word words[] = {
	{ .name = "require", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_REQUIRE,
	    .positional = { SIEVE_VALUE_STRINGS }, .names = { "the extensions" },
	    .check = check_require },
	{ .name = "if", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_IF,
	    .tests = SIEVE_TESTS_ONE, .has_block = true },
	{ .name = "elsif", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_ELSIF,
	    .tests = SIEVE_TESTS_ONE, .has_block = true, .check = check_else },
	{ .name = "else", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_ELSE,
	    .has_block = true, .check = check_else },
	{ .name = "stop", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_STOP },
	{ .name = "keep", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_KEEP,
	    .groups = SIEVE_GROUP_BIT(FLAGS) },
	{ .name = "discard", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_DISCARD },
	{ .name = "redirect", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_REDIRECT,
	    .positional = { SIEVE_VALUE_STRING }, .names = { "an address" } },
	{ .name = "allof", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_ALLOF,
	    .tests = SIEVE_TESTS_LIST },
	{ .name = "anyof", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_ANYOF,
	    .tests = SIEVE_TESTS_LIST },
	{ .name = "not", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_NOT,
	    .tests = SIEVE_TESTS_ONE },
	{ .name = "true", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_TRUE },
	{ .name = "false", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_FALSE },
	{ .name = "header", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_HEADER,
	    .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "header names", "keys" } },
	{ .name = "address", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_ADDRESS,
	    .groups = SIEVE_GROUPS_MATCH | SIEVE_GROUP_BIT(PART),
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "header names", "keys" } },
	{ .name = "exists", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_EXISTS,
	    .positional = { SIEVE_VALUE_STRINGS }, .names = { "header names" } },
	{ .name = "size", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_SIZE,
	    .groups = SIEVE_GROUP_BIT(SIZE), .needed = SIEVE_GROUP_BIT(SIZE) },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "comparator", SIEVE_GROUP_COMPARATOR, SIEVE_VALUE_STRING },
	{ "is", SIEVE_GROUP_MATCH, SIEVE_VALUE_NONE },
	{ "contains", SIEVE_GROUP_MATCH, SIEVE_VALUE_NONE },
	{ "matches", SIEVE_GROUP_MATCH, SIEVE_VALUE_NONE },
	{ "all", SIEVE_GROUP_PART, SIEVE_VALUE_NONE },
	{ "localpart", SIEVE_GROUP_PART, SIEVE_VALUE_NONE },
	{ "domain", SIEVE_GROUP_PART, SIEVE_VALUE_NONE },
	{ "over", SIEVE_GROUP_SIZE, SIEVE_VALUE_NUMBER },
	{ "under", SIEVE_GROUP_SIZE, SIEVE_VALUE_NUMBER },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_core = {
	.rfc = "RFC 5228",
	.words = words,
	.tags = tags,
	.is_preloaded = true,
};

static const char *const casemap[] = { "i;ascii-casemap", NULL };
static const char *const octet[] = { "i;octet", NULL };

/* RFC 5228 2.7.3: these two need no require, but may have one. */
const struct sieve_extension sieve_ext_casemap = {
	.name = "comparator-i;ascii-casemap",
	.rfc = "RFC 4790",
	.comparators = casemap,
	.is_preloaded = true,
};

const struct sieve_extension sieve_ext_octet = {
	.name = "comparator-i;octet",
	.rfc = "RFC 4790",
	.comparators = octet,
	.is_preloaded = true,
};

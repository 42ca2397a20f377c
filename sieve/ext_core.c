/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The base language, RFC 5228. */

#include "actions.h"
#include "check.h"
#include "mime.h"
#include "redirect.h"
#include "tests.h"

static void
set_required(struct sieve_checker *checker, sieve_set set)
{
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++)
		if ((set & SIEVE_SET_BIT(i)) != 0)
			checker->has[i] = true;
}

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
		if (i != -1 && !sieve_check_is_there(checker->profile, i)) {
			sieve_check_complain_absent(checker, string->offset, i, "extension \"%s\"",
			    sieve_registry[i]->name);
			continue;
		}
		if (i != -1) {
			set_required(checker, sieve_registry_set(i));
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

static void
run_keep(struct sieve_interp *in, const struct sieve_call *call)
{
	sieve_actions_add(in, call, SIEVE_KEEP, SIEVE_TEXT_EMPTY);
}

static void
run_discard(struct sieve_interp *in, const struct sieve_call *call)
{
	sieve_actions_add(in, call, SIEVE_DISCARD, SIEVE_TEXT_EMPTY);
}

static bool
is_always(struct sieve_interp *in, const struct sieve_call *call)
{
	(void)in;
	return call->word->meaning == SIEVE_MEANS_TRUE;
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
	    .groups = SIEVE_GROUP_BIT(FLAGS), .run = run_keep },
	{ .name = "discard", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_DISCARD,
	    .run = run_discard },
	{ .name = "redirect", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_REDIRECT,
	    .groups = SIEVE_REDIRECT_GROUPS, .positional = { SIEVE_VALUE_STRING },
	    .names = { "an address" }, .check = sieve_redirect_check,
	    .run = sieve_redirect_run },
	{ .name = "allof", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_ALLOF,
	    .tests = SIEVE_TESTS_LIST },
	{ .name = "anyof", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_ANYOF,
	    .tests = SIEVE_TESTS_LIST },
	{ .name = "not", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_NOT,
	    .tests = SIEVE_TESTS_ONE },
	{ .name = "true", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_TRUE,
	    .is_true = is_always },
	{ .name = "false", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_FALSE,
	    .is_true = is_always },
	{ .name = "header", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_HEADER,
	    .groups = SIEVE_GROUPS_MATCH | SIEVE_GROUPS_INDEX | SIEVE_GROUPS_MIME |
		SIEVE_GROUP_BIT(MIME_PART),
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "header names", "keys" }, .check = sieve_mime_check,
	    .is_true = sieve_tests_header },
	{ .name = "address", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_ADDRESS,
	    .groups = SIEVE_GROUPS_MATCH | SIEVE_GROUP_BIT(PART) | SIEVE_GROUPS_INDEX |
		SIEVE_GROUPS_MIME,
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "header names", "keys" }, .check = sieve_mime_check,
	    .is_true = sieve_tests_address },
	{ .name = "exists", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_EXISTS,
	    .groups = SIEVE_GROUPS_MIME,
	    .positional = { SIEVE_VALUE_STRINGS }, .names = { "header names" },
	    .check = sieve_mime_check, .is_true = sieve_tests_exists },
	{ .name = "size", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_SIZE,
	    .groups = SIEVE_GROUP_BIT(SIZE), .needed = SIEVE_GROUP_BIT(SIZE),
	    .is_true = sieve_tests_size },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "comparator", SIEVE_GROUP_COMPARATOR, SIEVE_VALUE_STRING, 0 },
	{ "is", SIEVE_GROUP_MATCH, SIEVE_VALUE_NONE, SIEVE_MATCH_IS },
	{ "contains", SIEVE_GROUP_MATCH, SIEVE_VALUE_NONE, SIEVE_MATCH_CONTAINS },
	{ "matches", SIEVE_GROUP_MATCH, SIEVE_VALUE_NONE, SIEVE_MATCH_MATCHES },
	{ "all", SIEVE_GROUP_PART, SIEVE_VALUE_NONE, SIEVE_PART_ALL },
	{ "localpart", SIEVE_GROUP_PART, SIEVE_VALUE_NONE, SIEVE_PART_LOCAL },
	{ "domain", SIEVE_GROUP_PART, SIEVE_VALUE_NONE, SIEVE_PART_DOMAIN },
	{ "over", SIEVE_GROUP_SIZE, SIEVE_VALUE_NUMBER, SIEVE_SIZE_OVER },
	{ "under", SIEVE_GROUP_SIZE, SIEVE_VALUE_NUMBER, SIEVE_SIZE_UNDER },
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

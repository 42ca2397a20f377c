/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Warnings about a script that could be run.  Refuses nothing. */

#include "warn.h"

#include <string.h>

#include "reference.h"

/* ---- what is always so ---- */

enum truth { UNKNOWN, ALWAYS, NEVER };

static enum sieve_meaning
meaning_of(const struct sieve_node *node)
{
	return node == NULL || node->word == NULL ? SIEVE_MEANS_NOTHING : node->word->meaning;
}

static enum truth find_truth_of_list(const struct sieve_node *test, enum truth deciding);

static enum truth
find_truth(const struct sieve_node *test)
{
	enum truth inner;

	switch (meaning_of(test)) {
	case SIEVE_MEANS_TRUE:
		return ALWAYS;
	case SIEVE_MEANS_FALSE:
		return NEVER;
	case SIEVE_MEANS_NOT:
		inner = find_truth(test->tests);
		return inner == UNKNOWN ? UNKNOWN : inner == ALWAYS ? NEVER : ALWAYS;
	case SIEVE_MEANS_ALLOF:
		return find_truth_of_list(test->tests, NEVER);
	case SIEVE_MEANS_ANYOF:
		return find_truth_of_list(test->tests, ALWAYS);
	default:
		return UNKNOWN;
	}
}

/* Of allof and anyof: one test that is `deciding` decides; else all must be known. */
static enum truth
find_truth_of_list(const struct sieve_node *test, enum truth deciding)
{
	enum truth truth, all = deciding == ALWAYS ? NEVER : ALWAYS;

	for (; test != NULL; test = test->next) {
		truth = find_truth(test);
		if (truth == deciding)
			return deciding;
		if (truth == UNKNOWN)
			all = UNKNOWN;
	}
	return all;
}

/* ---- what is never reached ---- */

static bool
is_branch(const struct sieve_node *node)
{
	return meaning_of(node) == SIEVE_MEANS_ELSIF || meaning_of(node) == SIEVE_MEANS_ELSE;
}

static const struct sieve_node *find_end(const struct sieve_node *node);

/* The command that surely ends what follows an `if` and its branches; NULL:
 * there may be a way through. */
static const struct sieve_node *
find_end_of_if(const struct sieve_node *node)
{
	const struct sieve_node *end = NULL;
	enum truth truth;

	for (;; node = node->next) {
		truth = node->tests == NULL ? ALWAYS : find_truth(node->tests);
		if (truth != NEVER) {
			end = find_end(node->block);
			if (end == NULL || truth == ALWAYS)
				return end;
		}
		if (!is_branch(node->next))
			return NULL;
	}
}

/* Of a row of commands, the first one behind which nothing is reached. */
static const struct sieve_node *
find_end_at(const struct sieve_node *node)
{
	switch (meaning_of(node)) {
	case SIEVE_MEANS_STOP:
	case SIEVE_MEANS_RETURN:
	case SIEVE_MEANS_ERROR:
		return node;
	case SIEVE_MEANS_IF:
		return find_end_of_if(node);
	default:
		return node->word != NULL && strcmp(node->word->name, "break") == 0 ? node : NULL;
	}
}

static const struct sieve_node *
find_end(const struct sieve_node *node)
{
	const struct sieve_node *end = NULL;

	for (; node != NULL && end == NULL; node = node->next)
		end = is_branch(node) ? NULL : find_end_at(node);
	return end;
}

static void
warn_of_branch(struct sieve_errors *errors, const struct sieve_node *node,
    const struct sieve_node **taken)
{
	enum truth truth = node->tests == NULL ? UNKNOWN : find_truth(node->tests);

	if (*taken != NULL)
		sieve_error_warn(errors, node->offset,
		    "`%s` is never reached: the test in line %u is always true", node->word->name,
		    (*taken)->line);
	else if (truth == NEVER)
		sieve_error_warn(errors, node->offset,
		    "the block of this `%s` is never reached: its test is always false",
		    node->word->name);
	else if (truth == ALWAYS)
		*taken = node;
}

static void
warn_of_dead(struct sieve_errors *errors, const struct sieve_node *node)
{
	const struct sieve_node *end = NULL, *taken = NULL;

	for (; node != NULL; node = node->next) {
		if (!is_branch(node))
			taken = NULL;
		if (end != NULL && !is_branch(node)) {
			sieve_error_warn(errors, node->offset,
			    "`%s` is never reached: `%s` in line %u goes no further",
			    node->word == NULL ? "this" : node->word->name, end->word->name,
			    end->line);
			return;
		}
		if (meaning_of(node) == SIEVE_MEANS_IF || is_branch(node))
			warn_of_branch(errors, node, &taken);
		warn_of_dead(errors, node->block);
		if (!is_branch(node))
			end = find_end_at(node);
	}
}

/* ---- what is not used ---- */

struct usage {
	sieve_set used;
	bool is_unsure; /* a command or test that nobody here knows may use anything */
};

static void
use(struct usage *usage, int extension)
{
	if (extension != -1)
		usage->used |= SIEVE_SET_BIT(extension);
}

static void
use_string(struct usage *usage, struct sieve_text text)
{
	struct sieve_reference reference;
	struct sieve_text space;
	size_t at = 0;

	use(usage, sieve_registry_find(sieve_text_of("variables")));
	while (sieve_reference_find(text, at, &reference)) {
		at = reference.end;
		space = (struct sieve_text){ reference.name.p, 0 };
		while (space.n < reference.name.n && space.p[space.n] != '.')
			space.n++;
		if (reference.has_namespace)
			/* RFC 6609 3.4.2: `global` is of include. */
			use(usage, sieve_text_is(space, "global")
				? sieve_registry_find(sieve_text_of("include"))
				: sieve_registry_space(space));
	}
}

static void
use_arguments(struct usage *usage, const struct sieve_node *node)
{
	const struct sieve_argument *argument = node->arguments;
	const struct sieve_string *string;
	int extension;

	for (; argument != NULL; argument = argument->next) {
		if (argument->kind == SIEVE_ARGUMENT_TAG &&
		    sieve_registry_tag(node->word, argument->tag, &extension) != NULL)
			use(usage, extension);
		for (string = argument->strings; string != NULL; string = string->next)
			if (string->has_references)
				use_string(usage, string->text);
	}
	argument = node->bound.values[SIEVE_GROUP_COMPARATOR];
	if (argument != NULL)
		use(usage, sieve_registry_comparator(sieve_check_string(argument)));
}

/* Nests as deep as the parser lets blocks and tests nest. */
static void
use_nodes(struct usage *usage, const struct sieve_node *node)
{
	int extension;

	for (; node != NULL; node = node->next) {
		if (node->word == NULL || node->fault.n > 0) {
			usage->is_unsure = true;
			continue;
		}
		if (sieve_registry_word(node->name, node->word->kind, &extension) != NULL)
			use(usage, extension);
		use_arguments(usage, node);
		use_nodes(usage, node->tests);
		use_nodes(usage, node->block);
	}
}

/* Whether it can be seen in a tree that it is used: it brings no more than what
 * is looked for above. */
static bool
is_visible(const struct sieve_extension *extension)
{
	return !extension->is_preloaded && (extension->words != NULL ||
	    extension->tags != NULL || extension->comparators != NULL);
}

/* RFC 6009: :zone is not all of envelope-deliverby. */
static bool
is_envelope(const struct sieve_extension *extension)
{
	return strncmp(extension->name, "envelope-", 9) == 0;
}

static void
warn_of_require(struct sieve_errors *errors, const struct usage *usage,
    const struct sieve_string *name)
{
	int i = sieve_registry_find(name->text);

	if (i == -1 || !is_visible(sieve_registry[i]) || is_envelope(sieve_registry[i]))
		return;
	if ((sieve_registry_set(i) & usage->used) == 0)
		sieve_error_warn(errors, name->offset, "extension \"%s\" is required but not used",
		    sieve_registry[i]->name);
}

static void
warn_of_unused(struct sieve_errors *errors, const struct sieve_node *node)
{
	struct usage usage = { .used = 0 };
	const struct sieve_string *name;

	use_nodes(&usage, node);
	for (; node != NULL && !usage.is_unsure; node = node->next)
		if (meaning_of(node) == SIEVE_MEANS_REQUIRE)
			for (name = node->bound.positional[0]->strings; name != NULL;
			    name = name->next)
				warn_of_require(errors, &usage, name);
}

/* ---- what can hold no address ---- */

/* Fields of RFC 5322 and 2045 whose form has no address in it; those that
 * nobody here knows may hold some. */
static const char *const plain_fields[] = { "subject", "date", "comments", "keywords",
	"message-id", "in-reply-to", "references", "mime-version", "content-type",
	"content-transfer-encoding", "content-disposition", "content-id",
	"content-description", "resent-date", "resent-message-id" };

/* RFC 5228 5.1: the test is restricted "to headers that contain addresses". */
static void
warn_of_field(struct sieve_errors *errors, const struct sieve_string *name)
{
	size_t i;

	for (i = 0; i < sizeof plain_fields / sizeof plain_fields[0]; i++)
		if (sieve_text_is(name->text, plain_fields[i]))
			sieve_error_warn(errors, name->offset,
			    "field \"%.*s\" holds no addresses: use the test `header`",
			    SIEVE_TEXT_ARG(name->text));
}

static void
warn_of_addresses(struct sieve_errors *errors, const struct sieve_node *node)
{
	const struct sieve_argument *names;
	const struct sieve_string *name;

	for (; node != NULL; node = node->next) {
		names = meaning_of(node) == SIEVE_MEANS_ADDRESS ? node->bound.positional[0] : NULL;
		for (name = names == NULL ? NULL : names->strings; name != NULL; name = name->next)
			if (!name->has_references)
				warn_of_field(errors, name);
		warn_of_addresses(errors, node->tests);
		warn_of_addresses(errors, node->block);
	}
}

void
sieve_warn(const struct sieve_tree *tree, struct sieve_errors *errors)
{
	warn_of_dead(errors, tree->commands);
	warn_of_addresses(errors, tree->commands);
	warn_of_unused(errors, tree->commands);
}

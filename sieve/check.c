/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Tree against registry: names, arguments, blocks, tests.  Knows no word by
 * itself but the match types, whose rules cross extensions. */

#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lists.h"

static void check_commands(struct sieve_checker *checker, struct sieve_node *node);

bool
sieve_check_has(const struct sieve_checker *checker, const struct sieve_extension *extension)
{
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++)
		if (sieve_registry[i] == extension)
			return checker->has[i] || extension->is_preloaded;
	return false;
}

struct sieve_text
sieve_check_string(const struct sieve_argument *argument)
{
	return argument->strings->text;
}

static bool
is_named(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool
has_engine(const struct sieve_profile *profile, const char *name)
{
	if (strcmp(name, "vnd.dovecot.testsuite") == 0 && !profile->has_testsuite)
		return false;
	if (profile->only != NULL && !is_named(profile->only, name))
		return false;
	return !is_named(profile->missing, name);
}

static bool
is_allowed(const struct sieve_profile *profile, int index)
{
	return (profile->forbidden & SIEVE_SET_BIT(index)) == 0 &&
	    (profile->is_global || (profile->global_only & SIEVE_SET_BIT(index)) == 0);
}

bool
sieve_check_is_there(const struct sieve_profile *profile, int index)
{
	const char *name = sieve_registry[index]->name;

	return name == NULL || (has_engine(profile, name) && is_allowed(profile, index));
}

void
sieve_check_complain_absent(const struct sieve_checker *checker, size_t offset, int index,
    const char *what, ...)
{
	const struct sieve_profile *profile = checker->profile;
	char said[128];
	va_list ap;

	va_start(ap, what);
	vsnprintf(said, sizeof said, what, ap);
	va_end(ap);
	if (!has_engine(profile, sieve_registry[index]->name))
		sieve_error_add(checker->errors, offset,
		    "%s (%s) is not available with the engine \"%s\"", said,
		    sieve_registry[index]->rfc, profile->engine);
	else
		sieve_error_add(checker->errors, offset, "%s (%s) is %s", said,
		    sieve_registry[index]->rfc,
		    (profile->forbidden & SIEVE_SET_BIT(index)) != 0
			? "not allowed at this site"
			: "only allowed to scripts of the site itself");
}

static const char *
find_refusal(const struct sieve_checker *checker, const char *name)
{
	const struct sieve_refusal *refusal = checker->profile->refusals;

	for (; refusal != NULL && refusal->name != NULL; refusal++)
		if (strcmp(refusal->name, name) == 0)
			return refusal->reason;
	return NULL;
}

/* A word may be used before its require is seen; each extension is asked for
 * once only: the first use tells, the rest would be noise. */
static void
need_extension(struct sieve_checker *checker, struct sieve_node *node, int index, size_t offset,
    const char *sign, const char *name)
{
	const struct sieve_extension *extension = sieve_registry[index];

	if (sieve_check_has(checker, extension))
		return;
	if (!sieve_check_is_there(checker->profile, index)) {
		sieve_check_complain_absent(checker, offset, index, "`%s%s`", sign, name);
		return;
	}
	/* RFC 5463 4, 2: then it is decided at run time. */
	if (extension->read == NULL && sieve_check_has(checker, &sieve_ext_ihave)) {
		node->needs |= SIEVE_SET_BIT(index);
		return;
	}
	sieve_error_add(checker->errors, offset, "`%s%s` needs require \"%s\" at the top of the script",
	    sign, name, extension->name);
	checker->has[index] = true;
}

static void
complain_unknown(struct sieve_checker *checker, const struct sieve_node *node,
    enum sieve_word_kind kind)
{
	const struct sieve_future *future = sieve_registry_future_word(node->name);
	const char *near = sieve_registry_near_word(node->name, kind);
	const char *noun = kind == SIEVE_COMMAND ? "command" : "test";
	enum sieve_word_kind other = kind == SIEVE_COMMAND ? SIEVE_TEST : SIEVE_COMMAND;
	int ignored;

	if (future != NULL)
		sieve_error_add(checker->errors, node->offset,
		    "`%.*s` (%s) is not available yet", SIEVE_TEXT_ARG(node->name), future->rfc);
	else if (sieve_registry_word(node->name, other, &ignored) != NULL)
		sieve_error_add(checker->errors, node->offset, "`%.*s` is no %s but a %s",
		    SIEVE_TEXT_ARG(node->name), noun, other == SIEVE_TEST ? "test" : "command");
	else if (near != NULL)
		sieve_error_add(checker->errors, node->offset,
		    "unknown %s `%.*s`; did you mean `%s`?", noun, SIEVE_TEXT_ARG(node->name), near);
	else
		sieve_error_add(checker->errors, node->offset, "unknown %s `%.*s`", noun,
		    SIEVE_TEXT_ARG(node->name));
}

static const char *
describe_value(enum sieve_value value)
{
	static const char *const names[] = {
		[SIEVE_VALUE_NONE] = "nothing",
		[SIEVE_VALUE_NUMBER] = "a number",
		[SIEVE_VALUE_STRING] = "a string",
		[SIEVE_VALUE_STRINGS] = "a string or a list of strings",
		[SIEVE_VALUE_VARIABLE] = "the name of a variable",
	};

	return names[value];
}

static const char *
describe_argument(const struct sieve_argument *argument)
{
	if (argument->kind == SIEVE_ARGUMENT_NUMBER)
		return "a number";
	if (argument->kind == SIEVE_ARGUMENT_TAG)
		return "a tag";
	return argument->is_list ? "a list" : "a string";
}

static bool
is_value(const struct sieve_argument *argument, enum sieve_value value)
{
	if (value == SIEVE_VALUE_NUMBER)
		return argument->kind == SIEVE_ARGUMENT_NUMBER;
	if (argument->kind != SIEVE_ARGUMENT_STRINGS)
		return false;
	return value == SIEVE_VALUE_STRINGS || !argument->is_list;
}

static void
complain_tag(struct sieve_checker *checker, const struct sieve_node *node,
    const struct sieve_argument *argument)
{
	const struct sieve_future *future = sieve_registry_future_tag(argument->tag);
	const char *near = sieve_registry_near_tag(node->word, argument->tag);

	if (future != NULL)
		sieve_error_add(checker->errors, argument->offset,
		    "`:%.*s` (%s) is not available yet", SIEVE_TEXT_ARG(argument->tag),
		    future->rfc);
	else if (near != NULL && !sieve_text_is(argument->tag, near))
		sieve_error_add(checker->errors, argument->offset,
		    "unknown tag `:%.*s`; did you mean `:%s`?", SIEVE_TEXT_ARG(argument->tag),
		    near);
	else
		sieve_error_add(checker->errors, argument->offset, "`%s` takes no `:%.*s`",
		    node->word->name, SIEVE_TEXT_ARG(argument->tag));
}

/* Most nodes have no tag: room for one of each group is made with the first. */
static bool
can_put_tag(struct sieve_checker *checker, struct sieve_node *node, const struct sieve_tag *tag)
{
	const struct sieve_tag **tags = (const struct sieve_tag **)(uintptr_t)node->bound.tags;
	void **room;

	if (!node->bound.has_room) {
		room = sieve_arena_get(checker->errors->arena, 2 * SIEVE_GROUP_COUNT * sizeof *room);
		if (room == NULL)
			return false;
		tags = (const struct sieve_tag **)room;
		node->bound.tags = tags;
		node->bound.values =
		    (const struct sieve_argument *const *)(room + SIEVE_GROUP_COUNT);
		node->bound.has_room = true;
	}
	tags[tag->group] = tag;
	return true;
}

/* RFC 5228 2.6.2: of a kind, one tag. */
static const struct sieve_argument *
bind_tag(struct sieve_checker *checker, struct sieve_node *node,
    const struct sieve_argument *argument)
{
	int extension;
	const struct sieve_tag *tag = sieve_registry_tag(node->word, argument->tag, &extension);

	if (tag == NULL) {
		complain_tag(checker, node, argument);
		return argument->next;
	}
	if (extension != -1)
		need_extension(checker, node, extension, argument->offset, ":", tag->name);
	if (node->bound.tags[tag->group] != NULL)
		sieve_error_add(checker->errors, argument->offset,
		    "`:%s` cannot stand beside `:%s`", tag->name,
		    node->bound.tags[tag->group]->name);
	if (!can_put_tag(checker, node, tag))
		return argument->next;
	argument = argument->next;
	if (tag->value == SIEVE_VALUE_NONE)
		return argument;
	if (argument == NULL || !is_value(argument, tag->value)) {
		sieve_error_add(checker->errors, argument == NULL ? node->end : argument->offset,
		    "expected %s behind `:%s`", describe_value(tag->value), tag->name);
		/* What stands there was meant for it. */
		return argument == NULL || argument->kind == SIEVE_ARGUMENT_TAG ? argument
										: argument->next;
	}
	((const struct sieve_argument **)(uintptr_t)node->bound.values)[tag->group] = argument;
	return argument->next;
}

static unsigned
count_wanted(const struct sieve_word *word)
{
	unsigned n = 0;

	while (n < SIEVE_POSITIONAL_MAX && word->positional[n] != SIEVE_VALUE_NONE)
		n++;
	return n;
}

/* Positional arguments are counted from the end: what may be missing stands
 * in front mostly (RFC 5232 3.1: the variable). */
static void
bind_positional(struct sieve_checker *checker, struct sieve_node *node,
    const struct sieve_argument **given, unsigned count)
{
	const struct sieve_word *word = node->word;
	unsigned wanted = count_wanted(word), i, at;

	if (count > wanted) {
		sieve_error_add(checker->errors, given[wanted]->offset,
		    wanted == 0 ? "`%s` takes no such argument" : "too many arguments for `%s`",
		    word->name);
		return;
	}
	if (count + word->optional + word->trailing < wanted) {
		at = count < word->optional ? word->optional : count;
		sieve_error_add(checker->errors, node->end, "`%s` lacks %s: expected %s",
		    word->name, word->names[at], describe_value(word->positional[at]));
		return;
	}
	for (i = 0; i < count; i++) {
		at = word->trailing > 0 ? i : wanted - count + i;
		if (is_value(given[i], word->positional[at]))
			node->bound.positional[at] = given[i];
		else
			sieve_error_add(checker->errors, given[i]->offset,
			    "`%s`: expected %s for %s, not %s", word->name,
			    describe_value(word->positional[at]), word->names[at],
			    describe_argument(given[i]));
	}
}

/* RFC 5260 6, 5293 5: "Specifying :last without :index is an error." */
static void
check_last(struct sieve_checker *checker, const struct sieve_node *node)
{
	if (node->bound.tags[SIEVE_GROUP_LAST] != NULL &&
	    node->bound.tags[SIEVE_GROUP_INDEX] == NULL)
		sieve_error_add(checker->errors, node->offset, "`%s` with `:last` lacks `:index`",
		    node->word->name);
}

static void
bind_arguments(struct sieve_checker *checker, struct sieve_node *node)
{
	const struct sieve_argument *given[SIEVE_POSITIONAL_MAX + 1];
	const struct sieve_argument *argument = node->arguments;
	unsigned count = 0, group;

	while (argument != NULL) {
		if (argument->kind == SIEVE_ARGUMENT_TAG) {
			/* RFC 5228 2.6.2: "must appear before positional arguments". */
			if (count > 0)
				sieve_error_add(checker->errors, argument->offset,
				    "tags of `%s` must stand before its other arguments",
				    node->word->name);
			argument = bind_tag(checker, node, argument);
			continue;
		}
		if (count <= SIEVE_POSITIONAL_MAX)
			given[count++] = argument;
		if (count == SIEVE_POSITIONAL_MAX + 1)
			break;
		argument = argument->next;
	}
	bind_positional(checker, node, given, count);
	check_last(checker, node);
	for (group = 0; group < SIEVE_GROUP_COUNT; group++)
		if ((node->word->needed & UINT64_C(1) << group) != 0 && node->bound.tags[group] == NULL)
			sieve_error_add(checker->errors, node->end,
			    group == SIEVE_GROUP_SIZE ? "`%s` lacks `:over` or `:under`"
						      : "`%s` lacks a tag",
			    node->word->name);
}

static bool
is_relation(struct sieve_text t)
{
	static const char *const relations[] = { "gt", "ge", "lt", "le", "eq", "ne" };
	size_t i;

	for (i = 0; i < sizeof relations / sizeof relations[0]; i++)
		if (sieve_text_is(t, relations[i]))
			return true;
	return false;
}

static void
check_comparator(struct sieve_checker *checker, struct sieve_node *node)
{
	const struct sieve_argument *argument = node->bound.values[SIEVE_GROUP_COMPARATOR];
	const struct sieve_tag *match = node->bound.tags[SIEVE_GROUP_MATCH];
	struct sieve_text name;
	int extension;

	if (argument == NULL)
		return;
	name = sieve_check_string(argument);
	if (argument->strings->has_references) {
		sieve_error_add(checker->errors, argument->offset,
		    "a comparator must be a constant string");
		return;
	}
	extension = sieve_registry_comparator(name);
	if (extension == -1) {
		sieve_error_add(checker->errors, argument->offset,
		    "unknown comparator \"%.*s\": expected \"i;ascii-casemap\", \"i;octet\", "
		    "\"i;ascii-numeric\" or \"i;unicode-casemap\"", SIEVE_TEXT_ARG(name));
		return;
	}
	if (sieve_check_has(checker, &sieve_ext_ihave)) {
		need_extension(checker, node, extension, argument->offset, "",
		    sieve_registry[extension]->comparators[0]);
	} else if (!sieve_check_has(checker, sieve_registry[extension])) {
		sieve_error_add(checker->errors, argument->offset,
		    "comparator \"%.*s\" needs require \"%s\"", SIEVE_TEXT_ARG(name),
		    sieve_registry[extension]->name);
		checker->has[extension] = true;
	}
	/* RFC 4790 9.1.1: i;ascii-numeric has no substring operation. */
	if (sieve_registry[extension] == &sieve_ext_numeric && match != NULL &&
	    (strcmp(match->name, "contains") == 0 || strcmp(match->name, "matches") == 0 ||
		strcmp(match->name, "regex") == 0))
		sieve_error_add(checker->errors, argument->offset,
		    "comparator \"i;ascii-numeric\" cannot be used with `:%s`", match->name);
}

static void
check_regex(struct sieve_checker *checker, const struct sieve_string *string, bool is_caseless)
{
	struct sieve_regex_fault fault = { .text = "not enough memory" };

	if (checker->regexes == NULL)
		checker->regexes =
		    sieve_regex_pool_new(checker->errors->arena->host, SIEVE_REGEX_PROGRAM_MAX);
	if (checker->regexes == NULL || sieve_regex_compile(checker->regexes, string->text,
	    is_caseless, &fault) == NULL)
		sieve_error_add(checker->errors, string->offset, "regular expression: %s", fault.text);
}

/* The keys are the last argument.  Errors beyond those that are told would
 * only cost time. */
static void
check_regexes(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *comparator = node->bound.values[SIEVE_GROUP_COMPARATOR];
	const struct sieve_argument *keys = node->bound.positional[count_wanted(node->word) - 1];
	const struct sieve_string *string;
	bool is_caseless = comparator == NULL ||
	    !sieve_text_is(sieve_check_string(comparator), "i;octet");

	if (keys == NULL || keys->kind != SIEVE_ARGUMENT_STRINGS)
		return;
	for (string = keys->strings; string != NULL &&
	    checker->errors->count < SIEVE_ERRORS_MAX; string = string->next)
		if (!string->has_references)
			check_regex(checker, string, is_caseless);
}

static void
check_match(struct sieve_checker *checker, struct sieve_node *node)
{
	const struct sieve_tag *match = node->bound.tags[SIEVE_GROUP_MATCH];
	const struct sieve_argument *value = node->bound.values[SIEVE_GROUP_MATCH];

	if (match != NULL && match->value == SIEVE_VALUE_STRING && value != NULL &&
	    !is_relation(sieve_check_string(value))) /* nor is one with a variable */
		sieve_error_add(checker->errors, value->offset,
		    "`:%s` wants \"gt\", \"ge\", \"lt\", \"le\", \"eq\" or \"ne\", not \"%.*s\"",
		    match->name, SIEVE_TEXT_ARG(sieve_check_string(value)));
	check_comparator(checker, node);
	if (match != NULL && match->code == SIEVE_MATCH_REGEX && !checker->profile->has_own_regex)
		check_regexes(checker, node);
	if (match != NULL && match->code == SIEVE_MATCH_LIST)
		sieve_lists_check(checker, node);
}

/* The commonest slip of all: `keep` and no `;`, so that the next command looks
 * like its test. */
static bool
is_semicolon_missing(const struct sieve_node *node)
{
	int ignored;

	return node->word->kind == SIEVE_COMMAND && node->word->tests == SIEVE_TESTS_NONE &&
	    !node->has_test_list && node->tests != NULL &&
	    sieve_registry_word(node->tests->name, SIEVE_COMMAND, &ignored) != NULL;
}

static size_t
find_end_of_arguments(const struct sieve_checker *checker, const struct sieve_node *node)
{
	size_t at = node->tests->offset;

	while (at > node->offset && strchr(" \t\r\n", checker->errors->script.p[at - 1]) != NULL)
		at--;
	return at;
}

/* Whether the tests of a node may be looked into. */
static bool
can_have_tests(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_word *word = node->word;

	if (word->meaning == SIEVE_MEANS_ELSE && node->tests != NULL &&
	    sieve_text_is(node->tests->name, "if")) {
		sieve_error_add(checker->errors, node->offset, "expected `elsif`, not `else if`");
		return false;
	}
	if (is_semicolon_missing(node)) {
		sieve_error_add(checker->errors, find_end_of_arguments(checker, node),
		    "expected `;` behind `%s`", word->name);
		return false;
	}
	if (word->tests == SIEVE_TESTS_NONE && node->tests != NULL) {
		sieve_error_add(checker->errors, node->tests->offset, "`%s` takes no test",
		    word->name);
		return false;
	}
	if (word->tests != SIEVE_TESTS_NONE && node->tests == NULL) {
		sieve_error_add(checker->errors, node->end, "`%s` lacks %s", word->name,
		    word->tests == SIEVE_TESTS_LIST ? "its list of tests in `(` `)`" : "a test");
		return false;
	}
	if (word->tests == SIEVE_TESTS_ONE && node->has_test_list)
		sieve_error_add(checker->errors, node->tests->offset,
		    "`%s` takes one test; join several with `allof` or `anyof`", word->name);
	if (word->tests == SIEVE_TESTS_LIST && !node->has_test_list)
		sieve_error_add(checker->errors, node->tests->offset,
		    "`%s` takes a list of tests in `(` `)`", word->name);
	return true;
}

/* Extensions that change how strings are read, in the registry's order: RFC
 * 5229 3.1 has encoded characters first. */
static void
read_strings(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *argument;
	struct sieve_string *string;
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++) {
		if (sieve_registry[i]->read == NULL || !checker->has[i])
			continue;
		for (argument = node->arguments; argument != NULL; argument = argument->next)
			for (string = argument->strings; string != NULL; string = string->next)
				sieve_registry[i]->read(checker, string);
	}
}

/* True: the node has a descriptor and its arguments are bound. */
static bool
can_bind_strictly(struct sieve_checker *checker, struct sieve_node *node, enum sieve_word_kind kind)
{
	static const struct sieve_tag *const no_tags[SIEVE_GROUP_COUNT];
	static const struct sieve_argument *const no_values[SIEVE_GROUP_COUNT];
	const char *reason;
	unsigned errors = checker->errors->count;
	int extension;

	node->bound = (struct sieve_bound){ .tags = no_tags, .values = no_values };
	node->word = sieve_registry_word(node->name, kind, &extension);
	if (node->word == NULL) {
		complain_unknown(checker, node, kind);
		return false;
	}
	reason = find_refusal(checker, node->word->name);
	if (reason != NULL)
		sieve_error_add(checker->errors, node->offset, "`%s` %s", node->word->name, reason);
	else
		need_extension(checker, node, extension, node->offset, "", node->word->name);
	if (node->word->meaning != SIEVE_MEANS_REQUIRE)
		checker->is_past_require = true;
	read_strings(checker, node);
	bind_arguments(checker, node);
	check_match(checker, node);
	if (checker->errors->count == errors && node->word->check != NULL)
		node->word->check(checker, node);
	return true;
}

/* RFC 5463 4, 2: behind an ihave that asked for what is not there, an error in
 * a command or test counts only if it is reached. */
static bool
can_bind(struct sieve_checker *checker, struct sieve_node *node, enum sieve_word_kind kind)
{
	struct sieve_errors *real = checker->errors, faults;
	int extension;

	node->word = sieve_registry_word(node->name, kind, &extension);
	if (!checker->is_lenient || (node->word != NULL && (node->word->has_block ||
	    node->word->tests != SIEVE_TESTS_NONE || is_semicolon_missing(node))))
		return can_bind_strictly(checker, node, kind);
	sieve_errors_init(&faults, real->arena, real->script);
	checker->errors = &faults;
	(void)can_bind_strictly(checker, node, kind);
	checker->errors = real;
	if (faults.count == 0)
		return true;
	if (faults.first != NULL)
		node->fault = faults.first->text;
	return false;
}

static void
check_test(struct sieve_checker *checker, struct sieve_node *node)
{
	struct sieve_node *test;

	if (!can_bind(checker, node, SIEVE_TEST) || !can_have_tests(checker, node))
		return;
	for (test = node->tests; test != NULL; test = test->next)
		check_test(checker, test);
}

static void
check_command(struct sieve_checker *checker, struct sieve_node *node)
{
	struct sieve_node *test;
	bool is_known = can_bind(checker, node, SIEVE_COMMAND);

	if (is_known && can_have_tests(checker, node))
		for (test = node->tests; test != NULL; test = test->next)
			check_test(checker, test);
	if (is_known && node->word->has_block && !node->has_block)
		sieve_error_add(checker->errors, node->end, "expected `{` behind `%s`",
		    node->word->name);
	if (is_known && !node->word->has_block && node->has_block)
		sieve_error_add(checker->errors, node->end, "expected `;` behind `%s`, not a block",
		    node->word->name);
	check_commands(checker, node->block);
}

static void
check_commands(struct sieve_checker *checker, struct sieve_node *node)
{
	for (; node != NULL; node = node->next) {
		if (node->is_broken)
			check_commands(checker, node->block);
		else
			check_command(checker, node);
	}
}

void
sieve_check(struct sieve_tree *tree, const struct sieve_profile *profile,
    struct sieve_errors *errors)
{
	struct sieve_checker checker = { .errors = errors, .profile = profile };
	int i;

	check_commands(&checker, tree->commands);
	sieve_regex_pool_free(&checker.regexes);
	for (i = 0; sieve_registry[i] != NULL; i++)
		if (checker.has[i] || sieve_registry[i]->is_preloaded)
			tree->required |= SIEVE_SET_BIT(i);
}

bool
sieve_check_script(struct sieve_text script, const struct sieve_profile *profile,
    struct sieve_errors *errors, struct sieve_tree *out)
{
	sieve_parse(script, errors, out);
	sieve_check(out, profile, errors);
	return errors->count == 0 && !errors->arena->is_out;
}

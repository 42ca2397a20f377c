/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Variables, RFC 5229: set, string, and what references are allowed. */

#include "variables.h"

#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "reference.h"
#include "uri.h"

/* RFC 5229 3: "references to namespaces without a prior require ... MUST cause
 * an error". */
static bool
has_space(const struct sieve_checker *checker, struct sieve_text name)
{
	struct sieve_text space = { name.p, 0 };
	int index;

	while (space.n < name.n && name.p[space.n] != '.')
		space.n++;
	index = sieve_registry_space(space);
	return index != -1 && sieve_registry[index]->variable != NULL &&
	    sieve_check_has(checker, sieve_registry[index]);
}

/* RFC 6609 3.4.2: no namespace but this one can be set, and it has no others in it. */
static bool
is_global(const struct sieve_checker *checker, struct sieve_text name)
{
	static const struct sieve_text prefix = { "global.", sizeof "global." - 1 };

	return name.n > prefix.n && sieve_check_has(checker, &sieve_ext_include) &&
	    sieve_text_is_same((struct sieve_text){ name.p, prefix.n }, prefix) &&
	    sieve_reference_is_name(
		(struct sieve_text){ name.p + prefix.n, name.n - prefix.n });
}

static void
read_references(struct sieve_checker *checker, struct sieve_string *string)
{
	struct sieve_reference reference;
	size_t at = 0;

	while (sieve_reference_find(string->text, at, &reference)) {
		at = reference.end;
		string->has_references = true;
		if (reference.has_namespace && !is_global(checker, reference.name) &&
		    !has_space(checker, reference.name))
			sieve_error_add(checker->errors, string->offset,
			    "unknown namespace in `${%.*s}`", SIEVE_TEXT_ARG(reference.name));
		else if (reference.is_number && reference.number > SIEVE_CAPTURES_MAX)
			sieve_error_add(checker->errors, string->offset,
			    "`${%.*s}`: a match has %d values at most",
			    SIEVE_TEXT_ARG(reference.name), SIEVE_CAPTURES_MAX);
	}
}

void
sieve_variables_check_name(struct sieve_checker *checker, const struct sieve_string *string)
{
	if (string->has_references)
		sieve_error_add(checker->errors, string->offset,
		    "the name of a variable must be a constant string");
	else if (!sieve_reference_is_name(string->text) && !is_global(checker, string->text))
		sieve_error_add(checker->errors, string->offset,
		    "\"%.*s\" cannot name a variable: expected letters, digits and `_`",
		    SIEVE_TEXT_ARG(string->text));
}

static void
check_set(struct sieve_checker *checker, const struct sieve_node *node)
{
	sieve_variables_check_name(checker, node->bound.positional[0]->strings);
}

/* ---- modifiers, RFC 5229 4.1, each on text in scratch ---- */

static char
fold_case(char c, enum sieve_case wanted)
{
	if (wanted == SIEVE_CASE_LOWER)
		return (char)sieve_text_lower((unsigned char)c);
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* ASCII letters only; others as they are, as RFC 5229 4.1.1 allows. */
static void
change_case(struct sieve_interp *in, enum sieve_case wanted, size_t n, struct sieve_text *value)
{
	struct sieve_text copy = sieve_arena_copy(&in->scratch, *value);
	char *p = (char *)(uintptr_t)copy.p;
	size_t i;

	for (i = 0; i < n && i < copy.n; i++)
		p[i] = fold_case(p[i], wanted);
	*value = copy;
}

/* RFC 5229 4.1.3: what would be special in :matches, or in :regex. */
static void
quote(struct sieve_interp *in, const char *special, struct sieve_text *value)
{
	char *p = sieve_arena_get(&in->scratch, 2 * value->n + 1);
	size_t i, n = 0;

	for (i = 0; p != NULL && i < value->n; i++) {
		if (value->p[i] != '\0' && strchr(special, value->p[i]) != NULL)
			p[n++] = '\\';
		p[n++] = value->p[i];
	}
	*value = (struct sieve_text){ p, n };
}

/* RFC 5229 4.1.4: "the number of characters", not octets. */
static void
take_length(struct sieve_interp *in, struct sieve_text *value)
{
	size_t i, count = 0;

	for (i = 0; i < value->n; i++)
		count += ((unsigned char)value->p[i] & 0xc0) != 0x80;
	*value = sieve_arena_printf(&in->scratch, "%zu", count);
}

/* By precedence, the highest first. */
void
sieve_variables_modify(struct sieve_interp *in, const struct sieve_call *call,
    struct sieve_text *value)
{
	const uint8_t *codes = call->codes;

	if (codes[SIEVE_GROUP_CASE] != SIEVE_CASE_NONE)
		change_case(in, (enum sieve_case)codes[SIEVE_GROUP_CASE], value->n, value);
	if (codes[SIEVE_GROUP_FIRST] != SIEVE_CASE_NONE)
		change_case(in, (enum sieve_case)codes[SIEVE_GROUP_FIRST], 1, value);
	if (codes[SIEVE_GROUP_QUOTE] == SIEVE_QUOTE_WILDCARD)
		quote(in, "*?\\", value);
	if (codes[SIEVE_GROUP_QUOTE] == SIEVE_QUOTE_REGEX)
		quote(in, "\\^$.[]|()?*+{}", value);
	if (sieve_call_has(call, SIEVE_GROUP_ENCODE)) /* RFC 5435 6 */
		sieve_uri_encode(&in->scratch, *value, value);
	if ((call->given & SIEVE_GROUP_BIT(LENGTH)) != 0)
		take_length(in, value);
}

static void
run_set(struct sieve_interp *in, const struct sieve_call *call)
{
	const struct sieve_template *name = &call->arguments[0].at[0];
	struct sieve_text value = sieve_interp_text(in, &call->arguments[1].at[0]);

	if (!sieve_interp_can_spend(in, value.n / 64))
		return;
	sieve_variables_modify(in, call, &value);
	if (in->scratch.is_out)
		sieve_interp_fail_memory(in);
	else
		sieve_interp_set(in, sieve_interp_slot(in, name), value);
}

/* ---- string ---- */

static bool
is_string(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list source = sieve_interp_list(in, call->arguments[0]);
	struct sieve_compare compare;
	unsigned i;

	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	for (i = 0; i < source.n; i++) {
		/* RFC 5229 5: of an empty string, the count is 0. */
		if (compare.match == SIEVE_MATCH_COUNT && source.at[i].text.n == 0)
			continue;
		if (sieve_compare_is_done(&compare, source.at[i].text))
			return compare.is_true;
	}
	return sieve_compare_end(&compare);
}

static const struct sieve_word words[] = {
	{ .name = "set", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_SET,
	    .groups = SIEVE_VARIABLES_MODIFIERS,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRING },
	    .names = { "a variable", "its value" }, .check = check_set, .run = run_set,
	    .is_first_variable = true },
	{ .name = "string", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_STRING,
	    .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "strings", "keys" }, .is_true = is_string },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "lower", SIEVE_GROUP_CASE, SIEVE_VALUE_NONE, SIEVE_CASE_LOWER },
	{ "upper", SIEVE_GROUP_CASE, SIEVE_VALUE_NONE, SIEVE_CASE_UPPER },
	{ "lowerfirst", SIEVE_GROUP_FIRST, SIEVE_VALUE_NONE, SIEVE_CASE_LOWER },
	{ "upperfirst", SIEVE_GROUP_FIRST, SIEVE_VALUE_NONE, SIEVE_CASE_UPPER },
	{ "quotewildcard", SIEVE_GROUP_QUOTE, SIEVE_VALUE_NONE, SIEVE_QUOTE_WILDCARD },
	{ "length", SIEVE_GROUP_LENGTH, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_variables = {
	.name = "variables",
	.rfc = "RFC 5229",
	.words = words,
	.tags = tags,
	.read = read_references,
};

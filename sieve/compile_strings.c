/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Strings of a checked tree: taken apart at their references, and keys made
 * ready for what compares them.  Evaluates nothing. */

#include <string.h>

#include "compile.h"
#include "reference.h"
#include "unicode.h"

/* ---- references ---- */

unsigned
sieve_compile_name(struct sieve_compiler *compiler, struct sieve_text *names, unsigned *count,
    unsigned max, struct sieve_text name)
{
	unsigned i;

	for (i = 0; i < *count; i++)
		if (sieve_text_is_same(names[i], name))
			return i;
	if (i == max) {
		sieve_error_add(compiler->errors, compiler->offset,
		    "a script may have %u variables", max);
		return 0;
	}
	names[i] = sieve_arena_copy(&compiler->program->arena, name);
	++*count;
	return i;
}

static bool
is_global(const struct sieve_compiler *compiler, struct sieve_text name)
{
	const struct sieve_unit *unit = compiler->unit;
	unsigned i;

	for (i = 0; i < unit->global_count; i++)
		if (sieve_text_is_same(unit->globals[i], name))
			return true;
	return false;
}

/* The same one under `global.` and declared, RFC 6609 3.4.2. */
static struct sieve_piece
make_global(struct sieve_compiler *compiler, struct sieve_text name)
{
	struct sieve_program *program = compiler->program;
	unsigned max = program->settings->variables_max;

	return (struct sieve_piece){ SIEVE_PIECE_GLOBAL,
		sieve_compile_name(compiler, program->globals, &program->global_count, max, name),
		SIEVE_TEXT_EMPTY };
}

static struct sieve_piece
make_variable(struct sieve_compiler *compiler, struct sieve_text name)
{
	static const struct sieve_text prefix = { "global.", sizeof "global." - 1 };
	struct sieve_unit *unit = compiler->unit;

	if (name.n > prefix.n && sieve_text_is_same((struct sieve_text){ name.p, prefix.n }, prefix))
		return make_global(compiler,
		    (struct sieve_text){ name.p + prefix.n, name.n - prefix.n });
	if (is_global(compiler, name))
		return make_global(compiler, name);
	return (struct sieve_piece){ SIEVE_PIECE_VARIABLE,
		sieve_compile_name(compiler, unit->variables, &unit->variable_count,
		    compiler->program->settings->variables_max, name), SIEVE_TEXT_EMPTY };
}

/* The checker has seen to it that the namespace is there. */
static struct sieve_piece
make_space(struct sieve_compiler *compiler, struct sieve_text name)
{
	struct sieve_text space = { name.p, 0 }, rest;
	int index;

	while (space.n < name.n && name.p[space.n] != '.')
		space.n++;
	index = sieve_registry_space(space);
	if (index == -1 || space.n == name.n || sieve_registry[index]->variable == NULL)
		return make_variable(compiler, name);
	rest = (struct sieve_text){ name.p + space.n + 1, name.n - space.n - 1 };
	return (struct sieve_piece){ SIEVE_PIECE_SPACE, (unsigned)index,
		sieve_arena_copy(&compiler->program->arena, rest) };
}

static struct sieve_piece
make_reference(struct sieve_compiler *compiler, const struct sieve_reference *reference)
{
	if (reference->is_number)
		return (struct sieve_piece){ SIEVE_PIECE_MATCHED, reference->number,
			SIEVE_TEXT_EMPTY };
	return reference->has_namespace ? make_space(compiler, reference->name)
					: make_variable(compiler, reference->name);
}

static unsigned
count_references(struct sieve_text text)
{
	struct sieve_reference reference;
	size_t at = 0;
	unsigned n = 0;

	for (; sieve_reference_find(text, at, &reference); at = reference.end)
		n++;
	return n;
}

static void
take_apart(struct sieve_compiler *compiler, struct sieve_template *out)
{
	struct sieve_reference reference;
	struct sieve_piece *pieces;
	size_t at = 0;
	unsigned n = 0;

	pieces = sieve_arena_get(&compiler->program->arena,
	    (2 * (size_t)count_references(out->text) + 1) * sizeof *pieces);
	if (pieces == NULL)
		return;
	for (; sieve_reference_find(out->text, at, &reference); at = reference.end) {
		if (reference.from > at)
			pieces[n++].text =
			    (struct sieve_text){ out->text.p + at, reference.from - at };
		pieces[n++] = make_reference(compiler, &reference);
	}
	if (at < out->text.n)
		pieces[n++].text = (struct sieve_text){ out->text.p + at, out->text.n - at };
	out->pieces = pieces;
	out->piece_count = n;
}

static void
name_variable(struct sieve_compiler *compiler, struct sieve_template *out)
{
	struct sieve_piece *piece = sieve_arena_get(&compiler->program->arena, sizeof *piece);

	if (piece == NULL)
		return;
	*piece = make_variable(compiler, out->text);
	out->pieces = piece;
	out->piece_count = 1;
}

struct sieve_list
sieve_compile_list(struct sieve_compiler *compiler, const struct sieve_argument *argument,
    bool are_variables)
{
	struct sieve_list list = { .is_constant = true };
	const struct sieve_string *string;
	struct sieve_template *strings;

	if (argument == NULL || argument->kind != SIEVE_ARGUMENT_STRINGS)
		return list;
	strings = sieve_arena_get(&compiler->program->arena,
	    argument->string_count * sizeof *strings);
	for (string = argument->strings; strings != NULL && string != NULL; string = string->next) {
		compiler->offset = string->offset;
		strings[list.n].text = sieve_arena_copy(&compiler->program->arena, string->text);
		if (are_variables)
			name_variable(compiler, &strings[list.n]);
		else if (string->has_references)
			take_apart(compiler, &strings[list.n]);
		if (strings[list.n++].pieces != NULL)
			list.is_constant = false;
	}
	list.at = strings;
	return list;
}

/* ---- keys ---- */

static bool
can_prepare_regex(struct sieve_compiler *compiler, const struct sieve_call *call,
    struct sieve_text pattern, struct sieve_prepared *out)
{
	struct sieve_program *program = compiler->program;
	struct sieve_regex_fault fault = { .text = "not enough memory" };

	if (program->regexes == NULL)
		program->regexes = sieve_regex_pool_new(program->host, SIEVE_REGEX_PROGRAM_MAX);
	if (program->regexes != NULL)
		out->regex = sieve_regex_compile(program->regexes, pattern,
		    call->comparator != SIEVE_COMPARE_OCTET, &fault);
	if (out->regex == NULL)
		sieve_error_add(compiler->errors, compiler->offset, "regular expression: %s",
		    fault.text);
	return out->regex != NULL;
}

static bool
can_prepare(struct sieve_compiler *compiler, const struct sieve_call *call, struct sieve_text key,
    struct sieve_prepared *out)
{
	struct sieve_arena *a = &compiler->program->arena;

	if (call->codes[SIEVE_GROUP_MATCH] == SIEVE_MATCH_REGEX)
		return can_prepare_regex(compiler, call, key, out);
	if (call->codes[SIEVE_GROUP_MATCH] == SIEVE_MATCH_MATCHES)
		return sieve_unicode_fold_pattern(a, key, &out->folded) == 0;
	return sieve_unicode_fold_key(a, key, &out->folded) == 0;
}

void
sieve_compile_keys(struct sieve_compiler *compiler, const struct sieve_argument *argument,
    struct sieve_call *call, struct sieve_list *keys)
{
	struct sieve_prepared *prepared;
	struct sieve_template *strings;
	const struct sieve_string *string;
	unsigned i;

	if (keys->n == 0 || (call->codes[SIEVE_GROUP_MATCH] != SIEVE_MATCH_REGEX &&
	    call->comparator != SIEVE_COMPARE_UNICODE))
		return;
	strings = sieve_arena_get(&compiler->program->arena, keys->n * sizeof *strings);
	prepared = sieve_arena_get(&compiler->program->arena, keys->n * sizeof *prepared);
	if (strings == NULL || prepared == NULL)
		return;
	memcpy(strings, keys->at, keys->n * sizeof *strings);
	keys->at = strings;
	for (i = 0, string = argument->strings; i < keys->n; i++, string = string->next) {
		compiler->offset = string->offset;
		if (strings[i].pieces == NULL &&
		    can_prepare(compiler, call, strings[i].text, &prepared[i]))
			strings[i].prepared = &prepared[i];
	}
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Checked tree to program.  Evaluates nothing. */

#include <string.h>

#include "check.h"
#include "program.h"
#include "reference.h"
#include "rule.h"

struct compiler {
	struct sieve_program *program;
	struct sieve_errors *errors;
	const struct sieve_tree *tree;
	unsigned op_cap, call_cap;
	size_t offset; /* of what is compiled, for errors */
};

static void add_commands(struct compiler *compiler, const struct sieve_node *node);
static void add_test(struct compiler *compiler, const struct sieve_node *node);

/* Room for one more; the old room stays in the arena, so that all of it is
 * twice what is needed at most. */
static void *
grow(struct compiler *compiler, void *items, unsigned count, unsigned *cap, size_t size)
{
	unsigned wanted = *cap == 0 ? 16 : *cap * 2;
	void *more;

	if (count < *cap)
		return items;
	more = sieve_arena_get(&compiler->program->arena, wanted * size);
	if (more == NULL)
		return NULL;
	if (count > 0)
		memcpy(more, items, count * size);
	*cap = wanted;
	return more;
}

static unsigned
add_op(struct compiler *compiler, enum sieve_op_kind kind, unsigned target)
{
	struct sieve_program *program = compiler->program;
	struct sieve_op *ops =
	    grow(compiler, program->ops, program->op_count, &compiler->op_cap, sizeof *ops);

	if (ops == NULL)
		return 0;
	program->ops = ops;
	ops[program->op_count] = (struct sieve_op){ kind, target };
	return program->op_count++;
}

/* Jumps to a place that is not yet known are a chain: each has the one before
 * it as its target. */
#define NO_JUMP ((unsigned)-1)

static void
land(struct compiler *compiler, unsigned jump)
{
	struct sieve_program *program = compiler->program;
	unsigned before;

	for (; jump != NO_JUMP && jump < program->op_count; jump = before) {
		before = program->ops[jump].target;
		program->ops[jump].target = program->op_count;
	}
}

/* ---- strings ---- */

static unsigned
find_slot(struct compiler *compiler, struct sieve_text name)
{
	struct sieve_program *program = compiler->program;
	unsigned i;

	for (i = 0; i < program->variable_count; i++)
		if (sieve_text_is_same(program->variables[i], name))
			return i;
	if (i == SIEVE_VARIABLES_MAX) {
		sieve_error_add(compiler->errors, compiler->offset,
		    "a script may have %d variables", SIEVE_VARIABLES_MAX);
		return 0;
	}
	program->variables[i] = sieve_arena_copy(&program->arena, name);
	program->variable_count++;
	return i;
}

static struct sieve_piece
make_reference(struct compiler *compiler, const struct sieve_reference *reference)
{
	if (reference->is_number)
		return (struct sieve_piece){ SIEVE_PIECE_MATCHED, reference->number,
			SIEVE_TEXT_EMPTY };
	return (struct sieve_piece){ SIEVE_PIECE_VARIABLE, find_slot(compiler, reference->name),
		SIEVE_TEXT_EMPTY };
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
take_apart(struct compiler *compiler, struct sieve_template *out)
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
name_variable(struct compiler *compiler, struct sieve_template *out)
{
	struct sieve_piece *piece = sieve_arena_get(&compiler->program->arena, sizeof *piece);

	if (piece == NULL)
		return;
	*piece = (struct sieve_piece){ SIEVE_PIECE_VARIABLE, find_slot(compiler, out->text),
		SIEVE_TEXT_EMPTY };
	out->pieces = piece;
	out->piece_count = 1;
}

static struct sieve_list
make_list(struct compiler *compiler, const struct sieve_argument *argument, bool are_variables)
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

/* ---- calls ---- */

static void
take_tags(struct compiler *compiler, const struct sieve_node *node, struct sieve_call *call)
{
	const struct sieve_bound *bound = &node->bound;
	unsigned group;

	for (group = 0; group < SIEVE_GROUP_COUNT; group++) {
		if (bound->tags[group] == NULL)
			continue;
		call->given |= (uint16_t)(1u << group);
		call->codes[group] = (uint8_t)bound->tags[group]->code;
	}
	if (bound->values[SIEVE_GROUP_COMPARATOR] != NULL)
		call->comparator = (uint8_t)sieve_match_comparator(
		    sieve_check_string(bound->values[SIEVE_GROUP_COMPARATOR]));
	if (bound->values[SIEVE_GROUP_MATCH] != NULL)
		call->relation = (uint8_t)sieve_match_relation(
		    sieve_check_string(bound->values[SIEVE_GROUP_MATCH]));
	if (bound->values[SIEVE_GROUP_SIZE] != NULL)
		call->number = bound->values[SIEVE_GROUP_SIZE]->number;
	call->flags = make_list(compiler, bound->values[SIEVE_GROUP_FLAGS], false);
}

static struct sieve_call *
add_call(struct compiler *compiler, const struct sieve_node *node, enum sieve_op_kind kind)
{
	struct sieve_program *program = compiler->program;
	struct sieve_call *calls =
	    grow(compiler, program->calls, program->call_count, &compiler->call_cap, sizeof *calls);

	if (calls == NULL)
		return NULL;
	program->calls = calls;
	calls += program->call_count;
	*calls = (struct sieve_call){ .word = node->word, .line = node->line, .needs = node->needs };
	add_op(compiler, kind, program->call_count++);
	return calls;
}

static void
add_leaf(struct compiler *compiler, const struct sieve_node *node)
{
	struct sieve_call *call = add_call(compiler, node, SIEVE_OP_CALL);
	unsigned i;

	if (call == NULL)
		return;
	for (i = 0; i < SIEVE_POSITIONAL_MAX; i++)
		call->arguments[i] = make_list(compiler, node->bound.positional[i],
		    i == 0 && node->word->is_first_variable);
	take_tags(compiler, node, call);
	if (node->word->kind == SIEVE_COMMAND)
		call->rule = sieve_rule_make(&compiler->program->arena, compiler->tree->script, node);
}

/* What was found wrong, for when it is reached. */
static void
add_fault(struct compiler *compiler, const struct sieve_node *node)
{
	struct sieve_call *call = add_call(compiler, node, SIEVE_OP_FAIL);

	if (call != NULL)
		call->rule = sieve_arena_copy(&compiler->program->arena, node->fault);
}

/* ---- tests ---- */

static void
add_list(struct compiler *compiler, const struct sieve_node *node)
{
	const struct sieve_node *test = node->tests;
	unsigned jump = NO_JUMP;

	/* RFC 5229 3.2: left to right, and no more than necessary. */
	for (; test != NULL; test = test->next) {
		add_test(compiler, test);
		if (test->next != NULL)
			jump = add_op(compiler, node->word->meaning == SIEVE_MEANS_ALLOF
				? SIEVE_OP_JUMP_FALSE
				: SIEVE_OP_JUMP_TRUE, jump);
	}
	land(compiler, jump);
}

static void
add_not(struct compiler *compiler, const struct sieve_node *node)
{
	add_test(compiler, node->tests);
	add_op(compiler, SIEVE_OP_NOT, 0);
}

static void
add_test(struct compiler *compiler, const struct sieve_node *node)
{
	if (node->fault.n > 0)
		add_fault(compiler, node);
	else if (node->word->meaning == SIEVE_MEANS_NOT)
		add_not(compiler, node);
	else if (node->word->tests == SIEVE_TESTS_LIST)
		add_list(compiler, node);
	else
		add_leaf(compiler, node);
}

/* ---- commands ---- */

static bool
is_branch(const struct sieve_node *node)
{
	return node != NULL && node->word != NULL && (node->word->meaning == SIEVE_MEANS_ELSIF ||
	    node->word->meaning == SIEVE_MEANS_ELSE);
}

/* An if and its branches; returns the last of them. */
static const struct sieve_node *
add_if(struct compiler *compiler, const struct sieve_node *node)
{
	unsigned end = NO_JUMP, otherwise = NO_JUMP;

	for (;; node = node->next) {
		otherwise = NO_JUMP;
		if (node->tests != NULL) {
			add_test(compiler, node->tests);
			otherwise = add_op(compiler, SIEVE_OP_JUMP_FALSE, NO_JUMP);
		}
		add_commands(compiler, node->block);
		if (!is_branch(node->next))
			break;
		end = add_op(compiler, SIEVE_OP_JUMP, end);
		land(compiler, otherwise);
	}
	land(compiler, otherwise);
	land(compiler, end);
	return node;
}

/* Nests as deep as the parser lets blocks nest. */
static void
add_commands(struct compiler *compiler, const struct sieve_node *node)
{
	for (; node != NULL && !compiler->program->arena.is_out; node = node->next) {
		if (node->fault.n > 0)
			add_fault(compiler, node);
		else if (node->word->meaning == SIEVE_MEANS_IF)
			node = add_if(compiler, node);
		else if (node->word->meaning == SIEVE_MEANS_STOP)
			add_op(compiler, SIEVE_OP_STOP, 0);
		else if (node->word->run != NULL)
			add_leaf(compiler, node);
	}
}

/* ---- the program ---- */

static struct sieve_program *
begin_program(const struct sieve_alloc *memory)
{
	struct sieve_program *program = memory->get(memory->arg, sizeof *program);

	if (program == NULL)
		return NULL;
	*program = (struct sieve_program){ .host = memory };
	sieve_arena_init(&program->arena, memory, SIEVE_TREE_MEMORY_MAX);
	program->variables = sieve_arena_get(&program->arena,
	    SIEVE_VARIABLES_MAX * sizeof *program->variables);
	return program;
}

void
sieve_program_free(struct sieve_program **program)
{
	struct sieve_program *p = *program;

	if (p == NULL)
		return;
	sieve_arena_fini(&p->arena);
	p->host->give(p->host->arg, p);
	*program = NULL;
}

static void
compile_tree(struct sieve_program *program, const struct sieve_tree *tree,
    const struct sieve_profile *profile, struct sieve_errors *errors)
{
	struct compiler compiler = { .program = program, .errors = errors, .tree = tree };
	int i;

	program->required = tree->required;
	for (i = 0; sieve_registry[i] != NULL; i++) {
		if (sieve_registry[i] == &sieve_ext_variables)
			program->has_variables = (tree->required & UINT32_C(1) << i) != 0;
		if (sieve_check_is_there(profile, i) &&
		    (sieve_registry[i]->read == NULL || (tree->required & UINT32_C(1) << i) != 0))
			program->available |= UINT32_C(1) << i;
	}
	add_commands(&compiler, tree->commands);
}

struct sieve_program *
sieve_compile(struct sieve_text source, const struct sieve_profile *profile,
    const struct sieve_alloc *memory, sieve_error_sink sink, void *arg)
{
	static const char no_memory[] = "1:1: not enough memory for this script\n";
	struct sieve_program *program = begin_program(memory);
	struct sieve_arena arena;
	struct sieve_errors errors;
	struct sieve_tree tree;

	sieve_arena_init(&arena, memory, SIEVE_TREE_MEMORY_MAX);
	sieve_errors_init(&errors, &arena, source);
	if (program != NULL && !program->arena.is_out &&
	    sieve_check_script(source, profile, &errors, &tree))
		compile_tree(program, &tree, profile, &errors);
	sieve_errors_write(&errors, sink, arg);
	if (program == NULL || program->arena.is_out || arena.is_out || errors.count > 0) {
		if (errors.first == NULL)
			sink(arg, no_memory, sizeof no_memory - 1);
		sieve_program_free(&program);
	}
	sieve_arena_fini(&arena);
	return program;
}

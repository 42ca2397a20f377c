/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Checked tree to program.  Evaluates nothing. */

#include <string.h>

#include "compile.h"
#include "rule.h"
#include "warn.h"

static void add_commands(struct sieve_compiler *compiler, const struct sieve_node *node);
static void add_test(struct sieve_compiler *compiler, const struct sieve_node *node);

/* Room for one more; the old room stays in the arena, so that all of it is
 * twice what is needed at most. */
static void *
grow(struct sieve_compiler *compiler, void *items, unsigned count, unsigned *cap, size_t size)
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
add_op(struct sieve_compiler *compiler, enum sieve_op_kind kind, unsigned target)
{
	struct sieve_unit *unit = compiler->unit;
	struct sieve_op *ops =
	    grow(compiler, unit->ops, unit->op_count, &compiler->op_cap, sizeof *ops);

	if (ops == NULL)
		return 0;
	unit->ops = ops;
	ops[unit->op_count] = (struct sieve_op){ kind, target };
	return unit->op_count++;
}

/* Jumps to a place that is not yet known are a chain: each has the one before
 * it as its target. */
#define NO_JUMP ((unsigned)-1)

static void
land(struct sieve_compiler *compiler, unsigned jump)
{
	struct sieve_unit *unit = compiler->unit;
	unsigned before;

	for (; jump != NO_JUMP && jump < unit->op_count; jump = before) {
		before = unit->ops[jump].target;
		unit->ops[jump].target = unit->op_count;
	}
}

/* ---- calls ---- */

/* What stands behind tags, but for those whose values are understood here. */
static void
take_values(struct sieve_compiler *compiler, const struct sieve_bound *bound,
    struct sieve_call *call)
{
	struct sieve_tagged tagged[SIEVE_GROUP_COUNT], *kept;
	unsigned group, n = 0;

	for (group = 0; group < SIEVE_GROUP_COUNT; group++)
		if (bound->values[group] != NULL && group != SIEVE_GROUP_COMPARATOR &&
		    group != SIEVE_GROUP_MATCH)
			tagged[n++] = (struct sieve_tagged){ (enum sieve_group)group,
				bound->values[group]->number,
				sieve_compile_list(compiler, bound->values[group],
				    bound->tags[group]->value == SIEVE_VALUE_VARIABLE) };
	kept = n == 0 ? NULL : sieve_arena_get(&compiler->program->arena, n * sizeof *kept);
	if (kept == NULL)
		return;
	memcpy(kept, tagged, n * sizeof *kept);
	call->tagged = kept;
	call->tagged_count = (uint8_t)n;
}

static void
take_tags(struct sieve_compiler *compiler, const struct sieve_node *node, struct sieve_call *call)
{
	const struct sieve_bound *bound = &node->bound;
	unsigned group;

	for (group = 0; group < SIEVE_GROUP_COUNT; group++) {
		if (bound->tags[group] == NULL)
			continue;
		call->given |= UINT64_C(1) << group;
		call->codes[group] = (uint8_t)bound->tags[group]->code;
	}
	if (bound->values[SIEVE_GROUP_COMPARATOR] != NULL)
		call->comparator = (uint8_t)sieve_match_comparator(
		    sieve_check_string(bound->values[SIEVE_GROUP_COMPARATOR]));
	if (bound->values[SIEVE_GROUP_MATCH] != NULL)
		call->relation = (uint8_t)sieve_match_relation(
		    sieve_check_string(bound->values[SIEVE_GROUP_MATCH]));
	take_values(compiler, bound, call);
}

static struct sieve_call *
add_call(struct sieve_compiler *compiler, const struct sieve_node *node, enum sieve_op_kind kind)
{
	struct sieve_unit *unit = compiler->unit;
	struct sieve_call *calls =
	    grow(compiler, unit->calls, unit->call_count, &compiler->call_cap, sizeof *calls);

	if (calls == NULL)
		return NULL;
	unit->calls = calls;
	calls += unit->call_count;
	*calls = (struct sieve_call){ .word = node->word, .line = node->line,
		.needs = node->needs, .unit = SIEVE_NO_UNIT };
	add_op(compiler, kind, unit->call_count++);
	return calls;
}

static void
fill_call(struct sieve_compiler *compiler, const struct sieve_node *node, struct sieve_call *call)
{
	unsigned i, last = 0;

	for (i = 0; i < SIEVE_POSITIONAL_MAX; i++) {
		if (node->word->positional[i] != SIEVE_VALUE_NONE)
			last = i;
		if (node->bound.positional[i] == NULL)
			continue;
		call->numbers[i] = node->bound.positional[i]->number;
		call->arguments[i] = sieve_compile_list(compiler, node->bound.positional[i],
		    i == 0 && node->word->is_first_variable);
	}
	take_tags(compiler, node, call);
	if ((node->word->groups & SIEVE_GROUP_BIT(MATCH)) != 0)
		sieve_compile_keys(compiler, node->bound.positional[last], call, &call->arguments[last]);
	if (node->word->kind == SIEVE_COMMAND)
		call->rule = sieve_rule_make(&compiler->program->arena, compiler->tree->script, node);
}

static void
add_leaf(struct sieve_compiler *compiler, const struct sieve_node *node)
{
	struct sieve_call *call = add_call(compiler, node, SIEVE_OP_CALL);

	if (call != NULL)
		fill_call(compiler, node, call);
}

/* ---- scripts in scripts, RFC 6609 ---- */

static struct sieve_unit *
add_unit(struct sieve_program *program, enum sieve_location location, struct sieve_text name,
    struct sieve_text source)
{
	struct sieve_unit *unit = sieve_arena_get(&program->arena, sizeof *unit), **end;

	if (unit == NULL)
		return NULL;
	*unit = (struct sieve_unit){ .location = location, .source = source,
		.index = program->unit_count++,
		.name = sieve_arena_copy(&program->arena, name) };
	unit->variables = sieve_arena_get(&program->arena,
	    program->settings->variables_max * sizeof *unit->variables);
	unit->globals = sieve_arena_get(&program->arena,
	    program->settings->variables_max * sizeof *unit->globals);
	for (end = &program->units; *end != NULL; end = &(*end)->next)
		;
	*end = unit;
	return unit;
}

static struct sieve_unit *
find_unit(const struct sieve_program *program, enum sieve_location location,
    struct sieve_text name)
{
	struct sieve_unit *unit = program->units == NULL ? NULL : program->units->next;

	/* Names of files: case counts. */
	for (; unit != NULL; unit = unit->next)
		if (unit->location == location && unit->name.n == name.n &&
		    memcmp(unit->name.p, name.p, name.n) == 0)
			break;
	return unit;
}

/* The unit of a script that was not met before, to be compiled in its turn;
 * NULL: there is none, which an error has said or the run will. */
static struct sieve_unit *
fetch_unit(struct sieve_compiler *compiler, const struct sieve_node *node,
    enum sieve_location location, struct sieve_text name)
{
	const struct sieve_profile *profile = compiler->profile;
	struct sieve_program *program = compiler->program;
	struct sieve_text source = SIEVE_TEXT_EMPTY;
	enum sieve_found found = SIEVE_NOT_FOUND;

	if (program->unit_count > program->settings->includes_max) {
		sieve_error_add(compiler->errors, node->offset,
		    "too many scripts are included: %u may be", program->settings->includes_max);
		return NULL;
	}
	if (profile->include != NULL)
		found = profile->include(profile->arg, location, name, &source);
	if (found == SIEVE_UNREADABLE)
		sieve_error_add(compiler->errors, node->offset, "script \"%.*s\" cannot be read",
		    SIEVE_TEXT_ARG(name));
	return found == SIEVE_FOUND ? add_unit(program, location, name, source) : NULL;
}

static void
add_include(struct sieve_compiler *compiler, const struct sieve_node *node)
{
	struct sieve_call *call = add_call(compiler, node, SIEVE_OP_CALL);
	enum sieve_location location;
	struct sieve_unit *unit;
	struct sieve_text name;

	if (call == NULL)
		return;
	fill_call(compiler, node, call);
	location = (enum sieve_location)call->codes[SIEVE_OWN(0)];
	name = sieve_check_string(node->bound.positional[0]);
	unit = find_unit(compiler->program, location, name);
	if (unit == NULL)
		unit = fetch_unit(compiler, node, location, name);
	if (unit != NULL)
		call->unit = unit->index;
}

/* RFC 6609 3.4.1: from here on these names are those of the others. */
static void
add_global(struct sieve_compiler *compiler, const struct sieve_node *node)
{
	const struct sieve_string *string = node->bound.positional[0]->strings;
	struct sieve_unit *unit = compiler->unit;
	unsigned i;

	for (; string != NULL; string = string->next) {
		compiler->offset = string->offset;
		for (i = 0; i < unit->variable_count; i++)
			if (sieve_text_is_same(unit->variables[i], string->text))
				break;
		if (i < unit->variable_count)
			sieve_error_add(compiler->errors, string->offset,
			    "variable \"%.*s\" was used before it is declared global",
			    SIEVE_TEXT_ARG(string->text));
		else
			(void)sieve_compile_name(compiler, unit->globals, &unit->global_count,
			    compiler->program->settings->variables_max, string->text);
	}
}

/* What was found wrong, for when it is reached. */
static void
add_fault(struct sieve_compiler *compiler, const struct sieve_node *node)
{
	struct sieve_call *call = add_call(compiler, node, SIEVE_OP_FAIL);

	if (call != NULL)
		call->rule = sieve_arena_copy(&compiler->program->arena, node->fault);
}

/* ---- tests ---- */

static void
add_list(struct sieve_compiler *compiler, const struct sieve_node *node)
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
add_not(struct sieve_compiler *compiler, const struct sieve_node *node)
{
	add_test(compiler, node->tests);
	add_op(compiler, SIEVE_OP_NOT, 0);
}

static void
add_test(struct sieve_compiler *compiler, const struct sieve_node *node)
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
add_if(struct sieve_compiler *compiler, const struct sieve_node *node)
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

/* A block with a command of its own in front. */
static void
add_block(struct sieve_compiler *compiler, const struct sieve_node *node)
{
	struct sieve_call *call = add_call(compiler, node, SIEVE_OP_ENTER);
	unsigned number, end, start;

	if (call == NULL)
		return;
	fill_call(compiler, node, call);
	number = compiler->unit->call_count - 1;
	end = add_op(compiler, SIEVE_OP_JUMP, NO_JUMP);
	start = compiler->unit->op_count;
	add_commands(compiler, node->block);
	add_op(compiler, SIEVE_OP_REPEAT, number);
	add_op(compiler, SIEVE_OP_JUMP_TRUE, start);
	land(compiler, end);
}

/* Nests as deep as the parser lets blocks nest. */
static void
add_commands(struct sieve_compiler *compiler, const struct sieve_node *node)
{
	for (; node != NULL && !compiler->program->arena.is_out; node = node->next) {
		if (node->fault.n > 0)
			add_fault(compiler, node);
		else if (node->word->meaning == SIEVE_MEANS_IF)
			node = add_if(compiler, node);
		else if (node->word->meaning == SIEVE_MEANS_STOP)
			add_op(compiler, SIEVE_OP_STOP, 0);
		else if (node->word->meaning == SIEVE_MEANS_RETURN)
			add_op(compiler, SIEVE_OP_RETURN, 0);
		else if (node->word->meaning == SIEVE_MEANS_INCLUDE)
			add_include(compiler, node);
		else if (node->word->meaning == SIEVE_MEANS_GLOBAL)
			add_global(compiler, node);
		else if (node->word->has_block)
			add_block(compiler, node);
		else if (node->word->run != NULL)
			add_leaf(compiler, node);
	}
}

/* ---- the program ---- */

static struct sieve_program *
begin_program(struct sieve_text source, const struct sieve_profile *profile,
    const struct sieve_alloc *memory)
{
	struct sieve_program *program = memory->get(memory->arg, sizeof *program);
	struct sieve_settings *settings;

	if (program == NULL)
		return NULL;
	*program = (struct sieve_program){ .host = memory };
	sieve_arena_init(&program->arena, memory, SIEVE_TREE_MEMORY_MAX);
	settings = sieve_arena_get(&program->arena, sizeof *settings);
	if (settings == NULL)
		return program;
	if (profile->settings != NULL)
		*settings = *profile->settings;
	sieve_settings_fill(settings);
	program->settings = settings;
	program->globals = sieve_arena_get(&program->arena,
	    settings->variables_max * sizeof *program->globals);
	(void)add_unit(program, SIEVE_PERSONAL, SIEVE_TEXT_EMPTY, source);
	return program;
}

void
sieve_program_free(struct sieve_program **program)
{
	struct sieve_program *p = *program;

	if (p == NULL)
		return;
	sieve_regex_pool_free(&p->regexes);
	sieve_arena_fini(&p->arena);
	p->host->give(p->host->arg, p);
	*program = NULL;
}

static void
compile_tree(struct sieve_compiler *compiler)
{
	struct sieve_unit *unit = compiler->unit;
	const struct sieve_tree *tree = compiler->tree;
	int i;

	unit->required = tree->required;
	for (i = 0; sieve_registry[i] != NULL; i++) {
		if (sieve_registry[i] == &sieve_ext_variables)
			unit->has_variables = (tree->required & SIEVE_SET_BIT(i)) != 0;
		if (sieve_check_is_there(compiler->profile, i) &&
		    (sieve_registry[i]->read == NULL || (tree->required & SIEVE_SET_BIT(i)) != 0))
			unit->available |= SIEVE_SET_BIT(i);
	}
	add_commands(compiler, tree->commands);
}

/* Without memory an error is counted, but not kept. */
static bool
has_told_error(const struct sieve_errors *errors)
{
	const struct sieve_error *error = errors->first;

	while (error != NULL && error->is_warning)
		error = error->next;
	return error != NULL;
}

/* Scripts that it includes are put at the end of the list. */
static bool
is_compiled(struct sieve_program *program, struct sieve_unit *unit,
    const struct sieve_profile *profile, sieve_error_sink sink, void *arg)
{
	struct sieve_profile own = *profile;
	struct sieve_compiler compiler = { .program = program, .unit = unit, .profile = &own };
	struct sieve_arena arena;
	struct sieve_errors errors;
	struct sieve_tree tree;
	bool is_fine;

	sieve_arena_init(&arena, program->host, SIEVE_TREE_MEMORY_MAX);
	sieve_errors_init(&errors, &arena, unit->source);
	errors.name = unit->name;
	compiler.errors = &errors;
	compiler.tree = &tree;
	if (unit != program->units)
		own.is_global = unit->location == SIEVE_GLOBAL;
	if (sieve_check_script(unit->source, &own, &errors, &tree)) {
		if (profile->wants_warnings)
			sieve_warn(&tree, &errors);
		compile_tree(&compiler);
	}
	sieve_errors_write(&errors, sink, arg);
	is_fine = errors.count == 0 && !arena.is_out && !program->arena.is_out;
	unit->source = SIEVE_TEXT_EMPTY;
	if (!is_fine && !has_told_error(&errors))
		program->arena.is_out = true;
	sieve_arena_fini(&arena);
	return is_fine;
}

struct sieve_program *
sieve_compile(struct sieve_text source, const struct sieve_profile *profile,
    const struct sieve_alloc *memory, sieve_error_sink sink, void *arg)
{
	static const char no_memory[] = "1:1: not enough memory for this script\n";
	struct sieve_program *program = begin_program(source, profile, memory);
	struct sieve_unit *unit;
	bool is_fine = program != NULL && !program->arena.is_out;

	/* Errors of all of them are told: units of a script with errors too. */
	if (is_fine)
		for (unit = program->units; unit != NULL; unit = unit->next)
			is_fine = is_compiled(program, unit, profile, sink, arg) && is_fine;
	if (is_fine)
		return program;
	if (program == NULL || program->arena.is_out)
		sink(arg, no_memory, sizeof no_memory - 1);
	sieve_program_free(&program);
	return NULL;
}

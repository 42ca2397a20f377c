/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Runs a program.  Knows no command and no test: those are in descriptors. */

#include "interp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
sieve_interp_fail(struct sieve_interp *in, const char *format, ...)
{
	struct sieve_result *result = in->result;
	char text[512];
	va_list ap;
	int n;

	in->is_over = true;
	if (result->error.n > 0)
		return;
	va_start(ap, format);
	n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (n > 0)
		result->error = sieve_text_cut((struct sieve_text){ text, (size_t)n },
		    sizeof text - 1);
	result->error = sieve_arena_copy(in->arena, result->error);
	if (result->error.n == 0)
		result->error = sieve_text_of("the script needs more memory than a run may have");
	result->error_line = in->call == NULL ? 0 : in->call->line;
}

bool
sieve_interp_can_spend(struct sieve_interp *in, uint64_t steps)
{
	in->result->steps += steps;
	if (in->result->steps <= in->limits->steps)
		return !in->is_over;
	sieve_interp_fail(in, "the script takes too long: it was ended after %llu steps",
	    (unsigned long long)in->limits->steps);
	return false;
}

/* ---- variables ---- */

static struct sieve_text
slot_text(const struct sieve_slot *slot)
{
	return slot->n == 0 ? SIEVE_TEXT_EMPTY : (struct sieve_text){ slot->p, slot->n };
}

struct sieve_text
sieve_interp_variable(const struct sieve_interp *in, unsigned index)
{
	return slot_text(&in->variables[index]);
}

void
sieve_interp_set(struct sieve_interp *in, struct sieve_slot *slot, struct sieve_text value)
{
	struct sieve_text cut = sieve_text_cut(value, SIEVE_VARIABLE_SIZE_MAX);
	size_t cap = slot->cap == 0 ? 64 : slot->cap;
	char *p;

	while (cap < cut.n)
		cap *= 2;
	if (cap > slot->cap) {
		p = sieve_arena_get(in->arena, cap);
		if (p == NULL) {
			sieve_interp_fail(in, "%s", "");
			return;
		}
		slot->p = p;
		slot->cap = cap;
	}
	if (cut.n > 0)
		memmove(slot->p, cut.p, cut.n);
	slot->n = cut.n;
}

static struct sieve_text
piece_text(const struct sieve_interp *in, const struct sieve_piece *piece)
{
	if (piece->kind == SIEVE_PIECE_TEXT)
		return piece->text;
	if (piece->kind == SIEVE_PIECE_VARIABLE)
		return sieve_interp_variable(in, piece->index);
	/* RFC 5229 3.2: out of range is the empty string. */
	return piece->index < in->capture_count ? slot_text(&in->captures[piece->index])
						: SIEVE_TEXT_EMPTY;
}

struct sieve_text
sieve_interp_text(struct sieve_interp *in, const struct sieve_template *string)
{
	struct sieve_text text, result = { NULL, 0 };
	size_t n = 0;
	unsigned i;
	char *p;

	if (string->pieces == NULL)
		return string->text;
	for (i = 0; i < string->piece_count && n < SIEVE_STRING_MAX; i++)
		n += piece_text(in, &string->pieces[i]).n;
	if (!sieve_interp_can_spend(in, 1 + i + n / 64))
		return SIEVE_TEXT_EMPTY;
	p = sieve_arena_get(&in->scratch, n + 1);
	if (p == NULL) {
		sieve_interp_fail(in, "%s", "");
		return SIEVE_TEXT_EMPTY;
	}
	result.p = p;
	for (i = 0; result.n < n; i++) {
		text = piece_text(in, &string->pieces[i]);
		if (text.n > 0)
			memcpy(p + result.n, text.p, text.n);
		result.n += text.n;
	}
	return sieve_text_cut(result, SIEVE_STRING_MAX);
}

struct sieve_list
sieve_interp_list(struct sieve_interp *in, struct sieve_list list)
{
	struct sieve_template *strings;
	unsigned i;

	if (list.is_constant)
		return list;
	strings = sieve_arena_get(&in->scratch, list.n * sizeof *strings);
	if (strings == NULL) {
		sieve_interp_fail(in, "%s", "");
		return (struct sieve_list){ .is_constant = true };
	}
	for (i = 0; i < list.n; i++)
		strings[i].text = sieve_interp_text(in, &list.at[i]);
	return (struct sieve_list){ strings, list.n, true };
}

/* ---- the run ---- */

static void
call(struct sieve_interp *in, const struct sieve_call *call)
{
	in->call = call;
	/* RFC 5463 4, 1: it cannot be used prior to the ihave that finds it. */
	if ((call->needs & ~in->enabled) != 0)
		sieve_interp_fail(in, "`%s` was reached, but no `ihave` has found its extension",
		    call->word->name);
	else if (call->word->kind == SIEVE_TEST)
		in->is_true = call->word->is_true(in, call);
	else
		call->word->run(in, call);
	if (in->scratch.used > 0)
		sieve_arena_fini(&in->scratch);
}

static void
run_ops(struct sieve_interp *in)
{
	const struct sieve_program *program = in->program;
	const struct sieve_op *op;
	unsigned at = 0;

	while (at < program->op_count && sieve_interp_can_spend(in, 1)) {
		op = &program->ops[at++];
		switch (op->kind) {
		case SIEVE_OP_CALL:
			call(in, &program->calls[op->target]);
			break;
		case SIEVE_OP_FAIL:
			in->call = &program->calls[op->target];
			sieve_interp_fail(in, "%.*s", SIEVE_TEXT_ARG(in->call->rule));
			break;
		case SIEVE_OP_JUMP:
			at = op->target;
			break;
		case SIEVE_OP_JUMP_TRUE:
			at = in->is_true ? op->target : at;
			break;
		case SIEVE_OP_JUMP_FALSE:
			at = in->is_true ? at : op->target;
			break;
		case SIEVE_OP_NOT:
			in->is_true = !in->is_true;
			break;
		case SIEVE_OP_STOP:
			return;
		}
	}
}

void
sieve_run(const struct sieve_program *program, const struct sieve_host *host,
    const struct sieve_limits *limits, struct sieve_text flags, const struct sieve_alloc *memory,
    struct sieve_result *out)
{
	struct sieve_interp in = {
		.program = program,
		.host = host,
		.limits = limits,
		.result = out,
		.arena = &out->memory,
		.enabled = program->required,
	};

	*out = (struct sieve_result){ .is_keep_due = true };
	sieve_arena_init(&out->memory, memory, limits->memory);
	sieve_arena_init(&in.scratch, memory, limits->memory);
	out->flags = sieve_arena_copy(in.arena, flags);
	in.actions = sieve_arena_get(in.arena, limits->actions * sizeof *in.actions);
	in.variables = sieve_arena_get(in.arena, program->variable_count * sizeof *in.variables);
	out->actions = in.actions;
	if (out->memory.is_out)
		sieve_interp_fail(&in, "%s", "");
	else
		run_ops(&in);
	sieve_arena_fini(&in.scratch);
	if (out->error.n == 0)
		return;
	/* RFC 5228 2.10.6: "an implicit keep MUST be performed"; nothing else. */
	out->action_count = 0;
	out->is_keep_due = true;
	out->flags = SIEVE_TEXT_EMPTY;
}

void
sieve_result_fini(struct sieve_result *result)
{
	sieve_arena_fini(&result->memory);
	*result = (struct sieve_result){ .is_keep_due = true };
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Runs a program.  Knows no command and no test: those are in descriptors. */

#include "interp.h"
#include "message.h"

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
	if (in->frame != NULL)
		result->error_script = in->frame->unit->name;
}

void
sieve_interp_fail_memory(struct sieve_interp *in)
{
	sieve_interp_fail(in, "%s", "");
}

void
sieve_interp_trace(struct sieve_interp *in, const char *format, ...)
{
	char text[1024];
	struct sieve_text line = { text, 0 };
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	line.n = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
	in->host->trace(in->host->arg, in->frame->unit->name, in->call->line,
	    sieve_text_cut(line, line.n));
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

struct sieve_text
sieve_interp_slot_text(const struct sieve_slot *slot)
{
	return slot->n == 0 ? SIEVE_TEXT_EMPTY : (struct sieve_text){ slot->p, slot->n };
}

struct sieve_slot *
sieve_interp_slot(struct sieve_interp *in, const struct sieve_template *name)
{
	const struct sieve_piece *piece = &name->pieces[0];

	return piece->kind == SIEVE_PIECE_GLOBAL ? &in->globals[piece->index]
						 : &in->frame->variables[piece->index];
}

void
sieve_interp_set(struct sieve_interp *in, struct sieve_slot *slot, struct sieve_text value)
{
	struct sieve_text cut = sieve_text_cut(value, in->settings->value_size_max);
	size_t cap = slot->cap == 0 ? 64 : slot->cap;
	char *p;

	while (cap < cut.n)
		cap *= 2;
	if (cap > slot->cap) {
		p = sieve_arena_get(in->arena, cap);
		if (p == NULL) {
			sieve_interp_fail_memory(in);
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
piece_text(struct sieve_interp *in, const struct sieve_piece *piece)
{
	switch (piece->kind) {
	case SIEVE_PIECE_TEXT:
		return piece->text;
	case SIEVE_PIECE_VARIABLE:
		return sieve_interp_slot_text(&in->frame->variables[piece->index]);
	case SIEVE_PIECE_GLOBAL:
		return sieve_interp_slot_text(&in->globals[piece->index]);
	case SIEVE_PIECE_SPACE:
		return sieve_registry[piece->index]->variable(in, piece->text);
	case SIEVE_PIECE_MATCHED:
		break;
	}
	/* RFC 5229 3.2: out of range is the empty string. */
	if (piece->index >= in->frame->capture_count)
		return SIEVE_TEXT_EMPTY;
	return sieve_interp_slot_text(&in->frame->captures[piece->index]);
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
		sieve_interp_fail_memory(in);
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
		sieve_interp_fail_memory(in);
		return (struct sieve_list){ .is_constant = true };
	}
	for (i = 0; i < list.n; i++) {
		strings[i].text = sieve_interp_text(in, &list.at[i]);
		strings[i].prepared = list.at[i].prepared;
	}
	return (struct sieve_list){ strings, list.n, true };
}

struct sieve_text
sieve_interp_argument(struct sieve_interp *in, const struct sieve_call *call, unsigned i)
{
	if (call->arguments[i].n == 0)
		return SIEVE_TEXT_EMPTY;
	return sieve_interp_text(in, &call->arguments[i].at[0]);
}

struct sieve_text
sieve_interp_tagged(struct sieve_interp *in, const struct sieve_call *call,
    enum sieve_group group)
{
	const struct sieve_tagged *tagged = sieve_call_value(call, group);

	if (tagged == NULL || tagged->list.n == 0)
		return SIEVE_TEXT_EMPTY;
	return sieve_interp_text(in, &tagged->list.at[0]);
}

struct sieve_text
sieve_interp_keep(struct sieve_interp *in, struct sieve_text text)
{
	struct sieve_text copy = sieve_arena_copy(in->arena, text);

	if (in->arena->is_out)
		sieve_interp_fail_memory(in);
	return copy;
}

const struct sieve_text *
sieve_interp_keep_list(struct sieve_interp *in, struct sieve_list list, size_t *count_out)
{
	struct sieve_text *texts;
	unsigned i;

	*count_out = 0;
	if (list.n == 0)
		return NULL;
	texts = sieve_arena_get(in->arena, list.n * sizeof *texts);
	if (texts == NULL) {
		sieve_interp_fail_memory(in);
		return NULL;
	}
	for (i = 0; i < list.n && !in->is_over; i++)
		texts[i] = sieve_interp_keep(in, sieve_interp_text(in, &list.at[i]));
	*count_out = i;
	return texts;
}

/* ---- blocks ---- */

struct sieve_loop *
sieve_interp_loop(struct sieve_interp *in)
{
	struct sieve_frame *frame = in->frame;

	return frame->loop_count == 0 ? NULL : &frame->loops[frame->loop_count - 1];
}

void
sieve_interp_break(struct sieve_interp *in, unsigned n)
{
	in->break_count = n < in->frame->loop_count ? n : in->frame->loop_count;
}

/* Its end is where the jump behind the operation goes. */
static bool
can_enter(struct sieve_interp *in, const struct sieve_call *call, unsigned at)
{
	struct sieve_frame *frame = in->frame;
	const struct sieve_op *jump = &frame->unit->ops[at];

	if (frame->loop_count == SIEVE_LOOP_DEPTH_MAX) {
		sieve_interp_fail(in, "`%s` nests too deep: %d may be in each other",
		    call->word->name, SIEVE_LOOP_DEPTH_MAX);
		return false;
	}
	frame->loops[frame->loop_count++] = (struct sieve_loop){ .call = call, .end = jump->target };
	if (call->word->can_enter == NULL || call->word->can_enter(in, call))
		return true;
	frame->loop_count--;
	return false;
}

static bool
can_repeat(struct sieve_interp *in, const struct sieve_call *call)
{
	if (call->word->can_repeat != NULL && call->word->can_repeat(in, call))
		return true;
	in->frame->loop_count--;
	return false;
}

/* The operation to go on with. */
static unsigned
leave_blocks(struct sieve_interp *in, unsigned at)
{
	for (; in->break_count > 0; in->break_count--)
		at = in->frame->loops[--in->frame->loop_count].end;
	return at;
}

/* ---- the run ---- */

/* RFC 5463 4, 1: what an ihave has to find cannot be used before it did. */
static bool
is_enabled(struct sieve_interp *in, const struct sieve_call *call)
{
	in->call = call;
	if ((call->needs & ~in->frame->enabled) == 0)
		return true;
	sieve_interp_fail(in, "`%s` was reached, but no `ihave` has found its extension",
	    call->word->name);
	return false;
}

static void
call(struct sieve_interp *in, const struct sieve_call *call)
{
	if (!is_enabled(in, call))
		return;
	if (call->word->kind == SIEVE_TEST) {
		in->is_true = call->word->is_true(in, call);
		SIEVE_TRACE(in, "%s: %s", call->word->name, in->is_true ? "true" : "false");
	} else {
		SIEVE_TRACE(in, "%s", call->word->name);
		call->word->run(in, call);
	}
}

static void
drop_scratch(struct sieve_interp *in)
{
	if (in->scratch.used > 0)
		sieve_arena_fini(&in->scratch);
}

/* Runs one operation; returns which is next. */
static unsigned
run_op(struct sieve_interp *in, const struct sieve_op *op, unsigned at)
{
	const struct sieve_call *calls = in->frame->unit->calls;

	switch (op->kind) {
	case SIEVE_OP_CALL:
		call(in, &calls[op->target]);
		drop_scratch(in);
		return in->break_count > 0 ? leave_blocks(in, at) : at;
	case SIEVE_OP_ENTER:
		/* Over the jump to the end. */
		at += is_enabled(in, &calls[op->target]) && can_enter(in, &calls[op->target], at);
		drop_scratch(in);
		return at;
	case SIEVE_OP_REPEAT:
		in->call = &calls[op->target];
		in->is_true = can_repeat(in, in->call);
		drop_scratch(in);
		return at;
	case SIEVE_OP_FAIL:
		in->call = &calls[op->target];
		sieve_interp_fail(in, "%.*s", SIEVE_TEXT_ARG(in->call->rule));
		return at;
	case SIEVE_OP_JUMP:
		return op->target;
	case SIEVE_OP_JUMP_TRUE:
		return in->is_true ? op->target : at;
	case SIEVE_OP_JUMP_FALSE:
		return in->is_true ? at : op->target;
	case SIEVE_OP_NOT:
		in->is_true = !in->is_true;
		return at;
	case SIEVE_OP_STOP:
		in->is_stopped = true;
		return at;
	case SIEVE_OP_RETURN:
		break;
	}
	return in->frame->unit->op_count;
}

static void
run_frame(struct sieve_interp *in)
{
	const struct sieve_unit *unit = in->frame->unit;
	unsigned at = 0;

	while (at < unit->op_count && !in->is_stopped && sieve_interp_can_spend(in, 1))
		at = run_op(in, &unit->ops[at], at + 1);
}

static void
run_unit(struct sieve_interp *in, const struct sieve_unit *unit)
{
	struct sieve_frame frame = { .parent = in->frame, .unit = unit, .enabled = unit->required };

	frame.depth = in->frame == NULL ? 0 : in->frame->depth + 1;
	frame.variables = sieve_arena_get(in->arena,
	    unit->variable_count * sizeof *frame.variables);
	in->frame = &frame;
	in->was_included[unit->index] = true;
	if (frame.variables == NULL)
		sieve_interp_fail_memory(in);
	else
		run_frame(in);
	in->frame = frame.parent;
}

void
sieve_interp_include(struct sieve_interp *in, const struct sieve_unit *unit)
{
	const struct sieve_call *call = in->call;

	run_unit(in, unit);
	in->call = call;
}

static bool
can_begin(struct sieve_interp *in, struct sieve_text flags)
{
	const struct sieve_program *program = in->program;
	struct sieve_result *out = in->result;

	out->flags = sieve_arena_copy(in->arena, flags);
	in->actions = sieve_arena_get(in->arena, in->limits->actions * sizeof *in->actions);
	in->globals = sieve_arena_get(in->arena, program->global_count * sizeof *in->globals);
	in->was_included = sieve_arena_get(in->arena, program->unit_count * sizeof *in->was_included);
	out->actions = in->actions;
	sieve_message_init(in);
	if (!out->memory.is_out)
		return true;
	sieve_interp_fail_memory(in);
	return false;
}

void
sieve_run(const struct sieve_program *program, const struct sieve_host *host,
    const struct sieve_limits *limits, struct sieve_text flags, const struct sieve_alloc *memory,
    struct sieve_result *out)
{
	struct sieve_interp in = {
		.program = program,
		.host = host,
		.settings = program->settings,
		.limits = limits,
		.result = out,
		.arena = &out->memory,
	};

	*out = (struct sieve_result){ .is_keep_due = true };
	sieve_arena_init(&out->memory, memory, limits->memory);
	sieve_arena_init(&in.scratch, memory, limits->memory);
	if (can_begin(&in, flags))
		run_unit(&in, program->units);
	if (out->error.n == 0)
		out->keep_version = sieve_message_version(&in);
	sieve_arena_fini(&in.scratch);
	sieve_regex_pool_free(&in.regexes);
	if (out->error.n == 0)
		return;
	/* RFC 5228 2.10.6: "an implicit keep MUST be performed"; nothing else,
	 * and of the message as it came (RFC 5293 7). */
	out->action_count = 0;
	out->mark_count = 0;
	out->is_keep_due = true;
	out->keep_version = 0;
	out->flags = SIEVE_TEXT_EMPTY;
}

void
sieve_result_fini(struct sieve_result *result)
{
	sieve_arena_fini(&result->memory);
	*result = (struct sieve_result){ .is_keep_due = true };
}

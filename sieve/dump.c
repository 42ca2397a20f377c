/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A program for people: one operation a line.  Changes nothing. */

#include <stdio.h>
#include <string.h>

#include "program.h"

struct writer {
	sieve_error_sink add;
	void *arg;
};

static void
put(const struct writer *w, const char *text)
{
	w->add(w->arg, text, strlen(text));
}

static void
put_number(const struct writer *w, const char *format, unsigned long long number)
{
	char text[64];
	int n = snprintf(text, sizeof text, format, number);

	if (n > 0)
		w->add(w->arg, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* A terminal must not be steered by a script. */
static void
put_clean(const struct writer *w, struct sieve_text t)
{
	size_t i;
	char c;

	t = sieve_text_cut(t, SIEVE_TRACED_MAX);
	for (i = 0; i < t.n; i++) {
		c = (unsigned char)t.p[i] < ' ' || t.p[i] == 0x7f ? '?' : t.p[i];
		w->add(w->arg, &c, 1);
	}
}

static void
put_piece(const struct writer *w, const struct sieve_unit *unit,
    const struct sieve_program *program, const struct sieve_piece *piece)
{
	switch (piece->kind) {
	case SIEVE_PIECE_TEXT:
		put_clean(w, piece->text);
		return;
	case SIEVE_PIECE_VARIABLE:
		put(w, "${");
		put_clean(w, unit->variables[piece->index]);
		break;
	case SIEVE_PIECE_GLOBAL:
		put(w, "${global.");
		put_clean(w, program->globals[piece->index]);
		break;
	case SIEVE_PIECE_MATCHED:
		put_number(w, "${%llu", piece->index);
		break;
	case SIEVE_PIECE_SPACE:
		put(w, "${");
		put(w, sieve_registry[piece->index]->space);
		put(w, ".");
		put_clean(w, piece->text);
		break;
	}
	put(w, "}");
}

static void
put_list(const struct writer *w, const struct sieve_program *program,
    const struct sieve_unit *unit, const struct sieve_list *list)
{
	unsigned i, j;

	put(w, list->n == 1 ? " " : " [");
	for (i = 0; i < list->n; i++) {
		put(w, i == 0 ? "\"" : ", \"");
		if (list->at[i].pieces == NULL)
			put_clean(w, list->at[i].text);
		for (j = 0; j < list->at[i].piece_count; j++)
			put_piece(w, unit, program, &list->at[i].pieces[j]);
		put(w, "\"");
	}
	put(w, list->n == 1 ? "" : "]");
}

static const char *
find_tag(const struct sieve_call *call, unsigned group)
{
	const struct sieve_tag *tag;
	int i;

	for (tag = call->word->tags; tag != NULL && tag->name != NULL; tag++)
		if (tag->group == group && tag->code == call->codes[group])
			return tag->name;
	for (i = 0; sieve_registry[i] != NULL; i++)
		for (tag = sieve_registry[i]->tags; tag != NULL && tag->name != NULL; tag++)
			if (tag->group == group && tag->code == call->codes[group])
				return tag->name;
	return "?";
}

static void
put_tags(const struct writer *w, const struct sieve_program *program,
    const struct sieve_unit *unit, const struct sieve_call *call)
{
	const struct sieve_tagged *tagged;
	unsigned group;

	for (group = 0; group < SIEVE_GROUP_COUNT; group++) {
		if ((call->given & UINT64_C(1) << group) == 0)
			continue;
		put(w, " :");
		put(w, find_tag(call, group));
		tagged = sieve_call_value(call, (enum sieve_group)group);
		if (tagged != NULL && tagged->list.n > 0)
			put_list(w, program, unit, &tagged->list);
		else if (tagged != NULL)
			put_number(w, " %llu", (unsigned long long)tagged->number);
	}
}

static void
put_call(const struct writer *w, const struct sieve_program *program,
    const struct sieve_unit *unit, const struct sieve_call *call)
{
	unsigned i;

	put(w, call->word->name);
	put_tags(w, program, unit, call);
	for (i = 0; i < SIEVE_POSITIONAL_MAX; i++) {
		if (call->arguments[i].n > 0)
			put_list(w, program, unit, &call->arguments[i]);
		else if (call->word->positional[i] == SIEVE_VALUE_NUMBER)
			put_number(w, " %llu", (unsigned long long)call->numbers[i]);
	}
	put_number(w, "  (line %llu)", call->line);
}

static void
put_op(const struct writer *w, const struct sieve_program *program,
    const struct sieve_unit *unit, const struct sieve_op *op)
{
	static const char *const names[] = {
		[SIEVE_OP_CALL] = "",
		[SIEVE_OP_ENTER] = "enter ",
		[SIEVE_OP_REPEAT] = "repeat ",
		[SIEVE_OP_FAIL] = "fail: ",
		[SIEVE_OP_JUMP] = "jump to",
		[SIEVE_OP_JUMP_TRUE] = "if true, jump to",
		[SIEVE_OP_JUMP_FALSE] = "if false, jump to",
		[SIEVE_OP_NOT] = "not",
		[SIEVE_OP_STOP] = "stop",
		[SIEVE_OP_RETURN] = "return",
	};
	const struct sieve_call *call;

	put(w, names[op->kind]);
	switch (op->kind) {
	case SIEVE_OP_CALL:
	case SIEVE_OP_ENTER:
	case SIEVE_OP_REPEAT:
		put_call(w, program, unit, &unit->calls[op->target]);
		break;
	case SIEVE_OP_FAIL:
		call = &unit->calls[op->target];
		put_clean(w, call->rule);
		put_number(w, "  (line %llu)", call->line);
		break;
	case SIEVE_OP_JUMP:
	case SIEVE_OP_JUMP_TRUE:
	case SIEVE_OP_JUMP_FALSE:
		put_number(w, " %llu", op->target);
		break;
	case SIEVE_OP_NOT:
	case SIEVE_OP_STOP:
	case SIEVE_OP_RETURN:
		break;
	}
	put(w, "\n");
}

static void
put_unit(const struct writer *w, const struct sieve_program *program,
    const struct sieve_unit *unit)
{
	unsigned i;

	put(w, unit->index == 0 ? "script" : unit->location == SIEVE_GLOBAL ? "global script "
									    : "personal script ");
	put_clean(w, unit->name);
	put_number(w, ": %llu operations, ", unit->op_count);
	put_number(w, "%llu variables, requires", unit->variable_count);
	for (i = 0; sieve_registry[i] != NULL; i++)
		if ((unit->required & SIEVE_SET_BIT(i)) != 0 && !sieve_registry[i]->is_preloaded) {
			put(w, " ");
			put(w, sieve_registry[i]->name);
		}
	put(w, "\n");
	for (i = 0; i < unit->op_count; i++) {
		put_number(w, "%5llu  ", i);
		put_op(w, program, unit, &unit->ops[i]);
	}
}

void
sieve_program_write(const struct sieve_program *program, sieve_error_sink add, void *arg)
{
	const struct writer w = { add, arg };
	const struct sieve_unit *unit;

	for (unit = program->units; unit != NULL; unit = unit->next)
		put_unit(&w, program, unit);
}

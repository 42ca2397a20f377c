/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Tree to plan, see plan.h: which words of a script libsieve gets to see, and
 * how.  Runs nothing. */

#include "filter/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "filter/plan_test.h"
#include "sieve/rule.h"

static void add_commands(struct plan_maker *maker, const struct sieve_node *node);

struct plan *
plan_new(void)
{
	struct plan *plan = xcalloc(1, sizeof *plan);

	arena_init(&plan->arena);
	return plan;
}

void
plan_free(struct plan **plan)
{
	struct plan *p = *plan;
	size_t i, key;

	if (p == NULL)
		return;
	for (i = 0; i < p->probe_count; i++)
		for (key = 0; p->probes[i].regexes != NULL && key < p->probes[i].key_count; key++)
			regfree(&p->probes[i].regexes[key]);
	free(p->probes);
	free(p->steps);
	arena_fini(&p->arena);
	free(p);
	*plan = NULL;
}

/*
 * libsieve's strings have no escape: a quote would end one, a backslash before
 * the closing quote too.  Two control characters stand for them, and a third
 * for all of these where they come in values (keys with them are compared by
 * us, see plan_test.c).
 */
char
plan_map_byte(char c)
{
	if (c == '"')
		return '\x01';
	if (c == '\\')
		return '\x02';
	return c >= '\x01' && c <= '\x03' ? '\x03' : c;
}

/* Line ends up to the line that the node has in the user's script. */
static void
go_to_line(struct plan_maker *maker, unsigned line)
{
	while (maker->line < line) {
		buf_add_byte(&maker->out, '\n');
		maker->line++;
	}
}

/* ---- actions ---- */

static struct str
join_flags(struct plan_maker *maker, const struct sieve_argument *argument)
{
	const struct sieve_string *string = argument->strings;
	struct str flags = STR_EMPTY;

	for (; string != NULL; string = string->next)
		flags = flags_add(&maker->plan->arena, flags,
		    (struct str){ string->text.p, string->text.n });
	return flags;
}

static enum run_kind
kind_of(enum sieve_meaning meaning)
{
	switch (meaning) {
	case SIEVE_MEANS_FILEINTO:
		return RUN_FILEINTO;
	case SIEVE_MEANS_DISCARD:
		return RUN_DISCARD;
	case SIEVE_MEANS_SETFLAG:
		return RUN_SETFLAG;
	case SIEVE_MEANS_ADDFLAG:
		return RUN_ADDFLAG;
	case SIEVE_MEANS_REMOVEFLAG:
		return RUN_REMOVEFLAG;
	default:
		return RUN_KEEP;
	}
}

static void
add_target(struct plan_maker *maker, struct run_step *step, const struct sieve_node *node)
{
	const struct sieve_string *name = node->bound.positional[0]->strings;

	if (name->text.n > FILTER_TARGET_MAX)
		sieve_error_add(maker->errors, name->offset,
		    "a folder name may have %d bytes", FILTER_TARGET_MAX);
	step->target = arena_str(&maker->plan->arena, (struct str){ name->text.p, name->text.n });
}

static void
add_action(struct plan_maker *maker, const struct sieve_node *node)
{
	const struct sieve_argument *flags = node->bound.values[SIEVE_GROUP_FLAGS];
	struct plan *plan = maker->plan;
	struct run_step *step;
	struct sieve_text rule;

	XGROW(plan->steps, plan->step_cap, plan->step_count + 1);
	step = &plan->steps[plan->step_count];
	*step = (struct run_step){ .kind = kind_of(node->word->meaning), .line = node->line };
	if (step->kind == RUN_FILEINTO)
		add_target(maker, step, node);
	if (flags == NULL && step->kind >= RUN_SETFLAG)
		flags = node->bound.positional[1];
	if (flags != NULL) {
		step->has_flags = true;
		step->flags = join_flags(maker, flags);
	}
	rule = sieve_rule_make(maker->errors->arena, maker->errors->script, node);
	step->rule = arena_str(&plan->arena, (struct str){ rule.p, rule.n });
	buf_addf(&maker->out, "fileinto \"%c%zu\";", PLAN_MARK, plan->step_count++);
}

/* ---- control ---- */

static void
add_control(struct plan_maker *maker, const struct sieve_node *node)
{
	buf_add_cstr(&maker->out, node->word->name);
	if (node->tests != NULL) {
		buf_add_byte(&maker->out, ' ');
		plan_add_test(maker, node->tests);
	}
	buf_add_byte(&maker->out, '{');
	add_commands(maker, node->block);
	buf_add_byte(&maker->out, '}');
}

static void
add_stop(struct plan_maker *maker, const struct sieve_node *node)
{
	(void)node;
	buf_add_cstr(&maker->out, "stop;");
}

static void (*const adders[])(struct plan_maker *, const struct sieve_node *) = {
	[SIEVE_MEANS_IF] = add_control,
	[SIEVE_MEANS_ELSIF] = add_control,
	[SIEVE_MEANS_ELSE] = add_control,
	[SIEVE_MEANS_STOP] = add_stop,
	[SIEVE_MEANS_KEEP] = add_action,
	[SIEVE_MEANS_DISCARD] = add_action,
	[SIEVE_MEANS_FILEINTO] = add_action,
	[SIEVE_MEANS_SETFLAG] = add_action,
	[SIEVE_MEANS_ADDFLAG] = add_action,
	[SIEVE_MEANS_REMOVEFLAG] = add_action,
};

/* Nests as deep as the parser lets blocks nest. */
static void
add_commands(struct plan_maker *maker, const struct sieve_node *node)
{
	enum sieve_meaning meaning;

	for (; node != NULL; node = node->next) {
		meaning = node->word->meaning;
		if (meaning >= sizeof adders / sizeof adders[0] || adders[meaning] == NULL)
			continue; /* require */
		go_to_line(maker, node->line);
		adders[meaning](maker, node);
	}
}

void
plan_make(struct plan *plan, const struct sieve_tree *tree, struct sieve_errors *errors)
{
	struct plan_maker maker = { .plan = plan, .errors = errors, .line = 1 };

	buf_add_cstr(&maker.out, "require \"fileinto\";");
	add_commands(&maker, tree->commands);
	/* libsieve takes a script of nothing but require for a syntax error. */
	buf_add_cstr(&maker.out, "stop;");
	plan->script = arena_cstr(&plan->arena, buf_str(&maker.out));
	if (!buf_is_ok(&maker.out))
		sieve_error_add(errors, 0, "the script is too large");
	buf_fini(&maker.out);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What commands mean for the message: RFC 5228 2.10, RFC 5232.  Knows no
 * engine. */

#include "filter/run.h"

#include "base/bug.h"
#include "filter/flags.h"
#include "filter/version.h"

/* One for each action, and one for each script of a sequence. */
#define VERSIONS_MAX 64

void
run_init(struct run *run, struct host *host, const struct msg_DELIVER_ASKS_FILTER *question,
    const struct rec_filter_rcpt *rcpt, struct rec_filter_outcome *outcome)
{
	*run = (struct run){
		.host = host,
		.question = question,
		.hostname = "",
		.actions_max = FILTER_ACTIONS_DEFAULT,
		.notes = BUF_LIMIT(FILTER_NOTES_MAX),
		.trace = BUF_LIMIT(FILTER_TRACE_MAX),
		.arena = host->arena,
		.rcpt = rcpt,
		.flags = STR_EMPTY,
		.is_keep_due = true,
		.outcome = outcome,
	};
	*outcome = (struct rec_filter_outcome){ .index = rcpt->index };
}

void
run_begin_script(struct run *run, uint64_t script)
{
	run->script = script;
}

static bool
can_grow(struct run *run)
{
	/* One more than a script may ask for: the implicit keep. */
	if (run->actions == NULL)
		run->actions = arena_array(run->arena, run->actions_max + 1,
		    sizeof *run->actions);
	return run->actions != NULL && run->action_count < run->actions_max;
}

static bool
can_add(struct run *run, const struct run_step *step, enum filter_action kind)
{
	if (!can_grow(run)) {
		run_fail(run, step->line,
		    arena_printf(run->arena, "total number of actions exceeds policy limit (%zu > %zu)",
			run->actions_max + 1, run->actions_max));
		return false;
	}
	run->actions[run->action_count++] = (struct rec_action){
		.kind = (uint8_t)kind,
		.target = step->target,
		.special_use = step->special_use,
		.is_create = step->is_create,
		.arguments = step->arguments,
		.is_copy = kind == FILTER_PIPE && step->is_copy,
		.is_try = step->is_try,
		.version = step->version,
		.flags = step->has_flags ? step->flags : run->flags,
		.script = run->script,
		.line = step->line,
		.rule = step->rule,
	};
	/* RFC 5228 2.10.2, 4: all three cancel it, unless they are copies. */
	if (!step->is_copy && kind != FILTER_SEND)
		run->is_keep_due = false;
	return true;
}

bool
run_can_do(struct run *run, const struct run_step *step)
{
	switch (step->kind) {
	case RUN_KEEP:
		return can_add(run, step, FILTER_KEEP);
	case RUN_FILEINTO:
		return can_add(run, step, FILTER_FILEINTO);
	case RUN_DISCARD:
		return can_add(run, step, FILTER_DISCARD);
	case RUN_REDIRECT:
		return can_add(run, step, step->is_copy ? FILTER_SEND : FILTER_REDIRECT);
	case RUN_REJECT:
		return can_add(run, step, FILTER_REJECT);
	case RUN_PIPE:
		return can_add(run, step, FILTER_PIPE);
	case RUN_SEND:
		return can_add(run, step, FILTER_SEND);
	case RUN_SETFLAG:
		run->flags = step->flags;
		return true;
	case RUN_ADDFLAG:
		run->flags = flags_add(run->arena, run->flags, step->flags);
		return true;
	case RUN_REMOVEFLAG:
		run->flags = flags_remove(run->arena, run->flags, step->flags);
		return true;
	}
	return true;
}

bool
run_can_send(struct run *run, const struct run_step *step, const struct rec_mail *mail)
{
	struct run_step silent = *step;

	if (mail == NULL && !step->is_copy) {
		/* Of a refusal too: nobody is told. */
		silent.kind = RUN_DISCARD;
		return run_can_do(run, &silent);
	}
	if (mail == NULL)
		return true;
	if (run->mails == NULL)
		run->mails = arena_array(run->arena, FILTER_MAILS_MAX, sizeof *run->mails);
	if (run->mails == NULL || run->mail_count == FILTER_MAILS_MAX) {
		run_fail(run, step->line, STR("too many messages are to be sent"));
		return false;
	}
	if (!run_can_do(run, step))
		return false;
	run->mails[run->mail_count++] = *mail;
	run->actions[run->action_count - 1].mail = (uint32_t)run->mail_count;
	return true;
}

void
run_remember(struct run *run, struct str id, uint64_t seconds)
{
	if (run->marks == NULL)
		run->marks = arena_array(run->arena, FILTER_MARKS_MAX, sizeof *run->marks);
	if (run->marks != NULL && run->mark_count < FILTER_MARKS_MAX)
		run->marks[run->mark_count++] =
		    (struct rec_remembered){ arena_str(run->arena, id), seconds };
}

bool
run_can_add_version(struct run *run, const struct str *pieces, size_t n)
{
	if (run->versions == NULL)
		run->versions = arena_array(run->arena, VERSIONS_MAX, sizeof *run->versions);
	if (run->versions == NULL || run->made == NULL || run->version_count == VERSIONS_MAX ||
	    !version_is_made(run->host, pieces, n, run->made,
		&run->versions[run->version_count]))
		return false;
	run->version_count++;
	return true;
}

/* Of what is for people, control characters are not. */
static void
add_clean(struct buf *out, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		buf_add_byte(out, (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? ' ' : text.p[i]);
	buf_add_byte(out, '\n');
}

void
run_note(struct run *run, uint32_t line, struct str text)
{
	buf_addf(&run->notes, "line %u: ", line);
	add_clean(&run->notes, text);
}

void
run_trace(struct run *run, struct str script, uint32_t line, struct str text)
{
	buf_addf(&run->trace, "%.*s%s%u: ", STR_ARG(str_sub(script, 0, 80)),
	    script.n > 0 ? ":" : "", line);
	add_clean(&run->trace, text);
}

/* Takes the keeps out of the list; the last one waits. */
static bool
has_taken_keep(struct run *run)
{
	size_t i, n = 0;
	bool was_there = false;

	for (i = 0; i < run->action_count; i++) {
		if (run->actions[i].kind == FILTER_KEEP) {
			run->kept = run->actions[i];
			was_there = true;
		} else {
			run->actions[n++] = run->actions[i];
		}
	}
	run->action_count = n;
	return was_there;
}

bool
run_can_go_on(struct run *run)
{
	if (run->outcome->error.n > 0)
		return false;
	if (has_taken_keep(run)) {
		run->has_kept = true;
		run->is_keep_due = true;
	}
	return run->is_keep_due;
}

static void
drop_actions_of(struct run *run, uint64_t script)
{
	size_t i, n = 0;

	for (i = 0; i < run->action_count; i++)
		if (run->actions[i].script != script)
			run->actions[n++] = run->actions[i];
	run->action_count = n;
}

void
run_fail(struct run *run, uint32_t line, struct str error)
{
	if (run->outcome->error.n > 0)
		return;
	run->outcome->error = arena_str(run->arena, error);
	if (run->outcome->error.n == 0)
		run->outcome->error = STR("out of memory");
	run->outcome->error_script = run->script;
	run->outcome->error_line = line;
	drop_actions_of(run, run->script);
	run->has_kept = false;
	/* RFC 5293 7: the message as it came; RFC 7352 3.1: nothing remembered. */
	run->version = 0;
	run->mark_count = 0;
	run->flags = STR_EMPTY;
	run->is_keep_due = true;
}

void
run_end(struct run *run)
{
	static const struct rec_action none = { .kind = FILTER_IMPLICIT_KEEP };
	struct rec_action *keep = arena_zalloc(run->arena, sizeof *keep);

	if (run->is_waiting) {
		*run->outcome =
		    (struct rec_filter_outcome){ .index = run->rcpt->index, .is_waiting = 1 };
		buf_fini(&run->notes);
		buf_fini(&run->trace);
		return;
	}
	if (run->is_keep_due && run->actions == NULL)
		run->actions = keep;
	if (run->is_keep_due && run->actions != NULL) {
		keep = &run->actions[run->action_count++];
		*keep = none;
		/* RFC 5232 5: the implicit keep has the flags of the variable. */
		keep->flags = run->flags;
		keep->version = run->version;
		if (run->has_kept)
			*keep = run->kept;
	}
	run->outcome->actions.at = run->actions;
	run->outcome->actions.n = run->action_count;
	run->outcome->versions.at = run->versions;
	run->outcome->versions.n = run->version_count;
	run->outcome->marks.at = run->marks;
	run->outcome->marks.n = run->mark_count;
	run->outcome->mails.at = run->mails;
	run->outcome->mails.n = run->mail_count;
	run->outcome->notes = arena_str(run->arena, buf_str(&run->notes));
	run->outcome->trace = arena_str(run->arena, buf_str(&run->trace));
	buf_fini(&run->notes);
	buf_fini(&run->trace);
}

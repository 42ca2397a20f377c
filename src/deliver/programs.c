/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Which programs run when, for which recipient, and what comes of it.  Knows
 * nothing of processes (program.c), and of Sieve no more than three names. */

#include "deliver/programs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/changed.h"
#include "deliver/decide.h"
#include "deliver/deliver.h"
#include "deliver/questions.h"
#include "ipc/actions.h"
#include "ipc/pieces.h"

#define PATH "PATH=/usr/local/bin:/usr/bin:/bin"

enum state {
	RUN_IS_HELD,  /* a pipe, until all scripts of the job are through */
	RUN_WAITS,    /* in line */
	RUN_RUNS,
	RUN_IS_OVER,
};

struct program_run {
	TAILQ_ENTRY(program_run) entry; /* in the list of its state */
	struct programs *programs;
	struct job_rcpt *rcpt; /* NULL: its job is gone */
	const struct user *user; /* only compared */
	enum state state;
	enum program_end end;
	struct program *program; /* from RUN_RUNS on; may be NULL when it is over */
	struct watch patience;
	struct str name, arguments;
	const struct str *input; /* pieces, in the job's arena */
	size_t input_count;
	bool is_pipe, is_copy, is_try;
	uint32_t line;
	struct str script; /* path, or empty */
	unsigned char digest[32]; /* of the question */
};

TAILQ_HEAD(run_list, program_run);

struct programs {
	struct deliver *deliver;
	bool is_own;
	struct run_list waiting, running;
	struct watch soon, child;
};

static void start_some(void *arg);

/* ---- those that run ---- */

static void
free_run(struct program_run *run)
{
	loop_unwatch(&run->patience);
	program_free(&run->program);
	free(run);
}

static void
kick(struct programs *programs)
{
	if (!loop_is_set(&programs->soon))
		loop_soon(programs->deliver->loop, &programs->soon, start_some, programs);
}

static void
finish(struct program_run *run, enum program_end end)
{
	struct job *job = run->rcpt == NULL ? NULL : run->rcpt->job;

	kick(run->programs);
	loop_unwatch(&run->patience);
	run->state = RUN_IS_OVER;
	run->end = end;
	if (job == NULL)
		free_run(run);
	else if (job->state == JOB_RUNS_PROGRAMS && !programs_are_running(job))
		job_programs_ended(job);
}

static void
ended(struct program *program, enum program_end end, void *arg)
{
	struct program_run *run = arg;

	(void)program;
	TAILQ_REMOVE(&run->programs->running, run, entry);
	finish(run, end);
}

static void
look_at_children(int signal, short what, void *arg)
{
	struct programs *programs = arg;
	struct program_run *run, *next;

	(void)signal;
	(void)what;
	/* One that ends may only take itself off the list: job_programs_ended
	 * starts nothing and frees no run that is on it. */
	for (run = TAILQ_FIRST(&programs->running); run != NULL; run = next) {
		next = TAILQ_NEXT(run, entry);
		program_check(run->program);
	}
}

struct programs *
programs_new(struct deliver *d, bool is_own)
{
	struct programs *programs = xcalloc(1, sizeof *programs);

	programs->deliver = d;
	programs->is_own = is_own;
	TAILQ_INIT(&programs->waiting);
	TAILQ_INIT(&programs->running);
	loop_signal(d->loop, &programs->child, SIGCHLD, look_at_children, programs);
	return programs;
}

void
programs_free(struct programs **programs_ptr)
{
	struct programs *programs = *programs_ptr;
	struct program_run *run;

	if (programs == NULL)
		return;
	/* Of jobs that are gone: theirs alone may still run. */
	while ((run = TAILQ_FIRST(&programs->running)) != NULL) {
		TAILQ_REMOVE(&programs->running, run, entry);
		free_run(run);
	}
	loop_unwatch(&programs->soon);
	loop_unwatch(&programs->child);
	free(programs);
	*programs_ptr = NULL;
}

/* ---- the start ---- */

static const char *
variable(struct arena *a, const char *name, struct str value)
{
	return arena_printf(a, "%s=%.*s", name, STR_ARG(value)).p;
}

/* No byte of it can be a control character: job_begin has looked. */
static const char *const *
make_environment(const struct job_rcpt *rcpt)
{
	struct arena *a = &rcpt->job->arena;
	const char **at = arena_array(a, 8, sizeof *at);

	at[0] = variable(a, "USER", rcpt->user->name);
	at[1] = variable(a, "HOME", rcpt->user->home);
	at[2] = variable(a, "SENDER", rcpt->job->sender);
	at[3] = variable(a, "RECIPIENT", rcpt->address);
	at[4] = variable(a, "ORIG_RECIPIENT", rcpt->orcpt);
	at[5] = variable(a, "HOST", str_of(rcpt->job->deliver->conf->hostname));
	at[6] = PATH;
	return at;
}

static int
start(struct program_run *run, struct fail *why)
{
	const struct conf *conf = run->programs->deliver->conf;
	struct program_order order = {
		.arguments = run->arguments,
		.environment = make_environment(run->rcpt),
		.input = run->input,
		.input_count = run->input_count,
		.is_crlf = strcmp(conf->sieve_program_input_eol, "crlf") == 0,
		.output_max = run->is_pipe ? 0 : (size_t)conf->sieve_program_output_limit,
		.timeout = conf->sieve_program_timeout,
		.who = arena_cstr(&run->rcpt->job->arena, run->rcpt->user_name),
	};
	struct buf path = BUF_EMPTY;
	int rc = -1;

	if (conf->sieve_program_dir[0] == '\0')
		fail_set(why, FAIL_POLICY, 7, 0, 0, "", "sieve_program_dir is not set any more");
	else
		rc = program_find(conf->sieve_program_dir, run->name, run->programs->is_own, &path,
		    why);
	if (rc == 0) {
		order.path = buf_cstr(&path);
		run->program = program_start(run->programs->deliver->loop, &order, ended, run, why);
		rc = run->program == NULL ? -1 : 0;
	}
	buf_fini(&path);
	return rc;
}

static size_t
count(const struct run_list *list, const struct user *user)
{
	const struct program_run *run;
	size_t n = 0;

	TAILQ_FOREACH(run, list, entry)
		n += user == NULL || run->user == user;
	return n;
}

/* The first in line whose user has not half of all already. */
static struct program_run *
find_next(const struct programs *programs)
{
	size_t max = (size_t)programs->deliver->conf->sieve_program_processes;
	struct program_run *run;

	if (count(&programs->running, NULL) >= max)
		return NULL;
	TAILQ_FOREACH(run, &programs->waiting, entry)
		if (count(&programs->running, run->user) < (max + 1) / 2)
			break;
	return run;
}

static void
start_some(void *arg)
{
	struct programs *programs = arg;
	struct program_run *run;
	struct fail why;

	while ((run = find_next(programs)) != NULL) {
		TAILQ_REMOVE(&programs->waiting, run, entry);
		loop_unwatch(&run->patience);
		why = (struct fail)FAIL_EMPTY;
		if (start(run, &why) == 0) {
			run->state = RUN_RUNS;
			TAILQ_INSERT_TAIL(&programs->running, run, entry);
			continue;
		}
		log_warn("user %.*s: %s", STR_ARG(run->rcpt->user_name), why.log);
		finish(run, PROGRAM_NOT_RUN);
	}
}

static void
lose_patience(void *arg)
{
	struct program_run *run = arg;

	log_warn("user %.*s: program %.*s is not run: others have run for too long "
	    "(sieve_program_processes)", STR_ARG(run->rcpt->user_name), STR_ARG(run->name));
	TAILQ_REMOVE(&run->programs->waiting, run, entry);
	finish(run, PROGRAM_NOT_RUN);
}

static void
line_up(struct program_run *run)
{
	struct programs *programs = run->programs;

	run->state = RUN_WAITS;
	TAILQ_INSERT_TAIL(&programs->waiting, run, entry);
	loop_timer(programs->deliver->loop, &run->patience, PROGRAMS_PATIENCE, lose_patience, run);
	kick(programs);
}

/* ---- of a recipient ---- */

static bool
has_name(const struct conf_list *list, const char *extension)
{
	const char *item;
	size_t i;

	for (i = 0; i < list->n; i++) {
		item = list->at[i];
		if (item[0] != '-' && strcmp(item + (item[0] == '+'), extension) == 0)
			return true;
	}
	return false;
}

/* A filter is not believed: that a script may not use it has been told to it,
 * but it may be anybody's. */
static bool
is_allowed(const struct conf *conf, const char *extension)
{
	return conf->sieve_program_dir[0] != '\0' &&
	    (has_name(&conf->sieve_extensions, extension) ||
		has_name(&conf->sieve_global_extensions, extension));
}

/* NULL: nothing that may be run. */
static struct program_run *
add_run(struct job_rcpt *rcpt, struct str name, struct str arguments)
{
	struct job *job = rcpt->job;
	struct program_run *run;

	if (rcpt->program_count == PROGRAMS_MAX || !program_is_name(name) ||
	    !program_are_arguments(arguments)) {
		log_warn("user %.*s: a program is not run: %s", STR_ARG(rcpt->user_name),
		    rcpt->program_count == PROGRAMS_MAX ? "there were too many for one message"
							: "its name or arguments may not be");
		return NULL;
	}
	if (rcpt->programs == NULL)
		rcpt->programs = arena_array(&job->arena, PROGRAMS_MAX, sizeof *rcpt->programs);
	run = xcalloc(1, sizeof *run);
	run->programs = job->deliver->programs;
	run->rcpt = rcpt;
	run->user = rcpt->user;
	run->name = arena_str(&job->arena, name);
	run->arguments = arena_str(&job->arena, arguments);
	rcpt->programs[rcpt->program_count++] = run;
	return run;
}

bool
programs_are_running(const struct job *job)
{
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].program_count; j++)
			if (job->rcpts[i].programs[j]->state == RUN_WAITS ||
			    job->rcpts[i].programs[j]->state == RUN_RUNS)
				return true;
	return false;
}

bool
programs_are_waited_for(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->rcpt_count; i++)
		if (job->rcpts[i].is_waiting)
			return true;
	return false;
}

static void
forget(struct program_run *run)
{
	if (run->state == RUN_WAITS)
		TAILQ_REMOVE(&run->programs->waiting, run, entry);
	if (run->state != RUN_RUNS) {
		free_run(run);
		return;
	}
	/* It is freed once it has ended. */
	run->rcpt = NULL;
	program_kill(run->program, "its message is gone");
}

void
programs_forget(struct job *job)
{
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++) {
		for (j = 0; j < job->rcpts[i].program_count; j++)
			forget(job->rcpts[i].programs[j]);
		job->rcpts[i].program_count = 0;
	}
}

/* ---- filter and execute: answers ---- */

static struct job_rcpt *
find_rcpt(struct job *job, uint32_t index)
{
	size_t i, end;

	if (job == NULL)
		return NULL;
	end = job->asked_from + job->asked_count;
	for (i = job->asked_from; i < end; i++)
		if (job->rcpts[i].index == index && !job->rcpts[i].is_settled &&
		    !job->rcpts[i].is_decided)
			return &job->rcpts[i];
	return NULL;
}

static void
digest(struct hash_sha256 *h, const struct msg_FILTER_ASKS_PROGRAM *asked, struct str made,
    unsigned char out[32])
{
	unsigned char kinds[2] = { asked->is_filter, asked->is_message };
	size_t i;

	hash_sha256_begin(h);
	hash_sha256_add_field(h, (struct str){ (const char *)kinds, sizeof kinds });
	hash_sha256_add_field(h, asked->program);
	hash_sha256_add_field(h, asked->arguments);
	hash_sha256_add_field(h, asked->text);
	hash_sha256_add_field(h, made);
	for (i = 0; asked->versions.n > 0 && i < asked->versions.at[0].pieces.n; i++) {
		const struct rec_piece *piece = &asked->versions.at[0].pieces.at[i];
		uint64_t numbers[3] = { piece->is_made, piece->from, piece->size };

		hash_sha256_add_field(h, (struct str){ (const char *)numbers, sizeof numbers });
	}
	hash_sha256_end(h, out);
}

static void
set_input(struct program_run *run, const struct str *pieces, size_t n)
{
	struct str *input = arena_array(&run->rcpt->job->arena, n, sizeof *input);
	size_t i;

	for (i = 0; i < n; i++)
		input[i] = pieces[i];
	run->input = input;
	run->input_count = n;
}

/* False: no message that can be. */
static bool
has_input(struct program_run *run, const struct msg_FILTER_ASKS_PROGRAM *asked, struct str made)
{
	struct job *job = run->rcpt->job;
	struct str pieces[FILTER_PIECES_MAX] = { job->body };
	size_t n = 1;

	if (asked->is_message == 0) {
		pieces[0] = arena_str(&job->arena, asked->text);
	} else if (asked->versions.n > 0) {
		n = asked->versions.at[0].pieces.n;
		if (!pieces_are_found(&asked->versions.at[0], job->body, made, pieces))
			return false;
	}
	set_input(run, pieces, n);
	return true;
}

/* The program that this question is about, begun or not; NULL: none may be. */
static struct program_run *
find_run(struct job_rcpt *rcpt, const struct msg_FILTER_ASKS_PROGRAM *asked)
{
	struct deliver *d = rcpt->job->deliver;
	struct str made = changed_take_made(rcpt->job, asked->made, asked->made_size);
	struct program_run *run;
	unsigned char asked_digest[32];

	if (!is_allowed(d->conf,
		asked->is_filter != 0 ? "vnd.dovecot.filter" : "vnd.dovecot.execute"))
		return NULL;
	digest(d->hash, asked, made, asked_digest);
	if (asked->ordinal < rcpt->program_count) {
		run = rcpt->programs[asked->ordinal];
		return memcmp(run->digest, asked_digest, sizeof asked_digest) == 0 ? run : NULL;
	}
	if (asked->ordinal > rcpt->program_count)
		return NULL;
	run = add_run(rcpt, asked->program, asked->arguments);
	if (run == NULL)
		return NULL;
	memcpy(run->digest, asked_digest, sizeof asked_digest);
	if (has_input(run, asked, made)) {
		line_up(run);
	} else {
		run->state = RUN_IS_OVER;
		run->end = PROGRAM_NOT_RUN;
	}
	return run;
}

void
programs_answer(struct deliver *d, struct job *job, struct wire *wire,
    const struct msg_FILTER_ASKS_PROGRAM *asked)
{
	static const enum filter_answer answers[] = {
		[PROGRAM_SUCCEEDED] = FILTER_YES,
		[PROGRAM_FAILED] = FILTER_NO,
		[PROGRAM_NOT_RUN] = FILTER_IN_DOUBT,
	};
	struct job_rcpt *rcpt = find_rcpt(job, asked->index);
	const struct program_run *run = rcpt == NULL ? NULL : find_run(rcpt, asked);
	enum filter_answer answer = FILTER_IN_DOUBT;
	struct str text = STR_EMPTY;

	(void)d;
	if (run != NULL && run->state != RUN_IS_OVER)
		answer = FILTER_LATER;
	else if (run != NULL)
		answer = answers[run->end];
	if (answer == FILTER_YES)
		text = program_output(run->program);
	questions_tell(wire, asked->id, answer, text);
}

/* ---- pipe ---- */

bool
programs_can_add_pipe(struct job_rcpt *rcpt, const struct rec_action *action,
    const struct job_copy *copy)
{
	struct job *job = rcpt->job;
	struct program_run *run = NULL;
	struct str pieces[2];

	if (is_allowed(job->deliver->conf, "vnd.dovecot.pipe"))
		run = add_run(rcpt, action->target, action->arguments);
	if (run == NULL)
		return false;
	run->is_pipe = true;
	run->is_copy = action->is_copy != 0;
	run->is_try = action->is_try != 0;
	run->line = copy->line;
	run->script = copy->script;
	pieces[0] = copy->prefix;
	pieces[1] = job->body;
	set_input(run, copy->is_changed ? copy->pieces : pieces,
	    copy->is_changed ? copy->piece_count : 2);
	return true;
}

bool
programs_have_begun_pipes(struct job *job)
{
	bool have = false;
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].program_count; j++) {
			struct program_run *run = job->rcpts[i].programs[j];

			if (run->state != RUN_IS_HELD || job->rcpts[i].is_settled)
				continue;
			line_up(run);
			have = true;
		}
	return have;
}

/* Nothing is lost: whoever does not get it from the program finds it in the
 * inbox. */
static void
take_failure(struct job_rcpt *rcpt, const struct program_run *run)
{
	struct buf line = BUF_EMPTY;

	if (run->is_try && run->is_copy)
		return;
	if (!run->is_try) {
		buf_addf(&line, "line %u: program %.*s %s, message kept in INBOX", run->line,
		    STR_ARG(run->name),
		    run->end == PROGRAM_FAILED ? "has failed" : "could not be run");
		log_warn("user %.*s: script %.*s %s", STR_ARG(rcpt->user_name),
		    STR_ARG(run->script), buf_cstr(&line));
		if (run->script.n > 0)
			script_tell_user(run->script, buf_str(&line));
		/* RFC 7352 3.1: only what has gone well is remembered; and what stands
		 * beside a failure is not sent (RFC 5228 2.10.6). */
		rcpt->mark_count = 0;
		rcpt->outgoing_count = 0;
	}
	(void)decide_keep(rcpt);
	buf_fini(&line);
}

void
programs_take_pipes(struct job *job)
{
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].program_count; j++) {
			struct job_rcpt *rcpt = &job->rcpts[i];
			const struct program_run *run = rcpt->programs[j];

			if (!run->is_pipe || run->state != RUN_IS_OVER || rcpt->is_settled)
				continue;
			if (run->end == PROGRAM_SUCCEEDED)
				rcpt->has_piped = true;
			else
				take_failure(rcpt, run);
		}
}

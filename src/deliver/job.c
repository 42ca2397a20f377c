/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A job from its arrival to its answer: users, scripts, filter, decision.
 * Knows the order of the steps; what each does is in its own file. */

#include "deliver/job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/changed.h"
#include "deliver/decide.h"
#include "deliver/deliver.h"
#include "deliver/programs.h"
#include "deliver/questions.h"
#include "deliver/report.h"
#include "deliver/room.h"
#include "ipc/actions.h"

static void finish_users(struct job *job);

void
job_refuse(struct job_rcpt *rcpt, const struct fail *why)
{
	rcpt->is_settled = true;
	rcpt->why = *why;
}

bool
job_is_settled(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->rcpt_count; i++)
		if (!job->rcpts[i].is_settled)
			return false;
	return true;
}

static void
free_rcpt(struct job_rcpt *rcpt)
{
	struct deliver *d = rcpt->job->deliver;
	size_t i;

	for (i = 0; i < rcpt->script_count; i++)
		scripts_give(d->scripts, &rcpt->scripts[i]);
	for (i = 0; i < rcpt->copy_count; i++)
		boxes_give(d->boxes, &rcpt->copies[i].box);
	for (i = 0; i < rcpt->pending_count; i++)
		table_remove(&d->pending_marks, rcpt->pending[i]);
	if (rcpt->user != NULL) {
		rcpt->user->unfinished--;
		user_give(&rcpt->user);
	}
}

void
job_end(struct job *job)
{
	struct deliver *d = job->deliver;
	size_t i;

	BUG_ON(!job_is_settled(job));
	programs_forget(job);
	report_job(job);
	links_answer(job);
	links_remove_job(job);
	for (i = 0; i < job->rcpt_count; i++)
		free_rcpt(&job->rcpts[i]);
	if (job->is_mapped)
		file_unmap(job->body.p, job->body.n);
	file_close(&job->body_fd);
	file_close(&job->made_fd);
	arena_fini(&job->arena);
	free(job);
	d->jobs--;
	deliver_check_stop(d);
}

/* What a session may send: anything else is a session gone wrong, and its
 * word is not taken for header fields (header injection). */
static bool
is_sound(const struct deliver *d, const struct msg_SESSION_GIVES_JOB *m)
{
	size_t i;

	/* An alias may stand for more users than recipient_limit; what a packet
	 * holds bounds them. */
	if (m->recipients.n == 0)
		return false;
	if (m->trace_len > m->size || m->size > (uint64_t)d->conf->message_size_limit + m->trace_len)
		return false;
	if (m->fd == -1 && m->body.n != m->size)
		return false;
	if (str_has_control(m->sender) || str_has_control(m->trace_id) || str_has_control(m->client) ||
	    str_has_control(m->helo) || str_has_control(m->envid) || str_has_control(m->auth))
		return false;
	for (i = 0; i < m->recipients.n; i++) {
		const struct rec_recipient *r = &m->recipients.at[i];

		if (str_has_control(r->address) || str_has_control(r->orcpt) ||
		    str_has_control(r->orcpt_type) || r->address.n == 0)
			return false;
	}
	return true;
}

static int
take_body(struct job *job, const struct msg_SESSION_GIVES_JOB *m, struct fail *why)
{
	struct stat st;

	if (m->fd == -1) {
		job->body = arena_str(&job->arena, m->body);
		return 0;
	}
	job->body_fd = wire_take_fd((const union msg_any *)(const void *)m, &m->fd);
	if (!file_is_sealed(job->body_fd) || fstat(job->body_fd, &st) == -1 ||
	    (uint64_t)st.st_size != m->size)
		return fail_set(why, FAIL_OURS, 3, 0, 0, "Internal error",
		    "session gave a message that is not a sealed memfd of the size it says");
	if (m->size == 0)
		return 0;
	job->body = (struct str){ file_map(job->body_fd, m->size, why), m->size };
	job->is_mapped = job->body.p != NULL;
	return job->is_mapped ? 0 : -1;
}

static void
digest_job(struct job *job)
{
	struct hash_sha256 *h = job->deliver->hash;
	size_t i;

	hash_sha256_begin(h);
	hash_sha256_add(h, str_from(job->body, job->trace_len));
	hash_sha256_end(h, job->digest);
	for (i = 0; i < job->rcpt_count; i++) {
		struct job_rcpt *rcpt = &job->rcpts[i];

		hash_sha256_begin(h);
		hash_sha256_add_field(h, job->sender);
		hash_sha256_add_field(h, rcpt->address);
		hash_sha256_add_field(h, rcpt->user_name);
		hash_sha256_add_field(h, rcpt->mailbox);
		hash_sha256_add_field(h,
		    (struct str){ (const char *)job->digest, sizeof job->digest });
		hash_sha256_end(h, rcpt->digest);
	}
}

static struct job *
make_job(struct deliver *d, struct session_link *session, const struct msg_SESSION_GIVES_JOB *m)
{
	struct job *job = xcalloc(1, sizeof *job);
	struct arena *a = &job->arena;
	size_t i;

	arena_init(a);
	job->deliver = d;
	job->body_fd = -1;
	job->made_fd = -1;
	job->id = m->id;
	job->begun = clock_monotonic();
	job->received = clock_wall();
	job->trace_id = arena_str(a, m->trace_id);
	job->sender = arena_str(a, m->sender);
	job->client = arena_str(a, m->client);
	job->helo = arena_str(a, m->helo);
	job->envid = arena_str(a, m->envid);
	job->auth = arena_str(a, m->auth);
	job->by = m->by;
	job->is_by_traced = m->is_by_traced;
	job->by_end = m->by_end;
	job->ret = m->ret;
	job->smtputf8 = m->smtputf8 != 0;
	job->trace_len = m->trace_len;
	job->rcpt_count = m->recipients.n;
	job->rcpts = arena_array(a, job->rcpt_count, sizeof *job->rcpts);
	for (i = 0; i < job->rcpt_count; i++) {
		const struct rec_recipient *r = &m->recipients.at[i];

		job->rcpts[i].job = job;
		job->rcpts[i].index = r->index;
		job->rcpts[i].address = arena_str(a, r->address);
		job->rcpts[i].orcpt = arena_str(a, r->orcpt);
		job->rcpts[i].orcpt_type = arena_str(a, r->orcpt_type);
		job->rcpts[i].user_name = arena_str(a, r->user);
		job->rcpts[i].mailbox = arena_str(a, r->mailbox);
		job->rcpts[i].notify = r->notify;
	}
	links_add_job(session, job);
	d->jobs++;
	return job;
}

static void
refuse_all(struct job *job, const struct fail *why)
{
	size_t i;

	for (i = 0; i < job->rcpt_count; i++)
		if (!job->rcpts[i].is_settled)
			job_refuse(&job->rcpts[i], why);
	job_end(job);
}

/* The part behind the first delimiter of the local part (RFC 5233). */
static struct str
find_detail(const struct job_rcpt *rcpt)
{
	ptrdiff_t at = str_find_last_byte(rcpt->address, '@');
	struct str local = str_sub(rcpt->address, 0, at == -1 ? rcpt->address.n : (size_t)at);
	size_t i;

	for (i = 1; i < local.n; i++)
		if (rcpt->user->delimiters.n > 0 &&
		    memchr(rcpt->user->delimiters.p, local.p[i], rcpt->user->delimiters.n) != NULL)
			return str_from(local, i + 1);
	return STR_EMPTY;
}

static void
user_found(struct user *user, const struct fail *why, void *arg)
{
	struct job_rcpt *rcpt = arg;
	struct job *job = rcpt->job;
	struct fail many;

	job->unknown_users--;
	if (user == NULL)
		job_refuse(rcpt, why);
	else {
		rcpt->user = user;
		user->unfinished++;
		rcpt->detail = find_detail(rcpt);
		if ((int64_t)user->unfinished > job->deliver->conf->user_concurrency_limit) {
			fail_set(&many, FAIL_TEMP, 3, 2, 0,
			    "Too many concurrent deliveries for user",
			    "user %.*s: user_concurrency_limit", STR_ARG(user->name));
			job_refuse(rcpt, &many);
		}
	}
	if (job->unknown_users == 0)
		finish_users(job);
}

static void
find_users(struct job *job)
{
	struct deliver *d = job->deliver;
	size_t i;

	/* One more than there are, so that answers out of the cache cannot end
	 * the job while this loop still walks over it. */
	job->unknown_users = 1;
	for (i = 0; i < job->rcpt_count; i++) {
		struct job_rcpt *rcpt = &job->rcpts[i];

		if (rcpt->is_settled)
			continue;
		job->unknown_users++;
		users_find(d->users, rcpt->user_name, user_found, rcpt);
	}
	if (--job->unknown_users == 0)
		finish_users(job);
}

/* A client that had no answer the first time comes again: it gets its 250
 * without a second copy (DESIGN 4, RFC 1047). */
static void
match_unacknowledged(struct job *job)
{
	struct fail delivered = FAIL_EMPTY;
	size_t i;

	if (store_unacked_count(job->deliver->store) == 0)
		return;
	for (i = 0; i < job->rcpt_count; i++)
		if (store_has_unacked(job->deliver->store, job->rcpts[i].digest, job->received)) {
			job->rcpts[i].was_delivered_before = true;
			job_refuse(&job->rcpts[i], &delivered);
		}
}

void
job_begin(struct deliver *d, struct session_link *session, const struct msg_SESSION_GIVES_JOB *m)
{
	struct job *job = make_job(d, session, m);
	struct fail why;

	if (!is_sound(d, m)) {
		fail_set(&why, FAIL_OURS, 3, 0, 0, "Internal error",
		    "session sent a job that no session sends");
		refuse_all(job, &why);
		return;
	}
	if (take_body(job, m, &why) == -1) {
		refuse_all(job, &why);
		return;
	}
	job->stored = job->body;
	job->body_wire_size = job->body.n + str_count_byte(job->body, '\n');
	digest_job(job);
	match_unacknowledged(job);
	find_users(job);
}

/* Whether there is a script at this path, also one that cannot be run: a user
 * with such a one has chosen, and the site's default is not their choice. */
static bool
has_script(struct job_rcpt *rcpt, struct str path, uint8_t place)
{
	struct deliver *d = rcpt->job->deliver;
	struct buf personal = BUF_EMPTY;
	struct script_dirs dirs = { STR_EMPTY, str_of(d->conf->sieve_global_dir),
		place != FILTER_PERSONAL };
	struct script *script;
	struct fail why;
	int rc;

	if (path.n == 0 || rcpt->script_count == JOB_SCRIPTS_MAX)
		return false;
	/* A site's script is compiled once for all: it has no user. */
	if (place == FILTER_PERSONAL) {
		questions_add_path(&personal, d->conf->sieve_dir, rcpt->user->home);
		dirs.personal = buf_str(&personal);
	}
	rc = scripts_take(d->scripts, path, dirs, (uint64_t)d->conf->sieve_max_script_size, &script,
	    &why);
	buf_fini(&personal);
	if (rc == -1) {
		log_warn("user %.*s: script not run, message goes on without it: %s",
		    STR_ARG(rcpt->user_name), why.log);
		if (place == FILTER_PERSONAL)
			script_tell_user(path, str_of(why.log));
		return true;
	}
	if (script == NULL)
		return false;
	rcpt->places[rcpt->script_count] = place;
	rcpt->scripts[rcpt->script_count++] = script;
	return true;
}

static void
take_site_scripts(struct job_rcpt *rcpt, const struct conf_list *paths, uint8_t place)
{
	size_t i;

	for (i = 0; i < paths->n; i++)
		has_script(rcpt, str_of(paths->at[i]), place);
}

static void
take_scripts(struct job_rcpt *rcpt)
{
	const struct conf *conf = rcpt->job->deliver->conf;

	take_site_scripts(rcpt, &conf->sieve_before, FILTER_BEFORE);
	if (!has_script(rcpt, rcpt->user->script, FILTER_PERSONAL))
		has_script(rcpt, str_of(conf->sieve_default), FILTER_DEFAULT);
	take_site_scripts(rcpt, &conf->sieve_after, FILTER_AFTER);
}

static void
finish_users(struct job *job)
{
	size_t i;

	if (job_is_settled(job)) {
		job_end(job);
		return;
	}
	for (i = 0; i < job->rcpt_count; i++)
		if (!job->rcpts[i].is_settled)
			take_scripts(&job->rcpts[i]);
	job->asked_count = job->rcpt_count;
	filters_ask(job->deliver->filters, job);
}

static void
take_fields(struct job *job, const struct msg_FILTER_ANSWERS *answer)
{
	struct arena *a = &job->arena;

	job->fields = (struct disk_delivery){
		.message_id = arena_str(a, str_sub(answer->message_id, 0, JOB_FIELD_MAX)),
		.from = arena_str(a, str_sub(answer->from, 0, JOB_FIELD_MAX)),
		.to = arena_str(a, str_sub(answer->to, 0, JOB_FIELD_MAX)),
		.subject = arena_str(a, str_sub(answer->subject, 0, JOB_FIELD_MAX)),
		.references = arena_str(a, str_sub(answer->references, 0, JOB_FIELD_MAX)),
		.date = answer->date,
		.header_size = answer->header_size,
		.parts = answer->parts,
	};
}

/* No script was run: the user finds beside their own why their mail is not
 * sorted; a site's scripts are its administrator's matter, who has the log. */
static void
tell_not_run(const struct job_rcpt *rcpt, const char *reason)
{
	struct buf line = BUF_EMPTY;
	size_t i;

	buf_addf(&line, "message %.*s kept in INBOX, no script was run: %s",
	    STR_ARG(rcpt->job->trace_id), reason);
	for (i = 0; i < rcpt->script_count; i++)
		if (rcpt->places[i] == FILTER_PERSONAL)
			script_tell_user(rcpt->scripts[i]->path, buf_str(&line));
	buf_fini(&line);
}

static const struct rec_filter_outcome *
find_outcome(const struct msg_FILTER_ANSWERS *answer, uint32_t index)
{
	size_t i;

	for (i = 0; i < answer->outcomes.n; i++)
		if (answer->outcomes.at[i].index == index)
			return &answer->outcomes.at[i];
	return NULL;
}

/* Nothing of it is to be asked of filter, not now at least. */
static bool
is_through(const struct job_rcpt *rcpt)
{
	return rcpt->is_settled || rcpt->is_decided || rcpt->is_waiting;
}

static bool
has_scripts(const struct job_rcpt *rcpt)
{
	return !is_through(rcpt) && rcpt->script_count > 0;
}

/* How many recipients the next question is for, once one for all has cost a
 * filter: whoever has scripts alone, so that one user's script is not the end of
 * another's; the others as many as follow each other. */
static size_t
next_share(const struct job *job)
{
	size_t n = 1;

	if (has_scripts(&job->rcpts[job->asked_from]))
		return 1;
	while (job->asked_from + n < job->rcpt_count &&
	    !has_scripts(&job->rcpts[job->asked_from + n]))
		n++;
	return n;
}

/* A filter was lost over the question.  Whether it is asked again, in parts. */
static bool
is_asked_again(struct job *job, const char *reason)
{
	size_t share = next_share(job);

	job->filters_lost++;
	if (job->filters_lost == 1 && share < job->asked_count) {
		log_warn("%.*s: %s: scripts are run again for each recipient alone",
		    STR_ARG(job->trace_id), reason);
		job->asked_count = share;
		filters_ask(job->deliver->filters, job);
		return true;
	}
	if (job->filters_lost >= JOB_FILTERS_MAX)
		job->asked_count = job->rcpt_count - job->asked_from;
	log_warn("%.*s: message kept in INBOX of %zu recipients, no script was run: %s",
	    STR_ARG(job->trace_id), job->asked_count, reason);
	return false;
}

/* All recipients were asked for. */
static void
end_filtering(struct job *job)
{
	if (programs_are_waited_for(job)) {
		job->state = JOB_RUNS_PROGRAMS;
		if (!programs_are_running(job))
			job_programs_ended(job);
	} else if (programs_have_begun_pipes(job)) {
		job->state = JOB_RUNS_PROGRAMS;
	} else {
		commit_add(job->deliver->commit, job);
	}
}

/* On to the recipients that were not asked for yet. */
static void
go_on(struct job *job)
{
	job->asked_from += job->asked_count;
	while (job->asked_from < job->rcpt_count && is_through(&job->rcpts[job->asked_from]))
		job->asked_from++;
	if (job->asked_from == job->rcpt_count) {
		end_filtering(job);
		return;
	}
	job->asked_count = next_share(job);
	filters_ask(job->deliver->filters, job);
}

void
job_programs_ended(struct job *job)
{
	size_t i;

	if (!programs_are_waited_for(job)) {
		programs_take_pipes(job);
		commit_add(job->deliver->commit, job);
		return;
	}
	for (i = 0; i < job->rcpt_count; i++)
		job->rcpts[i].is_waiting = false;
	job->asked_from = job->asked_count = 0;
	go_on(job);
}

/* Whether the recipient's script is to be run again.  One that waits for
 * nothing, or for too much, is a filter gone wrong. */
static bool
is_to_wait(struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome)
{
	if (outcome == NULL || outcome->is_waiting == 0)
		return false;
	rcpt->is_waiting = ++rcpt->reruns <= PROGRAMS_MAX;
	if (!rcpt->is_waiting)
		log_warn("user %.*s: filter waits for no program", STR_ARG(rcpt->user_name));
	return rcpt->is_waiting;
}

static void
decide(struct job_rcpt *rcpt, const struct msg_FILTER_ANSWERS *answer, const char *reason)
{
	const struct rec_filter_outcome *outcome = NULL;

	if (answer != NULL) {
		outcome = find_outcome(answer, rcpt->index);
		decide_loop(rcpt, answer->delivered_to);
	} else {
		tell_not_run(rcpt, reason);
	}
	if (rcpt->is_settled || is_to_wait(rcpt, outcome))
		return;
	rcpt->is_decided = true;
	decide_copies(rcpt, outcome != NULL && outcome->is_waiting != 0 ? NULL : outcome);
}

void
job_filtered(struct job *job, const struct msg_FILTER_ANSWERS *answer, const char *reason)
{
	size_t i, end;

	changed_take(job, answer);
	if (answer != NULL)
		take_fields(job, answer);
	else if (is_asked_again(job, reason))
		return;
	end = job->asked_from + job->asked_count;
	for (i = job->asked_from; i < end; i++)
		if (!is_through(&job->rcpts[i]))
			decide(&job->rcpts[i], answer, reason);
	go_on(job);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Batches of ready jobs through the journal.  Knows the order of the steps
 * that make a delivery durable (doc/delivery.md); each step is another's. */

#include "deliver/commit.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/changed.h"
#include "deliver/deliver.h"
#include "deliver/outbox.h"
#include "deliver/outgoing.h"
#include "deliver/place.h"
#include "deliver/room.h"

struct commit {
	struct deliver *deliver;
	struct job_list ready;
	struct job_list writing; /* the jobs of the batch */
	size_t syncing;		 /* jobs whose files or folders a thread syncs */
	struct store_batch *batch;
	struct watch soon;
	struct watch room; /* looks again when the journal was full */
	bool has_rescans, has_ends; /* of rescans, of rows of the outbox */
	uint64_t last_seq;
	int result; /* of the write, and why */
	struct fail why;
};

static void build(void *arg);

struct commit *
commit_new(struct deliver *d)
{
	struct commit *commit = xcalloc(1, sizeof *commit);

	commit->deliver = d;
	TAILQ_INIT(&commit->ready);
	TAILQ_INIT(&commit->writing);
	return commit;
}

void
commit_free(struct commit **commit_ptr)
{
	struct commit *commit = *commit_ptr;

	if (commit == NULL)
		return;
	BUG_ON(!commit_is_idle(commit));
	loop_unwatch(&commit->soon);
	loop_unwatch(&commit->room);
	free(commit);
	*commit_ptr = NULL;
}

bool
commit_is_idle(const struct commit *commit)
{
	return TAILQ_EMPTY(&commit->ready) && commit->batch == NULL && commit->syncing == 0;
}

void
commit_kick(struct commit *commit)
{
	if (commit->batch == NULL && !loop_is_set(&commit->soon))
		loop_soon(commit->deliver->loop, &commit->soon, build, commit);
}

static void
kick(void *arg)
{
	commit_kick(arg);
}

static void
make_ready(struct job *job)
{
	struct commit *commit = job->deliver->commit;

	job->state = JOB_IS_READY;
	TAILQ_INSERT_TAIL(&commit->ready, job, entry);
	commit_kick(commit);
}

static void
write_files(void *arg)
{
	struct job *job = arg;

	if (job->is_file)
		place_write_files(job);
	outgoing_write_files(job);
}

static void
files_written(void *arg)
{
	struct job *job = arg;

	job->deliver->commit->syncing--;
	make_ready(job);
}

static uint64_t
rcpt_size(const struct job_rcpt *rcpt)
{
	uint64_t size = 0;
	size_t j;

	for (j = 0; j < rcpt->copy_count; j++)
		size += rcpt->copies[j].size;
	return size;
}

static bool
is_changed(const struct job *job)
{
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].copy_count; j++)
			if (job->rcpts[i].copies[j].is_changed)
				return true;
	return false;
}

void
commit_add(struct commit *commit, struct job *job)
{
	const struct conf *conf = commit->deliver->conf;

	place_name_files(job);
	/* The record has one body for all copies: changed ones are files too. */
	if (!outgoing_needs_body(job))
		changed_ease(job, (uint64_t)conf->journal_message_limit);
	job->is_file = job->stored.n > (uint64_t)conf->journal_message_limit || is_changed(job) ||
	    str_is_equal(str_of(conf->durability), STR("fsync"));
	outgoing_prepare(job);
	if ((!job->is_file && !outgoing_has_files(job)) || job_is_settled(job)) {
		make_ready(job);
		return;
	}
	/* A large message is not copied twice: its files are written and synced
	 * first, and the record refers to them (DESIGN 4). */
	job->state = JOB_WRITES_FILES;
	commit->syncing++;
	pool_run(commit->deliver->sync_pool, write_files, files_written, job);
}

/* Whether the job may go now.  Refuses recipients without room; a recipient
 * that would be refused on numbers older than the job waits for a rescan. */
static bool
can_go(struct commit *commit, struct job *job)
{
	struct deliver *d = commit->deliver;
	struct fail why;
	bool can = true;
	size_t i;

	for (i = 0; i < job->rcpt_count; i++) {
		struct job_rcpt *rcpt = &job->rcpts[i];

		if (rcpt->is_settled || rcpt->copy_count == 0)
			continue;
		if (rcpt->user->is_held) {
			can = false;
			continue;
		}
		if (room_check(d, rcpt->user, rcpt_size(rcpt), &why) == 0)
			continue;
		if (why.subject == 2 && rcpt->user->rescanned < job->begun) {
			rescans_begin(d->rescans, rcpt->user, kick, commit);
			can = false;
			continue;
		}
		job_refuse(rcpt, &why);
	}
	return can;
}

static struct disk_copy
make_copy(const struct job_rcpt *rcpt, const struct job_copy *copy)
{
	return (struct disk_copy){
		.user = rcpt->user->name,
		.root = rcpt->user->root,
		.mailbox = copy->box->name,
		.path = copy->box->path,
		.file = copy->file,
		.flags = copy->flags,
		.prefix = copy->prefix,
		.size = copy->size,
		.wire_size = copy->wire_size,
		.is_file = rcpt->job->is_file,
		.script = copy->script,
		.line = copy->line,
		.rule = copy->rule,
		.action = str_of(copy->action),
		.address = rcpt->address,
	};
}

static void
make_delivery(struct job *job, struct disk_delivery *out)
{
	struct deliver *d = job->deliver;
	size_t i, j, count = 0, mark_count = 0;

	*out = job->fields;
	out->received = job->received;
	out->trace_id = job->trace_id;
	out->sender = job->sender;
	out->digest = (struct str){ (const char *)job->digest, sizeof job->digest };
	for (i = 0; i < job->rcpt_count; i++)
		count += job->rcpts[i].copy_count;
	outgoing_add(job, out);
	/* A record of marks alone has nobody who would need it. */
	if (!job->is_file && (count > 0 || outgoing_needs_body(job)))
		out->body = job->stored;
	for (i = 0; i < job->rcpt_count; i++)
		mark_count += job->rcpts[i].mark_count;
	out->marks.at = arena_array(&job->arena, mark_count, sizeof *out->marks.at);
	out->copies.at = arena_array(&job->arena, count, sizeof *out->copies.at);
	out->unacked.at = arena_array(&job->arena, job->rcpt_count, sizeof *out->unacked.at);
	for (i = 0; i < job->rcpt_count; i++) {
		const struct job_rcpt *rcpt = &job->rcpts[i];

		if (rcpt->is_settled)
			continue;
		for (j = 0; j < rcpt->mark_count; j++)
			out->marks.at[out->marks.n++] = rcpt->marks[j];
		if (rcpt->copy_count == 0 && rcpt->outgoing_count == 0 && !rcpt->has_piped)
			continue;
		for (j = 0; j < rcpt->copy_count; j++)
			out->copies.at[out->copies.n++] = make_copy(rcpt, &rcpt->copies[j]);
		out->unacked.at[out->unacked.n++] = (struct disk_mark){
			.key = { (const char *)rcpt->digest, sizeof rcpt->digest },
			.expires = job->received + d->conf->unacknowledged_retention,
		};
	}
}

/* Written before the record, which was not. */
static void
drop_files(struct job *job)
{
	size_t i;

	place_drop_files(job);
	for (i = 0; i < job->rcpt_count; i++)
		outgoing_drop(&job->rcpts[i]);
}

static void
refuse_open(struct job *job, const struct fail *why)
{
	size_t i;

	drop_files(job);
	for (i = 0; i < job->rcpt_count; i++)
		if (!job->rcpts[i].is_settled)
			job_refuse(&job->rcpts[i], why);
}

/* Recipients whose copies are made, or who get none (discard), are done. */
static void
settle_rcpts(struct job *job)
{
	struct fail delivered = FAIL_EMPTY;
	size_t i;

	for (i = 0; i < job->rcpt_count; i++)
		if (!job->rcpts[i].is_settled)
			job_refuse(&job->rcpts[i], &delivered);
}

/* For the log.  Taken where the copies are counted: after the commit others of
 * the same batch are in the numbers too. */
static void
note_quota(struct job *job)
{
	const struct store_user *used;
	struct fail ignored;
	size_t i;

	for (i = 0; i < job->rcpt_count; i++) {
		struct job_rcpt *rcpt = &job->rcpts[i];

		if (rcpt->is_settled || rcpt->copy_count == 0)
			continue;
		used = store_user(job->deliver->store, rcpt->user->name, rcpt->user->root, &ignored);
		if (used == NULL)
			continue;
		rcpt->quota_before = used->bytes + used->pending_bytes;
		rcpt->quota_after = rcpt->quota_before + rcpt_size(rcpt);
	}
}

/* Whether there is anything to be recorded. */
static bool
has_record(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->rcpt_count; i++)
		if (!job->rcpts[i].is_settled &&
		    (job->rcpts[i].copy_count > 0 || job->rcpts[i].mark_count > 0 ||
			job->rcpts[i].outgoing_count > 0 || job->rcpts[i].has_piped))
			return true;
	return false;
}

/* What the record takes at most in the journal. */
static uint64_t
record_size(const struct job *job)
{
	uint64_t size = 4096 + (job->is_file ? 0 : job->stored.n) + outgoing_size(job);
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++) {
		size += 64 * job->rcpts[i].mark_count;
		for (j = 0; j < job->rcpts[i].copy_count; j++) {
			const struct job_copy *copy = &job->rcpts[i].copies[j];

			size += 512 + copy->prefix.n + copy->file.n + copy->flags.n + copy->script.n +
			    copy->rule.n + copy->box->path.n + copy->box->name.n +
			    copy->box->root.n + job->rcpts[i].address.n +
			    job->rcpts[i].user_name.n;
		}
	}
	return size;
}

/* Frees the journal in the background before it is full; a job that finds it
 * full waits for that, within bounds (DESIGN 4: held back, not grown). */
static bool
has_room(struct commit *commit, const struct job *job)
{
	struct deliver *d = commit->deliver;
	uint64_t room = store_journal_room(d->store);
	uint64_t size = (uint64_t)(d->conf->journal_segment_size * d->conf->journal_segments);

	if (room < size / 2) {
		settle_now(d->settle);
		checkpoint_ask(d->checkpoint, NULL, NULL);
	}
	if (room >= record_size(job) || clock_monotonic() - job->begun > COMMIT_PATIENCE)
		return true;
	if (!loop_is_set(&commit->room))
		loop_timer(d->loop, &commit->room, CLOCK_SECOND / 20, kick, commit);
	return false;
}

/* Into the batch, or straight to its end. */
static void
prepare(struct commit *commit, struct job *job)
{
	struct disk_delivery delivery;
	struct fail why;
	size_t i;

	TAILQ_REMOVE(&commit->ready, job, entry);
	if (!has_record(job)) {
		settle_rcpts(job);
		drop_files(job);
		job_end(job);
		return;
	}
	make_delivery(job, &delivery);
	note_quota(job);
	if (store_prepare(commit->batch, &delivery, &job->seq, &why) == -1) {
		refuse_open(job, &why);
		job_end(job);
		return;
	}
	for (i = 0; i < job->rcpt_count; i++)
		if (!job->rcpts[i].is_settled)
			job->rcpts[i].user->in_flight += (unsigned)job->rcpts[i].copy_count;
	commit->last_seq = job->seq;
	job->state = JOB_IS_COMMITTING;
	TAILQ_INSERT_TAIL(&commit->writing, job, entry);
}

static void
write_batch(void *arg)
{
	struct commit *commit = arg;

	commit->result = store_write(commit->batch, &commit->why);
}

static void
sync_folders(void *arg)
{
	place_sync_folders(arg);
}

static void
answer(struct job *job)
{
	settle_rcpts(job);
	job->state = JOB_IS_ANSWERED;
	job_end(job);
}

static void
folders_synced(void *arg)
{
	struct job *job = arg;

	job->deliver->commit->syncing--;
	answer(job);
}

static void
place_and_answer(struct commit *commit, struct job_list *jobs, uint64_t last_seq)
{
	struct deliver *d = commit->deliver;
	struct job *job, *next;

	TAILQ_FOREACH(job, jobs, entry)
		place_job(job);
	TAILQ_FOREACH(job, jobs, entry)
		outgoing_committed(job);
	store_placed(d->store, last_seq);
	settle_placed(d->settle, last_seq);
	for (job = TAILQ_FIRST(jobs); job != NULL; job = next) {
		next = TAILQ_NEXT(job, entry);
		TAILQ_REMOVE(jobs, job, entry);
		if (job->is_file && str_is_equal(str_of(d->conf->durability), STR("fsync"))) {
			commit->syncing++;
			pool_run(d->sync_pool, sync_folders, folders_synced, job);
		} else
			answer(job);
	}
}

static void
give_up(struct commit *commit, struct job_list *jobs)
{
	struct job *job;
	size_t i;

	log_error("nothing of this batch is delivered, its senders are told to try again: %s",
	    commit->why.log);
	commit->why.class = FAIL_TEMP;
	while ((job = TAILQ_FIRST(jobs)) != NULL) {
		TAILQ_REMOVE(jobs, job, entry);
		for (i = 0; i < job->rcpt_count; i++)
			if (!job->rcpts[i].is_settled)
				job->rcpts[i].user->in_flight -= (unsigned)job->rcpts[i].copy_count;
		refuse_open(job, &commit->why);
		job_end(job);
	}
}

static void
batch_written(void *arg)
{
	struct commit *commit = arg;
	struct deliver *d = commit->deliver;
	struct job_list jobs = TAILQ_HEAD_INITIALIZER(jobs);
	bool is_written = commit->result == 0, had_rescans = commit->has_rescans;
	bool had_ends = commit->has_ends;
	uint64_t last_seq = commit->last_seq;

	TAILQ_CONCAT(&jobs, &commit->writing, entry);
	if (is_written)
		store_committed(&commit->batch);
	else
		store_abandoned(&commit->batch);
	if (had_rescans)
		rescans_committed(d->rescans, is_written);
	if (had_ends)
		outbox_committed(d->outbox, is_written);
	/* The next batch is on its way to the disk while this one's files are
	 * made. */
	build(commit);
	if (is_written)
		place_and_answer(commit, &jobs, last_seq);
	else
		give_up(commit, &jobs);
	rescans_check(d->rescans);
	deliver_check_stop(d);
}

static void
build(void *arg)
{
	struct commit *commit = arg;
	struct deliver *d = commit->deliver;
	struct job *job, *next;
	uint64_t bytes = 0, seq;
	size_t count = 0;

	if (commit->batch != NULL)
		return;
	commit->batch = store_batch_new(d->store);
	commit->has_rescans = rescans_has_ready(d->rescans);
	if (commit->has_rescans)
		commit->last_seq = rescans_prepare(d->rescans, commit->batch);
	commit->has_ends = outbox_has_ready(d->outbox);
	seq = commit->has_ends ? outbox_prepare(d->outbox, commit->batch) : 0;
	if (seq > 0)
		commit->last_seq = seq;
	for (job = TAILQ_FIRST(&commit->ready); job != NULL; job = next) {
		next = TAILQ_NEXT(job, entry);
		if (count == COMMIT_JOBS_MAX || bytes > COMMIT_BYTES_MAX)
			break;
		if (!has_room(commit, job))
			break;
		if (!can_go(commit, job))
			continue;
		count++;
		bytes += job->is_file ? 0 : job->stored.n;
		prepare(commit, job);
	}
	if (store_batch_is_empty(commit->batch)) {
		store_abandoned(&commit->batch);
		if (commit->has_rescans)
			rescans_committed(d->rescans, false);
		if (commit->has_ends)
			outbox_committed(d->outbox, false);
		deliver_check_stop(d);
		return;
	}
	pool_run(d->journal_pool, write_batch, batch_written, commit);
}

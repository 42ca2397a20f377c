/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Messages that a job sends: their texts and their part of the record.  Knows
 * neither why they are sent nor how. */

#include "deliver/outgoing.h"

#include "base/clock.h"
#include "deliver/deliver.h"
#include "deliver/outbox.h"
#include "store/outbox.h"

static struct str
body_of(const struct job *job, const struct job_outgoing *o)
{
	return str_sub(job->body, o->from, o->end - o->from);
}

static int
refuse_impossible(struct job_rcpt *rcpt)
{
	struct fail why;

	fail_set(&why, FAIL_OURS, 3, 0, 0, "Internal error",
	    "user %.*s: a message to be sent is not part of the one that came",
	    STR_ARG(rcpt->user_name));
	job_refuse(rcpt, &why);
	return -1;
}

/* room: bytes that the record may still take; a job for very many recipients,
 * each with a message of their own, must fit into it too. */
static int
prepare_row(struct job_rcpt *rcpt, struct job_outgoing *o, size_t *room)
{
	struct job *job = rcpt->job;
	struct buf text = BUF_EMPTY;
	size_t recorded;

	if (o->from > o->end || o->end > job->body.n)
		return refuse_impossible(rcpt);
	o->size = o->head.n + (o->end - o->from);
	recorded = job->is_file ? o->size : o->head.n;
	if (o->size > OUTBOX_TEXT_MAX || recorded > *room) {
		outbox_add_name(&text);
		o->file = arena_str(&job->arena, buf_str(&text));
	} else if (job->is_file && o->from < o->end) {
		/* The record will not have the body. */
		buf_add_str(&text, o->head);
		buf_add_str(&text, body_of(job, o));
		o->head = arena_str(&job->arena, buf_str(&text));
		o->from = o->end = 0;
	}
	if (o->file.n == 0)
		*room -= recorded;
	buf_fini(&text);
	return 0;
}

void
outgoing_prepare(struct job *job)
{
	size_t room = (size_t)job->deliver->conf->journal_message_limit;
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].outgoing_count && !job->rcpts[i].is_settled; j++)
			if (prepare_row(&job->rcpts[i], &job->rcpts[i].outgoing[j], &room) == -1)
				break;
}

bool
outgoing_has_files(const struct job *job)
{
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].outgoing_count && !job->rcpts[i].is_settled; j++)
			if (job->rcpts[i].outgoing[j].file.n > 0)
				return true;
	return false;
}

static void
write_rcpt(struct job_rcpt *rcpt)
{
	const char *dir = store_dir(rcpt->job->deliver->store);
	struct fail why = FAIL_EMPTY;
	size_t j;

	for (j = 0; j < rcpt->outgoing_count; j++) {
		const struct job_outgoing *o = &rcpt->outgoing[j];
		const struct str parts[] = { o->head, body_of(rcpt->job, o) };

		if (o->file.n > 0 && outbox_write(dir, o->file, parts, 2, &why) == -1) {
			why.class = FAIL_TEMP;
			job_refuse(rcpt, &why);
			return;
		}
	}
	if (outbox_sync(dir, &why) == -1) {
		why.class = FAIL_TEMP;
		job_refuse(rcpt, &why);
	}
}

void
outgoing_write_files(struct job *job)
{
	size_t i, j;
	bool has_file;

	for (i = 0; i < job->rcpt_count; i++) {
		has_file = false;
		for (j = 0; j < job->rcpts[i].outgoing_count; j++)
			has_file = has_file || job->rcpts[i].outgoing[j].file.n > 0;
		if (has_file && !job->rcpts[i].is_settled)
			write_rcpt(&job->rcpts[i]);
	}
}

void
outgoing_drop(struct job_rcpt *rcpt)
{
	size_t j;

	for (j = 0; j < rcpt->outgoing_count; j++)
		if (rcpt->outgoing[j].file.n > 0)
			outbox_unlink(store_dir(rcpt->job->deliver->store), rcpt->outgoing[j].file);
	rcpt->outgoing_count = 0;
}

bool
outgoing_needs_body(const struct job *job)
{
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].outgoing_count && !job->rcpts[i].is_settled; j++)
			if (job->rcpts[i].outgoing[j].file.n == 0 &&
			    job->rcpts[i].outgoing[j].from < job->rcpts[i].outgoing[j].end)
				return true;
	return false;
}

static int64_t
expiry_of(const struct job *job, const struct job_outgoing *o)
{
	return job->received +
	    (o->lifetime > 0 ? o->lifetime * CLOCK_SECOND : job->deliver->conf->outbox_lifetime);
}

static struct disk_outgoing
make_row(const struct job_rcpt *rcpt, const struct job_outgoing *o)
{
	struct disk_outgoing row = {
		.cause = str_of(o->cause), .user = rcpt->user->name, .script = o->script,
		.line = o->line, .rule = o->rule, .sender = o->sender,
		.recipient = o->recipient, .envid = o->envid, .orcpt = o->orcpt, .by = o->by,
		.notify = o->notify, .ret = o->ret, .body_type = o->body_type,
		.smtputf8 = o->smtputf8, .requiretls = o->requiretls,
		.expires = expiry_of(rcpt->job, o), .size = o->size, .file = o->file,
	};

	if (o->file.n == 0) {
		row.head = o->head;
		row.from = o->from;
		row.end = o->end;
	}
	return row;
}

void
outgoing_add(struct job *job, struct disk_delivery *out)
{
	size_t i, j, count = 0;

	for (i = 0; i < job->rcpt_count; i++)
		count += job->rcpts[i].outgoing_count;
	out->outgoing.at = arena_array(&job->arena, count, sizeof *out->outgoing.at);
	for (i = 0; i < job->rcpt_count; i++) {
		struct job_rcpt *rcpt = &job->rcpts[i];

		if (rcpt->is_settled)
			outgoing_drop(rcpt);
		rcpt->first_outgoing = (uint32_t)out->outgoing.n;
		for (j = 0; j < rcpt->outgoing_count; j++)
			out->outgoing.at[out->outgoing.n++] = make_row(rcpt, &rcpt->outgoing[j]);
	}
}

uint64_t
outgoing_size(const struct job *job)
{
	uint64_t size = 0;
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].outgoing_count; j++) {
			const struct job_outgoing *o = &job->rcpts[i].outgoing[j];

			size += 256 + o->sender.n + o->recipient.n + o->envid.n + o->orcpt.n + o->by.n +
			    o->script.n + o->rule.n + job->rcpts[i].user_name.n +
			    (o->file.n > 0 ? o->file.n : o->head.n);
		}
	return size;
}

void
outgoing_committed(const struct job *job)
{
	uint32_t j;
	size_t i;

	/* Those of a recipient that was voided are gone (outgoing_drop). */
	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].outgoing_count; j++)
			outbox_add(job->deliver->outbox,
			    format_outbox_id(job->seq, job->rcpts[i].first_outgoing + j),
			    expiry_of(job, &job->rcpts[i].outgoing[j]));
}

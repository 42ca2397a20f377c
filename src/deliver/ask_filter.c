/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The line of jobs before the filter processes.  Knows the questions and the
 * time limits, nothing of what an answer means. */

#include "deliver/ask_filter.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/table.h"
#include "base/xalloc.h"
#include "deliver/changed.h"
#include "deliver/deliver.h"
#include "deliver/programs.h"
#include "deliver/questions.h"
#include "ipc/actions.h"

struct slot {
	TAILQ_ENTRY(slot) entry;
	struct filters *filters;
	uint32_t worker;
	struct wire *wire;
	struct job_list asked; /* the first is the one it works on */
	size_t asked_count;
	struct watch timer;
	struct table given; /* script ids that it has */
	uint64_t space;	    /* bytes of the files that it was given */
	int64_t served;
	bool is_renewing; /* gets no more questions */
};

struct filters {
	struct deliver *deliver;
	TAILQ_HEAD(, slot) slots;
	struct job_list waiting;
	struct watch patience;
};

static void dispatch(struct filters *filters);

static struct str
id_key(const uint64_t *id)
{
	return (struct str){ (const char *)id, sizeof *id };
}

static void
report(struct slot *slot, const char *reason)
{
	struct msg_DELIVER_REPORTS_FILTER message = { slot->worker, str_of(reason) };

	if (slot->filters->deliver->master != NULL)
		wire_send(slot->filters->deliver->master, MSG_DELIVER_REPORTS_FILTER, &message);
}

/* Takes the slot away; its first job is blamed, the others wait again. */
static void
end_slot(struct slot *slot, const char *reason)
{
	struct filters *filters = slot->filters;
	struct job *blamed = TAILQ_FIRST(&slot->asked), *job;

	TAILQ_REMOVE(&filters->slots, slot, entry);
	loop_unwatch(&slot->timer);
	wire_free(&slot->wire);
	table_fini(&slot->given);
	if (blamed != NULL)
		TAILQ_REMOVE(&slot->asked, blamed, entry);
	while ((job = TAILQ_LAST(&slot->asked, job_list)) != NULL) {
		TAILQ_REMOVE(&slot->asked, job, entry);
		TAILQ_INSERT_HEAD(&filters->waiting, job, entry);
	}
	free(slot);
	if (blamed != NULL)
		job_filtered(blamed, NULL, reason);
	dispatch(filters);
}

static void
link_gone(struct wire *w, void *arg)
{
	struct slot *slot = arg;

	(void)w;
	report(slot, "link ended");
	end_slot(slot, "the filter process ended while it worked on the message");
}

static void
overran(void *arg)
{
	struct slot *slot = arg;

	report(slot, "overran sieve_timeout");
	end_slot(slot, "the filter process did not answer within sieve_timeout");
}

static void
set_timer(struct slot *slot)
{
	struct deliver *d = slot->filters->deliver;

	loop_unwatch(&slot->timer);
	if (!TAILQ_EMPTY(&slot->asked))
		loop_timer(d->loop, &slot->timer, d->conf->sieve_timeout, overran, slot);
}

static void
renew_when_due(struct slot *slot)
{
	struct deliver *d = slot->filters->deliver;

	/* One that kept the files would have as much memory as it was given. */
	if (slot->served >= d->conf->filter_renew || slot->space > FILTERS_SPACE_MAX)
		slot->is_renewing = true;
	if (!slot->is_renewing || !TAILQ_EMPTY(&slot->asked))
		return;
	report(slot, "renew");
	end_slot(slot, "");
}

static void
take_answer(struct wire *w, const union msg_any *any, void *arg)
{
	const struct msg_FILTER_ANSWERS *answer = &any->FILTER_ANSWERS;
	struct slot *slot = arg;
	struct filters *filters = slot->filters;
	struct job *job = TAILQ_FIRST(&slot->asked);

	(void)w;
	if (job == NULL || answer->id != (uint64_t)(uintptr_t)job) {
		report(slot, "answered what was not asked");
		end_slot(slot, "the filter process answered what was not asked");
		return;
	}
	TAILQ_REMOVE(&slot->asked, job, entry);
	slot->asked_count--;
	slot->served++;
	set_timer(slot);
	job_filtered(job, answer, NULL);
	renew_when_due(slot); /* may free slot */
	dispatch(filters);
}

static void
take_question(struct wire *w, const union msg_any *any, void *arg)
{
	struct slot *slot = arg;
	struct job *job = TAILQ_FIRST(&slot->asked);

	if (any->FILTER_ASKS.kind == FILTER_ASKS_SPACE)
		slot->space += changed_give_space(job, w, &any->FILTER_ASKS);
	else
		questions_answer(slot->filters->deliver, job, w, &any->FILTER_ASKS);
}

static void
take_program_question(struct wire *w, const union msg_any *any, void *arg)
{
	const struct slot *slot = arg;

	programs_answer(slot->filters->deliver, TAILQ_FIRST(&slot->asked), w,
	    &any->FILTER_ASKS_PROGRAM);
}

static const wire_handler filter_handlers[MSG_COUNT] = {
	[MSG_FILTER_ASKS] = take_question,
	[MSG_FILTER_ASKS_PROGRAM] = take_program_question,
	[MSG_FILTER_ANSWERS] = take_answer,
};

void
filters_set_link(struct filters *filters, uint32_t worker, int fd)
{
	struct slot *slot, *next;

	for (slot = TAILQ_FIRST(&filters->slots); slot != NULL; slot = next) {
		next = TAILQ_NEXT(slot, entry);
		if (slot->worker == worker)
			end_slot(slot, "the filter process was replaced");
	}
	slot = xcalloc(1, sizeof *slot);
	slot->filters = filters;
	slot->worker = worker;
	TAILQ_INIT(&slot->asked);
	slot->wire = wire_new(filters->deliver->loop, fd, filter_handlers, link_gone, slot);
	TAILQ_INSERT_TAIL(&filters->slots, slot, entry);
	dispatch(filters);
}

static void
give_script(struct slot *slot, const struct script *script)
{
	struct msg_DELIVER_GIVES_SCRIPT message = {
		.id = script->id,
		.name = str_sub(script->path, 0, 1024),
		.is_global = script->is_global,
		.fd = -1,
		.size = script->text.n,
	};
	struct fail why;
	int fd = -1;

	if (table_get(&slot->given, id_key(&script->id)) != NULL)
		return;
	table_put(&slot->given, id_key(&script->id), slot);
	if (script->text.n <= WIRE_INLINE_MAX)
		message.text = script->text;
	else if (file_sealed(script->text, &fd, &why) == -1)
		log_error("script %.*s: %s", STR_ARG(script->path), why.log);
	message.fd = fd;
	wire_send(slot->wire, MSG_DELIVER_GIVES_SCRIPT, &message);
	file_close(&fd);
}

static void
add_recipient(struct rec_filter_rcpt *out, const struct job_rcpt *rcpt, struct slot *slot,
    struct arena *a)
{
	size_t i;

	*out = (struct rec_filter_rcpt){
		.index = rcpt->index,
		.address = rcpt->address,
		.orcpt = rcpt->orcpt,
		.orcpt_type = rcpt->orcpt_type,
		.user = rcpt->user_name,
		.detail = rcpt->detail,
		.notify = rcpt->notify,
		.seed = { (const char *)rcpt->digest, sizeof rcpt->digest },
	};
	out->scripts.at = arena_array(a, rcpt->script_count, sizeof *out->scripts.at);
	out->scripts.n = rcpt->script_count;
	for (i = 0; i < rcpt->script_count; i++) {
		give_script(slot, rcpt->scripts[i]);
		out->scripts.at[i].id = rcpt->scripts[i]->id;
		out->scripts.at[i].place = rcpt->places[i];
	}
}

/* Upper bound of the question without the body, in bytes of its packet. */
static size_t
question_size(const struct job *job)
{
	size_t i, size = 256 + job->sender.n + job->client.n + job->helo.n + job->envid.n +
	    job->auth.n;

	for (i = 0; i < job->asked_count; i++) {
		const struct job_rcpt *rcpt = &job->rcpts[job->asked_from + i];

		size += 100 + rcpt->address.n + rcpt->orcpt.n + rcpt->orcpt_type.n +
		    rcpt->user_name.n + rcpt->detail.n + 16 * rcpt->script_count;
	}
	return size;
}

/* A body that does not fit beside very many recipients travels as a memfd. */
static bool
can_fit(struct job *job)
{
	struct fail why;
	size_t size = question_size(job);

	if (job->body_fd == -1 && size + job->body.n > WIRE_PACKET_MAX &&
	    file_sealed(job->body, &job->body_fd, &why) == -1)
		log_error("%.*s: %s", STR_ARG(job->trace_id), why.log);
	return size <= WIRE_PACKET_MAX &&
	    (job->body_fd != -1 || size + job->body.n <= WIRE_PACKET_MAX);
}

static void
ask(struct slot *slot, struct job *job)
{
	struct msg_DELIVER_ASKS_FILTER question = {
		.id = (uint64_t)(uintptr_t)job,
		.sender = job->sender,
		.size = job->body.n,
		.wire_size = job->body_wire_size,
		.fd = job->body_fd,
		.now = job->received,
		.client = job->client,
		.helo = job->helo,
		.envid = job->envid,
		.auth = job->auth,
		.by = job->by,
		.is_by_traced = job->is_by_traced,
		.by_end = job->by_end,
		.ret = job->ret,
		.smtputf8 = job->smtputf8,
	};
	size_t i, end = job->asked_from + job->asked_count;

	if (job->body_fd == -1)
		question.body = job->body;
	question.recipients.at =
	    arena_array(&job->arena, job->asked_count, sizeof *question.recipients.at);
	for (i = job->asked_from; i < end; i++)
		if (!job->rcpts[i].is_settled && !job->rcpts[i].is_decided)
			add_recipient(&question.recipients.at[question.recipients.n++],
			    &job->rcpts[i], slot, &job->arena);
	wire_send(slot->wire, MSG_DELIVER_ASKS_FILTER, &question);
	TAILQ_INSERT_TAIL(&slot->asked, job, entry);
	if (slot->asked_count++ == 0)
		set_timer(slot);
}

static struct slot *
find_slot(struct filters *filters)
{
	struct slot *slot, *best = NULL;

	TAILQ_FOREACH(slot, &filters->slots, entry)
		if (!slot->is_renewing && slot->asked_count < FILTERS_DEPTH &&
		    (best == NULL || slot->asked_count < best->asked_count))
			best = slot;
	return best;
}

static void
lose_patience(void *arg)
{
	struct filters *filters = arg;
	struct job *job;
	struct fail why;
	size_t i;

	fail_set(&why, FAIL_TEMP, 3, 0, 0, "Mail filter is not available, try again later",
	    "no filter process could be had: see why they end in the log");
	while ((job = TAILQ_FIRST(&filters->waiting)) != NULL &&
	    clock_monotonic() - job->waiting_since > FILTERS_PATIENCE) {
		TAILQ_REMOVE(&filters->waiting, job, entry);
		for (i = 0; i < job->rcpt_count; i++)
			if (!job->rcpts[i].is_settled)
				job_refuse(&job->rcpts[i], &why);
		job_end(job);
	}
	if (!TAILQ_EMPTY(&filters->waiting))
		loop_timer(filters->deliver->loop, &filters->patience, CLOCK_SECOND, lose_patience,
		    filters);
}

static void
dispatch(struct filters *filters)
{
	struct job *job;
	struct slot *slot;

	while ((job = TAILQ_FIRST(&filters->waiting)) != NULL) {
		slot = find_slot(filters);
		if (slot == NULL)
			break;
		TAILQ_REMOVE(&filters->waiting, job, entry);
		if (can_fit(job))
			ask(slot, job);
		else
			job_filtered(job, NULL, "more recipients with scripts than one question holds");
	}
	if (job != NULL && !loop_is_set(&filters->patience))
		loop_timer(filters->deliver->loop, &filters->patience, CLOCK_SECOND, lose_patience,
		    filters);
}

struct filters *
filters_new(struct deliver *d)
{
	struct filters *filters = xcalloc(1, sizeof *filters);

	filters->deliver = d;
	TAILQ_INIT(&filters->slots);
	TAILQ_INIT(&filters->waiting);
	return filters;
}

void
filters_free(struct filters **filters_ptr)
{
	struct filters *filters = *filters_ptr;
	struct slot *slot;

	if (filters == NULL)
		return;
	while ((slot = TAILQ_FIRST(&filters->slots)) != NULL) {
		BUG_ON(!TAILQ_EMPTY(&slot->asked));
		end_slot(slot, "");
	}
	loop_unwatch(&filters->patience);
	free(filters);
	*filters_ptr = NULL;
}

void
filters_ask(struct filters *filters, struct job *job)
{
	job->state = JOB_WAITS_FILTER;
	job->waiting_since = clock_monotonic();
	TAILQ_INSERT_TAIL(&filters->waiting, job, entry);
	dispatch(filters);
}

void
filters_drop_script(struct filters *filters, uint64_t id)
{
	struct msg_DELIVER_DROPS_SCRIPT message = { id };
	struct slot *slot;

	TAILQ_FOREACH(slot, &filters->slots, entry)
		if (table_remove(&slot->given, id_key(&id)) != NULL)
			wire_send(slot->wire, MSG_DELIVER_DROPS_SCRIPT, &message);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Open questions and the links they go through.  Knows no client and no
 * reply code. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/table.h"
#include "base/xalloc.h"
#include "session/ask.h"

/* How often overdue questions are looked for. */
#define SWEEP_EVERY (5 * CLOCK_SECOND)

struct owner {
	struct ask *ask;
	char *name;
	struct wire *wire; /* NULL: there is none */
	bool is_wanted;	   /* master was asked for a link and has not answered */
	bool is_retiring;
	size_t open; /* questions sent and not answered, or waiting for the link */
};

struct question {
	uint64_t id;
	struct owner *owner; /* NULL: directory */
	bool is_sent;
	ask_fn fn; /* NULL: nobody wants the answer any more */
	void *arg;
	int64_t deadline;
	struct msg_SESSION_GIVES_JOB *job; /* what to send when the link comes: */
	struct msg_SESSION_ASKS_ROOM room; /* a job, or when NULL this */
};

struct ask {
	struct loop *loop;
	struct wire *directory;
	struct table owners;	/* by name */
	struct table questions; /* by id */
	uint64_t last_id;
	struct watch sweep;
	ask_owner_fn want_owner;
	void *arg;
};

static const struct answer no_directory = { FAIL_TEMP, 3, 0,
	{ "User lookup is not available", 28 }, false };
static const struct answer no_owner = { FAIL_TEMP, 3, 0, { "Delivery is not available", 25 }, false };
static const struct answer too_late = { FAIL_TEMP, 3, 0, { "No answer in time", 17 }, false };

/* ---- questions ---- */

static struct str
key_of(const uint64_t *id)
{
	return (struct str){ (const char *)id, sizeof *id };
}

static struct question *
find(const struct ask *ask, uint64_t id)
{
	return table_get(&ask->questions, key_of(&id));
}

static void sweep(void *arg);

static struct question *
add_question(struct ask *ask, struct owner *owner, int64_t limit, ask_fn fn, void *arg)
{
	struct question *q = xcalloc(1, sizeof *q);

	q->id = ++ask->last_id;
	q->owner = owner;
	q->fn = fn;
	q->arg = arg;
	q->deadline = clock_monotonic() + limit;
	table_put(&ask->questions, key_of(&q->id), q);
	if (owner != NULL)
		owner->open++;
	if (!loop_is_set(&ask->sweep))
		loop_timer(ask->loop, &ask->sweep, SWEEP_EVERY, sweep, ask);
	return q;
}

static void
drop_owner_if_done(struct owner *o)
{
	if (o->open > 0 || (o->wire != NULL && !o->is_retiring))
		return;
	wire_free(&o->wire);
	table_remove(&o->ask->owners, str_of(o->name));
	free(o->name);
	free(o);
}

/* The question is over: it is gone before its function runs.  Its owner stays
 * until then, because the result may point into a packet of its link. */
static void
end_question(struct ask *ask, struct question *q, const struct ask_result *result)
{
	struct ask_result numbered = *result;
	struct owner *o = q->owner;
	ask_fn fn = q->fn;
	void *arg = q->arg;

	numbered.id = q->id;
	table_remove(&ask->questions, key_of(&q->id));
	free(q);
	if (fn != NULL)
		fn(arg, &numbered);
	if (o != NULL) {
		o->open--;
		drop_owner_if_done(o);
	}
}

static void
fail_question(struct ask *ask, struct question *q, const struct answer *answer)
{
	struct ask_result result = { .answer = *answer };

	end_question(ask, q, &result);
}

typedef bool (*is_meant_fn)(const struct question *q, const void *arg);

/* The ids of those questions that are meant; the caller frees.  What is then
 * done to one may add or end others, so the table cannot be walked meanwhile. */
static uint64_t *
collect(struct ask *ask, is_meant_fn is_meant, const void *arg, size_t *n_out)
{
	uint64_t *ids = NULL;
	size_t n = 0, cap = 0, cursor = 0;
	struct str key;
	void *value;

	while (table_has_next(&ask->questions, &cursor, &key, &value)) {
		struct question *q = value;

		if (!is_meant(q, arg))
			continue;
		XGROW(ids, cap, n + 1);
		ids[n++] = q->id;
	}
	*n_out = n;
	return ids;
}

static void
fail_all(struct ask *ask, is_meant_fn is_meant, const void *arg, const struct answer *answer)
{
	size_t n, i;
	uint64_t *ids = collect(ask, is_meant, arg, &n);

	for (i = 0; i < n; i++) {
		struct question *q = find(ask, ids[i]);

		if (q != NULL)
			fail_question(ask, q, answer);
	}
	free(ids);
}

static bool
is_for_directory(const struct question *q, const void *arg)
{
	(void)arg;
	return q->owner == NULL;
}

static bool
is_for_owner(const struct question *q, const void *owner)
{
	return q->owner == owner;
}

static bool
is_overdue(const struct question *q, const void *now)
{
	return q->fn != NULL && q->deadline <= *(const int64_t *)now;
}

/* An overdue question that was sent stays open, unwanted, so that its link is
 * not taken for idle. */
static void
sweep(void *arg)
{
	struct ask *ask = arg;
	int64_t now = clock_monotonic();
	struct ask_result result = { .answer = too_late };
	size_t n, i;
	uint64_t *ids = collect(ask, is_overdue, &now, &n);

	for (i = 0; i < n; i++) {
		struct question *q = find(ask, ids[i]);
		ask_fn fn = q != NULL ? q->fn : NULL;

		if (fn == NULL)
			continue;
		log_warn("no answer from %s in time", q->owner != NULL ? q->owner->name : "directory");
		if (!q->is_sent) {
			fail_question(ask, q, &too_late);
			continue;
		}
		q->fn = NULL;
		result.id = q->id;
		fn(q->arg, &result);
	}
	free(ids);
	if (table_count(&ask->questions) > 0)
		loop_timer(ask->loop, &ask->sweep, SWEEP_EVERY, sweep, ask);
}

/* ---- directory ---- */

static void
directory_answers_rcpt(struct wire *w, const union msg_any *message, void *arg)
{
	const struct msg_DIRECTORY_ANSWERS_RCPT *m = &message->DIRECTORY_ANSWERS_RCPT;
	struct ask *ask = arg;
	struct question *q = find(ask, m->id);
	struct ask_result result = {
		.answer = answer_of(m->class, m->subject, m->detail, m->text),
		.targets = m->targets.at,
		.target_count = m->targets.n,
	};

	(void)w;
	if (q != NULL && q->owner == NULL)
		end_question(ask, q, &result);
}

static const wire_handler directory_handlers[MSG_COUNT] = {
	[MSG_DIRECTORY_ANSWERS_RCPT] = directory_answers_rcpt,
};

static void
directory_gone(struct wire *w, void *arg)
{
	struct ask *ask = arg;

	(void)w;
	log_warn("directory is gone");
	wire_free(&ask->directory);
	fail_all(ask, is_for_directory, NULL, &no_directory);
}

void
ask_set_directory(struct ask *ask, int fd)
{
	if (ask->directory != NULL)
		directory_gone(ask->directory, ask);
	ask->directory = wire_new(ask->loop, fd, directory_handlers, directory_gone, ask);
}

void
ask_rcpt(struct ask *ask, struct str address, ask_fn fn, void *arg)
{
	struct msg_SESSION_ASKS_RCPT m = { .address = address };
	struct ask_result result = { .answer = no_directory };

	if (ask->directory == NULL) {
		fn(arg, &result);
		return;
	}
	m.id = add_question(ask, NULL, ASK_QUICK_LIMIT, fn, arg)->id;
	wire_send(ask->directory, MSG_SESSION_ASKS_RCPT, &m);
}

/* ---- owners ---- */

static void
deliver_answers_room(struct wire *w, const union msg_any *message, void *arg)
{
	const struct msg_DELIVER_ANSWERS_ROOM *m = &message->DELIVER_ANSWERS_ROOM;
	struct owner *o = arg;
	struct question *q = find(o->ask, m->id);
	struct ask_result result = {
		.answer = answer_of(m->class, m->subject, m->detail, m->text),
	};

	(void)w;
	if (q != NULL && q->owner == o && q->is_sent && q->job == NULL)
		end_question(o->ask, q, &result);
}

static void
deliver_answers_job(struct wire *w, const union msg_any *message, void *arg)
{
	const struct msg_DELIVER_ANSWERS_JOB *m = &message->DELIVER_ANSWERS_JOB;
	struct owner *o = arg;
	struct question *q = find(o->ask, m->id);
	struct ask_result result = {
		.answer = ANSWER_GOOD,
		.outcomes = m->outcomes.at,
		.outcome_count = m->outcomes.n,
	};

	(void)w;
	if (q != NULL && q->owner == o && q->is_sent && q->job != NULL)
		end_question(o->ask, q, &result);
}

static const wire_handler owner_handlers[MSG_COUNT] = {
	[MSG_DELIVER_ANSWERS_ROOM] = deliver_answers_room,
	[MSG_DELIVER_ANSWERS_JOB] = deliver_answers_job,
};

/* The link is over; what was open on it is answered with a temporary failure. */
static void
cut_owner(struct owner *o, const struct answer *answer)
{
	struct ask *ask = o->ask;

	wire_free(&o->wire);
	o->is_retiring = false;
	o->is_wanted = false;
	/* Held open so that the last question does not take the owner along. */
	o->open++;
	fail_all(ask, is_for_owner, o, answer);
	o->open--;
	drop_owner_if_done(o);
}

static void
owner_gone(struct wire *w, void *arg)
{
	struct owner *o = arg;

	(void)w;
	if (o->open > 0)
		log_warn("deliver of %s is gone with %zu open questions", o->name, o->open);
	cut_owner(o, &no_owner);
}

static struct owner *
find_owner(struct ask *ask, struct str name)
{
	return table_get(&ask->owners, name);
}

static struct owner *
need_owner(struct ask *ask, struct str name, uint32_t uid)
{
	struct owner *o = find_owner(ask, name);

	if (o == NULL) {
		o = xcalloc(1, sizeof *o);
		o->ask = ask;
		o->name = xstrndup(name);
		table_put(&ask->owners, name, o);
	}
	if (o->wire == NULL && !o->is_wanted) {
		o->is_wanted = true;
		ask->want_owner(ask->arg, name, uid);
	}
	return o;
}

static void
send_question(struct question *q)
{
	q->is_sent = true;
	if (q->job != NULL)
		wire_send(q->owner->wire, MSG_SESSION_GIVES_JOB, q->job);
	else
		wire_send(q->owner->wire, MSG_SESSION_ASKS_ROOM, &q->room);
}

void
ask_set_owner(struct ask *ask, struct str name, int fd)
{
	struct owner *o = find_owner(ask, name);
	size_t n, i;
	uint64_t *ids;

	if (o == NULL) {
		o = xcalloc(1, sizeof *o);
		o->ask = ask;
		o->name = xstrndup(name);
		table_put(&ask->owners, name, o);
	}
	o->open++;
	/* What was sent through an earlier link is lost; what its failure makes
	 * others ask meanwhile waits for this one. */
	o->is_wanted = true;
	if (o->wire != NULL) {
		wire_free(&o->wire);
		fail_all(ask, is_for_owner, o, &no_owner);
	}
	o->wire = wire_new(ask->loop, fd, owner_handlers, owner_gone, o);
	o->is_wanted = false;
	o->is_retiring = false;
	o->open--;
	ids = collect(ask, is_for_owner, o, &n);
	for (i = 0; i < n; i++) {
		struct question *q = find(ask, ids[i]);

		if (q != NULL && !q->is_sent)
			send_question(q);
	}
	free(ids);
}

void
ask_refuse_owner(struct ask *ask, struct str name)
{
	struct owner *o = find_owner(ask, name);

	if (o != NULL && o->wire == NULL)
		cut_owner(o, &no_owner);
}

void
ask_retire_owner(struct ask *ask, struct str name)
{
	struct owner *o = find_owner(ask, name);

	if (o == NULL || o->wire == NULL)
		return;
	o->is_retiring = true;
	drop_owner_if_done(o);
}

static void
ask_through(struct question *q)
{
	if (q->owner->wire != NULL)
		send_question(q);
}

void
ask_room(struct ask *ask, struct str owner, uint32_t uid, struct str user, uint64_t size,
    ask_fn fn, void *arg)
{
	struct question *q = add_question(ask, need_owner(ask, owner, uid), ASK_QUICK_LIMIT, fn,
	    arg);

	q->room = (struct msg_SESSION_ASKS_ROOM){ .id = q->id, .user = user, .size = size };
	ask_through(q);
}

void
ask_job(struct ask *ask, struct str owner, uint32_t uid, struct msg_SESSION_GIVES_JOB *job,
    ask_fn fn, void *arg)
{
	struct question *q = add_question(ask, need_owner(ask, owner, uid), ASK_JOB_LIMIT, fn, arg);

	job->id = q->id;
	q->job = job;
	ask_through(q);
}

void
ask_saw(struct ask *ask, struct str owner, uint64_t id)
{
	struct owner *o = find_owner(ask, owner);
	struct msg_SESSION_SAW_ANSWER m = { .id = id };

	/* Without its link the mark stands: the safe side. */
	if (o != NULL && o->wire != NULL)
		wire_send(o->wire, MSG_SESSION_SAW_ANSWER, &m);
}

/* ---- the whole ---- */

static bool
is_from(const struct question *q, const void *arg)
{
	return q->arg == arg;
}

void
ask_forget(struct ask *ask, const void *arg)
{
	struct ask_result nothing = { .answer = ANSWER_GOOD };
	size_t n, i;
	uint64_t *ids = collect(ask, is_from, arg, &n);

	for (i = 0; i < n; i++) {
		struct question *q = find(ask, ids[i]);

		q->fn = NULL;
		q->arg = NULL;
		if (!q->is_sent && q->owner != NULL)
			end_question(ask, q, &nothing);
	}
	free(ids);
}

struct ask *
ask_new(struct loop *loop, ask_owner_fn want_owner, void *arg)
{
	struct ask *ask = xcalloc(1, sizeof *ask);

	ask->loop = loop;
	ask->questions = TABLE_EMPTY;
	ask->owners = TABLE_EMPTY;
	ask->want_owner = want_owner;
	ask->arg = arg;
	return ask;
}

void
ask_free(struct ask **ask_pointer)
{
	struct ask *ask = *ask_pointer;
	size_t cursor = 0;
	struct str key;
	void *value;

	if (ask == NULL)
		return;
	loop_unwatch(&ask->sweep);
	while (table_has_next(&ask->questions, &cursor, &key, &value))
		free(value);
	cursor = 0;
	while (table_has_next(&ask->owners, &cursor, &key, &value)) {
		struct owner *o = value;

		wire_free(&o->wire);
		free(o->name);
		free(o);
	}
	table_fini(&ask->questions);
	table_fini(&ask->owners);
	wire_free(&ask->directory);
	free(ask);
	*ask_pointer = NULL;
}

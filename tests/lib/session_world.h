/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_TESTS_SESSION_WORLD_H
#define DOORSTEP_TESTS_SESSION_WORLD_H

/*
 * A directory and delivers that exist only here, so that a conversation can be
 * held without any other process.  This file takes the place of
 * session/ask.c: it may be included by one test or fuzz target only.
 *
 * Local parts: alice, bob: users of the owner `virtual`; carol: owner
 * uid.1003; team: alias for alice, bob and carol; nobody: unknown; broken:
 * directory fails; full: no room; late, gone: found, and then the message
 * meets a permanent or a temporary failure.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "session/dialog.h"

#define WORLD_JOBS_MAX 64

struct world_question {
	ask_fn fn;
	void *arg;
	struct str address, user; /* of a recipient, of a room */
	struct msg_SESSION_GIVES_JOB *job;
};

struct world_job {
	uint64_t id;
	struct buf text;    /* trace and content */
	struct buf who;	    /* "user<address>(mailbox) " for each recipient */
	size_t trace_len;
	bool is_fd;
};

/* One world a program: the stubs below have no way to be told which. */
static struct world {
	struct dialog dialog;
	struct conf *conf;
	struct body_budget budget;
	struct buf in;
	bool is_lazy; /* questions wait for world_answer */
	struct world_question questions[64];
	size_t question_count;
	struct world_job jobs[WORLD_JOBS_MAX];
	size_t job_count;
	uint64_t last_id, seen[WORLD_JOBS_MAX];
	size_t seen_count, wakes;
} world;

static struct rec_target
world_target(const char *user, const char *owner, uint32_t uid)
{
	return (struct rec_target){ str_of(user), str_of(owner), uid };
}

static bool
world_is(struct str address, const char *local)
{
	return str_has_prefix(address, str_of(local));
}

static void
world_answer_rcpt(const struct world_question *q)
{
	struct rec_target targets[3] = { world_target("alice", "virtual", 1001),
		world_target("bob", "virtual", 1001), world_target("carol", "uid.1003", 1003) };
	struct ask_result r = { .answer = ANSWER_GOOD, .targets = targets, .target_count = 1 };

	if (world_is(q->address, "team"))
		r.target_count = 3;
	else if (world_is(q->address, "bob"))
		r.targets = targets + 1;
	else if (world_is(q->address, "carol"))
		r.targets = targets + 2;
	else if (world_is(q->address, "full"))
		targets[0].user = STR("full");
	else if (world_is(q->address, "late"))
		targets[0].user = STR("late");
	else if (world_is(q->address, "gone"))
		targets[0] = world_target("gone", "uid.1004", 1004);
	else if (world_is(q->address, "broken"))
		r.answer = ANSWER_FAIL(FAIL_TEMP, 3, 0, "Lookup failed");
	else if (!world_is(q->address, "alice"))
		r.answer = ANSWER_FAIL(FAIL_PERM, 1, 1, "No such user");
	q->fn(q->arg, &r);
}

static void
world_answer_job(const struct world_question *q)
{
	struct rec_outcome outcomes[1000];
	struct ask_result r = { .id = q->job->id, .answer = ANSWER_GOOD, .outcomes = outcomes };
	size_t i;

	for (i = 0; i < q->job->recipients.n; i++) {
		const struct rec_recipient *to = &q->job->recipients.at[i];

		outcomes[i] = (struct rec_outcome){ .index = to->index };
		if (str_is_equal(to->user, STR("late")))
			outcomes[i] = (struct rec_outcome){ to->index, FAIL_PERM, 2, 2,
				STR("Mailbox full") };
		if (str_is_equal(to->user, STR("gone")))
			r.answer = ANSWER_FAIL(FAIL_TEMP, 3, 0, "Delivery is not available");
	}
	r.outcome_count = r.answer.class == FAIL_NONE ? q->job->recipients.n : 0;
	q->fn(q->arg, &r);
}

static void
world_answer_question(const struct world_question *q)
{
	struct ask_result r = { .answer = ANSWER_GOOD };

	if (q->job != NULL) {
		world_answer_job(q);
	} else if (q->address.n > 0) {
		world_answer_rcpt(q);
	} else {
		if (str_is_equal(q->user, STR("full")))
			r.answer = ANSWER_FAIL(FAIL_PERM, 2, 2, "Mailbox full");
		q->fn(q->arg, &r);
	}
}

static void
world_ask(struct world_question q)
{
	if (world.is_lazy && world.question_count < 64)
		world.questions[world.question_count++] = q;
	else
		world_answer_question(&q);
}

/* Answers the oldest question; false when there is none. */
static inline bool
world_can_answer(void)
{
	struct world_question q = world.questions[0];

	if (world.question_count == 0)
		return false;
	memmove(world.questions, world.questions + 1, --world.question_count * sizeof q);
	world_answer_question(&q);
	return true;
}

/* ---- in place of session/ask.c ---- */

void
ask_rcpt(struct ask *ask, struct str address, ask_fn fn, void *arg)
{
	(void)ask;
	world_ask((struct world_question){ .fn = fn, .arg = arg, .address = address });
}

void
ask_room(struct ask *ask, struct str owner, uint32_t uid, struct str user, uint64_t size, ask_fn fn,
    void *arg)
{
	(void)ask;
	(void)owner;
	(void)uid;
	(void)size;
	world_ask((struct world_question){ .fn = fn, .arg = arg, .user = user });
}

static void
world_keep_job(const struct msg_SESSION_GIVES_JOB *m)
{
	struct world_job *j = &world.jobs[world.job_count % WORLD_JOBS_MAX];
	size_t i;

	world.job_count++;
	buf_clear(&j->text);
	buf_clear(&j->who);
	j->id = m->id;
	j->trace_len = m->trace_len;
	j->is_fd = m->fd != -1;
	if (m->fd == -1)
		buf_add_str(&j->text, m->body);
	else if (buf_reserve(&j->text, m->size) != NULL &&
	    file_pread_all(m->fd, j->text.p, m->size, 0, "job", NULL) == 0)
		buf_grew(&j->text, m->size);
	for (i = 0; i < m->recipients.n; i++)
		buf_addf(&j->who, "%.*s<%.*s>(%.*s) ", STR_ARG(m->recipients.at[i].user),
		    STR_ARG(m->recipients.at[i].address), STR_ARG(m->recipients.at[i].mailbox));
}

void
ask_job(struct ask *ask, struct str owner, uint32_t uid, struct msg_SESSION_GIVES_JOB *job,
    ask_fn fn, void *arg)
{
	(void)ask;
	(void)owner;
	(void)uid;
	job->id = ++world.last_id;
	world_keep_job(job);
	world_ask((struct world_question){ .fn = fn, .arg = arg, .job = job });
}

void
ask_saw(struct ask *ask, struct str owner, uint64_t id)
{
	(void)ask;
	(void)owner;
	world.seen[world.seen_count++ % WORLD_JOBS_MAX] = id;
}

void
ask_forget(struct ask *ask, const void *arg)
{
	(void)ask;
	(void)arg;
	world.question_count = 0;
}

/* ---- a conversation ---- */

static void
world_wake(void *arg)
{
	(void)arg;
	world.wakes++;
}

static inline void
world_begin(enum command_protocol protocol)
{
	struct dialog_terms terms = {
		.hostname = STR("door.example.org"),
		.protocol = protocol,
		.literal = STR("192.0.2.1"),
		.id = STR("s1"),
		.uid = 1003,
		.budget = &world.budget,
		.wake = world_wake,
	};

	memset(&world, 0, sizeof world);
	world.conf = conf_defaults();
	world.budget.limit = 1 << 20;
	terms.conf = world.conf;
	dialog_init(&world.dialog, &terms);
	dialog_greet(&world.dialog);
}

static inline void
world_end(void)
{
	size_t i;

	dialog_fini(&world.dialog);
	for (i = 0; i < WORLD_JOBS_MAX; i++) {
		buf_fini(&world.jobs[i].text);
		buf_fini(&world.jobs[i].who);
	}
	buf_fini(&world.in);
	conf_free(&world.conf);
}

/* The client says this, and all that it asks for is answered. */
static inline void
world_say(struct str bytes)
{
	buf_add_str(&world.in, bytes);
	do
		buf_cut_front(&world.in, dialog_take(&world.dialog, buf_str(&world.in)));
	while (world_can_answer());
}

#endif

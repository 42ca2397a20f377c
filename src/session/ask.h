/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_SESSION_ASK_H
#define DOORSTEP_SESSION_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "ipc/wire.h"
#include "session/answer.h"

/*
 * Questions to directory and to the owners' delivers, and their answers.  An
 * owner's deliver is asked of master when there is no link to it yet.
 *
 * Every question is answered exactly once, by calling its function: also when
 * the link dies or nobody answers in time (then with a temporary failure).
 * That may happen before ask_... returns.  What a question points to must live
 * until then, or until ask_forget.
 */
struct ask;

/* For how long a question may stand. */
#define ASK_QUICK_LIMIT (60 * CLOCK_SECOND) /* recipient, room */
#define ASK_JOB_LIMIT (600 * CLOCK_SECOND)  /* RFC 5321 4.5.3.2.6: clients wait 10 min */

/* Everything in it is borrowed until the function returns. */
struct ask_result {
	uint64_t id; /* of the question: a job's id */
	struct answer answer; /* of a job: the fate of all of it, or good */
	const struct rec_target *targets;
	size_t target_count;
	const struct rec_outcome *outcomes;
	size_t outcome_count;
};

typedef void (*ask_fn)(void *arg, const struct ask_result *result);

/* Sends SESSION_ASKS_OWNER to master; the answer comes later, never before
 * this returns. */
typedef void (*ask_owner_fn)(void *arg, struct str owner, uint32_t uid);

struct ask *ask_new(struct loop *loop, ask_owner_fn want_owner, void *arg); /* owned */
void ask_free(struct ask **ask); /* open questions are dropped unanswered */

/* Links from master; they replace earlier ones.  The fd is taken over. */
void ask_set_directory(struct ask *ask, int fd);
void ask_set_owner(struct ask *ask, struct str owner, int fd);
void ask_refuse_owner(struct ask *ask, struct str owner);
void ask_retire_owner(struct ask *ask, struct str owner); /* closed when nothing is open */

void ask_rcpt(struct ask *ask, struct str address, ask_fn fn, void *arg);
void ask_room(struct ask *ask, struct str owner, uint32_t uid, struct str user, uint64_t size,
    ask_fn fn, void *arg);
/* Fills job->id in. */
void ask_job(struct ask *ask, struct str owner, uint32_t uid, struct msg_SESSION_GIVES_JOB *job,
    ask_fn fn, void *arg);
/* The client has seen the answers of this job. */
void ask_saw(struct ask *ask, struct str owner, uint64_t id);

/* No question with this arg is answered any more. */
void ask_forget(struct ask *ask, const void *arg);

#endif

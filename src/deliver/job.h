/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_JOB_H
#define DOORSTEP_DELIVER_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/fail.h"
#include "deliver/box.h"
#include "deliver/script.h"
#include "deliver/user.h"
#include "ipc/wire.h"
#include "store/store.h"

/*
 * A message on its way to recipients of this owner, from SESSION_GIVES_JOB to
 * DELIVER_ANSWERS_JOB.  Everything it holds ends with it.
 */
struct deliver;
struct program_run;
struct session_link;

enum job_state {
	JOB_FINDS_USERS,   /* directory is asked for the recipients' records */
	JOB_WAITS_FILTER,  /* in line for a filter process, or with one */
	JOB_RUNS_PROGRAMS, /* that scripts wait for, or that get the message */
	JOB_WRITES_FILES,  /* large: copies are written and synced in tmp/ */
	JOB_IS_READY,	   /* decided: waits for the next batch */
	JOB_IS_COMMITTING, /* in the batch that is being written */
	JOB_IS_ANSWERED,   /* done; freed as soon as nothing refers to it */
};

/* One copy of the message that a recipient gets. */
struct job_copy {
	struct box *box; /* held */
	struct str flags, prefix, file;
	struct str script, rule;
	const char *action;
	uint32_t line;
	uint64_t size, wire_size;
	bool is_placed;
	/* A script changed the message (RFC 5293, 5703): not the job's `stored`
	 * but these, bytes of its body and of what filter made. */
	bool is_changed;
	struct str *pieces;
	size_t piece_count;
};

/*
 * A message that the delivery sends, to one recipient: a row of the outbox,
 * committed with the delivery or not at all.  Its text is `head`, then the
 * bytes of the job's body from `from` to before `end`, all with LF.  Envelope
 * and parameters mean what they mean in DELIVER_GIVES_MAIL (ipc/messages.def).
 */
struct job_outgoing {
	const char *cause; /* constant: redirect, vacation, notify, reject, dsn, ... */
	struct str sender, recipient; /* sender empty: <> */
	struct str envid, orcpt, by;
	uint32_t notify;
	uint8_t ret, body_type, smtputf8, requiretls;
	struct str head; /* lines of the header, or a whole message made here */
	size_t from, end;
	struct str script, rule; /* empty: none */
	uint32_t line;
	int64_t lifetime; /* seconds until it expires, 0: as outbox_lifetime says */
	/* By outgoing.c: of the text, and where it is when it is large. */
	size_t size;
	struct str file;
};

/* Rows that one recipient's scripts may make; beyond it is a filter gone wrong. */
#define JOB_OUTGOING_MAX 1024

/* Longest index field kept, in bytes: what a list of messages shows. */
#define JOB_FIELD_MAX 2048

/* Scripts that may run for one recipient: before, personal or default, after. */
#define JOB_SCRIPTS_MAX 16

struct job_rcpt {
	struct job *job;
	uint32_t index;
	struct str address, orcpt, orcpt_type, mailbox, detail;
	uint32_t notify;
	struct str user_name;
	struct user *user; /* held, once known */
	bool is_settled;   /* the outcome is known; no further step changes it */
	bool is_decided;   /* its scripts are through: copies and the rest stand */
	bool is_waiting;   /* its script waits for a program, and is then run again */
	bool has_piped;	   /* a program has taken the message */
	unsigned reruns;
	struct program_run **programs; /* NULL: none; in the job's arena */
	size_t program_count;
	bool was_delivered_before; /* an unacknowledged mark matched */
	struct fail why;   /* the outcome: FAIL_NONE is delivered */
	struct str reply;  /* what the client is told with it; empty: why.text */
	struct script *scripts[JOB_SCRIPTS_MAX];
	uint8_t places[JOB_SCRIPTS_MAX];
	size_t script_count;
	struct job_copy *copies; /* in the job's arena */
	size_t copy_count;
	/* In the job's arena; also of a recipient without any copy. */
	struct job_outgoing *outgoing;
	size_t outgoing_count;
	uint32_t first_outgoing; /* index of the first in the record */
	/* what discarded the message; only told when there is no copy at all */
	struct str discard_script, discard_rule;
	uint32_t discard_line;
	struct disk_mark *marks; /* what a script wants remembered; in the job's arena */
	size_t mark_count;
	struct str *pending; /* keys in deliver's pending_marks; in the job's arena */
	size_t pending_count;
	uint64_t unsent; /* bit i: the outcome's mail i is not sent, nor a copy of it stored */
	uint64_t quota_before, quota_after; /* bytes used, for the log; 0, 0: no copy */
	unsigned char digest[32]; /* envelope and message: the unacknowledged mark */
};

/* Filters that one message may cost; then the rest of its recipients get the
 * implicit keep without being asked for. */
#define JOB_FILTERS_MAX 4

struct job {
	TAILQ_ENTRY(job) entry; /* in the list of its state */
	TAILQ_ENTRY(job) of_session;
	struct deliver *deliver;
	struct arena arena;
	enum job_state state;
	struct session_link *session; /* NULL once the session is gone */
	uint64_t id;
	int64_t begun; /* clock_monotonic */
	int64_t received;
	struct str trace_id, sender, client, helo, envid, auth;
	uint8_t by, is_by_traced; /* as in SESSION_GIVES_JOB */
	int64_t by_end;
	uint8_t ret, smtputf8;
	struct str body; /* the message with its trace fields, LF lines */
	uint32_t trace_len;
	int body_fd;	 /* sealed memfd, or -1: then body is in the arena */
	bool is_mapped;
	uint64_t body_wire_size;
	struct str made;   /* what filter made for changed messages */
	int made_fd;	   /* the file that filter was given for it, or -1 */
	struct str stored; /* what copies hold behind their prefix: body, or changed.h */
	unsigned char digest[32]; /* of the message without our trace */
	struct job_rcpt *rcpts;
	size_t rcpt_count;
	size_t unknown_users; /* questions to directory still open */
	/* The recipients of the question that filter has: all of them, or a few
	 * at a time once one with all of them has cost a filter. */
	size_t asked_from, asked_count;
	unsigned filters_lost;
	int64_t waiting_since; /* clock_monotonic, for filter */
	/* index fields, from filter; empty when it died */
	struct disk_delivery fields;
	bool is_file; /* large, or durability fsync: copies synced before the record */
	uint64_t seq;
};

TAILQ_HEAD(job_list, job);

/* Takes a job in; answers it at once when it cannot be. */
void job_begin(struct deliver *d, struct session_link *session,
    const struct msg_SESSION_GIVES_JOB *message);
/* Filter has answered (or died: answer NULL, reason set). */
void job_filtered(struct job *job, const struct msg_FILTER_ANSWERS *answer, const char *reason);
/* No program of the job runs any more. */
void job_programs_ended(struct job *job);
/* Every recipient has an outcome: answers, logs, frees. */
void job_end(struct job *job);

/* Settles a recipient with this failure. */
void job_refuse(struct job_rcpt *rcpt, const struct fail *why);
bool job_is_settled(const struct job *job); /* all recipients are */

#endif

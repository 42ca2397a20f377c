/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_RUN_H
#define DOORSTEP_FILTER_RUN_H

#include <stdbool.h>

#include "base/buf.h"
#include "filter/ask.h"
#include "filter/host.h"
#include "ipc/actions.h"
#include "ipc/wire.h"

/*
 * One recipient's scripts on one message: the actions that they ask for, the
 * flag variable (RFC 5232 2), and whether the implicit keep is still due (RFC
 * 5228 2.10.2).  Engines tell it each command as it is reached; it performs
 * nothing.
 *
 * A later script runs only while a keep is due.  A `keep` of an earlier one
 * counts as the implicit keep with its own flags: stored once, at the end.
 */
enum run_kind {
	RUN_KEEP,
	RUN_FILEINTO,
	RUN_DISCARD,
	RUN_SETFLAG,
	RUN_ADDFLAG,
	RUN_REMOVEFLAG,
	RUN_REDIRECT,
	RUN_REJECT,
	RUN_PIPE,
	RUN_SEND, /* an answer or notification: cancels nothing */
};

struct run_step {
	enum run_kind kind;
	bool has_flags; /* `:flags` was given: RFC 5232 5 */
	bool is_copy;	/* RFC 3894: cancels nothing */
	bool is_create; /* RFC 5490 */
	uint32_t version; /* of the message, as run_add_version has it */
	uint32_t line;
	struct str target, flags, rule, special_use;
	struct str arguments; /* of a program, as in an action */
	bool is_try;	      /* likewise */
};

struct engine_settings;

struct run {
	struct host *host;
	struct arena *arena;
	const struct rec_filter_rcpt *rcpt;
	uint64_t script;   /* that is running */
	struct str flags;  /* the variable */
	bool is_keep_due;  /* nothing has cancelled it */
	struct rec_action *actions;
	size_t action_count;
	struct rec_action kept; /* a `keep` waiting for the later scripts */
	bool has_kept;
	const struct msg_DELIVER_ASKS_FILTER *question;
	struct asker *asker;  /* NULL: nobody to be asked */
	const struct engine_settings *settings; /* NULL: defaults */
	size_t actions_max;
	uint32_t program_count; /* questions for programs */
	bool is_waiting; /* for one: the outcome is not known yet */
	const char *hostname;
	uint32_t version;     /* of the message, as the script that runs finds it */
	struct buf *made;     /* what changed messages of this answer have not from it */
	struct rec_version *versions;
	struct rec_remembered *marks;
	struct rec_mail *mails;
	size_t version_count, mark_count, mail_count;
	struct buf notes, trace;
	struct rec_filter_outcome *outcome;
};

void run_init(struct run *run, struct host *host, const struct msg_DELIVER_ASKS_FILTER *question,
    const struct rec_filter_rcpt *rcpt, struct rec_filter_outcome *outcome);
void run_begin_script(struct run *run, uint64_t script);
/* False: one action too many; the script must end (run_fail was called). */
bool run_can_do(struct run *run, const struct run_step *step);
/* The same for an action that sends this, if it is not NULL: then there was
 * nothing to be sent, and that is all right. */
bool run_can_send(struct run *run, const struct run_step *step, const struct rec_mail *mail);
/* What is to be remembered when all has gone well (RFC 7352). */
void run_remember(struct run *run, struct str id, uint64_t seconds);
/* A changed message; its number for run_step is run->version_count then.
 * False: there is no room for it. */
bool run_can_add_version(struct run *run, const struct str *pieces, size_t n);
/* Lines for the user beside the script, and of a trace. */
void run_note(struct run *run, uint32_t line, struct str text);
void run_trace(struct run *run, struct str script, uint32_t line, struct str text);
/* Whether the next script may run. */
bool run_can_go_on(struct run *run);
/* The script failed: what it asked for is dropped, the keep is due (RFC 5228
 * 2.10.6).  The text is copied. */
void run_fail(struct run *run, uint32_t line, struct str error);
/* Puts the actions, the implicit keep among them, into the outcome. */
void run_end(struct run *run);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_RUN_H
#define DOORSTEP_FILTER_RUN_H

#include <stdbool.h>

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
};

struct run_step {
	enum run_kind kind;
	bool has_flags; /* `:flags` was given: RFC 5232 5 */
	bool is_copy;	/* RFC 3894: cancels nothing */
	uint32_t line;
	struct str target, flags, rule;
};

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
	struct rec_filter_outcome *outcome;
};

void run_init(struct run *run, struct host *host, const struct rec_filter_rcpt *rcpt,
    struct rec_filter_outcome *outcome);
void run_begin_script(struct run *run, uint64_t script);
/* False: one action too many; the script must end (run_fail was called). */
bool run_can_do(struct run *run, const struct run_step *step);
/* Whether the next script may run. */
bool run_can_go_on(struct run *run);
/* The script failed: what it asked for is dropped, the keep is due (RFC 5228
 * 2.10.6).  The text is copied. */
void run_fail(struct run *run, uint32_t line, struct str error);
/* Puts the actions, the implicit keep among them, into the outcome. */
void run_end(struct run *run);

#endif

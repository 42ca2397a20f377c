/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_RUN_FILTER_H
#define DOORSTEP_CLI_RUN_FILTER_H

#include <sys/types.h>

#include "base/fail.h"
#include "conf/conf.h"
#include "ipc/wire.h"

/*
 * A doorstep-filter of our own, in the place of deliver's: scripts and
 * messages that the command is given are read in the same sandbox, by the same
 * code, as those of real mail.
 */
struct run_filter {
	pid_t pid;
	int master_fd, deliver_fd;
	int timeout_ms;
	const struct conf *conf;
	const char *script_path; /* set by the caller: where includes are looked for */
	struct buf in, out;
	struct arena arena; /* of the last answer */
	int made_fd;	    /* the file it was given for changed messages, or -1 */
	struct str made;    /* mapped, of the last answer that needed one */
};

/* Starts it; -1 with *why when it cannot be. */
int run_filter_start(struct run_filter *filter, const struct conf *conf, struct fail *why);
void run_filter_stop(struct run_filter *filter); /* legal after a failed start */

int run_filter_send(struct run_filter *filter, enum msg m, const void *message, struct fail *why);
/* Waits for that message; it lives until the next one.  -1: the filter died,
 * overran sieve_timeout, or answered something else. */
int run_filter_wait(struct run_filter *filter, enum msg m, union msg_any *out, struct fail *why);
/* What it made for changed messages (ipc/pieces.h); lives with the answer. */
int run_filter_take_made(struct run_filter *filter, const struct msg_FILTER_ANSWERS *answer,
    struct str *out, struct fail *why);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_SIEVE_JOB_H
#define DOORSTEP_CLI_SIEVE_JOB_H

#include "cli/run_filter.h"

/*
 * What the verbs of `doorstep sieve` share: a script, a filter process that
 * looks at it, and what is printed at the end.
 */
struct sieve_job {
	const char *script_path, *message_path, *sender, *recipient, *original;
	const char *user, *mailbox; /* of filter */
	bool is_json, is_traced, is_yes;
	struct conf *conf;
	struct buf script, message, out;
	struct run_filter filter;
	union msg_any answer;
	struct str made; /* with it: ipc/pieces.h */
};

/* A file, or standard input for `-`, into *out, which is made; at most max
 * bytes, as the setting has it. */
int sieve_job_read(const char *path, const char *setting, uint64_t max, struct buf *out,
    struct fail *why);
/* Lines of a message end in LF on the way to filter; returns its size with CRLF. */
uint64_t sieve_job_normalise(struct buf *message);
/* Starts a filter and gives it the script, as number 1. */
int sieve_job_start(struct sieve_job *job, struct fail *why);
/* What the script makes of job->message; the answer lives until the next one. */
const struct rec_filter_outcome *sieve_job_ask(struct sieve_job *job, struct fail *why);

/* ---- printing ---- */

void sieve_print_plain(struct buf *out, struct str text); /* a terminal is not steered */
void sieve_print_action(struct buf *out, const struct rec_action *action);
void sieve_print_errors(struct sieve_job *job, struct str errors);
void sieve_print_check_json(struct sieve_job *job, struct str errors, struct str warnings);
void sieve_print_outcome(struct sieve_job *job, const struct rec_filter_outcome *outcome);
void sieve_print_outcome_json(struct sieve_job *job, const struct rec_filter_outcome *outcome);

/* ---- a verb in a file of its own ---- */

int sieve_filter_run(struct sieve_job *job, struct fail *why); /* a status of sysexits(3) */

#endif

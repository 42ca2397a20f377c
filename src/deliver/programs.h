/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_PROGRAMS_H
#define DOORSTEP_DELIVER_PROGRAMS_H

#include "deliver/job.h"
#include "deliver/program.h"
#include "ipc/wire.h"

/*
 * The programs that scripts want run (vnd.dovecot.pipe, .filter, .execute), as
 * doorstep.conf allows them.  At most sieve_program_processes run at one time,
 * and of one user half of them; the others wait in line.
 *
 * filter and execute: a script has to know what comes of them before it can go
 * on, but a filter process must not wait for a program.  So its question is
 * answered FILTER_LATER, the script is given up, and run again from its start
 * once the program has ended; the same question then finds its answer here.
 *
 * pipe: run when all scripts of a message are through, before the commit.  What
 * fails brings the keep back.  A crash between the two, or a commit that fails,
 * runs the program again when the client comes again: at least once.
 */

/* Of one recipient: questions for programs, and pipes. */
#define PROGRAMS_MAX 16
/* A program that cannot be started for so long has failed. */
#define PROGRAMS_PATIENCE (240 * INT64_C(1000000))

struct programs;
struct program_run;

struct programs *programs_new(struct deliver *d, bool is_own); /* owned */
void programs_free(struct programs **programs);

/* Answers at once, with the outcome of a program or that it is not there yet. */
void programs_answer(struct deliver *d, struct job *job, struct wire *wire,
    const struct msg_FILTER_ASKS_PROGRAM *asked);
bool programs_are_waited_for(const struct job *job); /* by scripts of recipients */
bool programs_are_running(const struct job *job);    /* or will */

/* A pipe of this recipient; `copy` is the message as it is to get it, with what
 * is to stand in front of it as its prefix.  False:
 * the program may not be run, or there are too many. */
bool programs_can_add_pipe(struct job_rcpt *rcpt, const struct rec_action *action,
    const struct job_copy *copy);
/* False: there are none.  Else job_programs_ended is called when all have
 * ended, and programs_take_pipes is what is to be done then. */
bool programs_have_begun_pipes(struct job *job);
void programs_take_pipes(struct job *job);

/* Of a job that ends: what still runs is killed. */
void programs_forget(struct job *job);

#endif

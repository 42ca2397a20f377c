/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_CHANGED_H
#define DOORSTEP_DELIVER_CHANGED_H

#include "deliver/job.h"

/*
 * Messages that scripts have changed (ipc/pieces.h): what filter makes of one
 * and deliver does not have yet is bytes in its answer, or in a file that is
 * given to it for that.
 */

/* Answers a question for space; a job has one file at a time, job may be NULL.
 * Gives the bytes that were given, 0: none. */
uint64_t changed_give_space(struct job *job, struct wire *wire, const struct msg_FILTER_ASKS *asked);
/* Filter has answered, or is gone (NULL): job->made is its bytes, until the job
 * ends.  Nothing of a file that filter can still write, or that is not as large
 * as it says. */
void changed_take(struct job *job, const struct msg_FILTER_ANSWERS *answer);

/* What filter made for something else than its answer, until the job ends. */
struct str changed_take_made(struct job *job, struct str made, uint64_t size);

/* The copy is this version from now on, its prefix set before.  -1: there is
 * no such message, and the copy is as it was. */
int changed_set(struct job *job, struct job_copy *copy, const struct rec_version *version);

/*
 * Copies are cheapest when the record in the journal holds the message: where
 * all of them are the same changed one, of at most max bytes, that is the
 * message that is stored (job->stored), and no copy is a changed one.
 */
void changed_ease(struct job *job, uint64_t max);

#endif

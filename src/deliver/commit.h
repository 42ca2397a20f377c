/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_COMMIT_H
#define DOORSTEP_DELIVER_COMMIT_H

#include <stdbool.h>

#include "deliver/job.h"

/*
 * Batches: every job that is ready when the journal is free goes into one
 * write and one fdatasync; then its files are made, then it is answered
 * (doc/delivery.md).
 */
struct commit;

/* Jobs and bytes of one batch: a bound on latency, and on memory. */
#define COMMIT_JOBS_MAX 256
#define COMMIT_BYTES_MAX ((uint64_t)4 << 20)
/* How long a job waits for room in the journal before it is refused TEMP. */
#define COMMIT_PATIENCE (10 * INT64_C(1000000))

struct commit *commit_new(struct deliver *d); /* owned */
void commit_free(struct commit **commit);
/* The job's recipients are decided: it goes with the next batch. */
void commit_add(struct commit *commit, struct job *job);
/* Something changed that a waiting job may have waited for. */
void commit_kick(struct commit *commit);
bool commit_is_idle(const struct commit *commit);

#endif

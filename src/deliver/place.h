/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_PLACE_H
#define DOORSTEP_DELIVER_PLACE_H

#include "deliver/job.h"

/*
 * Files of a job: large ones written and synced in tmp/ before the record,
 * all made visible after it.
 */

/* Names every copy's file. Before anything is written or recorded. */
void place_name_files(struct job *job);

/* Any thread (touches the job alone): writes and syncs each copy of each open
 * recipient in tmp/; a recipient whose file cannot be written gets its failure
 * in rcpt->why and is settled. */
void place_write_files(struct job *job);
/* Takes those files away again: the record was not written. */
void place_drop_files(struct job *job);

/* After the record is durable: makes the copies visible and hands them to
 * settle.  A recipient that cannot be served is voided and refused TEMP. */
void place_job(struct job *job);

/* Any thread: syncs the folders of the job's copies (durability = fsync). */
void place_sync_folders(struct job *job);

#endif

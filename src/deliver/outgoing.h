/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_OUTGOING_H
#define DOORSTEP_DELIVER_OUTGOING_H

#include "deliver/job.h"

/*
 * What a job sends, on its way into the record of the delivery: the text of a
 * small message is in the record, that of a large one is written and synced as
 * a file first (store/outbox.h), as copies of large messages are.
 */

/* Before anything is written or recorded, when job->is_file is known: where
 * each text will be.  A recipient whose rows cannot be is refused. */
void outgoing_prepare(struct job *job);
bool outgoing_has_files(const struct job *job);
/* Any thread (touches the job alone); a recipient whose text cannot be written
 * gets its failure in rcpt->why and is settled. */
void outgoing_write_files(struct job *job);
/* Takes the texts of a recipient away again: it sends nothing. */
void outgoing_drop(struct job_rcpt *rcpt);

/* Rows of the open recipients into the record; those of settled ones are
 * dropped.  Sets rcpt->first_outgoing. */
void outgoing_add(struct job *job, struct disk_delivery *out);
/* Whether the record needs the message for them. */
bool outgoing_needs_body(const struct job *job);
/* What they take at most in the record. */
uint64_t outgoing_size(const struct job *job);

/* The record stands, copies are made: what it sends is due. */
void outgoing_committed(const struct job *job);

#endif

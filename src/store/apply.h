/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_APPLY_H
#define DOORSTEP_STORE_APPLY_H

#include "store/journal.h"
#include "store/overlay.h"

/*
 * What a committed record changes in the overlay.  The same for a record just
 * written and for one replayed, so that a crash cannot make a difference.
 * Each record must be applied once over the state before it.
 */
int apply_delivery(struct overlay *o, uint64_t seq, const struct disk_delivery *d,
    struct fail *why);
/* Only the marks: for a new index beside an old journal, whose rows the rescan
 * of the mailboxes will find. */
void apply_marks(struct overlay *o, uint64_t seq, const struct disk_delivery *d);
/* Only its rows of the outbox, put and taken out: likewise. */
void apply_outbox(struct overlay *o, uint64_t seq, const struct disk_delivery *d);
/* Does nothing when the row is not that of the copy (any more): a second void of
 * the same copy changes nothing. */
int apply_void(struct overlay *o, const struct disk_void *v, struct fail *why);
void apply_ack(struct overlay *o, const struct disk_ack *ack);
int apply_rescan(struct overlay *o, const struct disk_rescan *r, struct fail *why);

/* Decodes a journal record's payload by its type into *out (one of the above);
 * strings borrowed from the payload.  -1: it is not what this version writes. */
union apply_record {
	struct disk_delivery delivery;
	struct disk_void voided;
	struct disk_ack ack;
	struct disk_rescan rescan;
};
int apply_read(const struct journal_record *record, struct arena *a, union apply_record *out,
    struct fail *why);

#endif

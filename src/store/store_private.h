/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_STORE_PRIVATE_H
#define DOORSTEP_STORE_STORE_PRIVATE_H

#include <sys/queue.h>

#include "store/apply.h"
#include "store/index.h"
#include "store/journal.h"
#include "store/overlay.h"
#include "store/store.h"

/*
 * Shared by store.c (opening, what is known, marks), batch.c (the way of a
 * batch), freeze.c and recover.c; for nobody else.
 */

/* A copy that was committed and could be neither made nor voided: its segment
 * stays, and making it is tried again. */
struct stuck {
	TAILQ_ENTRY(stuck) entry;
	struct journal_place place;
	uint64_t seq;
	uint32_t copy;
};

struct store_batch {
	TAILQ_ENTRY(store_batch) entry; /* in store->placing */
	struct store *store;
	struct journal_batch *journal;
	struct buf acks;    /* digests that its first record tells of */
	struct arena names; /* file names given */
	size_t deliveries, rescans;
	bool has_outgoing;
	uint64_t last_delivery;
};

struct store {
	char *dir;
	char *hostname;
	int lock_fd;
	bool is_ready; /* opened in full: closing may say so in the lock file */
	struct journal *journal;
	struct index *index;
	struct overlay overlay;
	int64_t created;
	bool is_fresh; /* LMDB was made just now */
	bool has_outbox; /* OWNER/outbox is there; of the thread that writes the journal */
	struct store_batch *open;
	TAILQ_HEAD(, store_batch) placing; /* committed, files not all made */
	TAILQ_HEAD(, stuck) stuck;
	size_t stuck_count;
	struct buf acks; /* digests seen, not yet in the journal */
	/* Journal sequences: */
	uint64_t committed;	/* in the overlay up to here */
	uint64_t last_delivery; /* the last of them that has files */
	uint64_t placed, settled;
	uint64_t saved_rows, saved_settled; /* as in LMDB */
	struct store_frozen *frozen;
	unsigned char sweep_key[32];
	size_t sweep_left;
	bool is_sweeping;
};

/* Up to where no record matters for files any more. */
uint64_t store_settled_upto(const struct store *s);
void store_add_stuck(struct store *s, const struct journal_place *place, uint32_t copy);

/* ---- batch.c ---- */
void batch_free(struct store_batch *batch);

/* ---- outbox_rows.c ---- */

/* After recovery: texts that no row names are removed, or kept aside when the
 * rows were lost. */
void outbox_sweep(struct store *s, bool had_rows_lost);
/* No row at all, as far as is known. */
bool outbox_is_empty(struct store *s);

/* ---- recover.c ---- */

/* Everything between opening the parts and being ready. */
int recover_run(struct store *s, struct fail *why);
/* Tries up to `limit` stuck copies again. */
void recover_retry(struct store *s, size_t limit);

/* ---- freeze.c ---- */
int freeze_now(struct store *s, struct fail *why);

#endif

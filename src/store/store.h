/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_STORE_H
#define DOORSTEP_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"
#include "store/format.h"

/*
 * The writer's view of one owner's store: journal, overlay and LMDB together
 * (DESIGN 4 and 5, doc/delivery.md for every crash state).  One process
 * (deliver) has it open; it holds OWNER/lock.  All calls are made from the
 * loop's thread, but for the three marked "any thread", which touch only what
 * they are given.
 *
 * Order of a batch, each step a state in doc/delivery.md:
 *
 *   store_prepare   each delivery: UIDs, names, modseq; packed into the batch
 *   store_write     (any thread) journal bytes, one fdatasync
 *   store_committed the batch is durable: the overlay counts it from now on
 *   maildir_place   each file made visible, unsynced
 *   store_placed    unsynced note in the journal of how far placing has got
 *   (answers go out)
 *   sync pool       fsync of files and folders; store_settled says how far
 *   store_freeze / store_checkpoint (any thread) / store_thawed   rows into LMDB
 */
struct store;

struct store_options {
	const char *dir;	 /* OWNER directory, made if missing (0700; index/ 0750) */
	uint64_t segment_size;	 /* bytes of a full-size journal segment */
	unsigned segments;	 /* at most so many */
	int64_t retention;	 /* of unacknowledged marks, microseconds */
};

/*
 * Opens and locks; recovers what a crash left (recover.h): when this returns
 * 0, every committed delivery is in the overlay, every file that should be on
 * disk is there, and what is not settled yet is settled and checkpointed.
 * -1: *why says what is damaged and what to do (`doorstep index rebuild`).
 */
int store_open(const struct store_options *options, struct store **out, struct fail *why);
void store_close(struct store **store); /* no batch may be open; does not checkpoint */

/* ---- what is known: overlay over LMDB, always the truth ---- */

struct store_mailbox {
	uint64_t id;
	struct store_user *user;
	struct str name, path;
	uint32_t uidvalidity, uidnext;
	uint64_t modseq, messages, bytes;
	int64_t new_mtime, cur_mtime;
	bool is_known; /* has a row or a committed delivery; else made up just now */
};

struct store_user {
	uint64_t id;
	struct str name, root;
	uint64_t bytes, messages;	/* used: committed */
	uint64_t pending_bytes, pending_messages; /* in prepared batches: count too */
	bool is_known;
};

/* Borrowed until store_close or store_forget_idle; made up empty when there is
 * no row.  NULL with *why when LMDB is damaged or an id collides. */
struct store_user *store_user(struct store *s, struct str user, struct str root, struct fail *why);
struct store_mailbox *store_mailbox(struct store *s, struct store_user *user, struct str name,
    struct str path, struct fail *why);
/* Keeps the overlay's memory bounded: drops users that are in LMDB as they
 * are here.  Called after a checkpoint; at least `keep` stay. */
void store_forget_idle(struct store *s, size_t keep);

/* Is there an unacknowledged delivery with this digest (not expired)? */
bool store_has_unacked(struct store *s, const unsigned char digest[32], int64_t now);
/* The answer was seen: the mark goes, now in memory, in the journal with the
 * next batch (or store_write_acks), unsynced. */
void store_acknowledge(struct store *s, const unsigned char digest[32]);
size_t store_unacked_count(const struct store *s);

bool store_has_mark(struct store *s, const unsigned char key[32], int64_t now);

/* ---- a batch ---- */

struct store_batch;

/* Opens a batch; at most one is open (prepared, being written) at a time. */
struct store_batch *store_batch_new(struct store *s);

/*
 * Gives every copy of *d (whose user, root, mailbox, path, flags, prefix,
 * sizes and provenance are set) its uid, modseq, uidvalidity, and, where
 * `file` is empty, its file name (maildir_add_name), in place; packs it into the batch.
 * Its strings are copied into the batch; names that were given live
 * until store_placed.
 * *seq_out: its journal sequence.
 * -1: the journal is full (FAIL_TEMP 4.3.1) or the record too large for a
 * segment; nothing has changed.
 */
int store_prepare(struct store_batch *batch, struct disk_delivery *d, uint64_t *seq_out,
    struct fail *why);
int store_prepare_rescan(struct store_batch *batch, struct disk_rescan *r, uint64_t *seq_out,
    struct fail *why);
bool store_batch_is_empty(const struct store_batch *batch);

/* Any thread: writes the batch's bytes and acks to the journal, fdatasync.
 * -1: nothing of it may be answered as delivered. */
int store_write(struct store_batch *batch, struct fail *why);

/* The batch was written: overlay and pending rows follow.  Frees the batch. */
void store_committed(struct store_batch **batch);
/* store_write failed: uids stay used, nothing else remains.  Frees it. */
void store_abandoned(struct store_batch **batch);

/* Deliveries up to seq have been placed: an unsynced note for recovery. */
void store_placed(struct store *s, uint64_t seq);

/* What of a delivery's `outgoing` is one recipient's. */
struct store_sent {
	uint32_t first, count;
};

/*
 * A copy of a committed delivery, not yet told of by store_placed, could not
 * be placed.  Writes and syncs a void record before it returns 0; the overlay
 * forgets the copy, the delivery's marks, and the rows of the outbox of `sent`.  Only after that may 4xx be
 * answered.  The next batch may be open or being written.  -1: the copy stays
 * committed, is stuck and will be made; the unacked mark stands for it, so a
 * retry is answered 250 without another.
 */
int store_void(struct store *s, uint64_t seq, uint32_t copy, const unsigned char *unacked_or_null,
    struct store_sent sent, struct fail *why);

/* ---- outbox: rows are put and taken out by deliveries ---- */

/* 0 found, decoded into the arena; 1 not there; -1 *why. */
int store_outbox_get(struct store *s, uint64_t id, struct arena *a, struct disk_outbox_row *out,
    struct fail *why);
/* A row that is there, after an attempt: on disk with the next checkpoint, so
 * that a crash may forget it.  Does nothing when the row is gone. */
void store_outbox_tried(struct store *s, uint64_t id, const struct disk_outbox_row *row);
/*
 * Gives some rows with an id of at least *from, in no order, and moves *from
 * on: 0 there are more, 1 that was all, -1 *why.  A row that is put meanwhile
 * may be given or not, one that stays is given once.  row: borrowed.
 */
typedef void (*store_outbox_fn)(void *arg, uint64_t id, const struct disk_outbox_row *row);
int store_outbox_walk(struct store *s, uint64_t *from, store_outbox_fn fn, void *arg,
    struct fail *why);
const char *store_dir(const struct store *s); /* for outbox.h */

/* ---- background ---- */

/* Acks that no batch has taken, behind the last record, unsynced: before each
 * freeze.  Does nothing while a batch is open. */
void store_write_acks(struct store *s);

/*
 * Copies that are committed but could not be made (after a crash onto a full
 * disk, an unreadable mailbox): the journal keeps them.  Retry some of them
 * each minute or so; what is made is synced too.  May block on the disk.
 */
size_t store_stuck_count(const struct store *s);
void store_retry_stuck(struct store *s, size_t limit);

/* Every file of deliveries up to seq is synced, directories too. */
void store_settled(struct store *s, uint64_t seq);

/* Room: deliveries that prepare would still take, in bytes. */
uint64_t store_journal_room(const struct store *s);

/* The changes since the last checkpoint, frozen; NULL when there are none (or
 * one is under way).  Further commits go to a new list meanwhile. */
struct store_frozen;
struct store_frozen *store_freeze(struct store *s);
int store_checkpoint(struct store_frozen *frozen, struct fail *why); /* any thread */
/* Takes the result in: on 0 segments that are settled and in LMDB are free
 * for reuse; on -1 the changes are kept for the next try.  Frees *frozen. */
void store_thawed(struct store *s, struct store_frozen **frozen, int result);

/* Drops expired marks (a bounded number each call); true when more are left. */
bool store_has_swept(struct store *s, int64_t now);

/* For reconcile (any thread may use the env for reading; see index.h). */
struct index;
struct index *store_index(struct store *s);

#endif

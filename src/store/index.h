/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_INDEX_H
#define DOORSTEP_STORE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"
#include "store/format.h"

/*
 * The LMDB environment OWNER/index and its rows.  Readers (libdoorstep, the
 * command, reconcile's threads) use the first two parts; only the writer's
 * checkpoint uses the third.  Never exits for want of memory: libdoorstep
 * links it.
 *
 * An environment must be open only once in a process: LMDB's locks are
 * fcntl(2) locks, and closing a second one drops those of the first.  Inside
 * deliver use store_index(store).
 *
 * Every function fails with -1 and a *why that says what is wrong with which
 * directory and what to do about it; damage names `doorstep index rebuild`.
 */
struct index;
struct index_txn;

enum index_table {
	INDEX_META,
	INDEX_USERS,
	INDEX_MAILBOXES,
	INDEX_MESSAGES,
	INDEX_NAMES,
	INDEX_MARKS,
	INDEX_UNACKED,
	INDEX_OUTBOX,
};

enum index_mode {
	INDEX_READ,  /* must exist */
	INDEX_WRITE, /* made when missing, with all its tables and meta */
};

/* Slots for readers in all processes together; MDB_READERS_FULL beyond. */
#define INDEX_READERS_MAX 512

/* `dir` is OWNER/index.  Metadata and file size are checked before LMDB may
 * touch a page; is_thorough walks every page too (index_check). */
int index_open(const char *dir, enum index_mode mode, bool is_thorough, struct index **out,
    struct fail *why);
void index_close(struct index **index); /* no transaction may be open; legal on NULL */

/* ---- reading: any thread, several transactions at once ---- */

/*
 * A snapshot.  Keep it short: pages that it sees cannot be reused, and a map
 * that is full can only grow between transactions of this process (the
 * checkpoint waits some seconds for that, then tries again a second later).
 * May be ended by another thread than the one that began it.
 */
int index_begin(struct index *index, struct index_txn **out, struct fail *why);
void index_end(struct index_txn **txn); /* legal on NULL */

/*
 * One row, decoded: 0 found, 1 not there, -1 *why.  Its strings are copied
 * into the arena and outlive the transaction.
 */
int index_meta(struct index_txn *txn, struct arena *a, struct disk_meta *out, struct fail *why);
int index_user(struct index_txn *txn, uint64_t user_id, struct arena *a,
    struct disk_user_row *out, struct fail *why);
int index_mailbox(struct index_txn *txn, uint64_t user_id, uint64_t mailbox_id, struct arena *a,
    struct disk_mailbox_row *out, struct fail *why);
int index_message(struct index_txn *txn, uint64_t mailbox_id, uint32_t uid, struct arena *a,
    struct disk_message_row *out, struct fail *why);
/* The uid of a base name. */
int index_name(struct index_txn *txn, uint64_t mailbox_id, struct str file, uint32_t *uid_out,
    struct fail *why);
/* A mark or unacknowledged delivery (table INDEX_MARKS or INDEX_UNACKED). */
int index_mark(struct index_txn *txn, enum index_table table, const unsigned char key[32],
    struct disk_mark_row *out, struct fail *why);
/* Any row as it is stored; *value_out borrowed until the transaction ends. */
int index_get(struct index_txn *txn, enum index_table table, struct str key,
    struct str *value_out, struct fail *why);

/* Rows of a table, without looking at them. */
int index_count(struct index_txn *txn, enum index_table table, uint64_t *count_out,
    struct fail *why);

/* ---- walking: rows in the order of their keys ---- */

struct index_walk {
	struct index_txn *txn;
	void *cursor;
	enum index_table table;
	unsigned char key[FORMAT_KEY_MAX]; /* where it begins */
	size_t key_len, prefix_len;	   /* rows whose key begins with the prefix */
	bool is_begun;
};

#define INDEX_WALK_EMPTY ((struct index_walk){ .txn = NULL })

/* Begin; index_walk_end is legal on an empty or ended walk and due after a
 * begun one, before the transaction ends. */
int index_walk_users(struct index_txn *txn, struct index_walk *walk, struct fail *why);
int index_walk_mailboxes(struct index_txn *txn, uint64_t user_id, struct index_walk *walk,
    struct fail *why);
int index_walk_messages(struct index_txn *txn, uint64_t mailbox_id, uint32_t from_uid,
    struct index_walk *walk, struct fail *why);
/* Any table from a key on (STR_EMPTY: its start), not held to a prefix. */
int index_walk_table(struct index_txn *txn, enum index_table table, struct str from,
    struct index_walk *walk, struct fail *why);
void index_walk_end(struct index_walk *walk);

/* The next row: 0, 1 at the end, -1 *why.  Decoded into the arena (empty it
 * between rows or keep it, as the caller likes). */
int index_next_user(struct index_walk *walk, struct arena *a, uint64_t *user_id_out,
    struct disk_user_row *out, struct fail *why);
int index_next_mailbox(struct index_walk *walk, struct arena *a, uint64_t *mailbox_id_out,
    struct disk_mailbox_row *out, struct fail *why);
int index_next_message(struct index_walk *walk, struct arena *a, uint32_t *uid_out,
    struct disk_message_row *out, struct fail *why);
/* As stored; both borrowed until the transaction ends. */
int index_next(struct index_walk *walk, struct str *key_out, struct str *value_out,
    struct fail *why);

/* ---- writing: the checkpoint ---- */

typedef int (*index_write_fn)(struct index_txn *txn, void *arg, struct fail *why);

/*
 * Runs fn in a write transaction and commits it, synced.  When the map is
 * full it grows to double and fn runs again from the start, so fn must not
 * change what arg points to.  The growing waits until no other transaction of
 * this process is open (at most INDEX_GROW_WAIT), holding none itself.
 */
#define INDEX_GROW_WAIT_SECONDS 5
int index_write(struct index *index, index_write_fn fn, void *arg, struct fail *why);
int index_put(struct index_txn *txn, enum index_table table, struct str key, struct str value,
    struct fail *why);
int index_delete(struct index_txn *txn, enum index_table table, struct str key,
    struct fail *why); /* a key that is not there is fine */

#endif

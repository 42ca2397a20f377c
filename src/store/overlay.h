/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_OVERLAY_H
#define DOORSTEP_STORE_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/table.h"
#include "store/index.h"
#include "store/store.h"

/*
 * What is committed but not yet in LMDB, over what is: rows as they will be
 * written, and the users and mailboxes with their counters.  One thread; but
 * a frozen set of changes may be read by the checkpoint's thread as well.
 */

/* Rows to put or to delete, the last word for each key. */
struct changes {
	struct table rows; /* table number(1) key -> struct change */
};

struct change {
	bool is_gone;
	size_t n;
	char bytes[];
};

#define CHANGES_EMPTY ((struct changes){ TABLE_EMPTY })

void changes_fini(struct changes *changes);

struct overlay_user {
	struct store_user user; /* first: store_user is what callers hold */
	TAILQ_ENTRY(overlay_user) entry;
	TAILQ_HEAD(, overlay_mailbox) mailboxes;
	struct table by_id; /* mailbox id(8) -> overlay_mailbox */
	uint32_t uidvalidity;
	bool is_dirty; /* itself or one of its mailboxes */
};

struct overlay_mailbox {
	struct store_mailbox mailbox; /* first */
	TAILQ_ENTRY(overlay_mailbox) entry;
	bool is_dirty, is_gone;
};

struct overlay_unacked {
	TAILQ_ENTRY(overlay_unacked) entry;
	unsigned char digest[32];
	int64_t expires;
};

struct overlay {
	struct index *index;
	struct changes changes;	      /* since the last freeze */
	const struct changes *frozen; /* under way to LMDB, or NULL */
	struct table users;	      /* user id(8) -> overlay_user */
	TAILQ_HEAD(, overlay_user) used; /* longest unused first */
	struct table unacked;		 /* digest -> overlay_unacked */
	TAILQ_HEAD(, overlay_unacked) unacked_list;
};

void overlay_init(struct overlay *o, struct index *index);
void overlay_fini(struct overlay *o);
/* All unacknowledged marks that LMDB has. */
int overlay_load_unacked(struct overlay *o, struct fail *why);

/* ---- rows ---- */

void overlay_put(struct overlay *o, enum index_table table, struct str key,
    const struct pack_field *fields, const void *row);
void overlay_delete(struct overlay *o, enum index_table table, struct str key);
/* As it would be read after a checkpoint: 0 found (decoded into the arena),
 * 1 not there, -1 LMDB failed. */
int overlay_get(struct overlay *o, enum index_table table, struct str key, struct arena *a,
    const struct pack_field *fields, void *out, size_t out_size, struct fail *why);
/* Whether there is a change of that row that LMDB may not know; and all of a
 * table: bytes of the row, or gone. */
bool overlay_has_change(const struct overlay *o, enum index_table table, struct str key);
typedef void (*overlay_fn)(void *arg, struct str key, bool is_gone, struct str bytes);
void overlay_each(const struct overlay *o, enum index_table table, overlay_fn fn, void *arg);
/* Deletes all message and name rows of a mailbox. */
int overlay_wipe(struct overlay *o, uint64_t mailbox_id, struct fail *why);

/* ---- users and mailboxes ---- */

struct store_user *overlay_find_user(struct overlay *o, struct str name, struct str root,
    struct fail *why);
struct store_mailbox *overlay_find_mailbox(struct overlay *o, struct store_user *user,
    struct str name, struct str path, struct fail *why);
/* Its row must be written. */
void overlay_touch(struct store_mailbox *mailbox);
/* The folder is gone: so is its row, until it is touched again. */
void overlay_bury(struct store_mailbox *mailbox);
/* A uidvalidity that no mailbox of the user ever had, given to this one. */
void overlay_give_uidvalidity(struct store_mailbox *mailbox);
void overlay_forget_idle(struct overlay *o, size_t keep);

/* ---- unacknowledged deliveries ---- */

void overlay_add_unacked(struct overlay *o, struct str digest, int64_t expires, uint64_t seq);
bool overlay_has_unacked(const struct overlay *o, struct str digest, int64_t now);
/* False when there was none. */
bool overlay_can_drop_unacked(struct overlay *o, struct str digest);

/* ---- freezing ---- */

bool overlay_has_changes(const struct overlay *o);
/* Moves the changes, with the rows of dirty users and mailboxes, to *out. */
void overlay_freeze(struct overlay *o, struct changes *out);
/* A checkpoint failed: what has no newer change comes back.  Uses *older up. */
void overlay_take_back(struct overlay *o, struct changes *older);

#endif

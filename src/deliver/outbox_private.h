/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_OUTBOX_PRIVATE_H
#define DOORSTEP_DELIVER_OUTBOX_PRIVATE_H

#include <sys/queue.h>

#include "base/loop.h"
#include "base/table.h"
#include "deliver/deliver.h"
#include "deliver/outbox.h"

/*
 * Shared by outbox.c (which row is next), outbox_send.c (to relay and back) and
 * outbox_end.c (rows that go, and their reports); for nobody else.
 */
enum entry_state {
	ENTRY_WAITS,   /* in the heap */
	ENTRY_IS_SENT, /* with relay */
	ENTRY_ENDS,    /* waits for its record */
};

struct entry {
	uint64_t id;
	int64_t next, expires; /* clock_wall */
	size_t at;	       /* in the heap */
	enum entry_state state;
};

struct ending;
STAILQ_HEAD(endings, ending);

/* Why messages are put off, each said once a minute. */
#define OUTBOX_REASONS 16
struct reason {
	uint64_t key;	  /* of remote and reply */
	int64_t told;	  /* clock_monotonic */
	uint64_t untold;
};

struct outbox {
	struct deliver *deliver;
	struct table by_id; /* id(8) -> entry */
	struct entry **heap; /* the next one first */
	size_t count, cap;
	size_t sent;	     /* entries with relay */
	size_t ends;	     /* endings in any state */
	struct endings ready, writing;
	struct watch timer, done_timer, stop_timer;
	bool is_able, is_stopped;
	/* The walk through the store: what is left, or was left out. */
	bool is_walking, is_partial;
	uint64_t walk_from;
	int64_t walked; /* clock_monotonic when one ended */
	/* No remote could be reached: until then, one at a time. */
	int64_t paused_until, pause; /* clock_monotonic; length */
	int64_t told_waiting;	     /* clock_monotonic */
	uint64_t random;
	struct reason reasons[OUTBOX_REASONS];
};

/* ---- outbox.c ---- */
struct entry *outbox_find(struct outbox *o, uint64_t id);
void outbox_take_out(struct outbox *o, struct entry *entry); /* of the heap */
void outbox_put_off(struct outbox *o, struct entry *entry, int64_t next); /* into the heap */
void outbox_forget(struct outbox *o, struct entry *entry);		  /* and frees it */
void outbox_kick(struct outbox *o);
uint32_t outbox_random(struct outbox *o);

/* ---- outbox_send.c ---- */
void outbox_give(struct outbox *o, struct entry *entry); /* taken out of the heap */
/* Those due that have expired, while nothing can be sent. */
void outbox_expire(struct outbox *o);

/* ---- outbox_end.c ---- */

/* What became of a row at last. */
struct outcome {
	enum fail_class class; /* FAIL_NONE: taken */
	struct str status, remote, reply;
	bool is_expired, is_deleted;
	bool is_dsn_passed;
};
void outbox_end(struct outbox *o, struct entry *entry, const struct disk_outbox_row *row,
    const struct outcome *outcome);
void outbox_free_endings(struct outbox *o);

#endif

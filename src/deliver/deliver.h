/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_DELIVER_H
#define DOORSTEP_DELIVER_DELIVER_H

#include "base/loop.h"
#include "base/table.h"
#include "conf/conf.h"
#include "deliver/ask_filter.h"
#include "deliver/box.h"
#include "deliver/checkpoint.h"
#include "deliver/commit.h"
#include "deliver/job.h"
#include "deliver/links.h"
#include "deliver/outbox.h"
#include "deliver/pool.h"
#include "deliver/rescan.h"
#include "deliver/script.h"
#include "deliver/settle.h"
#include "deliver/user.h"
#include "ipc/wire.h"
#include "store/store.h"

/*
 * The parts of one deliver process, wired together in main.c; each part knows
 * the others through here.
 */
TAILQ_HEAD(room_list, room);

struct deliver {
	struct loop *loop;
	struct conf *conf;
	char *owner;
	struct store *store;
	struct wire *master, *directory, *relay; /* NULL while down */
	char *no_relay; /* why nothing can be sent, NULL: it can */
	struct links *links;	 /* to session processes */
	struct users *users;
	struct scripts *scripts;
	struct boxes *boxes;
	struct filters *filters;
	struct programs *programs;
	struct commit *commit;
	struct settle *settle;
	struct rescans *rescans;
	struct checkpoint *checkpoint;
	struct outbox *outbox;
	struct pool *journal_pool; /* one thread: the journal's writes, in order */
	struct pool *sync_pool;	   /* fsync, checkpoints, scans */
	struct room_list rooms;	   /* quota questions that wait */
	size_t jobs;		   /* in hand */
	struct table pending_marks; /* of mail that is on its way to its commit */
	struct hash_sha256 *hash;
	struct watch stop_check;
	bool is_stopping;
};

/* Asks main.c to look whether all work is done (stop, retirement). */
void deliver_check_stop(struct deliver *d);

#endif

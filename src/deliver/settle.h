/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_SETTLE_H
#define DOORSTEP_DELIVER_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "deliver/box.h"

/*
 * Background fsync of files that the journal already vouches for, in rounds:
 * everything placed since the last round, files first, then their folders;
 * then store_settled says how far, and the journal may be reused up to there.
 */
struct deliver;
struct settle;

/* A round begins that long after its first file, or at once at that many:
 * rounds share the cost of the file system's own commit. */
#define SETTLE_DELAY (100 * INT64_C(1000))
#define SETTLE_COUNT 512
/* From that many files on one file system, one syncfs(2) is cheaper than an
 * fsync(2) for each. */
#define SETTLE_SYNCFS_COUNT 32
/* Files kept open for their fsync; what comes beyond that while a round is
 * under way is closed, and its file system synced as a whole. */
#define SETTLE_OPEN_MAX 2048

struct settle *settle_new(struct deliver *d); /* owned */
void settle_free(struct settle **settle);

/* A placed file: takes fd over (-1: only the folder needs a sync), holds box. */
void settle_add(struct settle *settle, int fd, struct box *box);
/* All copies of deliveries up to seq have been added. */
void settle_placed(struct settle *settle, uint64_t seq);
/* A round at once (stop, explicit sync). */
void settle_now(struct settle *settle);
bool settle_is_idle(const struct settle *settle);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_POOL_H
#define DOORSTEP_DELIVER_POOL_H

#include "base/loop.h"

/*
 * Threads that wait for the disk, so that the loop need not: journal writes,
 * fsync, checkpoints, scans.  Work gets everything it touches through its
 * argument; what the loop's thread uses at the same time must not be in it.
 */
struct pool;

typedef void (*pool_fn)(void *arg);

struct pool *pool_new(struct loop *loop, unsigned threads); /* owned */
/* Waits for all work to end; done functions that are due are not called. */
void pool_free(struct pool **pool);

/* work(arg) in a thread, then done(arg) in the loop. In order of arrival. */
void pool_run(struct pool *pool, pool_fn work, pool_fn done, void *arg);

#endif

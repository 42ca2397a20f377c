/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MASTER_WAITING_H
#define DOORSTEP_MASTER_WAITING_H

#include "master/master.h"

/*
 * Owners whose mail waits to be sent while no deliver of theirs runs.  No store
 * is opened for it: STATE/OWNER/outbox is there as long as anything may wait,
 * and its modification time is that of the next attempt (doc/delivery.md).
 */

/* Looked at so often; and so many delivers are started by one look: a site
 * may have a thousand owners, and the next look comes soon. */
#define WAITING_INTERVAL (60 * INT64_C(1000000))
#define WAITING_SOON (2 * INT64_C(1000000))
#define WAITING_WAKES 8

void waiting_begin(struct master *m); /* a look now, and again and again */
/* A deliver has ended: what it left may be due at once. */
void waiting_look_soon(struct master *m);
void waiting_end(struct master *m);

#endif

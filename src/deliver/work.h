/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_WORK_H
#define DOORSTEP_DELIVER_WORK_H

#include "ipc/wire.h"

/*
 * What the operator asks of the only writer of a store, through master:
 * `sync` (everything into LMDB now), `recalc USER` and `rebuild USER` (look at
 * all of the user's folders, whatever their times say), `flush all`, `flush
 * user NAME`, `flush ID` and `delete ID` (of the outbox).
 */
struct deliver;

void work_begin(struct deliver *d, const struct msg_MASTER_ASKS_SYNC *message);

#endif

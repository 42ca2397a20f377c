/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_CHECKPOINT_H
#define DOORSTEP_DELIVER_CHECKPOINT_H

#include <stdbool.h>

#include "base/loop.h"

/*
 * Brings committed changes into LMDB: each checkpoint_interval while there are
 * any, and at once when asked.
 */
struct deliver;
struct checkpoint;

struct checkpoint *checkpoint_new(struct deliver *d); /* owned */
void checkpoint_free(struct checkpoint **checkpoint);

/* done(arg) when everything committed before this call is in LMDB, or could
 * not be brought there (logged; is_ok of checkpoint_result false). done NULL:
 * nobody waits. */
void checkpoint_ask(struct checkpoint *checkpoint, loop_fn done, void *arg);
bool checkpoint_is_idle(const struct checkpoint *checkpoint);
bool checkpoint_is_ok(const struct checkpoint *checkpoint); /* the last one went well */

#endif

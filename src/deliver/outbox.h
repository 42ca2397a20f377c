/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_OUTBOX_H
#define DOORSTEP_DELIVER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "ipc/wire.h"
#include "store/store.h"

/*
 * The queue of what the store's outbox has waiting: rows that are due go to
 * relay, at most RELAY_MAILS_MAX at a time, and relay's report ends the row or
 * puts it off.  The rows themselves are the store's; here is what is needed to
 * know which is next.
 */
struct deliver;
struct outbox;

/* Rows known here; more wait in the store and are looked for when there is room. */
#define OUTBOX_ENTRIES_MAX 65536
/* Rows ended by one record. */
#define OUTBOX_DONE_MAX 1024
/* So long an ended row waits for a batch that goes anyway. */
#define OUTBOX_DONE_DELAY (20 * INT64_C(1000))
/* So long a process that stops waits for relay's reports: a message whose
 * report comes too late is sent twice. */
#define OUTBOX_STOP_PATIENCE (10 * INT64_C(1000000))
/* A system user's deliver stays when a row is due within this. */
#define OUTBOX_SOON (90 * INT64_C(1000000))

struct outbox *outbox_new(struct deliver *d); /* owned; looks for what is left */
/* Leaves word of when the next attempt is (store/outbox.h). */
void outbox_free(struct outbox **outbox);

/* A row that has just been committed. */
void outbox_add(struct outbox *outbox, uint64_t id, int64_t expires);

/* relay: there and able or not; and what became of a mail. */
void outbox_set_route(struct outbox *outbox, bool is_able);
void outbox_take_report(struct outbox *outbox, const struct msg_RELAY_REPORTS_MAIL *report);

/* Gives nothing to relay any more. */
void outbox_stop(struct outbox *outbox);
/* Nothing is with relay, nothing waits to be recorded. */
bool outbox_is_idle(const struct outbox *outbox);
bool outbox_is_due_soon(const struct outbox *outbox);

/* As rescans_has_ready, rescans_prepare and rescans_committed. */
bool outbox_has_ready(const struct outbox *outbox);
uint64_t outbox_prepare(struct outbox *outbox, struct store_batch *batch);
void outbox_committed(struct outbox *outbox, bool is_written);

/* What a process before has left is not all known yet. */
bool outbox_is_looking(const struct outbox *outbox);
/* What the operator wants: rows due at once (id 0: all, or all of a user),
 * returns how many; a row ended without being sent, -1 *why. */
size_t outbox_flush(struct outbox *outbox, uint64_t id, struct str user);
int outbox_delete(struct outbox *outbox, uint64_t id, struct fail *why);
/* The record that ends a row is written. */
bool outbox_has_recorded(struct outbox *outbox, uint64_t id);

/*
 * Microseconds until the next attempt after so many that failed: `least`, then
 * twice as much each time up to `most`, give or take a quarter by `random`.
 */
int64_t outbox_backoff(int64_t least, int64_t most, uint32_t attempts, uint32_t random);

#endif

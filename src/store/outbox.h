/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_OUTBOX_H
#define DOORSTEP_STORE_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * OWNER/outbox: texts of outgoing mail that are too large for a row of the
 * table outbox, a file each, never written again; and, by being there, the
 * sign that mail may wait to be sent.  While no deliver runs, its modification
 * time is that of the next attempt: master looks at both (master/waiting.c).
 *
 * store_dir is OWNER.  All may be called from any thread.
 */

/* Bytes of a text that stands in its row: more is a file. */
#define OUTBOX_TEXT_MAX ((size_t)64 << 10)

/* Makes the directory; it is there after a power cut too when this returns 0:
 * due before the first record that puts something into the outbox. */
int outbox_make(const char *store_dir, struct fail *why);
/* Takes the sign away, unless a file is left. */
void outbox_remove(const char *store_dir);
/* Microseconds since the epoch. */
void outbox_set_due(const char *store_dir, int64_t at);

/* A name that no other text has. */
void outbox_add_name(struct buf *out);
/* Writes and syncs a text, in parts; its name is durable after outbox_make or
 * outbox_sync. */
int outbox_write(const char *store_dir, struct str file, const struct str *parts, size_t count,
    struct fail *why);
int outbox_sync(const char *store_dir, struct fail *why);
int outbox_open(const char *store_dir, struct str file, int *fd_out, struct fail *why);
void outbox_unlink(const char *store_dir, struct str file);

#endif

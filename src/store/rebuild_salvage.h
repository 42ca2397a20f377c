/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_REBUILD_SALVAGE_H
#define DOORSTEP_STORE_REBUILD_SALVAGE_H

#include <stddef.h>

#include "base/fail.h"

/* Rows of rebuild.c's, below struct store.  The caller holds OWNER/lock. */

/*
 * Copies the rows that can be read from a damaged index into a new one, table
 * by table, each in a child process: LMDB ends the program, or walks out of
 * the map, where a page makes no sense.  What cannot be read is left out.
 */
int rebuild_salvage(const char *damaged_dir, const char *new_dir, size_t *saved_out,
    struct fail *why);

/* Sets the counters of mailboxes and users to what the rows say. */
int rebuild_recount(const char *store_dir, size_t *changed_out, struct fail *why);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_REBUILD_H
#define DOORSTEP_STORE_REBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "store/store.h"

/*
 * The index made again from the mailboxes, offline (while deliver runs it does
 * so itself, with reconcile).  Mail is only read.
 *
 * An index that is damaged is moved aside to index.damaged-SECONDS, and what
 * can be read of it is taken over, so that messages keep their uids.  Then the
 * journal is replayed, every folder of the users compared, and the counters are
 * counted.  A message that has no row any more gets a new one: uid, file,
 * flags and sizes; its header fields and the script that put it there stay
 * empty, for only filter may parse mail.
 */
struct rebuild {
	/* Told by the caller.  user empty: all that the index knows. */
	const struct store_options *options;
	struct str user;
	void (*progress)(void *arg, size_t done, size_t total); /* NULL: none */
	void *arg;
	/* Told to the caller. */
	bool was_damaged;
	struct buf moved_to;	   /* where the damaged index is now */
	struct buf failed;	   /* a line for each user that could not be done */
	size_t users, failures;	   /* done, not done */
	size_t folders, files;	   /* looked at */
	size_t adopted, gone, flagged; /* rows that changed */
	size_t recounted;	   /* counters that were wrong */
	size_t saved;		   /* rows taken over from the damaged index */
};

/* 0: done, though some users may have failed.  1: the user is not in this
 * store.  -1: *why; a store that is in use is FAIL_TEMP. */
int rebuild_run(struct rebuild *r, struct fail *why);
void rebuild_fini(struct rebuild *r);

#endif

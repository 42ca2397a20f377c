/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_RECONCILE_H
#define DOORSTEP_STORE_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"
#include "store/format.h"
#include "store/index.h"

/*
 * IMAP servers move, flag and expunge files behind our back.  What is in the
 * index is compared with what is on disk, folder by folder, and the difference
 * becomes journal records like any other change (store_prepare_rescan).
 *
 * In deliver: hold the user (nothing of theirs is prepared or being placed),
 * checkpoint, so that LMDB knows all that was committed for them; then
 * reconcile_run in a thread; then prepare, write and commit its rescans, and
 * let the user go.  A delivery that LMDB does not know yet would be taken for
 * a stranger's file.
 */

/* A mtime this young (nanoseconds) may hide a later change within the same tick
 * of the file system's clock: it is remembered as 0, which never matches. */
#define RECONCILE_YOUNG (INT64_C(1000) * 1000 * 1000)

/* Changes in one rescan record, so that it fits a small journal segment. */
#define RECONCILE_PART_MAX 2048

/* Two lstat(2): has a folder changed since the index last compared it?  True
 * too when it is gone or was never compared. */
bool reconcile_is_needed(struct str path, int64_t new_mtime, int64_t cur_mtime);

struct reconcile_file {
	struct str entry;  /* the whole name */
	struct str base, letters;
	uint64_t size;	    /* ,S= or 0: then see has_size */
	uint64_t wire_size; /* ,W= or 0 */
	int64_t received;   /* from the name, microseconds since the epoch */
	bool has_size, is_in_cur;
};

struct reconcile_folder {
	struct str name; /* UTF-8, as maildir_path makes it canonical */
	struct str path;
	int64_t new_mtime, cur_mtime; /* read before the listing; 0 when young */
	bool is_listed;		      /* false: nothing changed, files are not known */
	bool is_steady;		      /* false: it changed while it was listed, each time */
	struct reconcile_file *files; /* sorted by base, each base once */
	size_t file_count;
};

/* What is on disk. */
struct reconcile_scan {
	struct arena arena; /* holds all of it */
	struct reconcile_folder *folders;
	size_t folder_count, folder_cap;
};

/* What differs. */
struct reconcile {
	struct arena arena; /* holds all of it */
	/* For store_prepare_rescan, in this order.  uidvalidity 0: a new folder;
	 * uid 0: a new message; modseq is 0 everywhere: the store gives them.
	 * A message that is gone carries its row's file and sizes. */
	struct disk_rescan *rescans;
	size_t rescan_count, rescan_cap;
	size_t folders, listed, files; /* looked at */
	size_t adopted, gone, flagged; /* messages that changed */
};

#define RECONCILE_SCAN_EMPTY ((struct reconcile_scan){ .folders = NULL })
#define RECONCILE_EMPTY ((struct reconcile){ .rescans = NULL })

/* Any thread: both steps below.  is_forced: though times say nothing changed.
 * mailbox: only the folder of that canonical name; STR_EMPTY: all. */
int reconcile_run(struct index *index, struct str user, struct str root, struct str mailbox,
    bool is_forced, struct reconcile *out, struct fail *why);

/*
 * Any thread: lists the folders below root; those of which the index (NULL:
 * none) remembers the same times are named but not listed.  A root that does
 * not exist has no folders; one that cannot be read is a failure: nothing may
 * be called gone because of a missing mount or permission.
 */
int reconcile_scan(struct index *index, struct str user, struct str root, struct str mailbox,
    bool is_forced, struct reconcile_scan *out, struct fail *why);
void reconcile_scan_fini(struct reconcile_scan *scan);

/* Any thread: compares with the rows of the user. */
int reconcile_diff(struct index *index, struct str user, struct str root, struct str mailbox,
    const struct reconcile_scan *scan, struct reconcile *out, struct fail *why);
void reconcile_fini(struct reconcile *r); /* legal on an empty one */

#endif

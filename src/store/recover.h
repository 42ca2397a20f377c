/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_RECOVER_H
#define DOORSTEP_STORE_RECOVER_H

#include <stdbool.h>
#include <sys/uio.h>

#include "base/arena.h"
#include "base/fail.h"
#include "store/format.h"
#include "store/maildir.h"

/*
 * One copy of a journal record made sure of: in its folder, whole.  Used for
 * each copy that a crash may have left unmade, and for stuck ones; changes
 * nothing when the file is there.
 */
struct recover_copy {
	const struct disk_delivery *delivery;
	const struct disk_copy *copy;
	/* Its linking was noted in this boot: if it is gone, its reader did it. */
	bool was_placed;
	/* This boot wrote it: what the page cache shows is what was written. */
	bool is_same_boot;
};

enum recover_outcome { RECOVER_FAILED, RECOVER_FOUND, RECOVER_MADE, RECOVER_LEFT };

/* *fd_out: the file, to be synced, or -1 (left).  *maildir_out: its folder, to
 * be synced and closed by the caller, or NULL. */
enum recover_outcome recover_file(const struct recover_copy *what, struct maildir **maildir_out,
    int *fd_out, struct fail *why);

#endif

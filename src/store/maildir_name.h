/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_MAILDIR_NAME_H
#define DOORSTEP_STORE_MAILDIR_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Names on disk, taken apart.  The directions that build names are in
 * maildir.h (maildir_path, maildir_add_name, maildir_add_letters).
 */

/* `1700000000.M1P2Q3.host,S=10,W=12:2,FS` */
struct maildir_name {
	struct str base;      /* up to `:2,` */
	struct str letters;   /* behind it; empty in new/ */
	uint64_t size;	      /* ,S=  when has_size */
	uint64_t wire_size;   /* ,W=  when has_wire_size */
	uint64_t seconds;     /* at the front; 0 when there are none */
	bool has_size, has_wire_size;
};

/* False for what is no message: an empty name, or one that begins with a dot. */
bool maildir_name_is_read(struct str file, struct maildir_name *out);

/* The folder that a directory entry of the root is: `.A.B` is `A.B`, in UTF-8.
 * False when it is none (no leading dot, `.`, `..`, not modified UTF-7). */
bool maildir_name_is_folder(struct str entry, struct buf *name_out);

/* Whether these IMAP flags and these letters say the same, as far as letters
 * can; keywords have none. */
bool maildir_name_has_flags(struct str letters, struct str imap_flags);

/* Letters as flags, and behind them the keywords of `old_flags`. */
void maildir_name_add_merged(struct buf *out, struct str letters, struct str old_flags);

#endif

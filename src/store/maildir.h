/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_MAILDIR_H
#define DOORSTEP_STORE_MAILDIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * Maildir with Maildir++ folders: names, folders, files.  Runs as the owner of
 * the mail; everything found is checked by fstat after open (type, owner, no
 * symlink for anything below the root).
 */

/* Longest folder name in bytes (UTF-8), and its deepest level. */
#define MAILDIR_NAME_MAX 255
#define MAILDIR_DEPTH_MAX 32

/*
 * Where a folder lives: root for INBOX (any case), else root/.NAME in modified
 * UTF-7 with `/` and `.` as separators.  -1 with FAIL_PERM for names that no
 * IMAP server could show: empty components, NUL and control characters,
 * invalid UTF-8, too long.  The canonical name (INBOX upper case, `.` between
 * levels) goes to *name_out.
 */
int maildir_path(struct str root, struct str name, struct buf *path_out, struct buf *name_out,
    struct fail *why);

/*
 * A folder that is known to be there, with its directories open; kept in a
 * bounded cache by the caller.
 */
struct maildir {
	int new_fd, cur_fd, tmp_fd;
	/* The folder and what it stands in, open only when this opening made
	 * them: their entries are not on disk until maildir_sync_dirs. */
	int made_fds[3];
	mode_t file_mode; /* 0600, and more as far as the root's own mode gives it */
	char *path;	  /* owned, for messages */
};

/*
 * Opens a folder; `create` makes what is missing (0700 or as the root), with
 * `maildirfolder`, and subscribes it when asked (root/subscriptions; a failure
 * there is only logged).  *was_made_out (may be NULL) tells.  Directories are
 * made, not synced.  -1: FAIL_TEMP with the reason (unreadable: 4.2.0; full
 * disk: 4.3.1); errnum is ENOENT when it is not there and was not to be made.
 */
int maildir_open(struct str root, struct str path, bool create, bool subscribe, bool *was_made_out,
    struct maildir **out, struct fail *why);
/* The same for a reader: makes nothing, and what is owned by `owner` will do. */
int maildir_open_owned(struct str root, struct str path, uid_t owner, struct maildir **out,
    struct fail *why);
void maildir_close(struct maildir **m);

/* Any thread, m not closed meanwhile: fsync of new/ and cur/, and of those above
 * them that were made with this opening. */
int maildir_sync_dirs(const struct maildir *m, struct fail *why);

/* Everything made with this opening is on disk (maildir_sync_dirs, or a sync of
 * the whole file system): closes what was kept open for that.  No other thread may
 * be in maildir_sync_dirs. */
void maildir_forget_made(struct maildir *m);

/* Folders of one root that are looked at for an id. */
#define MAILDIR_FOLDERS_MAX 4096
/* The folder with this id (RFC 8474 4), which is what Dovecot keeps as its GUID
 * in dovecot-uidlist: 1, with its name appended to *name_out, or 0. */
int maildir_find_id(struct str root, struct str id, struct buf *name_out);

/* Adds a folder to root/subscriptions, as Dovecot keeps it, unless it is there.
 * Waits for subscriptions.lock, 25 ms at most. */
int maildir_subscribe(struct str root, struct str path, struct fail *why);

/* A new base name: `SECONDS.M<usec>P<pid>Q<counter>.<host>,S=<size>,W=<wire>`.
 * Unique among all stores of this host: pid, counter and time. */
void maildir_add_name(struct buf *out, const char *hostname, int64_t now, uint64_t size,
    uint64_t wire_size);

/*
 * Makes one message visible: tmp/NAME, then into new/ (or cur/NAME:2,FLAGS when
 * flags has any of the Maildir letters).  Never replaces a file.  sync: fsync
 * the file first and the directories after (large messages, durability=fsync).
 * iov is used up.  *fd_out (may be NULL): the file still open, for the sync
 * pool, else it is closed.
 */
int maildir_place(struct maildir *m, struct str file, struct str imap_flags, struct iovec *iov,
    int iov_count, bool sync, int *fd_out, struct fail *why);

/* Places a message of which `body_fd` holds body_size bytes behind the prefix
 * (large messages): copy_file_range or a loop. */
int maildir_place_fd(struct maildir *m, struct str file, struct str imap_flags, struct str prefix,
    int body_fd, uint64_t body_size, bool sync, struct fail *why);
/* The same in two steps, so that a large file is on disk and synced before its
 * journal record, yet invisible until after it: write tmp/NAME; show it. */
int maildir_write_tmp(struct maildir *m, struct str file, struct str prefix, int body_fd,
    struct str body, uint64_t body_size, struct fail *why);
/* The same from parts, for a message that is not in one piece; iov is used up. */
int maildir_write_tmp_parts(struct maildir *m, struct str file, struct iovec *iov, int iov_count,
    struct fail *why);
int maildir_show_tmp(struct maildir *m, struct str file, struct str imap_flags, struct fail *why);
void maildir_unlink_tmp(struct maildir *m, struct str file);

/* Every maildir_* function may be called from any thread on folders that no other
 * thread uses at the same time. */

/* Is base name `file` in new/ or cur/ (any flags), and how large?  0 found,
 * with its path relative to the folder in *rel_out; 1 not there; -1 *why. */
int maildir_find(struct maildir *m, struct str file, struct buf *rel_out, uint64_t *size_out,
    struct fail *why);

/* IMAP flags to Maildir letters ("DFRST" order as the spec sorts them) and back. */
void maildir_add_letters(struct buf *out, struct str imap_flags);
void maildir_add_flags(struct buf *out, struct str letters);
/*
 * The same with the keywords of a folder: Dovecot's letters `a` to `z`, by
 * dovecot-keywords.  A keyword that is new there is added, under Dovecot's
 * locks, 50 ms at most; that changes nothing else.  Gives how many keywords
 * found no letter.
 */
size_t maildir_add_all_letters(const struct maildir *m, struct buf *out, struct str imap_flags);
void maildir_add_all_flags(const struct maildir *m, struct buf *out, struct str letters);

/* mtime of new/ and cur/ in nanoseconds; -1 (errno says why) when the folder is
 * gone or cannot be looked at. */
int maildir_mtimes(struct str path, int64_t *new_out, int64_t *cur_out);

#endif

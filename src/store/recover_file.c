/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* One file that a crash may have left unmade or short: found, or made again
 * from its record.  Knows Maildir folders, not the journal. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "store/recover.h"

#define CHUNK ((size_t)64 << 10)

/* rel is new/NAME or cur/NAME. */
static int
dir_of(const struct maildir *m, const struct buf *rel)
{
	return str_has_prefix(buf_str(rel), STR("new/")) ? m->new_fd : m->cur_fd;
}

static const char *
entry_of(struct buf *rel)
{
	return buf_cstr(rel) + 4;
}

/* Whether the bytes of fd at `at` are these. */
static bool
is_there(int fd, struct str bytes, uint64_t at)
{
	char chunk[CHUNK];
	struct fail why = FAIL_EMPTY;
	size_t n;

	for (size_t done = 0; done < bytes.n; done += n) {
		n = bytes.n - done < CHUNK ? bytes.n - done : CHUNK;
		if (file_pread_all(fd, chunk, n, (int64_t)(at + done), "a message", &why) == -1 ||
		    memcmp(chunk, bytes.p + done, n) != 0)
			return false;
	}
	return true;
}

/* A power cut can leave a file of the right size with wrong bytes, on file
 * systems that do not order data before size. */
static bool
is_whole(const struct recover_copy *what, int fd, uint64_t size)
{
	if (size != what->copy->size)
		return false;
	if (what->is_same_boot || what->copy->is_file != 0)
		return true;
	return is_there(fd, what->copy->prefix, 0) &&
	    is_there(fd, what->delivery->body, what->copy->prefix.n);
}

static enum recover_outcome
show_again(const struct recover_copy *what, struct maildir *m, struct fail *why)
{
	const struct disk_copy *c = what->copy;

	if (maildir_show_tmp(m, c->file, c->flags, why) == 0)
		return RECOVER_MADE;
	if (why->errnum != ENOENT)
		return RECOVER_FAILED;
	/* tmp/ had it durably before the record was written, so it was shown, and
	 * its reader removed it. */
	log_warn("%s: %.*s is in neither tmp/, new/ nor cur/: taken as removed by its reader",
	    m->path, STR_ARG(c->file));
	return RECOVER_LEFT;
}

static enum recover_outcome
make_again(const struct recover_copy *what, struct maildir *m, int *fd_out, struct fail *why)
{
	const struct disk_copy *c = what->copy;
	struct str body = what->delivery->body;
	struct iovec iov[] = {
		{ (void *)(uintptr_t)c->prefix.p, c->prefix.n },
		{ (void *)(uintptr_t)body.p, body.n },
	};

	maildir_unlink_tmp(m, c->file);
	if (maildir_place(m, c->file, c->flags, iov, 2, false, fd_out, why) == -1)
		return RECOVER_FAILED;
	return RECOVER_MADE;
}

/* A short or wrong file goes first: a name is never replaced.  A crash in
 * between finds the record still there. */
static int
remove_short(struct maildir *m, struct buf *rel, struct fail *why)
{
	log_warn("%s/%s is short or damaged: made again from the journal", m->path,
	    buf_cstr(rel));
	if (unlinkat(dir_of(m, rel), entry_of(rel), 0) == 0 || errno == ENOENT)
		return 0;
	return fail_errno(why, errno, "remove a short file from", m->path);
}

static enum recover_outcome
look(const struct recover_copy *what, struct maildir *m, int *fd_out, struct fail *why)
{
	enum recover_outcome outcome = RECOVER_FAILED;
	struct buf rel = BUF_EMPTY;
	uint64_t size;
	int found = maildir_find(m, what->copy->file, &rel, &size, why);

	if (found == 0)
		*fd_out = openat(dir_of(m, &rel), entry_of(&rel),
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (found == 0 && *fd_out == -1 && errno != ENOENT) {
		fail_errno(why, errno, "open a message in", m->path);
		goto out;
	}
	if (found == -1)
		goto out;
	outcome = RECOVER_FOUND;
	if (*fd_out != -1 && (what->was_placed || is_whole(what, *fd_out, size)))
		goto out;
	outcome = RECOVER_LEFT;
	if (*fd_out == -1 && what->was_placed)
		goto out;
	/* A large file is safe in all its bytes since before its record. */
	if (*fd_out != -1 && what->copy->is_file != 0)
		goto out;
	file_close(fd_out);
	outcome = RECOVER_FAILED;
	if (found == 0 && remove_short(m, &rel, why) == -1)
		goto out;
	outcome = what->copy->is_file != 0 ? show_again(what, m, why) :
					     make_again(what, m, fd_out, why);
out:
	buf_fini(&rel);
	return outcome;
}

/* The folder itself is gone, and with it what was in it. */
static bool
is_folder_gone(struct str path)
{
	int64_t new_mtime, cur_mtime;

	return maildir_mtimes(path, &new_mtime, &cur_mtime) == -1 && errno == ENOENT;
}

enum recover_outcome
recover_file(const struct recover_copy *what, struct maildir **maildir_out, int *fd_out,
    struct fail *why)
{
	const struct disk_copy *c = what->copy;
	enum recover_outcome outcome;

	*maildir_out = NULL;
	*fd_out = -1;
	if (what->was_placed && is_folder_gone(c->path))
		return RECOVER_LEFT;
	if (maildir_open(c->root, c->path, true, false, NULL, maildir_out, why) == -1)
		return RECOVER_FAILED;
	outcome = look(what, *maildir_out, fd_out, why);
	if (outcome == RECOVER_FAILED) {
		file_close(fd_out);
		maildir_close(maildir_out);
	}
	return outcome;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Files of a Maildir: written in tmp/, then shown in new/ or cur/.  Knows no
 * journal and no index. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/maildir.h"
#include "store/maildir_private.h"

/*
 * tmp/NAME and renameat2, rather than O_TMPFILE and linkat.  Measured on ext4
 * with 4 KB files, 20000 a run: both take four system calls; rename 25 to 28
 * us, linkat through /proc/self/fd 21 to 27 us, tmp/NAME with link and unlink
 * 30 us.  The few percent do not pay for a second way, which NFS and a chroot
 * without /proc would need beside it; and a large file that waits for its
 * journal record must have a name anyhow.
 */

#define COPY_CHUNK ((size_t)256 * 1024)

/* A leftover of that name is from a crash before its journal record was
 * written: names are given once. */
static int
create_tmp(struct maildir *m, const char *name, int *fd_out, struct fail *why)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(m->tmp_fd, name, flags, 0600);

	if (fd == -1 && errno == EEXIST && unlinkat(m->tmp_fd, name, 0) == 0)
		fd = openat(m->tmp_fd, name, flags, 0600);
	if (fd == -1)
		return maildir_private_fail(why, errno, "make a file in tmp/ of", m->path);
	*fd_out = fd;
	if (m->file_mode != 0600 && fchmod(fd, m->file_mode) == -1)
		return maildir_private_fail(why, errno, "set the mode of a file in", m->path);
	return 0;
}

/* rename without replacing, for file systems that lack renameat2's flag. */
static int
link_over(int from, const char *old, int to, const char *new)
{
	int errnum;

	if (linkat(from, old, to, new, 0) == -1)
		return -1;
	if (unlinkat(from, old, 0) == 0)
		return 0;
	errnum = errno;
	unlinkat(to, new, 0);
	errno = errnum;
	return -1;
}

/* Where a file goes: new/ holds what no reader has seen, and so has no flags.
 * The entry's name is owned by *target. */
static int
choose(const struct maildir *m, const char *name, struct str imap_flags, struct buf *target)
{
	size_t plain;

	buf_add_cstr(target, name);
	buf_add_cstr(target, ":2,");
	plain = target->n;
	(void)maildir_add_all_letters(m, target, imap_flags);
	if (target->n > plain)
		return m->cur_fd;
	buf_truncate(target, plain - 3);
	return m->new_fd;
}

static int
show(struct maildir *m, const char *name, struct str imap_flags, bool sync, struct fail *why)
{
	struct buf target = BUF_EMPTY;
	int to = choose(m, name, imap_flags, &target);
	int rc = renameat2(m->tmp_fd, name, to, buf_cstr(&target), RENAME_NOREPLACE);

	if (rc == -1 && (errno == EINVAL || errno == ENOSYS))
		rc = link_over(m->tmp_fd, name, to, buf_cstr(&target));
	if (rc == -1)
		maildir_private_fail(why, errno, "show a message in", m->path);
	else if (sync && maildir_sync_dirs(m, why) == -1) {
		/* The caller answers 4xx: what stayed would be doubled. */
		unlinkat(to, buf_cstr(&target), 0);
		rc = -1;
	}
	buf_fini(&target);
	return rc;
}

static bool
is_name(struct str file)
{
	return file.n > 0 && file.p[0] != '.' && str_find_byte(file, '/') < 0 &&
	       str_find_byte(file, '\0') < 0;
}

/* The name as a C string, owned by *out. */
static int
take_name(struct str file, struct buf *out, struct fail *why)
{
	buf_add_str(out, file);
	if (!is_name(file))
		return fail_set(why, FAIL_OURS, 3, 0, 0, "message cannot be stored",
		    "\"%.*s\" is no name for a message file", STR_ARG(file));
	buf_cstr(out);
	if (!buf_is_ok(out))
		return fail_set(why, FAIL_TEMP, 3, 0, ENOMEM, "out of memory", "storing a message");
	return 0;
}

/* The bytes before the name: a reader, or a crash, must never find it short. */
static int
finish(struct maildir *m, const char *name, struct str imap_flags, int fd, bool sync,
    struct fail *why)
{
	if (sync && file_sync(fd, m->path, why) == -1)
		return -1;
	return show(m, name, imap_flags, sync, why);
}

int
maildir_place(struct maildir *m, struct str file, struct str imap_flags, struct iovec *iov,
    int iov_count, bool sync, int *fd_out, struct fail *why)
{
	struct buf name = BUF_EMPTY;
	int fd = -1, rc = -1;

	if (fd_out != NULL)
		*fd_out = -1;
	if (take_name(file, &name, why) == -1 || create_tmp(m, buf_cstr(&name), &fd, why) == -1 ||
	    file_writev_all(fd, iov, iov_count, m->path, why) == -1 ||
	    finish(m, buf_cstr(&name), imap_flags, fd, sync, why) == -1)
		goto out;
	rc = 0;
	if (fd_out != NULL) {
		*fd_out = fd;
		fd = -1;
	}
out:
	if (rc == -1 && fd != -1)
		unlinkat(m->tmp_fd, buf_cstr(&name), 0);
	file_close(&fd);
	buf_fini(&name);
	return rc;
}

/* Through a buffer, where the kernel cannot copy between these two. */
static int
copy_by_hand(int fd, int body_fd, off_t at, uint64_t left, const char *name, struct fail *why)
{
	char *chunk = malloc(COPY_CHUNK);
	int rc = -1;

	if (chunk == NULL)
		return fail_set(why, FAIL_TEMP, 3, 0, ENOMEM, "out of memory", "copying a message");
	while (left > 0) {
		size_t n = left < COPY_CHUNK ? (size_t)left : COPY_CHUNK;

		if (file_pread_all(body_fd, chunk, n, at, "message", why) == -1 ||
		    file_write_all(fd, (struct str){ chunk, n }, name, why) == -1)
			goto out;
		at += (off_t)n;
		left -= n;
	}
	rc = 0;
out:
	free(chunk);
	return rc;
}

/* Not copy_file_range: it refuses a memfd as the source of a file elsewhere. */
static int
copy(int fd, int body_fd, uint64_t size, const char *name, struct fail *why)
{
	off_t at = 0;
	uint64_t left = size;

	while (left > 0) {
		ssize_t n = sendfile(fd, body_fd, &at, left < (1 << 30) ? (size_t)left : 1 << 30);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
			return copy_by_hand(fd, body_fd, at, left, name, why);
		if (n == -1)
			return maildir_private_fail(why, errno, "copy a message to", name);
		if (n == 0)
			return fail_set(why, FAIL_OURS, 3, 0, 0, "message cannot be stored",
			    "message for %s is short: %llu bytes are missing", name,
			    (unsigned long long)left);
		left -= (uint64_t)n;
	}
	return 0;
}

/* The parts, then what body_fd holds, if there is one. */
static int
write_tmp(struct maildir *m, struct str file, struct iovec *iov, int iov_count, int body_fd,
    uint64_t body_size, struct fail *why)
{
	struct buf name = BUF_EMPTY;
	int fd = -1, rc = -1;

	if (take_name(file, &name, why) == -1 || create_tmp(m, buf_cstr(&name), &fd, why) == -1 ||
	    file_writev_all(fd, iov, iov_count, m->path, why) == -1 ||
	    (body_fd != -1 && copy(fd, body_fd, body_size, m->path, why) == -1))
		goto out;
	/* File and entry: the journal record that follows counts on both. */
	if (file_sync(fd, m->path, why) == -1)
		goto out;
	if (fsync(m->tmp_fd) == -1)
		maildir_private_fail(why, errno, "fsync tmp/ in", m->path);
	else
		rc = maildir_sync_dirs(m, why);
out:
	if (rc == -1 && fd != -1)
		unlinkat(m->tmp_fd, buf_cstr(&name), 0);
	file_close(&fd);
	buf_fini(&name);
	return rc;
}

int
maildir_write_tmp(struct maildir *m, struct str file, struct str prefix, int body_fd,
    struct str body, uint64_t body_size, struct fail *why)
{
	struct iovec iov[2] = {
		{ .iov_base = (char *)prefix.p, .iov_len = prefix.n },
		{ .iov_base = (char *)body.p, .iov_len = body_fd == -1 ? body.n : 0 },
	};

	return write_tmp(m, file, iov, 2, body_fd, body_size, why);
}

int
maildir_write_tmp_parts(struct maildir *m, struct str file, struct iovec *iov, int iov_count,
    struct fail *why)
{
	return write_tmp(m, file, iov, iov_count, -1, 0, why);
}

int
maildir_show_tmp(struct maildir *m, struct str file, struct str imap_flags, struct fail *why)
{
	struct buf name = BUF_EMPTY;
	int rc = take_name(file, &name, why);

	if (rc == 0)
		rc = show(m, buf_cstr(&name), imap_flags, false, why);
	buf_fini(&name);
	return rc;
}

void
maildir_unlink_tmp(struct maildir *m, struct str file)
{
	struct buf name = BUF_EMPTY;

	if (take_name(file, &name, NULL) == 0)
		unlinkat(m->tmp_fd, buf_cstr(&name), 0);
	buf_fini(&name);
}

int
maildir_place_fd(struct maildir *m, struct str file, struct str imap_flags, struct str prefix,
    int body_fd, uint64_t body_size, bool sync, struct fail *why)
{
	struct buf name = BUF_EMPTY;
	int fd = -1, rc = -1;

	if (take_name(file, &name, why) == 0 && create_tmp(m, buf_cstr(&name), &fd, why) == 0 &&
	    file_write_all(fd, prefix, m->path, why) == 0 &&
	    copy(fd, body_fd, body_size, m->path, why) == 0)
		rc = finish(m, buf_cstr(&name), imap_flags, fd, sync, why);
	if (rc == -1 && fd != -1)
		unlinkat(m->tmp_fd, buf_cstr(&name), 0);
	file_close(&fd);
	buf_fini(&name);
	return rc;
}

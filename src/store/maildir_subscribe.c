/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Dovecot's subscriptions file in the root of a Maildir.  Knows no folder but
 * by its name. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "store/maildir.h"
#include "store/maildir_private.h"

/*
 * Two formats, both with names in modified UTF-7.  The old one has a name a
 * line, `.` between its levels.  Dovecot 2.2.13 and later write a first line
 * `V TAB 2`, an empty one, then names with TAB between the levels.
 */
#define HEADER STR("V\t2\n\n")
#define FILE_NAME "subscriptions"
#define LOCK_NAME "subscriptions.lock"
#define TEMP_NAME "subscriptions.doorstep"
#define FILE_MAX ((size_t)4 << 20)
/* A short wait, though in the loop: folders are made rarely, and Dovecot holds
 * the lock only while it rewrites a small file.  A lock older than Dovecot's
 * own timeout was left by a crash. */
#define LOCK_TRIES 5
#define LOCK_WAIT_NS 5000000L
#define LOCK_STALE_SECONDS 120

static int
lock(int root_fd, const char *root, struct fail *why)
{
	const struct timespec wait = { 0, LOCK_WAIT_NS };
	struct stat st;
	int fd;

	for (int i = 0; i < LOCK_TRIES; i++) {
		fd = openat(root_fd, LOCK_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd != -1) {
			close(fd);
			return 0;
		}
		if (errno != EEXIST)
			return maildir_private_fail(why, errno, "lock subscriptions in", root);
		if (fstatat(root_fd, LOCK_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime + LOCK_STALE_SECONDS < time(NULL))
			unlinkat(root_fd, LOCK_NAME, 0);
		else
			nanosleep(&wait, NULL);
	}
	return maildir_private_fail(why, EAGAIN, "lock subscriptions in", root);
}

static int
read_file(int root_fd, struct buf *out, mode_t *mode_out, struct fail *why)
{
	struct stat st;
	int fd = -1, rc = -1;

	*mode_out = 0600;
	if (faccessat(root_fd, FILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == -1 && errno == ENOENT) {
		buf_add_str(out, HEADER);
		return 0;
	}
	if (file_open(&fd, root_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, why) == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*mode_out = st.st_mode & 0777;
		rc = file_read_all(fd, out, FILE_NAME, why);
	} else
		fail_set(why, FAIL_TEMP, 2, 0, 0, "mailbox cannot be used",
		    FILE_NAME " is not a regular file");
	file_close(&fd);
	return rc;
}

static int
write_file(int root_fd, struct str bytes, mode_t mode, struct fail *why)
{
	int fd = -1, rc = -1;

	unlinkat(root_fd, TEMP_NAME, 0);
	if (file_open(&fd, root_fd, TEMP_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode,
		why) == -1)
		return -1;
	if (file_write_all(fd, bytes, FILE_NAME, why) == -1)
		goto out;
	/* Not synced: a subscription that a power cut takes back costs nobody mail;
	 * ext4 and xfs write a file before the rename that replaces another. */
	if (renameat(root_fd, TEMP_NAME, root_fd, FILE_NAME) == -1)
		maildir_private_fail(why, errno, "replace", FILE_NAME);
	else
		rc = 0;
out:
	file_close(&fd);
	if (rc == -1)
		unlinkat(root_fd, TEMP_NAME, 0);
	return rc;
}

static bool
is_listed(struct str file, struct str entry)
{
	struct str line;

	while (str_can_split(&file, '\n', &line))
		if (str_is_equal(line, entry))
			return true;
	return false;
}

/* The entry for a folder's directory name in the format of this file. */
static void
add_entry(struct buf *out, struct str folder, struct str file)
{
	char separator = str_has_prefix(file, STR("V\t2\n")) ? '\t' : '.';

	for (size_t i = 0; i < folder.n; i++)
		buf_add_byte(out, folder.p[i] == '.' ? separator : folder.p[i]);
}

static int
add_locked(int root_fd, struct str folder, struct fail *why)
{
	struct buf file = BUF_LIMIT(FILE_MAX), entry = BUF_EMPTY;
	mode_t mode;
	int rc = -1;

	if (read_file(root_fd, &file, &mode, why) == -1)
		goto out;
	add_entry(&entry, folder, buf_str(&file));
	if (is_listed(buf_str(&file), buf_str(&entry))) {
		rc = 0;
		goto out;
	}
	if (file.n > 0 && file.p[file.n - 1] != '\n')
		buf_add_byte(&file, '\n');
	buf_add_str(&file, buf_str(&entry));
	buf_add_byte(&file, '\n');
	if (buf_is_ok(&file) && buf_is_ok(&entry))
		rc = write_file(root_fd, buf_str(&file), mode, why);
	else
		fail_set(why, FAIL_TEMP, 2, 0, 0, "mailbox cannot be used",
		    FILE_NAME " is too large");
out:
	buf_fini(&file);
	buf_fini(&entry);
	return rc;
}

int
maildir_subscribe(struct str root, struct str path, struct fail *why)
{
	struct buf root_path = BUF_EMPTY;
	struct str folder = STR("INBOX");
	ptrdiff_t slash;
	int root_fd = -1, rc = -1;

	while (root.n > 1 && root.p[root.n - 1] == '/')
		root.n--;
	slash = str_find_last_byte(path, '/');
	if (path.n > root.n && slash >= 0 && (size_t)slash == root.n)
		folder = str_from(path, root.n + 2);
	buf_add_str(&root_path, root);
	if (file_open(&root_fd, AT_FDCWD, buf_cstr(&root_path), O_RDONLY | O_DIRECTORY, 0, why) == -1)
		goto out;
	if (lock(root_fd, buf_cstr(&root_path), why) == -1)
		goto out;
	rc = add_locked(root_fd, folder, why);
	unlinkat(root_fd, LOCK_NAME, 0);
out:
	file_close(&root_fd);
	buf_fini(&root_path);
	return rc;
}

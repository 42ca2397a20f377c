/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Files of large outgoing mail and their directory.  Knows neither rows nor
 * what is in a text. */
#include "store/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

static const char *
path_of(struct buf *path, const char *store_dir, struct str file)
{
	buf_addf(path, "%s/outbox", store_dir);
	if (file.n > 0)
		buf_addf(path, "/%.*s", STR_ARG(file));
	return buf_cstr(path);
}

int
outbox_make(const char *store_dir, struct fail *why)
{
	struct buf path = BUF_EMPTY;
	int rc = 0;

	if (mkdir(path_of(&path, store_dir, STR_EMPTY), 0700) == -1 && errno != EEXIST)
		rc = fail_errno(why, errno, "make", buf_cstr(&path));
	/* The sign must outlive what the record after it outlives (delivery.md). */
	if (rc == 0)
		rc = file_sync_dir(store_dir, why);
	buf_fini(&path);
	return rc;
}

void
outbox_remove(const char *store_dir)
{
	struct buf path = BUF_EMPTY;

	if (rmdir(path_of(&path, store_dir, STR_EMPTY)) == -1 && errno != ENOENT &&
	    errno != ENOTEMPTY && errno != EEXIST)
		log_warn("%s: cannot be removed: %s", buf_cstr(&path), strerror(errno));
	buf_fini(&path);
}

void
outbox_set_due(const char *store_dir, int64_t at)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)(at / CLOCK_SECOND) } };
	struct buf path = BUF_EMPTY;

	if (utimensat(AT_FDCWD, path_of(&path, store_dir, STR_EMPTY), times, 0) == -1 &&
	    errno != ENOENT)
		log_warn("%s: its time cannot be set: %s", buf_cstr(&path), strerror(errno));
	buf_fini(&path);
}

void
outbox_add_name(struct buf *out)
{
	static atomic_uint count;

	buf_addf(out, "%llx-%lx-%x", (unsigned long long)clock_wall(), (unsigned long)getpid(),
	    atomic_fetch_add(&count, 1));
}

int
outbox_write(const char *store_dir, struct str file, const struct str *parts, size_t count,
    struct fail *why)
{
	struct buf path = BUF_EMPTY;
	int fd = -1, rc = -1;
	size_t i;

	path_of(&path, store_dir, STR_EMPTY);
	if (mkdir(buf_cstr(&path), 0700) == -1 && errno != EEXIST) {
		fail_errno(why, errno, "make", buf_cstr(&path));
		goto out;
	}
	buf_addf(&path, "/%.*s", STR_ARG(file));
	if (file_open(&fd, AT_FDCWD, buf_cstr(&path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600,
	    why) == -1)
		goto out;
	for (i = 0; i < count; i++)
		if (file_write_all(fd, parts[i], buf_cstr(&path), why) == -1)
			goto out;
	/* The record that names it vouches for it (delivery.md, 0o). */
	rc = file_sync(fd, buf_cstr(&path), why);
out:
	if (rc == -1 && fd != -1)
		(void)unlink(buf_cstr(&path));
	file_close(&fd);
	buf_fini(&path);
	return rc;
}

int
outbox_sync(const char *store_dir, struct fail *why)
{
	struct buf path = BUF_EMPTY;
	int rc;

	/* Names of texts, before the record that has them (delivery.md, 0o). */
	rc = file_sync_dir(path_of(&path, store_dir, STR_EMPTY), why);
	buf_fini(&path);
	return rc;
}

int
outbox_open(const char *store_dir, struct str file, int *fd_out, struct fail *why)
{
	struct buf path = BUF_EMPTY;
	int rc;

	/* A row may be damaged: it names nothing elsewhere. */
	if (file.n == 0 || str_find_byte(file, '/') != -1 || str_has_control(file))
		return fail_set(why, FAIL_OURS, 3, 0, 0, "mail store is damaged",
		    "%s: a row of the outbox names a file that cannot be", store_dir);
	rc = file_open(fd_out, AT_FDCWD, path_of(&path, store_dir, file), O_RDONLY | O_NOFOLLOW, 0,
	    why);
	buf_fini(&path);
	return rc;
}

void
outbox_unlink(const char *store_dir, struct str file)
{
	struct buf path = BUF_EMPTY;

	if (unlink(path_of(&path, store_dir, file)) == -1 && errno != ENOENT)
		log_warn("%s: cannot be removed: %s", buf_cstr(&path), strerror(errno));
	buf_fini(&path);
}

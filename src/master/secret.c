/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Passwords that only master may read.  What they are for it does not know. */
#include "master/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"

static int
refuse(struct fail *why, const char *path, const char *what)
{
	return fail_set(why, FAIL_OURS, 3, 5, 0, "internal error", "password file %s: %s", path,
	    what);
}

static int
check_file(int fd, const char *path, struct fail *why)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return fail_errno(why, errno, "look at", path);
	if (!S_ISREG(st.st_mode))
		return refuse(why, path, "not a regular file");
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warn("password file %s: others than its owner can use it; chmod 600 it", path);
	return 0;
}

int
secret_read(const char *path, struct buf *out, struct fail *why)
{
	/* Room for a line end. */
	struct buf text = BUF_LIMIT(SECRET_MAX + 2);
	struct str rest, line;
	int fd = -1, rc = -1;

	if (file_open(&fd, AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, why) == -1)
		goto out;
	if (check_file(fd, path, why) == -1 || file_read_all(fd, &text, path, why) == -1)
		goto out;
	rest = buf_str(&text);
	(void)str_can_split(&rest, '\n', &line);
	if (str_has_suffix(line, STR("\r")))
		line.n--;
	if (line.n == 0 || line.n > SECRET_MAX || str_has_control(line)) {
		refuse(why, path, "no password of one line, up to 1024 bytes, in it");
		goto out;
	}
	buf_add_str(out, line);
	rc = 0;
out:
	file_close(&fd);
	secret_forget(&text);
	return rc;
}

void
secret_forget(struct buf *secret)
{
	if (secret->p != NULL)
		explicit_bzero(secret->p, secret->cap);
	buf_fini(secret);
}

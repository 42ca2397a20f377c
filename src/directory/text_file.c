/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Reads a file again when it has changed. Knows nothing of its lines. */

#include "directory/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/xalloc.h"

void
text_file_init(struct text_file *f, struct str path)
{
	*f = (struct text_file){ .path = xstrndup(path), .text = BUF_LIMIT(TEXT_FILE_MAX) };
}

void
text_file_fini(struct text_file *f)
{
	free(f->path);
	f->path = NULL;
	buf_fini(&f->text);
}

static int
load(struct text_file *f, struct fail *why)
{
	int fd = -1, rc = -1;

	buf_clear(&f->text);
	if (file_open(&fd, AT_FDCWD, f->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, why) == -1)
		goto out;
	if (fstat(fd, &f->identity) == -1) {
		fail_errno(why, errno, "look at", f->path);
		goto out;
	}
	if (!S_ISREG(f->identity.st_mode)) {
		fail_set(why, FAIL_TEMP, 3, 5, 0, "User database is not available",
		    "%s is not a regular file", f->path);
		goto out;
	}
	rc = file_read_all(fd, &f->text, f->path, why);
out:
	file_close(&fd);
	return rc;
}

int
text_file_refresh(struct text_file *f, bool *has_changed_out, struct fail *why)
{
	struct stat now;

	*has_changed_out = false;
	if (f->is_loaded && stat(f->path, &now) == 0 && file_is_same(&now, &f->identity))
		return 0;
	*has_changed_out = true;
	f->is_loaded = load(f, why) == 0;
	return f->is_loaded ? 0 : -1;
}

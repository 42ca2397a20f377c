/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Lists that an alias includes. */

#include "directory/include.h"

#include <fcntl.h>

#include "base/buf.h"
#include "base/file.h"

/* A list of people, not a database. */
#define INCLUDE_MAX ((size_t)1024 * 1024)

int
include_read(struct str path, struct arena *a, struct str *members_out, struct fail *why)
{
	struct buf name = BUF_EMPTY, text = BUF_LIMIT(INCLUDE_MAX), list = BUF_EMPTY;
	struct str rest, line;
	int fd = -1, rc = -1;

	buf_add_str(&name, str_trim(path));
	if (file_open(&fd, AT_FDCWD, buf_cstr(&name), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, why) == -1)
		goto out;
	if (file_read_all(fd, &text, buf_cstr(&name), why) == -1)
		goto out;
	rest = buf_str(&text);
	while (str_can_split(&rest, '\n', &line)) {
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		buf_add_str(&list, line);
		buf_add_byte(&list, ',');
	}
	*members_out = arena_str(a, buf_str(&list));
	rc = 0;
out:
	file_close(&fd);
	buf_fini(&name);
	buf_fini(&text);
	buf_fini(&list);
	return rc;
}

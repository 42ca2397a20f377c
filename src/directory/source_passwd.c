/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* System users, by the C library's name service (passwd(5), nsswitch.conf). */

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "directory/source.h"

/* getpwnam_r wants room for an entry of unknown size: an upper bound, so that
 * a broken name service cannot take all memory. */
#define ENTRY_MIN ((size_t)1024)
#define ENTRY_MAX ((size_t)1024 * 1024)

static struct source *
open_passwd(struct str argument)
{
	(void)argument;
	return NULL;
}

static void
close_passwd(struct source *source)
{
	(void)source;
}

/* errno values that the C library documents for "no such user". */
static bool
is_absence(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH;
}

static enum source_result
find_passwd(struct source *source, struct str local, struct str domain, struct arena *a,
    struct source_record *record, struct fail *why)
{
	struct passwd entry, *found = NULL;
	struct buf room = BUF_EMPTY, name = BUF_EMPTY;
	enum source_result result = SOURCE_UNKNOWN;
	size_t size;
	int error = ERANGE;

	(void)source;
	(void)domain;
	if (!source_is_name(local))
		return SOURCE_UNKNOWN;
	buf_add_str(&name, local);
	for (size = ENTRY_MIN; error == ERANGE && size <= ENTRY_MAX; size *= 2) {
		buf_clear(&room);
		error = getpwnam_r(buf_cstr(&name), &entry, buf_reserve(&room, size), size, &found);
	}
	if (found != NULL) {
		*record = (struct source_record){
			.user = arena_str(a, str_of(entry.pw_name)),
			.has_uid = true,
			.has_gid = true,
			.uid = entry.pw_uid,
			.gid = entry.pw_gid,
			.home = arena_str(a, str_of(entry.pw_dir)),
		};
		result = SOURCE_FOUND;
	} else if (!is_absence(error)) {
		fail_set(why, FAIL_TEMP, 3, 0, error, "User database is not available",
		    "passwd lookup of %s failed", buf_cstr(&name));
		result = SOURCE_BROKEN;
	}
	buf_fini(&room);
	buf_fini(&name);
	return result;
}

const struct source_kind source_passwd = {
	.name = "passwd",
	.open = open_passwd,
	.close = close_passwd,
	.find = find_passwd,
};

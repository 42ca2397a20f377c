/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* libdoorstep: opening stores, snapshots, failures.  Ends no program, and shows
 * nothing of LMDB. */

#include "store/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/maildir.h"
#include "store/maildir_name.h"

static enum doorstep_code
code_of(const struct fail *why)
{
	if (why->errnum == ENOENT || why->errnum == ENOTDIR)
		return DOORSTEP_NOT_FOUND;
	if (why->errnum == EACCES || why->errnum == EPERM)
		return DOORSTEP_DENIED;
	if (why->errnum == ENOMEM)
		return DOORSTEP_NO_MEMORY;
	if (why->errnum != 0)
		return DOORSTEP_FAILED;
	return why->class == FAIL_TEMP ? DOORSTEP_BUSY : DOORSTEP_DAMAGED;
}

int
reader_fail(struct doorstep_error *error, const struct fail *why)
{
	if (error == NULL)
		return -1;
	*error = (struct doorstep_error){ .code = code_of(why), .system_error = why->errnum };
	snprintf(error->text, sizeof error->text, "%s", why->log);
	return -1;
}

int
reader_set(struct doorstep_error *error, enum doorstep_code code, const char *format,
    const char *name)
{
	if (error == NULL)
		return -1;
	*error = (struct doorstep_error){ .code = code };
	snprintf(error->text, sizeof error->text, format, name);
	return -1;
}

int
reader_no_memory(struct doorstep_error *error)
{
	return reader_set(error, DOORSTEP_NO_MEMORY, "out of memory%s", "");
}

static int
fill(struct doorstep *store, struct doorstep_error *error)
{
	char path[PATH_MAX];
	struct fail why = FAIL_EMPTY;
	struct stat st;

	if (stat(store->dir, &st) == -1) {
		fail_errno(&why, errno, "open the store", store->dir);
		return reader_fail(error, &why);
	}
	store->owner = st.st_uid;
	if ((size_t)snprintf(path, sizeof path, "%s/index", store->dir) >= sizeof path) {
		fail_errno(&why, ENAMETOOLONG, "open the store", store->dir);
		return reader_fail(error, &why);
	}
	if (index_open(path, INDEX_READ, false, &store->index, &why) == -1)
		return reader_fail(error, &why);
	return 0;
}

int
doorstep_open(const char *directory, struct doorstep **out, struct doorstep_error *error)
{
	struct doorstep *store = calloc(1, sizeof *store);

	*out = NULL;
	if (store != NULL)
		store->dir = strdup(directory);
	if (store == NULL || store->dir == NULL) {
		doorstep_close(&store);
		return reader_no_memory(error);
	}
	if (fill(store, error) == -1) {
		doorstep_close(&store);
		return -1;
	}
	*out = store;
	return 0;
}

void
doorstep_close(struct doorstep **store)
{
	if (*store == NULL)
		return;
	index_close(&(*store)->index);
	free((*store)->dir);
	free(*store);
	*store = NULL;
}

const char *
doorstep_directory(const struct doorstep *store)
{
	return store->dir;
}

/* 0 the store knows the user and is *out, 1 it does not, -1. */
static int
try_store(const char *directory, const char *user, struct doorstep **out,
    struct doorstep_error *error)
{
	struct doorstep_snapshot *now = NULL;
	struct doorstep_user row;
	int rc;

	if (doorstep_open(directory, out, error) == -1)
		return -1;
	rc = doorstep_begin(*out, &now, error);
	if (rc == 0)
		rc = doorstep_find_user(now, user, &row, error);
	doorstep_end(&now);
	if (rc != 0)
		doorstep_close(out);
	return rc;
}

int
doorstep_open_user(const char *state_dir, const char *user, struct doorstep **out,
    struct doorstep_error *error)
{
	struct doorstep_error last = { .code = DOORSTEP_OK };
	DIR *dir = opendir(state_dir);
	struct fail why = FAIL_EMPTY;
	const struct dirent *entry;
	char path[PATH_MAX];
	int rc = 1;

	*out = NULL;
	if (dir == NULL) {
		fail_errno(&why, errno, "open", state_dir);
		return reader_fail(error, &why);
	}
	while (rc == 1 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || (size_t)snprintf(path, sizeof path, "%s/%s",
		    state_dir, entry->d_name) >= sizeof path)
			continue;
		rc = try_store(path, user, out, &last);
		/* A store that another owner keeps to themselves, or one without an
		 * index, cannot be ours; any other trouble could hide the user. */
		if (rc == -1 && (last.code == DOORSTEP_NOT_FOUND || last.code == DOORSTEP_DENIED))
			rc = 1;
	}
	closedir(dir);
	if (rc == -1 && error != NULL)
		*error = last;
	return rc == 1 ? reader_set(error, DOORSTEP_NOT_FOUND,
			     "user %s: no store that can be read knows them", user) :
			 rc;
}

int
doorstep_begin(struct doorstep *store, struct doorstep_snapshot **out,
    struct doorstep_error *error)
{
	struct doorstep_snapshot *snapshot = calloc(1, sizeof *snapshot);
	struct fail why = FAIL_EMPTY;

	*out = NULL;
	if (snapshot == NULL)
		return reader_no_memory(error);
	snapshot->store = store;
	arena_init_limit(&snapshot->kept, READER_KEPT_MAX);
	if (index_begin(store->index, &snapshot->txn, &why) == -1) {
		free(snapshot);
		return reader_fail(error, &why);
	}
	*out = snapshot;
	return 0;
}

void
doorstep_end(struct doorstep_snapshot **snapshot)
{
	if (*snapshot == NULL)
		return;
	index_end(&(*snapshot)->txn);
	arena_fini(&(*snapshot)->kept);
	free(*snapshot);
	*snapshot = NULL;
}

static int
open_found(const struct maildir *m, struct str rel, int *fd_out, char letters[DOORSTEP_LETTERS_MAX])
{
	struct maildir_name name;
	struct str entry = str_from(rel, 4); /* behind "new/" or "cur/" */
	int fd = openat(str_has_prefix(rel, STR("new/")) ? m->new_fd : m->cur_fd, entry.p,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return -1;
	if (letters != NULL) {
		letters[0] = '\0';
		if (maildir_name_is_read(entry, &name))
			snprintf(letters, DOORSTEP_LETTERS_MAX, "%.*s", STR_ARG(name.letters));
	}
	*fd_out = fd;
	return 0;
}

/* A reader may rename the file between finding and opening: then once more. */
static int
find_and_open(struct maildir *m, struct str file, int *fd_out, char letters[DOORSTEP_LETTERS_MAX],
    struct fail *why)
{
	struct buf rel = BUF_EMPTY;
	uint64_t size;
	int rc = 0;

	*fd_out = -1;
	for (int i = 0; i < 3 && rc == 0 && *fd_out == -1; i++) {
		rc = maildir_find(m, file, &rel, &size, why);
		buf_cstr(&rel);
		if (rc == 0 && !buf_is_ok(&rel))
			rc = fail_errno(why, ENOMEM, "find a message in", m->path);
		if (rc == 0 &&
		    open_found(m, buf_str(&rel), fd_out, letters) == -1 && errno != ENOENT)
			rc = fail_errno(why, errno, "open a message in", m->path);
	}
	buf_fini(&rel);
	return rc == 0 && *fd_out == -1 ? 1 : rc;
}

int
doorstep_fetch(struct doorstep *store, const char *root, const char *path, const char *file,
    int *fd_out, char letters[DOORSTEP_LETTERS_MAX], struct doorstep_error *error)
{
	struct maildir *m = NULL;
	struct fail why = FAIL_EMPTY;
	int rc;

	*fd_out = -1;
	if (maildir_open_owned(str_of(root), str_of(path), store->owner, &m, &why) == -1)
		return why.errnum == ENOENT ? 1 : reader_fail(error, &why);
	rc = find_and_open(m, str_of(file), fd_out, letters, &why);
	maildir_close(&m);
	return rc == -1 ? reader_fail(error, &why) : rc;
}

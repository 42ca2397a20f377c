/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What is on disk below a Maildir's root, by file names alone.  Knows of the
 * index only which times it remembers. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "store/maildir.h"
#include "store/maildir_name.h"
#include "store/maildir_private.h"
#include "store/reconcile.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* A folder that a busy reader changes all the time is listed so often, then what
 * was seen must do. */
#define LIST_TRIES 3
#define INBOX STR("INBOX")

struct scanning {
	struct reconcile_scan *scan;
	struct index_txn *txn; /* NULL: nothing is remembered */
	struct arena rows;     /* for index rows, emptied folder by folder */
	uint64_t user_id;
	struct str root, mailbox;
	bool is_forced;
	int root_fd;
	struct reconcile_file *files; /* of the folder at hand, reused */
	size_t file_cap;
	struct fail *why;
};

struct times {
	int64_t new_mtime, cur_mtime;
};

static int64_t
mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

bool
reconcile_is_needed(struct str path, int64_t new_mtime, int64_t cur_mtime)
{
	int64_t new_now, cur_now;

	return maildir_mtimes(path, &new_now, &cur_now) == -1 || new_now != new_mtime ||
	       cur_now != cur_mtime;
}

static int64_t
unless_young(int64_t mtime)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	/* One from the future is as good as young: the clock has been set. */
	if ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec - mtime < RECONCILE_YOUNG)
		return 0;
	return mtime;
}

/* False: the directory is not there, or is no Maildir's.  As strict as
 * maildir_open: no link, nobody else's. */
static bool
can_open(int parent, const char *entry, int *fd_out, int64_t *mtime_out)
{
	struct stat st;

	*fd_out = openat(parent, entry, DIR_FLAGS);
	if (*fd_out != -1 && (fstat(*fd_out, &st) == -1 || st.st_uid != geteuid())) {
		file_close(fd_out);
		errno = EPERM;
	}
	if (*fd_out == -1)
		return false;
	if (mtime_out != NULL)
		*mtime_out = mtime_of(&st);
	return true;
}

static void
take_file(struct scanning *s, struct reconcile_folder *folder, const char *entry, bool is_in_cur)
{
	struct maildir_name name;
	struct str copy = str_of(entry);

	if (!maildir_name_is_read(copy, &name))
		return;
	copy = arena_str(&s->scan->arena, copy);
	maildir_name_is_read(copy, &name);
	XGROW(s->files, s->file_cap, folder->file_count + 1);
	s->files[folder->file_count++] = (struct reconcile_file){
		.entry = copy,
		.base = name.base,
		.letters = name.letters,
		.size = name.size,
		.wire_size = name.wire_size,
		.received = (int64_t)name.seconds * 1000000,
		.has_size = name.has_size,
		.is_in_cur = is_in_cur,
	};
}

/* Takes fd over. */
static int
list_dir(struct scanning *s, struct reconcile_folder *folder, int fd, bool is_in_cur)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int errnum;

	if (dir == NULL) {
		errnum = errno;
		close(fd);
		return maildir_private_fail(s->why, errnum, "read", folder->path.p);
	}
	do {
		errno = 0;
		entry = readdir(dir);
		/* Some file systems do not tell the type: then names decide. */
		if (entry != NULL && (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN))
			take_file(s, folder, entry->d_name, is_in_cur);
	} while (entry != NULL);
	errnum = errno;
	closedir(dir);
	return errnum == 0 ? 0 : maildir_private_fail(s->why, errnum, "read", folder->path.p);
}

/* new/ first: a file that moves to cur/ meanwhile is then seen at least once. */
static int
list_once(struct scanning *s, struct reconcile_folder *folder, int folder_fd, struct times *before,
    struct times *after)
{
	int new_fd = -1, cur_fd = -1, rc = -1;

	folder->file_count = 0;
	if (!can_open(folder_fd, "new", &new_fd, &before->new_mtime) ||
	    !can_open(folder_fd, "cur", &cur_fd, &before->cur_mtime)) {
		maildir_private_fail(s->why, errno, "open new/ and cur/ of", folder->path.p);
		goto out;
	}
	rc = list_dir(s, folder, fcntl(new_fd, F_DUPFD_CLOEXEC, 0), false);
	if (rc == 0)
		rc = list_dir(s, folder, fcntl(cur_fd, F_DUPFD_CLOEXEC, 0), true);
	if (rc == 0) {
		struct stat st;

		after->new_mtime = fstat(new_fd, &st) == 0 ? mtime_of(&st) : 0;
		after->cur_mtime = fstat(cur_fd, &st) == 0 ? mtime_of(&st) : 0;
	}
out:
	file_close(&new_fd);
	file_close(&cur_fd);
	return rc;
}

/* By base; of two the one in cur/ first: it is the later. */
static int
compare_files(const void *a_ptr, const void *b_ptr)
{
	const struct reconcile_file *a = a_ptr, *b = b_ptr;
	int order = str_compare(a->base, b->base);

	return order != 0 ? order : (int)b->is_in_cur - (int)a->is_in_cur;
}

static void
keep_files(struct scanning *s, struct reconcile_folder *folder)
{
	size_t kept = 0;

	if (folder->file_count == 0)
		return;
	qsort(s->files, folder->file_count, sizeof *s->files, compare_files);
	folder->files = arena_array(&s->scan->arena, folder->file_count, sizeof *folder->files);
	for (size_t i = 0; i < folder->file_count; i++)
		if (kept == 0 || !str_is_equal(folder->files[kept - 1].base, s->files[i].base))
			folder->files[kept++] = s->files[i];
	folder->file_count = kept;
}

static int
list_folder(struct scanning *s, struct reconcile_folder *folder, int folder_fd)
{
	struct times before = { 0, 0 }, after = { 0, 0 };

	for (int i = 0; i < LIST_TRIES && !folder->is_steady; i++) {
		if (list_once(s, folder, folder_fd, &before, &after) == -1)
			return -1;
		/* A rename while cur/ is read can hide a file that is there. */
		folder->is_steady = before.new_mtime == after.new_mtime &&
				    before.cur_mtime == after.cur_mtime;
	}
	folder->new_mtime = folder->is_steady ? unless_young(before.new_mtime) : 0;
	folder->cur_mtime = folder->is_steady ? unless_young(before.cur_mtime) : 0;
	folder->is_listed = true;
	keep_files(s, folder);
	return 0;
}

/* Whether the index has compared the folder as it is now. */
static int
look_up_times(struct scanning *s, struct reconcile_folder *folder, bool *is_same_out)
{
	struct disk_mailbox_row row;
	int rc = 1;

	*is_same_out = false;
	arena_empty(&s->rows);
	if (s->txn != NULL)
		rc = index_mailbox(s->txn, s->user_id,
		    format_mailbox_id(s->user_id, folder->name), &s->rows, &row, s->why);
	if (rc == 0 && !s->is_forced &&
	    !reconcile_is_needed(folder->path, row.new_mtime, row.cur_mtime)) {
		folder->new_mtime = row.new_mtime;
		folder->cur_mtime = row.cur_mtime;
		*is_same_out = true;
	}
	return rc == -1 ? -1 : 0;
}

static int
take_folder(struct scanning *s, struct str name, struct str entry)
{
	struct reconcile_scan *scan = s->scan;
	struct reconcile_folder *folder;
	int fd = -1, probe = -1, rc = 0;
	bool is_same;

	if (s->mailbox.n > 0 && !str_is_equal(s->mailbox, name))
		return 0;
	/* A directory without cur/ is no folder of anybody's (Maildir++). */
	if (!can_open(s->root_fd, entry.p, &fd, NULL) || !can_open(fd, "cur", &probe, NULL)) {
		/* Not to be read is another matter: its messages are not gone. */
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP && errno != EPERM)
			rc = maildir_private_fail(s->why, errno, "open", entry.p);
		goto out;
	}
	XGROW(scan->folders, scan->folder_cap, scan->folder_count + 1);
	folder = &scan->folders[scan->folder_count++];
	*folder = (struct reconcile_folder){ .name = arena_str(&scan->arena, name) };
	folder->path = str_is_equal(entry, STR(".")) ?
			   arena_str(&scan->arena, s->root) :
			   arena_printf(&scan->arena, "%.*s/%s", STR_ARG(s->root), entry.p);
	rc = look_up_times(s, folder, &is_same);
	if (rc == 0 && !is_same)
		rc = list_folder(s, folder, fd);
out:
	file_close(&probe);
	file_close(&fd);
	return rc;
}

static int
take_subfolders(struct scanning *s)
{
	struct buf name = BUF_EMPTY;
	const struct dirent *entry;
	int fd = openat(s->root_fd, ".", DIR_FLAGS), rc = 0;
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir == NULL) {
		rc = maildir_private_fail(s->why, errno, "list folders of", s->root.p);
		file_close(&fd);
		return rc;
	}
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		/* `.INBOX` would be the root's name again. */
		if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
		    maildir_name_is_folder(str_of(entry->d_name), &name) &&
		    !str_is_equal_nocase(buf_str(&name), INBOX))
			rc = take_folder(s, buf_str(&name), str_of(entry->d_name));
	closedir(dir);
	buf_fini(&name);
	return rc;
}

static int
has_rows(struct scanning *s, bool *out)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct disk_mailbox_row row;
	uint64_t id;
	int rc;

	*out = false;
	if (s->txn == NULL)
		return 0;
	if (index_walk_mailboxes(s->txn, s->user_id, &walk, s->why) == -1)
		return -1;
	rc = index_next_mailbox(&walk, &s->rows, &id, &row, s->why);
	index_walk_end(&walk);
	*out = rc == 0;
	return rc == -1 ? -1 : 0;
}

/* A mailbox with rows that is not there may be a missing mount: its rows stay. */
static int
miss_root(struct scanning *s, const char *root)
{
	bool has_any;

	if (errno != ENOENT)
		return maildir_private_fail(s->why, errno, "open the mailbox", root);
	if (has_rows(s, &has_any) == -1)
		return -1;
	return has_any ? maildir_private_fail(s->why, ENOENT, "open the mailbox", root) : 0;
}

static int
take_all(struct scanning *s)
{
	struct stat st;
	char *root = arena_cstr(&s->scan->arena, s->root);

	s->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root_fd == -1)
		return miss_root(s, root);
	if (fstat(s->root_fd, &st) == -1)
		return maildir_private_fail(s->why, errno, "look at", root);
	if (st.st_uid != geteuid())
		return fail_set(s->why, FAIL_TEMP, 2, 0, 0, "mailbox cannot be used",
		    "%s is owned by uid %ld, not by %ld", root, (long)st.st_uid,
		    (long)geteuid());
	if (take_folder(s, INBOX, STR(".")) == -1)
		return -1;
	return take_subfolders(s);
}

int
reconcile_scan(struct index *index, struct str user, struct str root, struct str mailbox,
    bool is_forced, struct reconcile_scan *out, struct fail *why)
{
	struct scanning s = { .scan = out, .user_id = format_user_id(user), .mailbox = mailbox,
		.is_forced = is_forced, .root_fd = -1, .why = why };
	int rc = -1;

	*out = RECONCILE_SCAN_EMPTY;
	while (root.n > 1 && root.p[root.n - 1] == '/')
		root.n--;
	s.root = arena_str(&out->arena, root);
	if (index == NULL || index_begin(index, &s.txn, why) == 0)
		rc = take_all(&s);
	index_end(&s.txn);
	file_close(&s.root_fd);
	free(s.files);
	arena_fini(&s.rows);
	if (rc == -1)
		reconcile_scan_fini(out);
	return rc;
}

void
reconcile_scan_fini(struct reconcile_scan *scan)
{
	free(scan->folders);
	arena_fini(&scan->arena);
	*scan = RECONCILE_SCAN_EMPTY;
}

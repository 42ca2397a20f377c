/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Maildir folders: opened, made, looked at.  Knows no message's content, and
 * ends no program: libdoorstep uses it too. */

#include "store/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "store/maildir_name.h"
#include "store/maildir_private.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define MADE_FOLDER 0
#define MADE_ROOT 1
#define MADE_ABOVE 2
#define MADE_COUNT 3

int
maildir_private_fail(struct fail *why, int errnum, const char *what, const char *path)
{
	if (errnum == ENOSPC || errnum == EDQUOT)
		return fail_errno(why, errnum, what, path);
	return fail_set(why, FAIL_TEMP, 2, 0, errnum, "mailbox cannot be used",
	    "cannot %s %s", what, path);
}

/* What opening a folder needs to know all the way down. */
struct opening {
	struct maildir *m;
	uid_t owner;
	bool create, was_made;
	mode_t mode; /* of directories that are made below the root */
	struct buf root;
	int root_fd, folder_fd;
	struct fail *why;
};

/* As maildir_private_fail, for a name within the folder: the log must say whose. */
static int
fail_entry(struct opening *o, int errnum, const char *what, const char *entry)
{
	struct buf path = BUF_EMPTY;
	int rc;

	if (entry[0] != '/')
		buf_addf(&path, "%s/", o->m->path);
	buf_add_cstr(&path, entry);
	rc = maildir_private_fail(o->why, errnum, what, buf_is_ok(&path) ? buf_cstr(&path) : entry);
	buf_fini(&path);
	return rc;
}

/* Nobody but the owner may have put it there: a directory of somebody else would
 * give them the mail. */
static int
check(struct opening *o, int fd, const char *name, struct stat *st)
{
	if (fstat(fd, st) == -1)
		return fail_entry(o, errno, "look at", name);
	if (!S_ISDIR(st->st_mode))
		return fail_entry(o, ENOTDIR, "open", name);
	if (st->st_uid != o->owner)
		return fail_set(o->why, FAIL_TEMP, 2, 0, 0, "mailbox cannot be used",
		    "%s of %s is owned by uid %ld, not by %ld", name, o->m->path,
		    (long)st->st_uid, (long)o->owner);
	return 0;
}

/* A symlink in place of the root may be the owner's or the administrator's. */
static int
check_link(struct opening *o, const char *root)
{
	struct stat st;

	if (lstat(root, &st) == 0 && S_ISLNK(st.st_mode) && st.st_uid != o->owner && st.st_uid != 0)
		return fail_set(o->why, FAIL_TEMP, 2, 0, 0, "mailbox cannot be used",
		    "%s is a symbolic link owned by uid %ld", root, (long)st.st_uid);
	return 0;
}

static int
open_root(struct opening *o)
{
	const char *root = buf_cstr(&o->root);
	struct stat st;

	if (check_link(o, root) == -1)
		return -1;
	o->root_fd = open(root, DIR_FLAGS);
	if (o->root_fd == -1 && errno == ENOENT && o->create) {
		if (file_make_dirs(root, 0700, o->why) == -1)
			return -1;
		o->was_made = true;
		o->root_fd = open(root, DIR_FLAGS);
		if (o->root_fd != -1)
			o->m->made_fds[MADE_ABOVE] = openat(o->root_fd, "..", DIR_FLAGS);
	}
	if (o->root_fd == -1)
		return maildir_private_fail(o->why, errno, "open the mailbox", root);
	if (check(o, o->root_fd, root, &st) == -1)
		return -1;
	o->mode = st.st_mode & 07777;
	o->m->file_mode = 0600 | (st.st_mode & 0066);
	return 0;
}

static int
make_dir(struct opening *o, int parent, const char *entry, int *fd_out)
{
	struct stat st;
	int fd;

	if (mkdirat(parent, entry, 0700) == -1 && errno != EEXIST)
		return fail_entry(o, errno, "make", entry);
	fd = openat(parent, entry, DIR_FLAGS | O_NOFOLLOW);
	if (fd == -1)
		return fail_entry(o, errno, "open", entry);
	*fd_out = fd;
	o->was_made = true;
	if (check(o, fd, entry, &st) == -1)
		return -1;
	/* Not by mkdirat's mode: the process's umask has no say in it. */
	if ((st.st_mode & 0777) != (o->mode & 0777) &&
	    fchmod(fd, o->mode | (st.st_mode & S_ISGID)) == -1)
		return fail_entry(o, errno, "set the mode of", entry);
	return 0;
}

/* A directory below the root: never through a link, never somebody else's. */
static int
open_dir(struct opening *o, int parent, const char *entry, int *fd_out)
{
	struct stat st;

	*fd_out = openat(parent, entry, DIR_FLAGS | O_NOFOLLOW);
	if (*fd_out != -1)
		return check(o, *fd_out, entry, &st);
	if (errno == ENOENT && o->create)
		return make_dir(o, parent, entry, fd_out);
	return fail_set(o->why, FAIL_TEMP, 2, 0, errno, "mailbox cannot be used",
	    "cannot open %s in %s", entry, o->m->path);
}

static int
open_folder(struct opening *o, const char *entry)
{
	int fd;

	if (*entry == '\0') {
		o->folder_fd = fcntl(o->root_fd, F_DUPFD_CLOEXEC, 0);
		return o->folder_fd == -1 ?
			  maildir_private_fail(o->why, errno, "open", o->m->path) :
			  0;
	}
	if (open_dir(o, o->root_fd, entry, &o->folder_fd) == -1)
		return -1;
	if (!o->was_made)
		return 0;
	/* Courier and Dovecot know a Maildir++ folder by this file. */
	fd = openat(o->folder_fd, "maildirfolder", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
	    o->m->file_mode);
	if (fd == -1)
		return maildir_private_fail(o->why, errno, "make maildirfolder in", o->m->path);
	close(fd);
	return 0;
}

/* The path's part below the root: empty for the root itself, else one entry
 * that begins with a dot.  Anything else is a caller's mistake or an attack. */
static int
find_entry(struct opening *o, struct str path, struct buf *entry)
{
	struct str root = buf_str(&o->root), rest;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (str_is_equal(path, root))
		return 0;
	rest = str_from(path, root.n + 1);
	if (str_has_prefix(path, root) && path.n > root.n && path.p[root.n] == '/' && rest.n > 1 &&
	    rest.p[0] == '.' && str_find_byte(rest, '/') < 0 && !str_is_equal(rest, STR(".."))) {
		buf_add_str(entry, rest);
		return 0;
	}
	return fail_set(o->why, FAIL_OURS, 3, 0, 0, "mailbox cannot be used",
	    "%.*s is not a folder of %.*s", STR_ARG(path), STR_ARG(root));
}

/* The made directories stay open until maildir_close, to be synced. */
static int
keep_made(struct opening *o)
{
	struct maildir *m = o->m;

	if (!o->was_made)
		return 0;
	m->made_fds[MADE_FOLDER] = fcntl(o->folder_fd, F_DUPFD_CLOEXEC, 0);
	m->made_fds[MADE_ROOT] = fcntl(o->root_fd, F_DUPFD_CLOEXEC, 0);
	if (m->made_fds[MADE_FOLDER] == -1 || m->made_fds[MADE_ROOT] == -1)
		return maildir_private_fail(o->why, errno, "open", m->path);
	return 0;
}

static int
open_all(struct opening *o, struct str path)
{
	struct buf entry = BUF_EMPTY;
	struct maildir *m = o->m;
	int rc = -1;

	if (find_entry(o, path, &entry) == -1 || open_root(o) == -1 ||
	    open_folder(o, buf_cstr(&entry)) == -1)
		goto out;
	if (open_dir(o, o->folder_fd, "cur", &m->cur_fd) == -1 ||
	    open_dir(o, o->folder_fd, "new", &m->new_fd) == -1 ||
	    open_dir(o, o->folder_fd, "tmp", &m->tmp_fd) == -1)
		goto out;
	rc = keep_made(o);
out:
	buf_fini(&entry);
	return rc;
}

static struct maildir *
make(struct str path)
{
	struct maildir *m = malloc(sizeof *m);

	if (m == NULL)
		return NULL;
	*m = (struct maildir){ .new_fd = -1, .cur_fd = -1, .tmp_fd = -1, .made_fds = { -1, -1, -1 } };
	m->path = strndup(path.p, path.n);
	if (m->path == NULL)
		maildir_close(&m);
	return m;
}

static int
open_any(struct opening *o, struct str root, struct str path)
{
	int rc = -1;

	while (root.n > 1 && root.p[root.n - 1] == '/')
		root.n--;
	buf_add_str(&o->root, root);
	o->m = make(path);
	if (o->m == NULL || !buf_is_ok(&o->root))
		fail_set(o->why, FAIL_TEMP, 3, 0, ENOMEM, "out of memory", "opening a mailbox");
	else if (root.n == 0 || root.p[0] != '/' || buf_has_nul(&o->root))
		fail_set(o->why, FAIL_OURS, 3, 0, 0, "mailbox cannot be used",
		    "mailbox \"%.*s\" is not an absolute path", STR_ARG(root));
	else
		rc = open_all(o, path);
	file_close(&o->root_fd);
	file_close(&o->folder_fd);
	buf_fini(&o->root);
	if (rc == -1)
		maildir_close(&o->m);
	return rc;
}

int
maildir_open(struct str root, struct str path, bool create, bool subscribe, bool *was_made_out,
    struct maildir **out, struct fail *why)
{
	struct opening o = {
		.owner = geteuid(), .create = create, .root_fd = -1, .folder_fd = -1, .why = why
	};
	struct fail not_subscribed = FAIL_EMPTY;

	*out = NULL;
	if (was_made_out != NULL)
		*was_made_out = false;
	if (open_any(&o, root, path) == -1)
		return -1;
	*out = o.m;
	if (was_made_out != NULL)
		*was_made_out = o.was_made;
	if (o.was_made && subscribe && maildir_subscribe(root, path, &not_subscribed) == -1)
		log_warn("%.*s is not subscribed: %s", STR_ARG(path), not_subscribed.log);
	return 0;
}

int
maildir_open_owned(struct str root, struct str path, uid_t owner, struct maildir **out,
    struct fail *why)
{
	struct opening o = { .owner = owner, .root_fd = -1, .folder_fd = -1, .why = why };

	*out = NULL;
	if (open_any(&o, root, path) == -1)
		return -1;
	*out = o.m;
	return 0;
}

void
maildir_forget_made(struct maildir *m)
{
	for (int i = 0; i < MADE_COUNT; i++)
		file_close(&m->made_fds[i]);
}

void
maildir_close(struct maildir **m_ptr)
{
	struct maildir *m = *m_ptr;

	if (m == NULL)
		return;
	file_close(&m->new_fd);
	file_close(&m->cur_fd);
	file_close(&m->tmp_fd);
	maildir_forget_made(m);
	free(m->path);
	free(m);
	*m_ptr = NULL;
}

int
maildir_sync_dirs(const struct maildir *m, struct fail *why)
{
	/* From the inside out: an entry is on disk when its directory is. */
	const int fds[] = { m->new_fd, m->cur_fd, m->made_fds[MADE_FOLDER],
		m->made_fds[MADE_ROOT], m->made_fds[MADE_ABOVE] };

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] != -1 && fsync(fds[i]) == -1)
			return maildir_private_fail(why, errno, "fsync a directory in", m->path);
	return 0;
}

static int64_t
mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

int
maildir_mtimes(struct str path, int64_t *new_out, int64_t *cur_out)
{
	struct buf full = BUF_EMPTY;
	struct stat new_st, cur_st;
	int rc = -1;

	buf_add_str(&full, path);
	buf_add_cstr(&full, "/new");
	if (lstat(buf_cstr(&full), &new_st) == -1)
		goto out;
	buf_truncate(&full, path.n);
	buf_add_cstr(&full, "/cur");
	if (lstat(buf_cstr(&full), &cur_st) == -1)
		goto out;
	*new_out = mtime_of(&new_st);
	*cur_out = mtime_of(&cur_st);
	rc = 0;
out:
	buf_fini(&full);
	return rc;
}

static int
look_at(int dir_fd, const char *sub, const char *entry, struct buf *rel_out, uint64_t *size_out)
{
	struct stat st;

	if (fstatat(dir_fd, entry, &st, AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode))
		return 1;
	buf_clear(rel_out);
	buf_addf(rel_out, "%s/%s", sub, entry);
	*size_out = (uint64_t)st.st_size;
	return 0;
}

/* Any flags: the directory has to be read. */
static int
search(struct maildir *m, int dir_fd, const char *sub, struct str file, struct buf *rel_out,
    uint64_t *size_out, struct fail *why)
{
	struct maildir_name name;
	const struct dirent *entry;
	int fd = openat(dir_fd, ".", DIR_FLAGS), rc = 1;
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir == NULL) {
		maildir_private_fail(why, errno, "read", m->path);
		file_close(&fd);
		return -1;
	}
	while (rc == 1 && (entry = readdir(dir)) != NULL)
		if (maildir_name_is_read(str_of(entry->d_name), &name) &&
		    str_is_equal(name.base, file))
			rc = look_at(dir_fd, sub, entry->d_name, rel_out, size_out);
	closedir(dir);
	return rc;
}

static int
find_once(struct maildir *m, struct str file, struct buf *scratch, struct buf *rel_out,
    uint64_t *size_out, struct fail *why)
{
	int rc;

	buf_clear(scratch);
	buf_add_str(scratch, file);
	if (look_at(m->new_fd, "new", buf_cstr(scratch), rel_out, size_out) == 0)
		return 0;
	buf_add_cstr(scratch, ":2,S");
	if (look_at(m->cur_fd, "cur", buf_cstr(scratch), rel_out, size_out) == 0)
		return 0;
	rc = search(m, m->cur_fd, "cur", file, rel_out, size_out, why);
	return rc == 1 ? search(m, m->new_fd, "new", file, rel_out, size_out, why) : rc;
}

int
maildir_find(struct maildir *m, struct str file, struct buf *rel_out, uint64_t *size_out,
    struct fail *why)
{
	struct buf scratch = BUF_EMPTY;
	int rc = 1;

	if (file.n == 0 || file.p[0] == '.' || str_find_byte(file, '/') >= 0 ||
	    str_find_byte(file, '\0') >= 0)
		return 1;
	/* Twice: a rename while the directory is read can hide a file from readdir. */
	for (int i = 0; i < 2 && rc == 1; i++)
		rc = find_once(m, file, &scratch, rel_out, size_out, why);
	buf_fini(&scratch);
	return rc;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Keywords as letters `a` to `z` of file names, by the list that Dovecot keeps
 * in the folder: dovecot-keywords, lines of a number from 0 and a name. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "store/maildir.h"
#include "store/maildir_private.h"

/* All names are those of the folder, seen from its cur/. */
#define FILE_NAME "../dovecot-keywords"
/* Dovecot writes the new list into the lock and renames it; it does so while
 * it holds the lock of the uids, so both are taken, in its order. */
#define LOCK_NAME "../dovecot-keywords.lock"
#define UIDS_LOCK_NAME "../dovecot-uidlist.lock"
#define FILE_MAX ((size_t)64 * 1024)
#define LETTERS 26

/* As for subscriptions: a keyword is new rarely. */
#define LOCK_TRIES 5
#define LOCK_WAIT_NS 5000000L
#define LOCK_STALE_SECONDS 120

struct keywords {
	struct buf file;
	struct str names[LETTERS]; /* in file; empty: free */
};

static void
parse(struct keywords *k)
{
	struct str rest = buf_str(&k->file), line, number;
	uint64_t index;

	memset(k->names, 0, sizeof k->names);
	while (str_can_split(&rest, '\n', &line))
		if (str_can_split(&line, ' ', &number) && line.n > 0 &&
		    str_is_number(number, LETTERS - 1, &index))
			k->names[index] = line;
}

/* 0, also when there is none; -1: it cannot be read, and must not be replaced. */
static int
load(const struct maildir *m, struct keywords *k)
{
	struct fail why = FAIL_EMPTY;
	struct stat st;
	int fd, rc = -1;

	buf_clear(&k->file);
	memset(k->names, 0, sizeof k->names);
	fd = openat(m->cur_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    file_read_all(fd, &k->file, FILE_NAME, &why) == 0)
		rc = 0;
	file_close(&fd);
	if (rc == 0)
		parse(k);
	return rc;
}

static int
find(const struct keywords *k, struct str name)
{
	int i;

	for (i = 0; i < LETTERS; i++)
		if (str_is_equal_nocase(k->names[i], name))
			return i;
	return -1;
}

/* The lock's descriptor, or -1: somebody has it. */
static int
lock(const struct maildir *m, const char *name)
{
	const struct timespec wait = { 0, LOCK_WAIT_NS };
	struct stat st;
	int fd, i;

	for (i = 0; i < LOCK_TRIES; i++) {
		fd = openat(m->cur_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, m->file_mode);
		if (fd != -1 || errno != EEXIST)
			return fd;
		if (fstatat(m->cur_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime + LOCK_STALE_SECONDS < time(NULL))
			unlinkat(m->cur_fd, name, 0);
		else
			nanosleep(&wait, NULL);
	}
	return -1;
}

/* Gives every keyword that has no letter one, as long as there are any. */
static void
extend(struct keywords *k, struct str imap_flags)
{
	struct str word;
	int i;

	if (k->file.n > 0 && k->file.p[k->file.n - 1] != '\n')
		buf_add_byte(&k->file, '\n');
	parse(k);
	while (str_can_split(&imap_flags, ' ', &word)) {
		if (word.n == 0 || word.p[0] == '\\' || find(k, word) != -1)
			continue;
		for (i = 0; i < LETTERS && k->names[i].n > 0; i++)
			continue;
		if (i == LETTERS)
			return;
		buf_addf(&k->file, "%d %.*s\n", i, STR_ARG(word));
		parse(k);
	}
}

/* Under both locks: the list as it is now, with what is new. */
static int
rewrite(const struct maildir *m, struct keywords *k, int lock_fd, struct str imap_flags,
    struct fail *why)
{
	if (load(m, k) == -1)
		return fail_set(why, FAIL_TEMP, 2, 0, 0, "mailbox cannot be used",
		    "%s/dovecot-keywords cannot be read", m->path);
	extend(k, imap_flags);
	if (!buf_is_ok(&k->file) || file_write_all(lock_fd, buf_str(&k->file), m->path, why) == -1)
		return -1;
	/* Not synced: a letter without its name costs nobody mail, and is the
	 * index's to say. */
	if (renameat(m->cur_fd, LOCK_NAME, m->cur_fd, FILE_NAME) == -1)
		return maildir_private_fail(why, errno, "replace dovecot-keywords in", m->path);
	return 0;
}

static void
add_new(const struct maildir *m, struct keywords *k, struct str imap_flags)
{
	struct fail why = FAIL_EMPTY;
	int uids_fd = lock(m, UIDS_LOCK_NAME), fd = -1, rc = -1;

	if (uids_fd != -1)
		fd = lock(m, LOCK_NAME);
	if (fd != -1) {
		rc = rewrite(m, k, fd, imap_flags, &why);
		if (rc == -1)
			unlinkat(m->cur_fd, LOCK_NAME, 0);
	}
	if (uids_fd != -1)
		unlinkat(m->cur_fd, UIDS_LOCK_NAME, 0);
	if (rc == -1)
		log_info("%s: keywords get no letters now: %s", m->path,
		    fd == -1 ? "another program has the lock" : why.log);
	file_close(&fd);
	file_close(&uids_fd);
}

static bool
has_keyword(struct str imap_flags)
{
	struct str word;

	while (str_can_split(&imap_flags, ' ', &word))
		if (word.n > 0 && word.p[0] != '\\')
			return true;
	return false;
}

/* Letters of the keywords, a bit each; *left_out: how many have none. */
static unsigned
find_all(const struct keywords *k, struct str imap_flags, size_t *left_out)
{
	struct str word;
	unsigned bits = 0;
	int i;

	*left_out = 0;
	while (str_can_split(&imap_flags, ' ', &word)) {
		if (word.n == 0 || word.p[0] == '\\')
			continue;
		i = find(k, word);
		if (i == -1)
			++*left_out;
		else
			bits |= 1U << i;
	}
	return bits;
}

size_t
maildir_add_all_letters(const struct maildir *m, struct buf *out, struct str imap_flags)
{
	struct keywords k = { .file = BUF_LIMIT(FILE_MAX) };
	unsigned bits;
	size_t left = 0;
	int i;

	maildir_add_letters(out, imap_flags);
	if (!has_keyword(imap_flags))
		return 0;
	(void)load(m, &k);
	bits = find_all(&k, imap_flags, &left);
	if (left > 0) {
		add_new(m, &k, imap_flags);
		bits = find_all(&k, imap_flags, &left);
	}
	for (i = 0; i < LETTERS; i++)
		if ((bits >> i & 1) != 0)
			buf_add_byte(out, (char)('a' + i));
	buf_fini(&k.file);
	return left;
}

void
maildir_add_all_flags(const struct maildir *m, struct buf *out, struct str letters)
{
	struct keywords k = { .file = BUF_LIMIT(FILE_MAX) };
	size_t before = out->n, i;

	maildir_add_flags(out, letters);
	(void)load(m, &k);
	for (i = 0; i < letters.n; i++)
		if (letters.p[i] >= 'a' && letters.p[i] <= 'z' && k.names[letters.p[i] - 'a'].n > 0)
			buf_addf(out, "%s%.*s", out->n > before ? " " : "",
			    STR_ARG(k.names[letters.p[i] - 'a']));
	buf_fini(&k.file);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The cache of open folders.  Knows nothing of messages or users. */

#include "deliver/box.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/table.h"
#include "base/xalloc.h"

/* A younger mtime does not tell: a change in the same tick would leave it. */
#define MTIME_TELLS CLOCK_SECOND

struct box_private {
	struct box box;
	TAILQ_ENTRY(box_private) entry; /* in order of use, when nobody holds it */
	unsigned holders;
	bool is_listed, is_gone; /* gone: out of the table, freed by its last holder */
	bool is_made_synced;
	dev_t device;
	ino_t inode;
	struct timespec changed; /* its mtime when its parts were known to be ours, or 0 */
	char *name, *path, *root;
};

struct boxes {
	struct table by_path;
	TAILQ_HEAD(, box_private) unused;
	size_t max;
};

struct boxes *
boxes_new(size_t max)
{
	struct boxes *boxes = xcalloc(1, sizeof *boxes);

	boxes->max = max;
	TAILQ_INIT(&boxes->unused);
	return boxes;
}

static void
destroy(struct box_private *p)
{
	maildir_close(&p->box.maildir);
	free(p->name);
	free(p->path);
	free(p->root);
	free(p);
}

static void
unlist(struct boxes *boxes, struct box_private *p)
{
	if (p->is_listed)
		TAILQ_REMOVE(&boxes->unused, p, entry);
	p->is_listed = false;
}

static void
drop(struct boxes *boxes, struct box_private *p)
{
	if (!p->is_gone)
		table_remove(&boxes->by_path, p->box.path);
	p->is_gone = true;
	unlist(boxes, p);
	if (p->holders == 0)
		destroy(p);
}

void
boxes_free(struct boxes **boxes_ptr)
{
	struct boxes *boxes = *boxes_ptr;
	size_t cursor = 0;
	void *value;

	if (boxes == NULL)
		return;
	while (table_has_next(&boxes->by_path, &cursor, NULL, &value))
		destroy(value);
	table_fini(&boxes->by_path);
	free(boxes);
	*boxes_ptr = NULL;
}

static bool
is_same_part(const struct box_private *p, const char *name, int fd)
{
	struct buf path = BUF_EMPTY;
	struct stat ours, now;
	bool is_same;

	buf_addf(&path, "%s/%s", p->path, name);
	is_same = fstat(fd, &ours) == 0 && lstat(buf_cstr(&path), &now) == 0 &&
	    ours.st_dev == now.st_dev && ours.st_ino == now.st_ino;
	buf_fini(&path);
	return is_same;
}

static void
remember_mtime(struct box_private *p, const struct stat *st)
{
	int64_t mtime = st->st_mtim.tv_sec * CLOCK_SECOND + st->st_mtim.tv_nsec / 1000;

	p->changed = (struct timespec){ 0, 0 };
	if (mtime <= clock_wall() - MTIME_TELLS)
		p->changed = st->st_mtim;
}

/* Whether the folder at the path is still the one we have open, with its parts:
 * a new/ that was moved away would take mail to where no reader looks.  They
 * cannot be replaced without a change of the folder's mtime. */
static bool
is_same(struct box_private *p)
{
	const struct maildir *m = p->box.maildir;
	struct stat now;

	if (stat(p->path, &now) == -1 || now.st_dev != p->device || now.st_ino != p->inode)
		return false;
	if (now.st_mtim.tv_sec == p->changed.tv_sec && now.st_mtim.tv_nsec == p->changed.tv_nsec)
		return true;
	remember_mtime(p, &now);
	return is_same_part(p, "new", m->new_fd) && is_same_part(p, "cur", m->cur_fd) &&
	    is_same_part(p, "tmp", m->tmp_fd);
}

static struct box_private *
open_box(struct str root, struct str path, struct str name, bool create, bool subscribe,
    struct fail *why)
{
	struct box_private *p = xcalloc(1, sizeof *p);
	struct stat st;

	p->root = xstrndup(root);
	p->path = xstrndup(path);
	p->name = xstrndup(name);
	p->box = (struct box){
		.name = str_of(p->name),
		.path = str_of(p->path),
		.root = str_of(p->root),
		.private = p,
	};
	if (maildir_open(p->box.root, p->box.path, create, subscribe, &p->box.was_made, &p->box.maildir,
		why) == -1)
		goto out;
	if (stat(p->path, &st) == -1) {
		fail_errno(why, errno, "look at the folder", p->path);
		goto out;
	}
	remember_mtime(p, &st);
	p->device = st.st_dev;
	p->inode = st.st_ino;
	p->box.device = (unsigned long)st.st_dev;
	return p;
out:
	destroy(p);
	return NULL;
}

static struct box_private *
find(struct boxes *boxes, struct str path)
{
	struct box_private *p = table_get(&boxes->by_path, path);

	if (p != NULL && !is_same(p)) {
		drop(boxes, p);
		p = NULL;
	}
	return p;
}

int
boxes_take(struct boxes *boxes, struct str root, struct str name, bool create, bool subscribe,
    struct box **out, struct fail *why)
{
	struct buf path = BUF_EMPTY, canonical = BUF_EMPTY;
	struct box_private *p;
	int rc = -1;

	*out = NULL;
	if (maildir_path(root, name, &path, &canonical, why) == -1)
		goto out;
	p = find(boxes, buf_str(&path));
	if (p == NULL) {
		p = open_box(root, buf_str(&path), buf_str(&canonical), create, subscribe, why);
		if (p == NULL)
			goto out;
		table_put(&boxes->by_path, p->box.path, p);
	}
	unlist(boxes, p);
	p->holders++;
	*out = &p->box;
	rc = 0;
out:
	buf_fini(&path);
	buf_fini(&canonical);
	return rc;
}

void
boxes_hold(struct box *box)
{
	box->private->holders++;
}

void
boxes_forget_made(struct box *box)
{
	box->private->is_made_synced = true;
}

void
boxes_give(struct boxes *boxes, struct box **box)
{
	struct box_private *p;

	if (*box == NULL)
		return;
	p = (*box)->private;
	*box = NULL;
	BUG_ON(p->holders == 0);
	if (--p->holders > 0)
		return;
	/* Not while a thread of another holder may be syncing them. */
	if (p->is_made_synced)
		maildir_forget_made(p->box.maildir);
	if (p->is_gone) {
		destroy(p);
		return;
	}
	TAILQ_INSERT_TAIL(&boxes->unused, p, entry);
	p->is_listed = true;
	while (table_count(&boxes->by_path) > boxes->max && !TAILQ_EMPTY(&boxes->unused))
		drop(boxes, TAILQ_FIRST(&boxes->unused));
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* One owner's store as a whole: opening, locking, what is known, and marks.
 * Batches are batch.c's, LMDB's turn is freeze.c's. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "store/outbox.h"
#include "store/store_private.h"

/* Rows that one sweep looks at: some hundred microseconds of the loop. */
#define SWEEP_ROWS 256

#define HOST_MAX 256

/* ---- opening ---- */

static char *
below(const char *dir, const char *name)
{
	struct buf path = BUF_EMPTY;
	char *out;

	buf_addf(&path, "%s/%s", dir, name);
	out = xstrndup(buf_str(&path));
	buf_fini(&path);
	return out;
}

/* Slashes would change the directory of a file that carries the name. */
static char *
host_name(void)
{
	char name[HOST_MAX] = "";

	if (gethostname(name, sizeof name - 1) == -1 || name[0] == '\0' ||
	    strchr(name, '/') != NULL)
		return xstrdup("localhost");
	return xstrdup(name);
}

/* The lock ends with the process, whatever ends it.  Bytes in the file say that
 * the last writer did not end in order: then every page of LMDB is checked. */
static int
lock(struct store *s, bool *was_killed_out, struct fail *why)
{
	int rc = -1;
	struct stat st;
	char *path = below(s->dir, "lock");

	if (file_open(&s->lock_fd, AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, why) == -1)
		goto out;
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			fail_set(why, FAIL_TEMP, 3, 0, 0, "mail store is busy",
			    "%s: another process has this store open", path);
		else
			fail_errno(why, errno, "flock", path);
		goto out;
	}
	if (fstat(s->lock_fd, &st) == -1) {
		fail_errno(why, errno, "fstat", path);
		goto out;
	}
	*was_killed_out = st.st_size > 0;
	if (file_pwrite_all(s->lock_fd, STR("open\n"), 0, path, why) == -1)
		goto out;
	/* So that a power cut leaves the sign as well as a kill does. */
	rc = file_sync(s->lock_fd, path, why);
out:
	free(path);
	return rc;
}

static int
read_meta(struct store *s, struct fail *why)
{
	int rc;
	struct disk_meta meta;
	struct index_txn *txn = NULL;
	struct arena a;

	s->created = clock_wall();
	if (index_begin(s->index, &txn, why) == -1)
		return -1;
	arena_init(&a);
	rc = index_meta(txn, &a, &meta, why);
	s->is_fresh = rc == 1;
	if (rc == 0) {
		s->created = meta.created;
		s->saved_rows = meta.rows_upto;
		s->saved_settled = meta.settled_upto;
	}
	arena_fini(&a);
	index_end(&txn);
	return rc == -1 ? -1 : 0;
}

static int
open_parts(struct store *s, const struct store_options *options, struct fail *why)
{
	int rc = -1;
	bool was_killed = false;
	char *index_dir = below(s->dir, "index"), *journal_dir = below(s->dir, "journal");

	if (file_make_dirs(s->dir, 0700, why) == -1 || lock(s, &was_killed, why) == -1)
		goto out;
	if (index_open(index_dir, INDEX_WRITE, was_killed, &s->index, why) == -1)
		goto out;
	overlay_init(&s->overlay, s->index);
	if (read_meta(s, why) == -1 || overlay_load_unacked(&s->overlay, why) == -1)
		goto out;
	rc = journal_open(journal_dir, options->segment_size, options->segments, &s->journal, why);
out:
	free(index_dir);
	free(journal_dir);
	return rc;
}

int
store_open(const struct store_options *options, struct store **out, struct fail *why)
{
	struct store *s = xcalloc(1, sizeof *s);
	bool had_index_lost;

	s->lock_fd = -1;
	s->dir = xstrdup(options->dir);
	s->hostname = host_name();
	TAILQ_INIT(&s->placing);
	TAILQ_INIT(&s->stuck);
	overlay_init(&s->overlay, NULL);
	if (open_parts(s, options, why) == -1) {
		store_close(&s);
		return -1;
	}
	had_index_lost = s->is_fresh;
	if (recover_run(s, why) == -1) {
		store_close(&s);
		return -1;
	}
	outbox_sweep(s, had_index_lost);
	s->is_ready = true;
	*out = s;
	return 0;
}

static void
free_lists(struct store *s)
{
	struct store_batch *batch;
	struct stuck *stuck;

	while ((batch = TAILQ_FIRST(&s->placing)) != NULL) {
		TAILQ_REMOVE(&s->placing, batch, entry);
		batch_free(batch);
	}
	while ((stuck = TAILQ_FIRST(&s->stuck)) != NULL) {
		TAILQ_REMOVE(&s->stuck, stuck, entry);
		free(stuck);
	}
}

void
store_close(struct store **store)
{
	struct store *s = *store;

	if (s == NULL)
		return;
	BUG_ON(s->open != NULL || s->frozen != NULL);
	/* Nothing waits: nobody has to look (outbox.h). */
	if (s->is_ready && s->has_outbox && outbox_is_empty(s))
		outbox_remove(s->dir);
	free_lists(s);
	overlay_fini(&s->overlay);
	journal_close(&s->journal);
	index_close(&s->index);
	if (s->is_ready && ftruncate(s->lock_fd, 0) == -1)
		log_warn("%s/lock: cannot be emptied: the next start checks every page", s->dir);
	file_close(&s->lock_fd);
	buf_fini(&s->acks);
	free(s->hostname);
	free(s->dir);
	free(s);
	*store = NULL;
}

/* ---- what is known ---- */

struct store_user *
store_user(struct store *s, struct str user, struct str root, struct fail *why)
{
	return overlay_find_user(&s->overlay, user, root, why);
}

struct store_mailbox *
store_mailbox(struct store *s, struct store_user *user, struct str name, struct str path,
    struct fail *why)
{
	return overlay_find_mailbox(&s->overlay, user, name, path, why);
}

void
store_forget_idle(struct store *s, size_t keep)
{
	/* A batch or a void to come may still speak of any of them. */
	if (s->open == NULL && TAILQ_EMPTY(&s->placing))
		overlay_forget_idle(&s->overlay, keep);
}

const char *
store_dir(const struct store *s)
{
	return s->dir;
}

struct index *
store_index(struct store *s)
{
	return s->index;
}

static struct str
key_of(const unsigned char key[32])
{
	return (struct str){ (const char *)key, 32 };
}

bool
store_has_unacked(struct store *s, const unsigned char digest[32], int64_t now)
{
	return overlay_has_unacked(&s->overlay, key_of(digest), now);
}

void
store_acknowledge(struct store *s, const unsigned char digest[32])
{
	if (overlay_can_drop_unacked(&s->overlay, key_of(digest)))
		buf_add_str(&s->acks, key_of(digest));
}

size_t
store_unacked_count(const struct store *s)
{
	return table_count(&s->overlay.unacked);
}

bool
store_has_mark(struct store *s, const unsigned char key[32], int64_t now)
{
	struct disk_mark_row row;
	struct fail why = FAIL_EMPTY;
	struct arena a;
	int rc;

	arena_init(&a);
	rc = overlay_get(&s->overlay, INDEX_MARKS, key_of(key), &a, disk_mark_row_fields, &row,
	    sizeof row, &why);
	arena_fini(&a);
	if (rc == -1)
		log_error("%s", why.log);
	return rc == 0 && row.expires > now;
}

/* ---- stuck copies ---- */

void
store_add_stuck(struct store *s, const struct journal_place *place, uint32_t copy)
{
	struct stuck *stuck = xcalloc(1, sizeof *stuck);

	stuck->place = *place;
	stuck->seq = place->seq;
	stuck->copy = copy;
	TAILQ_INSERT_TAIL(&s->stuck, stuck, entry);
	s->stuck_count++;
}

size_t
store_stuck_count(const struct store *s)
{
	return s->stuck_count;
}

void
store_retry_stuck(struct store *s, size_t limit)
{
	recover_retry(s, limit);
}

/* ---- how far things have got ---- */

uint64_t
store_settled_upto(const struct store *s)
{
	const struct stuck *stuck;
	/* Behind the last record with files, nothing is left to settle. */
	uint64_t upto = s->settled >= s->last_delivery ? s->committed : s->settled;

	TAILQ_FOREACH(stuck, &s->stuck, entry)
		if (stuck->seq <= upto)
			upto = stuck->seq - 1;
	return upto;
}

void
store_settled(struct store *s, uint64_t seq)
{
	if (seq <= s->settled)
		return;
	s->settled = seq;
	journal_note(s->journal, s->placed, store_settled_upto(s));
}

uint64_t
store_journal_room(const struct store *s)
{
	return journal_room(s->journal);
}

/* ---- sweeping ---- */

static bool
sweep_unacked(struct store *s, int64_t now)
{
	struct overlay *o = &s->overlay;
	struct overlay_unacked *unacked;

	if (s->sweep_left == 0)
		s->sweep_left = table_count(&o->unacked);
	for (int i = 0; i < SWEEP_ROWS && s->sweep_left > 0; i++, s->sweep_left--) {
		unacked = TAILQ_FIRST(&o->unacked_list);
		if (unacked == NULL)
			break;
		TAILQ_REMOVE(&o->unacked_list, unacked, entry);
		TAILQ_INSERT_TAIL(&o->unacked_list, unacked, entry);
		if (unacked->expires <= now)
			(void)overlay_can_drop_unacked(o, key_of(unacked->digest));
	}
	if (TAILQ_EMPTY(&o->unacked_list))
		s->sweep_left = 0;
	return s->sweep_left > 0;
}

/* The overlay's word counts: a mark may have been set anew since. */
static void
sweep_mark(struct store *s, struct str key, int64_t now)
{
	unsigned char bytes[32];

	if (key.n != sizeof bytes)
		return;
	memcpy(bytes, key.p, sizeof bytes);
	if (!store_has_mark(s, bytes, now))
		overlay_delete(&s->overlay, INDEX_MARKS, key_of(bytes));
}

static int
sweep_marks(struct store *s, int64_t now, struct fail *why)
{
	int rc;
	struct index_txn *txn = NULL;
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct str key, value, from = s->is_sweeping ? key_of(s->sweep_key) : STR_EMPTY;
	unsigned char keys[SWEEP_ROWS][32];
	size_t count = 0;

	if (index_begin(s->index, &txn, why) == -1)
		return -1;
	rc = index_walk_table(txn, INDEX_MARKS, from, &walk, why);
	while (rc == 0 && count < SWEEP_ROWS &&
	    (rc = index_next(&walk, &key, &value, why)) == 0)
		if (key.n == sizeof keys[0])
			memcpy(keys[count++], key.p, sizeof keys[0]);
	index_walk_end(&walk);
	index_end(&txn);
	s->is_sweeping = rc == 0 && count > 0;
	for (size_t i = 0; i < count; i++)
		sweep_mark(s, key_of(keys[i]), now);
	if (s->is_sweeping)
		memcpy(s->sweep_key, keys[count - 1], sizeof s->sweep_key);
	return rc;
}

bool
store_has_swept(struct store *s, int64_t now)
{
	struct fail why = FAIL_EMPTY;
	bool has_more = sweep_unacked(s, now);
	int rc = sweep_marks(s, now, &why);

	if (rc == -1)
		log_error("%s", why.log);
	return has_more || rc == 0;
}

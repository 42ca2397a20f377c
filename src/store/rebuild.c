/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The index made again.  Combines store, index and reconcile; changes no
 * mailbox. */

#include "store/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "store/index.h"
#include "store/rebuild_salvage.h"
#include "store/reconcile.h"

/* Below this the journal is checkpointed before more is written. */
#define ROOM_LOW ((uint64_t)4 << 20)

struct found_user {
	char *name, *root;
};

struct found_users {
	struct found_user *at;
	size_t count, cap;
};

static void
free_users(struct found_users *users)
{
	for (size_t i = 0; i < users->count; i++) {
		free(users->at[i].name);
		free(users->at[i].root);
	}
	free(users->at);
}

/* The writer's lock, for what is done to LMDB without a struct store. */
static int
lock(const char *dir, int *fd_out, struct fail *why)
{
	struct buf path = BUF_EMPTY;
	int rc = -1;

	buf_addf(&path, "%s/lock", dir);
	if (file_open(fd_out, AT_FDCWD, buf_cstr(&path), O_RDWR | O_CREAT | O_NOFOLLOW, 0600, why) ==
	    -1)
		goto out;
	rc = flock(*fd_out, LOCK_EX | LOCK_NB);
	if (rc == -1 && errno == EWOULDBLOCK)
		fail_set(why, FAIL_TEMP, 3, 0, EWOULDBLOCK, "mail store is busy",
		    "%s: another process has this store open", dir);
	else if (rc == -1)
		fail_errno(why, errno, "flock", buf_cstr(&path));
out:
	buf_fini(&path);
	return rc;
}

/* ---- a damaged index ---- */

/* 0 sound, 1 damaged, 2 not there, -1 cannot be told. */
static int
check(const char *index_dir, struct fail *why)
{
	struct index *index = NULL;
	struct stat st;

	if (lstat(index_dir, &st) == -1)
		return errno == ENOENT ? 2 : fail_errno(why, errno, "look at", index_dir);
	if (index_open(index_dir, INDEX_READ, true, &index, why) == 0) {
		index_close(&index);
		return 0;
	}
	return why->class == FAIL_OURS && why->errnum == 0 ? 1 : -1;
}

static int
move_aside(struct rebuild *r, const char *index_dir, struct fail *why)
{
	struct stat st;
	long long seconds = (long long)time(NULL);

	do {
		buf_clear(&r->moved_to);
		buf_addf(&r->moved_to, "%s.damaged-%lld", index_dir, seconds++);
	} while (lstat(buf_cstr(&r->moved_to), &st) == 0);
	if (rename(index_dir, buf_cstr(&r->moved_to)) == -1)
		return fail_errno(why, errno, "move aside", index_dir);
	/* Before a new one is made in its place: a power cut must not mix them. */
	return file_sync_dir(r->options->dir, why);
}

static int
replace_damaged(struct rebuild *r, struct fail *why)
{
	struct buf index_dir = BUF_EMPTY;
	int lock_fd = -1, rc = -1, found;

	buf_addf(&index_dir, "%s/index", r->options->dir);
	if (lock(r->options->dir, &lock_fd, why) == -1)
		goto out;
	found = check(buf_cstr(&index_dir), why);
	rc = found == -1 ? -1 : 0;
	if (found == 1) {
		r->was_damaged = true;
		rc = move_aside(r, buf_cstr(&index_dir), why);
		if (rc == 0)
			rc = rebuild_salvage(buf_cstr(&r->moved_to), buf_cstr(&index_dir),
			    &r->saved, why);
	}
out:
	file_close(&lock_fd);
	buf_fini(&index_dir);
	return rc;
}

/* ---- users ---- */

static int
list_users(struct rebuild *r, struct store *store, struct found_users *out, struct fail *why)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct index_txn *txn = NULL;
	struct arena a = ARENA_EMPTY;
	struct disk_user_row row;
	uint64_t id;
	int rc = index_begin(store_index(store), &txn, why);

	if (rc == 0)
		rc = index_walk_users(txn, &walk, why);
	while (rc == 0 && (rc = index_next_user(&walk, &a, &id, &row, why)) == 0) {
		if (r->user.n == 0 || str_is_equal(r->user, row.name)) {
			XGROW(out->at, out->cap, out->count + 1);
			out->at[out->count++] = (struct found_user){ xstrndup(row.name),
				xstrndup(row.root) };
		}
		arena_empty(&a);
	}
	index_walk_end(&walk);
	index_end(&txn);
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

static int
checkpoint(struct store *store, struct fail *why)
{
	struct store_frozen *frozen = store_freeze(store);
	int rc;

	if (frozen == NULL)
		return 0;
	rc = store_checkpoint(frozen, why);
	store_thawed(store, &frozen, rc);
	return rc;
}

static int
commit(struct store *store, struct disk_rescan *rescan, struct fail *why)
{
	struct store_batch *batch = store_batch_new(store);
	uint64_t seq;

	if (store_prepare_rescan(batch, rescan, &seq, why) == -1 || store_write(batch, why) == -1) {
		store_abandoned(&batch);
		return -1;
	}
	store_committed(&batch);
	/* Nothing was placed, so there is nothing to sync. */
	store_settled(store, seq);
	return store_journal_room(store) < ROOM_LOW ? checkpoint(store, why) : 0;
}

static int
do_user(struct rebuild *r, struct store *store, const struct found_user *user, struct fail *why)
{
	struct reconcile found = RECONCILE_EMPTY;
	int rc = reconcile_run(store_index(store), str_of(user->name), str_of(user->root), STR_EMPTY,
	    true, &found, why);

	for (size_t i = 0; rc == 0 && i < found.rescan_count; i++)
		rc = commit(store, &found.rescans[i], why);
	if (rc == 0)
		rc = checkpoint(store, why);
	r->folders += found.folders;
	r->files += found.files;
	r->adopted += found.adopted;
	r->gone += found.gone;
	r->flagged += found.flagged;
	reconcile_fini(&found);
	store_forget_idle(store, 0);
	return rc;
}

static void
do_users(struct rebuild *r, struct store *store, const struct found_users *users)
{
	struct fail why;

	for (size_t i = 0; i < users->count; i++) {
		why = FAIL_EMPTY;
		if (do_user(r, store, &users->at[i], &why) == 0)
			r->users++;
		else {
			r->failures++;
			buf_addf(&r->failed, "%s: %s\n", users->at[i].name, why.log);
		}
		if (r->progress != NULL)
			r->progress(r->arg, i + 1, users->count);
	}
}

static int
recount(struct rebuild *r, struct fail *why)
{
	int lock_fd = -1, rc = lock(r->options->dir, &lock_fd, why);

	if (rc == 0)
		rc = rebuild_recount(r->options->dir, &r->recounted, why);
	file_close(&lock_fd);
	return rc;
}

int
rebuild_run(struct rebuild *r, struct fail *why)
{
	struct found_users users = { NULL, 0, 0 };
	struct store *store = NULL;
	int rc = -1;

	if (replace_damaged(r, why) == -1 || store_open(r->options, &store, why) == -1)
		goto out;
	/* So that LMDB knows what the journal knew: reconcile compares with LMDB. */
	if (checkpoint(store, why) == -1 || list_users(r, store, &users, why) == -1)
		goto out;
	do_users(r, store, &users);
	rc = r->user.n > 0 && users.count == 0 ? 1 : 0;
out:
	if (store != NULL)
		store_close(&store);
	if (rc == 0)
		rc = recount(r, why);
	free_users(&users);
	return rc;
}

void
rebuild_fini(struct rebuild *r)
{
	buf_fini(&r->moved_to);
	buf_fini(&r->failed);
}

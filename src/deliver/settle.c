/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Rounds of background syncs.  Knows files, folders and how far they go, not
 * what is in them. */

#include "deliver/settle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/deliver.h"

/* After a sync that failed: the disk may come back. */
#define SETTLE_RETRY (5 * CLOCK_SECOND)

struct item {
	int fd; /* -1 when only the folder needs a sync */
	bool is_closed; /* the file needs one too, by syncfs */
	struct box *box;
};

struct items {
	struct item *at;
	size_t n, cap;
};

/* A share of a round, for one thread. */
struct task {
	struct settle *settle;
	const struct item *items;
	size_t count;
	void (*sync)(const struct item *item, struct task *task);
	struct fail why;
};

enum phase { SETTLE_IDLE, SETTLE_FILES, SETTLE_FOLDERS };

struct settle {
	struct deliver *deliver;
	struct items waiting, round;
	struct items devices, files, folders; /* of the round; borrowed from it */
	uint64_t placed, round_placed; /* journal sequences */
	uint64_t settled;
	struct watch timer;
	enum phase phase;
	size_t tasks; /* of the phase, still running */
	bool has_failed;
	bool is_urgent; /* begin the next round at once */
};

static void begin_round(void *arg);

struct settle *
settle_new(struct deliver *d)
{
	struct settle *settle = xcalloc(1, sizeof *settle);

	settle->deliver = d;
	return settle;
}

void
settle_free(struct settle **settle_ptr)
{
	struct settle *settle = *settle_ptr;

	if (settle == NULL)
		return;
	BUG_ON(!settle_is_idle(settle));
	loop_unwatch(&settle->timer);
	free(settle->waiting.at);
	free(settle->round.at);
	free(settle->devices.at);
	free(settle->files.at);
	free(settle->folders.at);
	free(settle);
	*settle_ptr = NULL;
}

bool
settle_is_idle(const struct settle *settle)
{
	return settle->phase == SETTLE_IDLE && settle->waiting.n == 0 &&
	    settle->settled == settle->placed;
}

static void
push(struct items *items, struct item item)
{
	XGROW(items->at, items->cap, items->n + 1);
	items->at[items->n++] = item;
}

static void
schedule(struct settle *settle)
{
	if (settle->phase != SETTLE_IDLE || settle_is_idle(settle))
		return;
	if (settle->is_urgent || settle->waiting.n >= SETTLE_COUNT)
		loop_timer(settle->deliver->loop, &settle->timer, 0, begin_round, settle);
	else if (!loop_is_set(&settle->timer))
		loop_timer(settle->deliver->loop, &settle->timer, SETTLE_DELAY, begin_round,
		    settle);
}

void
settle_add(struct settle *settle, int fd, struct box *box)
{
	struct item item = { .fd = fd, .box = box };

	boxes_hold(box);
	if (fd != -1 && settle->waiting.n >= SETTLE_OPEN_MAX) {
		file_close(&item.fd);
		item.is_closed = true;
	}
	push(&settle->waiting, item);
}

void
settle_placed(struct settle *settle, uint64_t seq)
{
	if (seq > settle->placed)
		settle->placed = seq;
	schedule(settle);
}

void
settle_now(struct settle *settle)
{
	settle->is_urgent = true;
	schedule(settle);
}

static void
sync_file(const struct item *item, struct task *task)
{
	/* The journal vouches for the file until this has succeeded. */
	if (item->fd != -1)
		file_sync(item->fd, item->box->maildir->path, &task->why);
}

static void
sync_folder(const struct item *item, struct task *task)
{
	/* Names after contents: a name on disk must never be of a short file that
	 * the journal no longer holds. */
	maildir_sync_dirs(item->box->maildir, &task->why);
}

/* Files and names of a whole file system in one call; its errors are told for
 * the descriptor that was open when they happened (syncfs(2)). */
static void
sync_device(const struct item *item, struct task *task)
{
	if (syncfs(item->box->maildir->new_fd) == -1)
		fail_errno(&task->why, errno, "syncfs for", item->box->maildir->path);
}

static void
run_task(void *arg)
{
	struct task *task = arg;
	size_t i;

	for (i = 0; i < task->count; i++)
		task->sync(&task->items[i], task);
}

static void finish_phase(struct settle *settle);

static void
task_done(void *arg)
{
	struct task *task = arg;
	struct settle *settle = task->settle;

	if (task->why.class != FAIL_NONE) {
		settle->has_failed = true;
		log_error("files are not safe on disk yet, the journal keeps them: %s",
		    task->why.log);
	}
	free(task);
	if (--settle->tasks == 0)
		finish_phase(settle);
}

static void
start_tasks(struct settle *settle, const struct items *items,
    void (*sync)(const struct item *, struct task *))
{
	size_t threads = (size_t)settle->deliver->conf->sync_threads;
	size_t share = items->n / threads + 1, from;

	for (from = 0; from < items->n; from += share) {
		struct task *task = xcalloc(1, sizeof *task);

		*task = (struct task){
			.settle = settle,
			.items = items->at + from,
			.count = items->n - from < share ? items->n - from : share,
			.sync = sync,
		};
		settle->tasks++;
		pool_run(settle->deliver->sync_pool, run_task, task_done, task);
	}
}

static int
by_box(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->box->device != y->box->device)
		return x->box->device < y->box->device ? -1 : 1;
	return ((uintptr_t)x->box > (uintptr_t)y->box) - ((uintptr_t)x->box < (uintptr_t)y->box);
}

/* Whether the items of one device are better synced with it as a whole. */
static bool
wants_syncfs(const struct item *items, size_t n)
{
	size_t i;

	if (n >= SETTLE_SYNCFS_COUNT)
		return true;
	for (i = 0; i < n; i++)
		if (items[i].is_closed)
			return true;
	return false;
}

/* Sorts the round by device and folder, and divides it: devices to sync as a
 * whole, by any folder of theirs; else single files, and their folders. */
static void
divide_round(struct settle *settle)
{
	const struct items *round = &settle->round;
	size_t i, j, from;

	qsort(round->at, round->n, sizeof *round->at, by_box);
	settle->devices.n = settle->files.n = settle->folders.n = 0;
	for (from = 0; from < round->n; from = i) {
		for (i = from; i < round->n &&
		     round->at[i].box->device == round->at[from].box->device; i++)
			;
		if (wants_syncfs(round->at + from, i - from)) {
			push(&settle->devices, round->at[from]);
			continue;
		}
		for (j = from; j < i; j++) {
			push(&settle->files, round->at[j]);
			if (j == from || round->at[j].box != round->at[j - 1].box)
				push(&settle->folders, round->at[j]);
		}
	}
}

static void
release_round(struct settle *settle)
{
	size_t i;

	for (i = 0; i < settle->round.n; i++) {
		file_close(&settle->round.at[i].fd);
		boxes_forget_made(settle->round.at[i].box);
		boxes_give(settle->deliver->boxes, &settle->round.at[i].box);
	}
	settle->round.n = 0;
}

static void
end_round(struct settle *settle)
{
	settle->phase = SETTLE_IDLE;
	if (settle->has_failed) {
		size_t i;

		/* Again later, with all of them: which one failed is not known for
		 * sure once the kernel has told an error. */
		for (i = 0; i < settle->round.n; i++)
			push(&settle->waiting, settle->round.at[i]);
		settle->round.n = 0;
		settle->has_failed = false;
		loop_timer(settle->deliver->loop, &settle->timer, SETTLE_RETRY, begin_round, settle);
		return;
	}
	release_round(settle);
	settle->settled = settle->round_placed;
	store_settled(settle->deliver->store, settle->settled);
	if (settle_is_idle(settle)) {
		settle->is_urgent = false;
		deliver_check_stop(settle->deliver);
	}
	schedule(settle);
}

static void
finish_phase(struct settle *settle)
{
	if (settle->phase == SETTLE_FILES && !settle->has_failed && settle->folders.n > 0) {
		settle->phase = SETTLE_FOLDERS;
		start_tasks(settle, &settle->folders, sync_folder);
		return;
	}
	end_round(settle);
}

static void
begin_round(void *arg)
{
	struct settle *settle = arg;
	struct items swap = settle->round;

	if (settle->phase != SETTLE_IDLE)
		return;
	settle->round = settle->waiting;
	settle->waiting = swap;
	settle->round_placed = settle->placed;
	if (settle->round.n == 0) {
		end_round(settle);
		return;
	}
	divide_round(settle);
	settle->phase = SETTLE_FILES;
	start_tasks(settle, &settle->devices, sync_device);
	start_tasks(settle, &settle->files, sync_file);
}

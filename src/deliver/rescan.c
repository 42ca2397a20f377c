/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* When a user's folders are looked at, and who waits for it.  What differs is
 * found by store/reconcile. */

#include "deliver/rescan.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/table.h"
#include "base/xalloc.h"
#include "deliver/deliver.h"
#include "store/reconcile.h"

enum rescan_state {
	RESCAN_WAITS,	    /* for copies in flight, for an earlier one, for its turn */
	RESCAN_CHECKPOINTS, /* everything committed for the user goes into LMDB */
	RESCAN_LOOKS,	    /* a thread compares */
	RESCAN_IS_READY,    /* changes wait for the next batch */
	RESCAN_COMMITS,	    /* they are in the batch that is being written */
};

struct asker {
	STAILQ_ENTRY(asker) entry;
	loop_fn done;
	void *arg;
};

struct rescan {
	TAILQ_ENTRY(rescan) entry;
	struct rescans *rescans;
	struct user *user; /* held */
	enum rescan_state state;
	bool is_forced;
	STAILQ_HEAD(, asker) askers;
	struct reconcile found;
	int result;
	struct fail why;
};

struct watched {
	TAILQ_ENTRY(watched) entry; /* in the order they will be looked at */
	char *user, *root, *name, *path;
	int64_t until; /* clock_monotonic */
	int64_t cur_mtime; /* of a folder that we made: there is nothing to adopt */
};

struct rescans {
	struct deliver *deliver;
	TAILQ_HEAD(, rescan) all;
	size_t active; /* checkpointing or looking */
	struct table watched_by_path;
	TAILQ_HEAD(, watched) watched;
	struct watch timer;
};

static void look_around(void *arg);

struct rescans *
rescans_new(struct deliver *d)
{
	struct rescans *rescans = xcalloc(1, sizeof *rescans);

	rescans->deliver = d;
	TAILQ_INIT(&rescans->all);
	TAILQ_INIT(&rescans->watched);
	loop_timer(d->loop, &rescans->timer, CLOCK_SECOND, look_around, rescans);
	return rescans;
}

static void
unwatch(struct rescans *rescans, struct watched *w)
{
	TAILQ_REMOVE(&rescans->watched, w, entry);
	table_remove(&rescans->watched_by_path, str_of(w->path));
	free(w->user);
	free(w->root);
	free(w->name);
	free(w->path);
	free(w);
}

void
rescans_free(struct rescans **rescans_ptr)
{
	struct rescans *rescans = *rescans_ptr;

	if (rescans == NULL)
		return;
	BUG_ON(!rescans_is_idle(rescans));
	loop_unwatch(&rescans->timer);
	while (!TAILQ_EMPTY(&rescans->watched))
		unwatch(rescans, TAILQ_FIRST(&rescans->watched));
	table_fini(&rescans->watched_by_path);
	free(rescans);
	*rescans_ptr = NULL;
}

bool
rescans_is_idle(const struct rescans *rescans)
{
	return TAILQ_EMPTY(&rescans->all);
}

static bool
is_first_of_user(const struct rescan *r)
{
	const struct rescan *other;

	TAILQ_FOREACH(other, &r->rescans->all, entry)
		if (other->user == r->user)
			return other == r;
	return false;
}

static bool
has_other(const struct rescans *rescans, const struct user *user)
{
	const struct rescan *other;

	TAILQ_FOREACH(other, &rescans->all, entry)
		if (other->user == user)
			return true;
	return false;
}

static void
finish(struct rescan *r)
{
	struct rescans *rescans = r->rescans;
	struct asker *asker;

	TAILQ_REMOVE(&rescans->all, r, entry);
	r->user->rescanned = clock_monotonic();
	r->user->is_held = has_other(rescans, r->user);
	while ((asker = STAILQ_FIRST(&r->askers)) != NULL) {
		STAILQ_REMOVE_HEAD(&r->askers, entry);
		asker->done(asker->arg);
		free(asker);
	}
	reconcile_fini(&r->found);
	user_give(&r->user);
	free(r);
	/* Jobs that were held back, and rescans that waited for their turn. */
	commit_kick(rescans->deliver->commit);
	rescans_check(rescans);
	deliver_check_stop(rescans->deliver);
}

static void
look(void *arg)
{
	struct rescan *r = arg;

	r->result = reconcile_run(store_index(r->rescans->deliver->store), r->user->name,
	    r->user->root, STR_EMPTY, r->is_forced, &r->found, &r->why);
}

static void
looked(void *arg)
{
	struct rescan *r = arg;

	r->rescans->active--;
	if (r->result == -1)
		log_warn("user %.*s: mailboxes could not be compared with the index: %s",
		    STR_ARG(r->user->name), r->why.log);
	if (r->result == -1 || r->found.rescan_count == 0) {
		finish(r);
		return;
	}
	log_debug("user %.*s: %zu messages adopted, %zu gone, %zu flagged", STR_ARG(r->user->name),
	    r->found.adopted, r->found.gone, r->found.flagged);
	r->state = RESCAN_IS_READY;
	commit_kick(r->rescans->deliver->commit);
}

static void
checkpointed(void *arg)
{
	struct rescan *r = arg;

	if (!checkpoint_is_ok(r->rescans->deliver->checkpoint)) {
		r->rescans->active--;
		log_warn("user %.*s: not compared with the disk, the index cannot be written",
		    STR_ARG(r->user->name));
		finish(r);
		return;
	}
	r->state = RESCAN_LOOKS;
	pool_run(r->rescans->deliver->sync_pool, look, looked, r);
}

static bool
can_begin(const struct rescan *r)
{
	return r->state == RESCAN_WAITS && r->rescans->active < RESCANS_ACTIVE_MAX &&
	    r->user->in_flight == 0 && is_first_of_user(r);
}

void
rescans_check(struct rescans *rescans)
{
	struct rescan *r;
	bool has_begun = true;

	/* A checkpoint may end at once and change the list: begin anew then. */
	while (has_begun) {
		has_begun = false;
		TAILQ_FOREACH(r, &rescans->all, entry)
			if (can_begin(r)) {
				r->state = RESCAN_CHECKPOINTS;
				rescans->active++;
				checkpoint_ask(rescans->deliver->checkpoint, checkpointed, r);
				has_begun = true;
				break;
			}
	}
}

static struct rescan *
find_joinable(struct rescans *rescans, const struct user *user)
{
	struct rescan *r;

	TAILQ_FOREACH(r, &rescans->all, entry)
		if (r->user == user && r->state <= RESCAN_CHECKPOINTS)
			return r;
	return NULL;
}

static void
ask(struct rescans *rescans, struct user *user, bool is_forced, loop_fn done, void *arg)
{
	struct rescan *r = find_joinable(rescans, user);
	struct asker *asker;

	if (r == NULL) {
		r = xcalloc(1, sizeof *r);
		r->rescans = rescans;
		r->user = user;
		STAILQ_INIT(&r->askers);
		user_hold(user);
		user->is_held = true;
		TAILQ_INSERT_TAIL(&rescans->all, r, entry);
	}
	r->is_forced = r->is_forced || is_forced;
	if (done != NULL) {
		asker = xmalloc(sizeof *asker);
		*asker = (struct asker){ .done = done, .arg = arg };
		STAILQ_INSERT_TAIL(&r->askers, asker, entry);
	}
	rescans_check(rescans);
}

void
rescans_begin(struct rescans *rescans, struct user *user, loop_fn done, void *arg)
{
	ask(rescans, user, false, done, arg);
}

void
rescans_force(struct rescans *rescans, struct user *user, loop_fn done, void *arg)
{
	ask(rescans, user, true, done, arg);
}

bool
rescans_has_ready(const struct rescans *rescans)
{
	const struct rescan *r;

	TAILQ_FOREACH(r, &rescans->all, entry)
		if (r->state == RESCAN_IS_READY)
			return true;
	return false;
}

static uint64_t
prepare(struct rescan *r, struct store_batch *batch)
{
	uint64_t seq = 0, last = 0;
	size_t i;

	for (i = 0; i < r->found.rescan_count; i++) {
		if (store_prepare_rescan(batch, &r->found.rescans[i], &seq, &r->why) == -1) {
			log_warn("user %.*s: index not brought up to the disk yet: %s",
			    STR_ARG(r->user->name), r->why.log);
			break;
		}
		last = seq;
	}
	return last;
}

uint64_t
rescans_prepare(struct rescans *rescans, struct store_batch *batch)
{
	struct rescan *r;
	uint64_t last = 0, seq;

	TAILQ_FOREACH(r, &rescans->all, entry) {
		if (r->state != RESCAN_IS_READY)
			continue;
		r->state = RESCAN_COMMITS;
		seq = prepare(r, batch);
		if (seq > last)
			last = seq;
	}
	return last;
}

void
rescans_committed(struct rescans *rescans, bool is_written)
{
	struct rescan *r, *next;

	for (r = TAILQ_FIRST(&rescans->all); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->state != RESCAN_COMMITS)
			continue;
		if (!is_written)
			log_warn("user %.*s: what the rescan found was not written",
			    STR_ARG(r->user->name));
		/* finish looks for others to begin, which only changes states:
		 * next stays in the list. */
		finish(r);
	}
}

void
rescans_watch(struct rescans *rescans, const struct user *user, const struct box *box)
{
	struct watched *w = table_get(&rescans->watched_by_path, box->path);
	int64_t new_mtime;

	if (w == NULL) {
		if (table_count(&rescans->watched_by_path) >= RESCANS_WATCHED_MAX)
			unwatch(rescans, TAILQ_FIRST(&rescans->watched));
		w = xcalloc(1, sizeof *w);
		w->user = xstrndup(user->name);
		w->root = xstrndup(user->root);
		w->name = xstrndup(box->name);
		w->path = xstrndup(box->path);
		if (box->was_made)
			maildir_mtimes(box->path, &new_mtime, &w->cur_mtime);
		table_put(&rescans->watched_by_path, str_of(w->path), w);
		TAILQ_INSERT_TAIL(&rescans->watched, w, entry);
	}
	w->until = clock_monotonic() + RESCANS_WATCH;
}

static void
user_found(struct user *user, const struct fail *why, void *arg)
{
	struct rescans *rescans = arg;

	(void)why;
	if (user == NULL)
		return;
	rescans_begin(rescans, user, NULL, NULL);
	user_give(&user);
}

/* cur/ alone tells of a reader: our own deliveries change new/ all the time. */
static bool
has_changed(struct rescans *rescans, const struct watched *w)
{
	struct store *store = rescans->deliver->store;
	struct store_user *user;
	struct store_mailbox *mailbox;
	struct fail why;
	int64_t new_mtime, cur_mtime;

	if (maildir_mtimes(str_of(w->path), &new_mtime, &cur_mtime) == -1)
		return true;
	user = store_user(store, str_of(w->user), str_of(w->root), &why);
	if (user == NULL)
		return false;
	mailbox = store_mailbox(store, user, str_of(w->name), str_of(w->path), &why);
	if (mailbox == NULL)
		return false;
	return cur_mtime != (mailbox->cur_mtime != 0 ? mailbox->cur_mtime : w->cur_mtime);
}

static void
look_around(void *arg)
{
	struct rescans *rescans = arg;
	struct deliver *d = rescans->deliver;
	struct watched *w;
	int64_t now = clock_monotonic();
	size_t i, count = table_count(&rescans->watched_by_path);

	for (i = 0; i < RESCANS_LOOKS && i < count && !d->is_stopping; i++) {
		w = TAILQ_FIRST(&rescans->watched);
		if (w->until < now) {
			unwatch(rescans, w);
			continue;
		}
		TAILQ_REMOVE(&rescans->watched, w, entry);
		TAILQ_INSERT_TAIL(&rescans->watched, w, entry);
		if (has_changed(rescans, w))
			users_find(d->users, str_of(w->user), user_found, rescans);
	}
	loop_timer(d->loop, &rescans->timer, CLOCK_SECOND, look_around, rescans);
}

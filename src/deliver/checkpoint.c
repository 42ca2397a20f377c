/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* When changes go into LMDB, and who waits for it.  Knows nothing of rows. */

#include "deliver/checkpoint.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/deliver.h"

/* Users kept in memory after their rows are in LMDB. */
#define CHECKPOINT_KEEP 10000
/* Expired marks are looked for, and copies that could not be made are tried
 * again, that often. */
#define CHECKPOINT_SWEEP (60 * CLOCK_SECOND)
/* Copies tried again at a time: each may wait for a sick disk. */
#define CHECKPOINT_RETRIES 16

struct asker {
	STAILQ_ENTRY(asker) entry;
	loop_fn done;
	void *arg;
};

STAILQ_HEAD(askers, asker);

struct checkpoint {
	struct deliver *deliver;
	struct watch timer;
	struct store_frozen *frozen; /* being written */
	struct askers waiting;	     /* for the next one */
	struct askers served;	     /* by the one being written */
	int result;
	struct fail why;
	bool is_ok;
	int64_t swept;
};

static void tick(void *arg);

struct checkpoint *
checkpoint_new(struct deliver *d)
{
	struct checkpoint *c = xcalloc(1, sizeof *c);

	c->deliver = d;
	c->is_ok = true;
	STAILQ_INIT(&c->waiting);
	STAILQ_INIT(&c->served);
	loop_timer(d->loop, &c->timer, d->conf->checkpoint_interval, tick, c);
	return c;
}

void
checkpoint_free(struct checkpoint **c_ptr)
{
	struct checkpoint *c = *c_ptr;

	if (c == NULL)
		return;
	BUG_ON(c->frozen != NULL);
	loop_unwatch(&c->timer);
	free(c);
	*c_ptr = NULL;
}

bool
checkpoint_is_idle(const struct checkpoint *c)
{
	return c->frozen == NULL && STAILQ_EMPTY(&c->waiting);
}

bool
checkpoint_is_ok(const struct checkpoint *c)
{
	return c->is_ok;
}

static void
tell(struct askers *askers)
{
	struct askers told = STAILQ_HEAD_INITIALIZER(told);
	struct asker *asker;

	STAILQ_CONCAT(&told, askers);
	while ((asker = STAILQ_FIRST(&told)) != NULL) {
		STAILQ_REMOVE_HEAD(&told, entry);
		asker->done(asker->arg);
		free(asker);
	}
}

static void
write_rows(void *arg)
{
	struct checkpoint *c = arg;

	c->result = store_checkpoint(c->frozen, &c->why);
}

static void begin(struct checkpoint *c);

static void
rows_written(void *arg)
{
	struct checkpoint *c = arg;
	struct deliver *d = c->deliver;

	store_thawed(d->store, &c->frozen, c->result);
	c->is_ok = c->result == 0;
	if (!c->is_ok)
		log_error("index not brought up to date, the journal keeps the changes: %s",
		    c->why.log);
	else
		store_forget_idle(d->store, CHECKPOINT_KEEP);
	tell(&c->served);
	if (!STAILQ_EMPTY(&c->waiting))
		begin(c);
	/* The journal may have room again. */
	commit_kick(d->commit);
	deliver_check_stop(d);
}

static void
begin(struct checkpoint *c)
{
	if (c->frozen != NULL)
		return;
	STAILQ_CONCAT(&c->served, &c->waiting);
	store_write_acks(c->deliver->store);
	c->frozen = store_freeze(c->deliver->store);
	if (c->frozen == NULL) {
		tell(&c->served);
		return;
	}
	pool_run(c->deliver->sync_pool, write_rows, rows_written, c);
}

static void
tick(void *arg)
{
	struct checkpoint *c = arg;
	struct deliver *d = c->deliver;

	if (clock_monotonic() - c->swept > CHECKPOINT_SWEEP) {
		store_retry_stuck(d->store, CHECKPOINT_RETRIES);
		if (!store_has_swept(d->store, clock_wall()))
			c->swept = clock_monotonic();
	}
	begin(c);
	loop_timer(d->loop, &c->timer, d->conf->checkpoint_interval, tick, c);
}

void
checkpoint_ask(struct checkpoint *c, loop_fn done, void *arg)
{
	struct asker *asker;

	if (done != NULL) {
		asker = xmalloc(sizeof *asker);
		*asker = (struct asker){ .done = done, .arg = arg };
		STAILQ_INSERT_TAIL(&c->waiting, asker, entry);
	}
	begin(c);
}

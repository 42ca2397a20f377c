/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Which row of the outbox is next, and when.  Knows neither texts nor what
 * relay says. */

#include "deliver/outbox.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/outbox_private.h"
#include "ipc/actions.h"
#include "store/outbox.h"

#define MINUTE (60 * CLOCK_SECOND)
/* Without a way out nothing is due soon: a process may end over it. */
#define UNABLE_WAIT (15 * MINUTE)

static void work(void *arg);

/* ---- the heap: entry->next decides ---- */

static void
place(struct outbox *o, struct entry *entry, size_t at)
{
	o->heap[at] = entry;
	entry->at = at;
}

static void
sift_up(struct outbox *o, struct entry *entry)
{
	size_t at = entry->at;

	while (at > 0 && o->heap[(at - 1) / 2]->next > entry->next) {
		place(o, o->heap[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	place(o, entry, at);
}

static void
sift_down(struct outbox *o, struct entry *entry)
{
	size_t at = entry->at, child;

	while ((child = 2 * at + 1) < o->count) {
		if (child + 1 < o->count && o->heap[child + 1]->next < o->heap[child]->next)
			child++;
		if (o->heap[child]->next >= entry->next)
			break;
		place(o, o->heap[child], at);
		at = child;
	}
	place(o, entry, at);
}

void
outbox_take_out(struct outbox *o, struct entry *entry)
{
	struct entry *last = o->heap[--o->count];

	if (last == entry)
		return;
	place(o, last, entry->at);
	sift_up(o, last);
	sift_down(o, last);
}

void
outbox_put_off(struct outbox *o, struct entry *entry, int64_t next)
{
	entry->next = next;
	entry->state = ENTRY_WAITS;
	XGROW(o->heap, o->cap, o->count + 1);
	place(o, entry, o->count++);
	sift_up(o, entry);
}

/* ---- entries ---- */

static struct str
id_key(const uint64_t *id)
{
	return (struct str){ (const char *)id, sizeof *id };
}

struct entry *
outbox_find(struct outbox *o, uint64_t id)
{
	return table_get(&o->by_id, id_key(&id));
}

void
outbox_forget(struct outbox *o, struct entry *entry)
{
	if (entry->state == ENTRY_WAITS)
		outbox_take_out(o, entry);
	table_remove(&o->by_id, id_key(&entry->id));
	free(entry);
}

static void
add(struct outbox *o, uint64_t id, int64_t next, int64_t expires)
{
	struct entry *entry;

	if (outbox_find(o, id) != NULL)
		return;
	if (table_count(&o->by_id) >= OUTBOX_ENTRIES_MAX) {
		o->is_partial = true;
		return;
	}
	entry = xcalloc(1, sizeof *entry);
	entry->id = id;
	entry->expires = expires;
	table_put(&o->by_id, id_key(&entry->id), entry);
	outbox_put_off(o, entry, next);
}

void
outbox_add(struct outbox *o, uint64_t id, int64_t expires)
{
	add(o, id, clock_wall(), expires);
	outbox_kick(o);
}

/* ---- the walk ---- */

static void
see(void *arg, uint64_t id, const struct disk_outbox_row *row)
{
	add(arg, id, row->next, row->expires);
}

static void
walk(struct outbox *o)
{
	struct fail why;
	int rc = store_outbox_walk(o->deliver->store, &o->walk_from, see, o, &why);

	if (rc == 0)
		return;
	o->is_walking = false;
	o->walked = clock_monotonic();
	if (rc == -1) {
		log_error("outgoing mail is looked for again in a minute: %s", why.log);
		o->is_partial = true;
	}
}

static void
begin_walk(struct outbox *o)
{
	o->is_walking = true;
	o->is_partial = false;
	o->walk_from = 0;
}

/* What was left out is looked for when there is room, now and then. */
static bool
wants_walk(const struct outbox *o)
{
	size_t count = table_count(&o->by_id);

	return o->is_partial && !o->is_walking && count < OUTBOX_ENTRIES_MAX &&
	    (count < OUTBOX_ENTRIES_MAX / 2 || clock_monotonic() - o->walked > MINUTE) &&
	    clock_monotonic() - o->walked > CLOCK_SECOND;
}

/* ---- what is due ---- */

static struct entry *
due(const struct outbox *o)
{
	return o->count > 0 && o->heap[0]->next <= clock_wall() ? o->heap[0] : NULL;
}

/* How many may be with relay: one, to try whether a remote can be reached again. */
static size_t
limit(const struct outbox *o)
{
	if (clock_monotonic() < o->paused_until)
		return 0;
	return o->pause > 0 ? 1 : RELAY_MAILS_MAX;
}

static void
give_due(struct outbox *o)
{
	struct entry *entry;

	while (o->is_able && o->deliver->relay != NULL && o->sent < limit(o) &&
	    (entry = due(o)) != NULL) {
		outbox_take_out(o, entry);
		outbox_give(o, entry);
	}
}

/* Once a minute, not once a message. */
static void
tell_waiting(struct outbox *o)
{
	struct deliver *d = o->deliver;
	struct msg_DELIVER_ASKS_RELAY question = { 0 };

	if (o->told_waiting != 0 && clock_monotonic() - o->told_waiting < MINUTE)
		return;
	o->told_waiting = clock_monotonic();
	if (!o->is_able || d->relay == NULL) {
		log_warn("%zu outgoing messages of %s wait: %s", o->count, d->owner,
		    d->relay == NULL ? "the relay process is down" :
		    d->no_relay == NULL ? "the relay process has not answered yet" : d->no_relay);
		if (d->relay != NULL)
			wire_send(d->relay, MSG_DELIVER_ASKS_RELAY, &question);
	}
	outbox_expire(o);
}

static int64_t
until_next(const struct outbox *o)
{
	int64_t wait = MINUTE, paused = o->paused_until - clock_monotonic();

	if (o->is_walking)
		return 0;
	if (o->is_partial)
		wait = 2 * CLOCK_SECOND;
	if (o->count > 0 && o->heap[0]->next - clock_wall() < wait)
		wait = o->heap[0]->next - clock_wall();
	if (due(o) != NULL && (!o->is_able || o->deliver->relay == NULL))
		wait = 5 * CLOCK_SECOND;
	else if (paused > wait)
		wait = paused;
	/* One that is due waits for a report, which kicks us. */
	else if (due(o) != NULL && o->sent > 0 && o->sent >= limit(o))
		wait = MINUTE;
	return wait > 0 ? wait : 0;
}

static void
work(void *arg)
{
	struct outbox *o = arg;

	if (o->is_stopped)
		return;
	if (wants_walk(o))
		begin_walk(o);
	if (o->is_walking)
		walk(o);
	give_due(o);
	if (due(o) != NULL && (limit(o) == 0 || !o->is_able || o->deliver->relay == NULL))
		tell_waiting(o);
	if (!o->is_stopped && (o->count > 0 || o->is_walking || o->is_partial))
		loop_timer(o->deliver->loop, &o->timer, until_next(o), work, o);
}

void
outbox_kick(struct outbox *o)
{
	if (!o->is_stopped)
		loop_soon(o->deliver->loop, &o->timer, work, o);
}

uint32_t
outbox_random(struct outbox *o)
{
	const uint64_t key[2] = { (uint64_t)clock_wall(), o->random };

	o->random = hash_sip13(key, STR("outbox"));
	return (uint32_t)(o->random >> 16);
}

int64_t
outbox_backoff(int64_t least, int64_t most, uint32_t attempts, uint32_t random)
{
	int64_t wait = least, quarter;
	uint32_t i;

	for (i = 1; i < attempts && wait < most; i++)
		wait *= 2;
	if (wait > most)
		wait = most;
	quarter = wait / 4;
	return wait - quarter + (int64_t)(random % 1024) * quarter / 512;
}

/* ---- beginning and end ---- */

struct outbox *
outbox_new(struct deliver *d)
{
	struct outbox *o = xcalloc(1, sizeof *o);

	o->deliver = d;
	STAILQ_INIT(&o->ready);
	STAILQ_INIT(&o->writing);
	/* Whatever a run before has said: from now on it is ours to say. */
	outbox_set_due(store_dir(d->store), clock_wall());
	begin_walk(o);
	outbox_kick(o);
	return o;
}

static int64_t
next_due(const struct outbox *o)
{
	int64_t now = clock_wall();

	if (o->is_walking || o->is_partial)
		return now;
	if (!o->is_able)
		return now + UNABLE_WAIT;
	return o->count > 0 && o->heap[0]->next > now ? o->heap[0]->next : now;
}

void
outbox_free(struct outbox **outbox)
{
	struct outbox *o = *outbox;
	size_t cursor = 0;
	struct str key;
	void *entry;

	if (o == NULL)
		return;
	outbox_set_due(store_dir(o->deliver->store), next_due(o));
	loop_unwatch(&o->timer);
	loop_unwatch(&o->done_timer);
	loop_unwatch(&o->stop_timer);
	outbox_free_endings(o);
	while (table_has_next(&o->by_id, &cursor, &key, &entry))
		free(entry);
	table_fini(&o->by_id);
	free(o->heap);
	free(o);
	*outbox = NULL;
}

/* Relay takes too long, or is gone: what it has will be given again. */
static void
take_back(struct outbox *o)
{
	size_t cursor = 0;
	struct str key;
	void *found;

	while (table_has_next(&o->by_id, &cursor, &key, &found)) {
		struct entry *entry = found;

		if (entry->state == ENTRY_IS_SENT)
			outbox_put_off(o, entry, clock_wall());
	}
	o->sent = 0;
}

static void
out_of_patience(void *arg)
{
	struct outbox *o = arg;

	if (o->sent > 0)
		log_warn("%zu outgoing messages are with relay and not reported yet: they are sent "
			 "again when this process runs again", o->sent);
	take_back(o);
	deliver_check_stop(o->deliver);
}

void
outbox_stop(struct outbox *o)
{
	if (o->is_stopped)
		return;
	o->is_stopped = true;
	loop_unwatch(&o->timer);
	if (o->sent > 0)
		loop_timer(o->deliver->loop, &o->stop_timer, OUTBOX_STOP_PATIENCE, out_of_patience, o);
}

bool
outbox_is_idle(const struct outbox *o)
{
	return o->sent == 0 && o->ends == 0;
}

bool
outbox_is_due_soon(const struct outbox *o)
{
	if (o->is_walking)
		return true;
	return o->is_able && o->count > 0 && o->heap[0]->next < clock_wall() + OUTBOX_SOON;
}

void
outbox_set_route(struct outbox *o, bool is_able)
{
	o->is_able = is_able;
	if (is_able)
		o->told_waiting = 0;
	else if (o->deliver->relay == NULL) {
		take_back(o);
		deliver_check_stop(o->deliver);
	}
	o->paused_until = o->pause = 0;
	outbox_kick(o);
}

/* ---- the operator ---- */

struct hurry {
	struct outbox *outbox;
	struct str user;
	size_t count;
};

static void
hurry(struct hurry *h, struct entry *entry)
{
	if (entry == NULL || entry->state != ENTRY_WAITS)
		return;
	entry->next = 0;
	sift_up(h->outbox, entry);
	h->count++;
}

static void
hurry_user(void *arg, uint64_t id, const struct disk_outbox_row *row)
{
	struct hurry *h = arg;

	if (h->user.n == 0 || str_is_equal(row->user, h->user))
		hurry(h, outbox_find(h->outbox, id));
}

size_t
outbox_flush(struct outbox *o, uint64_t id, struct str user)
{
	struct hurry h = { .outbox = o, .user = user };
	uint64_t from = 0;
	struct fail why;
	int rc = 0;

	if (id != 0)
		hurry(&h, outbox_find(o, id));
	while (id == 0 && (rc = store_outbox_walk(o->deliver->store, &from, hurry_user, &h, &why)) == 0)
		continue;
	if (rc == -1)
		log_error("%s", why.log);
	o->paused_until = o->pause = 0;
	outbox_kick(o);
	return h.count;
}

int
outbox_delete(struct outbox *o, uint64_t id, struct fail *why)
{
	const struct outcome outcome = { .class = FAIL_PERM, .is_deleted = true,
		.status = STR("5.7.0"), .reply = STR("deleted by the operator") };
	struct entry *entry = outbox_find(o, id);
	struct disk_outbox_row row;
	struct arena a;
	int rc;

	if (entry != NULL && entry->state == ENTRY_IS_SENT)
		return fail_set(why, FAIL_TEMP, 5, 1, 0, "", "%llu is just being sent",
		    (unsigned long long)id);
	arena_init(&a);
	rc = entry != NULL && entry->state == ENTRY_ENDS ? 1
	    : store_outbox_get(o->deliver->store, id, &a, &row, why);
	if (rc == 0) {
		if (entry == NULL) {
			entry = xcalloc(1, sizeof *entry);
			entry->id = id;
			table_put(&o->by_id, id_key(&entry->id), entry);
		} else
			outbox_take_out(o, entry);
		outbox_end(o, entry, &row, &outcome);
	} else if (rc == 1)
		fail_set(why, FAIL_PERM, 5, 1, 0, "", "there is no %llu in the outbox",
		    (unsigned long long)id);
	arena_fini(&a);
	return rc == 0 ? 0 : -1;
}

bool
outbox_has_recorded(struct outbox *o, uint64_t id)
{
	const struct entry *entry = outbox_find(o, id);

	return entry == NULL || entry->state != ENTRY_ENDS;
}

bool
outbox_is_looking(const struct outbox *o)
{
	return o->is_walking && !o->is_stopped;
}

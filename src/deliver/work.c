/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Explicit work on the store.  Only combines what settle, checkpoint and
 * rescan do by themselves. */

#include "deliver/work.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "deliver/deliver.h"

struct work {
	struct deliver *deliver;
	uint64_t id;
	struct user *user;
	uint64_t row;	   /* of the outbox, that is being deleted */
	struct buf object; /* what is to be sent now */
	struct watch timer;
};

/* Until a deleted row is recorded, or all rows are known: looked at again. */
#define RECORD_WAIT (CLOCK_SECOND / 100)

static void
end_work(struct work *work, bool is_ok, struct str text)
{
	struct msg_DELIVER_DID_SYNC answer = { work->id, is_ok, text };

	if (work->deliver->master != NULL)
		wire_send(work->deliver->master, MSG_DELIVER_DID_SYNC, &answer);
	user_give(&work->user);
	buf_fini(&work->object);
	free(work);
}

static void
synced(void *arg)
{
	struct work *work = arg;
	struct buf text = BUF_EMPTY;
	struct store_user *used;
	struct fail why;
	bool is_ok = checkpoint_is_ok(work->deliver->checkpoint);

	if (!is_ok)
		buf_add_cstr(&text, "the index could not be written, see the log");
	else if (work->row != 0)
		buf_addf(&text, "%llu is deleted", (unsigned long long)work->row);
	else if (work->user == NULL)
		buf_add_cstr(&text, "the index is up to date");
	else {
		used = store_user(work->deliver->store, work->user->name, work->user->root, &why);
		is_ok = used != NULL;
		if (is_ok)
			buf_addf(&text, "%.*s: %llu messages, %llu bytes",
			    STR_ARG(work->user->name), (unsigned long long)used->messages,
			    (unsigned long long)used->bytes);
		else
			buf_add_cstr(&text, why.log);
	}
	end_work(work, is_ok, buf_str(&text));
	buf_fini(&text);
}

static void
rescanned(void *arg)
{
	struct work *work = arg;

	checkpoint_ask(work->deliver->checkpoint, synced, work);
}

static void
user_found(struct user *user, const struct fail *why, void *arg)
{
	struct work *work = arg;

	if (user == NULL) {
		end_work(work, false, str_of(why->log));
		return;
	}
	work->user = user;
	rescans_force(work->deliver->rescans, user, rescanned, work);
}

/* ---- the outbox ---- */

/* "all", "user NAME" or a number. */
static void
flush(void *arg)
{
	struct work *work = arg;
	struct outbox *outbox = work->deliver->outbox;
	struct str object = buf_str(&work->object);
	struct buf text = BUF_EMPTY;
	uint64_t row = 0;
	size_t count;

	if (outbox_is_looking(outbox)) {
		loop_timer(work->deliver->loop, &work->timer, RECORD_WAIT, flush, work);
		return;
	}
	if (str_has_prefix(object, STR("user ")))
		count = outbox_flush(outbox, 0, str_from(object, 5));
	else if (str_is_equal(object, STR("all")))
		count = outbox_flush(outbox, 0, STR_EMPTY);
	else
		count = str_is_number(object, UINT64_MAX, &row) && row > 0
		    ? outbox_flush(outbox, row, STR_EMPTY) : 0;
	buf_addf(&text, "%zu of %s due now", count, work->deliver->owner);
	if (row != 0 && count == 0)
		buf_addf(&text, ": there is no %llu that waits", (unsigned long long)row);
	else if (work->deliver->no_relay != NULL)
		buf_addf(&text, ", but nothing can be sent: %s", work->deliver->no_relay);
	end_work(work, row == 0 || count > 0, buf_str(&text));
	buf_fini(&text);
}

static void
look_recorded(void *arg)
{
	struct work *work = arg;

	if (outbox_has_recorded(work->deliver->outbox, work->row))
		checkpoint_ask(work->deliver->checkpoint, synced, work);
	else
		loop_timer(work->deliver->loop, &work->timer, RECORD_WAIT, look_recorded, work);
}

static void
delete_row(struct work *work, struct str object)
{
	struct fail why = FAIL_EMPTY;

	if (!str_is_number(object, UINT64_MAX, &work->row) || work->row == 0)
		end_work(work, false, STR("expected: delete NUMBER"));
	else if (outbox_delete(work->deliver->outbox, work->row, &why) == -1)
		end_work(work, false, str_of(why.log));
	else
		look_recorded(work);
}

void
work_begin(struct deliver *d, const struct msg_MASTER_ASKS_SYNC *message)
{
	struct work *work = xcalloc(1, sizeof *work);
	struct str rest = message->work, verb;

	*work = (struct work){ .deliver = d, .id = message->id };
	str_can_split(&rest, ' ', &verb);
	if (str_is_equal(verb, STR("sync"))) {
		settle_now(d->settle);
		checkpoint_ask(d->checkpoint, synced, work);
	} else if ((str_is_equal(verb, STR("recalc")) || str_is_equal(verb, STR("rebuild"))) &&
	    rest.n > 0)
		users_find(d->users, rest, user_found, work);
	else if (str_is_equal(verb, STR("flush"))) {
		buf_add_str(&work->object, rest);
		flush(work);
	} else if (str_is_equal(verb, STR("delete")))
		delete_row(work, rest);
	else
		end_work(work, false,
		    STR("unknown work: sync, recalc USER, rebuild USER, flush WHAT, delete ID"));
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Explicit work on the store.  Only combines what settle, checkpoint and
 * rescan do by themselves. */

#include "deliver/work.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "deliver/deliver.h"

struct work {
	struct deliver *deliver;
	uint64_t id;
	struct user *user;
};

static void
end_work(struct work *work, bool is_ok, struct str text)
{
	struct msg_DELIVER_DID_SYNC answer = { work->id, is_ok, text };

	if (work->deliver->master != NULL)
		wire_send(work->deliver->master, MSG_DELIVER_DID_SYNC, &answer);
	user_give(&work->user);
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
	else
		end_work(work, false, STR("unknown work: sync, recalc USER, rebuild USER"));
}

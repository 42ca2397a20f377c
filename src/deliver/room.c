/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Quota questions.  Knows limits and counters; the counting itself is the
 * store's, looking at the disk is rescan's. */

#include "deliver/room.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "deliver/deliver.h"

/* A question that waits for directory or for a rescan. */
struct room {
	TAILQ_ENTRY(room) entry;
	struct deliver *deliver;
	struct session_link *link; /* NULL: nobody waits any more */
	uint64_t id, size;
	int64_t begun;
	struct user *user;
};

int
room_check(struct deliver *d, struct user *user, uint64_t size, struct fail *why)
{
	struct store_user *used;
	enum fail_class class = d->conf->quota_full_tempfail ? FAIL_TEMP : FAIL_PERM;
	uint64_t bytes, messages;

	if (user->quota_bytes == 0 && user->quota_messages == 0)
		return 0;
	used = store_user(d->store, user->name, user->root, why);
	if (used == NULL)
		return -1;
	bytes = used->bytes + used->pending_bytes;
	messages = used->messages + used->pending_messages;
	if (user->quota_bytes != 0 && (size > user->quota_bytes || bytes > user->quota_bytes - size))
		return fail_set(why, class, 2, 2, 0, "Mailbox is full",
		    "user %.*s uses %llu bytes of %llu, the message has %llu", STR_ARG(user->name),
		    (unsigned long long)bytes, (unsigned long long)user->quota_bytes,
		    (unsigned long long)size);
	if (user->quota_messages != 0 && messages >= user->quota_messages)
		return fail_set(why, class, 2, 2, 0, "Mailbox is full",
		    "user %.*s has %llu messages of %llu", STR_ARG(user->name),
		    (unsigned long long)messages, (unsigned long long)user->quota_messages);
	return 0;
}

static void
end_room(struct room *room, const struct fail *why)
{
	if (room->link != NULL)
		links_answer_room(room->link, room->id, why);
	TAILQ_REMOVE(&room->deliver->rooms, room, entry);
	user_give(&room->user);
	free(room);
}

static void
check_again(void *arg)
{
	struct room *room = arg;
	struct fail why = FAIL_EMPTY;

	room_check(room->deliver, room->user, room->size, &why);
	end_room(room, &why);
}

static void
user_found(struct user *user, const struct fail *not_found, void *arg)
{
	struct room *room = arg;
	struct deliver *d = room->deliver;
	struct fail why = FAIL_EMPTY;

	if (user == NULL) {
		end_room(room, not_found);
		return;
	}
	room->user = user;
	if ((int64_t)user->unfinished >= d->conf->user_concurrency_limit)
		fail_set(&why, FAIL_TEMP, 3, 2, 0, "Too many concurrent deliveries for user",
		    "user %.*s has %u messages in hand: user_concurrency_limit",
		    STR_ARG(user->name), user->unfinished);
	else if (room_check(d, user, room->size, &why) == -1 && why.subject == 2 &&
	    user->rescanned < room->begun) {
		/* Nobody is refused on stale numbers (DESIGN 4). */
		rescans_begin(d->rescans, user, check_again, room);
		return;
	}
	end_room(room, &why);
}

void
room_ask(struct deliver *d, struct session_link *link, const struct msg_SESSION_ASKS_ROOM *message)
{
	struct room *room = xcalloc(1, sizeof *room);

	*room = (struct room){
		.deliver = d,
		.link = link,
		.id = message->id,
		.size = message->size,
		.begun = clock_monotonic(),
	};
	TAILQ_INSERT_TAIL(&d->rooms, room, entry);
	users_find(d->users, message->user, user_found, room);
}

void
rooms_forget(struct deliver *d, struct session_link *link)
{
	struct room *room;

	TAILQ_FOREACH(room, &d->rooms, entry)
		if (room->link == link)
			room->link = NULL;
}

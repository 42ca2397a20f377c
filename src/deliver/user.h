/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_USER_H
#define DOORSTEP_DELIVER_USER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/fail.h"
#include "base/loop.h"
#include "base/str.h"
#include "ipc/wire.h"

/*
 * User records as directory gives them to deliver alone (session only names a
 * user).  Kept for USER_FRESH so that a stream of mail to one user does not ask
 * for each message; forgotten at reload.
 */
#define USER_FRESH (5 * INT64_C(1000000))
/* Records kept; the longest unused go first. */
#define USER_CACHE_MAX 20000

struct user {
	struct str name;
	/* What directory said; valid when state is USER_KNOWN. */
	struct str root;   /* of the Maildir, absolute */
	struct str home, script, source, delimiters;
	uint64_t quota_bytes, quota_messages;
	unsigned unfinished; /* jobs in hand: user_concurrency_limit */
	bool is_held;	     /* a rescan is under way: nothing is committed meanwhile */
	int64_t rescanned;   /* end of the last one, clock_monotonic */
	unsigned in_flight;  /* copies prepared and not yet placed */
	struct user_private *private;
};

struct users;
/* found: why is FAIL_NONE and user held for the callee (user_give). */
typedef void (*user_fn)(struct user *user, const struct fail *why, void *arg);

struct users *users_new(void); /* owned */
void users_free(struct users **users);
/* The link to directory changed (NULL: it is down): open questions fail TEMP. */
void users_set_directory(struct users *users, struct wire *directory);
void users_forget(struct users *users); /* reload: ask anew from now on */

/* Calls fn, perhaps before it returns. */
void users_find(struct users *users, struct str name, user_fn fn, void *arg);
void users_answer(struct users *users, const struct msg_DIRECTORY_ANSWERS_USER *answer);
void user_hold(struct user *user);
void user_give(struct user **user); /* legal on NULL */

#endif

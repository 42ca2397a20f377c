/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The cache of user records and the questions to directory that fill it.
 * Knows nothing of what the records are used for. */

#include "deliver/user.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/table.h"
#include "base/xalloc.h"

/* Only Maildir is written so far; anything else is refused, not guessed. */
#define MAIL_PREFIX STR("maildir:")

struct waiter {
	STAILQ_ENTRY(waiter) entry;
	user_fn fn;
	void *arg;
};

struct user_private {
	struct user user;
	struct arena arena; /* of what directory said last */
	char *name;
	bool is_known;
	int64_t fetched; /* clock_monotonic of the answer */
	uint64_t question; /* open one, or 0 */
	unsigned holders;
	STAILQ_HEAD(, waiter) waiters;
	TAILQ_ENTRY(user_private) entry; /* all, in order of use */
};

struct users {
	struct table by_name;
	TAILQ_HEAD(, user_private) all;
	struct wire *directory;
	uint64_t next_question;
	int64_t valid_from; /* records fetched before it are stale */
};

struct users *
users_new(void)
{
	struct users *users = xcalloc(1, sizeof *users);

	users->next_question = 1;
	TAILQ_INIT(&users->all);
	return users;
}

static void
destroy(struct users *users, struct user_private *p)
{
	TAILQ_REMOVE(&users->all, p, entry);
	table_remove(&users->by_name, p->user.name);
	arena_fini(&p->arena);
	free(p->name);
	free(p);
}

void
users_free(struct users **users_ptr)
{
	struct users *users = *users_ptr;

	if (users == NULL)
		return;
	while (!TAILQ_EMPTY(&users->all))
		destroy(users, TAILQ_FIRST(&users->all));
	table_fini(&users->by_name);
	free(users);
	*users_ptr = NULL;
}

static struct user_private *
make(struct users *users, struct str name)
{
	struct user_private *p = xcalloc(1, sizeof *p), *old, *next;

	p->name = xstrndup(name);
	p->user.name = str_of(p->name);
	p->user.private = p;
	STAILQ_INIT(&p->waiters);
	arena_init(&p->arena);
	table_put(&users->by_name, p->user.name, p);
	TAILQ_INSERT_TAIL(&users->all, p, entry);
	for (old = TAILQ_FIRST(&users->all);
	     table_count(&users->by_name) > USER_CACHE_MAX && old != NULL && old != p; old = next) {
		next = TAILQ_NEXT(old, entry);
		if (old->holders == 0 && STAILQ_EMPTY(&old->waiters))
			destroy(users, old);
	}
	return p;
}

static void
tell_waiters(struct user_private *p, const struct fail *why)
{
	struct waiter *waiter;
	STAILQ_HEAD(, waiter) told = STAILQ_HEAD_INITIALIZER(told);

	/* A callback may ask for the same user again: it gets a list of its own. */
	STAILQ_CONCAT(&told, &p->waiters);
	p->holders++;
	while ((waiter = STAILQ_FIRST(&told)) != NULL) {
		STAILQ_REMOVE_HEAD(&told, entry);
		if (why->class == FAIL_NONE)
			p->holders++;
		waiter->fn(why->class == FAIL_NONE ? &p->user : NULL, why, waiter->arg);
		free(waiter);
	}
	p->holders--;
}

static void
fail_directory(struct fail *why)
{
	fail_set(why, FAIL_TEMP, 3, 0, 0, "User database is not available, try again later",
	    "the directory process is not there: try again, see the log for its end");
}

void
users_set_directory(struct users *users, struct wire *directory)
{
	struct user_private *p, *next;
	struct fail why;

	users->directory = directory;
	fail_directory(&why);
	for (p = TAILQ_FIRST(&users->all); p != NULL; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (p->question == 0)
			continue;
		p->question = 0;
		tell_waiters(p, &why);
	}
}

void
users_forget(struct users *users)
{
	users->valid_from = clock_monotonic();
}

static void
ask(struct users *users, struct user_private *p)
{
	struct msg_DELIVER_ASKS_USER question = { .user = p->user.name };

	if (p->question != 0)
		return;
	question.id = p->question = users->next_question++;
	wire_send(users->directory, MSG_DELIVER_ASKS_USER, &question);
}

void
users_find(struct users *users, struct str name, user_fn fn, void *arg)
{
	struct user_private *p = table_get(&users->by_name, name);
	struct waiter *waiter;
	struct fail why = FAIL_EMPTY;

	if (p == NULL)
		p = make(users, name);
	TAILQ_REMOVE(&users->all, p, entry);
	TAILQ_INSERT_TAIL(&users->all, p, entry);
	if (p->is_known && p->fetched >= users->valid_from &&
	    clock_monotonic() - p->fetched < USER_FRESH) {
		p->holders++;
		fn(&p->user, &why, arg);
		return;
	}
	if (users->directory == NULL) {
		fail_directory(&why);
		fn(NULL, &why, arg);
		return;
	}
	waiter = xmalloc(sizeof *waiter);
	*waiter = (struct waiter){ .fn = fn, .arg = arg };
	STAILQ_INSERT_TAIL(&p->waiters, waiter, entry);
	ask(users, p);
}

/* -1: the record cannot be used for a delivery. */
static int
take_record(struct user_private *p, const struct msg_DIRECTORY_ANSWERS_USER *answer,
    struct fail *why)
{
	struct user *user = &p->user;
	struct str root = str_from(answer->mail, MAIL_PREFIX.n);

	if (!str_has_prefix(answer->mail, MAIL_PREFIX) || root.n == 0 || root.p[0] != '/')
		return fail_set(why, FAIL_TEMP, 3, 5, 0, "Mailbox is misconfigured",
		    "user %.*s: mail location \"%.*s\" is not maildir:/absolute/path: "
		    "correct mail_location",
		    STR_ARG(user->name), STR_ARG(str_sub(answer->mail, 0, 200)));
	/* Holders of an older record keep pointers into it until they give it
	 * back: only then may its memory be used again. */
	if (p->holders == 0)
		arena_empty(&p->arena);
	while (root.n > 1 && root.p[root.n - 1] == '/')
		root.n--;
	user->root = arena_str(&p->arena, root);
	user->home = arena_str(&p->arena, answer->home);
	user->script = arena_str(&p->arena, answer->script);
	user->source = arena_str(&p->arena, answer->source);
	user->delimiters = arena_str(&p->arena, answer->delimiters);
	user->quota_bytes = answer->quota_bytes;
	user->quota_messages = answer->quota_messages;
	p->is_known = true;
	p->fetched = clock_monotonic();
	return 0;
}

static bool
is_unchanged(const struct user *user, const struct msg_DIRECTORY_ANSWERS_USER *answer)
{
	return str_is_equal(user->root, str_from(answer->mail, MAIL_PREFIX.n)) &&
	    str_is_equal(user->home, answer->home) && str_is_equal(user->script, answer->script) &&
	    str_is_equal(user->source, answer->source) &&
	    str_is_equal(user->delimiters, answer->delimiters) &&
	    user->quota_bytes == answer->quota_bytes &&
	    user->quota_messages == answer->quota_messages;
}

void
users_answer(struct users *users, const struct msg_DIRECTORY_ANSWERS_USER *answer)
{
	struct user_private *p = table_get(&users->by_name, answer->user);
	struct fail why = FAIL_EMPTY;

	if (p == NULL || p->question == 0 || p->question != answer->id)
		return;
	p->question = 0;
	if (answer->class != FAIL_NONE)
		fail_set(&why, answer->class == FAIL_PERM ? FAIL_PERM : FAIL_TEMP,
		    answer->class == FAIL_PERM ? 1 : 3, answer->class == FAIL_PERM ? 1 : 0, 0,
		    answer->class == FAIL_PERM ? "User unknown" : "User database is not available",
		    "user %.*s: %.*s", STR_ARG(answer->user), STR_ARG(str_sub(answer->text, 0, 200)));
	else if (p->is_known && is_unchanged(&p->user, answer))
		p->fetched = clock_monotonic();
	else
		take_record(p, answer, &why);
	tell_waiters(p, &why);
}

void
user_hold(struct user *user)
{
	user->private->holders++;
}

void
user_give(struct user **user)
{
	if (*user == NULL)
		return;
	BUG_ON((*user)->private->holders == 0);
	(*user)->private->holders--;
	*user = NULL;
}

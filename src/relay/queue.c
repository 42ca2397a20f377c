/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Which mail goes where and when.  It speaks no protocol, and keeps nothing
 * that deliver does not keep as well. */
#include "relay/queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "relay/remote.h"

/* A mail with sendmail. */
struct errand {
	TAILQ_ENTRY(errand) entry;
	struct queue *queue;
	struct mail *mail;
	uint64_t question;
};

struct queue {
	struct loop *loop;
	struct outside *outside;
	struct conf *conf; /* NULL: none yet */
	queue_fn done;
	void *arg;
	struct mails waiting;
	size_t mail_count; /* waiting and under way */
	struct remotes remotes, retired;
	TAILQ_HEAD(, errand) errands;
	unsigned errand_count;
	struct watch soon, drain_timer;
	void (*drained)(void *arg); /* NULL: it is not draining */
	void *drained_arg;
};

static void run(void *arg);

/* From the loop, never from here: whoever calls is amid something. */
static void
wake(struct queue *q)
{
	if (!loop_is_set(&q->soon))
		loop_soon(q->loop, &q->soon, run, q);
}

static void
finish(struct queue *q, struct mail *mail, const struct outcome *outcome)
{
	q->mail_count--;
	if (mail->peer == NULL)
		mail_free(&mail);
	else
		q->done(mail, outcome, q->arg);
}

/* ---- what clients say; arg is their remote, whose arg is the queue ---- */

static void
client_ready(struct client *client, void *arg)
{
	struct remote *r = arg;
	struct queue *q = r->arg;
	struct mail *mail;

	remote_found_ready(r);
	/* At once: waiting for the loop would cost each mail a turn. */
	while (q->drained == NULL && client_is_idle(client)
	    && (mail = TAILQ_FIRST(&q->waiting)) != NULL) {
		TAILQ_REMOVE(&q->waiting, mail, entry);
		client_send(client, mail);
	}
	wake(q);
}

static void
client_done(struct client *client, struct mail *mail, const struct outcome *outcome, void *arg)
{
	struct remote *r = arg;

	(void)client;
	finish(r->arg, mail, outcome);
}

static void
client_gives_back(struct client *client, struct mail *mail, void *arg)
{
	struct remote *r = arg;
	struct queue *q = r->arg;

	(void)client;
	if (mail->peer == NULL) {
		q->mail_count--;
		mail_free(&mail);
		return;
	}
	TAILQ_INSERT_HEAD(&q->waiting, mail, entry);
	wake(q);
}

static void
client_gone(struct client *client, enum client_end how, const struct fail *why, void *arg)
{
	struct remote *r = arg;
	struct queue *q = r->arg;

	remote_lost(r, client, how, why);
	wake(q);
}

static const struct client_owner owner = { client_ready, client_done, client_gives_back,
	client_gone };

static void
remote_changed(struct remote *r, void *arg)
{
	(void)r;
	wake(arg);
}

/* ---- sendmail ---- */

static void
errand_done(const struct msg_OUTSIDE_ANSWERS *answer, int fd, void *arg)
{
	struct errand *errand = arg;
	struct queue *q = errand->queue;
	struct mail *mail = errand->mail;
	struct outcome outcome = { .remote = "sendmail" };

	file_close(&fd);
	fail_set(&outcome.fail, answer->class == FAIL_PERM ? FAIL_PERM : FAIL_TEMP,
	    answer->subject, answer->detail, 0, "", "%.*s", STR_ARG(answer->text));
	if (answer->class == FAIL_NONE)
		outcome.fail.class = FAIL_NONE;
	TAILQ_REMOVE(&q->errands, errand, entry);
	q->errand_count--;
	free(errand);
	finish(q, mail, &outcome);
	wake(q);
}

static int
begin_errand(struct queue *q, struct mail *mail, struct fail *why)
{
	struct msg_RELAY_ASKS_OUTSIDE question = { .kind = OUTSIDE_SENDMAIL,
		.sender = mail->said.sender, .recipient = mail->said.recipient, .fd = -1 };
	struct errand *errand;
	struct str whole;

	if (envelope_check(mail, why) == -1 || content_whole(&mail->content, &whole, why) == -1)
		return -1;
	/* A copy of its own: other mails may share deliver's file and its place. */
	if (file_sealed(whole, &question.fd, why) == -1)
		return -1;
	errand = xcalloc(1, sizeof *errand);
	errand->queue = q;
	errand->mail = mail;
	TAILQ_INSERT_TAIL(&q->errands, errand, entry);
	q->errand_count++;
	errand->question = outside_ask(q->outside, &question, errand_done, errand);
	file_close(&question.fd);
	return 0;
}

static void
run_errands(struct queue *q)
{
	struct mail *mail;

	while (q->errand_count < q->conf->relay_concurrency
	    && (mail = TAILQ_FIRST(&q->waiting)) != NULL) {
		struct outcome outcome = { .fail = FAIL_EMPTY, .remote = "" };

		TAILQ_REMOVE(&q->waiting, mail, entry);
		if (begin_errand(q, mail, &outcome.fail) == -1)
			finish(q, mail, &outcome);
	}
}

/* ---- remotes ---- */

static struct remote *
first_awake(struct queue *q)
{
	struct remote *r;

	TAILQ_FOREACH(r, &q->remotes, entry)
		if (!remote_is_resting(r))
			return r;
	return NULL;
}

static void
fail_all(struct queue *q)
{
	struct remote *first = TAILQ_FIRST(&q->remotes);
	struct outcome outcome = { .fail = FAIL_EMPTY, .remote = "" };
	struct mail *mail;

	fail_set(&outcome.fail, FAIL_TEMP, 4, first == NULL ? 3 : 1, 0, "", "%s", first == NULL
	    ? "no route for outgoing mail is configured" : first->reason);
	while ((mail = TAILQ_FIRST(&q->waiting)) != NULL) {
		TAILQ_REMOVE(&q->waiting, mail, entry);
		finish(q, mail, &outcome);
	}
}

static void
run_remote(struct queue *q, struct remote *r)
{
	unsigned room = remote_room(r), coming = remote_coming(r), wanted = 0;
	struct client *client;
	struct mail *mail;

	while ((mail = TAILQ_FIRST(&q->waiting)) != NULL
	    && (client = remote_idle_client(r)) != NULL) {
		TAILQ_REMOVE(&q->waiting, mail, entry);
		client_send(client, mail);
	}
	/* As many as there is mail that no connection will come for. */
	TAILQ_FOREACH(mail, &q->waiting, entry)
		if (++wanted >= coming + room)
			break;
	/* The first failure puts it to rest; the name is looked up once. */
	for (; wanted > coming && room > 0 && !remote_is_resting(r) && r->lookup == 0; room--) {
		remote_open(r);
		wanted--;
	}
}

/* A retired remote without connections is of no more use. */
static void
sweep(struct queue *q)
{
	struct remote *r, *next;

	for (r = TAILQ_FIRST(&q->retired); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->client_count > 0)
			continue;
		TAILQ_REMOVE(&q->retired, r, entry);
		remote_free(&r);
	}
}

static bool
is_busy_remote(const struct remote *r)
{
	const struct client *client;

	TAILQ_FOREACH(client, &r->clients, entry)
		if (client->mail != NULL)
			return true;
	return false;
}

static bool
is_busy(const struct queue *q)
{
	const struct remote *r;

	TAILQ_FOREACH(r, &q->remotes, entry)
		if (is_busy_remote(r))
			return true;
	TAILQ_FOREACH(r, &q->retired, entry)
		if (is_busy_remote(r))
			return true;
	return q->errand_count > 0;
}

static void
run(void *arg)
{
	struct queue *q = arg;
	struct remote *r;

	sweep(q);
	if (q->drained != NULL) {
		if (!is_busy(q))
			q->drained(q->drained_arg);
		return;
	}
	if (TAILQ_EMPTY(&q->waiting) || q->conf == NULL)
		return;
	if (q->conf->relay_sendmail[0] != '\0') {
		run_errands(q);
		return;
	}
	r = first_awake(q);
	if (r == NULL)
		fail_all(q);
	else
		run_remote(q, r);
	/* It may have been put to rest at once: then the next. */
	if (r != NULL && remote_is_resting(r))
		wake(q);
}

/* ---- from outside ---- */

struct queue *
queue_new(struct loop *loop, struct outside *outside, queue_fn done, void *arg)
{
	struct queue *q = xcalloc(1, sizeof *q);

	q->loop = loop;
	q->outside = outside;
	q->done = done;
	q->arg = arg;
	TAILQ_INIT(&q->waiting);
	TAILQ_INIT(&q->remotes);
	TAILQ_INIT(&q->retired);
	TAILQ_INIT(&q->errands);
	return q;
}

static void
free_client_mails(struct remote *r)
{
	struct client *client;

	TAILQ_FOREACH(client, &r->clients, entry)
		mail_free(&client->mail);
}

static void
free_remotes(struct remotes *remotes)
{
	struct remote *r;

	while ((r = TAILQ_FIRST(remotes)) != NULL) {
		TAILQ_REMOVE(remotes, r, entry);
		free_client_mails(r);
		remote_free(&r);
	}
}

void
queue_free(struct queue **queue)
{
	struct queue *q = *queue;
	struct errand *errand;
	struct mail *mail;

	if (q == NULL)
		return;
	free_remotes(&q->remotes);
	free_remotes(&q->retired);
	while ((errand = TAILQ_FIRST(&q->errands)) != NULL) {
		TAILQ_REMOVE(&q->errands, errand, entry);
		outside_forget(q->outside, errand->question);
		mail_free(&errand->mail);
		free(errand);
	}
	while ((mail = TAILQ_FIRST(&q->waiting)) != NULL) {
		TAILQ_REMOVE(&q->waiting, mail, entry);
		mail_free(&mail);
	}
	loop_unwatch(&q->soon);
	loop_unwatch(&q->drain_timer);
	conf_free(&q->conf);
	free(q);
	*queue = NULL;
}

void
queue_configure(struct queue *q, struct conf *conf, struct str password, tls_context *tls)
{
	struct remote *r;
	size_t i;

	while ((r = TAILQ_FIRST(&q->remotes)) != NULL) {
		TAILQ_REMOVE(&q->remotes, r, entry);
		TAILQ_INSERT_TAIL(&q->retired, r, entry);
		remote_retire(r);
	}
	for (i = 0; i < conf->relay_host.n; i++) {
		r = remote_new(q->loop, q->outside, conf, conf->relay_host.at[i], password, tls);
		r->owner = &owner;
		r->arg = q;
		r->changed = remote_changed;
		TAILQ_INSERT_TAIL(&q->remotes, r, entry);
	}
	conf_free(&q->conf);
	q->conf = conf;
	wake(q);
}

bool
queue_has_route(const struct queue *q)
{
	return q->conf != NULL
	    && (!TAILQ_EMPTY(&q->remotes) || q->conf->relay_sendmail[0] != '\0');
}

void
queue_add(struct queue *q, struct mail *mail)
{
	struct outcome outcome = { .fail = FAIL_EMPTY, .remote = "" };

	q->mail_count++;
	if (q->mail_count > QUEUE_MAILS_MAX) {
		fail_set(&outcome.fail, FAIL_TEMP, 3, 2, 0, "", "too much mail is on its way");
		finish(q, mail, &outcome);
		return;
	}
	TAILQ_INSERT_TAIL(&q->waiting, mail, entry);
	wake(q);
}

/* Of clients, those that are amid a message of that peer: one ends, and the
 * list begins anew, until there is none. */
static bool
can_drop_one(struct remote *r, const struct peer *peer)
{
	struct client *client;

	TAILQ_FOREACH(client, &r->clients, entry) {
		if (client->mail == NULL || client->mail->peer != peer)
			continue;
		client->mail->peer = NULL;
		client_drop_mail(client);
		return true;
	}
	return false;
}

void
queue_drop_peer(struct queue *q, const struct peer *peer)
{
	struct errand *errand;
	struct remote *r;
	struct mail *mail, *next;

	for (mail = TAILQ_FIRST(&q->waiting); mail != NULL; mail = next) {
		next = TAILQ_NEXT(mail, entry);
		if (mail->peer != peer)
			continue;
		TAILQ_REMOVE(&q->waiting, mail, entry);
		q->mail_count--;
		mail_free(&mail);
	}
	/* A program that runs has the whole mail already. */
	TAILQ_FOREACH(errand, &q->errands, entry)
		if (errand->mail->peer == peer)
			errand->mail->peer = NULL;
	TAILQ_FOREACH(r, &q->remotes, entry)
		while (can_drop_one(r, peer))
			continue;
	TAILQ_FOREACH(r, &q->retired, entry)
		while (can_drop_one(r, peer))
			continue;
}

static void
drain_late(void *arg)
{
	struct queue *q = arg;

	q->drained(q->drained_arg);
}

void
queue_drain(struct queue *q, int64_t limit, void (*drained)(void *arg), void *arg)
{
	struct remote *r;

	q->drained = drained;
	q->drained_arg = arg;
	TAILQ_FOREACH(r, &q->remotes, entry)
		remote_retire(r);
	loop_timer(q->loop, &q->drain_timer, limit, drain_late, q);
	wake(q);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Questions to the half outside, and who waits for their answers. */
#include <stdlib.h>
#include <sys/queue.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "relay/outside.h"

struct ask {
	TAILQ_ENTRY(ask) entry;
	uint64_t id;
	outside_fn fn;
	void *arg;
};

struct outside {
	struct loop *loop;
	struct wire *wire;
	struct watch soon;
	void (*gone)(void *arg);
	void *arg;
	uint64_t last_id;
	TAILQ_HEAD(, ask) asks;
};

static struct ask *
find(struct outside *o, uint64_t id)
{
	struct ask *ask;

	TAILQ_FOREACH(ask, &o->asks, entry)
		if (ask->id == id)
			return ask;
	return NULL;
}

static void
answer(struct outside *o, struct ask *ask, const struct msg_OUTSIDE_ANSWERS *message, int fd)
{
	outside_fn fn = ask->fn;
	void *arg = ask->arg;

	TAILQ_REMOVE(&o->asks, ask, entry);
	free(ask);
	fn(message, fd, arg);
}

static void
take_answer(struct wire *w, const union msg_any *any, void *arg)
{
	struct outside *o = arg;
	struct ask *ask = find(o, any->OUTSIDE_ANSWERS.id);

	(void)w;
	/* Forgotten meanwhile: a descriptor in it is closed by the link. */
	if (ask == NULL)
		return;
	answer(o, ask, &any->OUTSIDE_ANSWERS, wire_take_fd(any, &any->OUTSIDE_ANSWERS.fd));
}

static const wire_handler handlers[MSG_COUNT] = {
	[MSG_OUTSIDE_ANSWERS] = take_answer,
};

static void
link_gone(struct wire *w, void *arg)
{
	struct outside *o = arg;

	(void)w;
	wire_free(&o->wire);
	o->gone(o->arg);
}

struct outside *
outside_new(struct loop *loop, int fd, void (*gone)(void *arg), void *arg)
{
	struct outside *o = xcalloc(1, sizeof *o);

	o->loop = loop;
	o->gone = gone;
	o->arg = arg;
	TAILQ_INIT(&o->asks);
	if (fd != -1)
		o->wire = wire_new(loop, fd, handlers, link_gone, o);
	return o;
}

void
outside_free(struct outside **outside)
{
	struct outside *o = *outside;
	struct ask *ask;

	if (o == NULL)
		return;
	loop_unwatch(&o->soon);
	wire_free(&o->wire);
	while ((ask = TAILQ_FIRST(&o->asks)) != NULL) {
		TAILQ_REMOVE(&o->asks, ask, entry);
		free(ask);
	}
	free(o);
	*outside = NULL;
}

/* Nobody is there to answer. */
static void
refuse_all(void *arg)
{
	struct outside *o = arg;
	struct msg_OUTSIDE_ANSWERS message = { .class = FAIL_TEMP, .subject = 3, .fd = -1,
		.text = STR("relay has no half outside to do it") };
	struct ask *ask;

	while ((ask = TAILQ_FIRST(&o->asks)) != NULL)
		answer(o, ask, &message, -1);
}

uint64_t
outside_ask(struct outside *o, const struct msg_RELAY_ASKS_OUTSIDE *question, outside_fn fn,
    void *arg)
{
	struct msg_RELAY_ASKS_OUTSIDE message = *question;
	struct ask *ask = xcalloc(1, sizeof *ask);

	ask->id = ++o->last_id;
	ask->fn = fn;
	ask->arg = arg;
	TAILQ_INSERT_TAIL(&o->asks, ask, entry);
	message.id = ask->id;
	if (o->wire != NULL)
		wire_send(o->wire, MSG_RELAY_ASKS_OUTSIDE, &message);
	else
		loop_soon(o->loop, &o->soon, refuse_all, o);
	return ask->id;
}

void
outside_forget(struct outside *o, uint64_t id)
{
	struct ask *ask = find(o, id);

	if (ask == NULL)
		return;
	TAILQ_REMOVE(&o->asks, ask, entry);
	free(ask);
}

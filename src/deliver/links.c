/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Links to session processes.  Knows who asked and who waits for an answer,
 * not what is done with a job. */

#include "deliver/links.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/table.h"
#include "base/xalloc.h"
#include "deliver/deliver.h"
#include "deliver/room.h"

/* The marks that an answered job left. */
struct unseen {
	TAILQ_ENTRY(unseen) entry;
	uint64_t job;
	size_t count;
	unsigned char digests[][32];
};

struct session_link {
	TAILQ_ENTRY(session_link) entry;
	struct links *links;
	uint32_t worker;
	struct wire *wire;
	struct job_list jobs; /* through of_session */
	struct table unseen_by_job;
	TAILQ_HEAD(, unseen) unseen;
};

struct links {
	struct deliver *deliver;
	TAILQ_HEAD(, session_link) all;
};

struct links *
links_new(struct deliver *d)
{
	struct links *links = xcalloc(1, sizeof *links);

	links->deliver = d;
	TAILQ_INIT(&links->all);
	return links;
}

static struct str
id_key(const uint64_t *id)
{
	return (struct str){ (const char *)id, sizeof *id };
}

static void
forget_unseen(struct session_link *link, struct unseen *unseen)
{
	table_remove(&link->unseen_by_job, id_key(&unseen->job));
	TAILQ_REMOVE(&link->unseen, unseen, entry);
	free(unseen);
}

/* Jobs go on without a session: what was accepted is delivered, and since
 * nobody hears the answer the marks stand (DESIGN 4). */
static void
end_link(struct session_link *link)
{
	struct links *links = link->links;
	struct job *job;

	TAILQ_REMOVE(&links->all, link, entry);
	wire_free(&link->wire);
	while ((job = TAILQ_FIRST(&link->jobs)) != NULL)
		links_remove_job(job);
	while (!TAILQ_EMPTY(&link->unseen))
		forget_unseen(link, TAILQ_FIRST(&link->unseen));
	table_fini(&link->unseen_by_job);
	rooms_forget(links->deliver, link);
	free(link);
	deliver_check_stop(links->deliver);
}

static void
link_gone(struct wire *w, void *arg)
{
	(void)w;
	end_link(arg);
}

static void
take_job(struct wire *w, const union msg_any *any, void *arg)
{
	struct session_link *link = arg;

	(void)w;
	job_begin(link->links->deliver, link, &any->SESSION_GIVES_JOB);
}

static void
take_room(struct wire *w, const union msg_any *any, void *arg)
{
	struct session_link *link = arg;

	(void)w;
	room_ask(link->links->deliver, link, &any->SESSION_ASKS_ROOM);
}

static void
take_seen(struct wire *w, const union msg_any *any, void *arg)
{
	struct session_link *link = arg;
	struct unseen *unseen;
	size_t i;

	(void)w;
	unseen = table_get(&link->unseen_by_job, id_key(&any->SESSION_SAW_ANSWER.id));
	if (unseen == NULL)
		return;
	for (i = 0; i < unseen->count; i++)
		store_acknowledge(link->links->deliver->store, unseen->digests[i]);
	forget_unseen(link, unseen);
}

static const wire_handler session_handlers[MSG_COUNT] = {
	[MSG_SESSION_GIVES_JOB] = take_job,
	[MSG_SESSION_ASKS_ROOM] = take_room,
	[MSG_SESSION_SAW_ANSWER] = take_seen,
};

void
links_free(struct links **links_ptr)
{
	struct links *links = *links_ptr;

	if (links == NULL)
		return;
	while (!TAILQ_EMPTY(&links->all))
		end_link(TAILQ_FIRST(&links->all));
	free(links);
	*links_ptr = NULL;
}

void
links_add(struct links *links, uint32_t worker, int fd)
{
	struct session_link *link, *next;

	for (link = TAILQ_FIRST(&links->all); link != NULL; link = next) {
		next = TAILQ_NEXT(link, entry);
		if (link->worker == worker)
			end_link(link);
	}
	link = xcalloc(1, sizeof *link);
	link->links = links;
	link->worker = worker;
	TAILQ_INIT(&link->jobs);
	TAILQ_INIT(&link->unseen);
	link->wire = wire_new(links->deliver->loop, fd, session_handlers, link_gone, link);
	TAILQ_INSERT_TAIL(&links->all, link, entry);
}

bool
links_is_empty(const struct links *links)
{
	return TAILQ_EMPTY(&links->all);
}

void
links_add_job(struct session_link *link, struct job *job)
{
	job->session = link;
	TAILQ_INSERT_TAIL(&link->jobs, job, of_session);
}

void
links_remove_job(struct job *job)
{
	if (job->session == NULL)
		return;
	TAILQ_REMOVE(&job->session->jobs, job, of_session);
	job->session = NULL;
}

/* What stands as unacknowledged until the session tells: every recipient that
 * was delivered, now or by the attempt before. */
static void
remember(struct session_link *link, const struct job *job)
{
	struct unseen *unseen, *replaced;
	size_t i;

	unseen = xcalloc(1, sizeof *unseen + job->rcpt_count * sizeof unseen->digests[0]);
	unseen->job = job->id;
	for (i = 0; i < job->rcpt_count; i++)
		if (job->rcpts[i].why.class == FAIL_NONE)
			memcpy(unseen->digests[unseen->count++], job->rcpts[i].digest,
			    sizeof unseen->digests[0]);
	if (unseen->count == 0) {
		free(unseen);
		return;
	}
	replaced = table_get(&link->unseen_by_job, id_key(&unseen->job));
	if (replaced != NULL)
		forget_unseen(link, replaced);
	table_put(&link->unseen_by_job, id_key(&unseen->job), unseen);
	TAILQ_INSERT_TAIL(&link->unseen, unseen, entry);
	if (table_count(&link->unseen_by_job) > LINKS_UNSEEN_MAX)
		forget_unseen(link, TAILQ_FIRST(&link->unseen));
}

void
links_answer(struct job *job)
{
	struct msg_DELIVER_ANSWERS_JOB answer = { .id = job->id };
	bool is_long = job->rcpt_count > WIRE_PACKET_MAX / (2 * FAIL_TEXT_MAX);
	size_t i;

	if (job->session == NULL)
		return;
	answer.outcomes.at = arena_array(&job->arena, job->rcpt_count, sizeof *answer.outcomes.at);
	answer.outcomes.n = job->rcpt_count;
	for (i = 0; i < job->rcpt_count; i++) {
		const struct job_rcpt *rcpt = &job->rcpts[i];

		is_long |= rcpt->reply.n > 0;
		answer.outcomes.at[i] = (struct rec_outcome){
			.index = rcpt->index,
			.class = (uint8_t)rcpt->why.class,
			.subject = rcpt->why.subject,
			.detail = rcpt->why.detail,
			.text = rcpt->reply.n > 0 ? rcpt->reply : str_of(rcpt->why.text),
		};
	}
	remember(job->session, job);
	/* Very many recipients with a text each: their codes say enough. */
	if (is_long && !wire_can_carry(MSG_DELIVER_ANSWERS_JOB, &answer))
		for (i = 0; i < job->rcpt_count; i++)
			answer.outcomes.at[i].text = STR_EMPTY;
	wire_send(job->session->wire, MSG_DELIVER_ANSWERS_JOB, &answer);
}

void
links_answer_room(struct session_link *link, uint64_t id, const struct fail *why)
{
	struct msg_DELIVER_ANSWERS_ROOM answer = {
		.id = id,
		.class = (uint8_t)why->class,
		.subject = why->subject,
		.detail = why->detail,
		.text = str_of(why->text),
	};

	wire_send(link->wire, MSG_DELIVER_ANSWERS_ROOM, &answer);
}

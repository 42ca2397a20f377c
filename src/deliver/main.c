/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The deliver process of one owner: wires its parts together, and ends when
 * everything it accepted is delivered, settled and in the index. */

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "deliver/deliver.h"
#include "deliver/programs.h"
#include "deliver/work.h"
#include "ipc/child.h"

/* Folders kept open, three descriptors each. */
#define BOXES_MAX 1024

struct process {
	struct deliver deliver;
	struct child_start start;
	struct watch idle_timer;
	int64_t busy_at; /* clock_monotonic when there was last something to do */
	bool is_checkpointed; /* the last one before the end has been asked for */
	bool is_retiring; /* ends once no session holds a link */
};

static void
script_gone(uint64_t id, void *arg)
{
	struct deliver *d = arg;

	if (d->filters != NULL)
		filters_drop_script(d->filters, id);
}

static bool
is_idle(const struct deliver *d)
{
	return d->jobs == 0 && TAILQ_EMPTY(&d->rooms) && commit_is_idle(d->commit) &&
	    rescans_is_idle(d->rescans) && outbox_is_idle(d->outbox);
}

static void
last_checkpoint(void *arg)
{
	deliver_check_stop(arg);
}

/* One step nearer to the end: files, then rows, then the loop stops. */
static void
wind_up(void *arg)
{
	struct process *p = arg;
	struct deliver *d = &p->deliver;

	if (!is_idle(d))
		return;
	if (!settle_is_idle(d->settle)) {
		settle_now(d->settle);
		return;
	}
	if (!checkpoint_is_idle(d->checkpoint))
		return;
	if (!p->is_checkpointed) {
		p->is_checkpointed = true;
		checkpoint_ask(d->checkpoint, last_checkpoint, d);
		return;
	}
	loop_stop(d->loop);
}

void
deliver_check_stop(struct deliver *d)
{
	struct process *p = (struct process *)d;

	p->busy_at = clock_monotonic();
	if (d->is_stopping || (p->is_retiring && links_is_empty(d->links)))
		loop_soon(d->loop, &d->stop_check, wind_up, p);
}

static void
stop(struct process *p)
{
	struct deliver *d = &p->deliver;

	d->is_stopping = true;
	outbox_stop(d->outbox);
	deliver_check_stop(d);
}

static void
say_idle(void *arg)
{
	struct process *p = arg;
	struct deliver *d = &p->deliver;

	if (!is_idle(d) || outbox_is_due_soon(d->outbox))
		p->busy_at = clock_monotonic();
	/* Virtual users are a site's normal mail: only a single user's process
	 * goes.  master decides, and says so (take_retirement): a link that it
	 * has just given must not die with us. */
	if (clock_monotonic() - p->busy_at >= d->conf->owner_idle_timeout && d->master != NULL &&
	    strcmp(d->owner, "virtual") != 0) {
		p->busy_at = clock_monotonic();
		wire_send(d->master, MSG_DELIVER_IS_IDLE, NULL);
	}
	loop_timer(d->loop, &p->idle_timer, CLOCK_SECOND, say_idle, p);
}

static void
take_user(struct wire *w, const union msg_any *any, void *arg)
{
	struct process *p = arg;

	(void)w;
	users_answer(p->deliver.users, &any->DIRECTORY_ANSWERS_USER);
}

static const wire_handler directory_handlers[MSG_COUNT] = {
	[MSG_DIRECTORY_ANSWERS_USER] = take_user,
};

static void
directory_gone(struct wire *w, void *arg)
{
	struct process *p = arg;

	(void)w;
	wire_free(&p->deliver.directory);
	users_set_directory(p->deliver.users, NULL);
}

static void
set_directory(struct process *p, int fd)
{
	struct deliver *d = &p->deliver;

	if (d->directory != NULL)
		directory_gone(d->directory, p);
	d->directory = wire_new(d->loop, fd, directory_handlers, directory_gone, p);
	users_set_directory(d->users, d->directory);
}

static void
take_ability(struct wire *w, const union msg_any *any, void *arg)
{
	struct process *p = arg;

	(void)w;
	free(p->deliver.no_relay);
	p->deliver.no_relay =
	    any->RELAY_ANSWERS.is_able ? NULL : xstrndup(any->RELAY_ANSWERS.reason);
	outbox_set_route(p->deliver.outbox, any->RELAY_ANSWERS.is_able != 0);
}

static void
take_report(struct wire *w, const union msg_any *any, void *arg)
{
	struct process *p = arg;

	(void)w;
	outbox_take_report(p->deliver.outbox, &any->RELAY_REPORTS_MAIL);
}

static const wire_handler relay_handlers[MSG_COUNT] = {
	[MSG_RELAY_ANSWERS] = take_ability,
	[MSG_RELAY_REPORTS_MAIL] = take_report,
};

static void
relay_gone(struct wire *w, void *arg)
{
	struct process *p = arg;

	(void)w;
	wire_free(&p->deliver.relay);
	outbox_set_route(p->deliver.outbox, false);
}

static void
set_peer(struct process *p, enum role role, uint32_t worker, int fd)
{
	struct deliver *d = &p->deliver;
	struct msg_DELIVER_ASKS_RELAY question = { 0 };

	if (role == ROLE_SESSION)
		links_add(d->links, worker, fd);
	else if (role == ROLE_FILTER)
		filters_set_link(d->filters, worker, fd);
	else if (role == ROLE_DIRECTORY)
		set_directory(p, fd);
	else {
		BUG_ON(role != ROLE_RELAY);
		if (d->relay != NULL)
			relay_gone(d->relay, p);
		d->relay = wire_new(d->loop, fd, relay_handlers, relay_gone, p);
		wire_send(d->relay, MSG_DELIVER_ASKS_RELAY, &question);
	}
	p->busy_at = clock_monotonic();
}

static void
take_peer(struct wire *w, const union msg_any *any, void *arg)
{
	const struct msg_MASTER_GIVES_PEER *m = &any->MASTER_GIVES_PEER;
	int fd = wire_take_fd(any, &m->fd);

	(void)w;
	set_peer(arg, (enum role)m->role, m->worker, fd);
}

static void
take_conf(struct wire *w, const union msg_any *any, void *arg)
{
	struct process *p = arg;
	struct conf *conf;
	struct fail why;

	(void)w;
	if (conf_from_settings(&any->MASTER_GIVES_CONF, &conf, &why) == -1) {
		log_error("new settings refused, the old ones stay: %s", why.log);
		return;
	}
	conf_free(&p->deliver.conf);
	p->deliver.conf = conf;
	child_apply_log(&any->MASTER_GIVES_CONF);
	users_forget(p->deliver.users);
}

static void
take_stop(struct wire *w, const union msg_any *any, void *arg)
{
	(void)w;
	(void)any;
	stop(arg);
}

static void
take_retirement(struct wire *w, const union msg_any *any, void *arg)
{
	struct process *p = arg;

	(void)w;
	(void)any;
	p->is_retiring = true;
	outbox_stop(p->deliver.outbox);
	deliver_check_stop(&p->deliver);
}

static void
take_work(struct wire *w, const union msg_any *any, void *arg)
{
	struct process *p = arg;

	(void)w;
	p->busy_at = clock_monotonic();
	work_begin(&p->deliver, &any->MASTER_ASKS_SYNC);
}

static const wire_handler master_handlers[MSG_COUNT] = {
	[MSG_MASTER_GIVES_PEER] = take_peer,
	[MSG_MASTER_GIVES_CONF] = take_conf,
	[MSG_MASTER_SAYS_STOP] = take_stop,
	[MSG_MASTER_ASKS_SYNC] = take_work,
	[MSG_MASTER_RETIRES_OWNER] = take_retirement,
};

/* Without master there is no new work; what was accepted is finished. */
static void
master_gone(struct wire *w, void *arg)
{
	struct process *p = arg;

	(void)w;
	wire_free(&p->deliver.master);
	stop(p);
}

static void
open_store(struct process *p)
{
	struct deliver *d = &p->deliver;
	struct buf dir = BUF_EMPTY;
	struct fail why;
	struct store_options options = {
		.segment_size = (uint64_t)d->conf->journal_segment_size,
		.segments = (unsigned)d->conf->journal_segments,
		.retention = d->conf->unacknowledged_retention,
	};

	buf_add_str(&dir, p->start.conf.state_dir);
	options.dir = buf_cstr(&dir);
	if (store_open(&options, &d->store, &why) == -1) {
		log_error("%s", why.log);
		exit(1);
	}
	buf_fini(&dir);
}

static void
make_parts(struct process *p)
{
	struct deliver *d = &p->deliver;

	d->loop = loop_new();
	TAILQ_INIT(&d->rooms);
	d->hash = hash_sha256_new();
	d->journal_pool = pool_new(d->loop, 1);
	d->sync_pool = pool_new(d->loop, (unsigned)d->conf->sync_threads);
	d->users = users_new();
	d->boxes = boxes_new(BOXES_MAX);
	d->scripts = scripts_new(script_gone, d);
	d->filters = filters_new(d);
	/* Who runs all of Doorstep needs no protection of their own programs. */
	d->programs = programs_new(d, p->start.conf.uid == -1);
	d->links = links_new(d);
	d->settle = settle_new(d);
	d->checkpoint = checkpoint_new(d);
	d->commit = commit_new(d);
	d->rescans = rescans_new(d);
	d->outbox = outbox_new(d);
}

static void
begin(struct process *p)
{
	struct deliver *d = &p->deliver;
	struct fail why;
	size_t i;

	child_begin(ROLE_DELIVER, &p->start);
	if (conf_from_settings(&p->start.conf, &d->conf, &why) == -1) {
		log_error("%s", why.log);
		exit(1);
	}
	d->owner = xstrndup(p->start.conf.owner);
	/* Store and mail are opened as their owner, never as anybody more. */
	child_drop(&p->start);
	open_store(p);
	make_parts(p);
	/* Nothing is opened for this role from the sandbox on that its uid could
	 * not open anyway: it is limits and no_new_privs. */
	child_enter(&p->start);
	d->master = wire_new(d->loop, ROLE_MASTER_FD, master_handlers, master_gone, p);
	for (i = 0; i < p->start.given_count; i++) {
		struct child_given *given = &p->start.given[i];

		if (given->is_listener)
			continue;
		set_peer(p, given->role, given->worker, given->fd);
		given->fd = -1;
	}
	p->busy_at = clock_monotonic();
	loop_timer(d->loop, &p->idle_timer, CLOCK_SECOND, say_idle, p);
}

static void
end(struct process *p)
{
	struct deliver *d = &p->deliver;

	links_free(&d->links);
	filters_free(&d->filters);
	programs_free(&d->programs);
	checkpoint_free(&d->checkpoint);
	settle_free(&d->settle);
	rescans_free(&d->rescans);
	outbox_free(&d->outbox);
	commit_free(&d->commit);
	pool_free(&d->journal_pool);
	pool_free(&d->sync_pool);
	scripts_free(&d->scripts);
	boxes_free(&d->boxes);
	users_free(&d->users);
	wire_free(&d->directory);
	wire_free(&d->relay);
	store_close(&d->store);
	hash_sha256_free(&d->hash);
	conf_free(&d->conf);
	free(d->owner);
	free(d->no_relay);
	table_fini(&d->pending_marks);
	loop_free(&d->loop);
	child_fini(&p->start);
}

int
main(void)
{
	static struct process process; /* the one process: too large for the stack's taste */

	begin(&process);
	loop_run(process.deliver.loop);
	end(&process);
	return 0;
}

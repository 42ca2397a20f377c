/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* doorstep-session: speaks LMTP with clients.  It can open nothing, knows no
 * user and no mailbox: it asks directory and deliver. */

#include <time.h>

#include "base/log.h"
#include "base/loop.h"
#include "ipc/child.h"
#include "session/ask.h"
#include "session/server.h"

struct process {
	struct loop *loop;
	struct wire *master;
	struct ask *ask;
	struct server server;
};

/* ---- what master says ---- */

static void
master_gives_conf(struct wire *w, const union msg_any *message, void *arg)
{
	struct process *process = arg;
	struct fail why = FAIL_EMPTY;
	struct conf *conf = NULL;

	(void)w;
	if (conf_from_settings(&message->MASTER_GIVES_CONF, &conf, &why) == -1) {
		log_error("new settings are refused, the old ones stay: %s", why.log);
		return;
	}
	child_apply_log(&message->MASTER_GIVES_CONF);
	server_set_conf(&process->server, conf);
}

static void
master_gives_listener(struct wire *w, const union msg_any *message, void *arg)
{
	const struct msg_MASTER_GIVES_LISTENER *m = &message->MASTER_GIVES_LISTENER;
	struct process *process = arg;

	(void)w;
	server_add_listener(&process->server, m->listener, wire_take_fd(message, &m->fd));
}

static void
take_peer(struct process *process, enum role role, struct str owner, int fd)
{
	if (role == ROLE_DIRECTORY)
		ask_set_directory(process->ask, fd);
	else
		ask_set_owner(process->ask, owner, fd);
}

static void
master_gives_peer(struct wire *w, const union msg_any *message, void *arg)
{
	const struct msg_MASTER_GIVES_PEER *m = &message->MASTER_GIVES_PEER;

	(void)w;
	/* Any other is none of ours: wire closes what is not taken. */
	if (m->role == ROLE_DIRECTORY || m->role == ROLE_DELIVER)
		take_peer(arg, (enum role)m->role, m->owner, wire_take_fd(message, &m->fd));
}

static void
master_refuses_owner(struct wire *w, const union msg_any *message, void *arg)
{
	const struct msg_MASTER_REFUSES_OWNER *m = &message->MASTER_REFUSES_OWNER;
	struct process *process = arg;

	(void)w;
	log_warn("no deliver for %.*s: %.*s", STR_ARG(m->owner), STR_ARG(m->reason));
	ask_refuse_owner(process->ask, m->owner);
}

static void
master_retires_owner(struct wire *w, const union msg_any *message, void *arg)
{
	struct process *process = arg;

	(void)w;
	ask_retire_owner(process->ask, message->MASTER_RETIRES_OWNER.owner);
}

static void
master_says_stop(struct wire *w, const union msg_any *message, void *arg)
{
	struct process *process = arg;

	(void)w;
	(void)message;
	server_stop(&process->server);
}

static const wire_handler master_handlers[MSG_COUNT] = {
	[MSG_MASTER_GIVES_CONF] = master_gives_conf,
	[MSG_MASTER_GIVES_LISTENER] = master_gives_listener,
	[MSG_MASTER_GIVES_PEER] = master_gives_peer,
	[MSG_MASTER_REFUSES_OWNER] = master_refuses_owner,
	[MSG_MASTER_RETIRES_OWNER] = master_retires_owner,
	[MSG_MASTER_SAYS_STOP] = master_says_stop,
};

/* Nobody would start us again, or tell us of a new deliver: finish. */
static void
master_gone(struct wire *w, void *arg)
{
	struct process *process = arg;

	(void)w;
	log_error("master is gone");
	wire_free(&process->master);
	server_stop(&process->server);
}

static void
want_owner(void *arg, struct str owner, uint32_t uid)
{
	struct process *process = arg;
	struct msg_SESSION_ASKS_OWNER m = { .owner = owner, .uid = uid };

	if (process->master != NULL)
		wire_send(process->master, MSG_SESSION_ASKS_OWNER, &m);
}

/* ---- the process ---- */

static int
take_start(struct process *process, struct child_start *start, struct fail *why)
{
	struct conf *conf = NULL;
	size_t i;

	if (conf_from_settings(&start->conf, &conf, why) == -1)
		return -1;
	server_set_conf(&process->server, conf);
	for (i = 0; i < start->given_count; i++) {
		struct child_given *given = &start->given[i];
		int fd = given->fd;

		if (!given->is_listener && given->role != ROLE_DIRECTORY &&
		    given->role != ROLE_DELIVER)
			continue;
		given->fd = -1;
		if (given->is_listener)
			server_add_listener(&process->server, given->name, fd);
		else
			take_peer(process, given->role, given->name, fd);
	}
	return 0;
}

int
main(void)
{
	struct child_start start;
	struct process process = { 0 };
	struct fail why = FAIL_EMPTY;

	child_begin(ROLE_SESSION, &start);
	/* The zone of the dates in Received: cannot be read any more later. */
	tzset();
	child_drop(&start);
	process.loop = loop_new();
	process.ask = ask_new(process.loop, want_owner, &process);
	server_init(&process.server, process.loop, process.ask);
	/* The listeners come after the sandbox: the first byte from outside is
	 * read by a process that can open nothing. */
	child_enter(&start);
	if (take_start(&process, &start, &why) == -1) {
		log_error("%s", why.log);
		return 1;
	}
	child_fini(&start);
	process.master = wire_new(process.loop, ROLE_MASTER_FD, master_handlers, master_gone,
	    &process);
	loop_run(process.loop);
	server_fini(&process.server);
	ask_free(&process.ask);
	wire_free(&process.master);
	loop_free(&process.loop);
	return 0;
}

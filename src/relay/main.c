/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The relay process: the only one that may reach outward.  No outgoing route can
 * be configured yet, and it says so to every deliver that asks. */

#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "ipc/child.h"

struct peer {
	TAILQ_ENTRY(peer) entry;
	struct process *process;
	struct wire *wire;
};

struct process {
	struct child_start start;
	struct loop *loop;
	struct wire *master;
	TAILQ_HEAD(, peer) peers;
};

static void
answer(struct wire *w, const union msg_any *any, void *arg)
{
	struct msg_RELAY_ANSWERS message = {
		.id = any->DELIVER_ASKS_RELAY.id,
		.is_able = 0,
		.reason = STR("no route for outgoing mail is configured"),
	};

	(void)arg;
	wire_send(w, MSG_RELAY_ANSWERS, &message);
}

static const wire_handler deliver_handlers[MSG_COUNT] = {
	[MSG_DELIVER_ASKS_RELAY] = answer,
};

static void
end_peer(struct peer *peer)
{
	TAILQ_REMOVE(&peer->process->peers, peer, entry);
	wire_free(&peer->wire);
	free(peer);
}

static void
peer_gone(struct wire *w, void *arg)
{
	(void)w;
	end_peer(arg);
}

static void
add_peer(struct process *p, int fd)
{
	struct peer *peer = xcalloc(1, sizeof *peer);

	peer->process = p;
	peer->wire = wire_new(p->loop, fd, deliver_handlers, peer_gone, peer);
	TAILQ_INSERT_TAIL(&p->peers, peer, entry);
}

static void
take_peer(struct wire *w, const union msg_any *any, void *arg)
{
	(void)w;
	add_peer(arg, wire_take_fd(any, &any->MASTER_GIVES_PEER.fd));
}

/* Of the settings only those of the log concern relay yet. */
static void
take_conf(struct wire *w, const union msg_any *any, void *arg)
{
	(void)w;
	(void)arg;
	child_apply_log(&any->MASTER_GIVES_CONF);
}

static void
take_stop(struct wire *w, const union msg_any *any, void *arg)
{
	struct process *p = arg;

	(void)w;
	(void)any;
	loop_stop(p->loop);
}

static void
master_gone(struct wire *w, void *arg)
{
	struct process *p = arg;

	(void)w;
	loop_stop(p->loop);
}

static const wire_handler master_handlers[MSG_COUNT] = {
	[MSG_MASTER_GIVES_PEER] = take_peer,
	[MSG_MASTER_GIVES_CONF] = take_conf,
	[MSG_MASTER_SAYS_STOP] = take_stop,
};

static void
begin(struct process *p)
{
	size_t i;

	child_begin(ROLE_RELAY, &p->start);
	/* Identity first: nothing of the outside is touched before. */
	child_drop(&p->start);
	p->loop = loop_new();
	TAILQ_INIT(&p->peers);
	/* Limits and no_new_privs; relay will have to connect, so no seccomp. */
	child_enter(&p->start);
	p->master = wire_new(p->loop, ROLE_MASTER_FD, master_handlers, master_gone, p);
	for (i = 0; i < p->start.given_count; i++) {
		if (p->start.given[i].is_listener)
			continue;
		add_peer(p, p->start.given[i].fd);
		p->start.given[i].fd = -1;
	}
}

int
main(void)
{
	struct process process = { 0 };

	begin(&process);
	loop_run(process.loop);
	while (!TAILQ_EMPTY(&process.peers))
		end_peer(TAILQ_FIRST(&process.peers));
	wire_free(&process.master);
	loop_free(&process.loop);
	child_fini(&process.start);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The relay process: the only one that may reach outward.  Links, settings, and
 * the steps at the start; what becomes of mail is queue.c's matter. */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "conf/conf.h"
#include "conf/route.h"
#include "ipc/actions.h"
#include "ipc/child.h"
#include "relay/outside.h"
#include "relay/queue.h"
#include "relay/report.h"
#include "relay/tls.h"

/* For the mails under way, when new settings need a new process. */
#define DRAIN_LIMIT (30 * CLOCK_SECOND)

struct peer {
	TAILQ_ENTRY(peer) entry;
	struct process *process;
	struct wire *wire;
	unsigned mails; /* given and not reported */
};

struct process {
	struct child_start start;
	struct loop *loop;
	struct wire *master;
	struct outside *outside;
	struct queue *queue;
	tls_context *tls;
	struct buf needs; /* what only a new process could have otherwise */
	bool is_broken;	  /* the half outside has ended */
	TAILQ_HEAD(, peer) peers;
};

/* ---- delivers ---- */

static void
tell_ability(struct process *p, struct wire *w, uint64_t id)
{
	bool is_able = queue_has_route(p->queue);
	struct msg_RELAY_ANSWERS message = {
		.id = id,
		.is_able = is_able,
		.reason = is_able ? STR_EMPTY : STR("no route for outgoing mail is configured"),
	};

	wire_send(w, MSG_RELAY_ANSWERS, &message);
}

static void
answer(struct wire *w, const union msg_any *any, void *arg)
{
	struct peer *peer = arg;

	tell_ability(peer->process, w, any->DELIVER_ASKS_RELAY.id);
}

static void
end_peer(struct peer *peer)
{
	TAILQ_REMOVE(&peer->process->peers, peer, entry);
	/* Nobody could be told; what is sent all the same would be sent twice. */
	queue_drop_peer(peer->process->queue, peer);
	wire_free(&peer->wire);
	free(peer);
}

static void
take_mail(struct wire *w, const union msg_any *any, void *arg)
{
	struct peer *peer = arg;

	(void)w;
	if (peer->mails >= RELAY_MAILS_MAX) {
		log_error("a deliver gave more than %d mails at one time", RELAY_MAILS_MAX);
		end_peer(peer);
		return;
	}
	peer->mails++;
	queue_add(peer->process->queue, mail_new(any, peer));
}

static void
mail_done(struct mail *mail, const struct outcome *outcome, void *arg)
{
	(void)arg;
	mail->peer->mails--;
	relay_report(mail->peer->wire, mail, outcome);
	mail_free(&mail);
}

static const wire_handler deliver_handlers[MSG_COUNT] = {
	[MSG_DELIVER_ASKS_RELAY] = answer,
	[MSG_DELIVER_GIVES_MAIL] = take_mail,
};

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

/* ---- settings ---- */

static bool
wants_tls(const struct conf *conf)
{
	struct buf reason = BUF_EMPTY;
	struct route route;
	bool wants = false;
	size_t i;

	for (i = 0; i < conf->relay_host.n; i++)
		if (route_parse(str_of(conf->relay_host.at[i]), &route, &reason) == 0)
			wants = wants || route.is_tls
			    || (route.kind != ROUTE_UNIX && strcmp(conf->relay_tls, "no") != 0);
	buf_fini(&reason);
	return wants;
}

/* What is opened or started before the chroot. */
static void
describe_needs(const struct conf *conf, struct buf *out)
{
	outside_describe(conf, out);
	if (wants_tls(conf))
		buf_addf(out, "tls %s\n", conf->relay_tls_ca_file);
}

static void
configure(struct process *p, struct conf *conf, struct str password)
{
	struct peer *peer;

	queue_configure(p->queue, conf, password, p->tls);
	TAILQ_FOREACH(peer, &p->peers, entry)
		tell_ability(p, peer->wire, 0);
}

static void
stop(void *arg)
{
	struct process *p = arg;

	loop_stop(p->loop);
}

static void
take_conf(struct wire *w, const union msg_any *any, void *arg)
{
	const struct msg_MASTER_GIVES_CONF *message = &any->MASTER_GIVES_CONF;
	struct process *p = arg;
	struct fail why = FAIL_EMPTY;
	struct buf needs = BUF_EMPTY;
	struct conf *conf = NULL;

	(void)w;
	child_apply_log(message);
	if (conf_from_settings(message, &conf, &why) == -1) {
		log_error("%s", why.log);
		return;
	}
	describe_needs(conf, &needs);
	if (str_is_equal(buf_str(&needs), buf_str(&p->needs))) {
		configure(p, conf, message->secret);
	} else {
		log_info("the new settings need another relay: this one ends when its mails are "
		    "done");
		conf_free(&conf);
		queue_drain(p->queue, DRAIN_LIMIT, stop, p);
	}
	buf_fini(&needs);
}

static void
take_peer(struct wire *w, const union msg_any *any, void *arg)
{
	(void)w;
	add_peer(arg, wire_take_fd(any, &any->MASTER_GIVES_PEER.fd));
}

/* Every deliver has ended before: what is under way is nobody's any more. */
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

/* ---- the process ---- */

static void
outside_gone(void *arg)
{
	struct process *p = arg;

	log_error("the half of relay outside has ended: relay begins anew");
	p->is_broken = true;
	loop_stop(p->loop);
}

_Noreturn static void
end_failed(const struct fail *why)
{
	log_error("%s", why->log);
	exit(1);
}

/* All that needs the real root directory: the half outside, and whose
 * certificates are good.  The link to the former, -1 when there is none. */
static int
prepare(struct process *p, const struct conf *conf)
{
	const struct msg_MASTER_GIVES_CONF *start = &p->start.conf;
	struct buf outside = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	int fd = -1;

	outside_describe(conf, &outside);
	describe_needs(conf, &p->needs);
	if (outside.n > 0
	    && outside_start(conf, (uid_t)start->uid, (gid_t)start->gid, &fd, &why) == -1)
		end_failed(&why);
	buf_fini(&outside);
	tls_prepare();
	if (wants_tls(conf)) {
		p->tls = tls_context_new(conf->relay_tls_ca_file, &why);
		if (p->tls == NULL)
			end_failed(&why);
		if (why.class != FAIL_NONE)
			log_warn("%s: no certificate of a remote will be trusted", why.log);
	}
	return fd;
}

static void
begin(struct process *p)
{
	struct fail why = FAIL_EMPTY;
	struct conf *conf = NULL;
	int fd;
	size_t i;

	child_begin(ROLE_RELAY, &p->start);
	if (conf_from_settings(&p->start.conf, &conf, &why) == -1)
		end_failed(&why);
	fd = prepare(p, conf);
	/* Identity and an empty root before the first byte from a remote. */
	child_drop(&p->start);
	p->loop = loop_new();
	TAILQ_INIT(&p->peers);
	p->outside = outside_new(p->loop, fd, outside_gone, p);
	p->queue = queue_new(p->loop, p->outside, mail_done, p);
	/* From here on it may connect, and neither open nor execute. */
	child_enter(&p->start);
	configure(p, conf, p->start.conf.secret);
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
	struct process process = { .needs = BUF_EMPTY };

	begin(&process);
	loop_run(process.loop);
	while (!TAILQ_EMPTY(&process.peers))
		end_peer(TAILQ_FIRST(&process.peers));
	queue_free(&process.queue);
	outside_free(&process.outside);
	tls_context_free(&process.tls);
	wire_free(&process.master);
	loop_free(&process.loop);
	buf_fini(&process.needs);
	child_fini(&process.start);
	return process.is_broken ? 1 : 0;
}

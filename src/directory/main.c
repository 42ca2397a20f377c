/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The directory process: answers who a recipient is (session), where a user's
 * mail lives (deliver), and how it found out (the doorstep command). */

#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "conf/conf.h"
#include "directory/lookup.h"
#include "ipc/child.h"

/* A link to a session or a deliver. */
struct peer {
	TAILQ_ENTRY(peer) entry;
	struct process *process;
	struct wire *wire;
};

struct process {
	struct child_start start;
	struct loop *loop;
	struct wire *master;
	struct conf *conf;
	struct lookup *lookup;
	bool is_unprivileged;
	TAILQ_HEAD(, peer) peers;
};

static void
answer_rcpt(struct wire *w, const union msg_any *any, void *arg)
{
	struct peer *peer = arg;
	const struct msg_SESSION_ASKS_RCPT *question = &any->SESSION_ASKS_RCPT;
	struct msg_DIRECTORY_ANSWERS_RCPT answer = { .id = question->id };
	struct lookup_targets targets;
	struct arena a;
	struct fail why = FAIL_EMPTY;
	size_t i;

	arena_init(&a);
	if (lookup_address(peer->process->lookup, question->address, &a, &targets, NULL, &why) == 0) {
		answer.targets.at = arena_array(&a, targets.n, sizeof *answer.targets.at);
		answer.targets.n = targets.n;
		for (i = 0; i < targets.n; i++)
			answer.targets.at[i] = (struct rec_target){
				.user = targets.at[i].user,
				.owner = targets.at[i].owner,
				.uid = (uint32_t)targets.at[i].uid,
			};
	} else if (why.class != FAIL_PERM)
		log_error("recipient %.*s: %s", STR_ARG(str_sub(question->address, 0, 200)), why.log);
	answer.class = (uint8_t)why.class;
	answer.subject = why.subject;
	answer.detail = why.detail;
	answer.text = str_of(why.text);
	wire_send(w, MSG_DIRECTORY_ANSWERS_RCPT, &answer);
	arena_fini(&a);
}

static void
answer_user(struct wire *w, const union msg_any *any, void *arg)
{
	struct peer *peer = arg;
	const struct msg_DELIVER_ASKS_USER *question = &any->DELIVER_ASKS_USER;
	struct msg_DIRECTORY_ANSWERS_USER answer = { .id = question->id, .user = question->user };
	struct lookup_user user;
	struct arena a;
	struct fail why = FAIL_EMPTY;

	arena_init(&a);
	if (lookup_user(peer->process->lookup, question->user, &a, &user, &why) == 0) {
		answer.source = user.source;
		answer.owner = user.owner;
		answer.uid = (uint32_t)user.uid;
		answer.gid = (uint32_t)user.gid;
		answer.home = user.home;
		answer.mail = user.mail;
		answer.script = user.script;
		answer.quota_bytes = user.quota_bytes;
		answer.quota_messages = user.quota_messages;
		answer.delimiters = user.delimiters;
	}
	answer.class = (uint8_t)why.class;
	answer.text = str_of(why.log);
	wire_send(w, MSG_DIRECTORY_ANSWERS_USER, &answer);
	arena_fini(&a);
}

static const wire_handler session_handlers[MSG_COUNT] = {
	[MSG_SESSION_ASKS_RCPT] = answer_rcpt,
};

static const wire_handler deliver_handlers[MSG_COUNT] = {
	[MSG_DELIVER_ASKS_USER] = answer_user,
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
add_peer(struct process *p, enum role role, int fd)
{
	struct peer *peer = xcalloc(1, sizeof *peer);

	peer->process = p;
	peer->wire = wire_new(p->loop, fd,
	    role == ROLE_SESSION ? session_handlers : deliver_handlers, peer_gone, peer);
	TAILQ_INSERT_TAIL(&p->peers, peer, entry);
}

static void
explain_users(struct process *p, struct lookup_targets *targets, struct arena *a, struct buf *text)
{
	struct lookup_user user;
	struct fail why;
	size_t i;

	for (i = 0; i < targets->n; i++) {
		if (lookup_user(p->lookup, targets->at[i].user, a, &user, &why) == -1) {
			buf_addf(text, "error: %s\n", why.log);
			continue;
		}
		buf_addf(text, "name: %.*s\nsource: %.*s\nowner: %.*s\nuid: %lu\ngid: %lu\n",
		    STR_ARG(user.name), STR_ARG(user.source), STR_ARG(user.owner),
		    (unsigned long)user.uid, (unsigned long)user.gid);
		buf_addf(text, "home: %.*s\nmail: %.*s\nscript: %.*s\n", STR_ARG(user.home),
		    STR_ARG(user.mail), STR_ARG(user.script));
		buf_addf(text, "quota_bytes: %llu\nquota_messages: %llu\n",
		    (unsigned long long)user.quota_bytes, (unsigned long long)user.quota_messages);
	}
}

static void
explain_user(struct wire *w, const union msg_any *any, void *arg)
{
	struct process *p = arg;
	const struct msg_MASTER_ASKS_USER *question = &any->MASTER_ASKS_USER;
	struct msg_DIRECTORY_EXPLAINS_USER answer = { .id = question->id };
	struct lookup_targets targets;
	struct buf text = BUF_LIMIT(WIRE_INLINE_MAX);
	struct arena a;
	struct fail why = FAIL_EMPTY;

	arena_init(&a);
	if (lookup_address(p->lookup, question->address, &a, &targets, &text, &why) == 0)
		explain_users(p, &targets, &a, &text);
	else
		buf_addf(&text, "error: %s\n", why.log);
	answer.class = (uint8_t)why.class;
	answer.text = buf_str(&text);
	wire_send(w, MSG_DIRECTORY_EXPLAINS_USER, &answer);
	arena_fini(&a);
	buf_fini(&text);
}

static int
set_conf(struct process *p, const struct msg_MASTER_GIVES_CONF *message, struct fail *why)
{
	struct conf *conf;
	struct lookup_options options = { .is_unprivileged = p->is_unprivileged };

	if (conf_from_settings(message, &conf, why) == -1)
		return -1;
	lookup_free(&p->lookup);
	conf_free(&p->conf);
	p->conf = conf;
	options.conf = conf;
	p->lookup = lookup_new(&options);
	return 0;
}

static void
take_conf(struct wire *w, const union msg_any *any, void *arg)
{
	struct fail why;

	(void)w;
	if (set_conf(arg, &any->MASTER_GIVES_CONF, &why) == -1)
		log_error("new settings refused, the old ones stay: %s", why.log);
	else
		child_apply_log(&any->MASTER_GIVES_CONF);
}

static void
take_peer(struct wire *w, const union msg_any *any, void *arg)
{
	const struct msg_MASTER_GIVES_PEER *m = &any->MASTER_GIVES_PEER;

	(void)w;
	add_peer(arg, (enum role)m->role, wire_take_fd(any, &m->fd));
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
	[MSG_MASTER_GIVES_CONF] = take_conf,
	[MSG_MASTER_GIVES_PEER] = take_peer,
	[MSG_MASTER_ASKS_USER] = explain_user,
	[MSG_MASTER_SAYS_STOP] = take_stop,
};

static void
begin(struct process *p)
{
	struct fail why;
	size_t i;

	child_begin(ROLE_DIRECTORY, &p->start);
	p->is_unprivileged = geteuid() != 0 && p->start.conf.uid == -1;
	/* User databases are read as the account that may read them, never as
	 * root: what it cannot read is a broken source, said in the log. */
	child_drop(&p->start);
	if (set_conf(p, &p->start.conf, &why) == -1) {
		log_error("%s", why.log);
		exit(1);
	}
	p->loop = loop_new();
	TAILQ_INIT(&p->peers);
	/* No seccomp for this role (name services open what they like): limits
	 * and no_new_privs. */
	child_enter(&p->start);
	p->master = wire_new(p->loop, ROLE_MASTER_FD, master_handlers, master_gone, p);
	for (i = 0; i < p->start.given_count; i++) {
		if (p->start.given[i].is_listener)
			continue;
		add_peer(p, p->start.given[i].role, p->start.given[i].fd);
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
	lookup_free(&process.lookup);
	conf_free(&process.conf);
	child_fini(&process.start);
	loop_free(&process.loop);
	return 0;
}

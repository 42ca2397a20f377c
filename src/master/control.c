/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The control socket: one question at a time from each `doorstep`.  Whoever
 * breaks the grammar loses the connection and nothing else happens. */
#include "master/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "base/xalloc.h"
#include "master/owners.h"

/* The command makes one connection; more than these wait in the backlog's place. */
#define CLIENTS_MAX 32
#define BACKLOG 16

struct client {
	TAILQ_ENTRY(client) entry;
	struct master *master;
	struct wire *wire;
	bool is_trusted; /* root, or the daemon's own uid */
	uint64_t waits_for; /* number of the question that a child works on; 0 none */
	const struct child *child;
};

TAILQ_HEAD(clients, client);

struct control {
	int fd;
	struct sockaddr_un address;
	struct watch watch;
	struct clients clients;
	size_t count;
	uint64_t last_question;
};

/* ---- answers ---- */

static void
answer_status(struct client *c, int status, struct str text)
{
	struct msg_MASTER_ANSWERS_CONTROL message = {
		.is_ok = status == 0,
		.status = (uint8_t)status,
		.text = text,
	};

	c->waits_for = 0;
	c->child = NULL;
	if (!wire_can_carry(MSG_MASTER_ANSWERS_CONTROL, &message))
		message.text = str_sub(text, 0, WIRE_PACKET_MAX / 2);
	wire_send(c->wire, MSG_MASTER_ANSWERS_CONTROL, &message);
}

static void
answer(struct client *c, bool is_ok, struct str text)
{
	answer_status(c, is_ok ? 0 : 1, text);
}

static struct client *
find_waiting(struct master *m, uint64_t id)
{
	struct client *c;

	if (m->control == NULL || id == 0)
		return NULL;
	TAILQ_FOREACH(c, &m->control->clients, entry)
		if (c->waits_for == id)
			return c;
	return NULL;
}

void
control_user_explained(struct master *m, const struct msg_DIRECTORY_EXPLAINS_USER *explained)
{
	struct client *c = find_waiting(m, explained->id);
	int status = explained->class == FAIL_NONE ? 0 :
	    explained->class == FAIL_PERM ? EX_NOUSER : EX_TEMPFAIL;

	if (c != NULL)
		answer_status(c, status, explained->text);
}

void
control_sync_done(struct master *m, const struct msg_DELIVER_DID_SYNC *done)
{
	struct client *c = find_waiting(m, done->id);

	if (c != NULL)
		answer(c, done->is_ok, done->text);
}

void
control_child_ended(const struct child *child)
{
	struct client *c;

	if (child->master->control == NULL)
		return;
	TAILQ_FOREACH(c, &child->master->control->clients, entry)
		if (c->waits_for != 0 && c->child == child)
			answer(c, false, STR("the process that worked on it has ended: see the log"));
}

/* ---- commands ---- */

static void
run_ping(struct client *c, struct str argument)
{
	(void)argument;
	answer(c, true, STR("doorstepd is here"));
}

static const char *
state_name(enum child_state state)
{
	static const char *const names[] = { [CHILD_WAITING] = "waiting",
		[CHILD_STARTING] = "starting", [CHILD_RUNNING] = "running",
		[CHILD_RETIRING] = "retiring", [CHILD_ENDING] = "ending" };

	return names[state];
}

/* A site may have a thousand owners: what does not fit the packet is counted. */
#define PROCESSES_MAX 1500

static void
run_status(struct client *c, struct str argument)
{
	struct msg_MASTER_ANSWERS_CONTROL message = { .is_ok = 1 };
	struct buf text = BUF_EMPTY;
	struct child *child;
	size_t left_out = 0;

	(void)argument;
	message.processes.at = xcalloc(PROCESSES_MAX, sizeof *message.processes.at);
	TAILQ_FOREACH(child, &c->master->children, entry) {
		if (message.processes.n == PROCESSES_MAX) {
			left_out++;
			continue;
		}
		message.processes.at[message.processes.n++] = (struct rec_process){
			.role = (uint32_t)child->role, .owner = str_of(child->owner),
			.pid = (uint32_t)child->pid, .restarts = child->restarts,
			.since = child->since, .state = str_of(state_name(child->state)) };
	}
	buf_addf(&text, "doorstepd, process %ld, %s", (long)getpid(), c->master->conf_path);
	if (left_out > 0)
		buf_addf(&text, "; %zu more processes", left_out);
	message.text = buf_str(&text);
	wire_send(c->wire, MSG_MASTER_ANSWERS_CONTROL, &message);
	buf_fini(&text);
	free(message.processes.at);
}

static void
run_reload(struct client *c, struct str argument)
{
	struct buf errors = BUF_EMPTY;

	(void)argument;
	if (master_reload(c->master, &errors) == -1)
		answer(c, false, buf_str(&errors));
	else
		answer(c, true, STR("reloaded"));
	buf_fini(&errors);
}

static void
run_stop(struct client *c, struct str argument)
{
	(void)argument;
	answer(c, true, STR("stopping"));
	master_stop(c->master);
}

static void
wait_for(struct client *c, const struct child *child)
{
	c->waits_for = ++c->master->control->last_question;
	c->child = child;
}

static void
run_user(struct client *c, struct str argument)
{
	struct child *directory = children_find(c->master, ROLE_DIRECTORY, "", 0);
	struct msg_MASTER_ASKS_USER question = { .address = argument };

	if (directory == NULL || !children_is_alive(directory)) {
		answer_status(c, EX_TEMPFAIL, STR("the directory process is down: try again"));
		return;
	}
	wait_for(c, directory);
	question.id = c->waits_for;
	children_tell(directory, MSG_MASTER_ASKS_USER, &question);
}

static void
ask_deliver(struct client *c, struct str owner, struct str work)
{
	struct msg_MASTER_ASKS_SYNC question = { .work = work };
	struct fail why = FAIL_EMPTY;
	struct child *deliver = NULL;
	char *name = xstrndup(owner);
	uid_t uid = (uid_t)-1;

	if (owners_parse(c->master, owner, &uid) == -1)
		fail_set(&why, FAIL_PERM, 5, 1, 0, "", "%s is no owner's name", name);
	else
		deliver = owners_need(c->master, name, uid, &why);
	free(name);
	if (deliver == NULL) {
		answer(c, false, str_of(why.log));
	} else if (!children_is_alive(deliver)) {
		answer_status(c, EX_TEMPFAIL, STR("its deliver is just going or coming: try again"));
	} else {
		wait_for(c, deliver);
		question.id = c->waits_for;
		children_tell(deliver, MSG_MASTER_ASKS_SYNC, &question);
	}
}

static void
run_sync(struct client *c, struct str argument)
{
	ask_deliver(c, argument, STR("sync"));
}

/* "OWNER WORK..." */
static void
run_work(struct client *c, struct str argument)
{
	struct str owner;

	if (!str_can_split(&argument, ' ', &owner) || argument.n == 0)
		answer(c, false, STR("expected: work OWNER WORK"));
	else
		ask_deliver(c, owner, argument);
}

static const struct {
	const char *name;
	bool is_open; /* to anybody who can connect */
	void (*run)(struct client *, struct str);
} commands[] = {
	{ "ping", true, run_ping },
	{ "status", false, run_status },
	{ "reload", false, run_reload },
	{ "stop", false, run_stop },
	{ "user", false, run_user },
	{ "sync", false, run_sync },
	{ "work", false, run_work },
};

static void
control_asks(struct wire *w, const union msg_any *message, void *arg)
{
	const struct msg_CONTROL_ASKS *asked = &message->CONTROL_ASKS;
	struct client *c = arg;
	size_t i;

	(void)w;
	if (c->waits_for != 0) {
		answer(c, false, STR("one question at a time"));
		return;
	}
	for (i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (!str_is_equal(asked->command, str_of(commands[i].name)))
			continue;
		if (c->is_trusted || commands[i].is_open)
			commands[i].run(c, asked->argument);
		else
			answer_status(c, EX_NOPERM,
			    STR("only root and the daemon's own user may ask this"));
		return;
	}
	answer(c, false, STR("doorstepd does not know this command"));
}

/* ---- the socket ---- */

static const wire_handler handlers[MSG_COUNT] = { [MSG_CONTROL_ASKS] = control_asks };

static void
client_gone(struct wire *w, void *arg)
{
	struct client *c = arg;
	struct control *control = c->master->control;

	(void)w;
	TAILQ_REMOVE(&control->clients, c, entry);
	control->count--;
	wire_free(&c->wire);
	free(c);
}

static void
accept_client(int fd, short what, void *arg)
{
	struct master *m = arg;
	struct client *c;
	uid_t uid = (uid_t)-1;
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (client == -1)
		return;
	if (m->control->count == CLIENTS_MAX || !net_has_peer_uid(client, &uid)) {
		file_close(&client);
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->master = m;
	c->is_trusted = uid == 0 || uid == geteuid();
	c->wire = wire_new(m->loop, client, handlers, client_gone, c);
	TAILQ_INSERT_TAIL(&m->control->clients, c, entry);
	m->control->count++;
}

/* A second doorstepd must not take the socket of the first. */
static bool
is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is = fd != -1
	    && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

	file_close(&fd);
	return is;
}

static int
bind_control(struct control *control, struct fail *why)
{
	const char *path = control->address.sun_path;
	const struct sockaddr *address = (const struct sockaddr *)&control->address;

	if (is_served(&control->address))
		return fail_set(why, FAIL_PERM, 3, 5, 0, "", "another doorstepd answers at %s", path);
	if (unlink(path) == -1 && errno != ENOENT)
		return fail_errno(why, errno, "remove", path);
	if (bind(control->fd, address, sizeof control->address) == -1)
		return fail_errno(why, errno, "bind", path);
	/* Before listen: nobody can connect while the mode is still the umask's. */
	if (chmod(path, 0600) == -1)
		return fail_errno(why, errno, "set the mode of", path);
	if (listen(control->fd, BACKLOG) == -1)
		return fail_errno(why, errno, "listen on", path);
	return 0;
}

int
control_open(struct master *m, struct fail *why)
{
	struct control *control = xcalloc(1, sizeof *control);
	size_t room = sizeof control->address.sun_path;
	int n;

	TAILQ_INIT(&control->clients);
	control->fd = -1;
	control->address.sun_family = AF_UNIX;
	n = snprintf(control->address.sun_path, room, "%s/control", m->conf->runtime_dir);
	if (n < 0 || (size_t)n >= room) {
		fail_set(why, FAIL_PERM, 3, 5, 0, "", "runtime_dir is too long for a socket: %s",
		    m->conf->runtime_dir);
		goto out;
	}
	control->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd == -1) {
		fail_errno(why, errno, "make", "the control socket");
		goto out;
	}
	if (bind_control(control, why) == -1)
		goto out;
	loop_watch(m->loop, &control->watch, control->fd, LOOP_READ, accept_client, m);
	m->control = control;
	return 0;
out:
	file_close(&control->fd);
	free(control);
	return -1;
}

void
control_close(struct master *m)
{
	struct control *control = m->control;
	struct client *c;

	if (control == NULL)
		return;
	while ((c = TAILQ_FIRST(&control->clients)) != NULL)
		client_gone(c->wire, c);
	loop_unwatch(&control->watch);
	file_close(&control->fd);
	(void)unlink(control->address.sun_path);
	free(control);
	m->control = NULL;
}

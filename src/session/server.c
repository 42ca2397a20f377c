/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Listeners, settings and limits of one session process.  Knows neither
 * protocol nor mail. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "session/server.h"
#include "session/session.h"

/* Connections taken at one wake-up: few, because our siblings are awake too
 * and should get their share. */
#define ACCEPT_BURST 4
/* Without descriptors the listeners rest this long. */
#define ACCEPT_PAUSE (CLOCK_SECOND / 2)

#define BUSY_REPLY "421 4.7.0 Too many connections\r\n"

struct listener {
	struct listener *next;
	struct server *server;
	int fd;
	struct watch watch;
	enum command_protocol protocol;
};

/* ---- settings ---- */

struct server_conf *
server_hold_conf(struct server *server)
{
	server->conf->users++;
	return server->conf;
}

void
server_drop_conf(struct server_conf *held)
{
	if (held == NULL || --held->users > 0)
		return;
	conf_free(&held->conf);
	free(held);
}

const char *
server_hostname(const struct server *server, const struct conf *conf)
{
	return *conf->hostname != '\0' ? conf->hostname : server->host;
}

/* ---- listeners ---- */

static void on_connect(int fd, short what, void *arg);

static void
watch_listeners(void *arg)
{
	struct server *server = arg;
	struct listener *l;

	for (l = server->listeners; l != NULL; l = l->next)
		if (!loop_is_set(&l->watch))
			loop_watch(server->loop, &l->watch, l->fd, LOOP_READ, on_connect, l);
}

static void
pause_listeners(struct server *server)
{
	struct listener *l;

	for (l = server->listeners; l != NULL; l = l->next)
		loop_unwatch(&l->watch);
	loop_timer(server->loop, &server->accept_timer, ACCEPT_PAUSE, watch_listeners, server);
}

static void
close_listeners(struct server *server)
{
	struct listener *l, *next;

	for (l = server->listeners; l != NULL; l = next) {
		next = l->next;
		loop_unwatch(&l->watch);
		file_close(&l->fd);
		free(l);
	}
	server->listeners = NULL;
}

static void
refuse(int fd)
{
	/* A fresh socket's buffer takes it; if not, closing says enough. */
	ssize_t n = send(fd, BUSY_REPLY, sizeof BUSY_REPLY - 1, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)n;
	close(fd);
}

/* False: no more to take now. */
static bool
can_accept(struct listener *l)
{
	struct server *server = l->server;
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	int fd;

	memset(&from, 0, sizeof from);
	fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
		log_error("cannot accept a connection: %s", strerror(errno));
		pause_listeners(server);
		return false;
	}
	if (fd == -1)
		return errno == ECONNABORTED || errno == EINTR;
	if (server->session_count >= (uint64_t)server->conf->conf->connection_limit) {
		log_warn("connection_limit reached: a connection was refused");
		refuse(fd);
	} else {
		session_open(server, fd, &from, l->protocol);
	}
	return true;
}

static void
on_connect(int fd, short what, void *arg)
{
	struct listener *l = arg;
	int i;

	(void)fd;
	(void)what;
	for (i = 0; i < ACCEPT_BURST; i++)
		if (!can_accept(l))
			break;
}

void
server_add_listener(struct server *server, struct str title, int fd)
{
	const struct conf_listener *block = conf_find_listener(server->conf->conf, title);
	struct listener *l;

	if (block == NULL || server->is_stopping) {
		file_close(&fd);
		return;
	}
	l = xcalloc(1, sizeof *l);
	l->server = server;
	l->fd = fd;
	l->protocol = strcmp(block->protocol, "lda") == 0 ? COMMAND_LDA : COMMAND_LMTP;
	l->next = server->listeners;
	server->listeners = l;
	watch_listeners(server);
}

void
server_set_conf(struct server *server, struct conf *conf)
{
	struct server_conf *held = xcalloc(1, sizeof *held);

	held->conf = conf;
	held->users = 1;
	server_drop_conf(server->conf);
	server->conf = held;
	server->budget.limit = (uint64_t)conf->message_memory_limit;
	close_listeners(server);
}

/* ---- begin and end ---- */

void
server_init(struct server *server, struct loop *loop, struct ask *ask)
{
	struct buf host = BUF_EMPTY;
	char *room = buf_reserve(&host, 256);

	memset(server, 0, sizeof *server);
	server->loop = loop;
	server->ask = ask;
	server->scratch = xmalloc(SERVER_SCRATCH);
	if (room != NULL && gethostname(room, 256) == 0)
		buf_grew(&host, strnlen(room, 256));
	server->host = xstrndup(host.n > 0 ? buf_str(&host) : STR("localhost"));
	buf_fini(&host);
}

void
server_fini(struct server *server)
{
	server->is_stopping = true;
	while (server->sessions != NULL)
		session_close(server->sessions);
	close_listeners(server);
	loop_unwatch(&server->stop_timer);
	loop_unwatch(&server->accept_timer);
	server_drop_conf(server->conf);
	free(server->scratch);
	free(server->host);
	memset(server, 0, sizeof *server);
}

static void
give_up(void *arg)
{
	struct server *server = arg;

	log_warn("stopping with %zu sessions unfinished", server->session_count);
	session_end_all(server);
	server_session_ended(server);
}

void
server_session_ended(struct server *server)
{
	if (server->is_stopping && server->session_count == 0)
		loop_stop(server->loop);
}

void
server_stop(struct server *server)
{
	if (server->is_stopping)
		return;
	server->is_stopping = true;
	close_listeners(server);
	loop_unwatch(&server->accept_timer);
	loop_timer(server->loop, &server->stop_timer, SERVER_STOP_LIMIT, give_up, server);
	session_stop_all(server);
	server_session_ended(server);
}

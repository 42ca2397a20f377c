/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A client's socket: bytes in and out, time, and signs of life.  Knows no
 * command. */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "base/xalloc.h"
#include "session/dialog.h"
#include "session/session.h"

/* An output buffer above this is given back when it is empty. */
#define OUT_KEEP ((size_t)1024)

struct session {
	struct session *next, *previous;
	struct server *server;
	struct server_conf *conf;
	struct dialog dialog;
	struct buf in; /* what the dialog has not used yet */
	struct buf literal, id;
	int fd;
	struct watch read, write, timer;
	int64_t last; /* when bytes last came from the client */
	bool is_ended;	   /* the client sends no more */
	bool is_quiet;	   /* before our last write the client had sent nothing more */
	bool is_lingering; /* our side is shut: only the client's FIN is waited for */
};

static void on_readable(int fd, short what, void *arg);
static void on_writable(int fd, short what, void *arg);
static void on_time(void *arg);

/* ---- begin and end ---- */

/* Time, process and count in base 32: short, and unique on this host. */
static void
add_id(struct buf *out, uint64_t count)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint64_t number = (uint64_t)(clock_wall() / CLOCK_SECOND) << 32 |
	    (uint64_t)(getpid() & 0xffff) << 16 | (count & 0xffff);
	int shift;

	for (shift = 60; shift >= 0; shift -= 5)
		buf_add_byte(out, digits[number >> shift & 31]);
}

static void wake(void *arg);

static void
fill_terms(struct session *s, enum command_protocol protocol, struct dialog_terms *terms)
{
	uid_t uid = (uid_t)-1;
	bool is_known = net_has_peer_uid(s->fd, &uid);

	*terms = (struct dialog_terms){
		.conf = s->conf->conf,
		.hostname = str_of(server_hostname(s->server, s->conf->conf)),
		.protocol = protocol,
		.literal = buf_str(&s->literal),
		.id = buf_str(&s->id),
		.is_trusted = is_known && (uid == 0 || uid == getuid()),
		.uid = uid,
		.ask = s->server->ask,
		.budget = &s->server->budget,
		.wake = wake,
		.arg = s,
	};
}

static void
link_in(struct session *s)
{
	struct server *server = s->server;

	s->next = server->sessions;
	if (s->next != NULL)
		s->next->previous = s;
	server->sessions = s;
	server->session_count++;
}

static void
link_out(struct session *s)
{
	if (s->next != NULL)
		s->next->previous = s->previous;
	if (s->previous != NULL)
		s->previous->next = s->next;
	else
		s->server->sessions = s->next;
	s->server->session_count--;
}

void
session_close(struct session *s)
{
	struct server *server = s->server;

	log_debug("session %.*s ends", STR_ARG(buf_str(&s->id)));
	loop_unwatch(&s->read);
	loop_unwatch(&s->write);
	loop_unwatch(&s->timer);
	dialog_fini(&s->dialog);
	buf_fini(&s->in);
	buf_fini(&s->literal);
	buf_fini(&s->id);
	file_close(&s->fd);
	server_drop_conf(s->conf);
	link_out(s);
	free(s);
	server_session_ended(server);
}

/* ---- out ---- */

/* All input was worked off, nothing more lies in the socket, and the client
 * has not closed either: what comes after our next write is no command that
 * was pipelined before it. */
static bool
is_client_waiting(const struct session *s)
{
	char byte;

	return s->in.n == 0 && recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -1 &&
	    errno == EAGAIN;
}

static int64_t
linger_limit(const struct session *s)
{
	return s->dialog.unseen_count > 0 ? SESSION_LINGER_LONG : SESSION_LINGER_SHORT;
}

/* The last reply is out.  Closing now could make the kernel send a RST that
 * overtakes it; and the client's FIN is a sign. */
static void
begin_linger(struct session *s)
{
	s->is_lingering = true;
	s->last = clock_monotonic();
	buf_fini(&s->in);
	shutdown(s->fd, SHUT_WR);
	loop_timer(s->server->loop, &s->timer, linger_limit(s), on_time, s);
}

/* What happens once all replies are written.  False: the session is gone. */
static bool
is_open_when_drained(struct session *s)
{
	struct dialog *d = &s->dialog;

	loop_unwatch(&s->write);
	if (d->out.cap > OUT_KEEP)
		buf_fini(&d->out);
	if (d->is_over && !s->is_lingering)
		begin_linger(s);
	if (s->is_ended && !dialog_is_waiting(d)) {
		session_close(s);
		return false;
	}
	return true;
}

static bool
is_open_when_flushed(struct session *s)
{
	struct buf *out = &s->dialog.out;
	ssize_t n;

	/* Asked before the write: a quick client answers before we look again. */
	if (out->n > 0 && s->dialog.unseen_count > 0)
		s->is_quiet = is_client_waiting(s);
	while (out->n > 0) {
		n = send(s->fd, out->p, out->n, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			if (!loop_is_set(&s->write))
				loop_watch(s->server->loop, &s->write, s->fd, LOOP_WRITE, on_writable, s);
			return true;
		}
		if (n == -1) {
			session_close(s);
			return false;
		}
		buf_cut_front(out, (size_t)n);
	}
	return is_open_when_drained(s);
}

/* A client that does not read its replies, or sends more than we can work off,
 * is not read from. */
static void
choose_reading(struct session *s)
{
	bool is_wanted = !s->is_ended && s->dialog.out.n == 0 &&
	    (!dialog_is_waiting(&s->dialog) || s->in.n < SESSION_INPUT_MAX);

	if (is_wanted == loop_is_set(&s->read))
		return;
	if (is_wanted)
		loop_watch(s->server->loop, &s->read, s->fd, LOOP_READ, on_readable, s);
	else
		loop_unwatch(&s->read);
}

/* After every step of the dialog.  The session may be gone when it returns. */
static void
go_on(struct session *s)
{
	struct dialog *d = &s->dialog;
	/* RFC 2920 3.2 (2): replies to pipelined RCPTs go out together. */
	bool is_held = dialog_is_waiting(d) && d->is_batch && s->in.n > 0;

	if (s->in.n == 0)
		buf_fini(&s->in);
	if (!is_held && !is_open_when_flushed(s))
		return;
	choose_reading(s);
}

static void
on_writable(int fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (is_open_when_flushed(s))
		choose_reading(s);
}

/* ---- in ---- */

static void
work(struct session *s)
{
	buf_cut_front(&s->in, dialog_take(&s->dialog, buf_str(&s->in)));
	go_on(s);
}

/* The dialog's answer came; until now the client was not to blame. */
static void
wake(void *arg)
{
	struct session *s = arg;

	s->last = clock_monotonic();
	work(s);
}

static void
take(struct session *s, struct str bytes)
{
	size_t used;

	if (s->in.n > 0) {
		buf_add_str(&s->in, bytes);
		work(s);
		return;
	}
	used = dialog_take(&s->dialog, bytes);
	buf_add_str(&s->in, str_from(bytes, used));
	go_on(s);
}

/*
 * Bytes, or the end, that came after the client had time to see our replies.
 * They count when the kernel knows that nothing of these is under way any
 * more.
 */
static void
note_sign(struct session *s)
{
	if (s->is_quiet && s->dialog.out.n == 0 && net_unsent(s->fd) == 0)
		dialog_saw(&s->dialog);
	s->is_quiet = false;
}

/* Half an unfinished message is no message: it goes with the session. */
static void
take_end(struct session *s)
{
	note_sign(s);
	s->is_ended = true;
	if (!dialog_is_waiting(&s->dialog) && s->dialog.out.n == 0)
		session_close(s);
	else
		choose_reading(s);
}

static void
on_readable(int fd, short what, void *arg)
{
	struct session *s = arg;
	char *scratch = s->server->scratch;
	ssize_t n = recv(fd, scratch, SERVER_SCRATCH, 0);

	(void)what;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		session_close(s);
		return;
	}
	if (n == 0) {
		take_end(s);
		return;
	}
	note_sign(s);
	if (s->is_lingering)
		return;
	s->last = clock_monotonic();
	take(s, (struct str){ scratch, (size_t)n });
}

/* ---- time ---- */

/* One timer a session, moved only when it rings: bytes come far more often. */
static void
on_time(void *arg)
{
	struct session *s = arg;
	int64_t limit = s->conf->conf->session_timeout;
	int64_t left = s->last + limit - clock_monotonic();

	if (s->is_lingering) {
		session_close(s);
		return;
	}
	if (dialog_is_waiting(&s->dialog)) {
		/* The delay is ours. */
		s->last = clock_monotonic();
		left = limit;
	}
	if (left > 0) {
		loop_timer(s->server->loop, &s->timer, left, on_time, s);
		return;
	}
	if (s->dialog.out.n > 0) {
		session_close(s);
		return;
	}
	log_info("session %.*s client %.*s timed out", STR_ARG(buf_str(&s->id)),
	    STR_ARG(buf_str(&s->literal)));
	/* RFC 5321 3.8 */
	dialog_end(&s->dialog, 421, "4.4.2", "Timed out");
	loop_timer(s->server->loop, &s->timer, SESSION_LINGER_LONG, on_time, s);
	go_on(s);
}

void
session_open(struct server *server, int fd, const struct sockaddr_storage *from,
    enum command_protocol protocol)
{
	struct session *s = xcalloc(1, sizeof *s);
	struct dialog_terms terms;
	int one = 1;

	s->server = server;
	s->conf = server_hold_conf(server);
	s->fd = fd;
	s->last = clock_monotonic();
	net_add_literal(&s->literal, from);
	add_id(&s->id, ++server->accepted);
	/* A reply is one write and must not wait for the next. */
	if (from->ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fill_terms(s, protocol, &terms);
	dialog_init(&s->dialog, &terms);
	link_in(s);
	log_debug("session %.*s begins, client %.*s", STR_ARG(buf_str(&s->id)),
	    STR_ARG(buf_str(&s->literal)));
	loop_timer(server->loop, &s->timer, s->conf->conf->session_timeout, on_time, s);
	dialog_greet(&s->dialog);
	go_on(s);
}

/* ---- all at once ---- */

void
session_stop_all(struct server *server)
{
	struct session *s, *next;

	for (s = server->sessions; s != NULL; s = next) {
		next = s->next;
		if (s->dialog.is_over || s->is_lingering)
			continue;
		dialog_stop(&s->dialog);
		go_on(s);
	}
}

void
session_end_all(struct server *server)
{
	struct session *s, *next;

	for (s = server->sessions; s != NULL; s = next) {
		next = s->next;
		if (!dialog_is_waiting(&s->dialog) && !s->dialog.is_over) {
			dialog_end(&s->dialog, 421, "4.3.2", "Shutting down");
			if (!is_open_when_flushed(s))
				continue;
		}
		session_close(s);
	}
}

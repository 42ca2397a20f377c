/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The end of a link in a program with a loop: queues, back-pressure, and one
 * orderly way for a link to end.  What the messages mean is its user's. */
#include "ipc/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "ipc/wire_packet.h"

/* Packets taken from one link before the others get their turn. */
#define PACKETS_A_TURN 64
/* Lists of one packet: the smallest record (9 bytes) takes 16 in memory, so
 * no well-formed packet comes near this. */
#define LISTS_MAX ((size_t)8 * 1024 * 1024)

/* A packet that waits for room in the socket. */
struct packet {
	struct packet *next;
	int fd; /* ours: a duplicate */
	size_t n;
	char bytes[];
};

struct wire {
	struct loop *loop;
	int fd;
	const wire_handler *handlers;
	wire_gone_fn gone;
	void *arg;
	struct watch reading, writing, ending;
	struct packet *first, **last;
	size_t queued;
	struct buf in, out;
	struct arena arena;
	bool is_paused;
	bool is_deaf;  /* the peer takes nothing more; what it sent is still read */
	bool is_over;  /* gone has been, or is about to be, called */
	bool is_busy;  /* callbacks are running: freeing waits for their return */
	bool is_freed; /* by its user, in such a callback */
};

static void
drop_queue(struct wire *w)
{
	struct packet *p;

	while ((p = w->first) != NULL) {
		w->first = p->next;
		file_close(&p->fd);
		free(p);
	}
	w->last = &w->first;
	w->queued = 0;
	loop_unwatch(&w->writing);
}

static void
destroy(struct wire *w)
{
	drop_queue(w);
	buf_fini(&w->in);
	buf_fini(&w->out);
	arena_fini(&w->arena);
	free(w);
}

static void
silence(struct wire *w)
{
	loop_unwatch(&w->reading);
	loop_unwatch(&w->writing);
	loop_unwatch(&w->ending);
}

void
wire_free(struct wire **wp)
{
	struct wire *w = *wp;

	if (w == NULL)
		return;
	*wp = NULL;
	silence(w);
	file_close(&w->fd);
	if (w->is_busy)
		w->is_freed = true;
	else
		destroy(w);
}

static void
tell_gone(void *arg)
{
	struct wire *w = arg;

	silence(w);
	drop_queue(w);
	w->is_over = true;
	w->is_busy = true;
	w->gone(w, w->arg);
	w->is_busy = false;
	if (w->is_freed)
		destroy(w);
}

/* From inside wire_send gone may not be called: its caller still holds what
 * gone would free. */
static void
end_soon(struct wire *w)
{
	if (w->is_over)
		return;
	w->is_over = true;
	loop_unwatch(&w->reading);
	drop_queue(w);
	loop_soon(w->loop, &w->ending, tell_gone, w);
}

static void
dispatch(struct wire *w, enum msg m, union msg_any *message)
{
	int *member = wire_packet_fd(m, message);

	w->handlers[m](w, message, w->arg);
	if (member != NULL)
		file_close(member);
}

/* Hands a packet to its handler; false when it has none or is malformed. */
static bool
is_handled(struct wire *w, int *fd)
{
	union msg_any message;
	enum msg m;

	if (!wire_packet_is_understood(&w->in, fd, &w->arena, &m, &message)) {
		log_error("a peer sent %zu bytes that are no message", w->in.n);
		return false;
	}
	if (w->handlers[m] == NULL) {
		log_error("a peer sent %s, which it may not", wire_name(m));
		if (wire_packet_fd(m, &message) != NULL)
			file_close(wire_packet_fd(m, &message));
		return false;
	}
	dispatch(w, m, &message);
	return true;
}

/* False when the link has ended. */
static bool
has_read_one(struct wire *w, bool *is_empty)
{
	int fd;
	enum wire_receipt receipt = wire_packet_receive(w->fd, &w->in, &fd);
	bool is_alive = receipt == WIRE_RECEIPT_NOTHING;

	*is_empty = receipt == WIRE_RECEIPT_NOTHING;
	if (receipt == WIRE_RECEIPT_PACKET)
		is_alive = is_handled(w, &fd);
	else if (receipt == WIRE_RECEIPT_BROKEN)
		log_error("a peer sent a packet too long, or more descriptors than one");
	file_close(&fd);
	arena_empty(&w->arena);
	return is_alive;
}

static void
read_packets(int fd, short what, void *arg)
{
	struct wire *w = arg;
	bool is_alive = true, is_empty = false;
	int turn;

	(void)fd;
	(void)what;
	w->is_busy = true;
	for (turn = 0; turn < PACKETS_A_TURN && is_alive && !is_empty; turn++) {
		is_alive = has_read_one(w, &is_empty);
		if (w->is_freed || w->is_paused || w->is_over)
			break;
	}
	w->is_busy = false;
	if (w->is_freed)
		destroy(w);
	else if (!is_alive)
		tell_gone(w);
}

/* True: the socket is full.  A peer that takes no more is left to the reading
 * side, which first gives what the peer had said before it went. */
static bool
is_full(struct wire *w, struct str bytes, int fd)
{
	int errnum = wire_packet_send(w->fd, bytes, fd);

	if (errnum == EAGAIN || errnum == ENOBUFS)
		return true;
	if (errnum != 0 && errnum != EPIPE && errnum != ECONNRESET && errnum != ENOTCONN) {
		log_error("cannot send to a peer: %s", strerror(errnum));
		end_soon(w);
	} else if (errnum != 0) {
		w->is_deaf = true;
	}
	return false;
}

static void
write_packets(int fd, short what, void *arg)
{
	struct wire *w = arg;
	struct packet *p;

	(void)fd;
	(void)what;
	while ((p = w->first) != NULL && !w->is_deaf) {
		if (is_full(w, (struct str){ p->bytes, p->n }, p->fd))
			return;
		if (w->is_over)
			return;
		w->first = p->next;
		if (w->first == NULL)
			w->last = &w->first;
		w->queued--;
		file_close(&p->fd);
		free(p);
	}
	drop_queue(w);
}

static void
enqueue(struct wire *w, struct str bytes, int fd)
{
	struct packet *p;

	if (w->queued == WIRE_QUEUE_MAX) {
		log_error("a peer does not read: %zu packets wait for it", w->queued);
		end_soon(w);
		return;
	}
	p = xmalloc(sizeof *p + bytes.n);
	p->next = NULL;
	p->n = bytes.n;
	memcpy(p->bytes, bytes.p, bytes.n);
	p->fd = fd == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd != -1 && p->fd == -1) {
		log_error("cannot keep a descriptor for a peer: %s", strerror(errno));
		free(p);
		end_soon(w);
		return;
	}
	*w->last = p;
	w->last = &p->next;
	if (w->queued++ == 0)
		loop_watch(w->loop, &w->writing, w->fd, LOOP_WRITE, write_packets, w);
}

void
wire_send(struct wire *w, enum msg m, const void *message)
{
	const int *member = wire_packet_fd(m, message);
	int fd = member == NULL ? -1 : *member;

	if (w->is_deaf || w->is_over || w->is_freed)
		return;
	buf_clear(&w->out);
	/* Whoever puts together a message keeps it below the packet's limit. */
	BUG_ON(!wire_is_encoded(m, message, &w->out));
	if (w->queued > 0 || is_full(w, buf_str(&w->out), fd))
		enqueue(w, buf_str(&w->out), fd);
}

struct wire *
wire_new(struct loop *loop, int fd, const wire_handler *handlers, wire_gone_fn gone, void *arg)
{
	struct wire *w = xcalloc(1, sizeof *w);
	int flags = fcntl(fd, F_GETFL);

	BUG_ON(flags == -1);
	if ((flags & O_NONBLOCK) == 0)
		BUG_ON(fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1);
	w->loop = loop;
	w->fd = fd;
	w->handlers = handlers;
	w->gone = gone;
	w->arg = arg;
	w->last = &w->first;
	w->out = BUF_LIMIT(WIRE_PACKET_MAX);
	arena_init_limit(&w->arena, LISTS_MAX);
	loop_watch(loop, &w->reading, fd, LOOP_READ, read_packets, w);
	return w;
}

int
wire_take_fd(const union msg_any *message, const int *field)
{
	int *member = (int *)(uintptr_t)field;
	int fd = *member;

	BUG_ON((const char *)field < (const char *)message
	    || (const char *)field >= (const char *)message + sizeof *message);
	*member = -1;
	return fd;
}

size_t
wire_queued(const struct wire *w)
{
	return w->queued;
}

void *
wire_arg(const struct wire *w)
{
	return w->arg;
}

void
wire_pause(struct wire *w)
{
	w->is_paused = true;
	loop_unwatch(&w->reading);
}

void
wire_resume(struct wire *w)
{
	if (!w->is_paused)
		return;
	w->is_paused = false;
	if (!w->is_over && !w->is_freed)
		loop_watch(w->loop, &w->reading, w->fd, LOOP_READ, read_packets, w);
}

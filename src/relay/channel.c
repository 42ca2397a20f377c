/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Bytes to and from a remote, as the loop has them.  It knows no protocol
 * above TLS and no time: whoever waits has a timer of his own. */
#include "relay/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/file.h"

#define READ_SIZE ((size_t)16 * 1024) /* a TLS record holds no more */

static void on_ready(int fd, short what, void *arg);

void
channel_init(struct channel *c, struct loop *loop, int fd, channel_fn fn, void *arg)
{
	*c = CHANNEL_EMPTY;
	c->loop = loop;
	c->fd = fd;
	c->fn = fn;
	c->arg = arg;
	c->is_connecting = true;
	c->waits = LOOP_WRITE;
	loop_watch(loop, &c->watch, fd, c->waits, on_ready, c);
}

void
channel_fini(struct channel *c)
{
	if (c->is_gone != NULL)
		*c->is_gone = true;
	loop_unwatch(&c->watch);
	if (c->tls != NULL && !c->is_shaking && !c->is_dead)
		tls_say_end(c->tls);
	tls_session_free(&c->tls);
	file_close(&c->fd);
	buf_fini(&c->in);
	buf_fini(&c->out);
	*c = CHANNEL_EMPTY;
}

bool
channel_is_open(const struct channel *c)
{
	return c->fd != -1 && !c->is_connecting && !c->is_dead;
}

static void
wait_for(struct channel *c, short what)
{
	if (c->is_dead || c->waits == what)
		return;
	c->waits = what;
	loop_watch(c->loop, &c->watch, c->fd, what, on_ready, c);
}

/* False when the owner has ended the channel meanwhile. */
static bool
has_survived(struct channel *c, enum channel_event event)
{
	bool is_gone = false;
	bool *outer = c->is_gone;

	c->is_gone = &is_gone;
	c->fn(event, c->arg);
	if (is_gone) {
		if (outer != NULL)
			*outer = true;
		return false;
	}
	c->is_gone = outer;
	return true;
}

static bool
end(struct channel *c, enum channel_event event)
{
	c->is_dead = true;
	loop_unwatch(&c->watch);
	c->waits = 0;
	return has_survived(c, event) && false;
}

/* ---- one step each; false: the channel is dead or gone ---- */

static bool
can_finish_connect(struct channel *c)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		fail_set(&c->why, FAIL_TEMP, 4, 1, error, "", "connect");
		return end(c, CHANNEL_FAILED);
	}
	c->is_connecting = false;
	return has_survived(c, CHANNEL_OPEN);
}

static bool
can_shake(struct channel *c)
{
	switch (tls_handshake(c->tls, &c->why)) {
	case TLS_DONE:
		c->is_shaking = false;
		return has_survived(c, CHANNEL_SECURE);
	case TLS_WANTS_WRITE:
		wait_for(c, LOOP_WRITE);
		return true;
	case TLS_WANTS_READ:
		wait_for(c, LOOP_READ);
		return true;
	case TLS_ENDED:
		fail_set(&c->why, FAIL_TEMP, 7, 5, 0, "", "TLS handshake: it ended the connection");
		break;
	case TLS_FAILED:
		break;
	}
	return end(c, CHANNEL_FAILED);
}

static enum tls_result
read_plain(struct channel *c, char *room, size_t *n_out)
{
	ssize_t n = recv(c->fd, room, READ_SIZE, 0);

	*n_out = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return TLS_DONE;
	if (n == 0)
		return TLS_ENDED;
	if (errno == EAGAIN || errno == EINTR)
		return TLS_WANTS_READ;
	fail_set(&c->why, FAIL_TEMP, 4, 2, errno, "", "read");
	return TLS_FAILED;
}

static bool
can_read(struct channel *c)
{
	enum tls_result result;
	size_t n;

	do {
		char *room = buf_reserve(&c->in, READ_SIZE);

		if (room == NULL || c->in.n > CHANNEL_INPUT_MAX) {
			fail_set(&c->why, FAIL_TEMP, 5, 0, 0, "", "it says too much");
			return end(c, CHANNEL_FAILED);
		}
		result = c->tls == NULL ? read_plain(c, room, &n)
		    : tls_read(c->tls, room, READ_SIZE, &n, &c->why);
		if (result == TLS_ENDED)
			return end(c, CHANNEL_ENDED);
		if (result == TLS_FAILED)
			return end(c, CHANNEL_FAILED);
		if (result != TLS_DONE)
			return true;
		buf_grew(&c->in, n);
		if (!has_survived(c, CHANNEL_INPUT))
			return false;
		/* The owner may have begun TLS: then the handshake is next. */
	} while (!c->is_shaking && c->tls != NULL && tls_has_pending(c->tls));
	return true;
}

static enum tls_result
write_plain(struct channel *c, size_t *n_out)
{
	ssize_t n = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL);

	*n_out = n > 0 ? (size_t)n : 0;
	if (n >= 0)
		return TLS_DONE;
	if (errno == EAGAIN || errno == EINTR)
		return TLS_WANTS_WRITE;
	fail_set(&c->why, FAIL_TEMP, 4, 2, errno, "", "write");
	return TLS_FAILED;
}

static bool
can_write(struct channel *c)
{
	enum tls_result result = TLS_DONE;
	size_t n;

	if (c->out.n == 0)
		return true;
	while (c->out.n > 0 && result == TLS_DONE) {
		result = c->tls == NULL ? write_plain(c, &n)
		    : tls_write(c->tls, buf_str(&c->out), &n, &c->why);
		buf_cut_front(&c->out, n);
	}
	/* What it said before it closed is still to be read: that tells why. */
	if (result == TLS_FAILED && c->why.errnum != EPIPE && c->why.errnum != ECONNRESET)
		return end(c, CHANNEL_FAILED);
	if (result == TLS_FAILED)
		buf_clear(&c->out);
	return c->out.n > 0 || result == TLS_FAILED || has_survived(c, CHANNEL_SENT);
}

static void
on_ready(int fd, short what, void *arg)
{
	struct channel *c = arg;

	(void)fd;
	if (c->is_connecting) {
		if (!can_finish_connect(c))
			return;
	} else if (c->is_shaking) {
		if (!can_shake(c))
			return;
	} else if ((what & LOOP_READ) != 0 && !can_read(c)) {
		return;
	}
	if (c->is_shaking || !can_write(c) || c->is_shaking)
		return;
	wait_for(c, (short)(LOOP_READ | (c->out.n > 0 ? LOOP_WRITE : 0)));
}

/* Only asks the loop: the owner is never called back from its own call. */
void
channel_flush(struct channel *c)
{
	if (channel_is_open(c) && !c->is_shaking && c->out.n > 0)
		wait_for(c, LOOP_READ | LOOP_WRITE);
}

void
channel_write(struct channel *c, struct str bytes)
{
	buf_add_str(&c->out, bytes);
	channel_flush(c);
}

struct buf *
channel_output(struct channel *c)
{
	return &c->out;
}

struct buf *
channel_input(struct channel *c)
{
	return &c->in;
}

int
channel_start_tls(struct channel *c, tls_context *context, const struct route *route,
    struct fail *why)
{
	BUG_ON(c->tls != NULL);
	/* RFC 3207 6: what came in the clear behind the reply to STARTTLS would
	 * be taken for what came under TLS. */
	if (c->in.n > 0)
		return fail_set(why, FAIL_TEMP, 7, 5, 0, "",
		    "it said more in the clear after STARTTLS");
	c->tls = tls_session_new(context, c->fd, route, why);
	if (c->tls == NULL)
		return -1;
	c->is_shaking = true;
	/* From the loop, not from here: the caller is not done yet. */
	wait_for(c, LOOP_WRITE);
	return 0;
}

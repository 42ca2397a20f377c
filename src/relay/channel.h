/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_CHANNEL_H
#define DOORSTEP_RELAY_CHANNEL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/loop.h"
#include "relay/tls.h"

/*
 * A stream to a remote, plain or TLS, that never blocks.  Lives in its owner;
 * the owner's function hears what happens and may call channel_fini in it.
 */
enum channel_event {
	CHANNEL_OPEN,	/* the connection is there */
	CHANNEL_SECURE, /* so is TLS */
	CHANNEL_INPUT,	/* channel_input has grown */
	CHANNEL_SENT,	/* all that was given is written */
	CHANNEL_ENDED,	/* the remote has closed it */
	CHANNEL_FAILED	/* channel->why says why; nothing more will come */
};

typedef void (*channel_fn)(enum channel_event event, void *arg);

/* Of what the owner did not use up; more is never asked for. */
#define CHANNEL_INPUT_MAX ((size_t)64 * 1024)

struct channel {
	struct loop *loop;
	struct watch watch;
	struct buf in, out;
	tls_session *tls;
	channel_fn fn;
	void *arg;
	struct fail why;
	short waits; /* what watch watches */
	bool is_connecting, is_shaking, is_dead;
	bool *is_gone; /* private: channel_fini tells the function that is running */
	int fd;
};

#define CHANNEL_EMPTY ((struct channel){ .fd = -1 })

/* Takes fd over: non-blocking, connected or still connecting (CHANNEL_OPEN comes
 * in either case, from the loop). */
void channel_init(struct channel *c, struct loop *loop, int fd, channel_fn fn, void *arg);
void channel_fini(struct channel *c); /* closes; legal on CHANNEL_EMPTY */
bool channel_is_open(const struct channel *c);

void channel_write(struct channel *c, struct str bytes);
struct buf *channel_output(struct channel *c); /* to append to; then channel_flush */
void channel_flush(struct channel *c);
struct buf *channel_input(struct channel *c);  /* cut from its front what was used */

/* Nothing may be waiting in either direction.  Then CHANNEL_SECURE or
 * CHANNEL_FAILED.  -1: it could not be begun. */
int channel_start_tls(struct channel *c, tls_context *context, const struct route *route,
    struct fail *why);

#endif

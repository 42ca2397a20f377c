/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The one event loop, over libevent.  Knows neither what a descriptor is nor
 * who owns a watch. */
#include "base/loop.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"

_Static_assert(LOOP_READ == EV_READ && LOOP_WRITE == EV_WRITE, "loop.h copies libevent's values");

struct loop {
	struct event_base *base;
	bool stopped;
};

static void
warn(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		log_warn("event loop: %s", text);
}

struct loop *
loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof *loop);
	struct event_config *config = event_config_new();

	BUG_ON(config == NULL);
	event_set_log_callback(warn);
	/* One thread uses it; and the environment is a stranger's. */
	BUG_ON(event_config_set_flag(config,
		   EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == -1);
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	BUG_ON(loop->base == NULL);
	return loop;
}

void
loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	event_base_free((*loop)->base);
	free(*loop);
	*loop = NULL;
}

void
loop_run(struct loop *loop)
{
	/* Our own flag: libevent forgets a stop that came before it ran. */
	while (!loop->stopped)
		BUG_ON(event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) == -1);
	loop->stopped = false;
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = true;
	event_base_loopbreak(loop->base);
}

/* A callback may end its watch and free what holds it: nothing of the watch is
 * touched after the call. */
static void
ready(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	w->fd_fn((int)fd, what, w->arg);
}

/* Ended before the call, so that fn may set it again, and so that a timer that
 * ran holds nothing. */
static void
due(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	loop_fn fn = w->fn;
	void *fn_arg = w->arg;

	(void)fd;
	(void)what;
	loop_unwatch(w);
	fn(fn_arg);
}

static void
start(struct watch *w, const struct timeval *after)
{
	BUG_ON(w->event == NULL);
	BUG_ON(event_add(w->event, after) == -1);
}

void
loop_watch(struct loop *loop, struct watch *w, int fd, short what, loop_fd_fn fn, void *arg)
{
	BUG_ON(fd < 0 || (what & (LOOP_READ | LOOP_WRITE)) == 0);
	loop_unwatch(w);
	*w = (struct watch){ .fd_fn = fn, .arg = arg };
	w->event = event_new(loop->base, fd, (short)(what | EV_PERSIST), ready, w);
	start(w, NULL);
}

void
loop_unwatch(struct watch *w)
{
	if (w->event != NULL)
		event_free(w->event);
	*w = (struct watch){ 0 };
}

void
loop_timer(struct loop *loop, struct watch *w, int64_t microseconds, loop_fn fn, void *arg)
{
	int64_t wait = microseconds < 0 ? 0 : microseconds;
	struct timeval after = { wait / CLOCK_SECOND, wait % CLOCK_SECOND };

	loop_unwatch(w);
	*w = (struct watch){ .fn = fn, .arg = arg };
	w->event = event_new(loop->base, -1, 0, due, w);
	start(w, &after);
}

bool
loop_is_set(const struct watch *w)
{
	return w->event != NULL;
}

void
loop_signal(struct loop *loop, struct watch *w, int signal, loop_fd_fn fn, void *arg)
{
	loop_unwatch(w);
	*w = (struct watch){ .fd_fn = fn, .arg = arg };
	w->event = event_new(loop->base, signal, EV_SIGNAL | EV_PERSIST, ready, w);
	start(w, NULL);
}

/* A timer of nothing, not event_active: it comes due behind one more look at
 * the descriptors, so a batch takes what arrived meanwhile, and a callback
 * that asks for itself each time does not starve them. */
void
loop_soon(struct loop *loop, struct watch *w, loop_fn fn, void *arg)
{
	loop_timer(loop, w, 0, fn, arg);
}

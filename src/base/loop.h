/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_LOOP_H
#define DOORSTEP_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The one event loop of a program, over libevent.  One a process; callbacks
 * run one at a time and must not block.
 */
struct event;
struct loop;

typedef void (*loop_fd_fn)(int fd, short what, void *arg);
typedef void (*loop_fn)(void *arg);

#define LOOP_READ 0x02	/* EV_READ */
#define LOOP_WRITE 0x04 /* EV_WRITE */

/* A watched descriptor or a timer; lives in its owner, all zero when unused. */
struct watch {
	struct event *event;
	loop_fn fn;
	loop_fd_fn fd_fn;
	void *arg;
};

struct loop *loop_new(void); /* owned; never NULL */
void loop_free(struct loop **loop);
void loop_run(struct loop *loop); /* until loop_stop */
void loop_stop(struct loop *loop);

/* Calls fn whenever fd is ready (level-triggered) until loop_unwatch. */
void loop_watch(struct loop *loop, struct watch *w, int fd, short what, loop_fd_fn fn, void *arg);
void loop_unwatch(struct watch *w); /* legal on an unused or ended one */

/* Calls fn once after that many microseconds; setting again replaces.  Once
 * it runs, the watch is unused again: fn may set it or free what holds it. */
void loop_timer(struct loop *loop, struct watch *w, int64_t microseconds, loop_fn fn, void *arg);
bool loop_is_set(const struct watch *w);

void loop_signal(struct loop *loop, struct watch *w, int signal, loop_fd_fn fn, void *arg);

/* fn runs once after the callbacks that are due now have run: batches. */
void loop_soon(struct loop *loop, struct watch *w, loop_fn fn, void *arg);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_OUTSIDE_H
#define DOORSTEP_RELAY_OUTSIDE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "ipc/wire.h"

/*
 * The half of relay that stays outside of the empty root: a process that looks
 * names up, connects to unix sockets and runs sendmail, for the half that
 * talks to remotes and can do none of that.  It has its own copy of the
 * settings: it connects only to sockets that relay_host names and runs only
 * the program of relay_sendmail, whatever it is asked.  It never reads a byte
 * that a remote has said, and of a mail only its envelope.
 */
enum outside_question {
	OUTSIDE_RESOLVE, /* name: addresses come back */
	OUTSIDE_CONNECT, /* name is the path: a connected socket comes back */
	OUTSIDE_SENDMAIL, /* fd, sender, recipient: the outcome comes back */
	OUTSIDE_QUESTIONS
};

#define OUTSIDE_ADDRESSES_MAX 16

/* What of the settings it must know, as text: when that changes, relay has to
 * begin anew, for only before the chroot can it be started.  Empty: it is not
 * needed at all. */
void outside_describe(const struct conf *conf, struct buf *out);

/* Starts it; the other end of its link in *fd_out.  uid and gid as in
 * drop_identity.  Every other descriptor of ours is closed in it. */
int outside_start(const struct conf *conf, uid_t uid, gid_t gid, int *fd_out, struct fail *why);

/* ---- asking it ---- */

struct outside;
typedef void (*outside_fn)(const struct msg_OUTSIDE_ANSWERS *answer, int fd, void *arg);

/* fd -1: there is none, and every question is answered with a failure.  gone is
 * called when it has ended: nothing more will be answered. */
struct outside *outside_new(struct loop *loop, int fd, void (*gone)(void *arg), void *arg);
void outside_free(struct outside **outside);

/* fn is called once, from the loop; a descriptor in it is the callee's.  The
 * message's own descriptor stays the caller's.  Returns a number for
 * outside_forget, after which fn is not called. */
uint64_t outside_ask(struct outside *outside, const struct msg_RELAY_ASKS_OUTSIDE *question,
    outside_fn fn, void *arg);
void outside_forget(struct outside *outside, uint64_t id);

#endif

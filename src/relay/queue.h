/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_QUEUE_H
#define DOORSTEP_RELAY_QUEUE_H

#include <stdbool.h>

#include "base/loop.h"
#include "conf/conf.h"
#include "relay/mail.h"
#include "relay/outside.h"
#include "relay/tls.h"

/*
 * Mail that waits, and the remotes that it may go to: relay_host in its order.
 * The first that is not at rest after a failure gets all mail, over at most
 * relay_concurrency connections; a remote that has not been reached yet is
 * tried with one.  When all are at rest every mail fails for now at once:
 * deliver has a back-off for each.
 */
struct queue;
typedef void (*queue_fn)(struct mail *mail, const struct outcome *outcome, void *arg);

/* done is called once for each mail that was added and whose peer is still
 * there, from the loop; the mail is the callee's. */
struct queue *queue_new(struct loop *loop, struct outside *outside, queue_fn done, void *arg);
void queue_free(struct queue **queue);

/* New settings for new connections; conf is taken over.  tls outlives the queue,
 * NULL: it cannot be used.  Connections under other settings end after their
 * mail. */
void queue_configure(struct queue *queue, struct conf *conf, struct str password,
    tls_context *tls);
bool queue_has_route(const struct queue *queue);

void queue_add(struct queue *queue, struct mail *mail);
void queue_drop_peer(struct queue *queue, const struct peer *peer);

/* Begins nothing new; done(arg) once all connections are idle, or after
 * that many microseconds. */
void queue_drain(struct queue *queue, int64_t limit, void (*drained)(void *arg), void *arg);

/* Mails with us at one time: each may hold 64 KiB or a descriptor. */
#define QUEUE_MAILS_MAX 4096

#endif

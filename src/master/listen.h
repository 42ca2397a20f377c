/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MASTER_LISTEN_H
#define DOORSTEP_MASTER_LISTEN_H

#include "base/fail.h"
#include "conf/conf.h"
#include "ipc/wire.h"

/* The listening sockets of a configuration.  Sessions share them. */
struct listeners;

/* Opens what `conf` names; a socket that `old` (may be NULL) has at the same
 * address is shared, so that no connection in its queue is lost.  Owned. */
int listeners_open(const struct conf *conf, const struct listeners *old, struct listeners **out,
    struct fail *why);
/* Closes; files of unix sockets that `kept` (may be NULL) has not are removed. */
void listeners_close(struct listeners **l, const struct listeners *kept);
void listeners_give(const struct listeners *l, struct wire *to);

#endif

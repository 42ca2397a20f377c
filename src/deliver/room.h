/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_ROOM_H
#define DOORSTEP_DELIVER_ROOM_H

#include <stdint.h>

#include "base/fail.h"
#include "deliver/user.h"
#include "ipc/wire.h"

/*
 * Would a message of this size fit?  Asked at RCPT, so that over quota is said
 * before the MTA has accepted anything (DESIGN 3), and again when a message
 * is committed.
 */
struct deliver;
struct session_link;

void room_ask(struct deliver *d, struct session_link *link, const struct msg_SESSION_ASKS_ROOM *message);
/* The link is gone: nobody waits for its answers. */
void rooms_forget(struct deliver *d, struct session_link *link);

/*
 * 0: size more bytes (and one message) fit into the user's quota by the
 * numbers as they are known now.  -1 with 4.2.2 or 5.2.2 in *why, by the setting
 * quota_full_tempfail: the caller must have the mailbox looked at
 * (rescans_begin) before it believes that.
 */
int room_check(struct deliver *d, struct user *user, uint64_t size, struct fail *why);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_RESCAN_H
#define DOORSTEP_DELIVER_RESCAN_H

#include "base/loop.h"
#include "deliver/box.h"
#include "deliver/user.h"
#include "store/store.h"

/*
 * IMAP servers move, flag and expunge files behind our back.  A rescan looks at
 * one user's folders and brings index and counters up to what is on disk: in
 * the background when a folder's times have changed, and always before a
 * message is refused for quota.  While one runs, nothing is committed for that
 * user (user->is_held).
 */
struct deliver;
struct rescans;

/* Scans under way at a time: they share the disk with the mail. */
#define RESCANS_ACTIVE_MAX 8
/* Folders watched, for how long after the last delivery, and how many of them
 * are looked at in a second (two system calls each). */
#define RESCANS_WATCHED_MAX 20000
#define RESCANS_WATCH (600 * INT64_C(1000000))
#define RESCANS_LOOKS 50

struct rescans *rescans_new(struct deliver *d); /* owned */
void rescans_free(struct rescans **rescans);

/* Looks at all folders of the user; done(arg) once the numbers are right (or
 * could not be had: logged).  Joins a rescan that has not begun to look. */
void rescans_begin(struct rescans *rescans, struct user *user, loop_fn done, void *arg);
/* The same, though times say that nothing changed (recalc, rebuild). */
void rescans_force(struct rescans *rescans, struct user *user, loop_fn done, void *arg);

/* A folder that mail has just gone into: looked at in the background from now
 * on, until no mail has come for a while (RESCANS_WATCH). */
void rescans_watch(struct rescans *rescans, const struct user *user, const struct box *box);

/* Placed copies have lowered user->in_flight: a waiting rescan may begin. */
void rescans_check(struct rescans *rescans);
bool rescans_is_idle(const struct rescans *rescans);

/* Changes that wait to be committed: the next batch takes them in
 * (store_prepare_rescan) and says so when it is durable. */
bool rescans_has_ready(const struct rescans *rescans);
/* Returns the last journal sequence used, 0 when none was. */
uint64_t rescans_prepare(struct rescans *rescans, struct store_batch *batch);
void rescans_committed(struct rescans *rescans, bool is_written);

#endif

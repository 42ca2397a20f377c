/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_OWNERS_H
#define DOORSTEP_CLI_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "doorstep.h"

/*
 * Which store below state_dir a user is in, and work in it.  A store belongs to
 * the owner of its mail, who could put anything there: root does not touch it
 * but becomes that user, in a child process for each store.
 */

/* A user as far as is known. */
struct owners_user {
	char *name;  /* canonical, or as given when nobody was there to ask */
	char *owner; /* NULL: not known */
	bool is_looked_up; /* doorstepd said so; then the limits are right too */
	uint64_t quota_bytes, quota_messages; /* 0 none */
};

/* Asks doorstepd who this is; without it the name stands as it is.  An alias
 * for several users is its first. */
void owners_look_up(const struct conf *conf, const char *address, struct owners_user *out);
void owners_user_fini(struct owners_user *user);

/* What work on a store says when its user is not in it. */
#define OWNERS_NOT_HERE 200

/* In the store's directory, as its owner; returns a status of sysexits(3). */
typedef int (*owners_fn)(const char *dir, const char *owner, void *arg);

/* In the store of the user: the known one, else each until one has them.
 * OWNERS_NOT_HERE becomes EX_NOUSER, with a message. */
int owners_run_user(const struct conf *conf, const struct owners_user *user, owners_fn fn,
    void *arg);
/* In every store that we may enter; the worst status. */
int owners_run_all(const struct conf *conf, owners_fn fn, void *arg);

/* In one store; OWNERS_NOT_HERE or EX_NOPERM without a message. */
int owners_run_one(const struct conf *conf, const char *owner, owners_fn fn, void *arg);
/* The owners that have a store; whoever may not list them gets their own. */
char **owners_list(const struct conf *conf, size_t *count_out);
void owners_free_list(char **owners, size_t count);

/* The status for a failure of libdoorstep, whose text it prints. */
int owners_failed(const struct doorstep_error *error);

/* Is doorstepd there? */
bool owners_has_daemon(const struct conf *conf);

#endif

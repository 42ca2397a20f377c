/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DIRECTORY_LOOKUP_H
#define DOORSTEP_DIRECTORY_LOOKUP_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "conf/conf.h"

/*
 * Who is behind an address (DESIGN 7).  The order for a local part: alias,
 * user; then both again without the subaddress; then the domain's catch-all.
 */

/* Aliases may name aliases: how deep, and how many users one address may have. */
#define LOOKUP_DEPTH_MAX 20
#define LOOKUP_TARGETS_MAX 1000
#define LOOKUP_PATH_MAX 4096

struct lookup; /* the opened sources and alias files of a configuration */

struct lookup_options {
	const struct conf *conf; /* borrowed as long as the lookup lives */
	bool is_unprivileged;	 /* everything is owned by our own uid */
};

struct lookup *lookup_new(const struct lookup_options *options); /* owned */
void lookup_free(struct lookup **lookup);

/* Everything about one user, expanded and checked. */
struct lookup_user {
	struct str name, source, owner, home, mail, script, delimiters;
	uid_t uid;
	gid_t gid;
	uint64_t quota_bytes, quota_messages;
};

struct lookup_target {
	struct str user, owner;
	uid_t uid;
};

struct lookup_targets {
	struct lookup_target *at; /* in the arena */
	size_t n;
};

/*
 * The users behind an address (unquoted local part, @, domain; or a bare local
 * part).  -1: FAIL_PERM 5.1.1 or 5.1.2: there is none; FAIL_TEMP 4.3.x: it
 * cannot be told now.  trace (may be NULL) gets a line for each step.
 */
int lookup_address(struct lookup *lookup, struct str address, struct arena *a,
    struct lookup_targets *out, struct buf *trace, struct fail *why);

/* A user by canonical name, as in a target. */
int lookup_user(struct lookup *lookup, struct str name, struct arena *a, struct lookup_user *out,
    struct fail *why);

#endif

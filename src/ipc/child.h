/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_IPC_CHILD_H
#define DOORSTEP_IPC_CHILD_H

#include "base/arena.h"
#include "ipc/roles.h"
#include "ipc/wire.h"

/*
 * The first screen of every child's main:
 *
 *	child_begin(ROLE_SESSION, &start);   settings and descriptors from master
 *	...open what must be opened as root or outside the sandbox...
 *	child_drop(&start);		     identity
 *	...open what the new identity may open...
 *	child_enter(&start);		     sandbox; tells master CHILD_IS_READY
 *
 * Each step ends the program with a log line when it fails.
 */
struct child_given {
	int fd;			  /* the caller takes it and sets -1 */
	bool is_listener;
	enum role role;		  /* of a peer */
	uint32_t worker;
	struct str name;	  /* listener title, or a deliver's owner */
};

struct child_start {
	enum role role;
	struct arena arena; /* holds all that is pointed to below */
	struct msg_MASTER_GIVES_CONF conf;
	struct child_given *given;
	size_t given_count;
	struct buf packets; /* private */
};

/* Starts the log, ignores SIGPIPE and what master alone acts on (SIGINT,
 * SIGTERM, SIGHUP), then reads from ROLE_MASTER_FD until
 * MASTER_SAYS_START. */
void child_begin(enum role role, struct child_start *out);
void child_drop(struct child_start *start);
void child_enter(struct child_start *start);
void child_fini(struct child_start *start); /* closes descriptors that nobody took */

/* The log settings among new settings: for a child at a reload too. */
void child_apply_log(const struct msg_MASTER_GIVES_CONF *conf);

/* Takes the descriptor of the first peer of this role out of the start: -1 none. */
int child_take_peer(struct child_start *start, enum role role);

#endif

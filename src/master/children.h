/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MASTER_CHILDREN_H
#define DOORSTEP_MASTER_CHILDREN_H

#include "master/master.h"

enum child_state {
	CHILD_WAITING,	/* no process: its back-off runs, or its deliver is down */
	CHILD_STARTING, /* forked, not yet ready */
	CHILD_RUNNING,
	CHILD_RETIRING, /* a deliver that is idle and closes down */
	CHILD_ENDING,	/* killed or told to stop, not yet reaped */
};

/* What follows when its process has ended. */
enum child_after {
	CHILD_RESTARTS,	     /* with back-off */
	CHILD_RESTARTS_NOW,
	CHILD_STAYS_DOWN,    /* a filter until its deliver is back */
	CHILD_IS_FORGOTTEN,
};

struct child {
	TAILQ_ENTRY(child) entry;
	struct master *master;
	enum role role;
	uint32_t worker;
	char *owner;	       /* "" but for deliver and filter */
	struct ids owner_ids;  /* of a deliver */
	struct child *deliver; /* of a filter; NULL when that is forgotten */
	enum child_state state;
	enum child_after after;
	pid_t pid; /* 0 none */
	struct wire *wire;
	int64_t since, born, delay; /* wall clock, monotonic, back-off */
	uint32_t restarts;
	struct watch timer; /* back-off, or the grace before SIGKILL */
};

struct child *children_add(struct master *m, enum role role, uint32_t worker, const char *owner);
void children_start(struct child *c); /* legal only without a process */
void children_kill(struct child *c, enum child_after after);
void children_say_stop(struct child *c, enum child_after after);
void children_forget(struct child *c); /* at once, or when its process has ended */
void children_reap(struct master *m);  /* after SIGCHLD */
void children_free(struct master *m);

/* When children of a role are told to stop. */
enum master_phase children_phase(enum role role);

/* New settings (and listeners) to everybody. */
void children_give_conf(struct master *m);
/* Whether the settings fit into the packet that carries them. */
bool children_can_carry(const struct conf *conf);

/* A new link between two running children. */
void children_connect(struct child *a, struct child *b);

struct child *children_find(struct master *m, enum role role, const char *owner, uint32_t worker);
bool children_is_alive(const struct child *c); /* has a process that works */

/* Every message to a child goes this way: one that died since it asked, or has
 * no process yet, is told nothing, for its successor asks again. */
void children_tell(const struct child *c, enum msg m, const void *message);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MASTER_MASTER_H
#define DOORSTEP_MASTER_MASTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/loop.h"
#include "conf/conf.h"
#include "ipc/roles.h"
#include "ipc/wire.h"

/*
 * doorstepd itself: the one process with root, and so the one that reads
 * nothing from outside but its configuration and the packets of its children
 * and of the control socket.
 */
struct ids {
	uid_t uid; /* -1: whoever we are */
	gid_t gid;
};

/* Children end in this order, each kind after the one that gives it work. */
enum master_phase {
	PHASE_RUNNING,
	PHASE_SESSIONS,
	PHASE_DELIVERS,
	PHASE_FILTERS,
	PHASE_REST,
	PHASE_OVER
};

TAILQ_HEAD(children, child);
TAILQ_HEAD(wants, want);
struct listeners;
struct control;

struct master {
	struct loop *loop;
	struct conf *conf;
	const char *conf_path;
	const char *const *overrides;
	size_t override_count;
	const char *libexec_dir;
	bool is_root;
	bool is_notified; /* the service manager has been told READY=1 */
	struct ids service, auth, virtual_owner;
	int syslog_fd;
	struct children children;
	struct wants wants;
	struct listeners *listeners;
	struct control *control;
	enum master_phase phase;
	struct watch phase_timer;
	struct watch waiting_timer;
};

/* main.c: what control and signals may ask. */
int master_reload(struct master *m, struct buf *errors);
void master_stop(struct master *m);
void master_check_stop(struct master *m);  /* after a child has ended */
void master_check_ready(struct master *m); /* after a child has become ready */

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_IPC_ROLES_H
#define DOORSTEP_IPC_ROLES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What each process is and may do, in one table (roles.c): with
 * doc/privileges.md it is the security argument.
 */
enum role {
	ROLE_MASTER,
	ROLE_SESSION,
	ROLE_DIRECTORY,
	ROLE_DELIVER,
	ROLE_FILTER,
	ROLE_RELAY,
	ROLE_CONTROL, /* whoever connected to the control socket: the doorstep command */
	ROLE_COUNT
};

enum role_user {
	ROLE_AS_ROOT,	/* stays as it was started */
	ROLE_AS_SERVICE, /* the user `doorstep` */
	ROLE_AS_AUTH,	/* the user `doorstep-auth` */
	ROLE_AS_OWNER,	/* the owner of the mail, named by master */
};

enum role_sandbox {
	ROLE_SANDBOX_NONE,    /* no_new_privs and no core dumps, no seccomp filter */
	ROLE_SANDBOX_SESSION, /* sockets it was given; no open, no connect, no exec */
	ROLE_SANDBOX_FILTER,  /* read, write, mmap, exit */
	ROLE_SANDBOX_RELAY,   /* sockets it makes itself; no open, no listen, no exec */
};

struct role_spec {
	enum role role;
	const char *name;    /* "session": also its executable, doorstep-session */
	enum role_user user;
	bool is_chrooted;    /* into an empty directory, when started by root */
	enum role_sandbox sandbox;
	uint32_t peers;	     /* bit per role it may hold a link to */
	uint64_t memory_max; /* RLIMIT_AS in bytes, 0 none, set by master before exec */
	int files_max;	     /* RLIMIT_NOFILE */
};

const struct role_spec *role_spec(enum role role);
/* Whether `from` may send messages of this number (messages.def says). */
bool role_may_send(enum role from, int msg);

/* The descriptor on which every child finds its link to master, and the one
 * with a connected /dev/log when log_syslog is set. */
#define ROLE_MASTER_FD 3
#define ROLE_SYSLOG_FD 4

#endif

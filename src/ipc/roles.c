/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * What each process is and may do, in one screen: the security argument, with
 * doc/privileges.md.  It knows no settings and takes no step itself. */
#include "ipc/roles.h"

#include <stddef.h>

#include "base/bug.h"
#include "ipc/wire.h"

#define LINK(role) (UINT32_C(1) << (role))

/*
 * memory_max: only filter runs code that strangers write; the setting
 * filter_memory_limit replaces its number here.  files_max: session holds a
 * connection and a memfd for each client (connection_limit), deliver the files
 * of its batches, filter its links and one message, relay a connection or a
 * message for each mail.  relay has a half outside of the empty root, started
 * before all of this is given up (relay/outside.h): same user, no seccomp.
 */
static const struct role_spec specs[ROLE_COUNT] = {
	[ROLE_MASTER] = {
		.role = ROLE_MASTER,
		.name = "master", .user = ROLE_AS_ROOT, .files_max = 4096,
		.peers = LINK(ROLE_SESSION) | LINK(ROLE_DIRECTORY) | LINK(ROLE_DELIVER)
		    | LINK(ROLE_FILTER) | LINK(ROLE_RELAY) | LINK(ROLE_CONTROL),
	},
	[ROLE_SESSION] = {
		.role = ROLE_SESSION,
		.name = "session", .user = ROLE_AS_SERVICE, .is_chrooted = true,
		.sandbox = ROLE_SANDBOX_SESSION, .files_max = 16384,
		.peers = LINK(ROLE_MASTER) | LINK(ROLE_DIRECTORY) | LINK(ROLE_DELIVER),
	},
	[ROLE_DIRECTORY] = {
		.role = ROLE_DIRECTORY,
		.name = "directory", .user = ROLE_AS_AUTH, .files_max = 1024,
		.peers = LINK(ROLE_MASTER) | LINK(ROLE_SESSION) | LINK(ROLE_DELIVER),
	},
	[ROLE_DELIVER] = {
		.role = ROLE_DELIVER,
		.name = "deliver", .user = ROLE_AS_OWNER, .files_max = 16384,
		.peers = LINK(ROLE_MASTER) | LINK(ROLE_SESSION) | LINK(ROLE_DIRECTORY)
		    | LINK(ROLE_FILTER) | LINK(ROLE_RELAY),
	},
	[ROLE_FILTER] = {
		.role = ROLE_FILTER,
		.name = "filter", .user = ROLE_AS_SERVICE, .is_chrooted = true,
		.sandbox = ROLE_SANDBOX_FILTER, .files_max = 64,
		.memory_max = UINT64_C(512) * 1024 * 1024,
		.peers = LINK(ROLE_MASTER) | LINK(ROLE_DELIVER),
	},
	[ROLE_RELAY] = {
		.role = ROLE_RELAY,
		.name = "relay", .user = ROLE_AS_SERVICE, .is_chrooted = true,
		.sandbox = ROLE_SANDBOX_RELAY, .files_max = 16384,
		.peers = LINK(ROLE_MASTER) | LINK(ROLE_DELIVER),
	},
	[ROLE_CONTROL] = { .role = ROLE_CONTROL, .name = "control", .peers = LINK(ROLE_MASTER) },
};

/* ROLE_COUNT: any child of master. */
static const enum role senders[MSG_COUNT] = {
#define RECORD(name)
#define END_RECORD(name)
#define MESSAGE(name, from) from,
#define END_MESSAGE(name)
#define FIELD(owner, type, name, doc)
#define LIST(owner, record, name, doc)
#include "ipc/messages.def"
#include "ipc/messages_end.h"
};

const struct role_spec *
role_spec(enum role role)
{
	BUG_ON((unsigned)role >= ROLE_COUNT);
	return &specs[role];
}

bool
role_may_send(enum role from, int msg)
{
	if (msg < 0 || msg >= MSG_COUNT)
		return false;
	if (senders[msg] == ROLE_COUNT)
		return from != ROLE_MASTER && from != ROLE_CONTROL;
	return senders[msg] == from;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * What a process gives up besides its identity: limits, core dumps, new
 * privileges, then system calls.  Which, the roles table says. */
#include "ipc/sandbox.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "ipc/drop.h"
#include "ipc/sanitize.h"

static int
limit(int resource, const char *name, rlim_t value, struct fail *why)
{
	struct rlimit now;

	if (getrlimit(resource, &now) == -1)
		return fail_errno(why, errno, "getrlimit", name);
	/* Never above what we were started with: raising needs root. */
	if (now.rlim_max == RLIM_INFINITY || value < now.rlim_max)
		now.rlim_max = value;
	now.rlim_cur = now.rlim_max;
	if (setrlimit(resource, &now) == -1)
		return fail_errno(why, errno, "setrlimit", name);
	return 0;
}

int
sandbox_enter(enum role role, struct fail *why)
{
	const struct role_spec *spec = role_spec(role);

	/* A core would hold other people's mail. */
	if (limit(RLIMIT_CORE, "RLIMIT_CORE", 0, why) == -1)
		return -1;
	if (limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", (rlim_t)spec->files_max, why) == -1)
		return -1;
	/* Deliver may have to execute nothing set-uid either; seccomp needs it. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return fail_errno(why, errno, "prctl", "PR_SET_NO_NEW_PRIVS");
	/* No ptrace by another process of our uid; but the leak check traces us. */
	if (!SANITIZE_ADDRESS && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return fail_errno(why, errno, "prctl", "PR_SET_DUMPABLE");
	return sandbox_load(spec->sandbox, why);
}

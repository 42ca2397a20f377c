/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * From root to the identity that the roles table names, for good.  Whose uid
 * that is was master's decision: this file only takes the steps. */
#include "ipc/drop.h"

#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <unistd.h>

static int
enter_chroot(const char *dir, struct fail *why)
{
	if (chroot(dir) == -1)
		return fail_errno(why, errno, "chroot to", dir);
	if (chdir("/") == -1)
		return fail_errno(why, errno, "chdir in chroot", dir);
	return 0;
}

/* Real, effective and saved ids: a set-uid root that could come back is no drop. */
static int
become(uid_t uid, gid_t gid, struct fail *why)
{
	if (setgroups(1, &gid) == -1)
		return fail_errno(why, errno, "setgroups", "of the new identity");
	if (setresgid(gid, gid, gid) == -1)
		return fail_errno(why, errno, "setresgid", "of the new identity");
	if (setresuid(uid, uid, uid) == -1)
		return fail_errno(why, errno, "setresuid", "of the new identity");
	return 0;
}

static int
check_no_return(uid_t uid, gid_t gid, struct fail *why)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) == -1 || getresgid(&rgid, &egid, &sgid) == -1)
		return fail_errno(why, errno, "read", "own ids");
	if (ruid != uid || euid != uid || suid != uid || rgid != gid || egid != gid || sgid != gid)
		return fail_set(why, FAIL_OURS, 3, 0, 0, "internal error",
		    "identity %ld:%ld was not taken", (long)uid, (long)gid);
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0)
		return fail_set(why, FAIL_OURS, 3, 0, 0, "internal error",
		    "uid %ld could become root again", (long)uid);
	return 0;
}

int
drop_identity(enum role role, uid_t uid, gid_t gid, const char *chroot_dir, struct fail *why)
{
	const struct role_spec *spec = role_spec(role);

	if (geteuid() != 0) {
		if (uid != (uid_t)-1 && uid != geteuid())
			return fail_set(why, FAIL_OURS, 3, 0, 0, "internal error",
			    "%s: cannot become uid %ld without root", spec->name, (long)uid);
		return 0;
	}
	/* chroot needs the root that setuid gives away. */
	if (spec->is_chrooted && chroot_dir != NULL && enter_chroot(chroot_dir, why) == -1)
		return -1;
	if (uid == (uid_t)-1)
		return 0;
	if (uid == 0 || gid == 0 || gid == (gid_t)-1)
		return fail_set(why, FAIL_OURS, 3, 0, 0, "internal error",
		    "%s: may not run as %ld:%ld", spec->name, (long)uid, (long)gid);
	if (become(uid, gid, why) == -1)
		return -1;
	return check_no_return(uid, gid, why);
}

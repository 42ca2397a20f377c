/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Which programs may be run, and with which arguments.  Starts none. */

#include "deliver/program.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

bool
program_is_name(struct str name)
{
	return name.n > 0 && name.n <= PROGRAM_NAME_MAX && name.p[0] != '.' &&
	    str_find_byte(name, '/') == -1 && !str_has_control(name);
}

bool
program_are_arguments(struct str arguments)
{
	struct str rest = arguments, argument;
	size_t count = 0;

	/* The last one ends as all others do. */
	if (arguments.n > 0 && arguments.p[arguments.n - 1] != '\n')
		return false;
	while (rest.n > 0 && str_can_split(&rest, '\n', &argument))
		if (++count > PROGRAM_ARGUMENTS_MAX || argument.n > PROGRAM_ARGUMENT_MAX ||
		    str_has_control(argument))
			return false;
	return true;
}

static int
refuse(struct fail *why, const char *path, const char *reason)
{
	return fail_set(why, FAIL_POLICY, 7, 0, 0, "", "program %s is not run: %s", path, reason);
}

/* Whoever may change it could have anything run, in the name of the site. */
static int
check_owner(const struct stat *st, const char *path, bool is_own, struct fail *why)
{
	if ((st->st_mode & S_IWOTH) != 0)
		return refuse(why, path, "everybody may write to it: chmod o-w");
	if (is_own)
		return 0;
	if (st->st_uid == geteuid())
		return refuse(why, path, "it belongs to the owner of the mail: chown it to root");
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
		return refuse(why, path, "the owner of the mail may write to it");
	return 0;
}

int
program_find(const char *directory, struct str name, bool is_own, struct buf *path,
    struct fail *why)
{
	struct stat st;

	if (!program_is_name(name))
		return fail_set(why, FAIL_POLICY, 7, 0, 0, "",
		    "a program without a name that it may have was asked for");
	if (stat(directory, &st) == -1)
		return fail_errno(why, errno, "look at sieve_program_dir", directory);
	if (check_owner(&st, directory, is_own, why) == -1)
		return -1;
	buf_addf(path, "%s/%.*s", directory, STR_ARG(name));
	if (lstat(buf_cstr(path), &st) == -1)
		return fail_errno(why, errno, "look for the program", buf_cstr(path));
	if (!S_ISREG(st.st_mode))
		return refuse(why, buf_cstr(path), "it is no regular file (links are none)");
	if (check_owner(&st, buf_cstr(path), is_own, why) == -1)
		return -1;
	if (faccessat(AT_FDCWD, buf_cstr(path), X_OK, AT_EACCESS) == -1)
		return refuse(why, buf_cstr(path), "the owner of the mail may not execute it");
	return 0;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The stores below state_dir, and becoming their owners.  Does not know what is
 * done in them. */
#include "cli/owners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "cli/control.h"

/* ---- who is this ---- */

/* The first `KEY: value` line of doorstepd's answer. */
static bool
has_line(struct str text, struct str key, struct str *value_out)
{
	struct str line;

	while (str_can_split(&text, '\n', &line))
		if (str_has_prefix(line, key)) {
			*value_out = str_trim(str_from(line, key.n));
			return value_out->n > 0;
		}
	return false;
}

static void
take_answer(struct str text, struct owners_user *out)
{
	struct str name, owner, number;

	if (!has_line(text, STR("name: "), &name) || !has_line(text, STR("owner: "), &owner))
		return;
	free(out->name);
	out->name = xstrndup(name);
	out->owner = xstrndup(owner);
	out->is_looked_up = true;
	if (has_line(text, STR("quota_bytes: "), &number))
		str_is_number(number, UINT64_MAX, &out->quota_bytes);
	if (has_line(text, STR("quota_messages: "), &number))
		str_is_number(number, UINT64_MAX, &out->quota_messages);
}

void
owners_look_up(const struct conf *conf, const char *address, struct owners_user *out)
{
	struct control c;

	*out = (struct owners_user){ .name = xstrdup(address) };
	if (control_ask(&c, conf, "user", address, NULL) == 0 && c.answer.is_ok)
		take_answer(c.answer.text, out);
	control_fini(&c);
}

void
owners_user_fini(struct owners_user *user)
{
	free(user->name);
	free(user->owner);
	*user = (struct owners_user){ .name = NULL };
}

bool
owners_has_daemon(const struct conf *conf)
{
	struct control c;
	bool is_there = control_ask(&c, conf, "ping", "", NULL) == 0;

	control_fini(&c);
	return is_there;
}

/* ---- as the owner ---- */

/* For good: nothing of root is left behind.  Ends the child on failure. */
static void
become(const char *dir, const struct stat *st)
{
	if (setgroups(0, NULL) == -1 || setresgid(st->st_gid, st->st_gid, st->st_gid) == -1 ||
	    setresuid(st->st_uid, st->st_uid, st->st_uid) == -1 || setuid(0) == 0) {
		fprintf(stderr, "doorstep: %s: cannot become its owner, uid %ld: %s\n", dir,
		    (long)st->st_uid, strerror(errno));
		_exit(EX_OSERR);
	}
}

static int
run_in_child(const char *dir, const char *owner, const struct stat *st, owners_fn fn, void *arg)
{
	int status;
	pid_t pid;

	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (pid == -1) {
		fprintf(stderr, "doorstep: fork: %s\n", strerror(errno));
		return EX_OSERR;
	}
	if (pid == 0) {
		become(dir, st);
		status = fn(dir, owner, arg);
		fflush(stdout);
		_exit(status);
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "doorstep: %s: ended by signal %d\n", dir, WTERMSIG(status));
	return EX_SOFTWARE;
}

/* One store.  Only root must change; mail of root itself is nobody's. */
int
owners_run_one(const struct conf *conf, const char *owner, owners_fn fn, void *arg)
{
	struct buf dir = BUF_EMPTY;
	struct stat st;
	int status = OWNERS_NOT_HERE;

	buf_addf(&dir, "%s/%s", conf->state_dir, owner);
	if (lstat(buf_cstr(&dir), &st) == 0 && S_ISDIR(st.st_mode)) {
		if (geteuid() == 0 && st.st_uid != 0)
			status = run_in_child(buf_cstr(&dir), owner, &st, fn, arg);
		else if (st.st_uid == geteuid())
			status = fn(buf_cstr(&dir), owner, arg);
		else
			status = EX_NOPERM;
	}
	buf_fini(&dir);
	return status;
}

/* The owners that have a store; a user who may not list them has their own. */
char **
owners_list(const struct conf *conf, size_t *count_out)
{
	DIR *dir = opendir(conf->state_dir);
	const struct dirent *entry;
	char **owners = NULL;
	size_t count = 0, cap = 0;
	struct buf own = BUF_EMPTY;

	if (dir == NULL) {
		buf_addf(&own, "uid.%lu", (unsigned long)geteuid());
		XGROW(owners, cap, 1);
		owners[count++] = xstrdup(buf_cstr(&own));
		buf_fini(&own);
	}
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.') {
			XGROW(owners, cap, count + 1);
			owners[count++] = xstrdup(entry->d_name);
		}
	if (dir != NULL)
		closedir(dir);
	*count_out = count;
	return owners;
}

void
owners_free_list(char **owners, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(owners[i]);
	free(owners);
}

static int
try_all(const struct conf *conf, owners_fn fn, void *arg, bool *was_denied_out)
{
	size_t count;
	char **owners = owners_list(conf, &count);
	int status = OWNERS_NOT_HERE;

	for (size_t i = 0; i < count && status == OWNERS_NOT_HERE; i++) {
		status = owners_run_one(conf, owners[i], fn, arg);
		if (status == EX_NOPERM) {
			*was_denied_out = true;
			status = OWNERS_NOT_HERE;
		}
	}
	owners_free_list(owners, count);
	return status;
}

int
owners_run_user(const struct conf *conf, const struct owners_user *user, owners_fn fn, void *arg)
{
	bool was_denied = false;
	int status = user->owner != NULL ? owners_run_one(conf, user->owner, fn, arg) :
					   try_all(conf, fn, arg, &was_denied);

	if (status == EX_NOPERM || (status == OWNERS_NOT_HERE && was_denied)) {
		fprintf(stderr, "doorstep: %s: only root and the owner of their mail may look\n",
		    user->name);
		return EX_NOPERM;
	}
	if (status == OWNERS_NOT_HERE) {
		fprintf(stderr, "doorstep: %s: no store below %s knows this user: has mail been "
				"delivered to them?\n",
		    user->name, conf->state_dir);
		return EX_NOUSER;
	}
	return status;
}

int
owners_run_all(const struct conf *conf, owners_fn fn, void *arg)
{
	size_t count;
	char **owners = owners_list(conf, &count);
	int worst = EX_OK, status;
	bool was_any = false;

	for (size_t i = 0; i < count; i++) {
		status = owners_run_one(conf, owners[i], fn, arg);
		was_any = was_any || (status != EX_NOPERM && status != OWNERS_NOT_HERE);
		if (status != EX_NOPERM && status != OWNERS_NOT_HERE && status > worst)
			worst = status;
	}
	owners_free_list(owners, count);
	if (!was_any && count > 0) {
		fprintf(stderr, "doorstep: %s: only root and the owners of the mail may look\n",
		    conf->state_dir);
		return EX_NOPERM;
	}
	return worst;
}

int
owners_failed(const struct doorstep_error *error)
{
	fprintf(stderr, "doorstep: %s\n", error->text);
	if (error->code == DOORSTEP_DAMAGED)
		return EX_DATAERR;
	return error->code == DOORSTEP_DENIED ? EX_NOPERM : EX_TEMPFAIL;
}

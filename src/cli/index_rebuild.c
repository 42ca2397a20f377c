/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep index rebuild and quota recalc: through doorstepd, which is the only
 * writer while it runs, or here when it does not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "cli/control.h"
#include "cli/index.h"
#include "cli/progress.h"
#include "doorstep.h"
#include "store/rebuild.h"

struct rebuilding {
	const struct conf *conf;
	const char *user; /* NULL: all */
	const char *verb;
	struct progress progress;
};

/* ---- through doorstepd ---- */

struct naming {
	const char *owner;
	int fd;
};

static int
ask_user(const struct conf *conf, const char *owner, const char *verb, const char *name)
{
	struct buf work = BUF_EMPTY;
	int status;

	buf_addf(&work, "%s %s %s", owner, verb, name);
	status = control_print(conf, "work", buf_cstr(&work));
	buf_fini(&work);
	return status;
}

static int
note_user(const struct doorstep_user *user, void *arg)
{
	const struct naming *naming = arg;
	struct buf line = BUF_EMPTY;
	int rc;

	buf_addf(&line, "%s %s", naming->owner, user->name);
	buf_add_byte(&line, '\0');
	rc = file_write_all(naming->fd, buf_str(&line), "list of users", NULL);
	buf_fini(&line);
	return rc == -1 ? EX_OSERR : 0;
}

/* Maybe in a child that has become the owner, whom doorstepd would not obey:
 * only names are gathered here. */
static int
name_store(const char *dir, const char *owner, void *arg)
{
	struct naming *naming = arg;
	struct doorstep *store = NULL;
	struct doorstep_snapshot *now = NULL;
	struct doorstep_error error;
	int rc = doorstep_open(dir, &store, &error);

	if (rc == -1 && error.code == DOORSTEP_NOT_FOUND)
		return OWNERS_NOT_HERE;
	naming->owner = owner;
	if (rc == 0)
		rc = doorstep_begin(store, &now, &error);
	if (rc == 0)
		rc = doorstep_each_user(now, note_user, naming, &error);
	if (rc == -1)
		fprintf(stderr, "doorstep: %s; stop doorstepd first\n", error.text);
	doorstep_end(&now);
	doorstep_close(&store);
	return rc == -1 ? EX_TEMPFAIL : rc;
}

static size_t
count_names(struct str list)
{
	struct str entry;
	size_t count = 0;

	while (str_can_split(&list, '\0', &entry))
		count++;
	return count;
}

static int
ask_each(struct rebuilding *r, struct str list)
{
	size_t total = count_names(list), done = 0;
	struct str entry, owner;
	int worst = EX_OK, status;

	progress_init(&r->progress, "users");
	while (str_can_split(&list, '\0', &entry)) {
		char *owner_name, *name;

		str_can_split(&entry, ' ', &owner);
		owner_name = xstrndup(owner);
		name = xstrndup(entry);
		progress_fini(&r->progress);
		status = ask_user(r->conf, owner_name, r->verb, name);
		worst = status > worst ? status : worst;
		progress_show(&r->progress, ++done, total);
		free(owner_name);
		free(name);
	}
	progress_fini(&r->progress);
	return worst;
}

static int
ask_all(struct rebuilding *r)
{
	struct naming naming = { .fd = memfd_create("users", MFD_CLOEXEC) };
	struct buf list = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	int status = EX_OSERR, asked;

	if (naming.fd == -1) {
		fail_errno(&why, errno, "make", "a list of users");
		goto out;
	}
	status = owners_run_all(r->conf, name_store, &naming);
	if (lseek(naming.fd, 0, SEEK_SET) == -1 ||
	    file_read_all(naming.fd, &list, "list of users", &why) == -1) {
		status = EX_OSERR;
		goto out;
	}
	asked = ask_each(r, buf_str(&list));
	status = asked > status ? asked : status;
out:
	if (status == EX_OSERR)
		fprintf(stderr, "doorstep: %s\n", why.log);
	file_close(&naming.fd);
	buf_fini(&list);
	return status;
}

/* ---- here ---- */

static void
show(void *arg, size_t done, size_t total)
{
	struct rebuilding *r = arg;

	progress_show(&r->progress, done, total);
}

static void
report(const char *owner, struct rebuild *work)
{
	if (work->was_damaged)
		printf("%s: the index was damaged and is now %s; %zu rows of it were saved\n", owner,
		    buf_cstr(&work->moved_to), work->saved);
	if (work->was_damaged && work->users == 0)
		printf("%s: whose mail it was is not known any more: start doorstepd, then run this "
		       "for each user\n",
		    owner);
	printf("%s: %zu users, %zu folders, %zu messages: %zu adopted, %zu gone, %zu flagged, "
	       "%zu counters corrected\n",
	    owner, work->users, work->folders, work->files, work->adopted, work->gone,
	    work->flagged, work->recounted);
	if (work->failures > 0)
		fputs(buf_cstr(&work->failed), stderr);
}

static int
rebuild_store(const char *dir, const char *owner, void *arg)
{
	struct rebuilding *r = arg;
	struct store_options options = {
		.dir = dir,
		.segment_size = (uint64_t)r->conf->journal_segment_size,
		.segments = (unsigned)r->conf->journal_segments,
		.retention = r->conf->unacknowledged_retention,
	};
	struct rebuild work = { .options = &options, .user = str_of(r->user), .progress = show,
		.arg = r };
	struct fail why = FAIL_EMPTY;
	int rc, status;

	progress_init(&r->progress, "users");
	rc = rebuild_run(&work, &why);
	progress_fini(&r->progress);
	if (rc == 0)
		report(owner, &work);
	else if (rc == -1)
		fprintf(stderr, "doorstep: %s: %s\n", owner, why.log);
	status = rc == 0 ? work.failures > 0 ? 1 : EX_OK : rc == 1 ? OWNERS_NOT_HERE : EX_TEMPFAIL;
	rebuild_fini(&work);
	return status;
}

int
index_rebuild(const struct conf *conf, const struct owners_user *user, const char *verb)
{
	struct rebuilding r = { .conf = conf, .user = user == NULL ? NULL : user->name,
		.verb = verb };

	if (user != NULL && user->is_looked_up)
		return ask_user(conf, user->owner, verb, user->name);
	if (!owners_has_daemon(conf))
		return user == NULL ? owners_run_all(conf, rebuild_store, &r) :
				      owners_run_user(conf, user, rebuild_store, &r);
	if (user == NULL)
		return ask_all(&r);
	fprintf(stderr, "doorstep: %s: doorstepd does not know this user\n", user->name);
	return EX_NOUSER;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Script files: found, checked, read, versioned by file identity.  Knows
 * nothing of Sieve. */

#include "deliver/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bug.h"
#include "base/file.h"
#include "base/log.h"
#include "base/table.h"
#include "base/xalloc.h"

/* The user's log beside the script starts anew beyond this. */
#define SCRIPT_LOG_MAX ((off_t)64 * 1024)

struct script_private {
	struct script script;
	char *path;
	struct buf text;
	struct stat identity;
	TAILQ_ENTRY(script_private) entry; /* current ones, in order of use */
};

struct scripts {
	struct table by_path; /* current versions */
	TAILQ_HEAD(, script_private) current;
	uint64_t next_id;
	script_gone_fn gone;
	void *arg;
};

struct scripts *
scripts_new(script_gone_fn gone, void *arg)
{
	struct scripts *scripts = xcalloc(1, sizeof *scripts);

	*scripts = (struct scripts){ .next_id = 1, .gone = gone, .arg = arg };
	TAILQ_INIT(&scripts->current);
	return scripts;
}

static void
destroy(struct script_private *p)
{
	buf_fini(&p->text);
	free(p->path);
	free(p);
}

static void
retire(struct scripts *scripts, struct script_private *p)
{
	if (p->script.is_current) {
		table_remove(&scripts->by_path, p->script.path);
		TAILQ_REMOVE(&scripts->current, p, entry);
		p->script.is_current = false;
	}
	if (p->script.holders > 0)
		return;
	scripts->gone(p->script.id, scripts->arg);
	destroy(p);
}

void
scripts_free(struct scripts **scripts_ptr)
{
	struct scripts *scripts = *scripts_ptr;
	struct script_private *p;

	if (scripts == NULL)
		return;
	while ((p = TAILQ_FIRST(&scripts->current)) != NULL) {
		TAILQ_REMOVE(&scripts->current, p, entry);
		destroy(p);
	}
	table_fini(&scripts->by_path);
	free(scripts);
	*scripts_ptr = NULL;
}

static int
check(const struct stat *st, const char *path, uint64_t max_size, struct fail *why)
{
	if (!S_ISREG(st->st_mode))
		return fail_set(why, FAIL_POLICY, 3, 5, 0, "", "script %s is not a regular file", path);
	/* A script of somebody else would decide over this owner's mail; root's
	 * are the site's own. */
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return fail_set(why, FAIL_POLICY, 7, 0, 0, "",
		    "script %s belongs to uid %lu, not to the owner of the mail (%lu): chown it", path,
		    (unsigned long)st->st_uid, (unsigned long)geteuid());
	if ((uint64_t)st->st_size > max_size)
		return fail_set(why, FAIL_POLICY, 3, 4, 0, "",
		    "script %s has %lld bytes, more than sieve_max_script_size", path,
		    (long long)st->st_size);
	return 0;
}

static int
read_script(struct script_private *p, uint64_t max_size, struct fail *why)
{
	int fd = -1, rc = -1;

	p->text = BUF_LIMIT(max_size + 1);
	/* O_NONBLOCK: a fifo in a user's home must not hold the process. */
	if (file_open(&fd, AT_FDCWD, p->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, why) == -1)
		goto out;
	if (fstat(fd, &p->identity) == -1) {
		fail_errno(why, errno, "look at the script", p->path);
		goto out;
	}
	if (check(&p->identity, p->path, max_size, why) == -1)
		goto out;
	if (file_read_all(fd, &p->text, p->path, why) == -1)
		goto out;
	p->script.text = buf_str(&p->text);
	rc = 0;
out:
	file_close(&fd);
	return rc;
}

/* The newest is about to be held: it stays even when all others are. */
static void
limit(struct scripts *scripts, const struct script_private *newest)
{
	struct script_private *p, *next;

	for (p = TAILQ_FIRST(&scripts->current);
	     p != NULL && table_count(&scripts->by_path) > SCRIPT_CACHE_MAX; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (p->script.holders == 0 && p != newest)
			retire(scripts, p);
	}
}

static int
load(struct scripts *scripts, struct str path, uint64_t max_size, struct script_private **out,
    struct fail *why)
{
	struct script_private *p = xcalloc(1, sizeof *p);

	p->path = xstrndup(path);
	p->script.path = str_of(p->path);
	p->script.private = p;
	if (read_script(p, max_size, why) == -1) {
		destroy(p);
		return -1;
	}
	p->script.id = scripts->next_id++;
	p->script.is_current = true;
	table_put(&scripts->by_path, p->script.path, p);
	TAILQ_INSERT_TAIL(&scripts->current, p, entry);
	limit(scripts, p);
	*out = p;
	return 0;
}

int
scripts_take(struct scripts *scripts, struct str path, uint64_t max_size, struct script **out,
    struct fail *why)
{
	struct script_private *p = table_get(&scripts->by_path, path);
	struct buf name = BUF_EMPTY;
	struct stat st;
	int errnum, rc = 0;

	*out = NULL;
	buf_add_str(&name, path);
	if (stat(buf_cstr(&name), &st) == -1) {
		errnum = errno;
		if (p != NULL)
			retire(scripts, p);
		if (errnum != ENOENT && errnum != ENOTDIR)
			rc = fail_errno(why, errnum, "look for the script", buf_cstr(&name));
		goto out;
	}
	if (p != NULL && !file_is_same(&p->identity, &st)) {
		retire(scripts, p);
		p = NULL;
	}
	if (p == NULL && (rc = load(scripts, path, max_size, &p, why)) == -1)
		goto out;
	TAILQ_REMOVE(&scripts->current, p, entry);
	TAILQ_INSERT_TAIL(&scripts->current, p, entry);
	p->script.holders++;
	*out = &p->script;
out:
	buf_fini(&name);
	return rc;
}

void
scripts_give(struct scripts *scripts, struct script **script)
{
	struct script_private *p;

	if (*script == NULL)
		return;
	p = (*script)->private;
	*script = NULL;
	BUG_ON(p->script.holders == 0);
	p->script.holders--;
	if (p->script.holders == 0 && !p->script.is_current)
		retire(scripts, p);
}

void
script_tell_user(struct str path, struct str line)
{
	struct buf name = BUF_EMPTY, text = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	struct stat st;
	struct tm tm;
	time_t now = time(NULL);
	char stamp[32] = "";
	int fd = -1;

	buf_add_str(&name, path);
	buf_add_cstr(&name, ".log");
	if (gmtime_r(&now, &tm) != NULL)
		strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ ", &tm);
	buf_add_cstr(&text, stamp);
	buf_add_str(&text, line);
	if (line.n == 0 || line.p[line.n - 1] != '\n')
		buf_add_byte(&text, '\n');
	/* O_NOFOLLOW: the log's place is not somebody's way to another file. */
	if (file_open(&fd, AT_FDCWD, buf_cstr(&name),
		O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0600, &why) == 0 &&
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid()) {
		if (st.st_size > SCRIPT_LOG_MAX && ftruncate(fd, 0) == -1)
			log_warn("script log %s cannot be cut", buf_cstr(&name));
		file_write_all(fd, buf_str(&text), buf_cstr(&name), &why);
	}
	if (why.class != FAIL_NONE)
		log_info("no note for the user beside the script: %s", why.log);
	file_close(&fd);
	buf_fini(&name);
	buf_fini(&text);
}

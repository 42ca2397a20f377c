/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Script files: found, checked, read, versioned by file identity.  Knows
 * nothing of Sieve. */

#include "deliver/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
/* Of the name of a script, RFC 5804 1.6; what a file's name can be. */
#define SCRIPT_NAME_MAX 240

/* A file that a script includes, as it was when that was compiled. */
struct included {
	struct included *next;
	char *path;
	bool is_there;
	struct stat identity;
};

struct script_private {
	struct script script;
	char *path, *personal_dir, *global_dir;
	struct included *included;
	unsigned included_count;
	struct buf text;
	struct stat identity;
	TAILQ_ENTRY(script_private) entry; /* current ones, in order of use */
};

struct scripts {
	struct table by_path; /* current versions */
	struct table by_id;   /* held ones too */
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
	struct included *included;

	while ((included = p->included) != NULL) {
		p->included = included->next;
		free(included->path);
		free(included);
	}
	buf_fini(&p->text);
	free(p->path);
	free(p->personal_dir);
	free(p->global_dir);
	free(p);
}

static struct str
id_key(const uint64_t *id)
{
	return (struct str){ (const char *)id, sizeof *id };
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
	table_remove(&scripts->by_id, id_key(&p->script.id));
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
	table_fini(&scripts->by_id);
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

/* A file's text and identity; limits and owners are checked. */
static int
read_file(const char *path, uint64_t max_size, struct buf *text, struct stat *identity,
    struct fail *why)
{
	int fd = -1, rc = -1;

	/* O_NONBLOCK: a fifo in a user's home must not hold the process. */
	if (file_open(&fd, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, why) == -1)
		goto out;
	if (fstat(fd, identity) == -1) {
		fail_errno(why, errno, "look at the script", path);
		goto out;
	}
	if (check(identity, path, max_size, why) == -1)
		goto out;
	rc = file_read_all(fd, text, path, why);
out:
	file_close(&fd);
	return rc;
}

static int
read_script(struct script_private *p, uint64_t max_size, struct fail *why)
{
	p->text = BUF_LIMIT(max_size + 1);
	if (read_file(p->path, max_size, &p->text, &p->identity, why) == -1)
		return -1;
	p->script.text = buf_str(&p->text);
	return 0;
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
load(struct scripts *scripts, struct str path, struct script_dirs dirs, uint64_t max_size,
    struct script_private **out, struct fail *why)
{
	struct script_private *p = xcalloc(1, sizeof *p);

	p->path = xstrndup(path);
	p->personal_dir = xstrndup(dirs.personal);
	p->global_dir = xstrndup(dirs.global);
	p->script.path = str_of(p->path);
	p->script.is_global = dirs.is_global;
	p->script.private = p;
	if (read_script(p, max_size, why) == -1) {
		destroy(p);
		return -1;
	}
	p->script.id = scripts->next_id++;
	p->script.is_current = true;
	table_put(&scripts->by_path, p->script.path, p);
	table_put(&scripts->by_id, id_key(&p->script.id), p);
	TAILQ_INSERT_TAIL(&scripts->current, p, entry);
	limit(scripts, p);
	*out = p;
	return 0;
}

/* Whether what it includes is as it was, and where it was. */
static bool
is_fresh(const struct script_private *p, struct script_dirs dirs)
{
	const struct included *included;
	struct stat st;

	if (p->included == NULL)
		return true;
	if (!str_is_equal(str_of(p->personal_dir), dirs.personal) ||
	    !str_is_equal(str_of(p->global_dir), dirs.global))
		return false;
	for (included = p->included; included != NULL; included = included->next) {
		if (stat(included->path, &st) == -1) {
			if (included->is_there)
				return false;
		} else if (!included->is_there || !file_is_same(&included->identity, &st)) {
			return false;
		}
	}
	return true;
}

int
scripts_take(struct scripts *scripts, struct str path, struct script_dirs dirs, uint64_t max_size,
    struct script **out, struct fail *why)
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
	if (p != NULL && (!file_is_same(&p->identity, &st) || !is_fresh(p, dirs) ||
	    p->script.is_global != dirs.is_global)) {
		retire(scripts, p);
		p = NULL;
	}
	if (p == NULL && (rc = load(scripts, path, dirs, max_size, &p, why)) == -1)
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

/* ---- scripts that scripts include ---- */

/* The engine has checked it; a filter may be anybody's. */
static bool
is_name(struct str name)
{
	return name.n > 0 && name.n <= SCRIPT_NAME_MAX && name.p[0] != '.' &&
	    str_find_byte(name, '/') == -1 && !str_has_control(name);
}

static void
remember(struct script_private *p, const char *path, bool is_there, const struct stat *identity)
{
	struct included *included;

	for (included = p->included; included != NULL; included = included->next)
		if (strcmp(included->path, path) == 0)
			break;
	if (included == NULL) {
		included = xcalloc(1, sizeof *included);
		included->path = xstrndup(str_of(path));
		included->next = p->included;
		p->included = included;
		p->included_count++;
	}
	included->is_there = is_there;
	included->identity = *identity;
}

enum script_found
scripts_include(struct scripts *scripts, uint64_t id, bool is_global, struct str name,
    uint64_t max_size, struct buf *out, struct fail *why)
{
	struct script_private *p = table_get(&scripts->by_id, id_key(&id));
	const char *dir = p == NULL ? "" : is_global ? p->global_dir : p->personal_dir;
	struct buf path = BUF_EMPTY, text = BUF_LIMIT(max_size + 1);
	enum script_found found = SCRIPT_UNFIT;
	struct stat identity = { 0 };

	if (p == NULL || !is_name(name) || p->included_count == SCRIPT_INCLUDES_MAX) {
		fail_set(why, FAIL_POLICY, 3, 5, 0, "", "script \"%.*s\" cannot be included here",
		    STR_ARG(str_sub(name, 0, 100)));
		return SCRIPT_UNFIT;
	}
	if (dir[0] == '\0')
		return SCRIPT_MISSING;
	buf_addf(&path, "%s/%.*s.sieve", dir, STR_ARG(name));
	if (read_file(buf_cstr(&path), max_size, &text, &identity, why) == 0) {
		buf_add_str(out, buf_str(&text));
		found = SCRIPT_FOUND;
	} else if (why->errnum == ENOENT || why->errnum == ENOTDIR) {
		found = SCRIPT_MISSING;
	}
	/* One that cannot be read may become readable without a change that
	 * stat shows: it is looked for again with each message. */
	remember(p, buf_cstr(&path), found == SCRIPT_FOUND, &identity);
	buf_fini(&path);
	buf_fini(&text);
	return found;
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

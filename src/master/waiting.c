/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Starts delivers that have mail to send.  Sees names and times of directories,
 * and nothing that is in them. */
#include "master/waiting.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "master/owners.h"

/* What is in STATE/OWNER is the owner's: nothing is followed and nothing read,
 * and all that they can bring about is that their own deliver is started. */
static bool
is_due(const struct master *m, const char *owner)
{
	struct buf path = BUF_EMPTY;
	struct stat st;
	bool is;

	buf_addf(&path, "%s/%s/outbox", m->conf->state_dir, owner);
	is = lstat(buf_cstr(&path), &st) == 0 && S_ISDIR(st.st_mode) &&
	    (int64_t)st.st_mtime <= clock_wall() / CLOCK_SECOND;
	buf_fini(&path);
	return is;
}

/* True when a deliver was started. */
static bool
has_woken(struct master *m, const char *owner)
{
	struct fail why = FAIL_EMPTY;
	uid_t uid;

	if (owners_parse(m, str_of(owner), &uid) == -1 ||
	    children_find(m, ROLE_DELIVER, owner, 0) != NULL || !is_due(m, owner))
		return false;
	if (owners_need(m, owner, uid, &why) != NULL)
		return true;
	log_warn("mail of %s waits to be sent: %s", owner, why.log);
	return false;
}

static void
look(void *arg)
{
	struct master *m = arg;
	const struct dirent *entry;
	unsigned woken = 0;
	DIR *dir;

	if (m->phase != PHASE_RUNNING)
		return;
	dir = opendir(m->conf->state_dir);
	while (dir != NULL && woken < WAITING_WAKES && (entry = readdir(dir)) != NULL)
		woken += has_woken(m, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	loop_timer(m->loop, &m->waiting_timer,
	    woken == WAITING_WAKES ? WAITING_SOON : WAITING_INTERVAL, look, m);
}

void
waiting_begin(struct master *m)
{
	look(m);
}

void
waiting_look_soon(struct master *m)
{
	if (m->phase == PHASE_RUNNING && m->loop != NULL)
		loop_timer(m->loop, &m->waiting_timer, WAITING_SOON, look, m);
}

void
waiting_end(struct master *m)
{
	loop_unwatch(&m->waiting_timer);
}

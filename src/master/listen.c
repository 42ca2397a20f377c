/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Binds what needs root to be bound.  It accepts nothing: sessions do. */
#include "master/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/net.h"
#include "base/xalloc.h"

/* For an address that is still in use, at the start only. */
#define LISTEN_PATIENCE (10 * CLOCK_SECOND)

struct listener {
	char *title, *address;
	int fd;
};

struct listeners {
	struct listener *at;
	size_t n;
};

static const struct listener *
find(const struct listeners *l, const char *address)
{
	size_t i;

	for (i = 0; l != NULL && i < l->n; i++)
		if (strcmp(l->at[i].address, address) == 0)
			return &l->at[i];
	return NULL;
}

static int
find_ids(const struct conf_listener *conf, uid_t *uid, gid_t *gid, struct fail *why)
{
	const struct passwd *account;
	const struct group *group;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (conf->owner[0] != '\0') {
		account = getpwnam(conf->owner);
		if (account == NULL)
			return fail_set(why, FAIL_PERM, 3, 5, 0, "",
			    "listener \"%s\": there is no account \"%s\"", conf->title, conf->owner);
		*uid = account->pw_uid;
	}
	if (conf->group[0] != '\0') {
		group = getgrnam(conf->group);
		if (group == NULL)
			return fail_set(why, FAIL_PERM, 3, 5, 0, "",
			    "listener \"%s\": there is no group \"%s\"", conf->title, conf->group);
		*gid = group->gr_gid;
	}
	return 0;
}

/* The sessions of a doorstepd that was killed finish what they have in hand and
 * hold its sockets meanwhile: a successor waits for them. */
static int
bind_patiently(const struct conf_listener *conf, uid_t uid, gid_t gid, int64_t patience, int *fd_out,
    struct fail *why)
{
	static const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int64_t until = clock_monotonic() + patience;
	struct net_address address;

	if (net_parse(str_of(conf->address), &address, why) == -1)
		return -1;

	while (net_listen(&address, (mode_t)conf->mode, uid, gid, fd_out, why) == -1) {
		if (why->errnum != EADDRINUSE || clock_monotonic() > until)
			return -1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int
open_one(const struct conf_listener *conf, const struct listeners *old, int *fd_out,
    struct fail *why)
{
	const struct listener *same = find(old, conf->address);
	uid_t uid;
	gid_t gid;

	if (find_ids(conf, &uid, &gid, why) == -1)
		return -1;
	if (same == NULL)
		return bind_patiently(conf, uid, gid, old == NULL ? LISTEN_PATIENCE : 0, fd_out,
		    why);
	*fd_out = fcntl(same->fd, F_DUPFD_CLOEXEC, 0);
	if (*fd_out == -1)
		return fail_errno(why, errno, "share listener", conf->title);
	return 0;
}

int
listeners_open(const struct conf *conf, const struct listeners *old, struct listeners **out,
    struct fail *why)
{
	struct listeners *l = xcalloc(1, sizeof *l);
	size_t i;

	l->at = xcalloc(conf->listener_count + 1, sizeof *l->at);
	for (i = 0; i < conf->listener_count; i++) {
		struct listener *one = &l->at[l->n];

		if (open_one(&conf->listeners[i], old, &one->fd, why) == -1) {
			listeners_close(&l, old);
			return -1;
		}
		one->title = xstrdup(conf->listeners[i].title);
		one->address = xstrdup(conf->listeners[i].address);
		l->n++;
	}
	*out = l;
	return 0;
}

void
listeners_close(struct listeners **lp, const struct listeners *kept)
{
	struct listeners *l = *lp;
	size_t i;

	if (l == NULL)
		return;
	*lp = NULL;
	for (i = 0; i < l->n; i++) {
		struct listener *one = &l->at[i];

		if (str_has_prefix(str_of(one->address), STR("unix:")) && find(kept, one->address) == NULL)
			(void)unlink(one->address + strlen("unix:"));
		file_close(&one->fd);
		free(one->title);
		free(one->address);
	}
	free(l->at);
	free(l);
}

void
listeners_give(const struct listeners *l, struct wire *to)
{
	struct msg_MASTER_GIVES_LISTENER message;
	size_t i;

	for (i = 0; i < l->n; i++) {
		message.listener = str_of(l->at[i].title);
		message.fd = l->at[i].fd;
		wire_send(to, MSG_MASTER_GIVES_LISTENER, &message);
	}
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Processes: started with their settings and links, watched, started again.
 * For whom a deliver runs is owners.c's matter. */
#include "master/children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "base/xalloc.h"
#include "ipc/sanitize.h"
#include "master/control.h"
#include "master/listen.h"
#include "master/owners.h"
#include "master/secret.h"

#define DELAY_FIRST (CLOCK_SECOND / 10)
#define DELAY_MAX (30 * CLOCK_SECOND)
/* A message may kill its filter, and the next one too: mail of others must not
 * wait long for that. */
#define DELAY_MAX_FILTER CLOCK_SECOND
/* A life of this length forgives the deaths before it. */
#define LIFE_GOOD (60 * CLOCK_SECOND)
/* How long a child may live on after its link to us has closed. */
#define GRACE (10 * CLOCK_SECOND)
/* Between fork and exec there is nobody to tell but the exit status. */
#define EXIT_NOT_EXECUTED 127

struct child *
children_find(struct master *m, enum role role, const char *owner, uint32_t worker)
{
	struct child *c;

	TAILQ_FOREACH(c, &m->children, entry)
		if (c->role == role && c->worker == worker && strcmp(c->owner, owner) == 0)
			return c;
	return NULL;
}

bool
children_is_alive(const struct child *c)
{
	return c->wire != NULL && (c->state == CHILD_STARTING || c->state == CHILD_RUNNING);
}

void
children_tell(const struct child *c, enum msg m, const void *message)
{
	if (c->wire != NULL)
		wire_send(c->wire, m, message);
}

struct child *
children_add(struct master *m, enum role role, uint32_t worker, const char *owner)
{
	struct child *c = xcalloc(1, sizeof *c);

	c->master = m;
	c->role = role;
	c->worker = worker;
	c->owner = xstrdup(owner);
	c->owner_ids = (struct ids){ (uid_t)-1, (gid_t)-1 };
	TAILQ_INSERT_TAIL(&m->children, c, entry);
	return c;
}

static void
destroy(struct child *c)
{
	TAILQ_REMOVE(&c->master->children, c, entry);
	loop_unwatch(&c->timer);
	wire_free(&c->wire);
	free(c->owner);
	free(c);
}

void
children_forget(struct child *c)
{
	if (c->pid == 0)
		destroy(c);
	else
		c->after = CHILD_IS_FORGOTTEN;
}

void
children_free(struct master *m)
{
	struct child *c;

	while ((c = TAILQ_FIRST(&m->children)) != NULL)
		destroy(c);
}

enum master_phase
children_phase(enum role role)
{
	static const enum master_phase phases[ROLE_COUNT] = { [ROLE_SESSION] = PHASE_SESSIONS,
		[ROLE_DELIVER] = PHASE_DELIVERS, [ROLE_FILTER] = PHASE_FILTERS,
		[ROLE_DIRECTORY] = PHASE_REST, [ROLE_RELAY] = PHASE_REST };

	return phases[role];
}

/* ---- links ---- */

/* Which roles hold a link to each other without asking (roles.c has all). */
static bool
is_linked(const struct child *a, const struct child *b)
{
	if (a->role == ROLE_DIRECTORY)
		return b->role == ROLE_SESSION || b->role == ROLE_DELIVER;
	if (a->role == ROLE_RELAY)
		return b->role == ROLE_DELIVER;
	return a->role == ROLE_FILTER && a->deliver == b;
}

static void
give_peer(const struct child *to, const struct child *peer, int fd)
{
	struct msg_MASTER_GIVES_PEER message = { .fd = fd, .role = (uint32_t)peer->role,
		.owner = peer->role == ROLE_DELIVER ? str_of(peer->owner) : STR_EMPTY,
		.worker = peer->worker };

	children_tell(to, MSG_MASTER_GIVES_PEER, &message);
}

void
children_connect(struct child *a, struct child *b)
{
	struct fail why = FAIL_EMPTY;
	int fds[2];

	if (net_pair(fds, &why) == -1) {
		log_error("no link between %s and %s: %s", role_spec(a->role)->name,
		    role_spec(b->role)->name, why.log);
		return;
	}
	give_peer(a, b, fds[0]);
	give_peer(b, a, fds[1]);
	file_close(&fds[0]);
	file_close(&fds[1]);
}

static void
connect_all(struct child *c)
{
	struct child *other;

	TAILQ_FOREACH(other, &c->master->children, entry)
		if (other != c && children_is_alive(other)
		    && (is_linked(c, other) || is_linked(other, c)))
			children_connect(c, other);
}

/* ---- settings ---- */

static struct ids
ids_of(const struct child *c)
{
	static const struct ids stay = { (uid_t)-1, (gid_t)-1 };
	const struct master *m = c->master;

	if (!m->is_root)
		return stay;
	switch (role_spec(c->role)->user) {
	case ROLE_AS_SERVICE:
		return m->service;
	case ROLE_AS_AUTH:
		return m->auth;
	case ROLE_AS_OWNER:
		return c->owner_ids;
	case ROLE_AS_ROOT:
		break;
	}
	return stay;
}

static int64_t
id_for_message(uid_t id)
{
	return id == (uid_t)-1 ? -1 : (int64_t)id;
}

/* What relay alone may know, and no file of its own could hold. */
static void
read_secret(const struct child *c, struct buf *out)
{
	const struct conf *conf = c->master->conf;
	struct fail why = FAIL_EMPTY;

	if (c->role != ROLE_RELAY || conf->relay_password_file[0] == '\0')
		return;
	if (secret_read(conf->relay_password_file, out, &why) == -1)
		log_error("%s; no mail can be sent until it is put right and doorstepd reloaded",
		    why.log);
}

static void
give_conf(struct child *c, bool is_reload)
{
	const struct master *m = c->master;
	struct ids ids = ids_of(c);
	struct msg_MASTER_GIVES_CONF message = { .worker = c->worker, .owner = str_of(c->owner),
		.uid = id_for_message(ids.uid), .gid = id_for_message(ids.gid),
		.is_reload = is_reload };
	struct buf state_dir = BUF_EMPTY, chroot_dir = BUF_EMPTY, secret = BUF_EMPTY;
	struct arena arena;

	arena_init(&arena);
	conf_to_settings(m->conf, &arena, &message);
	if (c->role == ROLE_DELIVER)
		buf_addf(&state_dir, "%s/%s", m->conf->state_dir, c->owner);
	if (m->is_root && role_spec(c->role)->is_chrooted)
		buf_addf(&chroot_dir, "%s/empty", m->conf->runtime_dir);
	message.state_dir = buf_str(&state_dir);
	message.chroot_dir = buf_str(&chroot_dir);
	read_secret(c, &secret);
	message.secret = buf_str(&secret);
	children_tell(c, MSG_MASTER_GIVES_CONF, &message);
	buf_fini(&state_dir);
	buf_fini(&chroot_dir);
	secret_forget(&secret);
	arena_fini(&arena);
}

bool
children_can_carry(const struct conf *conf)
{
	/* The longest paths, the owner and a password beside the settings. */
	static const char room[2 * 4096 + SECRET_MAX + 64];
	struct msg_MASTER_GIVES_CONF message = { .state_dir = { room, sizeof room } };
	struct arena arena;
	bool can;

	arena_init(&arena);
	conf_to_settings(conf, &arena, &message);
	can = wire_can_carry(MSG_MASTER_GIVES_CONF, &message);
	arena_fini(&arena);
	return can;
}

void
children_give_conf(struct master *m)
{
	struct child *c;

	TAILQ_FOREACH(c, &m->children, entry) {
		if (c->wire == NULL)
			continue;
		give_conf(c, true);
		if (c->role == ROLE_SESSION)
			listeners_give(m->listeners, c->wire);
	}
}

/* ---- what children say ---- */

static void
child_is_ready(struct wire *w, const union msg_any *message, void *arg)
{
	struct child *c = arg;

	(void)w;
	(void)message;
	if (c->state == CHILD_STARTING)
		c->state = CHILD_RUNNING;
	master_check_ready(c->master);
}

static void
session_asks_owner(struct wire *w, const union msg_any *message, void *arg)
{
	(void)w;
	owners_asked(arg, &message->SESSION_ASKS_OWNER);
}

static void
deliver_is_idle(struct wire *w, const union msg_any *message, void *arg)
{
	(void)w;
	(void)message;
	owners_idle(arg);
}

static void
deliver_reports_filter(struct wire *w, const union msg_any *message, void *arg)
{
	(void)w;
	owners_report(arg, &message->DELIVER_REPORTS_FILTER);
}

static void
deliver_did_sync(struct wire *w, const union msg_any *message, void *arg)
{
	const struct child *c = arg;

	(void)w;
	control_sync_done(c->master, &message->DELIVER_DID_SYNC);
}

static void
directory_explains_user(struct wire *w, const union msg_any *message, void *arg)
{
	const struct child *c = arg;

	(void)w;
	control_user_explained(c->master, &message->DIRECTORY_EXPLAINS_USER);
}

/* Only what each role may send (roles.h): a hole ends the link and the child. */
static const wire_handler handlers[ROLE_COUNT][MSG_COUNT] = {
	[ROLE_SESSION] = { [MSG_CHILD_IS_READY] = child_is_ready,
		[MSG_SESSION_ASKS_OWNER] = session_asks_owner },
	[ROLE_DIRECTORY] = { [MSG_CHILD_IS_READY] = child_is_ready,
		[MSG_DIRECTORY_EXPLAINS_USER] = directory_explains_user },
	[ROLE_DELIVER] = { [MSG_CHILD_IS_READY] = child_is_ready,
		[MSG_DELIVER_IS_IDLE] = deliver_is_idle,
		[MSG_DELIVER_REPORTS_FILTER] = deliver_reports_filter,
		[MSG_DELIVER_DID_SYNC] = deliver_did_sync },
	[ROLE_FILTER] = { [MSG_CHILD_IS_READY] = child_is_ready },
	[ROLE_RELAY] = { [MSG_CHILD_IS_READY] = child_is_ready },
};

static void
kill_now(void *arg)
{
	struct child *c = arg;

	if (c->pid == 0)
		return;
	log_warn("%s, process %ld, did not end by itself: it is killed",
	    role_spec(c->role)->name, (long)c->pid);
	(void)kill(c->pid, SIGKILL);
}

/* It ends, or has broken the grammar: then it must end. */
static void
link_gone(struct wire *w, void *arg)
{
	struct child *c = arg;

	(void)w;
	wire_free(&c->wire);
	loop_timer(c->master->loop, &c->timer, GRACE, kill_now, c);
}

/* ---- start ---- */

/* Address space is bounded before the first instruction of a program that
 * runs strangers' scripts. */
static void
limit_memory(const struct child *c)
{
	rlim_t max = (rlim_t)role_spec(c->role)->memory_max;
	struct rlimit limit;

	if (max == 0 || SANITIZE_ADDRESS)
		return;
	if (c->role == ROLE_FILTER)
		max = (rlim_t)c->master->conf->filter_memory_limit;
	limit.rlim_cur = max;
	limit.rlim_max = max;
	(void)setrlimit(RLIMIT_AS, &limit);
}

/* In the child, between fork and exec: descriptors 3 and 4, nothing else. */
_Noreturn static void
become(const struct child *c, int link, const char *path, const char *name)
{
	char *const argv[] = { (char *)(uintptr_t)name, NULL };
	int syslog_fd = c->master->syslog_fd;

	/* Above both, so that neither dup2 overwrites the other's source. */
	link = fcntl(link, F_DUPFD, 10);
	/* Without syslog the place is filled all the same: no later descriptor of
	 * the child may be taken for it. */
	syslog_fd = syslog_fd == -1 ? open("/dev/null", O_WRONLY) : syslog_fd;
	syslog_fd = fcntl(syslog_fd, F_DUPFD, 10);
	if (link == -1 || dup2(link, ROLE_MASTER_FD) == -1)
		_exit(EXIT_NOT_EXECUTED);
	if (syslog_fd == -1 || dup2(syslog_fd, ROLE_SYSLOG_FD) == -1)
		_exit(EXIT_NOT_EXECUTED);
	if (close_range(ROLE_SYSLOG_FD + 1, ~0U, 0) == -1)
		_exit(EXIT_NOT_EXECUTED);
	limit_memory(c);
	execv(path, argv);
	_exit(EXIT_NOT_EXECUTED);
}

/* 0 with pid and link, or -1. */
static int
start_process(struct child *c, int *link_out, struct fail *why)
{
	struct buf path = BUF_EMPTY, name = BUF_EMPTY;
	int fds[2] = { -1, -1 }, rc = -1;
	pid_t pid;

	buf_addf(&name, "doorstep-%s", role_spec(c->role)->name);
	buf_addf(&path, "%s/%s", c->master->libexec_dir, buf_cstr(&name));
	if (net_pair(fds, why) == -1)
		goto out;
	pid = fork();
	if (pid == -1) {
		fail_errno(why, errno, "start", buf_cstr(&path));
		goto out;
	}
	if (pid == 0)
		become(c, fds[1], buf_cstr(&path), buf_cstr(&name));
	c->pid = pid;
	*link_out = fds[0];
	fds[0] = -1;
	rc = 0;
out:
	file_close(&fds[0]);
	file_close(&fds[1]);
	buf_fini(&path);
	buf_fini(&name);
	return rc;
}

static void
start_later(void *arg)
{
	struct child *c = arg;

	/* A filter is started with its deliver, which may be down as well. */
	if (c->role == ROLE_FILTER && (c->deliver == NULL || !children_is_alive(c->deliver)))
		return;
	children_start(c);
}

static void
schedule(struct child *c)
{
	int64_t max = c->role == ROLE_FILTER ? DELAY_MAX_FILTER : DELAY_MAX;

	c->delay = c->delay == 0 ? DELAY_FIRST : 2 * c->delay;
	if (c->delay > max)
		c->delay = max;
	c->state = CHILD_WAITING;
	loop_timer(c->master->loop, &c->timer, c->delay, start_later, c);
}

void
children_start(struct child *c)
{
	struct fail why = FAIL_EMPTY;
	int link = -1;

	BUG_ON(c->pid != 0);
	loop_unwatch(&c->timer);
	if (start_process(c, &link, &why) == -1) {
		log_error("%s", why.log);
		schedule(c);
		return;
	}
	c->after = CHILD_RESTARTS;
	c->state = CHILD_STARTING;
	c->since = clock_wall();
	c->born = clock_monotonic();
	c->wire = wire_new(c->master->loop, link, handlers[c->role], link_gone, c);
	give_conf(c, false);
	if (c->role == ROLE_SESSION)
		listeners_give(c->master->listeners, c->wire);
	connect_all(c);
	children_tell(c, MSG_MASTER_SAYS_START, NULL);
	log_debug("%s%s%s starts as process %ld", role_spec(c->role)->name,
	    c->owner[0] == '\0' ? "" : " of ", c->owner, (long)c->pid);
	if (c->role == ROLE_DELIVER)
		owners_started(c);
}

/* ---- end ---- */

void
children_kill(struct child *c, enum child_after after)
{
	c->after = after;
	if (c->pid == 0) {
		loop_unwatch(&c->timer);
		return;
	}
	c->state = CHILD_ENDING;
	wire_free(&c->wire);
	(void)kill(c->pid, SIGKILL);
}

void
children_say_stop(struct child *c, enum child_after after)
{
	if (c->pid == 0) {
		if (after == CHILD_IS_FORGOTTEN)
			destroy(c);
		return;
	}
	c->after = after;
	c->state = CHILD_ENDING;
	children_tell(c, MSG_MASTER_SAYS_STOP, NULL);
}

static void
log_end(const struct child *c, int status)
{
	const char *name = role_spec(c->role)->name;
	const char *of = c->owner[0] == '\0' ? "" : " of ";
	bool is_expected = c->state == CHILD_ENDING || c->state == CHILD_RETIRING;
	bool is_orderly = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	/* A filter goes when its deliver closes their link, relay when new settings
	 * ask for what it gave up at its start. */
	if (((c->role == ROLE_FILTER || c->role == ROLE_RELAY) && is_orderly)
	    || (is_expected && WIFEXITED(status))
	    || (c->state == CHILD_ENDING && WTERMSIG(status) == SIGKILL))
		log_debug("%s%s%s, process %ld, has ended", name, of, c->owner, (long)c->pid);
	else if (WIFSIGNALED(status))
		log_error("%s%s%s, process %ld, was ended by signal %d (%s)%s", name, of, c->owner,
		    (long)c->pid, WTERMSIG(status), strsignal(WTERMSIG(status)),
		    WTERMSIG(status) == SIGSYS ? ": a forbidden system call, see the audit log"
		    : "");
	else if (WEXITSTATUS(status) == EXIT_NOT_EXECUTED)
		log_error("%s%s%s could not be executed: is %s/doorstep-%s there?", name, of,
		    c->owner, c->master->libexec_dir, name);
	else
		log_error("%s%s%s, process %ld, exited with status %d", name, of, c->owner,
		    (long)c->pid, WEXITSTATUS(status));
}

static void
ended(struct child *c, int status)
{
	struct master *m = c->master;

	log_end(c, status);
	loop_unwatch(&c->timer);
	wire_free(&c->wire);
	if (clock_monotonic() - c->born >= LIFE_GOOD)
		c->delay = 0;
	/* A kind whose turn to stop has come is not started again. */
	if (m->phase >= children_phase(c->role))
		c->after = CHILD_IS_FORGOTTEN;
	control_child_ended(c);
	c->pid = 0;
	if (c->role == ROLE_DELIVER || c->role == ROLE_SESSION)
		owners_ended(c, status);
	c->state = CHILD_WAITING;
	c->restarts++;
	if (c->after == CHILD_IS_FORGOTTEN)
		destroy(c);
	else if (c->after == CHILD_RESTARTS_NOW)
		start_later(c);
	else if (c->after == CHILD_RESTARTS)
		schedule(c);
	master_check_stop(m);
}

void
children_reap(struct master *m)
{
	struct child *c;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		TAILQ_FOREACH(c, &m->children, entry)
			if (c->pid == pid)
				break;
		if (c != NULL)
			ended(c, status);
	}
}

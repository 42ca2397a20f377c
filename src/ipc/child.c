/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * How every child of master begins: what it is given, who it becomes, what it
 * gives up.  It knows nothing of what the child does afterwards. */
#include "ipc/child.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "ipc/drop.h"

/* Statuses of a child that did not come to its work; master logs them. */
#define EXIT_MISUSE 64
#define EXIT_STEP 78

/* Listeners and peers together; a master that gives more is broken. */
#define GIVEN_MAX 4096

static void
ignore_signals(void)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	size_t i;

	/* A terminal's ^C and a service manager's TERM reach the whole group:
	 * master alone acts on them and tells its children in order. */
	memset(&action, 0, sizeof action);
	action.sa_handler = SIG_IGN;
	for (i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		(void)sigaction(ignored[i], &action, NULL);
}

static void
start_log(enum role role)
{
	char *program = NULL;
	struct buf name = BUF_EMPTY;

	buf_addf(&name, "doorstep-%s", role_spec(role)->name);
	/* The log keeps the name for the life of the program. */
	program = xstrdup(buf_cstr(&name));
	log_init(program, STDERR_FILENO, LOG_L_INFO);
	free(program);
	buf_fini(&name);
}

static bool
is_setting(const struct rec_setting *s, struct str key)
{
	return s->section.n == 0 && str_is_equal(s->key, key);
}

/* Master puts /dev/null there when the system has no syslog. */
static bool
has_syslog(void)
{
	struct stat st;

	return fstat(ROLE_SYSLOG_FD, &st) == 0 && S_ISSOCK(st.st_mode);
}

void
child_apply_log(const struct msg_MASTER_GIVES_CONF *conf)
{
	static const char *const words[] = { [LOG_L_ERROR] = "error", [LOG_L_WARN] = "warn",
		[LOG_L_INFO] = "info", [LOG_L_DEBUG] = "debug" };
	enum log_level level = LOG_L_INFO;
	bool is_syslog = false;
	size_t i, word;

	for (i = 0; i < conf->settings.n; i++) {
		const struct rec_setting *s = &conf->settings.at[i];

		for (word = 0; is_setting(s, STR("log_level")) && word < 4; word++)
			if (str_is_equal(s->value, str_of(words[word])))
				level = (enum log_level)word;
		if (is_setting(s, STR("log_syslog")))
			is_syslog = str_is_equal(s->value, STR("yes"));
	}
	log_set_level(level);
	log_use_syslog(is_syslog && has_syslog() ? ROLE_SYSLOG_FD : -1);
}

_Noreturn static void
end_misused(const char *why)
{
	log_error("%s: this program is started by doorstepd, not by hand", why);
	exit(EXIT_MISUSE);
}

_Noreturn static void
end_failed(const struct fail *why)
{
	log_error("%s", why->log);
	exit(EXIT_STEP);
}

/* ---- what master gives before the start ---- */

static struct child_given *
add_given(struct child_start *start)
{
	if (start->given_count == GIVEN_MAX)
		end_misused("too many descriptors");
	start->given = xrealloc(start->given, start->given_count + 1, sizeof *start->given);
	return &start->given[start->given_count++];
}

static void
take_conf(struct child_start *start, const union msg_any *message)
{
	struct str bytes = arena_str(&start->arena, buf_str(&start->packets));
	union msg_any copy;
	enum msg m;

	/* Decoded again from bytes that last as long as the start does. */
	(void)message;
	if (!wire_is_decoded(bytes, &m, &copy, &start->arena))
		end_misused("settings cannot be read");
	start->conf = copy.MASTER_GIVES_CONF;
	child_apply_log(&start->conf);
}

static void
take_listener(struct child_start *start, const union msg_any *message)
{
	const struct msg_MASTER_GIVES_LISTENER *m = &message->MASTER_GIVES_LISTENER;

	*add_given(start) = (struct child_given){ .fd = m->fd, .is_listener = true,
		.name = arena_str(&start->arena, m->listener) };
}

static void
take_peer(struct child_start *start, const union msg_any *message)
{
	const struct msg_MASTER_GIVES_PEER *m = &message->MASTER_GIVES_PEER;
	uint32_t allowed = role_spec(start->role)->peers;

	if (m->role >= ROLE_COUNT || (allowed & UINT32_C(1) << m->role) == 0)
		end_misused("a peer that this role may not have");
	*add_given(start) = (struct child_given){ .fd = m->fd, .role = (enum role)m->role,
		.worker = m->worker, .name = arena_str(&start->arena, m->owner) };
}

static void (*const takers[MSG_COUNT])(struct child_start *, const union msg_any *) = {
	[MSG_MASTER_GIVES_CONF] = take_conf,
	[MSG_MASTER_GIVES_LISTENER] = take_listener,
	[MSG_MASTER_GIVES_PEER] = take_peer,
};

void
child_begin(enum role role, struct child_start *out)
{
	struct arena scratch = ARENA_EMPTY;
	union msg_any message;
	enum msg m;

	memset(out, 0, sizeof *out);
	out->role = role;
	arena_init(&out->arena);
	arena_init(&scratch);
	ignore_signals();
	start_log(role);
	for (;;) {
		enum wire_result result = wire_recv_blocking(ROLE_MASTER_FD, &out->packets, &scratch,
		    &m, &message);

		if (result != WIRE_OK)
			end_misused("no master");
		if (m == MSG_MASTER_SAYS_START)
			break;
		/* Told to stop before the work began. */
		if (m == MSG_MASTER_SAYS_STOP)
			exit(0);
		if (takers[m] == NULL)
			end_misused(wire_name(m));
		takers[m](out, &message);
		arena_empty(&scratch);
	}
	arena_fini(&scratch);
}

void
child_drop(struct child_start *start)
{
	struct fail why = FAIL_EMPTY;
	uid_t uid = (uid_t)start->conf.uid;
	gid_t gid = (gid_t)start->conf.gid;
	char *chroot_dir = start->conf.chroot_dir.n == 0 ? NULL
	    : arena_cstr(&start->arena, start->conf.chroot_dir);

	/* From here on nothing that this process opens is opened as root. */
	if (drop_identity(start->role, uid, gid, chroot_dir, &why) == -1)
		end_failed(&why);
}

void
child_enter(struct child_start *start)
{
	struct fail why = FAIL_EMPTY;

	/* Before the first byte from outside: what it may do ends here. */
	if (sandbox_enter(start->role, &why) == -1)
		end_failed(&why);
	(void)wire_send_blocking(ROLE_MASTER_FD, MSG_CHILD_IS_READY, NULL, &start->packets);
}

void
child_fini(struct child_start *start)
{
	size_t i;

	for (i = 0; i < start->given_count; i++)
		file_close(&start->given[i].fd);
	free(start->given);
	start->given = NULL;
	start->given_count = 0;
	buf_fini(&start->packets);
	arena_fini(&start->arena);
}

int
child_take_peer(struct child_start *start, enum role role)
{
	size_t i;
	int fd;

	for (i = 0; i < start->given_count; i++) {
		struct child_given *given = &start->given[i];

		if (given->is_listener || given->role != role || given->fd == -1)
			continue;
		fd = given->fd;
		given->fd = -1;
		return fd;
	}
	return -1;
}

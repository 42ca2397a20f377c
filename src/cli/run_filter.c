/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Starts a filter process and speaks with it as master and deliver would. */

#include "cli/run_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/answer_filter.h"
#include "config.h"
#include "ipc/actions.h"
#include "ipc/roles.h"

/* The program beside this one (a build tree), else the installed one. */
static void
find_program(struct buf *path)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self);
	ptrdiff_t slash;

	if (n > 0) {
		slash = str_find_last_byte((struct str){ self, (size_t)n }, '/');
		buf_add(path, self, (size_t)slash + 1);
		buf_add_cstr(path, "doorstep-filter");
		if (access(buf_cstr(path), X_OK) == 0)
			return;
	}
	buf_clear(path);
	buf_add_cstr(path, DOORSTEP_LIBEXEC_DIR "/doorstep-filter");
}

_Noreturn static void
become_filter(const char *path, int master_end)
{
	char name[] = "doorstep-filter";
	char *const argv[] = { name, NULL };
	char *const no_environment[] = { NULL };

	/* dup2 onto itself would leave close-on-exec set. */
	if (master_end == ROLE_MASTER_FD)
		(void)fcntl(master_end, F_SETFD, 0);
	else if (dup2(master_end, ROLE_MASTER_FD) == -1)
		_exit(127);
	execve(path, argv, no_environment);
	_exit(127);
}

static int
tell(struct run_filter *filter, enum msg m, const void *message)
{
	return wire_send_blocking(filter->master_fd, m, message, &filter->out) == WIRE_OK ? 0 : -1;
}

static int
introduce(struct run_filter *filter, const struct conf *conf, int *peer, struct fail *why)
{
	struct msg_MASTER_GIVES_CONF settings = { .uid = -1, .gid = -1 };
	struct msg_MASTER_GIVES_PEER link = { .fd = *peer, .role = ROLE_DELIVER };
	struct msg_MASTER_SAYS_START start;
	union msg_any ready;
	enum msg m;

	memset(&start, 0, sizeof start);
	conf_to_settings(conf, &filter->arena, &settings);
	if (tell(filter, MSG_MASTER_GIVES_CONF, &settings) == -1 ||
	    tell(filter, MSG_MASTER_GIVES_PEER, &link) == -1 ||
	    tell(filter, MSG_MASTER_SAYS_START, &start) == -1)
		return fail_set(why, FAIL_OURS, 3, 0, 0, "", "doorstep-filter ended at once");
	file_close(peer);
	if (wire_recv_blocking(filter->master_fd, &filter->in, &filter->arena, &m, &ready) !=
		WIRE_OK || m != MSG_CHILD_IS_READY)
		return fail_set(why, FAIL_OURS, 3, 0, 0, "", "doorstep-filter did not start");
	return 0;
}

int
run_filter_start(struct run_filter *filter, const struct conf *conf, struct fail *why)
{
	int master[2] = { -1, -1 }, deliver[2] = { -1, -1 }, rc = -1;
	struct buf path = BUF_EMPTY;

	memset(filter, 0, sizeof *filter);
	filter->master_fd = filter->deliver_fd = filter->made_fd = -1;
	filter->pid = -1;
	filter->timeout_ms = (int)(conf->sieve_timeout / 1000);
	filter->conf = conf;
	filter->script_path = "";
	arena_init(&filter->arena);
	(void)signal(SIGPIPE, SIG_IGN);
	find_program(&path);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, master) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, deliver) == -1) {
		fail_errno(why, errno, "make a link for", "doorstep-filter");
		goto out;
	}
	filter->pid = fork();
	if (filter->pid == -1) {
		fail_errno(why, errno, "start", buf_cstr(&path));
		goto out;
	}
	if (filter->pid == 0)
		become_filter(buf_cstr(&path), master[1]);
	filter->master_fd = master[0];
	filter->deliver_fd = deliver[0];
	master[0] = deliver[0] = -1;
	file_close(&master[1]);
	rc = introduce(filter, conf, &deliver[1], why);
out:
	file_close(&master[0]);
	file_close(&master[1]);
	file_close(&deliver[0]);
	file_close(&deliver[1]);
	buf_fini(&path);
	return rc;
}

static void
drop_made(struct run_filter *filter)
{
	file_close(&filter->made_fd);
	file_unmap(filter->made.p, filter->made.n);
	filter->made = STR_EMPTY;
}

void
run_filter_stop(struct run_filter *filter)
{
	file_close(&filter->deliver_fd);
	file_close(&filter->master_fd);
	drop_made(filter);
	if (filter->pid > 0) {
		/* It may be in an endless script. */
		(void)kill(filter->pid, SIGKILL);
		(void)waitpid(filter->pid, NULL, 0);
	}
	filter->pid = -1;
	buf_fini(&filter->in);
	buf_fini(&filter->out);
	arena_fini(&filter->arena);
}

static int
tell_death(struct run_filter *filter, struct fail *why)
{
	int status = 0;

	if (waitpid(filter->pid, &status, 0) != filter->pid)
		status = 0;
	filter->pid = -1;
	if (WIFSIGNALED(status))
		return fail_set(why, FAIL_OURS, 3, 0, 0, "", "the filter process died of signal %d "
		    "(a delivery would keep the message in the inbox)", WTERMSIG(status));
	return fail_set(why, FAIL_OURS, 3, 0, 0, "", "the filter process ended with status %d "
	    "(a delivery would keep the message in the inbox)", WEXITSTATUS(status));
}

int
run_filter_send(struct run_filter *filter, enum msg m, const void *message, struct fail *why)
{
	if (wire_send_blocking(filter->deliver_fd, m, message, &filter->out) != WIRE_OK)
		return tell_death(filter, why);
	return 0;
}

static int
give_space(struct run_filter *filter, const struct msg_FILTER_ASKS *asked, struct fail *why)
{
	struct msg_DELIVER_TELLS told = { .id = asked->id, .answer = FILTER_IN_DOUBT };

	file_close(&filter->made_fd);
	if (asked->size <= FILTER_MADE_MAX &&
	    file_space((size_t)asked->size, &filter->made_fd, why) == 0)
		told.answer = FILTER_YES;
	told.fd = filter->made_fd;
	return run_filter_send(filter, MSG_DELIVER_TELLS, &told, why);
}

static int
answer(struct run_filter *filter, const struct msg_FILTER_ASKS *asked, struct fail *why)
{
	struct buf text = BUF_EMPTY;
	struct msg_DELIVER_TELLS told = { .id = asked->id, .fd = -1 };
	int rc = 0;

	if (asked->kind == FILTER_ASKS_SPACE)
		return give_space(filter, asked, why);
	told.answer = (uint8_t)answer_filter(filter->conf, filter->script_path, asked, &text);
	told.size = text.n;
	if (text.n <= WIRE_INLINE_MAX)
		told.text = buf_str(&text);
	else
		rc = file_sealed(buf_str(&text), &told.fd, why);
	if (rc == 0)
		rc = run_filter_send(filter, MSG_DELIVER_TELLS, &told, why);
	file_close(&told.fd);
	buf_fini(&text);
	return rc;
}

/* What looks what a script would do does nothing itself. */
static int
refuse_program(struct run_filter *filter, uint64_t id, struct fail *why)
{
	struct msg_DELIVER_TELLS told = { .id = id, .fd = -1, .answer = FILTER_IN_DOUBT };

	return run_filter_send(filter, MSG_DELIVER_TELLS, &told, why);
}

int
run_filter_wait(struct run_filter *filter, enum msg m, union msg_any *out, struct fail *why)
{
	struct pollfd waited = { .fd = filter->deliver_fd, .events = POLLIN };
	enum wire_result result;
	enum msg got;

	if (poll(&waited, 1, filter->timeout_ms) == 0)
		return fail_set(why, FAIL_TEMP, 3, 0, 0, "", "the filter process did not answer "
		    "within sieve_timeout (a delivery would keep the message in the inbox)");
	arena_empty(&filter->arena);
	result = wire_recv_blocking(filter->deliver_fd, &filter->in, &filter->arena, &got, out);
	if (result == WIRE_CLOSED)
		return tell_death(filter, why);
	if (result == WIRE_OK && got == MSG_FILTER_ASKS && m != MSG_FILTER_ASKS) {
		if (answer(filter, &out->FILTER_ASKS, why) == -1)
			return -1;
		return run_filter_wait(filter, m, out, why);
	}
	if (result == WIRE_OK && got == MSG_FILTER_ASKS_PROGRAM) {
		if (refuse_program(filter, out->FILTER_ASKS_PROGRAM.id, why) == -1)
			return -1;
		return run_filter_wait(filter, m, out, why);
	}
	if (result != WIRE_OK || got != m)
		return fail_set(why, FAIL_OURS, 3, 0, 0, "", "the filter process answered nonsense");
	return 0;
}

int
run_filter_take_made(struct run_filter *filter, const struct msg_FILTER_ANSWERS *answer,
    struct str *out, struct fail *why)
{
	size_t n = answer->made_size <= FILTER_MADE_MAX ? (size_t)answer->made_size : 0;

	*out = answer->made;
	if (answer->made.n > 0 || n == 0 || filter->made_fd == -1)
		return 0;
	if (file_seal(filter->made_fd, why) == -1)
		return -1;
	file_unmap(filter->made.p, filter->made.n);
	*out = filter->made = (struct str){ file_map(filter->made_fd, n, why), n };
	if (out->p == NULL)
		filter->made = STR_EMPTY;
	file_close(&filter->made_fd);
	return out->p == NULL ? -1 : 0;
}

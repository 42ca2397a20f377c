/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* External programs of vnd.dovecot.pipe, filter and execute: run as the
 * caller, without a shell, from the directories that a svtest has set. */

#include "cli/svtest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "filter/engine_message.h"

#define TIMEOUT_DEFAULT 10 /* seconds; Pigeonhole's */

/* A program that runs. */
struct child {
	pid_t pid;
	int in, out; /* our ends */
	struct str input;
	struct buf *output; /* NULL: nobody wants it */
	int64_t deadline;
};

/* NULL: it is in none of them, or is no name. */
static const char *
find_program(struct svtest *test, const char *const *dirs, struct str name)
{
	struct str dir;
	const char *path;

	if (name.n == 0 || name.p[0] == '.' || str_find_byte(name, '/') != -1 ||
	    str_has_control(name))
		return NULL;
	for (; *dirs != NULL; dirs++) {
		dir = svtest_config(test, *dirs);
		if (dir.n == 0)
			continue;
		path = arena_printf(&test->arena, "%s/%.*s", svtest_path(test, dir),
		    STR_ARG(name)).p;
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* CRLF unless the site says lf. */
static struct str
prepare_input(struct svtest *test, struct str input)
{
	struct str eol = svtest_config(test, "sieve_execute_input_eol");
	struct buf text = BUF_EMPTY;
	struct str copy;
	size_t i;

	if (str_is_equal_nocase(eol, STR("lf")))
		return input;
	for (i = 0; i < input.n; i++) {
		if (input.p[i] == '\n' && (i == 0 || input.p[i - 1] != '\r'))
			buf_add_byte(&text, '\r');
		buf_add_byte(&text, input.p[i]);
	}
	copy = arena_str(&test->arena, buf_str(&text));
	buf_fini(&text);
	return copy;
}

static void
be_program(char *const *argv, int in, int out)
{
	int null = open("/dev/null", O_WRONLY);

	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 || null == -1 ||
	    dup2(null, STDERR_FILENO) == -1)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	execv(argv[0], argv);
	_exit(127);
}

static bool
is_started(char *const *argv, struct child *child)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) == -1)
		return false;
	if (pipe2(out, O_CLOEXEC) == -1) {
		file_close(&in[0]);
		file_close(&in[1]);
		return false;
	}
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0)
		be_program(argv, in[0], out[1]);
	file_close(&in[0]);
	file_close(&out[1]);
	child->in = in[1];
	child->out = out[0];
	return child->pid != -1;
}

static void
feed(struct child *child)
{
	ssize_t n = write(child->in, child->input.p, child->input.n);

	if (n > 0)
		child->input = str_from(child->input, (size_t)n);
	/* A program need not read all of it. */
	if ((n == -1 && errno != EINTR && errno != EAGAIN) || child->input.n == 0)
		file_close(&child->in);
}

static void
drain(struct child *child)
{
	char bytes[16384];
	ssize_t n = read(child->out, bytes, sizeof bytes);

	if (n > 0 && child->output != NULL)
		buf_add(child->output, bytes, (size_t)n);
	if (n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN))
		file_close(&child->out);
}

/* Until it has closed its output; false: the time is over. */
static bool
is_attended(struct child *child)
{
	struct pollfd fds[2];
	int64_t left;

	(void)fcntl(child->in, F_SETFL, O_NONBLOCK);
	if (child->input.n == 0)
		file_close(&child->in);
	while (child->out != -1) {
		left = child->deadline - clock_monotonic();
		if (left <= 0)
			return false;
		fds[0] = (struct pollfd){ .fd = child->out, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = child->in, .events = POLLOUT };
		if (poll(fds, 2, (int)(left / 1000) + 1) == -1)
			continue;
		if (fds[0].revents != 0)
			drain(child);
		if (child->in != -1 && fds[1].revents != 0)
			feed(child);
	}
	return true;
}

static int
reap(struct child *child)
{
	int status;

	while (waitpid(child->pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return -1;
	return WEXITSTATUS(status);
}

static int64_t
find_timeout(struct svtest *test)
{
	static const char *const names[] = { "sieve_pipe_exec_timeout", "sieve_execute_exec_timeout",
		"sieve_filter_exec_timeout" };
	uint64_t seconds = 0;
	struct str value;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0] && seconds == 0; i++) {
		value = svtest_config(test, names[i]);
		while (value.n > 0 && (value.p[value.n - 1] < '0' || value.p[value.n - 1] > '9'))
			value.n--;
		(void)str_is_number(value, 3600, &seconds);
	}
	return (int64_t)(seconds == 0 ? TIMEOUT_DEFAULT : seconds) * CLOCK_SECOND;
}

int
svtest_run_program(struct svtest *test, const char *const *dirs, struct str name,
    const struct sieve_text *arguments, size_t argument_count, struct str input,
    struct buf *out)
{
	const char *path = find_program(test, dirs, name);
	char **argv = arena_array(&test->arena, argument_count + 2, sizeof *argv);
	struct child child = { .in = -1, .out = -1, .output = out };
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	int status = -1;
	size_t i;

	if (path != NULL)
		argv[0] = arena_cstr(&test->arena, str_of(path));
	for (i = 0; i < argument_count; i++)
		argv[i + 1] = arena_cstr(&test->arena, engine_str(arguments[i]));
	child.input = prepare_input(test, input);
	child.deadline = clock_monotonic() + find_timeout(test);
	if (path != NULL && is_started(argv, &child)) {
		if (!is_attended(&child))
			kill(child.pid, SIGKILL);
		status = reap(&child);
	}
	file_close(&child.in);
	file_close(&child.out);
	signal(SIGPIPE, before);
	return status;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A program from its start to its end: the only place where deliver executes
 * anything.  Knows nothing of scripts. */

#include "deliver/program.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"

#define CHUNK ((size_t)16 * 1024)

struct program {
	struct loop *loop;
	program_fn done;
	void *arg;
	pid_t pid; /* and process group; -1 once it is reaped */
	int in, out, err;
	struct watch in_watch, out_watch, err_watch, timer, soon;
	const struct str *input; /* not yet taken */
	size_t input_count;
	struct str piece; /* of it */
	bool is_crlf;
	char last; /* byte of the input that was taken */
	struct buf feed;
	struct buf output, errors;
	size_t output_max;
	const char *failure; /* why it has failed; NULL: by its status */
	int status;
	char *name, *who;
};

/* ---- the child ---- */

struct child {
	const char *path;
	char **argv;
	const char *const *environment;
	int in, out, err;
	rlim_t seconds;
	volatile int errnum; /* written by the child: it shares our memory until it executes */
};

static void
limit(int resource, rlim_t value)
{
	struct rlimit limits = { value, value };

	(void)setrlimit(resource, &limits);
}

static void
close_others(void)
{
	int fd;

	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) == 0)
		return;
	/* Before Linux 5.9; as many as roles.c allows. */
	for (fd = STDERR_FILENO + 1; fd < 16384; fd++)
		(void)close(fd);
}

/* Handlers are of a program that is no more, and what master alone acts on
 * (child.c) must not be ignored here. */
static void
reset_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;
	int number;

	for (number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Between vfork and execve: only calls that the kernel serves. */
_Noreturn static void
be_program(struct child *child)
{
	(void)setpgid(0, 0);
	/* Should deliver crash, its clients come again, and so would this. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(child->in, STDIN_FILENO) == -1 || dup2(child->out, STDOUT_FILENO) == -1 ||
	    dup2(child->err, STDERR_FILENO) == -1 || chdir("/") == -1) {
		child->errnum = errno;
		_exit(127);
	}
	close_others();
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, PROGRAM_FILES_MAX);
	/* For one that leaves its process group. */
	limit(RLIMIT_CPU, child->seconds);
	(void)umask(077);
	reset_signals();
	(void)execve(child->path, child->argv, (char *const *)(uintptr_t)child->environment);
	child->errnum = errno;
	_exit(127);
}

/* vfork: this process is large, and a program starts in its memory.  No signal
 * may come meanwhile: its handler would run in ours. */
static pid_t
fork_child(struct child *child)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (pid == 0)
		be_program(child);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* ---- its input ---- */

static void
close_input(struct program *program)
{
	loop_unwatch(&program->in_watch);
	file_close(&program->in);
}

/* A line of the piece, or what there is room for, as the program is to read it. */
static void
refill_from_piece(struct program *program)
{
	struct str part = str_sub(program->piece, 0, CHUNK - program->feed.n);
	ptrdiff_t end = program->is_crlf ? str_find_byte(part, '\n') : -1;

	if (end != -1)
		part = str_sub(part, 0, (size_t)end);
	if (part.n > 0)
		program->last = part.p[part.n - 1];
	buf_add_str(&program->feed, part);
	if (end != -1) {
		buf_add_str(&program->feed, program->last == '\r' ? STR("\n") : STR("\r\n"));
		program->last = '\n';
	}
	program->piece = str_from(program->piece, part.n + (end != -1));
}

static void
refill(struct program *program)
{
	buf_clear(&program->feed);
	while (program->feed.n < CHUNK) {
		if (program->piece.n > 0) {
			refill_from_piece(program);
			continue;
		}
		if (program->input_count == 0)
			break;
		program->piece = *program->input++;
		program->input_count--;
	}
}

static void
feed(int fd, short what, void *arg)
{
	struct program *program = arg;
	ssize_t n;

	(void)what;
	if (program->feed.n == 0)
		refill(program);
	if (program->feed.n == 0) {
		close_input(program);
		return;
	}
	n = write(fd, program->feed.p, program->feed.n);
	if (n > 0)
		buf_cut_front(&program->feed, (size_t)n);
	/* A program need not read all of it. */
	else if (n == -1 && errno != EINTR && errno != EAGAIN)
		close_input(program);
}

/* ---- its output ---- */

void
program_kill(struct program *program, const char *failure)
{
	close_input(program);
	if (program->failure == NULL)
		program->failure = failure;
	if (program->pid != -1)
		(void)kill(-program->pid, SIGKILL);
}

/* Bytes that were read: 0 at the end, -1 for now. */
static ssize_t
take(int fd, char *bytes)
{
	ssize_t n;

	do
		n = read(fd, bytes, CHUNK);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno != EAGAIN)
		return 0;
	return n;
}

static void
drain_output(int fd, short what, void *arg)
{
	struct program *program = arg;
	char bytes[CHUNK];
	ssize_t n = take(fd, bytes);

	(void)what;
	if (n == 0) {
		loop_unwatch(&program->out_watch);
		file_close(&program->out);
	}
	if (n <= 0 || program->output_max == 0)
		return;
	if (program->output.n + (size_t)n <= program->output_max)
		buf_add(&program->output, bytes, (size_t)n);
	else
		program_kill(program, "it wrote more than sieve_program_output_limit");
}

static void
drain_errors(int fd, short what, void *arg)
{
	struct program *program = arg;
	char bytes[CHUNK];
	ssize_t n = take(fd, bytes);
	size_t room = PROGRAM_ERRORS_MAX - program->errors.n;

	(void)what;
	if (n == 0) {
		loop_unwatch(&program->err_watch);
		file_close(&program->err);
	}
	if (n > 0)
		buf_add(&program->errors, bytes, (size_t)n < room ? (size_t)n : room);
}

/* What is there when it has ended; whoever still holds the other ends has left
 * its process group, and is not waited for. */
static void
drain_rest(struct program *program)
{
	size_t before;

	do {
		before = program->output.n;
		if (program->out != -1)
			drain_output(program->out, 0, program);
	} while (program->output.n > before);
	do {
		before = program->errors.n;
		if (program->err != -1)
			drain_errors(program->err, 0, program);
	} while (program->errors.n > before);
}

/* ---- its end ---- */

static void
log_errors(const struct program *program)
{
	struct str rest = buf_str(&program->errors), line;
	struct buf clean = BUF_EMPTY;
	size_t i;

	while (rest.n > 0 && str_can_split(&rest, '\n', &line)) {
		buf_clear(&clean);
		for (i = 0; i < line.n; i++)
			buf_add_byte(&clean, (unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f
				? ' ' : line.p[i]);
		log_info("program %s for %s says: %s", program->name, program->who,
		    buf_cstr(&clean));
	}
	buf_fini(&clean);
}

static enum program_end
judge(const struct program *program)
{
	if (program->failure != NULL)
		log_warn("program %s for %s was killed: %s", program->name, program->who,
		    program->failure);
	else if (WIFSIGNALED(program->status))
		log_warn("program %s for %s died of signal %d", program->name, program->who,
		    WTERMSIG(program->status));
	else if (WEXITSTATUS(program->status) == 0)
		return PROGRAM_SUCCEEDED;
	else
		log_info("program %s for %s ended with status %d", program->name, program->who,
		    WEXITSTATUS(program->status));
	return PROGRAM_FAILED;
}

static void
close_all(struct program *program)
{
	close_input(program);
	loop_unwatch(&program->out_watch);
	loop_unwatch(&program->err_watch);
	loop_unwatch(&program->timer);
	loop_unwatch(&program->soon);
	file_close(&program->out);
	file_close(&program->err);
}

void
program_check(struct program *program)
{
	siginfo_t info = { .si_pid = 0 };

	/* First its group, then itself: until it is reaped its number is its own. */
	if (program->pid == -1 ||
	    waitid(P_PID, (id_t)program->pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 ||
	    info.si_pid == 0)
		return;
	(void)kill(-program->pid, SIGKILL);
	while (waitpid(program->pid, &program->status, 0) == -1 && errno == EINTR)
		;
	program->pid = -1;
	drain_rest(program);
	close_all(program);
	log_errors(program);
	program->done(program, judge(program), program->arg);
}

static void
overrun(void *arg)
{
	program_kill(arg, "sieve_program_timeout is over");
}

static void
check_soon(void *arg)
{
	program_check(arg);
}

void
program_free(struct program **program_ptr)
{
	struct program *program = *program_ptr;

	if (program == NULL)
		return;
	*program_ptr = NULL;
	close_all(program);
	if (program->pid != -1)
		(void)kill(-program->pid, SIGKILL);
	buf_fini(&program->feed);
	buf_fini(&program->output);
	buf_fini(&program->errors);
	free(program->name);
	free(program->who);
	free(program);
}

struct str
program_output(const struct program *program)
{
	return buf_str(&program->output);
}

/* ---- its start ---- */

/* Owned: the array and what it points to is one piece, in *text_out. */
static char **
split_arguments(const char *path, struct str arguments, struct buf *text_out)
{
	size_t count = 2 + str_count_byte(arguments, '\n'), i = 0, at = 0;
	char **argv = xcalloc(count, sizeof *argv);

	buf_add_cstr(text_out, path);
	buf_add_byte(text_out, '\n');
	buf_add_str(text_out, arguments);
	for (; at < text_out->n; at++) {
		if (at == 0 || text_out->p[at - 1] == '\0')
			argv[i++] = text_out->p + at;
		if (text_out->p[at] == '\n')
			text_out->p[at] = '\0';
	}
	return argv;
}

/* Both ends close on exec; ours does not block. */
static int
open_pipe(int *ours, int *theirs, bool is_read, struct fail *why)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return fail_errno(why, errno, "make a pipe for", "a program");
	*ours = fds[is_read ? 0 : 1];
	*theirs = fds[is_read ? 1 : 0];
	if (fcntl(*ours, F_SETFL, O_NONBLOCK) == -1)
		return fail_errno(why, errno, "set up a pipe for", "a program");
	return 0;
}

static int
run_child(struct program *program, struct child *child, struct fail *why)
{
	program->pid = fork_child(child);
	if (program->pid == -1)
		return fail_errno(why, errno, "start the program", child->path);
	if (child->errnum != 0) {
		(void)waitpid(program->pid, NULL, 0);
		program->pid = -1;
		return fail_errno(why, child->errnum, "execute the program", child->path);
	}
	return 0;
}

static void
watch(struct program *program, const struct program_order *order)
{
	struct loop *loop = program->loop;

	loop_watch(loop, &program->in_watch, program->in, LOOP_WRITE, feed, program);
	loop_watch(loop, &program->out_watch, program->out, LOOP_READ, drain_output, program);
	loop_watch(loop, &program->err_watch, program->err, LOOP_READ, drain_errors, program);
	loop_timer(loop, &program->timer, order->timeout, overrun, program);
	/* It may have ended before SIGCHLD was looked for. */
	loop_soon(loop, &program->soon, check_soon, program);
}

struct program *
program_start(struct loop *loop, const struct program_order *order, program_fn done, void *arg,
    struct fail *why)
{
	struct program *program = xcalloc(1, sizeof *program);
	struct child child = { .path = order->path, .environment = order->environment,
		.in = -1, .out = -1, .err = -1,
		.seconds = (rlim_t)(order->timeout / CLOCK_SECOND + 1) };
	struct buf text = BUF_EMPTY;

	*program = (struct program){ .loop = loop, .done = done, .arg = arg, .pid = -1, .in = -1,
		.out = -1, .err = -1, .is_crlf = order->is_crlf,
		.output = BUF_LIMIT(order->output_max + 1), .output_max = order->output_max,
		.input = order->input, .input_count = order->input_count,
		.name = xstrdup(order->path), .who = xstrdup(order->who) };
	child.argv = split_arguments(order->path, order->arguments, &text);
	if (open_pipe(&program->in, &child.in, false, why) == -1 ||
	    open_pipe(&program->out, &child.out, true, why) == -1 ||
	    open_pipe(&program->err, &child.err, true, why) == -1 ||
	    run_child(program, &child, why) == -1)
		program_free(&program);
	else
		watch(program, order);
	file_close(&child.in);
	file_close(&child.out);
	file_close(&child.err);
	free(child.argv);
	buf_fini(&text);
	return program;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The program that some sites have instead of a host to talk to.  Only the half
 * outside runs it; it knows no queue and reads no message. */
#include "relay/sendmail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"

struct run {
	TAILQ_ENTRY(run) entry;
	struct sendmail *sendmail;
	uint64_t id;
	pid_t pid; /* 0: it never began */
	int output;
	struct buf text;
	struct watch reading, timer;
	bool is_late;
	struct fail why;
};

struct sendmail {
	struct loop *loop;
	char *words[SENDMAIL_ARGUMENTS_MAX];
	size_t word_count;
	int64_t time_limit;
	struct watch reaping;
	sendmail_fn fn;
	void *arg;
	TAILQ_HEAD(, run) runs;
};

/* ---- the outcome ---- */

static const struct {
	int status;
	enum fail_class class;
	unsigned subject, detail;
	const char *meaning;
} statuses[] = {
	{ EX_DATAERR, FAIL_PERM, 6, 0, "the message is not well formed" },
	{ EX_NOUSER, FAIL_PERM, 1, 1, "there is no such user" },
	{ EX_NOHOST, FAIL_PERM, 1, 2, "there is no such host" },
	{ EX_NOPERM, FAIL_PERM, 7, 0, "it is not permitted" },
	{ EX_TEMPFAIL, FAIL_TEMP, 3, 0, "it is to be tried again" },
};

void
sendmail_judge(int status, struct fail *out)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	size_t i;

	*out = FAIL_EMPTY;
	if (code == 0)
		return;
	for (i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		if (statuses[i].status != code)
			continue;
		fail_set(out, statuses[i].class, statuses[i].subject, statuses[i].detail, 0, "",
		    "exit status %d: %s", code, statuses[i].meaning);
		return;
	}
	/* Its own trouble, or ours: no reason to give a mail back. */
	if (code == -1)
		fail_set(out, FAIL_TEMP, 3, 0, 0, "", "ended by signal %d", WTERMSIG(status));
	else
		fail_set(out, FAIL_TEMP, 3, 0, 0, "", "exit status %d", code);
}

static void
add_printable(struct buf *out, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\n')
			buf_add_byte(out, ' ');
		else
			buf_add_byte(out, (unsigned char)c < ' ' || (unsigned char)c > '~' ? '?' : c);
	}
}

static void
destroy(struct run *run)
{
	TAILQ_REMOVE(&run->sendmail->runs, run, entry);
	loop_unwatch(&run->reading);
	loop_unwatch(&run->timer);
	file_close(&run->output);
	buf_fini(&run->text);
	free(run);
}

static void
report(struct run *run, const struct fail *outcome)
{
	struct sendmail *s = run->sendmail;
	struct buf text = BUF_EMPTY;
	uint64_t id = run->id;

	buf_add_cstr(&text, outcome->class == FAIL_NONE ? "exit status 0" : outcome->log);
	if (run->text.n > 0)
		buf_add_cstr(&text, ": ");
	add_printable(&text, str_trim(buf_str(&run->text)));
	destroy(run);
	s->fn(id, outcome, buf_str(&text), s->arg);
	buf_fini(&text);
}

/* ---- while it runs ---- */

/* What it says beyond the limit is read and forgotten: it must not block. */
static void
read_output(int fd, short what, void *arg)
{
	struct run *run = arg;
	char bytes[512];
	ssize_t n = read(fd, bytes, sizeof bytes);

	(void)what;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		loop_unwatch(&run->reading);
		return;
	}
	if (run->text.n + (size_t)n <= SENDMAIL_OUTPUT_MAX)
		buf_add(&run->text, bytes, (size_t)n);
}

static void
end_late(void *arg)
{
	struct run *run = arg;

	run->is_late = true;
	/* It leads a group of its own: its children go with it. */
	(void)kill(-run->pid, SIGKILL);
}

static void
tell_failed(void *arg)
{
	struct run *run = arg;
	struct fail why = run->why;

	report(run, &why);
}

static void
reap_one(struct sendmail *s, pid_t pid, int status)
{
	struct fail outcome = FAIL_EMPTY;
	struct run *run;

	TAILQ_FOREACH(run, &s->runs, entry)
		if (run->pid == pid)
			break;
	if (run == NULL)
		return;
	/* The last it said may be in the pipe still. */
	while (loop_is_set(&run->reading)) {
		size_t before = run->text.n;

		read_output(run->output, LOOP_READ, run);
		if (run->text.n == before)
			break;
	}
	sendmail_judge(status, &outcome);
	if (run->is_late)
		fail_set(&outcome, FAIL_TEMP, 3, 0, 0, "", "not done after %lld s, and killed",
		    (long long)(s->time_limit / 1000000));
	report(run, &outcome);
}

static void
reap(int signal, short what, void *arg)
{
	struct sendmail *s = arg;
	int status;
	pid_t pid;

	(void)signal;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reap_one(s, pid, status);
}

/* ---- start ---- */

/* In the new process: nothing of ours but the message and the pipe. */
_Noreturn static void
become(char *const *argv, int message, int output)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *const environment[] = { path, locale, NULL };
	static const int signals[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	sigset_t none;
	size_t i;

	/* What relay ignores a program would go on ignoring. */
	for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
		(void)signal(signals[i], SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	/* Above the first three, so that no dup2 overwrites another's source. */
	message = fcntl(message, F_DUPFD, 10);
	output = fcntl(output, F_DUPFD, 10);
	if (message == -1 || output == -1 || dup2(message, STDIN_FILENO) == -1
	    || dup2(output, STDOUT_FILENO) == -1 || dup2(output, STDERR_FILENO) == -1
	    || close_range(STDERR_FILENO + 1, ~0U, 0) == -1)
		_exit(EX_OSERR);
	execve(argv[0], argv, environment);
	(void)dprintf(STDERR_FILENO, "%s cannot be executed: %s", argv[0], strerror(errno));
	_exit(EX_OSFILE);
}

static int
start(struct sendmail *s, struct run *run, char *sender, char *recipient, int fd)
{
	static char dot[] = "-i", from[] = "-f", end[] = "--";
	char *argv[SENDMAIL_ARGUMENTS_MAX + 6];
	int pipes[2];
	size_t n = 0;

	for (; n < s->word_count; n++)
		argv[n] = s->words[n];
	argv[n++] = dot;
	argv[n++] = from;
	argv[n++] = sender;
	argv[n++] = end;
	argv[n++] = recipient;
	argv[n] = NULL;
	if (lseek(fd, 0, SEEK_SET) == -1 || pipe2(pipes, O_CLOEXEC | O_NONBLOCK) == -1)
		return fail_errno(&run->why, errno, "prepare", s->words[0]);
	/* Its end blocks, as programs expect of their output. */
	(void)fcntl(pipes[1], F_SETFL, 0);
	run->output = pipes[0];
	run->pid = fork();
	if (run->pid == 0)
		become(argv, fd, pipes[1]);
	file_close(&pipes[1]);
	if (run->pid == -1) {
		run->pid = 0;
		return fail_errno(&run->why, errno, "start", s->words[0]);
	}
	return 0;
}

void
sendmail_run(struct sendmail *s, uint64_t id, struct str sender, struct str recipient, int fd)
{
	struct run *run = xcalloc(1, sizeof *run);
	/* `<>` is what every sendmail takes for the null sender. */
	char *from = sender.n == 0 ? xstrdup("<>") : xstrndup(sender);
	char *to = xstrndup(recipient);
	int rc = -1;

	run->sendmail = s;
	run->id = id;
	run->output = -1;
	run->text = BUF_LIMIT(SENDMAIL_OUTPUT_MAX);
	TAILQ_INSERT_TAIL(&s->runs, run, entry);
	if (recipient.n == 0 || str_has_control(sender) || str_has_control(recipient) || fd == -1
	    || s->word_count == 0)
		fail_set(&run->why, FAIL_PERM, 1, 3, 0, "", "not a mail that a program can take");
	else
		rc = start(s, run, from, to, fd);
	if (rc == -1) {
		loop_soon(s->loop, &run->timer, tell_failed, run);
	} else {
		loop_watch(s->loop, &run->reading, run->output, LOOP_READ, read_output, run);
		loop_timer(s->loop, &run->timer, s->time_limit, end_late, run);
	}
	free(from);
	free(to);
}

struct sendmail *
sendmail_new(struct loop *loop, const char *command, int64_t time_limit, sendmail_fn fn, void *arg)
{
	struct sendmail *s = xcalloc(1, sizeof *s);
	struct str rest = str_of(command), word;

	s->loop = loop;
	s->time_limit = time_limit;
	s->fn = fn;
	s->arg = arg;
	TAILQ_INIT(&s->runs);
	while (str_can_split(&rest, ' ', &word) && s->word_count < SENDMAIL_ARGUMENTS_MAX)
		if (word.n > 0)
			s->words[s->word_count++] = xstrndup(word);
	loop_signal(loop, &s->reaping, SIGCHLD, reap, s);
	return s;
}

void
sendmail_free(struct sendmail **sendmail)
{
	struct sendmail *s = *sendmail;

	if (s == NULL)
		return;
	while (!TAILQ_EMPTY(&s->runs))
		destroy(TAILQ_FIRST(&s->runs));
	loop_unwatch(&s->reaping);
	while (s->word_count > 0)
		free(s->words[--s->word_count]);
	free(s);
	*sendmail = NULL;
}

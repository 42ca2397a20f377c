/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A script and a message on their way to a filter process.  Prints nothing. */

#include "cli/sieve_job.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "ipc/actions.h"

int
sieve_job_read(const char *path, const char *setting, uint64_t max, struct buf *out,
    struct fail *why)
{
	int fd = -1, rc = -1;

	*out = BUF_LIMIT(max + 1);
	if (strcmp(path, "-") == 0)
		rc = file_read_all(STDIN_FILENO, out, "standard input", why);
	else if (file_open(&fd, AT_FDCWD, path, O_RDONLY, 0, why) == 0)
		rc = file_read_all(fd, out, path, why);
	file_close(&fd);
	if (out->n > max)
		rc = fail_set(why, FAIL_POLICY, 3, 4, 0, "",
		    "%s is larger than %s, %llu bytes: make it smaller, or raise the setting", path,
		    setting, (unsigned long long)max);
	return rc;
}

uint64_t
sieve_job_normalise(struct buf *message)
{
	uint64_t size = 0;
	size_t from, to = 0;

	for (from = 0; from < message->n; from++) {
		if (message->p[from] == '\r' && from + 1 < message->n &&
		    message->p[from + 1] == '\n')
			continue;
		size += message->p[from] == '\n' ? 2 : 1;
		message->p[to++] = message->p[from];
	}
	buf_truncate(message, to);
	return size;
}

/* A body inline, or in a sealed memfd that the caller closes. */
static int
wrap(struct str body, struct str *inline_out, int *fd_out, struct fail *why)
{
	*fd_out = -1;
	*inline_out = STR_EMPTY;
	if (body.n > WIRE_INLINE_MAX)
		return file_sealed(body, fd_out, why);
	*inline_out = body;
	return 0;
}

static bool
is_listed(const struct conf_list *paths, const char *path)
{
	size_t i;

	for (i = 0; i < paths->n; i++)
		if (strcmp(paths->at[i], path) == 0)
			return true;
	return false;
}

/* One that deliveries take as the site's own. */
static bool
is_global(const struct conf *conf, const char *path)
{
	struct str dir = str_of(conf->sieve_global_dir), script = str_of(path);

	return is_listed(&conf->sieve_before, path) || is_listed(&conf->sieve_after, path) ||
	    strcmp(conf->sieve_default, path) == 0 ||
	    (dir.n > 0 && str_has_prefix(script, dir) && script.n > dir.n &&
		script.p[dir.n] == '/');
}

static int
give_script(struct sieve_job *job, struct fail *why)
{
	struct msg_DELIVER_GIVES_SCRIPT message = { .id = 1, .fd = -1, .size = job->script.n };
	int rc;

	message.name = str_of(job->script_path);
	message.is_global = is_global(job->conf, job->script_path);
	if (wrap(buf_str(&job->script), &message.text, &message.fd, why) == -1)
		return -1;
	rc = run_filter_send(&job->filter, MSG_DELIVER_GIVES_SCRIPT, &message, why);
	file_close(&message.fd);
	return rc;
}

int
sieve_job_start(struct sieve_job *job, struct fail *why)
{
	if (run_filter_start(&job->filter, job->conf, why) == -1)
		return -1;
	job->filter.script_path = job->script_path;
	return give_script(job, why);
}

static int
send_question(struct sieve_job *job, struct msg_DELIVER_ASKS_FILTER *question, struct fail *why)
{
	struct rec_script_ref ref = { .id = 1, .place = 1 };
	struct rec_filter_rcpt rcpt = { .index = 0, .scripts = { &ref, 1 } };
	int rc;

	rcpt.address = rcpt.user = str_of(job->recipient);
	rcpt.orcpt = str_of(job->original);
	question->is_traced = job->is_traced;
	question->sender = str_of(job->sender);
	question->now = clock_wall();
	question->recipients.at = &rcpt;
	question->recipients.n = 1;
	if (wrap(buf_str(&job->message), &question->body, &question->fd, why) == -1)
		return -1;
	rc = run_filter_send(&job->filter, MSG_DELIVER_ASKS_FILTER, question, why);
	file_close(&question->fd);
	return rc;
}

const struct rec_filter_outcome *
sieve_job_ask(struct sieve_job *job, struct fail *why)
{
	struct msg_DELIVER_ASKS_FILTER question = { .id = 1, .fd = -1 };

	question.wire_size = sieve_job_normalise(&job->message);
	question.size = job->message.n;
	if (send_question(job, &question, why) == -1 ||
	    run_filter_wait(&job->filter, MSG_FILTER_ANSWERS, &job->answer, why) == -1)
		return NULL;
	if (run_filter_take_made(&job->filter, &job->answer.FILTER_ANSWERS, &job->made, why) == -1)
		return NULL;
	if (job->answer.FILTER_ANSWERS.outcomes.n == 1)
		return &job->answer.FILTER_ANSWERS.outcomes.at[0];
	fail_set(why, FAIL_OURS, 3, 0, 0, "", "the filter process gave no outcome");
	return NULL;
}

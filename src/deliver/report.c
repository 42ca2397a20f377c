/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* One log line per recipient per delivery.  Only tells, decides nothing. */

#include "deliver/report.h"

#include "base/clock.h"
#include "base/log.h"
#include "deliver/deliver.h"

static void
add_envelope(struct buf *line, const struct job_rcpt *rcpt)
{
	const struct job *job = rcpt->job;

	buf_add_cstr(line, "delivery");
	log_pair(line, "id", job->trace_id);
	log_pair(line, "client", job->client);
	log_pair(line, "helo", job->helo);
	log_pair(line, "from", job->sender);
	log_pair(line, "to", rcpt->address);
	if (rcpt->orcpt.n > 0)
		log_pair(line, "orcpt", rcpt->orcpt);
	log_pair(line, "user", rcpt->user_name);
	if (rcpt->user != NULL)
		log_pair(line, "source", rcpt->user->source);
	log_pair_number(line, "size", (int64_t)job->body.n);
	if (job->fields.message_id.n > 0)
		log_pair(line, "msgid", job->fields.message_id);
}

static void
add_cause(struct buf *line, struct str script, uint32_t number, struct str rule)
{
	if (script.n == 0)
		return;
	log_pair(line, "script", script);
	log_pair_number(line, "line", number);
	if (rule.n > 0)
		log_pair(line, "rule", rule);
}

static void
add_copy(struct buf *line, const struct job_copy *copy)
{
	log_pair(line, "action", str_of(copy->action));
	log_pair(line, "mailbox", copy->box->name);
	add_cause(line, copy->script, copy->line, copy->rule);
	log_pair(line, "file", copy->file);
}

static void
add_outcome(struct buf *line, const struct job_rcpt *rcpt)
{
	char code[12];
	size_t i;

	for (i = 0; i < rcpt->copy_count && rcpt->why.class == FAIL_NONE; i++)
		add_copy(line, &rcpt->copies[i]);
	if (rcpt->was_delivered_before)
		log_pair(line, "action", STR("delivered before"));
	else if (rcpt->why.class == FAIL_NONE && rcpt->copy_count == 0) {
		log_pair(line, "action", rcpt->has_piped ? STR("pipe") : STR("discard"));
		add_cause(line, rcpt->discard_script, rcpt->discard_line, rcpt->discard_rule);
	}
	if (rcpt->quota_after > 0 && rcpt->why.class == FAIL_NONE) {
		log_pair_number(line, "quota_before", (int64_t)rcpt->quota_before);
		log_pair_number(line, "quota_after", (int64_t)rcpt->quota_after);
	}
	fail_enhanced(&rcpt->why, code);
	log_pair(line, "dsn", str_of(code));
	if (rcpt->why.class != FAIL_NONE) {
		log_pair(line, "reply", str_of(rcpt->why.text));
		log_pair(line, "reason", str_of(rcpt->why.log));
	}
	log_pair_number(line, "us", clock_monotonic() - rcpt->job->begun);
}

void
report_job(const struct job *job)
{
	struct buf line = BUF_LIMIT(LOG_LINE_MAX);
	size_t i;

	for (i = 0; i < job->rcpt_count; i++) {
		buf_clear(&line);
		add_envelope(&line, &job->rcpts[i]);
		add_outcome(&line, &job->rcpts[i]);
		log_line(job->rcpts[i].why.class == FAIL_NONE ? LOG_L_INFO : LOG_L_WARN,
		    buf_str(&line));
	}
	buf_fini(&line);
}

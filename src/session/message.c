/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* DATA and BDAT: the message comes in, goes to its owners, and each recipient
 * gets its reply.  Knows no file and no mailbox. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "session/dialog.h"

/* ---- the trace field ---- */

static void
add_date(struct buf *out)
{
	char text[64];
	time_t now = (time_t)(clock_wall() / CLOCK_SECOND);
	struct tm tm;

	localtime_r(&now, &tm);
	/* RFC 5322 3.3; the program never leaves the C locale. */
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S %z", &tm);
	buf_add_cstr(out, text);
}

/* RFC 5321 4.4, with lines that end in LF.  Whatever comes from the client has
 * passed command_parse: no control characters, no blanks but in quotes. */
static void
add_trace(struct dialog *d, struct buf *out)
{
	const struct transaction *t = &d->transaction;

	buf_addf(out, "Received: from %.*s", STR_ARG(d->helo));
	if (!str_is_equal(d->terms.literal, STR("unix")))
		buf_addf(out, " ([%.*s])", STR_ARG(d->terms.literal));
	/* RFC 3848 and RFC 6531 4.3 have the names. */
	buf_addf(out, "\n\tby %.*s (Doorstep) with %s id %.*s", STR_ARG(d->terms.hostname),
	    t->is_utf8 ? "UTF8LMTP" : "LMTP", STR_ARG(t->trace_id));
	/* RFC 5321 7.2: with several, it would tell each of the others. */
	if (t->recipient_count == 1)
		buf_addf(out, "\n\tfor <%.*s>", STR_ARG(t->recipients[0].address));
	buf_add_cstr(out, ";\n\t");
	add_date(out);
	buf_add_byte(out, '\n');
}

/* ---- the jobs and their answers ---- */

static void
remember(struct dialog *d, const struct job *j)
{
	if (d->unseen_count == DIALOG_UNSEEN_MAX) {
		d->unseen_count--;
		free(d->unseen[0].owner);
		memmove(d->unseen, d->unseen + 1, d->unseen_count * sizeof *d->unseen);
	}
	XGROW(d->unseen, d->unseen_cap, d->unseen_count + 1);
	d->unseen[d->unseen_count++] = (struct dialog_unseen){
		.owner = xstrndup(j->owner),
		.id = j->message.id,
	};
}

/* One reply for each RCPT that was accepted, in their order (RFC 2033 4.2). */
static void
answer_all(struct dialog *d, const struct answer *all)
{
	struct transaction *t = &d->transaction;
	struct answer answer;
	size_t i;

	for (i = 0; i < t->recipient_count; i++) {
		answer = all != NULL ? *all : transaction_answer(t, i);
		if (answer.class == FAIL_NONE)
			answer.text = arena_printf(&t->arena, "%.*s delivered", STR_ARG(t->trace_id));
		answer_add(&d->out, &answer, t->recipients[i].address);
	}
}

static void
finish(struct dialog *d)
{
	struct transaction *t = &d->transaction;
	size_t i;

	transaction_settle(t);
	answer_all(d, NULL);
	for (i = 0; i < t->job_count; i++)
		if (t->jobs[i].can_acknowledge)
			remember(d, &t->jobs[i]);
	dialog_reset(d);
}

static void
job_told(void *arg, const struct ask_result *result)
{
	struct dialog *d = arg;
	struct transaction *t = &d->transaction;
	size_t i = 0;

	while (i < t->job_count && t->jobs[i].message.id != result->id)
		i++;
	transaction_take_outcomes(t, i, &result->answer, result->outcomes, result->outcome_count);
	if (--d->waiting > 0)
		return;
	finish(d);
	dialog_go_on(d);
}

static void
give_jobs(struct dialog *d)
{
	const struct transaction_client client = { d->terms.literal, d->helo };
	struct transaction *t = &d->transaction;
	size_t i;

	transaction_make_jobs(t, &client, d->trace_len);
	d->is_batch = false;
	d->waiting = t->job_count;
	for (i = 0; i < t->job_count; i++)
		ask_job(d->terms.ask, t->jobs[i].owner, t->jobs[i].uid, &t->jobs[i].message, job_told,
		    d);
}

static void
give_away(struct dialog *d)
{
	struct body *body = &d->transaction.body;

	body_seal(body);
	if (body->answer.class == FAIL_NONE) {
		give_jobs(d);
		return;
	}
	d->mode = DIALOG_READS_LINES;
	dialog_log_refusal(d, &body->answer, STR_EMPTY);
	answer_all(d, &body->answer);
	dialog_reset(d);
}

/* ---- content ---- */

static void
begin_body(struct dialog *d, enum data_mode mode)
{
	struct transaction *t = &d->transaction;
	struct buf trace = BUF_EMPTY;

	t->trace_id = arena_printf(&t->arena, "%.*s.%u", STR_ARG(d->terms.id), d->transactions);
	body_init(&t->body, mode, (uint64_t)d->terms.conf->message_size_limit, d->terms.budget);
	add_trace(d, &trace);
	d->trace_len = trace.n;
	body_add_trace(&t->body, buf_str(&trace));
	buf_fini(&trace);
}

void
message_begin_data(struct dialog *d, const struct command *command)
{
	static const struct reply binary = { 503, "5.5.1", "BINARYMIME needs BDAT" };

	(void)command;
	if (d->transaction.body_type == COMMAND_BODY_BINARYMIME) {
		/* RFC 3030 3 */
		dialog_refuse(d, &binary);
		dialog_reset(d);
		return;
	}
	begin_body(d, DATA_DOTTED);
	d->mode = DIALOG_READS_DATA;
	dialog_reply(d, 354, "", "End with <CR><LF>.<CR><LF>");
}

static void
end_chunk(struct dialog *d)
{
	struct body *body = &d->transaction.body;

	d->mode = DIALOG_READS_LINES;
	if (d->is_last_chunk) {
		body_end(body);
		give_away(d);
	} else if (body->answer.class != FAIL_NONE) {
		dialog_log_refusal(d, &body->answer, STR_EMPTY);
		answer_add(&d->out, &body->answer, STR_EMPTY);
		dialog_reset(d);
	} else {
		/* RFC 3030 2: a 250 for each block. */
		dialog_reply(d, 250, "2.0.0", "Chunk received");
	}
}

void
message_begin_chunk(struct dialog *d, const struct command *command)
{
	if (d->state != COMMAND_IN_CHUNKS)
		begin_body(d, DATA_CHUNKED);
	d->state = COMMAND_IN_CHUNKS;
	d->mode = DIALOG_READS_CHUNK;
	d->chunk = command->chunk;
	d->is_last_chunk = command->is_last;
	if (d->chunk == 0)
		end_chunk(d);
}

static void
end_skip(struct dialog *d)
{
	d->mode = DIALOG_READS_LINES;
	if (d->refusal.code != 0)
		dialog_refuse(d, &d->refusal);
	else
		dialog_reset(d);
}

void
message_refuse_chunk(struct dialog *d, const struct command *command, const struct reply *reply)
{
	if (!command->has_chunk) {
		/* What follows may be commands or somebody's message: nobody
		 * can tell, so nothing of it is obeyed. */
		dialog_refuse(d, reply);
		d->is_over = true;
		dialog_reset(d);
		return;
	}
	d->refusal = *reply;
	/* RFC 2033 4.3: without a recipient, BDAT LAST gets no reply at all. */
	if (d->state == COMMAND_IN_MAIL && command->is_last)
		d->refusal.code = 0;
	d->mode = DIALOG_SKIPS_CHUNK;
	d->chunk = command->chunk;
	if (d->chunk == 0)
		end_skip(d);
}

static size_t
take_data(struct dialog *d, struct str in)
{
	size_t used = body_take(&d->transaction.body, in);

	if (body_is_ended(&d->transaction.body)) {
		d->mode = DIALOG_READS_LINES;
		give_away(d);
	}
	return used;
}

size_t
message_take(struct dialog *d, struct str in)
{
	struct str part;

	if (d->mode == DIALOG_READS_DATA)
		return take_data(d, in);
	part = str_sub(in, 0, d->chunk < in.n ? (size_t)d->chunk : in.n);
	d->chunk -= part.n;
	if (d->mode == DIALOG_READS_CHUNK)
		body_take(&d->transaction.body, part);
	if (d->chunk == 0 && d->mode == DIALOG_READS_CHUNK)
		end_chunk(d);
	else if (d->chunk == 0)
		end_skip(d);
	return part.n;
}

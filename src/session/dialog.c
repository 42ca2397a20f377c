/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Cuts the client's bytes into commands and content, in order, and waits where
 * an answer is needed first.  Knows no socket. */

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "session/dialog.h"

/* Mistakes of one client that are logged; the rest is counted only. */
#define LOGGED_ERRORS 5

void
dialog_init(struct dialog *d, const struct dialog_terms *terms)
{
	memset(d, 0, sizeof *d);
	d->terms = *terms;
	d->mode = DIALOG_READS_LINES;
	d->state = COMMAND_AT_START;
	d->out = BUF_EMPTY;
	arena_init(&d->scratch);
}

static void
forget_unseen(struct dialog *d)
{
	size_t i;

	for (i = 0; i < d->unseen_count; i++)
		free(d->unseen[i].owner);
	d->unseen_count = 0;
}

void
dialog_fini(struct dialog *d)
{
	if (d->waiting > 0)
		ask_forget(d->terms.ask, d);
	forget_unseen(d);
	free(d->unseen);
	transaction_fini(&d->transaction);
	arena_fini(&d->scratch);
	buf_fini(&d->out);
	free((char *)(uintptr_t)d->helo.p);
	memset(d, 0, sizeof *d);
}

/* ---- replies ---- */

void
dialog_reply(struct dialog *d, int code, const char *enhanced, const char *text)
{
	reply_add(&d->out, code, enhanced, str_of(text));
}

void
dialog_reply_about(struct dialog *d, int code, const char *enhanced, struct str address,
    const char *text)
{
	struct buf line = BUF_LIMIT(REPLY_LINE_MAX + PATH_LOCAL_MAX + PATH_DOMAIN_MAX);

	buf_add_byte(&line, '<');
	buf_add_str(&line, address);
	buf_addf(&line, "> %s", text);
	reply_add(&d->out, code, enhanced, buf_is_ok(&line) ? buf_str(&line) : str_of(text));
	buf_fini(&line);
}

void
dialog_refuse(struct dialog *d, const struct reply *reply)
{
	reply_add_fixed(&d->out, reply);
	d->errors++;
	if (d->errors <= LOGGED_ERRORS)
		log_info("session %.*s client %.*s refused: %d %s %s", STR_ARG(d->terms.id),
		    STR_ARG(d->terms.literal), reply->code, reply->enhanced, reply->text);
	if (d->errors >= (uint64_t)d->terms.conf->error_limit && !d->is_over)
		dialog_end(d, 421, "4.7.0", "Too many errors");
}

void
dialog_log_refusal(const struct dialog *d, const struct answer *answer, struct str address)
{
	struct buf line = BUF_LIMIT(LOG_LINE_MAX);

	buf_add_cstr(&line, "refused");
	log_pair(&line, "session", d->terms.id);
	log_pair(&line, "client", d->terms.literal);
	log_pair(&line, "helo", d->helo);
	log_pair(&line, "from", d->transaction.sender);
	if (address.n > 0)
		log_pair(&line, "to", address);
	log_pair_number(&line, "code", answer_code(answer));
	log_pair(&line, "reply", answer->text);
	log_line(LOG_L_INFO, buf_str(&line));
	buf_fini(&line);
}

void
dialog_reset(struct dialog *d)
{
	transaction_fini(&d->transaction);
	if (d->state != COMMAND_AT_START)
		d->state = COMMAND_AT_REST;
	if (d->is_stopping && !d->is_over)
		dialog_end(d, 421, "4.3.2", "Shutting down");
}

void
dialog_greet(struct dialog *d)
{
	struct buf line = BUF_EMPTY;

	/* RFC 2034 4: no enhanced code in the greeting. */
	buf_add_str(&line, d->terms.hostname);
	buf_add_cstr(&line, " LMTP Doorstep");
	reply_add(&d->out, 220, "", buf_str(&line));
	buf_fini(&line);
}

void
dialog_end(struct dialog *d, int code, const char *enhanced, const char *text)
{
	BUG_ON(d->waiting > 0);
	if (d->is_over)
		return;
	d->is_over = true;
	dialog_reply(d, code, enhanced, text);
	dialog_reset(d);
}

bool
dialog_is_waiting(const struct dialog *d)
{
	return d->waiting > 0;
}

bool
dialog_is_idle(const struct dialog *d)
{
	return d->waiting == 0 && (d->state & (COMMAND_AT_START | COMMAND_AT_REST)) != 0;
}

void
dialog_stop(struct dialog *d)
{
	d->is_stopping = true;
	if (dialog_is_idle(d) && !d->is_over)
		dialog_end(d, 421, "4.3.2", "Shutting down");
}

void
dialog_saw(struct dialog *d)
{
	size_t i;

	for (i = 0; i < d->unseen_count; i++)
		ask_saw(d->terms.ask, str_of(d->unseen[i].owner), d->unseen[i].id);
	forget_unseen(d);
}

void
dialog_go_on(struct dialog *d)
{
	if (d->waiting == 0 && !d->is_inside)
		d->terms.wake(d->terms.arg);
}

/* ---- bytes ---- */

static const struct reply too_long = { 500, "5.5.2", "Line too long" };
static const struct reply bare_lf = { 500, "5.5.2", "A line must end in CR LF" };

/* RFC 5321 2.3.8: only CRLF ends a line.  A line that ends in a bare LF is
 * told so and not obeyed. */
static void
take_line(struct dialog *d, struct str line)
{
	if (line.n == 0 || line.p[line.n - 1] != '\r')
		dialog_refuse(d, &bare_lf);
	else
		commands_run(d, str_sub(line, 0, line.n - 1));
}

static size_t
take_lines(struct dialog *d, struct str in)
{
	uint64_t limit = (uint64_t)d->terms.conf->line_length_limit;
	ptrdiff_t lf = str_find_byte(str_sub(in, 0, limit), '\n');

	if (lf != -1) {
		take_line(d, str_sub(in, 0, (size_t)lf));
		return (size_t)lf + 1;
	}
	if (in.n < limit)
		return 0;
	d->mode = DIALOG_SKIPS_LINE;
	d->swallowed = 0;
	return limit;
}

static size_t
skip_line(struct dialog *d, struct str in)
{
	ptrdiff_t lf = str_find_byte(in, '\n');

	if (lf != -1) {
		d->mode = DIALOG_READS_LINES;
		dialog_refuse(d, &too_long);
		return (size_t)lf + 1;
	}
	d->swallowed += in.n;
	if (d->swallowed > DIALOG_SWALLOW_MAX)
		dialog_end(d, 421, "4.7.0", "Line without an end");
	return in.n;
}

/* What only a command or a message needs is given back in between, so that a
 * quiet connection costs little. */
static void
shrink(struct dialog *d)
{
	if (dialog_is_idle(d))
		arena_fini(&d->scratch);
}

size_t
dialog_take(struct dialog *d, struct str in)
{
	static size_t (*const takes[])(struct dialog *, struct str) = {
		[DIALOG_READS_LINES] = take_lines,
		[DIALOG_SKIPS_LINE] = skip_line,
		[DIALOG_READS_DATA] = message_take,
		[DIALOG_READS_CHUNK] = message_take,
		[DIALOG_SKIPS_CHUNK] = message_take,
	};
	size_t used = 0, n;

	BUG_ON(d->is_inside);
	d->is_inside = true;
	while (!d->is_over && d->waiting == 0 && used < in.n) {
		n = takes[d->mode](d, str_from(in, used));
		if (n == 0)
			break;
		used += n;
	}
	d->is_inside = false;
	shrink(d);
	/* After the last reply nothing is obeyed: what comes is dropped. */
	return d->is_over ? in.n : used;
}

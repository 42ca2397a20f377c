/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Checks the mail that filter wants sent and turns it into rows of the
 * outbox.  Makes no message, and sends none. */

#include "deliver/decide_mail.h"

#include <stdio.h>

#include "base/clock.h"
#include "deliver/deliver.h"
#include "deliver/questions.h"
#include "ipc/actions.h"
#include "ipc/pieces.h"
#include "mail/address.h"
#include "mail/path.h"

/* Longest that a mark stands: a year. */
#define MARK_SECONDS_MAX ((uint64_t)366 * 24 * 3600)

static const char *const causes[FILTER_CAUSE_COUNT] = {
	[FILTER_CAUSE_REDIRECT] = "redirect",
	[FILTER_CAUSE_VACATION] = "vacation",
	[FILTER_CAUSE_NOTIFY] = "notify",
	[FILTER_CAUSE_REJECT] = "reject",
};

/* ---- addresses ---- */

/* An address without a domain is one of this host. */
static bool
is_same(const struct job *job, struct str path, struct str known)
{
	const char *host = job->deliver->conf->hostname;

	if (known.n == 0 || !str_has_prefix(path, known))
		return false;
	return path.n == known.n || (path.p[known.n] == '@' && str_find_byte(known, '@') == -1 &&
	    str_is_equal_nocase(str_from(path, known.n + 1), str_of(host)));
}

/* One that a setting names: <address>, or postmaster. */
static bool
is_configured(const struct job *job, struct str sender, const char *setting)
{
	struct str value = str_trim(str_of(setting));

	if (value.n > 2 && value.p[0] == '<' && value.p[value.n - 1] == '>')
		value = str_sub(value, 1, value.n - 2);
	return is_same(job, sender, value);
}

static bool
is_sender_fine(const struct job_rcpt *rcpt, struct str sender)
{
	const struct job *job = rcpt->job;
	const struct conf *conf = job->deliver->conf;

	if (sender.n == 0)
		return true;
	/* RFC 5321 4.5.5: what came from <> goes on from <>. */
	if (job->sender.n == 0 || !address_is_valid(sender))
		return false;
	return is_same(job, sender, job->sender) || is_same(job, sender, rcpt->address) ||
	    is_same(job, sender, rcpt->orcpt) ||
	    is_configured(job, sender, conf->sieve_redirect_envelope_from) ||
	    is_configured(job, sender, conf->sieve_notify_mailto_envelope_from);
}

static bool
is_answer(uint8_t cause)
{
	return cause == FILTER_CAUSE_VACATION || cause == FILTER_CAUSE_REJECT;
}

static bool
are_recipients_fine(const struct job_rcpt *rcpt, const struct rec_mail *mail)
{
	struct str rest = mail->to, to;
	size_t n = 0;

	for (; str_can_split(&rest, '\n', &to); n++)
		if (n == FILTER_MAIL_RCPTS_MAX || !address_is_valid(to) ||
		    (is_answer(mail->cause) && !is_same(rcpt->job, to, rcpt->job->sender)))
			return false;
	return n > 0;
}

/* BY of RFC 2852 4: as the wire takes it, for it is said as it is. */
static bool
is_by_fine(struct str by)
{
	size_t i;

	for (i = 0; i < by.n; i++)
		if ((by.p[i] < '0' || by.p[i] > '9') && by.p[i] != '-' && by.p[i] != ';' &&
		    by.p[i] != 'R' && by.p[i] != 'N' && by.p[i] != 'T')
			return false;
	return by.n < 20;
}

/* ---- marks ---- */

/* Also that of mail which an earlier message is about to send. */
static bool
is_marked(const struct job *job, const unsigned char key[32])
{
	return store_has_mark(job->deliver->store, key, job->received) ||
	    table_get(&job->deliver->pending_marks, (struct str){ (const char *)key, 32 }) != NULL;
}

static void
set_mark(struct job_rcpt *rcpt, struct str key, uint64_t seconds)
{
	struct job *job = rcpt->job;

	if (seconds > MARK_SECONDS_MAX)
		seconds = MARK_SECONDS_MAX;
	table_put(&job->deliver->pending_marks, key, rcpt);
	rcpt->pending[rcpt->pending_count++] = key;
	rcpt->marks[rcpt->mark_count++] = (struct disk_mark){
		.key = key,
		.expires = job->received + (int64_t)seconds * CLOCK_SECOND,
	};
}

/* False: it stands. */
static bool
can_mark(struct job_rcpt *rcpt, const struct rec_mail *mail)
{
	struct job *job = rcpt->job;
	unsigned char *key;

	if (mail->mark.n == 0 || mail->mark.n > FILTER_MARK_MAX || mail->mark_seconds == 0)
		return true;
	key = arena_alloc(&job->arena, 32);
	questions_mark_key(job->deliver, rcpt->user_name, mail->mark, key);
	if (is_marked(job, key))
		return false;
	set_mark(rcpt, (struct str){ (const char *)key, 32 }, mail->mark_seconds);
	return true;
}

/* ---- the way out ---- */

/* Also before relay has said so itself: a row would only wait until it expires. */
static const char *
why_no_route(const struct deliver *d)
{
	if (d->no_relay != NULL)
		return d->no_relay;
	return d->conf->relay_host.n == 0 && *d->conf->relay_sendmail == '\0'
	    ? "no route for outgoing mail is configured"
	    : NULL;
}

/* ---- the row ---- */

/* What the sender asked for goes on with the message (RFC 3461 5.2.1), unless the
 * script has its own wish (RFC 6009) or the owner has taken the sender's place. */
static void
pass_on_reports(const struct job_rcpt *rcpt, struct job_outgoing *row)
{
	const struct job *job = rcpt->job;
	struct str original = rcpt->orcpt.n > 0 ? rcpt->orcpt : rcpt->address;

	if (row->notify != 0 || row->ret != 0 || !is_same(job, row->sender, job->sender))
		return;
	row->notify = rcpt->notify;
	row->ret = job->ret;
	row->envid = job->envid;
	if (rcpt->notify != 0 || rcpt->orcpt.n > 0)
		row->orcpt = arena_printf(&rcpt->job->arena, "%s;%.*s",
		    path_is_ascii(original) ? "rfc822" : "utf-8", STR_ARG(original));
}

static bool
is_of_body(const struct job *job, struct str piece)
{
	uintptr_t begin = (uintptr_t)job->body.p, at = (uintptr_t)piece.p;

	return piece.n > 0 && piece.n <= job->body.n && at >= begin &&
	    at - begin <= job->body.n - piece.n;
}

/* What stays of the message at its end needs no copy: the journal has it once. */
static void
set_text(struct job *job, const struct str *pieces, size_t n, struct job_outgoing *row)
{
	struct buf head = BUF_EMPTY;
	size_t i;

	row->from = row->end = 0;
	if (n > 0 && is_of_body(job, pieces[n - 1])) {
		n--;
		row->from = (size_t)(pieces[n].p - job->body.p);
		row->end = row->from + pieces[n].n;
	}
	for (i = 0; i < n; i++)
		buf_add_str(&head, pieces[i]);
	row->head = arena_str(&job->arena, buf_str(&head));
	buf_fini(&head);
}

static void
reserve(struct job_rcpt *rcpt)
{
	struct arena *a = &rcpt->job->arena;

	if (rcpt->outgoing != NULL)
		return;
	rcpt->outgoing = arena_array(a, FILTER_MAILS_MAX * FILTER_MAIL_RCPTS_MAX,
	    sizeof *rcpt->outgoing);
	rcpt->pending = arena_array(a, FILTER_MAILS_MAX, sizeof *rcpt->pending);
}

static void
add_rows(struct job_rcpt *rcpt, const struct rec_mail *mail, struct job_outgoing row)
{
	struct str rest = mail->to, to;

	while (str_can_split(&rest, '\n', &to)) {
		row.recipient = arena_str(&rcpt->job->arena, to);
		rcpt->outgoing[rcpt->outgoing_count++] = row;
	}
}

static const char *
why_not(const struct job_rcpt *rcpt, const struct rec_version *version,
    const struct rec_mail *mail, struct str *pieces)
{
	const char *no_route = why_no_route(rcpt->job->deliver);

	if (no_route != NULL)
		return no_route;
	if (version == NULL ||
	    !pieces_are_found(version, rcpt->job->body, rcpt->job->made, pieces))
		return "filter made a message that cannot be";
	if (mail->cause >= FILTER_CAUSE_COUNT || !is_sender_fine(rcpt, mail->sender) ||
	    !are_recipients_fine(rcpt, mail) || !is_by_fine(mail->by))
		return "filter named an address or a parameter that it may not use";
	if (rcpt->pending_count == FILTER_MAILS_MAX ||
	    rcpt->outgoing_count > (FILTER_MAILS_MAX - 1) * FILTER_MAIL_RCPTS_MAX)
		return "filter wants too much to be sent";
	return NULL;
}

static uint64_t
bit_of(const struct rec_action *action)
{
	_Static_assert(FILTER_MAILS_MAX <= 64, "a bit for each");
	return action->mail == 0 || action->mail > FILTER_MAILS_MAX ? 0
	    : UINT64_C(1) << (action->mail - 1);
}

bool
decide_is_unsent(const struct job_rcpt *rcpt, const struct rec_action *action)
{
	return (rcpt->unsent & bit_of(action)) != 0;
}

bool
decide_can_send(struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome,
    const struct rec_action *action, const struct job_outgoing *row, const char **why_out)
{
	struct str pieces[FILTER_PIECES_MAX];
	const struct rec_version *version = NULL;
	const struct rec_mail *mail;
	struct job_outgoing made = *row;

	*why_out = "filter does not say what";
	if (outcome == NULL || action->mail == 0 || action->mail > outcome->mails.n)
		return false;
	mail = &outcome->mails.at[action->mail - 1];
	rcpt->unsent |= bit_of(action);
	if (mail->version > 0 && mail->version <= outcome->versions.n)
		version = &outcome->versions.at[mail->version - 1];
	*why_out = why_not(rcpt, version, mail, pieces);
	if (*why_out != NULL)
		return false;
	reserve(rcpt);
	if (!can_mark(rcpt, mail))
		return true;
	rcpt->unsent &= ~bit_of(action);
	made.cause = causes[mail->cause];
	made.sender = arena_str(&rcpt->job->arena, mail->sender);
	made.notify = mail->notify & 15;
	made.ret = mail->ret < 3 ? mail->ret : 0;
	made.by = arena_str(&rcpt->job->arena, mail->by);
	made.body_type = mail->body_type != 0;
	made.smtputf8 = mail->smtputf8 != 0;
	set_text(rcpt->job, pieces, version->pieces.n, &made);
	if (mail->cause == FILTER_CAUSE_REDIRECT)
		pass_on_reports(rcpt, &made);
	add_rows(rcpt, mail, made);
	return true;
}

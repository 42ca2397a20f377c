/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * One mail over a connection that is ready: MAIL, RCPT, DATA or BDAT, and what
 * their replies mean for it.  How the connection came to be it does not know. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "relay/client_private.h"

static void
say(struct client *c, const char *line)
{
	channel_write(&c->channel, str_of(line));
}

/* The mail goes back to its owner; the client has none any more. */
static void
finish(struct client *c, const struct fail *fail, bool is_dsn_passed)
{
	struct outcome outcome = { .fail = *fail, .remote = buf_cstr(&c->name),
		.is_dsn_passed = is_dsn_passed };
	struct mail *mail = c->mail;

	c->mail = NULL;
	if (mail != NULL)
		c->owner->done(c, mail, &outcome, c->arg);
}

void
talk_refuse(struct client *c)
{
	struct fail fail = FAIL_EMPTY;

	response_judge(&c->response, &fail);
	finish(c, &fail, false);
}

/* 2yz is taken, 4yz and 5yz refuse the mail; anything else is no reply. */
enum judgement { TAKEN, REFUSED, CONFUSED };

static enum judgement
judge(struct client *c)
{
	switch (c->response.code / 100) {
	case 2:
		return TAKEN;
	case 4:
	case 5:
		talk_refuse(c);
		return REFUSED;
	default:
		return CONFUSED;
	}
}

static bool
reset(struct client *c)
{
	say(c, "RSET\r\n");
	client_enter(c, CLIENT_RESET);
	return true;
}

/* ---- the message ---- */

bool
talk_say_more(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	if (c->state != CLIENT_BODY)
		return true;
	if (clock_monotonic() - c->mail_began > CLIENT_MAIL_TIMEOUT) {
		fail_set(&why, FAIL_TEMP, 4, 1, 0, "", "the remote takes the message too slowly");
		return client_end(c, CLIENT_LOST, &why);
	}
	/* A message that is not what it was must not end with a dot. */
	if (content_say(&c->mail->content, &c->saying, channel_output(&c->channel), &why) == -1)
		return client_end(c, CLIENT_LOST, &why);
	client_enter(c, c->saying.is_over ? CLIENT_FINAL : CLIENT_BODY);
	channel_flush(&c->channel);
	return true;
}

static bool
begin_body(struct client *c, bool is_dotted)
{
	content_begin(&c->saying, &c->plan.facts, is_dotted);
	client_enter(c, CLIENT_BODY);
	return talk_say_more(c);
}

/* RFC 3030 2: one chunk, the last; its octets follow without waiting. */
static bool
begin_chunk(struct client *c)
{
	buf_addf(channel_output(&c->channel), "BDAT %llu LAST\r\n",
	    (unsigned long long)c->plan.facts.wire_size);
	return begin_body(c, false);
}

/* ---- replies ---- */

bool
talk_take_mail(struct client *c)
{
	c->is_heard = true;
	switch (judge(c)) {
	case CONFUSED:
		return client_end_confused(c);
	case REFUSED:
		if (c->is_piped)
			break;
		return client_become_idle(c);
	case TAKEN:
		if (c->is_piped)
			break;
		envelope_add_rcpt(c->mail, &c->terms, channel_output(&c->channel));
		channel_flush(&c->channel);
		break;
	}
	client_enter(c, CLIENT_RCPT);
	return true;
}

/* c->mail is gone when MAIL was refused already: then its reply decided, and
 * those to what was sent with it are only read. */
bool
talk_take_rcpt(struct client *c)
{
	if (judge(c) == CONFUSED)
		return client_end_confused(c);
	if (c->is_piped) {
		client_enter(c, CLIENT_DATA);
		return true;
	}
	if (c->mail == NULL)
		return reset(c);
	if (c->plan.is_chunked)
		return begin_chunk(c);
	say(c, "DATA\r\n");
	client_enter(c, CLIENT_DATA);
	return true;
}

bool
talk_take_data(struct client *c)
{
	if (c->response.code == 354 && c->mail != NULL)
		return begin_body(c, true);
	/* RFC 2920 3.1: it wants a message for nobody. */
	if (c->response.code == 354) {
		say(c, ".\r\n");
		client_enter(c, CLIENT_EMPTY);
		return true;
	}
	if (judge(c) != REFUSED)
		return client_end_confused(c);
	return reset(c);
}

/* Before all of the message was written: the remote will take no more of it,
 * and the connection is out of step. */
bool
talk_take_early(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	if (judge(c) != REFUSED)
		return client_end_confused(c);
	return client_end(c, CLIENT_IS_OVER, &why);
}

bool
talk_take_final(struct client *c)
{
	struct fail fail = FAIL_EMPTY;

	/* The octets that are not written yet belong to the message. */
	if (channel_output(&c->channel)->n > 0)
		return talk_take_early(c);
	switch (judge(c)) {
	case CONFUSED:
		return client_end_confused(c);
	case REFUSED:
		/* RFC 3030 4.2: a BDAT that failed leaves the transaction open. */
		return c->plan.is_chunked ? reset(c) : client_become_idle(c);
	case TAKEN:
		break;
	}
	response_judge(&c->response, &fail);
	finish(c, &fail, c->plan.is_dsn_passed);
	return client_become_idle(c);
}

bool
talk_take_empty(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	/* It has taken a message that has no recipient: who knows what comes next. */
	if (c->response.code / 100 == 2)
		return client_end(c, CLIENT_IS_OVER, &why);
	return client_become_idle(c);
}

bool
talk_take_reset(struct client *c)
{
	struct fail why = FAIL_EMPTY;

	if (c->response.code / 100 != 2)
		return client_end(c, CLIENT_IS_OVER, &why);
	return client_become_idle(c);
}

/* ---- begin and end ---- */

void
client_send(struct client *c, struct mail *mail)
{
	struct fail why = FAIL_EMPTY;
	struct buf *out = channel_output(&c->channel);

	c->mail = mail;
	if (envelope_plan(mail, &c->terms, &c->plan, &why) == -1) {
		finish(c, &why, false);
		return;
	}
	c->mails++;
	c->is_heard = false;
	c->mail_began = clock_monotonic();
	/* BDAT must not follow a recipient that may be refused. */
	c->is_piped = (c->terms.capabilities.can & CAN_PIPELINING) != 0 && !c->plan.is_chunked;
	envelope_add_mail(mail, &c->terms, &c->plan, out);
	if (c->is_piped) {
		envelope_add_rcpt(mail, &c->terms, out);
		buf_add_cstr(out, "DATA\r\n");
	}
	channel_flush(&c->channel);
	client_enter(c, CLIENT_MAIL);
}

void
talk_end(struct client *c, const struct fail *why)
{
	struct mail *mail = c->mail;
	struct fail fail = *why;

	if (mail == NULL)
		return;
	/* An idle connection may have been closed while MAIL was on its way. */
	if (!c->is_heard && c->mails > 1 && !mail->is_second_try) {
		mail->is_second_try = true;
		c->mail = NULL;
		c->owner->give_back(c, mail, c->arg);
		return;
	}
	fail.class = FAIL_TEMP;
	/* RFC 1047: it may have been taken.  A second copy is better than none. */
	if (c->state == CLIENT_FINAL) {
		log_warn("%s was lost (%s) after the end of a message to <%.*s> and before its "
		    "reply: it may have been taken and is sent again later", buf_cstr(&c->name),
		    why->log, STR_ARG(mail->said.recipient));
		snprintf(fail.log, sizeof fail.log,
		    "the reply to the end of the message did not come: %.440s", why->log);
	}
	finish(c, &fail, false);
}

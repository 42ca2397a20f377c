/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* From actions that send mail to what deliver is told of it.  Decides nothing
 * of the message: compose.h does. */

#include "filter/engine_send.h"

#include <inttypes.h>

#include "filter/compose.h"
#include "filter/engine_message.h"
#include "filter/engine_questions.h"
#include "filter/engine_settings.h"
#include "mail/address.h"

/* One action on its way. */
struct sending {
	struct run *run;
	const struct sieve_action *actions, *action;
	size_t i;
	uint32_t version;
	struct str text;
	struct compose_env env;
	struct compose_message message;
};

static const struct {
	const char *name;
	enum filter_cause cause;
} kinds[] = {
	[SIEVE_REDIRECT] = { "redirect", FILTER_CAUSE_REDIRECT },
	[SIEVE_REJECT] = { "reject", FILTER_CAUSE_REJECT },
	[SIEVE_EREJECT] = { "ereject", FILTER_CAUSE_REJECT },
	[SIEVE_VACATION] = { "vacation", FILTER_CAUSE_VACATION },
	[SIEVE_NOTIFY] = { "notify", FILTER_CAUSE_NOTIFY },
};

/* ---- what is known ---- */

/* RFC 5293 7: reports are about the message as it came, answers about what the
 * script has made of it. */
static const struct header *
find_header(const struct sending *s)
{
	struct host *host = s->run->host;
	struct header *header;

	if (s->action->kind != SIEVE_VACATION && s->action->kind != SIEVE_NOTIFY)
		return &host->original.header;
	if (s->text.p == host->original.text.p)
		return &host->original.header;
	header = arena_zalloc(s->run->arena, sizeof *header);
	if (header == NULL)
		return &host->original.header;
	header_parse(s->text, s->run->arena, header);
	return header;
}

static bool
is_marked(void *arg, struct str mark)
{
	return engine_questions_is_marked(arg, mark);
}

static void
fill_env(struct sending *s)
{
	struct run *run = s->run;
	const struct msg_DELIVER_ASKS_FILTER *question = run->question;

	s->env = (struct compose_env){
		.text = run->host->original.text,
		.header = find_header(s),
		.charsets = run->host->charsets,
		.is_utf8 = question->smtputf8 != 0,
		.sender = run->host->sender,
		.recipient = run->rcpt->address,
		.original_recipient = run->rcpt->orcpt,
		.hostname = str_of(run->hostname),
		.envelope_id = question->envid,
		.seed = run->rcpt->seed,
		.now = run->host->now,
		.zone = host_local_zone(run->host->now),
		.is_full_returned = question->ret == 1,
		.settings = run->settings == NULL ? NULL : &run->settings->compose,
		.is_marked = is_marked,
		.arg = run,
		.arena = run->arena,
	};
}

static enum compose_answer
compose(struct sending *s)
{
	switch (s->action->kind) {
	case SIEVE_REDIRECT:
		return compose_redirect(&s->env, s->action, s->text, &s->message);
	case SIEVE_VACATION:
		return compose_vacation(&s->env, s->action, &s->message);
	case SIEVE_NOTIFY:
		return compose_notify(&s->env, s->actions, s->i, &s->message);
	default:
		return compose_reject(&s->env, s->action, &s->message);
	}
}

/* ---- what deliver is told ---- */

/* RFC 6009 3, 4; words as the script has them, checked when it was compiled. */
static uint32_t
notify_bits(struct str words)
{
	static const struct {
		struct str word;
		uint32_t bit;
	} known[] = { { { "NEVER", 5 }, 1 }, { { "SUCCESS", 7 }, 2 }, { { "FAILURE", 7 }, 4 },
		{ { "DELAY", 5 }, 8 } };
	uint32_t bits = 0;
	struct str word;

	while (str_can_split(&words, ',', &word))
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (str_is_equal_nocase(str_trim(word), known[i].word))
				bits |= known[i].bit;
	return bits;
}

static uint8_t
ret_number(struct str word)
{
	if (str_is_equal_nocase(word, STR("FULL")))
		return 1;
	return str_is_equal_nocase(word, STR("HDRS")) ? 2 : 0;
}

/* RFC 2852 4: BY=seconds;mode and perhaps a trace. */
static struct str
by_value(const struct run *run, const struct sieve_redirect *redirect)
{
	struct str mode = engine_str(redirect->by_mode);

	if (!redirect->has_by_time)
		return STR_EMPTY;
	return arena_printf(run->arena, "%" PRId64 ";%s%s", redirect->by_time,
	    str_is_equal_nocase(mode, STR("RETURN")) ? "R" : "N", redirect->is_by_trace ? "T" : "");
}

static struct str
join_recipients(const struct sending *s)
{
	struct buf to = BUF_EMPTY;
	struct str copy;

	for (size_t i = 0; i < s->message.to_count; i++) {
		if (i > 0)
			buf_add_byte(&to, '\n');
		buf_add_str(&to, s->message.to[i]);
	}
	copy = arena_str(s->run->arena, buf_str(&to));
	buf_fini(&to);
	return copy;
}

static struct rec_mail
make_mail(const struct sending *s, uint32_t version)
{
	const struct compose_message *m = &s->message;
	struct rec_mail mail = {
		.cause = (uint8_t)kinds[s->action->kind].cause,
		.sender = arena_str(s->run->arena, m->from),
		.to = join_recipients(s),
		.notify = notify_bits(m->notify),
		.body_type = m->is_8bit,
		.smtputf8 = m->is_utf8,
		.version = version,
		.mark = arena_str(s->run->arena, m->mark_seconds > 0 ? m->mark : STR_EMPTY),
		.mark_seconds = m->mark_seconds,
	};

	if (m->redirect != NULL) {
		mail.notify |= notify_bits(engine_str(m->redirect->notify));
		mail.ret = ret_number(engine_str(m->redirect->ret));
		mail.by = by_value(s->run, m->redirect);
	}
	return mail;
}

static struct run_step
make_step(const struct sending *s)
{
	const struct sieve_action *action = s->action;

	return (struct run_step){
		.kind = action->kind == SIEVE_REDIRECT ? RUN_REDIRECT
		    : action->kind == SIEVE_VACATION || action->kind == SIEVE_NOTIFY ? RUN_SEND
										     : RUN_REJECT,
		.is_copy = action->is_copy,
		.line = action->line,
		/* Stored instead, when nothing can be sent here. */
		.version = s->version,
		.target = arena_str(s->run->arena,
		    str_sub(engine_str(action->target), 0, FILTER_REASON_MAX)),
		.rule = arena_str(s->run->arena, engine_str(action->rule)),
	};
}

/* RFC 8580 3: a copy of what is sent. */
static bool
can_copy(const struct sending *s, const struct sieve_fcc *fcc, uint32_t version)
{
	struct run_step step = {
		.kind = RUN_FILEINTO,
		.has_flags = true,
		.is_copy = true,
		.is_create = fcc->is_create,
		.version = version,
		.line = s->action->line,
		.target = arena_str(s->run->arena, engine_str(fcc->mailbox)),
		.special_use = arena_str(s->run->arena, engine_str(fcc->special_use)),
		.flags = arena_str(s->run->arena, engine_str(fcc->flags)),
		.rule = arena_str(s->run->arena, engine_str(s->action->rule)),
	};

	/* RFC 9042 4.1, as for fileinto. */
	if (engine_questions_find_id(s->run, fcc->mailbox_id, &step.target)) {
		step.special_use = STR_EMPTY;
		step.is_create = false;
	} else if (fcc->mailbox_id.n > 0) {
		step.target = arena_str(s->run->arena, engine_str(fcc->mailbox));
	}
	if (!run_can_do(s->run, &step))
		return false;
	s->run->actions[s->run->action_count - 1].mail = (uint32_t)s->run->mail_count;
	return true;
}

/* ---- what becomes of it ---- */

static void
tell(const struct sending *s, const char *what, bool is_note)
{
	struct str text = arena_printf(s->run->arena, "%s: %s: %.*s", kinds[s->action->kind].name,
	    what, STR_ARG(s->message.why));

	if (is_note)
		run_note(s->run, s->action->line, text);
	if (s->run->question->is_traced != 0)
		run_trace(s->run, STR_EMPTY, s->action->line, text);
}

static bool
can_send_made(struct sending *s)
{
	struct run_step step = make_step(s);
	const struct str pieces[] = { buf_str(&s->message.made), s->message.rest };
	struct rec_mail mail;
	uint32_t version;

	if (!run_can_add_version(s->run, pieces, s->message.rest.n > 0 ? 2 : 1)) {
		run_fail(s->run, s->action->line, STR("the message to be sent is too large"));
		return false;
	}
	version = (uint32_t)s->run->version_count;
	mail = make_mail(s, version);
	return run_can_send(s->run, &step, &mail) &&
	    (s->action->fcc == NULL || can_copy(s, s->action->fcc, version));
}

static bool
can_stay_silent(struct sending *s)
{
	const struct run_step step = make_step(s);

	tell(s, "nothing is sent", false);
	/* What had been sent on already is not kept a second time; a refusal that
	 * nobody is told of is a refusal. */
	return s->action->kind == SIEVE_VACATION || s->action->kind == SIEVE_NOTIFY ||
	    run_can_send(s->run, &step, NULL);
}

/* What can be said to the client needs no mail (RFC 5429 2.2). */
static bool
is_said(const struct sending *s)
{
	return (s->action->kind == SIEVE_REJECT || s->action->kind == SIEVE_EREJECT) &&
	    compose_is_sayable(engine_str(s->action->target), s->env.is_utf8);
}

/* One message. */
static bool
can_send_one(struct sending *s)
{
	struct run_step step;
	bool can = true;

	switch (compose(s)) {
	case COMPOSE_DONE:
		can = can_send_made(s);
		break;
	case COMPOSE_SILENT:
		can = can_stay_silent(s);
		break;
	case COMPOSE_FAILED:
		tell(s, "cannot be sent", true);
		/* A reason that cannot be told by mail is told as well as it can be. */
		step = make_step(s);
		if (step.kind == RUN_REJECT)
			can = run_can_do(s->run, &step);
		break;
	}
	compose_fini(&s->message);
	return can;
}

/* How many of a list there are; FILTER_MEMBERS_MAX + 1: more, or what is no
 * address. */
static size_t
count_members(struct str members)
{
	struct str member;
	size_t n = 0;

	while (n <= FILTER_MEMBERS_MAX && members.n > 0 && str_can_split(&members, '\n', &member))
		n = address_is_valid(member) ? n + 1 : FILTER_MEMBERS_MAX + 1;
	return n;
}

/* RFC 6134 2.3: to all members; an empty list takes nobody's mail away. */
static bool
can_send_to_list(const struct sending *s)
{
	struct sieve_action one = *s->action;
	struct sending each = *s;
	struct str members, member;

	if (engine_questions_members(s->run, one.target, &members) != FILTER_YES) {
		run_fail(s->run, one.line, STR("redirect: the list cannot be read"));
		return false;
	}
	if (count_members(members) > FILTER_MEMBERS_MAX) {
		run_fail(s->run, one.line,
		    STR("redirect: the list has more than 32 members, or one that is no address"));
		return false;
	}
	each.action = &one;
	while (members.n > 0 && str_can_split(&members, '\n', &member)) {
		one.target = engine_text(member);
		each.message = COMPOSE_EMPTY;
		if (!can_send_one(&each))
			return false;
	}
	return true;
}

bool
engine_can_send(struct run *run, const struct sieve_action *actions, size_t i, uint32_t version,
    struct str text)
{
	struct sending s = { .run = run, .actions = actions, .action = &actions[i], .i = i,
		.version = version, .text = text, .message = COMPOSE_EMPTY };
	struct run_step step;

	fill_env(&s);
	if (is_said(&s)) {
		step = make_step(&s);
		return run_can_do(run, &step);
	}
	if (s.action->redirect != NULL && s.action->redirect->is_list)
		return can_send_to_list(&s);
	return can_send_one(&s);
}

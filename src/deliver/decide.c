/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Checks what filter proposes and turns it into copies.  Trusts no folder
 * name, flag or address in it. */

#include "deliver/decide.h"

#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "deliver/changed.h"
#include "deliver/decide_mail.h"
#include "deliver/deliver.h"
#include "deliver/programs.h"
#include "deliver/questions.h"
#include "ipc/actions.h"
#include "mail/charset.h"

/* One IMAP keyword or system flag, RFC 9051 atom and a bound of ours. */
#define FLAG_MAX 64
/* Longest that anything is remembered: a year. */
#define MARK_SECONDS_MAX ((uint64_t)366 * 24 * 3600)

static bool
is_flag(struct str flag)
{
	size_t i = 0;

	if (flag.n == 0 || flag.n > FLAG_MAX)
		return false;
	if (flag.p[0] == '\\')
		i = 1;
	if (i == flag.n)
		return false;
	for (; i < flag.n; i++)
		if (flag.p[i] <= ' ' || flag.p[i] >= 0x7f || strchr("(){%*\"\\]", flag.p[i]) != NULL)
			return false;
	return true;
}

/* Invalid ones are dropped in silence, \Recent is not a client's to set
 * (RFC 5232 2, 5). */
static struct str
clean_flags(struct arena *a, struct str flags)
{
	struct buf clean = BUF_LIMIT(FILTER_FLAGS_MAX);
	struct str rest = flags, flag, result;

	while (str_can_split(&rest, ' ', &flag)) {
		if (!is_flag(flag) || str_is_equal_nocase(flag, STR("\\Recent")))
			continue;
		if (clean.n > 0)
			buf_add_byte(&clean, ' ');
		buf_add_str(&clean, flag);
	}
	result = arena_str(a, buf_str(&clean));
	buf_fini(&clean);
	return result;
}

static const struct script *
find_script(const struct job_rcpt *rcpt, uint64_t id)
{
	size_t i;

	for (i = 0; i < rcpt->script_count; i++)
		if (rcpt->scripts[i]->id == id)
			return rcpt->scripts[i];
	return NULL;
}

static struct job_copy *
find_copy(struct job_rcpt *rcpt, const struct box *box)
{
	size_t i;

	for (i = 0; i < rcpt->copy_count; i++)
		if (rcpt->copies[i].box == box)
			return &rcpt->copies[i];
	return NULL;
}

/* Return-Path (RFC 5321 4.4), X-Original-To and Delivered-To as Postfix has
 * them.  job_begin has made sure that no address holds a control character. */
static struct str
make_prefix(const struct job_rcpt *rcpt)
{
	struct buf text = BUF_EMPTY;
	struct str result;

	buf_addf(&text, "Return-Path: <%.*s>\n", STR_ARG(rcpt->job->sender));
	if (rcpt->orcpt.n > 0 && !str_is_equal_nocase(rcpt->orcpt, rcpt->address))
		buf_addf(&text, "X-Original-To: %.*s\n", STR_ARG(rcpt->orcpt));
	buf_addf(&text, "Delivered-To: %.*s\n", STR_ARG(rcpt->address));
	result = arena_str(&rcpt->job->arena, buf_str(&text));
	buf_fini(&text);
	return result;
}

static int
take_box(struct job_rcpt *rcpt, struct str mailbox, bool is_create, struct box **out,
    struct fail *why)
{
	struct deliver *d = rcpt->job->deliver;
	bool is_inbox = str_is_equal_nocase(mailbox, STR("INBOX"));

	return boxes_take(d->boxes, rcpt->user->root, mailbox,
	    is_inbox || is_create || d->conf->mailbox_autocreate, !is_inbox && d->conf->mailbox_autosubscribe,
	    out, why);
}

/* -1: rcpt is refused (settled). */
static int
add_copy(struct job_rcpt *rcpt, struct str mailbox, bool is_create, struct job_copy copy)
{
	struct fail why = FAIL_EMPTY;
	struct job_copy *same;

	if (take_box(rcpt, mailbox, is_create, &copy.box, &why) == -1 &&
	    !str_is_equal_nocase(mailbox, STR("INBOX"))) {
		log_warn("user %.*s: mailbox \"%.*s\" cannot be had, INBOX instead: %s",
		    STR_ARG(rcpt->user_name), STR_ARG(str_sub(mailbox, 0, 200)), why.log);
		take_box(rcpt, STR("INBOX"), false, &copy.box, &why);
	}
	if (copy.box == NULL) {
		job_refuse(rcpt, &why);
		return -1;
	}
	same = find_copy(rcpt, copy.box);
	if (same != NULL) {
		/* One mailbox gets one copy, RFC 5228 2.10.3; the first stands. */
		boxes_give(rcpt->job->deliver->boxes, &copy.box);
		return 0;
	}
	rcpt->copies[rcpt->copy_count++] = copy;
	return 0;
}

static struct str
inbox_of(const struct job_rcpt *rcpt)
{
	return rcpt->mailbox.n > 0 ? rcpt->mailbox : STR("INBOX");
}

/* RFC 8579 4.1: the folder that has the use goes before the one that is named. */
static struct str
find_mailbox(const struct job_rcpt *rcpt, const struct rec_action *action)
{
	struct str folder = STR_EMPTY, target = str_sub(action->target, 0, FILTER_TARGET_MAX);

	if (action->kind != FILTER_FILEINTO)
		return inbox_of(rcpt);
	if (action->special_use.n > 0)
		folder = questions_special_use(rcpt, action->special_use, target);
	return folder.n > 0 ? folder : target;
}

/* RFC 5228 2.10.6: as it came. */
int
decide_keep(struct job_rcpt *rcpt)
{
	struct str prefix = make_prefix(rcpt);
	struct job_copy copy = {
		.prefix = prefix,
		.action = "implicit keep",
		.size = prefix.n + rcpt->job->body.n,
		.wire_size = prefix.n + str_count_byte(prefix, '\n') + rcpt->job->body_wire_size,
	};

	return add_copy(rcpt, inbox_of(rcpt), false, copy);
}

static const struct rec_version *
find_version(const struct rec_filter_outcome *outcome, uint32_t version)
{
	return outcome == NULL || version == 0 || version > outcome->versions.n
	    ? NULL
	    : &outcome->versions.at[version - 1];
}

/* The message as the script has changed it; a version that cannot be is none. */
static void
take_version(struct job_copy *copy, const struct job_rcpt *rcpt, const struct rec_version *version)
{
	if (version != NULL && changed_set(rcpt->job, copy, version) == -1)
		log_warn("user %.*s: filter made a message that cannot be, kept as it came",
		    STR_ARG(rcpt->user_name));
}

/* Bytes of a reason on one line of a reply: code, address and CRLF stand beside it. */
#define REASON_LINE_MAX ((size_t)300)

static void
add_reason_line(struct buf *out, struct str line)
{
	while (line.n > REASON_LINE_MAX) {
		size_t n = REASON_LINE_MAX;

		while (n > REASON_LINE_MAX / 2 && line.p[n] != ' ')
			n--;
		if (line.p[n] != ' ')
			n = charset_cut_utf8(line, REASON_LINE_MAX).n;
		buf_add_str(out, str_sub(line, 0, n));
		buf_add_byte(out, '\n');
		line = str_trim(str_from(line, n));
	}
	buf_add_str(out, line);
	buf_add_byte(out, '\n');
}

/* RFC 5429 2.2: the whole reason, in the lines that it has. */
static struct str
make_reply(struct arena *a, struct str reason)
{
	struct buf text = BUF_LIMIT(2 * FILTER_REASON_MAX);
	struct str rest = str_trim(reason), line, reply;

	while (str_can_split(&rest, '\n', &line))
		add_reason_line(&text, str_trim(line));
	reply = arena_str(a, str_trim(buf_str(&text)));
	buf_fini(&text);
	return reply;
}

/* RFC 5429 2: said in the reply; the first line of it is for the log. */
static int
reject(struct job_rcpt *rcpt, const struct job_copy *copy, struct str reason)
{
	struct str reply = make_reply(&rcpt->job->arena, reason), rest = reply, line = STR_EMPTY;
	struct buf text = BUF_EMPTY;
	struct fail why;

	(void)str_can_split(&rest, '\n', &line);
	buf_add_str(&text, charset_cut_utf8(line, FAIL_TEXT_MAX - 1));
	fail_set(&why, FAIL_PERM, 7, 1, 0, text.n > 0 ? buf_cstr(&text) : "Message refused",
	    "refused by script %.*s line %u", STR_ARG(copy->script), copy->line);
	rcpt->reply = reply;
	job_refuse(rcpt, &why);
	buf_fini(&text);
	return -1;
}

/* Whether the mail of an action will be sent; else the log says why not. */
static bool
can_send(struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome,
    const struct rec_action *action, const struct job_copy *copy)
{
	const struct job_outgoing row = {
		.script = copy->script,
		.rule = copy->rule,
		.line = copy->line,
	};
	const char *why;

	if (decide_can_send(rcpt, outcome, action, &row, &why))
		return true;
	log_warn("user %.*s: script %.*s line %u asks for mail to be sent, %s: %s",
	    STR_ARG(rcpt->user_name), STR_ARG(copy->script), copy->line,
	    action->kind == FILTER_REDIRECT ? "kept in INBOX instead" : "not sent", why);
	return false;
}

/* A message that went elsewhere, or nowhere, and has no copy here. */
static int
do_without_copy(struct job_rcpt *rcpt, const struct job_copy *copy)
{
	rcpt->discard_script = copy->script;
	rcpt->discard_rule = copy->rule;
	rcpt->discard_line = copy->line;
	return 0;
}

/* Done before the commit; the keep comes back if it fails. */
static int
pipe_to(struct job_rcpt *rcpt, const struct rec_action *action, const struct job_copy *copy)
{
	if (!programs_can_add_pipe(rcpt, action, copy))
		return decide_keep(rcpt);
	if (action->is_copy == 0)
		return do_without_copy(rcpt, copy);
	return 0;
}

static int
do_action(struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome,
    const struct rec_action *action, struct str prefix)
{
	static const char *const names[FILTER_ACTION_COUNT] = {
		[FILTER_KEEP] = "keep",
		[FILTER_IMPLICIT_KEEP] = "implicit keep",
		[FILTER_FILEINTO] = "fileinto",
	};
	struct job *job = rcpt->job;
	const struct script *script = find_script(rcpt, action->script);
	struct job_copy copy = {
		.flags = clean_flags(&job->arena, str_sub(action->flags, 0, FILTER_FLAGS_MAX)),
		.prefix = prefix,
		.script = script == NULL ? STR_EMPTY : arena_str(&job->arena, script->path),
		.rule = arena_str(&job->arena, str_sub(action->rule, 0, 200)),
		.line = action->line,
		.size = prefix.n + job->body.n,
		.wire_size = prefix.n + str_count_byte(prefix, '\n') + job->body_wire_size,
	};

	switch (action->kind) {
	case FILTER_DISCARD:
		return do_without_copy(rcpt, &copy);
	case FILTER_REJECT:
		if (action->mail != 0 && can_send(rcpt, outcome, action, &copy))
			return do_without_copy(rcpt, &copy);
		return reject(rcpt, &copy, str_sub(action->target, 0, FILTER_REASON_MAX));
	case FILTER_PIPE:
		copy.prefix = STR_EMPTY; /* programs find it in their environment */
		take_version(&copy, rcpt, find_version(outcome, action->version));
		return pipe_to(rcpt, action, &copy);
	case FILTER_SEND:
		can_send(rcpt, outcome, action, &copy);
		return 0;
	case FILTER_FILEINTO:
		if (decide_is_unsent(rcpt, action))
			return 0;
		break;
	case FILTER_REDIRECT:
		if (can_send(rcpt, outcome, action, &copy))
			return do_without_copy(rcpt, &copy);
		break;
	default:
		break;
	}
	take_version(&copy, rcpt, find_version(outcome, action->version));
	if (action->kind >= FILTER_ACTION_COUNT || names[action->kind] == NULL) {
		copy.action = names[FILTER_IMPLICIT_KEEP];
		return add_copy(rcpt, inbox_of(rcpt), false, copy);
	}
	copy.action = names[action->kind];
	return add_copy(rcpt, find_mailbox(rcpt, action), action->is_create != 0, copy);
}

/* What is to be remembered once the delivery is; a filter has no word in whose
 * it is. */
static void
take_marks(struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome)
{
	struct job *job = rcpt->job;
	size_t i, n = outcome->marks.n < FILTER_MARKS_MAX ? outcome->marks.n : FILTER_MARKS_MAX;
	unsigned char *keys = arena_alloc(&job->arena, 32 * n);

	/* Those of mail come to them. */
	rcpt->marks = arena_array(&job->arena, n + FILTER_MAILS_MAX, sizeof *rcpt->marks);
	for (i = 0; i < n; i++) {
		const struct rec_remembered *mark = &outcome->marks.at[i];
		uint64_t seconds = mark->seconds < MARK_SECONDS_MAX ? mark->seconds : MARK_SECONDS_MAX;

		questions_mark_key(job->deliver, rcpt->user_name, mark->id, keys + 32 * i);
		rcpt->marks[rcpt->mark_count++] = (struct disk_mark){
			.key = { (const char *)keys + 32 * i, 32 },
			.expires = job->received + (int64_t)seconds * CLOCK_SECOND,
		};
	}
}

static void
tell_notes(const struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome)
{
	size_t i;

	for (i = 0; i < rcpt->script_count; i++)
		if (rcpt->places[i] == FILTER_PERSONAL)
			script_tell_user(rcpt->scripts[i]->path,
			    str_sub(outcome->notes, 0, FILTER_NOTES_MAX));
}

static void
tell_error(const struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome)
{
	const struct script *script = find_script(rcpt, outcome->error_script);
	struct str error = str_sub(outcome->error, 0, FAIL_LOG_MAX);

	log_warn("user %.*s: script %.*s line %u failed, message kept in INBOX: %.*s",
	    STR_ARG(rcpt->user_name),
	    STR_ARG(script == NULL ? STR("?") : script->path), outcome->error_line,
	    STR_ARG(error));
	if (script != NULL)
		script_tell_user(script->path, error);
}

void
decide_copies(struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome)
{
	static const struct rec_action implicit_keep = { .kind = FILTER_IMPLICIT_KEEP };
	const struct rec_action *actions = &implicit_keep;
	struct str prefix = make_prefix(rcpt);
	size_t i, count = 1;

	if (outcome != NULL) {
		if (outcome->error.n > 0)
			tell_error(rcpt, outcome);
		if (outcome->notes.n > 0)
			tell_notes(rcpt, outcome);
		take_marks(rcpt, outcome);
		actions = outcome->actions.at;
		count = outcome->actions.n;
	}
	/* No action at all, or more than there may be, is a filter gone wrong. */
	if (count == 0 || count > 2 * FILTER_ACTIONS_MAX) {
		actions = &implicit_keep;
		count = 1;
	}
	/* One more: decide_keep. */
	rcpt->copies = arena_array(&rcpt->job->arena, count + 1, sizeof *rcpt->copies);
	for (i = 0; i < count; i++)
		if (do_action(rcpt, outcome, &actions[i], prefix) == -1)
			return;
}

void
decide_loop(struct job_rcpt *rcpt, struct str delivered_to)
{
	struct str rest = delivered_to, line;
	struct fail why;

	while (str_can_split(&rest, '\n', &line)) {
		line = str_trim(line);
		if (line.n >= 2 && line.p[0] == '<' && line.p[line.n - 1] == '>')
			line = str_sub(line, 1, line.n - 2);
		if (!str_is_equal_nocase(line, rcpt->address))
			continue;
		fail_set(&why, FAIL_PERM, 4, 6, 0, "Mail forwarding loop detected",
		    "the message has a Delivered-To field for %.*s already",
		    STR_ARG(rcpt->address));
		job_refuse(rcpt, &why);
		return;
	}
}

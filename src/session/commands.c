/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What each command does, by table; RCPT, DATA and BDAT have files of their
 * own. */

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "session/dialog.h"

typedef void (*command_fn)(struct dialog *d, const struct command *command);

/* RFC 2033 4.1; RFC 2034 4: no enhanced codes here. */
static void
run_lhlo(struct dialog *d, const struct command *command)
{
	const struct conf *conf = d->terms.conf;
	struct buf text = BUF_EMPTY;

	free((char *)(uintptr_t)d->helo.p);
	d->helo = (struct str){ xstrndup(command->argument), command->argument.n };
	d->state = COMMAND_AT_REST;
	buf_add_str(&text, d->terms.hostname);
	buf_add_cstr(&text, "\nPIPELINING\nENHANCEDSTATUSCODES\n8BITMIME\nSMTPUTF8\nDELIVERBY");
	buf_addf(&text, "\nSIZE %lld", (long long)conf->message_size_limit);
	buf_add_cstr(&text, "\nCHUNKING\nBINARYMIME");
	/* RFC 9422 4. */
	buf_addf(&text, "\nLIMITS RCPTMAX=%lld MAILMAX=%lld", (long long)conf->recipient_limit,
	    (long long)conf->transaction_limit);
	/* RFC 5321 4.1.4: a greeting in mid-session is a RSET too. */
	dialog_reset(d);
	if (!d->is_over)
		reply_add(&d->out, 250, "", buf_str(&text));
	buf_fini(&text);
}

static struct answer
judge_size(const struct dialog *d, uint64_t size)
{
	const struct body_budget *budget = d->terms.budget;

	/* RFC 1870 6.1 (1) */
	if (size > (uint64_t)d->terms.conf->message_size_limit)
		return ANSWER_FAIL(FAIL_PERM, 3, 4, "Message too large");
	if (budget->used >= budget->limit || size > budget->limit - budget->used)
		return ANSWER_FAIL(FAIL_TEMP, 3, 1, "Too many messages at once");
	return ANSWER_GOOD;
}

static void
run_mail(struct dialog *d, const struct command *command)
{
	struct answer answer = judge_size(d, command->size);

	if (++d->transactions > (uint64_t)d->terms.conf->transaction_limit) {
		dialog_end(d, 421, "4.7.0", "Too many messages in one session");
		return;
	}
	transaction_begin(&d->transaction, command);
	if (answer.class != FAIL_NONE) {
		dialog_log_refusal(d, &answer, STR_EMPTY);
		answer_add(&d->out, &answer, STR_EMPTY);
		dialog_reset(d);
		return;
	}
	d->state = COMMAND_IN_MAIL;
	dialog_reply_about(d, 250, "2.1.0", d->transaction.sender, "sender OK");
}

static void
run_rset(struct dialog *d, const struct command *command)
{
	(void)command;
	dialog_reply(d, 250, "2.0.0", "OK");
	dialog_reset(d);
}

static void
run_noop(struct dialog *d, const struct command *command)
{
	(void)command;
	dialog_reply(d, 250, "2.0.0", "OK");
}

/* RFC 5321 7.3: who exists is told to nobody who does not send mail. */
static void
run_vrfy(struct dialog *d, const struct command *command)
{
	(void)command;
	dialog_reply(d, 252, "2.5.0", "Send some mail and see");
}

static void
run_help(struct dialog *d, const struct command *command)
{
	struct buf text = BUF_EMPTY;

	(void)command;
	buf_add_cstr(&text, "Commands: ");
	command_add_verbs(d->terms.protocol, &text);
	reply_add(&d->out, 214, "2.0.0", buf_str(&text));
	buf_fini(&text);
}

static void
run_quit(struct dialog *d, const struct command *command)
{
	(void)command;
	dialog_end(d, 221, "2.0.0", "Bye");
}

/* A hole is a verb that command_parse lets nobody say. */
static const command_fn commands[COMMAND_COUNT] = {
	[COMMAND_LHLO] = run_lhlo,
	[COMMAND_MAIL] = run_mail,
	[COMMAND_RCPT] = rcpt_run,
	[COMMAND_DATA] = message_begin_data,
	[COMMAND_BDAT] = message_begin_chunk,
	[COMMAND_RSET] = run_rset,
	[COMMAND_NOOP] = run_noop,
	[COMMAND_VRFY] = run_vrfy,
	[COMMAND_HELP] = run_help,
	[COMMAND_QUIT] = run_quit,
};

static void
refuse(struct dialog *d, const struct command *command, const struct reply *reply)
{
	if (command->verb == COMMAND_BDAT) {
		message_refuse_chunk(d, command, reply);
		return;
	}
	dialog_refuse(d, reply);
	/* RFC 3030 2: DATA after BDAT; the transaction cannot go on. */
	if (command->verb == COMMAND_DATA && d->state == COMMAND_IN_CHUNKS)
		dialog_reset(d);
}

void
commands_run(struct dialog *d, struct str line)
{
	struct command *command = &d->command;
	struct reply why = REPLY_NONE;

	/* It holds the command, also while its answer is waited for; so the
	 * line, which the caller may reuse, is copied into it. */
	arena_empty(&d->scratch);
	line = arena_str(&d->scratch, line);
	if (command_parse(line, d->terms.protocol, d->state, d->transaction.is_utf8, &d->scratch,
	    command, &why) == -1)
		refuse(d, command, &why);
	else
		commands[command->verb](d, command);
}

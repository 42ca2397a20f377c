/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Actions of one run for another: copies of all that they hold. */

#include "actions.h"
#include "message.h"

static void *
copy(struct sieve_interp *in, const void *what, size_t n)
{
	struct sieve_text text = { what, n };

	if (what == NULL)
		return NULL;
	return (void *)(uintptr_t)sieve_interp_keep(in, text).p;
}

static void
copy_text(struct sieve_interp *in, struct sieve_text *text)
{
	*text = text->n == 0 ? SIEVE_TEXT_EMPTY : sieve_interp_keep(in, *text);
}

static const struct sieve_text *
copy_texts(struct sieve_interp *in, const struct sieve_text *from, size_t n)
{
	struct sieve_text *texts;
	size_t i;

	if (n == 0)
		return NULL;
	texts = copy(in, from, n * sizeof *texts);
	for (i = 0; i < n && !in->is_over; i++)
		copy_text(in, &texts[i]);
	return texts;
}

static void
copy_fcc(struct sieve_interp *in, const struct sieve_fcc **at)
{
	struct sieve_fcc *fcc = copy(in, *at, sizeof *fcc);

	*at = fcc;
	if (fcc == NULL || in->is_over)
		return;
	copy_text(in, &fcc->mailbox);
	copy_text(in, &fcc->flags);
	copy_text(in, &fcc->special_use);
	copy_text(in, &fcc->mailbox_id);
}

static void
copy_vacation(struct sieve_interp *in, const struct sieve_vacation **at)
{
	struct sieve_vacation *vacation = copy(in, *at, sizeof *vacation);

	*at = vacation;
	if (vacation == NULL || in->is_over)
		return;
	copy_text(in, &vacation->subject);
	copy_text(in, &vacation->from);
	copy_text(in, &vacation->handle);
	vacation->addresses = copy_texts(in, vacation->addresses, vacation->address_count);
}

static void
copy_notify(struct sieve_interp *in, const struct sieve_notify **at)
{
	struct sieve_notify *notify = copy(in, *at, sizeof *notify);

	*at = notify;
	if (notify == NULL || in->is_over)
		return;
	copy_text(in, &notify->from);
	copy_text(in, &notify->message);
	notify->options = copy_texts(in, notify->options, notify->option_count);
	notify->recipients = copy_texts(in, notify->recipients, notify->recipient_count);
}

static void
copy_redirect(struct sieve_interp *in, const struct sieve_redirect **at)
{
	struct sieve_redirect *redirect = copy(in, *at, sizeof *redirect);

	*at = redirect;
	if (redirect == NULL || in->is_over)
		return;
	copy_text(in, &redirect->notify);
	copy_text(in, &redirect->ret);
	copy_text(in, &redirect->by_mode);
}

static void
copy_pipe(struct sieve_interp *in, const struct sieve_pipe **at)
{
	struct sieve_pipe *pipe = copy(in, *at, sizeof *pipe);

	*at = pipe;
	if (pipe == NULL || in->is_over)
		return;
	pipe->arguments = copy_texts(in, pipe->arguments, pipe->argument_count);
}

static void
import(struct sieve_interp *in, struct sieve_action action)
{
	copy_text(in, &action.target);
	copy_text(in, &action.rule);
	copy_text(in, &action.flags);
	copy_text(in, &action.special_use);
	copy_text(in, &action.mailbox_id);
	copy_fcc(in, &action.fcc);
	copy_vacation(in, &action.vacation);
	copy_notify(in, &action.notify);
	copy_redirect(in, &action.redirect);
	copy_pipe(in, &action.pipe);
	sieve_actions_append(in, &action);
}

bool
sieve_actions_import(struct sieve_interp *in, const struct sieve_result *from,
    const unsigned *versions)
{
	unsigned now = versions == NULL ? sieve_message_version(in) : 0;
	struct sieve_action action;
	size_t i;

	for (i = 0; i < from->action_count && !in->is_over; i++) {
		action = from->actions[i];
		action.version = versions == NULL ? now : versions[action.version];
		import(in, action);
	}
	if (!from->is_keep_due)
		in->result->is_keep_due = false;
	in->result->flags = from->flags;
	copy_text(in, &in->result->flags);
	return !in->is_over;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* RCPT: directory says who it is, each owner says whether there is room, then
 * the client is answered.  Nothing of it is decided here. */

#include <string.h>

#include "session/dialog.h"

static void
finish(struct dialog *d, const struct answer *answer)
{
	if (answer->class != FAIL_NONE) {
		dialog_log_refusal(d, answer, d->command.path.text);
		answer_add(&d->out, answer, d->command.path.text);
	} else {
		d->state = COMMAND_IN_RCPT;
		dialog_reply_about(d, 250, "2.1.5", d->command.path.text, "recipient OK");
	}
	dialog_go_on(d);
}

/* The delimiters that hold for the domain of this recipient. */
static struct str
delimiters(const struct dialog *d)
{
	const struct conf *conf = d->terms.conf;
	const struct conf_domain *domain = conf_find_domain(conf, d->command.path.domain);

	if (domain == NULL || strcmp(domain->recipient_delimiter, "inherit") == 0)
		return str_of(conf->recipient_delimiter);
	return str_of(domain->recipient_delimiter);
}

/* user+detail: the part that keeps two copies for one user apart. */
static struct str
detail(const struct dialog *d)
{
	struct str local = d->command.path.local;
	struct str marks = delimiters(d);
	size_t i;

	for (i = 1; i < local.n; i++)
		if (str_find_byte(marks, local.p[i]) != -1)
			return str_from(local, i);
	return STR_EMPTY;
}

static void
room_told(void *arg, const struct ask_result *result)
{
	struct dialog *d = arg;

	if (answer_is_worse(&result->answer, &d->worst)) {
		d->worst = result->answer;
		d->worst.text = arena_str(&d->scratch, result->answer.text);
	}
	if (--d->waiting > 0)
		return;
	if (d->worst.class == FAIL_NONE)
		transaction_add(&d->transaction, &d->command, detail(d), d->targets,
		    d->target_count);
	finish(d, &d->worst);
}

static void
ask_for_room(struct dialog *d)
{
	struct ask_result good = { .answer = ANSWER_GOOD };
	size_t i;

	/* One more than there are questions, so that none is the last before
	 * all are asked. */
	d->waiting += d->target_count;
	for (i = 0; i < d->target_count; i++)
		ask_room(d->terms.ask, d->targets[i].owner, d->targets[i].uid, d->targets[i].user,
		    d->transaction.size, room_told, d);
	room_told(d, &good);
}

/* Of a local client that may speak for itself only. */
static bool
is_for_itself(const struct dialog *d)
{
	size_t i;

	for (i = 0; i < d->target_count; i++)
		if (d->targets[i].uid != d->terms.uid)
			return false;
	return true;
}

static struct answer
judge(struct dialog *d)
{
	size_t i;

	if (d->target_count == 0)
		return ANSWER_FAIL(FAIL_OURS, 3, 0, "User lookup gave nobody");
	for (i = 0; i < d->target_count; i++)
		if (d->targets[i].user.n > TRANSACTION_NAME_MAX ||
		    d->targets[i].owner.n > TRANSACTION_NAME_MAX)
			return ANSWER_FAIL(FAIL_OURS, 3, 0, "User name too long");
	if (d->transaction.delivery_count + d->target_count > TRANSACTION_DELIVERIES_MAX)
		return ANSWER_FAIL(FAIL_TEMP, 5, 3, "Too many users behind the recipients");
	if (d->command.is_user_only && d->target_count > 1)
		return ANSWER_FAIL(FAIL_PERM, 1, 1, "Not a user but an alias");
	if (d->terms.protocol == COMMAND_LDA && !d->terms.is_trusted && !is_for_itself(d))
		return ANSWER_FAIL(FAIL_POLICY, 7, 1, "You may deliver to yourself only");
	return ANSWER_GOOD;
}

static void
copy_targets(struct dialog *d, const struct ask_result *result)
{
	size_t i;

	d->target_count = result->target_count;
	d->targets = arena_array(&d->scratch, d->target_count, sizeof *d->targets);
	for (i = 0; i < d->target_count; i++) {
		d->targets[i] = result->targets[i];
		d->targets[i].user = arena_str(&d->scratch, result->targets[i].user);
		d->targets[i].owner = arena_str(&d->scratch, result->targets[i].owner);
	}
}

static void
user_told(void *arg, const struct ask_result *result)
{
	struct dialog *d = arg;
	struct answer answer = result->answer;

	if (answer.class == FAIL_NONE) {
		copy_targets(d, result);
		answer = judge(d);
	}
	if (answer.class == FAIL_NONE) {
		ask_for_room(d);
		return;
	}
	d->waiting--;
	finish(d, &answer);
}

/* As directory wants it: the local part unquoted. */
static struct str
lookup_address(struct dialog *d)
{
	const struct path *path = &d->command.path;

	if (path->domain.n == 0)
		return path->local;
	return arena_printf(&d->scratch, "%.*s@%.*s", STR_ARG(path->local),
	    STR_ARG(path->domain));
}

void
rcpt_run(struct dialog *d, const struct command *command)
{
	(void)command;
	/* RFC 5321 4.5.3.1.10 */
	if (d->transaction.recipient_count >= (uint64_t)d->terms.conf->recipient_limit) {
		dialog_reply(d, 452, "4.5.3", "Too many recipients");
		return;
	}
	d->worst = ANSWER_GOOD;
	d->waiting = 1;
	d->is_batch = true;
	ask_rcpt(d->terms.ask, lookup_address(d), user_told, d);
}

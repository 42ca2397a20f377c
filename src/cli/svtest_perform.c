/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Does what a script's actions ask for, in the mailboxes and the sink of a
 * svtest.  Messages are composed elsewhere (filter/compose.h). */

#include "cli/svtest.h"

#include "filter/engine_message.h"
#include "mail/address.h"

/* One result on its way. */
struct work {
	struct svtest *test;
	const struct sieve_text *texts;
	const struct sieve_result *result;
};

static struct str
find_text(const struct work *work, unsigned version)
{
	struct sieve_text text = work->texts[version];

	return text.p == NULL ? work->test->base->text : engine_str(text);
}

static bool
fail(const struct work *work, const char *what, struct sieve_text target, const char *why)
{
	svtest_log(work->test, arena_printf(&work->test->arena, "%s \"%.*s\": %s", what,
	    SIEVE_TEXT_ARG(target), why));
	return false;
}

/* ---- storing ---- */

static bool
is_stored_in(const struct work *work, struct svtest_mailbox *mailbox, struct sieve_text name,
    struct str text, struct sieve_text flags)
{
	if (mailbox == NULL)
		return fail(work, "fileinto", name, "there is no such mailbox");
	if (!svtest_is_stored(work->test, mailbox, text, engine_str(flags)))
		return fail(work, "fileinto", name, "too many messages");
	return true;
}

/* RFC 8579 4, 9042 4: what is found by these goes before the name. */
static bool
is_filed(const struct work *work, const struct sieve_action *action, struct str text)
{
	struct svtest_mailbox *mailbox = NULL;

	if (action->special_use.n > 0)
		mailbox = svtest_find_use(work->test, engine_str(action->special_use),
		    engine_str(action->target));
	if (mailbox == NULL && action->is_create) {
		mailbox = svtest_make_mailbox(work->test, engine_str(action->target));
		if (mailbox != NULL && action->special_use.n > 0)
			svtest_set_metadata(work->test, mailbox->name, STR("/private/specialuse"),
			    engine_str(action->special_use));
	}
	if (mailbox == NULL)
		mailbox = svtest_find_mailbox(work->test, engine_str(action->target));
	return is_stored_in(work, mailbox, action->target, text, action->flags);
}

static bool
is_kept(const struct work *work, struct str text, struct sieve_text flags)
{
	return is_stored_in(work, svtest_find_mailbox(work->test, STR("INBOX")),
	    sieve_text_of("INBOX"), text, flags);
}

/* ---- sending ---- */

/* RFC 8580 3: a copy of what is sent. */
static bool
is_copied(const struct work *work, const struct sieve_fcc *fcc, struct str text)
{
	const struct sieve_action action = { .target = fcc->mailbox, .flags = fcc->flags,
		.special_use = fcc->special_use, .is_create = fcc->is_create };

	return is_filed(work, &action, text);
}

static bool
is_delivered(const struct work *work, const struct sieve_action *action,
    const struct compose_message *message)
{
	struct buf text = BUF_EMPTY;
	bool is_fine = true;
	size_t i;

	buf_add_str(&text, buf_str(&message->made));
	buf_add_str(&text, message->rest);
	for (i = 0; i < message->to_count && is_fine; i++)
		is_fine = svtest_is_sent(work->test, buf_str(&text), message->from, message->to[i]);
	if (is_fine && action->fcc != NULL)
		is_fine = is_copied(work, action->fcc, buf_str(&text));
	buf_fini(&text);
	return is_fine;
}

/* RFC 5293 7: reports are about the message as it came, answers about what the
 * script has made of it. */
static const struct header *
find_header(const struct work *work, const struct sieve_action *action)
{
	struct svtest *test = work->test;
	struct header *header;

	if ((action->kind != SIEVE_VACATION && action->kind != SIEVE_NOTIFY) ||
	    work->texts[action->version].p == NULL)
		return &test->base->host.original.header;
	header = arena_zalloc(&test->arena, sizeof *header);
	header_parse(find_text(work, action->version), &test->arena, header);
	return header;
}

static void
fill_env(const struct work *work, const struct sieve_action *action, struct compose_env *env)
{
	struct svtest *test = work->test;

	*env = (struct compose_env){
		.text = test->base->text,
		.header = find_header(work, action),
		.charsets = test->charsets,
		.is_utf8 = true,
		.sender = test->sender,
		.recipient = test->recipient,
		.original_recipient = test->original,
		.user_email = test->user_email,
		.postmaster = STR("postmaster@example.com"),
		.hostname = test->hostname[0] == '\0' ? STR("example.org") : str_of(test->hostname),
		.seed = arena_printf(&test->arena, "%u", test->stored_count),
		.now = test->base->host.now,
		.settings = &test->compose,
		.arena = &test->arena,
	};
}

static bool
is_composed(const struct work *work, const struct sieve_action *action)
{
	static const char *const names[] = { [SIEVE_REDIRECT] = "redirect",
		[SIEVE_REJECT] = "reject", [SIEVE_EREJECT] = "ereject",
		[SIEVE_VACATION] = "vacation", [SIEVE_NOTIFY] = "notify" };
	struct compose_message message = COMPOSE_EMPTY;
	enum compose_answer answer = COMPOSE_FAILED;
	struct compose_env env;
	bool is_fine = true;

	fill_env(work, action, &env);
	if (action->kind == SIEVE_REDIRECT)
		answer = compose_redirect(&env, action, find_text(work, action->version), &message);
	else if (action->kind == SIEVE_VACATION)
		answer = compose_vacation(&env, action, &message);
	else if (action->kind == SIEVE_NOTIFY)
		answer = compose_notify(&env, work->result->actions,
		    (size_t)(action - work->result->actions), &message);
	else
		answer = compose_reject(&env, action, &message);
	if (answer == COMPOSE_FAILED)
		is_fine = fail(work, names[action->kind], SIEVE_TEXT_EMPTY,
		    message.why.n == 0 ? "it cannot be sent"
				       : arena_cstr(&work->test->arena, message.why));
	if (answer == COMPOSE_SILENT && work->test->report->is_verbose)
		fprintf(stderr, "%s:%u: nothing is sent: %.*s\n", work->test->path,
		    work->test->line, STR_ARG(message.why));
	if (answer == COMPOSE_DONE)
		is_fine = is_delivered(work, action, &message);
	compose_fini(&message);
	return is_fine;
}

/* RFC 6134 2.3: to all members, or an error when one of them is no address. */
static bool
is_sent_to_list(const struct work *work, const struct sieve_action *action)
{
	struct str members[SVTEST_MEMBERS_MAX];
	size_t n = svtest_find_members(work->test, engine_str(action->target), members,
	    SVTEST_MEMBERS_MAX), i;
	struct sieve_action one = *action;

	if (n > SVTEST_MEMBERS_MAX)
		return fail(work, "redirect", action->target, "the list has too many members");
	for (i = 0; i < n; i++)
		if (!address_is_valid(members[i]))
			return fail(work, "redirect", action->target,
			    "a member of the list is no address");
	for (i = 0; i < n; i++) {
		one.target = engine_text(members[i]);
		if (!is_composed(work, &one))
			return false;
	}
	return true;
}

static bool
is_piped(const struct work *work, const struct sieve_action *action)
{
	static const char *const dirs[] = { "sieve_pipe_bin_dir", NULL };
	const struct sieve_pipe *pipe = action->pipe;
	int status = svtest_run_program(work->test, dirs, engine_str(action->target),
	    pipe == NULL ? NULL : pipe->arguments, pipe == NULL ? 0 : pipe->argument_count,
	    find_text(work, action->version), NULL);

	if (status == 0 || (pipe != NULL && pipe->is_try))
		return true;
	return fail(work, "pipe", action->target, "the program failed");
}

/* ---- all of it ---- */

static bool
is_done(const struct work *work, const struct sieve_action *action)
{
	switch (action->kind) {
	case SIEVE_KEEP:
		return is_kept(work, find_text(work, action->version), action->flags);
	case SIEVE_FILEINTO:
		return is_filed(work, action, find_text(work, action->version));
	case SIEVE_DISCARD:
		return true;
	case SIEVE_PIPE:
		return is_piped(work, action);
	case SIEVE_REDIRECT:
		if (action->redirect != NULL && action->redirect->is_list)
			return is_sent_to_list(work, action);
		break;
	case SIEVE_REJECT:
	case SIEVE_EREJECT:
	case SIEVE_VACATION:
	case SIEVE_NOTIFY:
		break;
	}
	return is_composed(work, action);
}

bool
svtest_is_performed(struct svtest *test, const struct sieve_result *result,
    const struct sieve_text *texts, size_t done, bool is_keep_wanted)
{
	const struct work work = { test, texts, result };
	size_t i;

	for (i = done; i < result->action_count; i++) {
		if (result->actions[i].kind == SIEVE_KEEP && !is_keep_wanted)
			continue;
		if (is_done(&work, &result->actions[i]))
			continue;
		/* RFC 5228 2.10.6 */
		(void)is_kept(&work, test->base->text, SIEVE_TEXT_EMPTY);
		return false;
	}
	if (!result->is_keep_due || !is_keep_wanted)
		return true;
	return is_kept(&work, find_text(&work, result->keep_version), result->flags);
}

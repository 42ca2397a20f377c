/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What scripts may ask in a svtest beside the message: answered from its own
 * mailboxes, settings and files. */

#include "cli/svtest.h"

#include "filter/engine_message.h"
#include "filter/engine_questions.h"
#include "sieve/mailto.h"

static bool
has_address(struct svtest *test, struct str path, struct sieve_address *out)
{
	struct host_address address = host_envelope_address(&test->now->host, path);

	*out = engine_address(&address);
	return true;
}

static bool
has_envelope(void *arg, enum sieve_envelope part, struct sieve_address *out)
{
	struct svtest *test = arg;

	if (part == SIEVE_ENVELOPE_FROM)
		return has_address(test, test->sender, out);
	if (part == SIEVE_ENVELOPE_TO)
		return has_address(test, test->recipient, out);
	if (part == SIEVE_ENVELOPE_ORCPT)
		return has_address(test, test->original, out);
	return part == SIEVE_ENVELOPE_AUTH && test->auth.n > 0 && has_address(test, test->auth, out);
}

/* Of vnd.dovecot.environment: settings under a name of their own. */
static bool
is_configured(struct svtest *test, struct str item, struct str *out)
{
	static const struct str prefix = { "vnd.dovecot.config.", sizeof "vnd.dovecot.config." - 1 };
	static const char *const settings[] = { "sieve_environment/%.*s", "sieve_env_%.*s" };
	struct str name = str_from(item, prefix.n);
	size_t i;

	for (i = 0; i < 2 && str_has_prefix_nocase(item, prefix); i++) {
		*out = svtest_config(test, arena_printf(&test->arena, settings[i], STR_ARG(name)).p);
		if (out->n > 0)
			return true;
	}
	return false;
}

static bool
has_environment(void *arg, struct sieve_text item, struct sieve_text *out)
{
	struct svtest *test = arg;
	struct str found;

	if (engine_questions_has_item(test->hostname, STR("testsuite-mail-user@example.org"), item,
		out))
		return out->n > 0;
	if (!is_configured(test, engine_str(item), &found))
		return false;
	*out = engine_text(found);
	return true;
}

static bool
has_mailbox(void *arg, struct sieve_text name)
{
	return svtest_find_mailbox(arg, engine_str(name)) != NULL;
}

static bool
has_special_use(void *arg, struct sieve_text mailbox, struct sieve_text use)
{
	struct svtest *test = arg;
	const struct svtest_mailbox *found;

	if (mailbox.n == 0)
		return svtest_find_use(test, engine_str(use), STR_EMPTY) != NULL;
	found = svtest_find_mailbox(test, engine_str(mailbox));
	return found != NULL && svtest_has_use(test, found, engine_str(use));
}

static bool
has_metadata(void *arg, struct sieve_text mailbox, struct sieve_text annotation,
    struct sieve_text *out)
{
	struct str value;

	if (!svtest_has_metadata(arg, engine_str(mailbox), engine_str(annotation), &value))
		return false;
	*out = engine_text(value);
	return true;
}

static bool
has_list(void *arg, struct sieve_text list)
{
	return svtest_has_list(arg, engine_str(list));
}

static bool
is_on_list(void *arg, struct sieve_text list, struct sieve_text value)
{
	return svtest_is_on_list(arg, engine_str(list), engine_str(value));
}

/* RFC 5436 2.4: mail may be delivered later. */
static bool
has_capability(void *arg, struct sieve_text uri, struct sieve_text capability,
    struct sieve_text *out)
{
	(void)arg;
	if (!sieve_mailto_is(uri) || !sieve_text_is(capability, "online"))
		return false;
	*out = sieve_text_of("maybe");
	return true;
}

static int
execute(void *arg, const struct sieve_execute *execute, struct sieve_text *out)
{
	static const char *const dirs[] = { "sieve_execute_bin_dir", "sieve_filter_bin_dir", NULL };
	struct svtest *test = arg;
	struct str input = engine_str(execute->input);
	struct buf output = BUF_LIMIT(SVTEST_OUTPUT_MAX);
	int status;

	if (execute->is_message && execute->input.n == 0)
		input = test->now->host.message->text;
	status = svtest_run_program(test, dirs, engine_str(execute->program), execute->arguments,
	    execute->argument_count,
	    execute->has_input || execute->is_message ? input : STR_EMPTY, &output);
	*out = engine_text(arena_str(&test->arena, buf_str(&output)));
	if (execute->is_filter)
		*out = engine_text(engine_message_without_cr(engine_str(*out), &test->arena));
	buf_fini(&output);
	return status;
}

static void
log_note(void *arg, unsigned line, struct sieve_text text)
{
	struct svtest *test = arg;

	if (test->report->is_verbose)
		fprintf(stderr, "%s: note of line %u: %.*s\n", test->path, line,
		    SIEVE_TEXT_ARG(text));
}

void
svtest_fill_host(struct svtest *test)
{
	struct sieve_host *host = &test->host;

	engine_message_fill(host, &test->run);
	host->envelope = has_envelope;
	host->environment = has_environment;
	host->has_mailbox = has_mailbox;
	host->has_special_use = has_special_use;
	host->metadata = has_metadata;
	host->has_list = has_list;
	host->is_on_list = is_on_list;
	host->method_capability = has_capability;
	host->execute = execute;
	host->log = log_note;
	host->testsuite = &test->suite;
	host->arg = test;
}

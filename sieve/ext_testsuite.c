/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* vnd.dovecot.testsuite: scripts that test scripts.  Runs, stores and prints
 * nothing: the host does (testsuite.h). */

#include "testsuite.h"

#include "actions.h"
#include "check.h"
#include "compare.h"
#include "message.h"

static struct sieve_testsuite *
suite_of(const struct sieve_interp *in)
{
	return in->host->testsuite;
}

/* ---- blocks ---- */

static void
check_test(struct sieve_checker *checker, const struct sieve_node *node)
{
	if (node->parent != NULL)
		sieve_error_add(checker->errors, node->offset,
		    "`test` may not stand in another block");
}

static bool can_enter_test(struct sieve_interp *in, const struct sieve_call *call);

static bool
is_block(const struct sieve_word *word)
{
	return word->can_enter == can_enter_test;
}

/* How many blocks a failure leaves, that of `test` among them; 0: there is none. */
static unsigned
count_inner(const struct sieve_interp *in)
{
	const struct sieve_frame *frame = in->frame;
	unsigned i;

	for (i = frame->loop_count; i > 0; i--)
		if (is_block(frame->loops[i - 1].call->word))
			return frame->loop_count - i + 1;
	return 0;
}

static void
fail(struct sieve_interp *in, struct sieve_text reason)
{
	struct sieve_testsuite *suite = suite_of(in);
	unsigned n = count_inner(in);

	suite->fail(suite->arg, in->call->line, reason);
	in->part = 0;
	if (suite->depth > 0)
		in->is_stopped = true;
	else if (n > 0)
		sieve_interp_break(in, n);
	else
		sieve_interp_fail(in, "%.*s", SIEVE_TEXT_ARG(reason));
}

static bool
can_enter_test(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);

	if (suite->depth > 0) {
		sieve_interp_fail(in, "`test` may not stand in a script that is tested");
		return false;
	}
	in->part = 0;
	suite->begin(suite->arg, call->line, sieve_interp_argument(in, call, 0));
	return true;
}

static bool
can_repeat_test(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);

	(void)call;
	suite->end(suite->arg);
	return false;
}

static void
run_fail(struct sieve_interp *in, const struct sieve_call *call)
{
	fail(in, sieve_interp_argument(in, call, 0));
}

/* ---- message and envelope ---- */

static const char *const objects[] = {
	[SIEVE_TESTSUITE_MESSAGE] = "message",
	[SIEVE_TESTSUITE_FROM] = "envelope.from",
	[SIEVE_TESTSUITE_TO] = "envelope.to",
	[SIEVE_TESTSUITE_ORIGINAL_TO] = "envelope.orig_to",
	[SIEVE_TESTSUITE_AUTH] = "envelope.auth",
};
#define OBJECTS (sizeof objects / sizeof objects[0])

static unsigned
find_object(struct sieve_text name)
{
	unsigned i = 0;

	while (i < OBJECTS && !sieve_text_is(name, objects[i]))
		i++;
	return i;
}

static void
check_set(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = node->bound.positional[0]->strings;

	if (name->has_references)
		sieve_error_add(checker->errors, name->offset,
		    "what is set must be a constant string");
}

static const struct sieve_text as_set = { NULL, 0 };

static void
run_set(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);
	struct sieve_text name = call->arguments[0].at[0].text;
	unsigned object = find_object(name);

	/* Other runners may know more: the other blocks are not lost. */
	if (object == OBJECTS) {
		fail(in, sieve_arena_printf(&in->scratch, "test_set: \"%.*s\" is not known",
		    SIEVE_TEXT_ARG(name)));
		return;
	}
	suite->set(suite->arg, (enum sieve_testsuite_object)object,
	    sieve_interp_argument(in, call, 1));
	if (object != SIEVE_TESTSUITE_MESSAGE)
		return;
	sieve_message_replace(in, as_set);
	in->result->flags = SIEVE_TEXT_EMPTY;
}

enum { SOURCE, APPEND, INDEX, MAILBOX, EXTENSION };
enum source { FROM_FOLDER, FROM_SINK };

static bool
is_loaded(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);
	bool is_sent = call->codes[SIEVE_OWN(SOURCE)] == FROM_SINK;
	struct sieve_text flags;

	if (!suite->load(suite->arg, is_sent, sieve_interp_tagged(in, call, SIEVE_OWN(SOURCE)),
		call->numbers[0], &flags))
		return false;
	sieve_message_replace(in, as_set);
	in->result->flags = flags;
	return true;
}

static void
run_load(struct sieve_interp *in, const struct sieve_call *call)
{
	if (!is_loaded(in, call))
		fail(in, sieve_text_of("test_message: there is no such message"));
}

/* ---- scripts ---- */

static void
reset(struct sieve_interp *in, bool is_sink_kept)
{
	struct sieve_testsuite *suite = suite_of(in);

	sieve_actions_reset(in);
	sieve_message_forget(in);
	suite->done = 0;
	in->result->flags = suite->reset(suite->arg, is_sink_kept);
}

static bool
is_compiled(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);

	return suite->compile(suite->arg, sieve_interp_argument(in, call, 0));
}

/* The run goes on: what was wrong is the script's that was tested. */
static bool
is_forgiven(struct sieve_interp *in)
{
	struct sieve_testsuite *suite = suite_of(in);

	if (in->is_over)
		suite->log(suite->arg, in->result->error);
	in->result->error = SIEVE_TEXT_EMPTY;
	in->is_over = false;
	return false;
}

static bool
is_used(const struct sieve_result *result, unsigned version)
{
	size_t i;

	for (i = 0; i < result->action_count; i++)
		if (result->actions[i].version == version)
			return true;
	return false;
}

static bool
is_taken(struct sieve_interp *in, const struct sieve_testsuite_outcome *outcome)
{
	const struct sieve_result *result = outcome->result;
	unsigned versions[SIEVE_VERSIONS_MAX] = { 0 };
	unsigned i;

	for (i = 0; i < result->version_count; i++)
		if (outcome->texts[i].p != NULL && is_used(result, i))
			versions[i] = sieve_message_add_text(in, outcome->texts[i]);
	if (in->is_over || !sieve_actions_import(in, result, versions))
		return is_forgiven(in);
	sieve_message_replace(in, outcome->texts[result->keep_version]);
	return true;
}

static bool
is_run(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);
	struct sieve_testsuite_outcome outcome;
	struct sieve_text message = as_set;
	size_t done;
	bool is_fine;

	if (!sieve_call_has(call, SIEVE_OWN(APPEND)))
		reset(in, true);
	else if (sieve_message_version(in) != 0)
		message = sieve_message_text(in);
	done = suite->done;
	is_fine = suite->run(suite->arg, message, in->result->flags, &outcome);
	suite->done = done;
	return is_fine && is_taken(in, &outcome);
}

static bool
is_multiscript(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);
	struct sieve_list list = sieve_interp_list(in, call->arguments[0]);
	struct sieve_text *paths = sieve_arena_get(&in->scratch, list.n * sizeof *paths);
	unsigned i;

	if (paths == NULL) {
		sieve_interp_fail_memory(in);
		return false;
	}
	for (i = 0; i < list.n; i++)
		paths[i] = list.at[i].text;
	return suite->multiscript(suite->arg, paths, list.n);
}

/* ---- the result ---- */

static bool
is_executed(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);
	bool is_fine;

	(void)call;
	in->result->keep_version = sieve_message_version(in);
	if (in->is_over)
		return false;
	is_fine = suite->execute(suite->arg, in->result, suite->done);
	suite->done = in->result->action_count;
	return is_fine;
}

static void
run_reset(struct sieve_interp *in, const struct sieve_call *call)
{
	(void)call;
	reset(in, false);
}

static const char *const names[] = {
	[SIEVE_KEEP] = "keep",
	[SIEVE_FILEINTO] = "store",
	[SIEVE_REDIRECT] = "redirect",
	[SIEVE_DISCARD] = "discard",
	[SIEVE_REJECT] = "reject",
	[SIEVE_EREJECT] = "reject",
	[SIEVE_VACATION] = "vacation",
	[SIEVE_NOTIFY] = "notify",
	[SIEVE_PIPE] = "pipe",
};

static void
run_print(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);
	size_t i;

	(void)call;
	for (i = 0; i < in->result->action_count; i++)
		suite->print(suite->arg, sieve_arena_printf(&in->scratch, "%s \"%.*s\"",
		    names[in->actions[i].kind], SIEVE_TEXT_ARG(in->actions[i].target)));
	if (in->result->is_keep_due)
		suite->print(suite->arg, sieve_text_of("implicit keep"));
}

static void
run_print_message(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);

	(void)call;
	suite->print(suite->arg, sieve_message_text(in));
}

/* ---- lists to be matched ---- */

static void
begin_match(struct sieve_compare *compare, struct sieve_interp *in, const struct sieve_call *call)
{
	sieve_compare_begin(compare, in, call, call->arguments[0]);
	if (!sieve_call_has(call, SIEVE_GROUP_COMPARATOR))
		compare->comparator = SIEVE_COMPARE_OCTET;
}

/* False for what :index does not ask for; from 1. */
static bool
is_asked(const struct sieve_call *call, size_t i)
{
	const struct sieve_tagged *index = sieve_call_value(call, SIEVE_OWN(INDEX));

	return index == NULL || index->number == i + 1;
}

static bool
is_action(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_compare compare;
	size_t i;

	begin_match(&compare, in, call);
	for (i = 0; i < in->result->action_count; i++)
		if (is_asked(call, i) && sieve_compare_is_done(&compare,
			sieve_text_of(names[in->actions[i].kind])))
			return compare.is_true;
	return sieve_compare_end(&compare);
}

static bool
is_error(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);
	struct sieve_compare compare;
	struct sieve_text error;
	size_t i;

	begin_match(&compare, in, call);
	for (i = 0; suite->error(suite->arg, i, &error); i++)
		if (is_asked(call, i) && sieve_compare_is_done(&compare, error))
			return compare.is_true;
	return sieve_compare_end(&compare);
}

/* ---- what is around ---- */

static void
run_config_set(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);

	suite->config(suite->arg, sieve_interp_argument(in, call, 0),
	    sieve_interp_argument(in, call, 1), true);
}

static void
run_config_unset(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);

	suite->config(suite->arg, sieve_interp_argument(in, call, 0), SIEVE_TEXT_EMPTY, false);
}

static void
run_config_reload(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);

	in->settings =
	    suite->reload(suite->arg, sieve_interp_tagged(in, call, SIEVE_OWN(EXTENSION)));
}

static void
run_make_mailbox(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);

	if (!suite->make_mailbox(suite->arg, sieve_interp_argument(in, call, 0)))
		fail(in, sieve_text_of("test_mailbox_create: it cannot be made"));
}

static void
run_delete_mailbox(struct sieve_interp *in, const struct sieve_call *call)
{
	(void)call;
	fail(in, sieve_text_of("test_mailbox_delete: nothing has ever defined it"));
}

static void
run_set_metadata(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_testsuite *suite = suite_of(in);

	if (!suite->set_metadata(suite->arg, sieve_interp_tagged(in, call, SIEVE_OWN(MAILBOX)),
		sieve_interp_argument(in, call, 0), sieve_interp_argument(in, call, 1)))
		fail(in, sieve_text_of("test_imap_metadata_set: there is no such mailbox"));
}

/* A compiled script has no other form here that could be kept in a file. */
static void
run_nothing(struct sieve_interp *in, const struct sieve_call *call)
{
	(void)in;
	(void)call;
}

static struct sieve_text
find_variable(struct sieve_interp *in, struct sieve_text name)
{
	const struct sieve_testsuite *suite = suite_of(in);

	return suite != NULL && sieve_text_is(name, "path") ? suite->path : SIEVE_TEXT_EMPTY;
}

unsigned
sieve_testsuite_count(const struct sieve_program *program)
{
	const struct sieve_unit *unit = program->units;
	unsigned i, n = 0;

	for (i = 0; i < unit->call_count; i++)
		n += is_block(unit->calls[i].word);
	return n;
}

static const struct sieve_tag source_tags[] = {
	{ "smtp", SIEVE_OWN(SOURCE), SIEVE_VALUE_NONE, FROM_SINK },
	{ "folder", SIEVE_OWN(SOURCE), SIEVE_VALUE_STRING, FROM_FOLDER },
	{ .name = NULL },
};

static const struct sieve_tag append_tags[] = {
	{ "append_result", SIEVE_OWN(APPEND), SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

static const struct sieve_tag index_tags[] = {
	{ "index", SIEVE_OWN(INDEX), SIEVE_VALUE_NUMBER, 1 },
	{ .name = NULL },
};

static const struct sieve_tag mailbox_tags[] = {
	{ "mailbox", SIEVE_OWN(MAILBOX), SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

static const struct sieve_tag extension_tags[] = {
	{ "extension", SIEVE_OWN(EXTENSION), SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

#define ONE_STRING(word, runner, noun) \
	{ .name = word, .kind = SIEVE_COMMAND, .positional = { SIEVE_VALUE_STRING }, \
	    .names = { noun }, .run = runner }
#define NO_ARGUMENT(word, runner) { .name = word, .kind = SIEVE_COMMAND, .run = runner }

static const struct sieve_word words[] = {
	{ .name = "test", .kind = SIEVE_COMMAND, .positional = { SIEVE_VALUE_STRING },
	    .names = { "a name" }, .has_block = true, .check = check_test,
	    .can_enter = can_enter_test, .can_repeat = can_repeat_test },
	ONE_STRING("test_fail", run_fail, "a reason"),
	{ .name = "test_set", .kind = SIEVE_COMMAND,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRING },
	    .names = { "what is set", "a value" }, .check = check_set, .run = run_set },
	{ .name = "test_message", .kind = SIEVE_COMMAND, .tags = source_tags,
	    .needed = SIEVE_OWN_BIT(SOURCE), .positional = { SIEVE_VALUE_NUMBER },
	    .names = { "the number of a message" }, .run = run_load },
	{ .name = "test_message", .kind = SIEVE_TEST, .tags = source_tags,
	    .needed = SIEVE_OWN_BIT(SOURCE), .positional = { SIEVE_VALUE_NUMBER },
	    .names = { "the number of a message" }, .is_true = is_loaded },
	{ .name = "test_script_compile", .kind = SIEVE_TEST,
	    .positional = { SIEVE_VALUE_STRING }, .names = { "a file" }, .is_true = is_compiled },
	{ .name = "test_script_run", .kind = SIEVE_TEST, .tags = append_tags, .is_true = is_run },
	{ .name = "test_multiscript", .kind = SIEVE_TEST, .positional = { SIEVE_VALUE_STRINGS },
	    .names = { "files" }, .is_true = is_multiscript },
	{ .name = "test_result_execute", .kind = SIEVE_TEST, .is_true = is_executed },
	{ .name = "test_result_action", .kind = SIEVE_TEST, .tags = index_tags,
	    .groups = SIEVE_GROUPS_MATCH, .positional = { SIEVE_VALUE_STRINGS },
	    .names = { "keys" }, .is_true = is_action },
	{ .name = "test_error", .kind = SIEVE_TEST, .tags = index_tags,
	    .groups = SIEVE_GROUPS_MATCH, .positional = { SIEVE_VALUE_STRINGS },
	    .names = { "keys" }, .is_true = is_error },
	NO_ARGUMENT("test_result_reset", run_reset),
	NO_ARGUMENT("test_result_print", run_print),
	NO_ARGUMENT("test_message_print", run_print_message),
	ONE_STRING("test_mailbox_create", run_make_mailbox, "a mailbox"),
	ONE_STRING("test_mailbox_delete", run_delete_mailbox, "a mailbox"),
	{ .name = "test_imap_metadata_set", .kind = SIEVE_COMMAND, .tags = mailbox_tags,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRING },
	    .names = { "an annotation", "a value" }, .run = run_set_metadata },
	{ .name = "test_config_set", .kind = SIEVE_COMMAND,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRING },
	    .names = { "a setting", "a value" }, .run = run_config_set },
	ONE_STRING("test_config_unset", run_config_unset, "a setting"),
	{ .name = "test_config_reload", .kind = SIEVE_COMMAND, .tags = extension_tags,
	    .run = run_config_reload },
	ONE_STRING("test_binary_save", run_nothing, "a name"),
	ONE_STRING("test_binary_load", run_nothing, "a name"),
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_testsuite = {
	.name = "vnd.dovecot.testsuite",
	.rfc = "a language for testing scripts",
	.words = words,
	.space = "tst",
	.variable = find_variable,
};

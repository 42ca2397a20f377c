/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* pipe, filter and execute: programs that the site has put where the host
 * finds them by name (Pigeonhole's vnd.dovecot.*).  Starts none. */

#include "actions.h"
#include "message.h"
#include "variables.h"

enum { TRY };
enum { INPUT, OUTPUT };
enum input { INPUT_TEXT = 1, INPUT_MESSAGE };

/* ---- names and arguments ---- */

static bool
has_control(struct sieve_text text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return true;
	return false;
}

/* A name in the site's directory, nothing that leads elsewhere. */
static const char *
find_program_fault(struct sieve_text name)
{
	size_t i;

	if (name.n == 0)
		return "a program must have a name";
	if (name.n > SIEVE_PROGRAM_NAME_MAX)
		return "the name of a program may have 128 bytes";
	for (i = 0; i < name.n; i++)
		if (name.p[i] == '/')
			return "the name of a program may not hold `/`";
	if (name.p[0] == '.' || has_control(name))
		return "the name of a program may not begin with `.` or hold control characters";
	return NULL;
}

static const char *
find_argument_fault(struct sieve_text argument)
{
	if (argument.n > SIEVE_PROGRAM_ARGUMENT_MAX)
		return "an argument of a program may have 1024 bytes";
	if (has_control(argument))
		return "an argument of a program may not hold control characters";
	return NULL;
}

static void
check_string(struct sieve_checker *checker, const struct sieve_string *string,
    const char *(*find_fault)(struct sieve_text))
{
	const char *fault = find_fault(string->text);

	if (fault != NULL && !string->has_references)
		sieve_error_add(checker->errors, string->offset, "%s", fault);
}

static void
check_program(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *arguments = node->bound.positional[1];
	const struct sieve_string *string = arguments == NULL ? NULL : arguments->strings;

	check_string(checker, node->bound.positional[0]->strings, find_program_fault);
	if (arguments != NULL && arguments->string_count > SIEVE_PROGRAM_ARGUMENTS_MAX)
		sieve_error_add(checker->errors, arguments->offset,
		    "a program may have %d arguments", SIEVE_PROGRAM_ARGUMENTS_MAX);
	for (; string != NULL; string = string->next)
		check_string(checker, string, find_argument_fault);
}

static void
check_execute(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *output = node->bound.values[SIEVE_OWN(OUTPUT)];

	check_program(checker, node);
	if (output == NULL)
		return;
	if (!sieve_check_has(checker, &sieve_ext_variables))
		sieve_error_add(checker->errors, output->offset,
		    "`:output` needs require \"variables\" at the top of the script");
	else
		sieve_variables_check_name(checker, output->strings);
}

/* False: the run has failed. */
static bool
has_read(struct sieve_interp *in, const struct sieve_call *call, struct sieve_execute *out)
{
	const char *fault;
	size_t i;

	out->program = sieve_interp_keep(in, sieve_interp_argument(in, call, 0));
	out->arguments = sieve_interp_keep_list(in, call->arguments[1], &out->argument_count);
	fault = find_program_fault(out->program);
	for (i = 0; fault == NULL && i < out->argument_count; i++)
		fault = find_argument_fault(out->arguments[i]);
	if (fault != NULL)
		sieve_interp_fail(in, "`%s`: %s", call->word->name, fault);
	return !in->is_over;
}

/* ---- pipe ---- */

static void
run_pipe(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_pipe *pipe = sieve_arena_get(in->arena, sizeof *pipe);
	struct sieve_action action = { .kind = SIEVE_PIPE, .pipe = pipe };
	struct sieve_execute program;

	if (pipe == NULL) {
		sieve_interp_fail_memory(in);
		return;
	}
	if (!has_read(in, call, &program))
		return;
	action.target = program.program;
	pipe->arguments = program.arguments;
	pipe->argument_count = program.argument_count;
	pipe->is_try = sieve_call_has(call, SIEVE_OWN(TRY));
	sieve_actions_put(in, call, &action);
}

/* ---- filter and execute ---- */

/* Whether it was run and has not failed; that it has is no error. */
static bool
is_executed(struct sieve_interp *in, const struct sieve_execute *execute, struct sieve_text *out)
{
	const struct sieve_host *host = in->host;
	int status = SIEVE_EXECUTE_NOT_RUN;

	*out = SIEVE_TEXT_EMPTY;
	if (!sieve_interp_can_spend(in, SIEVE_QUESTION_STEPS + execute->input.n / 64))
		return false;
	if (host->execute != NULL)
		status = host->execute(host->arg, execute, out);
	SIEVE_TRACE(in, "program %.*s: %d", SIEVE_TEXT_ARG(execute->program), status);
	if (status == SIEVE_EXECUTE_LATER)
		sieve_interp_fail(in, "program \"%.*s\" has not ended yet",
		    SIEVE_TEXT_ARG(execute->program));
	else if (status != 0 && host->log != NULL)
		host->log(host->arg, in->call->line, status == SIEVE_EXECUTE_NOT_RUN
			? sieve_text_of("the program could not be run")
			: sieve_text_of("the program has failed"));
	return sieve_interp_can_spend(in, out->n / 64) && status == 0;
}

/* A message that is empty is none. */
static bool
is_filtered(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_execute execute = { .is_message = true, .is_filter = true };
	struct sieve_text output;

	if (!has_read(in, call, &execute))
		return false;
	execute.input = sieve_message_text(in);
	if (!is_executed(in, &execute, &output) || output.n == 0)
		return false;
	sieve_message_adopt(in, output);
	return !in->is_over;
}

static void
run_filter(struct sieve_interp *in, const struct sieve_call *call)
{
	(void)is_filtered(in, call);
}

static bool
has_succeeded(struct sieve_interp *in, const struct sieve_call *call)
{
	const struct sieve_tagged *output = sieve_call_value(call, SIEVE_OWN(OUTPUT));
	struct sieve_execute execute = { .has_input = false };
	struct sieve_text text;

	if (!has_read(in, call, &execute))
		return false;
	execute.has_input = call->codes[SIEVE_OWN(INPUT)] == INPUT_TEXT;
	execute.is_message = call->codes[SIEVE_OWN(INPUT)] == INPUT_MESSAGE;
	if (execute.has_input)
		execute.input = sieve_interp_tagged(in, call, SIEVE_OWN(INPUT));
	if (execute.is_message)
		execute.input = sieve_message_text(in);
	if (!is_executed(in, &execute, &text))
		return false;
	if (output != NULL)
		sieve_interp_set(in, sieve_interp_slot(in, &output->list.at[0]), text);
	return !in->is_over;
}

static void
run_execute(struct sieve_interp *in, const struct sieve_call *call)
{
	(void)has_succeeded(in, call);
}

/* ---- the words ---- */

static const struct sieve_tag pipe_tags[] = {
	{ "try", SIEVE_OWN(TRY), SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

static const struct sieve_tag execute_tags[] = {
	{ "input", SIEVE_OWN(INPUT), SIEVE_VALUE_STRING, INPUT_TEXT },
	{ "pipe", SIEVE_OWN(INPUT), SIEVE_VALUE_NONE, INPUT_MESSAGE },
	{ "output", SIEVE_OWN(OUTPUT), SIEVE_VALUE_VARIABLE, 1 },
	{ .name = NULL },
};

#define PROGRAM \
	.positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS }, \
	.names = { "a program", "its arguments" }, .trailing = 1

static const struct sieve_word pipe_words[] = {
	{ .name = "pipe", .kind = SIEVE_COMMAND, .tags = pipe_tags,
	    .groups = SIEVE_GROUP_BIT(COPY), PROGRAM, .check = check_program, .run = run_pipe },
	{ .name = NULL },
};

static const struct sieve_word filter_words[] = {
	{ .name = "filter", .kind = SIEVE_COMMAND, PROGRAM, .check = check_program,
	    .run = run_filter },
	{ .name = "filter", .kind = SIEVE_TEST, PROGRAM, .check = check_program,
	    .is_true = is_filtered },
	{ .name = NULL },
};

static const struct sieve_word execute_words[] = {
	{ .name = "execute", .kind = SIEVE_COMMAND, .tags = execute_tags, PROGRAM,
	    .check = check_execute, .run = run_execute },
	{ .name = "execute", .kind = SIEVE_TEST, .tags = execute_tags, PROGRAM,
	    .check = check_execute, .is_true = has_succeeded },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_pipe = {
	.name = "vnd.dovecot.pipe",
	.rfc = "Pigeonhole",
	.words = pipe_words,
};

const struct sieve_extension sieve_ext_filter = {
	.name = "vnd.dovecot.filter",
	.rfc = "Pigeonhole",
	.words = filter_words,
};

const struct sieve_extension sieve_ext_execute = {
	.name = "vnd.dovecot.execute",
	.rfc = "Pigeonhole",
	.words = execute_words,
};

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* One svtest file from its first line to its last: what its commands ask for
 * is passed on to the other svtest_*.c. */

#include "cli/svtest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "filter/engine_message.h"
#include "filter/memory.h"

#define STEPS_MAX (UINT64_C(1) << 40) /* of the file itself: it may have any length */
#define MEMORY_MAX ((size_t)2 << 30)

/* ---- blocks ---- */

static void
begin(void *arg, unsigned line, struct sieve_text name)
{
	struct svtest *test = arg;

	test->is_in_block = true;
	test->has_failed = test->has_inner_failure = false;
	test->line = line;
	test->name = arena_str(&test->arena, engine_str(name));
	test->reason = STR_EMPTY;
}

static void
end(void *arg)
{
	struct svtest *test = arg;

	test->is_in_block = false;
	test->ended++;
	svtest_report_block(test);
}

static void
fail_block(void *arg, unsigned line, struct sieve_text reason)
{
	struct svtest *test = arg;

	if (test->suite.depth > 0) {
		test->has_inner_failure = true;
		svtest_log(test, arena_printf(&test->arena, "line %u: %.*s", line,
		    SIEVE_TEXT_ARG(reason)));
		return;
	}
	test->has_failed = true;
	test->reason =
	    arena_printf(&test->arena, "line %u: %.*s", line, SIEVE_TEXT_ARG(reason));
	if (test->is_in_block)
		end(test);
}

/* ---- message ---- */

static void
set(void *arg, enum sieve_testsuite_object object, struct sieve_text value)
{
	if (object != SIEVE_TESTSUITE_MESSAGE) {
		svtest_set_envelope(arg, object, engine_str(value));
		return;
	}
	svtest_set_message(arg, engine_str(value), STR_EMPTY);
	svtest_derive_envelope(arg);
}

static bool
load(void *arg, bool is_sent, struct sieve_text mailbox, uint64_t number,
    struct sieve_text *flags_out)
{
	struct svtest *test = arg;

	if (!svtest_is_loaded(test, is_sent, engine_str(mailbox), number))
		return false;
	*flags_out = engine_text(test->base->flags);
	return true;
}

static struct sieve_text
reset(void *arg, bool is_sink_kept)
{
	struct svtest *test = arg;

	if (!is_sink_kept)
		test->sent = NULL;
	svtest_use_base(test);
	return engine_text(test->base->flags);
}

/* ---- scripts ---- */

static bool
compile(void *arg, struct sieve_text path)
{
	return svtest_is_compiled(arg, engine_str(path));
}

static bool
run_script(void *arg, struct sieve_text message, struct sieve_text flags,
    struct sieve_testsuite_outcome *out)
{
	return svtest_has_run(arg, engine_str(message), engine_str(flags), out);
}

static bool
run_all(void *arg, const struct sieve_text *paths, size_t n)
{
	return svtest_has_run_all(arg, paths, n);
}

static bool
execute(void *arg, const struct sieve_result *result, size_t done)
{
	struct sieve_text texts[SIEVE_VERSIONS_MAX];
	const struct sieve_version *version;
	struct svtest *test = arg;
	struct str text;
	unsigned i;

	test->error_count = 0;
	for (i = 0; i < result->version_count; i++) {
		version = &result->versions[i];
		texts[i] = (struct sieve_text){ NULL, 0 };
		if (version->is_original && version->edit_count == 0)
			continue;
		if (!engine_message_is_rendered(&test->base->host, version, &text)) {
			svtest_log(test, STR("the changed message is too large"));
			return false;
		}
		texts[i] = engine_text(text);
	}
	return svtest_is_performed(test, result, texts, done, true);
}

/* ---- the log, and what is around ---- */

static bool
find_error(void *arg, size_t i, struct sieve_text *out)
{
	const struct svtest *test = arg;

	if (i >= test->error_count)
		return false;
	*out = engine_text(test->errors[i]);
	return true;
}

static void
add_error(void *arg, struct sieve_text error)
{
	svtest_log(arg, engine_str(error));
}

static void
configure(void *arg, struct sieve_text name, struct sieve_text value, bool is_set)
{
	svtest_set_config(arg, engine_str(name), engine_str(value), is_set);
}

static const struct sieve_settings *
reload(void *arg, struct sieve_text extension)
{
	struct svtest *test = arg;

	(void)extension;
	svtest_reload_config(test);
	return test->settings;
}

static bool
make_mailbox(void *arg, struct sieve_text name)
{
	return svtest_make_mailbox(arg, engine_str(name)) != NULL;
}

static bool
set_metadata(void *arg, struct sieve_text mailbox, struct sieve_text annotation,
    struct sieve_text value)
{
	return svtest_set_metadata(arg, engine_str(mailbox), engine_str(annotation),
	    engine_str(value));
}

static void
print(void *arg, struct sieve_text line)
{
	(void)arg;
	fprintf(stderr, "%.*s\n", SIEVE_TEXT_ARG(line));
}

static const struct sieve_testsuite suite = {
	.begin = begin,
	.end = end,
	.fail = fail_block,
	.set = set,
	.load = load,
	.reset = reset,
	.compile = compile,
	.run = run_script,
	.multiscript = run_all,
	.execute = execute,
	.error = find_error,
	.log = add_error,
	.config = configure,
	.reload = reload,
	.make_mailbox = make_mailbox,
	.set_metadata = set_metadata,
	.print = print,
};

/* ---- the file ---- */

static void
begin_world(struct svtest *test)
{
	static const char message[] = "From: sender@example.com\n"
				      "To: recipient@example.org\n"
				      "Subject: Frop!\n"
				      "\n"
				      "Friep!\n";
	const char *slash = strrchr(test->path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - test->path);
	char *directory;

	arena_init(&test->arena);
	directory = realpath(n == 0 && slash == NULL ? "."
		: n == 0			     ? "/"
						     : arena_cstr(&test->arena,
							 (struct str){ test->path, n }), NULL);
	test->directory = arena_str(&test->arena, directory == NULL ? STR(".") : str_of(directory));
	free(directory);
	test->charsets = charset_set_new();
	test->suite = suite;
	test->suite.arg = test;
	test->suite.path = engine_text(test->directory);
	test->delimiters = "+";
	if (gethostname(test->hostname, sizeof test->hostname - 1) == -1)
		test->hostname[0] = '\0';
	svtest_set_message(test, (struct str){ message, sizeof message - 1 }, STR_EMPTY);
	svtest_fill_host(test);
	svtest_set_message(test, (struct str){ message, sizeof message - 1 }, STR_EMPTY);
	svtest_derive_envelope(test);
	svtest_reload_config(test);
}

static void
end_world(struct svtest *test)
{
	svtest_free_scripts(test);
	svtest_free_messages(test);
	svtest_free_config(test);
	charset_set_free(&test->charsets);
	buf_fini(&test->scratch);
	arena_fini(&test->arena);
}

/* What was not reached has not passed. */
static void
end_run(struct svtest *test, const struct sieve_program *program,
    const struct sieve_result *result)
{
	unsigned count = sieve_testsuite_count(program), left;

	if (result->error.n > 0 && test->is_in_block) {
		test->has_failed = true;
		test->reason = arena_printf(&test->arena, "line %u: error: %.*s", result->error_line,
		    SIEVE_TEXT_ARG(result->error));
		end(test);
	} else if (result->error.n > 0) {
		svtest_report_failure(test, result->error_line, engine_str(result->error), 1);
	}
	left = count > test->ended ? count - test->ended : 0;
	if (left > 0)
		svtest_report_failure(test, 0,
		    arena_printf(&test->arena, "%u blocks were not reached", left), left);
}

static void
run_program(struct svtest *test, const struct sieve_program *program)
{
	struct sieve_result result;

	test->own_limits = (struct sieve_limits){ STEPS_MAX, MEMORY_MAX, SVTEST_ACTIONS_MAX,
		SVTEST_ACTIONS_MAX };
	sieve_run(program, &test->host, &test->own_limits, SIEVE_TEXT_EMPTY, &memory_sieve,
	    &result);
	end_run(test, program, &result);
	sieve_result_fini(&result);
}

void
svtest_run_file(struct svtest_report *report, const char *path)
{
	struct svtest *test = xcalloc(1, sizeof *test);
	const struct sieve_program *program;
	struct buf errors = BUF_EMPTY;
	const char *slash = strrchr(path, '/');

	test->report = report;
	test->path = path;
	begin_world(test);
	program = svtest_compile(test, str_of(slash == NULL ? path : slash + 1), &errors);
	if (program == NULL)
		svtest_report_failure(test, 0,
		    arena_printf(&test->arena, "it does not compile\n%.*s", STR_ARG(buf_str(&errors))),
		    1);
	else
		run_program(test, program);
	buf_fini(&errors);
	end_world(test);
	free(test);
}

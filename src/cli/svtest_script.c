/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The scripts that a svtest compiles and runs, and the log of their errors.
 * Performs nothing of what they ask for. */

#include "cli/svtest.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "filter/engine_message.h"
#include "filter/memory.h"
#include "sieve/mailto.h"

#define METHOD_MEMORY_MAX ((size_t)1 << 20) /* of one URI, taken apart */

const char *
svtest_path(struct svtest *test, struct str name)
{
	if (name.n > 0 && name.p[0] == '/')
		return arena_cstr(&test->arena, name);
	return arena_printf(&test->arena, "%.*s/%.*s", STR_ARG(test->directory), STR_ARG(name)).p;
}

int
svtest_read(struct svtest *test, const char *path, struct str *out)
{
	struct buf text = BUF_LIMIT(SVTEST_FILE_MAX);
	struct fail why = FAIL_EMPTY;
	int fd = -1, rc = -1;

	if (file_open(&fd, AT_FDCWD, path, O_RDONLY, 0, &why) == 0)
		rc = file_read_all(fd, &text, path, &why);
	file_close(&fd);
	*out = rc == 0 ? arena_str(&test->arena, buf_str(&text)) : STR_EMPTY;
	buf_fini(&text);
	return rc;
}

/* ---- the log ---- */

void
svtest_log(struct svtest *test, struct str error)
{
	if (test->report->is_verbose)
		fprintf(stderr, "%s:%u: logged: %.*s\n", test->path, test->line, STR_ARG(error));
	if (test->error_count < SVTEST_ERRORS_MAX)
		test->errors[test->error_count++] = arena_str(&test->arena, error);
}

/* Without its place, `3:4: ` or `name:3:4: `. */
static struct str
skip_place(struct str line)
{
	ptrdiff_t at = str_find(line, STR(": "));

	return at == -1 ? line : str_from(line, (size_t)at + 2);
}

/* Lines that begin with a blank show the script. */
static void
log_errors(struct svtest *test, struct str errors)
{
	struct str line;

	while (str_can_split(&errors, '\n', &line))
		if (line.n > 0 && line.p[0] != ' ')
			svtest_log(test, skip_place(line));
	/* As other runners of these tests count. */
	svtest_log(test, STR("validation failed."));
}

/* ---- compiling ---- */

static enum sieve_found
include(void *arg, enum sieve_location location, struct sieve_text name, struct sieve_text *out)
{
	return svtest_find_script(arg, location, engine_str(name), out);
}

/* RFC 5436 */
static bool
is_method(void *arg, struct sieve_text uri)
{
	struct sieve_mailto mailto;
	struct sieve_arena arena;
	bool is_fine;

	(void)arg;
	sieve_arena_init(&arena, &memory_sieve, METHOD_MEMORY_MAX);
	is_fine = sieve_mailto_is(uri) && sieve_mailto_parse(&arena, uri, &mailto) == NULL;
	sieve_arena_fini(&arena);
	return is_fine;
}

struct sieve_program *
svtest_compile(struct svtest *test, struct str path, struct buf *errors)
{
	const struct sieve_profile profile = { .engine = "doorstep", .settings = test->settings,
		.forbidden = test->taken->engine.forbidden,
		.has_testsuite = true, .include = include, .is_method = is_method, .arg = test };
	struct svtest_program *kept;
	struct sieve_program *program;
	struct str text;

	if (svtest_read(test, svtest_path(test, path), &text) == -1) {
		buf_addf(errors, "%.*s: this file cannot be read\n", STR_ARG(path));
		return NULL;
	}
	program =
	    sieve_compile(engine_text(text), &profile, &memory_sieve, memory_add_text, errors);
	if (program == NULL)
		return NULL;
	kept = arena_zalloc(&test->arena, sizeof *kept);
	kept->program = program;
	kept->next = test->programs;
	test->programs = kept;
	return program;
}

bool
svtest_is_compiled(struct svtest *test, struct str path)
{
	struct buf errors = BUF_EMPTY;
	struct sieve_program *program = svtest_compile(test, path, &errors);

	test->error_count = 0;
	if (program == NULL)
		log_errors(test, buf_str(&errors));
	else
		test->program = program;
	buf_fini(&errors);
	return program != NULL;
}

/* ---- running ---- */

static struct sieve_result *
add_result(struct svtest *test)
{
	struct svtest_result *kept = arena_zalloc(&test->arena, sizeof *kept);

	kept->next = test->results;
	test->results = kept;
	return &kept->result;
}

static void
log_error(struct svtest *test, const struct sieve_result *result)
{
	struct buf text = BUF_EMPTY;

	if (result->error_script.n > 0)
		buf_addf(&text, "%.*s: ", SIEVE_TEXT_ARG(result->error_script));
	buf_add_str(&text, engine_str(result->error));
	svtest_log(test, buf_str(&text));
	buf_fini(&text);
}

/* Copies: what the host has made of them ends with this run. */
static bool
has_texts(struct svtest *test, const struct sieve_result *result, bool is_as_set,
    struct sieve_text *texts)
{
	const struct sieve_version *version;
	struct str text;
	unsigned i;

	for (i = 0; i < result->version_count; i++) {
		version = &result->versions[i];
		texts[i] = (struct sieve_text){ NULL, 0 };
		if (version->is_original && version->edit_count == 0 && is_as_set)
			continue;
		if (!engine_message_is_rendered(&test->now->host, version, &text))
			return false;
		texts[i] = engine_text(arena_str(&test->arena, text));
	}
	return true;
}

/* The message after the run; the texts outlive what the host made of it. */
static bool
has_outcome(struct svtest *test, const struct sieve_result *result,
    struct sieve_testsuite_outcome *out)
{
	struct sieve_text text;

	out->result = result;
	if (!has_texts(test, result, test->now == test->base, out->texts)) {
		svtest_log(test, STR("the changed message is too large"));
		return false;
	}
	text = out->texts[result->keep_version];
	if (text.p == NULL)
		svtest_use_base(test);
	else
		svtest_use_text(test, engine_str(text));
	return true;
}

static bool
has_run(struct svtest *test, const struct sieve_program *program, struct str flags,
    struct sieve_testsuite_outcome *out)
{
	struct sieve_result *result = add_result(test);

	test->has_inner_failure = false;
	test->suite.depth++;
	sieve_run(program, &test->host, &test->limits, engine_text(flags), &memory_sieve, result);
	test->suite.depth--;
	if (result->error.n > 0)
		log_error(test, result);
	if (test->has_inner_failure || result->error.n > 0)
		return false;
	return has_outcome(test, result, out);
}

bool
svtest_has_run(struct svtest *test, struct str message, struct str flags,
    struct sieve_testsuite_outcome *out)
{
	struct svtest_message *before = test->now;

	test->error_count = 0;
	if (test->program == NULL) {
		svtest_log(test, STR("no script was compiled"));
		return false;
	}
	if (message.p == NULL)
		svtest_use_base(test);
	else
		svtest_use_text(test, message);
	if (has_run(test, test->program, flags, out))
		return true;
	/* Then the message is what it was before. */
	if (message.p == NULL)
		svtest_use_base(test);
	else
		svtest_use(test, before);
	return false;
}

/* ---- one script after another ---- */

/* What one script hands to the next. */
struct sequence {
	struct str flags;
	struct sieve_text text; /* the message as it is to be kept */
	bool is_keep_due;
	bool has_kept; /* a `keep`: with its own flags, unless a later script cancels it */
	struct sieve_text kept_text, kept_flags;
};

/* A `keep` is as good as the implicit one: the next script may cancel it. */
static void
take_keep(struct sequence *sequence, const struct sieve_testsuite_outcome *outcome)
{
	const struct sieve_result *result = outcome->result;
	size_t i;

	sequence->flags = engine_str(result->flags);
	sequence->text = outcome->texts[result->keep_version];
	sequence->is_keep_due = result->is_keep_due;
	sequence->has_kept = sequence->has_kept && result->is_keep_due;
	for (i = 0; i < result->action_count; i++) {
		if (result->actions[i].kind != SIEVE_KEEP)
			continue;
		sequence->is_keep_due = sequence->has_kept = true;
		sequence->kept_text = outcome->texts[result->actions[i].version];
		sequence->kept_flags = result->actions[i].flags;
	}
}

static bool
is_done(struct svtest *test, struct str path, struct sequence *sequence)
{
	struct sieve_testsuite_outcome outcome;
	struct buf errors = BUF_EMPTY;
	const struct sieve_program *program = svtest_compile(test, path, &errors);

	if (program == NULL)
		log_errors(test, buf_str(&errors));
	buf_fini(&errors);
	if (program == NULL || !has_run(test, program, sequence->flags, &outcome))
		return false;
	take_keep(sequence, &outcome);
	return svtest_is_performed(test, outcome.result, outcome.texts, 0, false);
}

bool
svtest_has_run_all(struct svtest *test, const struct sieve_text *paths, size_t n)
{
	struct sequence sequence = { .is_keep_due = true };
	struct sieve_result last = { .is_keep_due = true, .version_count = 1 };
	const struct sieve_text *text;
	bool is_fine = true;
	size_t i;

	test->error_count = 0;
	svtest_use_base(test);
	for (i = 0; i < n && is_fine && sequence.is_keep_due; i++)
		is_fine = is_done(test, engine_str(paths[i]), &sequence);
	if (sequence.is_keep_due) {
		last.flags = sequence.has_kept ? sequence.kept_flags : engine_text(sequence.flags);
		text = sequence.has_kept ? &sequence.kept_text : &sequence.text;
		is_fine = svtest_is_performed(test, &last, text, 0, true) && is_fine;
	}
	svtest_use_base(test);
	return is_fine;
}

void
svtest_free_scripts(struct svtest *test)
{
	struct svtest_result *result = test->results;
	struct svtest_program *program = test->programs;

	for (; result != NULL; result = result->next)
		sieve_result_fini(&result->result);
	for (; program != NULL; program = program->next)
		sieve_program_free(&program->program);
}

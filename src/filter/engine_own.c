/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Runs scripts by sieve/, the engine of our own: answers its questions from
 * host.c, and tells run.c what it asks for.  Knows no word of the language. */

#include "filter/engine.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "filter/engine_message.h"
#include "filter/engine_questions.h"
#include "filter/engine_send.h"
#include "filter/engine_settings.h"
#include "filter/memory.h"
#include "filter/version.h"

struct engine_script {
	struct sieve_program *program;
};

/* ---- what it wants done ---- */

static const enum run_kind kinds[] = {
	[SIEVE_KEEP] = RUN_KEEP,
	[SIEVE_FILEINTO] = RUN_FILEINTO,
	[SIEVE_DISCARD] = RUN_DISCARD,
	[SIEVE_PIPE] = RUN_PIPE,
};

static bool
add_version(struct host *host, const struct str *pieces, size_t n, void *arg)
{
	struct run *run = arg;

	(void)host;
	return run_can_add_version(run, pieces, n);
}

/* A version of the result: its number in the outcome; its text once it was needed. */
struct known_version {
	uint32_t number;
	bool has_text;
	struct str text;
};

/* The script found the message as run->version has it. */
static bool
has_version(struct run *run, const struct sieve_result *result, unsigned index,
    struct known_version *out)
{
	const struct sieve_version *version = &result->versions[index];

	*out = (struct known_version){ .number = run->version };
	if (version->is_original && version->edit_count == 0)
		return true;
	if (!engine_message_can_render(run->host, version, add_version, run)) {
		run_fail(run, 0, STR("the changed message is too large"));
		return false;
	}
	out->number = (uint32_t)run->version_count;
	return true;
}

static bool
can_store(struct run *run, const struct sieve_action *action, uint32_t version)
{
	struct run_step step = {
		.kind = kinds[action->kind],
		.has_flags = true,
		.is_copy = action->is_copy,
		.is_create = action->is_create,
		.version = version,
		.line = action->line,
		.target = arena_str(run->arena, engine_str(action->target)),
		.special_use = arena_str(run->arena, engine_str(action->special_use)),
		.flags = arena_str(run->arena, engine_str(action->flags)),
		.rule = arena_str(run->arena, engine_str(action->rule)),
		.is_try = action->pipe != NULL && action->pipe->is_try,
		.arguments = action->pipe == NULL
		    ? STR_EMPTY
		    : engine_questions_join(run, action->pipe->arguments,
			action->pipe->argument_count),
	};

	/* RFC 9042 4: where there is one with the id, nothing else counts. */
	if (engine_questions_find_id(run, action->mailbox_id, &step.target)) {
		step.special_use = STR_EMPTY;
		step.is_create = false;
	} else if (action->mailbox_id.n > 0) {
		step.target = arena_str(run->arena, engine_str(action->target));
	}
	return run_can_do(run, &step);
}

static bool
can_send(struct run *run, const struct sieve_result *result, size_t i,
    struct known_version *version)
{
	const struct sieve_action *action = &result->actions[i];

	if (!version->has_text && !engine_message_is_rendered(run->host,
		&result->versions[action->version], &version->text)) {
		run_fail(run, action->line, STR("the changed message is too large to be sent"));
		return false;
	}
	version->has_text = true;
	return engine_can_send(run, result->actions, i, version->number, version->text);
}

static bool
can_do(struct run *run, const struct sieve_result *result, size_t i,
    struct known_version *versions)
{
	const struct sieve_action *action = &result->actions[i];
	struct known_version *version = &versions[action->version];

	switch (action->kind) {
	case SIEVE_REDIRECT:
	case SIEVE_REJECT:
	case SIEVE_EREJECT:
	case SIEVE_VACATION:
	case SIEVE_NOTIFY:
		return can_send(run, result, i, version);
	default:
		return can_store(run, action, version->number);
	}
}

/* All versions, by their index in the result. */
static bool
has_versions(struct run *run, const struct sieve_result *result, struct known_version *versions)
{
	unsigned i;

	for (i = 0; i < result->version_count && i < SIEVE_VERSIONS_MAX; i++)
		if (!has_version(run, result, i, &versions[i]))
			return false;
	return true;
}

static void
take_error(struct run *run, const struct sieve_result *result)
{
	struct buf text = BUF_EMPTY;

	if (result->error_script.n > 0)
		buf_addf(&text, "%.*s:%u: ", SIEVE_TEXT_ARG(result->error_script),
		    result->error_line);
	buf_add_str(&text, engine_str(result->error));
	run_fail(run, result->error_script.n > 0 ? 0 : result->error_line, buf_str(&text));
	buf_fini(&text);
}

static void
take_result(struct run *run, const struct sieve_result *result)
{
	struct known_version versions[SIEVE_VERSIONS_MAX] = { { .number = 0 } };
	size_t i;

	if (run->is_waiting)
		return;
	if (result->error.n > 0) {
		take_error(run, result);
		return;
	}
	if (!has_versions(run, result, versions))
		return;
	for (i = 0; i < result->action_count; i++)
		if (!can_do(run, result, i, versions))
			return;
	for (i = 0; i < result->mark_count; i++)
		run_remember(run, engine_str(result->marks[i].id), result->marks[i].seconds);
	run->flags = arena_str(run->arena, engine_str(result->flags));
	run->version = versions[result->keep_version].number;
}

/* What an earlier script has left of the message. */
static bool
can_take_version(struct run *run)
{
	struct str text;

	return run->version == 0 ||
	    (version_is_joined(run->host, &run->versions[run->version - 1], buf_str(run->made),
		 &text) &&
		host_is_based(run->host, text));
}

static void
run(const struct engine_script *script, struct run *run)
{
	const struct sieve_limits limits =
	    run->settings == NULL ? SIEVE_LIMITS_DEFAULT : run->settings->limits;
	struct sieve_host host = { .arg = run };
	struct sieve_result result;

	if (!can_take_version(run)) {
		run_fail(run, 0, STR("the changed message is too large"));
		return;
	}
	host.settings = run->settings == NULL ? NULL : &run->settings->sieve;
	engine_message_fill(&host, run);
	engine_questions_fill(&host, run);
	sieve_run(script->program, &host, &limits, engine_text(run->flags), &memory_sieve, &result);
	take_result(run, &result);
	sieve_result_fini(&result);
	host_restore(run->host);
}

/* ---- compiling ---- */

static void
free_script(struct engine_script **script)
{
	if (*script == NULL)
		return;
	sieve_program_free(&(*script)->program);
	free(*script);
	*script = NULL;
}

static struct engine_script *
compile(struct str text, struct engine_world *world, struct buf *errors)
{
	const struct engine_settings *settings = world->settings;
	const struct sieve_profile profile = { .engine = "doorstep",
		.settings = settings == NULL ? NULL : &settings->sieve,
		.forbidden = settings == NULL ? engine_settings_programs() : settings->forbidden,
		.global_only = settings == NULL ? 0 : settings->global_only,
		.is_global = world->is_global,
		.include = engine_questions_include, .wants_warnings = true, .arg = world };
	struct engine_script *script = xcalloc(1, sizeof *script);

	script->program =
	    sieve_compile(engine_text(text), &profile, &memory_sieve, memory_add_text, errors);
	if (script->program == NULL)
		free_script(&script);
	return script;
}

static void
dump(const struct engine_script *script, struct buf *out)
{
	sieve_program_write(script->program, memory_add_text, out);
}

const struct engine engine_own = {
	.name = "doorstep",
	.compile = compile,
	.free = free_script,
	.run = run,
	.dump = dump,
};

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Runs scripts by sieve/, the engine of our own: answers its questions from
 * host.c, and tells run.c what it asks for.  Knows no word of the language. */

#include "filter/engine.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "filter/memory.h"
#include "sieve/sieve.h"

struct engine_script {
	struct sieve_program *program;
};

static struct str
str_from_text(struct sieve_text text)
{
	return (struct str){ text.p, text.n };
}

static struct sieve_text
text_of(struct str s)
{
	return (struct sieve_text){ s.n == 0 ? "" : s.p, s.n };
}

/* ---- what it asks ---- */

struct found {
	struct str name;
	struct host_values values;
};

static const void *
find_fields(void *arg, uint32_t part, struct sieve_text name, size_t *count_out)
{
	struct run *run = arg;
	struct found *found = arena_alloc(run->arena, sizeof *found);

	(void)part;
	*count_out = 0;
	if (found == NULL)
		return NULL;
	*found = (struct found){ str_from_text(name), host_header(run->host, str_from_text(name)) };
	*count_out = found->values.n;
	return found;
}

static struct sieve_text
get_field(void *arg, const void *fields, size_t i)
{
	const struct found *found = fields;

	(void)arg;
	return text_of(found->values.at[i]);
}

/* Those of all fields of the name, at the first. */
static const void *
find_addresses(void *arg, const void *fields, size_t i, size_t *count_out)
{
	struct run *run = arg;
	const struct found *of = fields;
	struct host_addresses found = { NULL, 0 };

	if (i == 0)
		found = host_header_addresses(run->host, of->name);
	*count_out = found.n;
	return found.at;
}

static struct sieve_address
make_address(const struct host_address *address)
{
	return (struct sieve_address){
		.local = text_of(address->local),
		.domain = text_of(address->domain),
		.all = text_of(address->all),
		.is_valid = address->is_valid,
	};
}

static struct sieve_address
get_address(void *arg, const void *addresses, size_t i)
{
	const struct host_address *found = addresses;

	(void)arg;
	return make_address(&found[i]);
}

static bool
has_envelope(void *arg, enum sieve_envelope part, struct sieve_address *out)
{
	struct run *run = arg;
	struct host_address address;

	if (part != SIEVE_ENVELOPE_FROM && part != SIEVE_ENVELOPE_TO)
		return false;
	address = host_envelope_address(run->host,
	    part == SIEVE_ENVELOPE_FROM ? run->host->sender : run->rcpt->address);
	*out = make_address(&address);
	return true;
}

/* ---- what it wants done ---- */

static const enum run_kind kinds[] = {
	[SIEVE_KEEP] = RUN_KEEP,
	[SIEVE_FILEINTO] = RUN_FILEINTO,
	[SIEVE_DISCARD] = RUN_DISCARD,
};

static bool
can_do(struct run *run, const struct sieve_action *action)
{
	struct run_step step = {
		.kind = kinds[action->kind],
		.has_flags = true,
		.is_copy = action->is_copy,
		.line = action->line,
		.target = arena_str(run->arena, str_from_text(action->target)),
		.flags = arena_str(run->arena, str_from_text(action->flags)),
		.rule = arena_str(run->arena, str_from_text(action->rule)),
	};

	return run_can_do(run, &step);
}

static void
take_result(struct run *run, const struct sieve_result *result)
{
	size_t i;

	if (result->error.n > 0) {
		run_fail(run, result->error_line, str_from_text(result->error));
		return;
	}
	for (i = 0; i < result->action_count; i++)
		if (!can_do(run, &result->actions[i]))
			return;
	run->flags = arena_str(run->arena, str_from_text(result->flags));
}

static void
run(const struct engine_script *script, struct run *run)
{
	const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	const struct sieve_host host = {
		.fields = find_fields,
		.field = get_field,
		.addresses = find_addresses,
		.address = get_address,
		.envelope = has_envelope,
		.size = run->host->wire_size,
		.delimiters = run->host->delimiters,
		.arg = run,
	};
	struct sieve_result result;

	sieve_run(script->program, &host, &limits, text_of(run->flags), &memory_sieve, &result);
	take_result(run, &result);
	sieve_result_fini(&result);
}

/* ---- compiling ---- */

/* No action of kind SIEVE_REDIRECT gets to `kinds`: none compiles. */
static const struct sieve_refusal refusals[] = {
	{ "redirect", "is not available yet: it needs outgoing mail" },
	{ NULL, NULL },
};

static const char *const missing[] = { "regex", NULL };

static const struct sieve_profile profile = { .engine = "doorstep", .refusals = refusals,
	.missing = missing };

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
compile(struct str text, struct buf *errors)
{
	struct engine_script *script = xcalloc(1, sizeof *script);

	script->program =
	    sieve_compile(text_of(text), &profile, &memory_sieve, memory_add_text, errors);
	if (script->program == NULL)
		free_script(&script);
	return script;
}

const struct engine engine_own = {
	.name = "doorstep",
	.compile = compile,
	.free = free_script,
	.run = run,
};

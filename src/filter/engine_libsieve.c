/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Runs plans by libsieve (Debian's libsieve2), which evaluates control flow and
 * plain comparisons.  It is shown no byte of a message's head, no address and
 * no string of a script that it could misread: doc/sieve.md says why. */

#include "filter/engine.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include <sieve2.h>

#include "base/xalloc.h"
#include "filter/engine_settings.h"
#include "filter/memory.h"
#include "filter/plan.h"
#include "sieve/limit.h"

struct engine_script {
	struct plan *plan;
};

/* What callbacks get: one run of one script. */
struct call {
	const struct plan *plan;
	struct run *run; /* NULL: a trial run at compile time */
	bool is_failed;	 /* libsieve cannot be told to stop: commands are passed over */
	int error_line;
	char error[200];
};

/* ---- callbacks ---- */

/* libsieve's getters take names that they do not write to. */
static char *
get_string(sieve2_context_t *context, const char *name)
{
	return sieve2_getvalue_string(context, (char *)(uintptr_t)name);
}

static int
give_script(sieve2_context_t *context, void *arg)
{
	const struct call *call = arg;
	char name[] = "script";

	sieve2_setvalue_string(context, name, call->plan->script);
	return SIEVE2_OK;
}

static int
give_size(sieve2_context_t *context, void *arg)
{
	const struct call *call = arg;
	char name[] = "size";
	uint64_t size = call->run == NULL ? 0 : call->run->host->wire_size;

	sieve2_setvalue_int(context, name, size > INT_MAX ? INT_MAX : (int)size);
	return SIEVE2_OK;
}

/* The number behind the mark, below the limit; -1 if it is none of ours. */
static long
read_number(const char *name, size_t limit)
{
	char *end;
	unsigned long number;

	if (name == NULL || name[0] != PLAN_MARK || name[1] < '0' || name[1] > '9')
		return -1;
	number = strtoul(name + 1, &end, 10);
	return *end != '\0' || number >= limit ? -1 : (long)number;
}

static char *
map_value(struct arena *a, struct str value)
{
	char *text = arena_alloc(a, value.n + 1);
	size_t i;

	if (text == NULL)
		return NULL;
	for (i = 0; i < value.n; i++)
		text[i] = plan_map_byte(value.p[i]);
	text[value.n] = '\0';
	return text;
}

/* The values as libsieve wants them; NULL: there is no such header. */
static char **
make_list(struct arena *a, struct host_values values)
{
	char **list;
	size_t i, n = 0;

	if (values.n == 0)
		return NULL;
	list = arena_array(a, values.n + 1, sizeof *list);
	for (i = 0; list != NULL && i < values.n; i++) {
		list[n] = map_value(a, values.at[i]);
		n += list[n] != NULL;
	}
	return list;
}

static int
give_header(sieve2_context_t *context, void *arg)
{
	static char yes[] = "1";
	static char *const true_list[] = { yes, NULL };
	struct call *call = arg;
	long number = read_number(get_string(context, "header"), call->plan->probe_count);
	char name[] = "body";
	char **list = NULL;
	const struct probe *probe;

	if (number != -1 && call->run != NULL) {
		probe = &call->plan->probes[number];
		if (!probe->is_answered)
			list = make_list(call->run->arena, probe_values(probe, call->run));
		else if (probe_is_true(probe, call->run))
			list = (char **)(uintptr_t)true_list;
	}
	sieve2_setvalue_stringlist(context, name, list);
	return SIEVE2_OK;
}

static int
take_fileinto(sieve2_context_t *context, void *arg)
{
	struct call *call = arg;
	long number = read_number(get_string(context, "mailbox"), call->plan->step_count);

	if (number != -1 && call->run != NULL && !call->is_failed &&
	    !run_can_do(call->run, &call->plan->steps[number]))
		call->is_failed = true;
	return SIEVE2_OK;
}

/* Its implicit keep and what canonical scripts do not hold. */
static int
take_nothing(sieve2_context_t *context, void *arg)
{
	(void)context;
	(void)arg;
	return SIEVE2_OK;
}

static int
take_error(sieve2_context_t *context, void *arg)
{
	struct call *call = arg;
	char line[] = "lineno";
	const char *message = get_string(context, "message");
	size_t i;

	if (call->error[0] != '\0')
		return SIEVE2_OK;
	call->error_line = sieve2_getvalue_int(context, line);
	if (message == NULL || message[0] == '\0')
		message = "no reason given";
	for (i = 0; i + 1 < sizeof call->error && message[i] != '\0'; i++)
		call->error[i] = message[i];
	call->error[i] = '\0';
	return SIEVE2_OK;
}

static const sieve2_callback_t callbacks[] = {
	{ SIEVE2_SCRIPT_GETSCRIPT, give_script },
	{ SIEVE2_MESSAGE_GETHEADER, give_header },
	{ SIEVE2_MESSAGE_GETSIZE, give_size },
	{ SIEVE2_ACTION_FILEINTO, take_fileinto },
	{ SIEVE2_ACTION_KEEP, take_nothing },
	{ SIEVE2_ACTION_REDIRECT, take_nothing },
	{ SIEVE2_ERRCALL_PARSE, take_error },
	{ SIEVE2_ERRCALL_RUNTIME, take_error },
	{ 0, NULL },
};

/* A context is used once: what libsieve leaves behind in one is not known.
 * Its result codes are not looked at but for the first: it reports success
 * with errors, only the error callback tells (SIEVE2_ERRCALL_PARSE). */
static void
execute(struct call *call)
{
	sieve2_callback_t copy[sizeof callbacks / sizeof callbacks[0]];
	sieve2_context_t *context = NULL;
	size_t i;

	for (i = 0; i < sizeof callbacks / sizeof callbacks[0]; i++)
		copy[i] = callbacks[i];
	if (sieve2_alloc(&context) != SIEVE2_OK)
		exit(XALLOC_EXIT);
	sieve2_callbacks(context, copy);
	sieve2_execute(context, call);
	sieve2_free(&context);
}

static void
run(const struct engine_script *script, struct run *run)
{
	struct call call = { .plan = script->plan, .run = run };
	struct buf text = BUF_EMPTY;

	execute(&call);
	if (call.error[0] == '\0')
		return;
	buf_addf(&text, "libsieve: %s", call.error);
	run_fail(run, call.error_line < 0 ? 0 : (uint32_t)call.error_line, buf_str(&text));
	buf_fini(&text);
}

/* ---- compiling ---- */

static const struct sieve_refusal refusals[] = {
	{ "redirect", "is not available yet: it needs outgoing mail" },
	{ NULL, NULL },
};

static const char *const only[] = { "comparator-i;ascii-casemap", "comparator-i;ascii-numeric",
	"comparator-i;octet", "envelope", "fileinto", "imap4flags", "regex", "relational",
	"subaddress", NULL };

static const struct sieve_profile any_profile = { .engine = "libsieve", .refusals = refusals,
	.only = only, .has_own_regex = true };

/* libsieve reads the canonical script once, with no message: what it would
 * refuse at delivery is told now. */
static void
try(const struct plan *plan, struct sieve_errors *errors)
{
	struct call call = { .plan = plan };
	const char *p = errors->script.p, *end = p + errors->script.n;
	int line;

	execute(&call);
	if (call.error[0] == '\0')
		return;
	for (line = 1; line < call.error_line && p < end; p++)
		line += *p == '\n';
	sieve_error_add(errors, (size_t)(p - errors->script.p),
	    "libsieve cannot run this script: %s", call.error);
}

static void
free_script(struct engine_script **script)
{
	if (*script == NULL)
		return;
	plan_free(&(*script)->plan);
	free(*script);
	*script = NULL;
}

static struct engine_script *
compile(struct str text, struct engine_world *world, struct buf *errors_out)
{
	struct engine_script *script = xcalloc(1, sizeof *script);
	struct sieve_profile profile = any_profile;
	struct sieve_text source = { text.n == 0 ? "" : text.p, text.n };
	struct sieve_arena arena;
	struct sieve_errors errors;
	struct sieve_tree tree;

	/* It knows no include, and no setting but these. */
	if (world != NULL && world->settings != NULL) {
		profile.forbidden = world->settings->forbidden;
		profile.global_only = world->settings->global_only;
		profile.is_global = world->is_global;
	}
	script->plan = plan_new();
	sieve_arena_init(&arena, &memory_sieve, SIEVE_TREE_MEMORY_MAX);
	sieve_errors_init(&errors, &arena, source);
	if (sieve_check_script(source, &profile, &errors, &tree))
		plan_make(script->plan, &tree, &errors);
	if (errors.count == 0 && !arena.is_out)
		try(script->plan, &errors);
	if (errors.count > 0 || arena.is_out) {
		sieve_errors_write(&errors, memory_add_text, errors_out);
		if (errors_out->n == 0)
			buf_add_cstr(errors_out, "1:1: not enough memory for this script\n");
		free_script(&script);
	}
	sieve_arena_fini(&arena);
	return script;
}

const struct engine engine_libsieve = {
	.name = "libsieve",
	.compile = compile,
	.free = free_script,
	.run = run,
};

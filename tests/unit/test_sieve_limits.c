/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Every limit that Pigeonhole has, with its value there, has a name here and a
 * value that is no smaller; and a script at its limits is taken. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "filter/compose.h"
#include "filter/memory.h"
#include "ipc/actions.h"
#include "sieve/sieve.h"

#define HOUR 3600
#define DAY (24 * HOUR)

struct limit {
	const char *name;
	uint64_t ours, theirs;
};

static void
constants_are_no_smaller(void **state)
{
	static const struct limit limits[] = {
		{ "script size", SIEVE_SCRIPT_MAX, 1 << 20 },
		{ "script name, bytes of 128 characters", SIEVE_SCRIPT_NAME_MAX, 128 * 4 },
		{ "actions", SIEVE_ACTIONS_MAX, 32 },
		{ "actions in a message", FILTER_ACTIONS_MAX, 32 },
		{ "redirects", SIEVE_REDIRECTS_MAX, 4 },
		{ "redirect duplicate period", COMPOSE_REDIRECT_SECONDS, 12 * HOUR },
		{ "block nesting", SIEVE_BLOCK_DEPTH_MAX, 32 },
		{ "test nesting", SIEVE_TEST_DEPTH_MAX, 32 },
		{ "loop nesting", SIEVE_LOOP_DEPTH_MAX, 4 },
		{ "arguments", SIEVE_ARGUMENTS_MAX, 32 },
		{ "string", SIEVE_STRING_MAX, 1 << 20 },
		{ "identifier", SIEVE_IDENTIFIER_MAX, 32 },
		{ "number", SIEVE_NUMBER_MAX, UINT64_MAX },
		{ "match values", SIEVE_CAPTURES_MAX + 1, 32 },
		{ "variables", SIEVE_VARIABLES_MAX, 255 },
		{ "value of a variable", SIEVE_VARIABLE_SIZE_MAX, 4096 },
		{ "include depth", SIEVE_INCLUDE_DEPTH_MAX, 10 },
		{ "includes", SIEVE_INCLUDES_MAX, 255 },
		{ "edited field", SIEVE_HEADER_SIZE_MAX, 2048 },
		{ "vacation, most", SIEVE_VACATION_MAX, 60 * DAY },
		{ "vacation, default", SIEVE_VACATION_DEFAULT, 7 * DAY },
		{ "vacation subject, characters", COMPOSE_SUBJECT_MAX, 256 },
		{ "duplicate, most", SIEVE_DUPLICATE_MAX, 2 * DAY },
		{ "duplicate, default", SIEVE_DUPLICATE_DEFAULT, 12 * HOUR },
		{ "notifications", SIEVE_NOTIFICATIONS_MAX, 10 },
		{ "notification recipients", SIEVE_MAILTO_RECIPIENTS_MAX, 8 },
		{ "notification fields", SIEVE_MAILTO_FIELDS_MAX, 16 },
		{ "list lookup", SIEVE_LIST_VALUE_MAX, 1024 },
		{ "program name", SIEVE_PROGRAM_NAME_MAX, 128 },
		{ "program argument", SIEVE_PROGRAM_ARGUMENT_MAX, 1024 },
		{ "errors told", SIEVE_ERRORS_MAX, 30 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (limits[i].ours < limits[i].theirs)
			fail_msg("%s: %llu here, %llu there", limits[i].name,
			    (unsigned long long)limits[i].ours, (unsigned long long)limits[i].theirs);
}

static void
settings_are_no_smaller_by_default(void **state)
{
	struct conf *conf = conf_defaults();
	const struct limit limits[] = {
		{ "sieve_max_script_size", (uint64_t)conf->sieve_max_script_size, 1 << 20 },
		{ "sieve_max_actions", (uint64_t)conf->sieve_max_actions, 32 },
		{ "sieve_max_redirects", (uint64_t)conf->sieve_max_redirects, 4 },
		{ "sieve_timeout", (uint64_t)conf->sieve_timeout, 30 * CLOCK_SECOND },
		/* What Pigeonhole does in 30 s of processor time, measured. */
		{ "sieve_max_steps", (uint64_t)conf->sieve_max_steps, 40000000 },
		{ "sieve_include_max_includes", (uint64_t)conf->sieve_include_max_includes, 255 },
		{ "sieve_include_max_nesting_depth",
		    (uint64_t)conf->sieve_include_max_nesting_depth, 10 },
		{ "sieve_variables_max_scope_count",
		    (uint64_t)conf->sieve_variables_max_scope_count, 255 },
		{ "sieve_variables_max_value_size",
		    (uint64_t)conf->sieve_variables_max_value_size, 4096 },
		{ "sieve_editheader_max_header_size",
		    (uint64_t)conf->sieve_editheader_max_header_size, 2048 },
		{ "sieve_vacation_max_period", (uint64_t)conf->sieve_vacation_max_period,
		    60 * (uint64_t)DAY * CLOCK_SECOND },
		{ "sieve_duplicate_max_period", (uint64_t)conf->sieve_duplicate_max_period,
		    2 * (uint64_t)DAY * CLOCK_SECOND },
		{ "sieve_notify_max_notifications",
		    (uint64_t)conf->sieve_notify_max_notifications, 10 },
		{ "sieve_program_timeout", (uint64_t)conf->sieve_program_timeout, 10 * CLOCK_SECOND },
	};

	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (limits[i].ours < limits[i].theirs)
			fail_msg("%s: %llu here, %llu there", limits[i].name,
			    (unsigned long long)limits[i].ours, (unsigned long long)limits[i].theirs);
	/* The least between two answers must not be more. */
	assert_true(conf->sieve_vacation_min_period <= DAY * CLOCK_SECOND);
	assert_true(SIEVE_VACATION_MIN <= DAY);
	conf_free(&conf);
}

static void
check(const char *front, const char *piece, size_t n, const char *middle, const char *close,
    const char *back)
{
	const struct sieve_profile profile = { .engine = "test" };
	struct buf script = BUF_EMPTY, errors = BUF_EMPTY;
	struct sieve_program *program;
	size_t i;

	buf_add_cstr(&script, front);
	for (i = 0; i < n; i++)
		buf_add_cstr(&script, piece);
	buf_add_cstr(&script, middle);
	for (i = 0; i < n; i++)
		buf_add_cstr(&script, close);
	buf_add_cstr(&script, back);
	program = sieve_compile((struct sieve_text){ script.p, script.n }, &profile, &memory_sieve,
	    memory_add_text, &errors);
	if (program == NULL)
		fail_msg("%.200s", buf_cstr(&errors));
	sieve_program_free(&program);
	buf_fini(&script);
	buf_fini(&errors);
}

static void
scripts_at_the_limits_of_pigeonhole_compile(void **state)
{
	struct buf script = BUF_EMPTY;

	(void)state;
	check("", "if true {", 32, "keep;", "}", "");
	check("if ", "not ", 31, "true", "", " { keep; }");
	check("if header \"subject\" \"", "a", (1 << 20) - 100, "\" { keep; }", "", "");
	check("require \"variables\"; set \"", "a", 64, "\" \"x\";", "", "");
	check("if size :over 18446744073709551615 { keep; }", "", 0, "", "", "");
	check("if header :matches \"subject\" \"", "*a", 32, "\" { keep; }", "", "");
	check("require \"vacation\"; vacation :subject \"", "\xc3\xa4", 256, "\" \"x\";", "", "");
	check("if anyof (", "false,", 100000, "true) { keep; }", "", "");
	buf_add_cstr(&script, "require \"variables\";\n");
	for (int i = 0; i < 255; i++)
		buf_addf(&script, "set \"v%d\" \"x\";\n", i);
	check(buf_cstr(&script), "", 0, "", "", "");
	buf_fini(&script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_are_no_smaller),
		cmocka_unit_test(settings_are_no_smaller_by_default),
		cmocka_unit_test(scripts_at_the_limits_of_pigeonhole_compile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What scripts do to a message when libsieve runs them; what it gets wrong by
 * itself (doc/sieve.md) above all. */

#define ENGINE engine_libsieve
#define ENGINE_REQUIRES "\"regex\", "
#include "engine_samples.h"

/* What libsieve leaves behind after a parse error is its own; filters are
 * renewed. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libsieve_new_\n";
}

static void
regular_expressions_match(void **state)
{
	static const struct sample samples[] = {
		{ "header :regex \"subject\" \"^hello .(world|earth)\"", 1 },
		{ "header :regex :comparator \"i;octet\" \"subject\" \"^hello\"", 0 },
		{ "header :regex \"x-two\" [\"three\", \"^tw.$\"]", 1 },
	};

	(void)state;
	RUN(samples);
}

static void
many_stars_and_long_lists_end_soon(void **state)
{
	char test[1600];
	size_t n = 0, i;

	(void)state;
	n += (size_t)snprintf(test, sizeof test, "header :matches \"subject\" \"");
	for (i = 0; i < 200; i++)
		n += (size_t)snprintf(test + n, sizeof test - n, "*o");
	snprintf(test + n, sizeof test - n, "\"");
	assert_int_equal(holds(test), 0);

	n = (size_t)snprintf(test, sizeof test, "header :is \"x-two\" [\"\"");
	for (i = 0; i < 300; i++)
		n += (size_t)snprintf(test + n, sizeof test - n, ",\"\"");
	snprintf(test + n, sizeof test - n, ",\"two\"]");
	assert_int_equal(holds(test), 1);
}

/* What compile says; "" when it compiles. */
static void
expect_error(const char *script, const char *error)
{
	struct buf errors = BUF_EMPTY;
	struct engine_script *compiled = engine_libsieve.compile(str_of(script), NULL, &errors);

	if (error == NULL && compiled == NULL)
		fail_msg("%s: %s", script, buf_cstr(&errors));
	if (error != NULL && (compiled != NULL || strstr(buf_cstr(&errors), error) == NULL))
		fail_msg("%.80s: %s", script, buf_cstr(&errors));
	engine_libsieve.free(&compiled);
	buf_fini(&errors);
}

static void
unbounded_regexes_are_refused(void **state)
{
	(void)state;
	expect_error("require \"regex\"; if header :regex \"a\" \"(\" { stop; }",
	    "1:39: this regular expression cannot be used");
	expect_error("require \"regex\"; if header :regex \"a\" \"(a)\\\\1\" { stop; }",
	    "back-references");
	expect_error("require \"regex\"; if header :regex \"a\" \"((a{200}){200}){200}\" { stop; }",
	    "repeat counts");
	expect_error("require \"regex\"; if header :regex \"a\" \"a{1,99999999999999999999}\" { stop; }",
	    "repeat counts");
	expect_error("require \"regex\"; if header :regex \"a\" \"(a|b{1,200}|c){60}\" { stop; }",
	    "repeat counts");
	expect_error("require \"regex\"; if header :regex \"a\" [\"a{2,20}\", \"[0-9]+\", "
		     "\"[a-z0-9._+-]{1,64}@[]a-z0-9.-]{1,255}(a{1,20}){20}\"] { stop; }", NULL);
}

static void
more_than_libsieve_takes_is_told_at_check(void **state)
{
	struct buf script = BUF_EMPTY;
	size_t i;

	(void)state;
	buf_add_cstr(&script, "if true { stop; }\n");
	for (i = 0; i < 4000; i++)
		buf_add_cstr(&script, "elsif false { stop; }\n");
	expect_error(buf_cstr(&script), "libsieve cannot run this script: memory exhausted");
	buf_fini(&script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_compared_decoded_and_unfolded),
		cmocka_unit_test(exists_and_size_and_logic_hold),
		cmocka_unit_test(addresses_are_parsed_by_us),
		cmocka_unit_test(the_rest_of_the_match_types_hold),
		cmocka_unit_test(regular_expressions_match),
		cmocka_unit_test(many_stars_and_long_lists_end_soon),
		cmocka_unit_test(unbounded_regexes_are_refused),
		cmocka_unit_test(more_than_libsieve_takes_is_told_at_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

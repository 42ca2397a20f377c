/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The library alone, by its public header: results, limits, and an allocator
 * that fails. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sieve/match.h"
#include "sieve/sieve.h"

/* Memory that refuses the nth piece; `held` is what was not given back. */
struct memory {
	unsigned left, held;
};

static void *
get(void *arg, size_t n)
{
	struct memory *memory = arg;

	if (memory->left == 0)
		return NULL;
	memory->left--;
	memory->held++;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	struct memory *memory = arg;

	memory->held--;
	free(p);
}

/* Every field is there once, and has the text `arg`. */
static const void *
find_by_name(void *arg, struct sieve_text name, size_t *count_out)
{
	(void)arg;
	*count_out = !sieve_text_is(name, "absent");
	return NULL;
}

static struct sieve_text
get_field(void *arg, const void *fields, size_t i)
{
	(void)fields;
	(void)i;
	return sieve_text_of(arg);
}

static struct sieve_address
get_address(void *arg, const void *addresses, size_t i)
{
	(void)arg;
	(void)addresses;
	(void)i;
	return (struct sieve_address){ .local = sieve_text_of("jane+box"),
		.domain = sieve_text_of("example.org"),
		.all = sieve_text_of("jane+box@example.org"), .is_valid = true };
}

static bool
has_envelope(void *arg, enum sieve_envelope part, struct sieve_address *out)
{
	(void)part;
	*out = get_address(arg, NULL, 0);
	return true;
}

static const void *
find_fields(void *arg, uint32_t part, struct sieve_text name, size_t *count_out)
{
	(void)part;
	return find_by_name(arg, name, count_out);
}

static const void *
find_addresses(void *arg, const void *fields, size_t i, size_t *count_out)
{
	(void)arg;
	(void)fields;
	(void)i;
	*count_out = 1;
	return NULL;
}

static void
ignore(void *arg, const char *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
}

static const struct sieve_profile profile = { .engine = "test" };

/* Actions, flags, keep and error in one line of out. */
static void
describe(const struct sieve_result *result, char *out, size_t size)
{
	static const char *const names[] = { "keep", "fileinto", "redirect", "discard" };
	const struct sieve_action *action;
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < result->action_count; i++) {
		action = &result->actions[i];
		n += (size_t)snprintf(out + n, size - n, "%s%s %.*s; ", names[action->kind],
		    action->is_copy ? " copy" : "", SIEVE_TEXT_ARG(action->target));
	}
	n += (size_t)snprintf(out + n, size - n, "%s", result->is_keep_due ? "keep is due" : "");
	if (result->error.n > 0)
		snprintf(out + n, size - n, "; error in %u: %.*s", result->error_line,
		    SIEVE_TEXT_ARG(result->error));
}

static const char *
run(const char *script, struct sieve_limits limits, struct memory *memory)
{
	static char out[512];
	const struct sieve_alloc alloc = { get, give, memory };
	char subject[] = "the subject";
	struct sieve_host host = { .fields = find_fields, .field = get_field,
		.addresses = find_addresses, .address = get_address, .envelope = has_envelope,
		.size = 1000, .delimiters = "+", .arg = subject };
	struct sieve_program *program;
	struct sieve_result result;

	program = sieve_compile(sieve_text_of(script), &profile, &alloc, ignore, NULL);
	if (program == NULL)
		return "does not compile";
	sieve_run(program, &host, &limits, SIEVE_TEXT_EMPTY, &alloc, &result);
	describe(&result, out, sizeof out);
	sieve_result_fini(&result);
	sieve_program_free(&program);
	return out;
}

#define MUCH ((struct memory){ .left = 1000000 })

static void
expect(const char *script, const char *expected)
{
	struct memory memory = MUCH;

	assert_string_equal(run(script, SIEVE_LIMITS_DEFAULT, &memory), expected);
	assert_int_equal(memory.held, 0);
}

static void
redirects_are_addresses_and_few(void **state)
{
	(void)state;
	expect("redirect \"a@example.org\";", "redirect a@example.org; ");
	expect("redirect \"a@example.org\"; redirect \"A@EXAMPLE.org\"; keep;",
	    "redirect A@EXAMPLE.org; keep ; ");
	expect("require \"copy\"; redirect :copy \"\\\"a b\\\"@[192.0.2.1]\";",
	    "redirect copy \"a b\"@[192.0.2.1]; keep is due");
	expect("redirect \"a\";", "does not compile");
	expect("redirect \"a; b@example.org\";", "does not compile");
	expect("redirect \"a@b..c\";", "does not compile");
	expect("require \"variables\"; set \"a\" \"x y\";\nredirect \"${a}@example.org\";",
	    "keep is due; error in 2: `redirect`: expected one address, as in "
	    "\"jane@example.org\"");
	expect("redirect \"a@b\"; redirect \"b@b\"; redirect \"c@b\"; redirect \"d@b\"; redirect \"e@b\";",
	    "keep is due; error in 1: number of redirect actions exceeds policy limit (5 > 4)");
}

static void
steps_and_memory_end_a_run(void **state)
{
	struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	struct memory memory = MUCH;
	const char *text;

	(void)state;
	limits.steps = 3;
	text = run("if anyof (false, false, false, false) { discard; }\ndiscard;", limits, &memory);
	assert_string_equal(text,
	    "keep is due; error in 1: the script takes too long: it was ended after 3 steps");
	limits = SIEVE_LIMITS_DEFAULT;
	limits.memory = 512;
	text = run("discard;", limits, &memory);
	assert_string_equal(text,
	    "keep is due; error in 0: the script needs more memory than a run may have");
	assert_int_equal(memory.held, 0);
}

/* RFC 5229 6: values are cut, and not in the middle of a character. */
static void
a_variable_that_doubles_is_cut(void **state)
{
	static char script[64 * 1024];
	size_t n, i;

	(void)state;
	n = (size_t)snprintf(script, sizeof script,
	    "require [\"variables\", \"fileinto\"]; set \"a\" \"x\xc3\xa9\";");
	for (i = 0; i < 1000; i++)
		n += (size_t)snprintf(script + n, sizeof script - n, "set \"a\" \"${a}${a}\";");
	snprintf(script + n, sizeof script - n,
	    "set :length \"l\" \"${a}\"; fileinto \"${l}\";");
	/* 4096 bytes: 1365 times three, and an x. */
	expect(script, "fileinto 2731; ");
}

static void
any_refused_allocation_is_a_failure_and_no_leak(void **state)
{
	static const char script[] =
	    "require [\"variables\", \"fileinto\", \"imap4flags\", \"ihave\", \"copy\", "
	    "\"encoded-character\"];\n"
	    "if allof (header :matches \"subject\" \"*${hex:73}*\", not hasflag \"x\") {\n"
	    "  set :upper :quotewildcard \"a\" \"${1}*\"; addflag \"b\" [\"c\", \"${a}\"];\n"
	    "  fileinto :flags \"${b}\" :copy \"${a}${2}\"; }\n";
	struct memory memory;
	const char *text = "";
	unsigned n;

	(void)state;
	for (n = 0; n < 200 && strncmp(text, "fileinto", 8) != 0; n++) {
		memory = (struct memory){ .left = n };
		text = run(script, SIEVE_LIMITS_DEFAULT, &memory);
		assert_int_equal(memory.held, 0);
		if (strncmp(text, "fileinto", 8) != 0 && strcmp(text, "does not compile") != 0)
			assert_string_equal(strchr(text, ':') + 2,
			    "the script needs more memory than a run may have");
	}
	assert_string_equal(text, "fileinto copy THE \\*ubject; keep is due");
	assert_in_range(n, 5, 100);
}

/* Against the plain way of doing it. */
static void
contains_finds_what_is_there(void **state)
{
	char value[16], key[8];
	unsigned v, k, n, m, i;
	bool is_there;

	(void)state;
	for (v = 0; v < 1u << 10; v++)
		for (k = 0; k < 1u << 6; k++)
			for (m = 1; m <= 6; m++) {
				n = 10;
				for (i = 0; i < n; i++)
					value[i] = v >> i & 1 ? 'a' : 'B';
				for (i = 0; i < m; i++)
					key[i] = k >> i & 1 ? 'A' : 'b';
				is_there = false;
				for (i = 0; i + m <= n; i++)
					is_there |= (v >> i & ((1u << m) - 1)) == (k & ((1u << m) - 1));
				if (sieve_match_contains(SIEVE_COMPARE_CASEMAP,
					(struct sieve_text){ value, n },
					(struct sieve_text){ key, m }) != is_there)
					fail_msg("%.10s in %.*s", value, (int)m, key);
			}
}

static void
wildcards_take_as_little_as_possible(void **state)
{
	static const struct {
		const char *value, *pattern, *captures;
	} samples[] = {
		{ "coyote@ACME.Example.COM", "coyote@**.com", "||ACME.Example|" },
		{ "[acme-users] [fwd] version 1.0 is out", "[[]*] *", NULL },
		{ "[acme-users] [fwd] version 1.0", "[*] *", "|acme-users|[fwd] version 1.0|" },
		{ "abcabc", "*b?*c", "|a|c|ab|" },
		{ "abcabc", "*?c", "|abca|b|" },
		{ "a\xc3\xa9x", "a???", "|\xc3|\xa9|x|" },
		{ "a\xc3\xa9", "*??", "|a|\xc3|\xa9|" },
		{ "a*\\", "a\\*\\\\", "|" },
		{ "frop", "*frop", "||" },
		{ "frop", "frop?*", NULL },
		{ "", "*", "||" },
		{ "", "", "|" },
		{ "x", "", NULL },
		{ "aXbXc", "*x*", "|a|bXc|" },
	};
	struct sieve_captures captures;
	char out[128];
	size_t i, n;
	unsigned k;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		if (!sieve_match_capture(SIEVE_COMPARE_CASEMAP, sieve_text_of(samples[i].value),
			sieve_text_of(samples[i].pattern), &captures)) {
			assert_null(samples[i].captures);
			continue;
		}
		n = (size_t)snprintf(out, sizeof out, "|");
		for (k = 1; k < captures.n; k++)
			n += (size_t)snprintf(out + n, sizeof out - n, "%.*s|",
			    SIEVE_TEXT_ARG(captures.at[k]));
		if (samples[i].captures == NULL)
			fail_msg("%s matches %s", samples[i].pattern, samples[i].value);
		assert_string_equal(out, samples[i].captures);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redirects_are_addresses_and_few),
		cmocka_unit_test(steps_and_memory_end_a_run),
		cmocka_unit_test(a_variable_that_doubles_is_cut),
		cmocka_unit_test(any_refused_allocation_is_a_failure_and_no_leak),
		cmocka_unit_test(contains_finds_what_is_there),
		cmocka_unit_test(wildcards_take_as_little_as_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Scripts that are right, and what is said of those that are not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sieve/check.h"
#include "sieve/limit.h"
#include "sieve/match.h"

struct memory {
	size_t left; /* allocations until there is no more */
	size_t held;
};

static void *
get(void *arg, size_t n)
{
	struct memory *memory = arg;
	void *p;

	if (memory->left == 0)
		return NULL;
	memory->left--;
	p = malloc(n);
	memory->held += p != NULL;
	return p;
}

static void
give(void *arg, void *p)
{
	struct memory *memory = arg;

	memory->held -= p != NULL;
	free(p);
}

static const struct sieve_refusal refusals[] = { { "redirect", "is not available yet" },
	{ NULL, NULL } };
static const char *const missing[] = { "copy", "variables", NULL };
static const struct sieve_profile profile = { .engine = "test", .refusals = refusals,
	.missing = missing };

struct text {
	char p[8192];
	size_t n;
};

static void
add_text(void *arg, const char *p, size_t n)
{
	struct text *text = arg;

	if (n > sizeof text->p - 1 - text->n)
		n = sizeof text->p - 1 - text->n;
	memcpy(text->p + text->n, p, n);
	text->n += n;
	text->p[text->n] = '\0';
}

/* What is written of a script's errors; "" for none. */
static void
check(const char *script, size_t n, size_t allocations, size_t memory_max, struct text *out)
{
	struct memory memory = { .left = allocations };
	const struct sieve_alloc host = { get, give, &memory };
	struct sieve_text source = { script, n };
	struct sieve_arena arena;
	struct sieve_errors errors;
	struct sieve_tree tree;
	bool is_fine;

	out->n = 0;
	out->p[0] = '\0';
	sieve_arena_init(&arena, &host, memory_max);
	sieve_errors_init(&errors, &arena, source);
	is_fine = sieve_check_script(source, &profile, &errors, &tree);
	sieve_errors_write(&errors, add_text, out);
	if (!is_fine && out->n == 0)
		add_text(out, "no memory\n", 10);
	if (is_fine)
		assert_int_equal(out->n, 0);
	sieve_arena_fini(&arena);
	assert_int_equal(memory.held, 0);
}

static const char *const right[] = {
	"",
	"# nothing",
	"keep; discard; stop;",
	"KEEP; Discard; STOP;",
	"require \"fileinto\"; fileinto \"a\";",
	"require [\"fileinto\", \"imap4flags\"]; require \"envelope\"; "
	"FileInto :FLAGS [\"a b\", \"c\"] \"x\";",
	"if true {} elsif false {} else {}",
	"if not not true { if false { keep; } else { stop; } }",
	"if allof (true, anyof (false, not true)) { keep; }",
	"if size :over 10K { keep; } if size :UNDER 1 { keep; }",
	"if header :is \"a\" \"b\" { keep; }",
	"if header \"a\" [\"b\", \"c\"] { keep; }",
	"if header :comparator \"i;octet\" :contains [\"a\"] \"b\" { keep; }",
	"require [\"comparator-i;octet\", \"comparator-i;ascii-casemap\"]; keep;",
	"if address :all :is \"from\" \"a@b\" { keep; }",
	"require \"subaddress\"; if address :detail \"to\" \"x\" { keep; }",
	"require \"envelope\"; if envelope :domain [\"from\", \"TO\"] \"x\" { keep; }",
	"if exists [\"a\", \"b\"] { keep; }",
	"require [\"relational\", \"comparator-i;ascii-numeric\"]; "
	"if header :count \"GE\" :comparator \"i;ascii-numeric\" \"to\" \"3\" { keep; }",
	"require \"regex\"; if header :regex \"a\" \"b.*\" { keep; }",
	"require \"imap4flags\"; setflag \"a\"; addflag [\"a\"]; removeflag \"a\"; "
	"if hasflag :contains [\"a\", \"b\"] { keep :flags \"\"; }",
	"if header :is \"bad name:\" \"b\" { keep; }",
};

static void
right_scripts_have_no_errors(void **state)
{
	struct text out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof right / sizeof right[0]; i++) {
		check(right[i], strlen(right[i]), SIZE_MAX, SIEVE_TREE_MEMORY_MAX, &out);
		if (out.n > 0)
			fail_msg("sample %zu: %s", i, out.p);
	}
}

struct wrong {
	const char *script;
	const char *errors[4]; /* each begins a line of what is written */
};

static const struct wrong wrong[] = {
	{ "keep", { "1:5: expected `;` or `{` to end `keep`, not the end of the script" } },
	{ "keep\ndiscard;", { "1:5: expected `;` behind `keep`" } },
	{ "kepp;", { "1:1: unknown command `kepp`; did you mean `keep`?" } },
	{ "frobnicate;", { "1:1: unknown command `frobnicate`" } },
	{ "true;", { "1:1: `true` is no command but a test" } },
	{ "if keep { stop; }", { "1:4: `keep` is no test but a command" } },
	{ "fileinto \"a\";", { "1:1: `fileinto` needs require \"fileinto\"" } },
	{ "require \"fileinto\"; fileinto;", { "1:29: `fileinto` lacks a folder name" } },
	{ "require \"fileinto\"; fileinto [\"a\"];",
	    { "1:30: `fileinto`: expected a string for a folder name, not a list" } },
	{ "require \"fileinto\"; fileinto \"a\" \"b\";",
	    { "1:34: too many arguments for `fileinto`" } },
	{ "require \"fileinto\"; fileinto \"\";", { "1:30: a folder must have a name" } },
	{ "require \"fileinto\"; fileinto \"a\nb\";",
	    { "1:30: a folder name may not hold control characters" } },
	{ "require \"fileinto\"; fileinto :copy \"a\";",
	    { "1:30: `:copy` (RFC 3894) is not available with the engine \"test\"" } },
	{ "require \"variables\";",
	    { "1:9: extension \"variables\" (RFC 5229) is not available with the engine \"test\"" } },
	{ "require \"filinto\";",
	    { "1:9: unknown extension \"filinto\"; did you mean \"fileinto\"?" } },
	{ "require \"FileInto\";",
	    { "1:9: unknown extension \"FileInto\"; did you mean \"fileinto\"?" } },
	{ "keep; require \"fileinto\";",
	    { "1:7: `require` must stand before every other command" } },
	{ "redirect \"a@b\";", { "1:1: `redirect` is not available yet" } },
	{ "vacation \"a\";", { "1:1: `vacation` needs require \"vacation\"" } },
	{ "if true { keep; } else if false { stop; }",
	    { "1:19: expected `elsif`, not `else if`" } },
	{ "else { keep; }", { "1:1: `else` must follow the block" } },
	{ "if true {} keep; elsif true {}", { "1:18: `elsif` must follow the block" } },
	{ "if true { keep;", { "1:16: expected `}`: the block of `if` in line 1" } },
	{ "keep; } keep;", { "1:7: this `}` closes nothing" } },
	{ "if true; ", { "1:8: expected `{` behind `if`" } },
	{ "keep { stop; }", { "1:5: expected `;` behind `keep`, not a block" } },
	{ "if { keep; }", { "1:3: `if` lacks a test" } },
	{ "if (true, false) { keep; }", { "1:5: `if` takes one test" } },
	{ "if anyof true { keep; }", { "1:10: `anyof` takes a list of tests" } },
	{ "if not (true) { keep; }", { "1:9: `not` takes one test" } },
	{ "if header :is :contains \"a\" \"b\" { keep; }",
	    { "1:15: `:contains` cannot stand beside `:is`" } },
	{ "if header \"a\" :contains \"b\" { keep; }",
	    { "1:15: tags of `header` must stand before its other arguments" } },
	{ "if header :localpart \"a\" \"b\" { keep; }", { "1:11: `header` takes no `:localpart`" } },
	{ "if header :iss \"a\" \"b\" { keep; }",
	    { "1:11: unknown tag `:iss`; did you mean `:is`?" } },
	{ "if header :comparator \"x\" \"a\" \"b\" { keep; }",
	    { "1:23: unknown comparator \"x\"" } },
	{ "if header :comparator \"a\" { keep; }", { "1:23: unknown comparator",
	    "1:26: `header` lacks header names" } },
	{ "if header :count \"gt\" \"a\" \"1\" { keep; }",
	    { "1:11: `:count` needs require \"relational\"" } },
	{ "require \"relational\"; if header :count \"many\" \"a\" \"1\" { keep; }",
	    { "1:40: `:count` wants \"gt\"" } },
	{ "require \"comparator-i;ascii-numeric\"; "
	  "if header :contains :comparator \"i;ascii-numeric\" \"a\" \"b\" { keep; }",
	    { "1:71: comparator \"i;ascii-numeric\" cannot be used with `:contains`" } },
	{ "if size 10 { keep; }", { "1:9: `size` takes no such argument",
	    "1:11: `size` lacks `:over` or `:under`" } },
	{ "if size :over \"a\" { keep; }", { "1:15: expected a number behind `:over`" } },
	{ "require \"envelope\"; if envelope \"aunt\" \"x\" { keep; }",
	    { "1:33: unknown envelope part \"aunt\"" } },
	{ "require \"imap4flags\"; setflag \"v\" \"f\";",
	    { "1:31: `setflag` with a variable needs" } },
	{ "if header [\"a\" \"b\"] \"c\" { keep; }", { "1:16: expected `,` or `]`, not a string" } },
	{ "if header [] \"c\" { keep; }", { "1:12: expected a string, not `]`" } },
	/* one pass finds them all */
	{ "kepp;\nif foo { discrad; }\nkeep", { "1:1: unknown command", "2:4: unknown test `foo`",
	    "2:10: unknown command `discrad`; did you mean `discard`?", "3:5: expected `;`" } },
	{ "keep ,; kepp;", { "1:5: expected `;`", "1:9: unknown command `kepp`" } },
	/* columns count characters */
	{ "# \xc3\xbc\n/* \xc3\xbc\xc3\xbc */ kepp;", { "2:10: unknown command" } },
};

static bool
has_line(const char *text, const char *begin)
{
	const char *p = text;
	size_t n = strlen(begin);

	while (p != NULL && *p != '\0') {
		if (strncmp(p, begin, n) == 0)
			return true;
		p = strchr(p, '\n');
		p = p == NULL ? NULL : p + 1;
	}
	return false;
}

static size_t
count_places(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text += strcspn(text, "\n") + 1)
		n += *text >= '0' && *text <= '9';
	return n;
}

static void
each_error_has_its_place_and_reason(void **state)
{
	struct text out;
	size_t i, e;

	(void)state;
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		check(wrong[i].script, strlen(wrong[i].script), SIZE_MAX, SIEVE_TREE_MEMORY_MAX,
		    &out);
		for (e = 0; e < 4 && wrong[i].errors[e] != NULL; e++)
			if (!has_line(out.p, wrong[i].errors[e]))
				fail_msg("%s\ngives\n%snot\n%s", wrong[i].script, out.p,
				    wrong[i].errors[e]);
		if (count_places(out.p) != e)
			fail_msg("%s\ngives more than %zu errors:\n%s", wrong[i].script, e, out.p);
	}
}

static void
the_line_is_shown_with_a_caret(void **state)
{
	static const char script[] = "keep;\n\tif \x1b[1m\xc3\xbc { }\n";
	struct text out;

	(void)state;
	check(script, sizeof script - 1, SIZE_MAX, SIEVE_TREE_MEMORY_MAX, &out);
	assert_non_null(strstr(out.p, "2:5: byte 0x1b has no place outside a string\n"
				      "     if ?[1m\xc3\xbc { }\n"
				      "        ^\n"));
	assert_null(strchr(out.p, 0x1b));
}

/* Repeats `open` n times, then `middle`, then `close` n times. */
static char *
nest(const char *open, const char *middle, const char *close, size_t n)
{
	size_t size = n * (strlen(open) + strlen(close)) + strlen(middle) + 1, i, at = 0;
	char *script = malloc(size);

	assert_non_null(script);
	for (i = 0; i < n; i++)
		at += (size_t)snprintf(script + at, size - at, "%s", open);
	at += (size_t)snprintf(script + at, size - at, "%s", middle);
	for (i = 0; i < n; i++)
		at += (size_t)snprintf(script + at, size - at, "%s", close);
	return script;
}

struct deep {
	const char *open, *middle, *close;
	size_t most;
	const char *text;
};

static const struct deep deep[] = {
	{ "if true {", "keep;", "}", SIEVE_BLOCK_DEPTH_MAX, "blocks are nested more than" },
	{ "keep;", "", "", SIEVE_COMMANDS_MAX, "a script may have" },
};

static void
limits_are_exact(void **state)
{
	struct text out;
	char *script;
	size_t i, more;

	(void)state;
	for (i = 0; i < sizeof deep / sizeof deep[0]; i++) {
		for (more = 0; more < 2; more++) {
			script = nest(deep[i].open, deep[i].middle, deep[i].close,
			    deep[i].most + more);
			check(script, strlen(script), SIZE_MAX, SIEVE_TREE_MEMORY_MAX, &out);
			free(script);
			assert_int_equal(strstr(out.p, deep[i].text) != NULL, more);
		}
	}
}

static void
tests_nest_as_deep_as_allowed(void **state)
{
	struct text out;
	char *script;
	size_t more;

	(void)state;
	for (more = 0; more < 2; more++) {
		char *inner = nest("not ", "true {}", "", SIEVE_TEST_DEPTH_MAX - 1 + more);
		script = nest("", "if ", "", 1);
		script = realloc(script, strlen(inner) + 4);
		assert_non_null(script);
		memcpy(script + 3, inner, strlen(inner) + 1);
		check(script, strlen(script), SIZE_MAX, SIEVE_TREE_MEMORY_MAX, &out);
		assert_int_equal(strstr(out.p, "tests are nested more than") != NULL, more);
		free(script);
		free(inner);
	}
}

static void
no_memory_is_a_failure_and_no_crash(void **state)
{
	static const char script[] = "require [\"fileinto\",\"imap4flags\"]; if allof(header \"a\" "
				     "[\"b\",\"c\"], not true) { fileinto :flags \"x\" \"a\"; } kepp;";
	struct text out;
	size_t n;

	(void)state;
	for (n = 0; n < 6; n++)
		check(script, sizeof script - 1, n, SIEVE_TREE_MEMORY_MAX, &out);
	for (n = 4096; n < 5 * 4096; n += 4096)
		check(script, sizeof script - 1, SIZE_MAX, n, &out);
	check(script, sizeof script - 1, 0, SIEVE_TREE_MEMORY_MAX, &out);
	assert_string_equal(out.p, "no memory\n");
}

struct glob {
	const char *value, *pattern;
	bool is_match, is_octet;
};

static const struct glob globs[] = {
	{ "", "", true, false },
	{ "", "*", true, false },
	{ "", "?", false, false },
	{ "abc", "ABC", true, false },
	{ "abc", "ABC", false, true },
	{ "abc", "a*", true, false },
	{ "abc", "*c", true, false },
	{ "abc", "*b", false, false },
	{ "abc", "a?c", true, false },
	{ "abc", "a??c", false, false },
	{ "a*c", "a\\*c", true, false },
	{ "abc", "a\\*c", false, false },
	{ "a\\c", "a\\\\c", true, false },
	{ "a?c", "a\\?c", true, false },
	{ "abab", "*ab", true, false },
	{ "ababc", "*abc", true, false },
	{ "aXbXc", "a*X*c", true, false },
	{ "a", "*a*a", false, false },
	{ "aa", "*a*a", true, false },
	{ "a\xc3\xbc", "a?", false, false },
	{ "a\xc3\xbc", "a?", false, true },
	{ "a\xc3\xbc", "a??", true, false },
	{ "a\xc3\xbc", "a??", true, true },
	{ "abc\\", "*c\\", true, false },
	{ "abc", "*?bc", true, false },
	{ "bc", "*?bc", false, false },
	{ "abc", "ab?*", true, false },
};

static void
globs_match_as_rfc_5228_has_it(void **state)
{
	const struct glob *g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof globs / sizeof globs[0]; i++) {
		g = &globs[i];
		if (sieve_match_glob(g->is_octet ? SIEVE_COMPARE_OCTET : SIEVE_COMPARE_CASEMAP,
			sieve_text_of(g->value), sieve_text_of(g->pattern)) != g->is_match)
			fail_msg("\"%s\" and \"%s\"", g->value, g->pattern);
	}
}

static void
many_stars_take_no_time(void **state)
{
	static char value[20000], pattern[2000];
	size_t i;

	(void)state;
	memset(value, 'a', sizeof value - 1);
	for (i = 0; i + 2 < sizeof pattern; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[i - 1] = 'b';
	assert_false(sieve_match_glob(SIEVE_COMPARE_CASEMAP, sieve_text_of(value),
	    sieve_text_of(pattern)));
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
numbers_compare_at_any_length(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} pairs[] = {
		{ "1", "2", -1 }, { "10", "9", 1 }, { "007", "7", 0 }, { "0", "00", 0 },
		{ "18446744073709551617", "18446744073709551616", 1 }, { "5x", "5y", 0 },
		{ "", "99999999999999999999999", 1 }, { "x", "", 0 }, { "-1", "1", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		assert_int_equal(sign(sieve_match_compare(SIEVE_COMPARE_NUMERIC,
				     sieve_text_of(pairs[i].a), sieve_text_of(pairs[i].b))),
		    pairs[i].order);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_scripts_have_no_errors),
		cmocka_unit_test(each_error_has_its_place_and_reason),
		cmocka_unit_test(the_line_is_shown_with_a_caret),
		cmocka_unit_test(limits_are_exact),
		cmocka_unit_test(tests_nest_as_deep_as_allowed),
		cmocka_unit_test(no_memory_is_a_failure_and_no_crash),
		cmocka_unit_test(globs_match_as_rfc_5228_has_it),
		cmocka_unit_test(many_stars_take_no_time),
		cmocka_unit_test(numbers_compare_at_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

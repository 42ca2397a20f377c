/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Scripts that mean harm, by the library's public header: each is refused in
 * words that help or runs, and none costs more than its limits.  Time is
 * counted in steps and processor time, memory by the allocator. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "sieve/sieve.h"

/* A quarter of a second is what the worst of them needs; a slow machine under
 * sanitizers has room. */
#define SECONDS_MAX 30
#define STEPS_MAX 10000000 /* a quarter of the default: enough to be ended at */
#define MEMORY_MAX ((size_t)256 << 20)

/* ---- memory, counted ---- */

struct memory {
	size_t held, peak;
};

/* In front of each piece. */
union mark {
	size_t size;
	max_align_t alignment;
};

static void *
get(void *arg, size_t n)
{
	struct memory *memory = arg;
	union mark *mark = malloc(sizeof *mark + n);

	assert_non_null(mark);
	mark->size = n;
	memory->held += n;
	if (memory->held > memory->peak)
		memory->peak = memory->held;
	return mark + 1;
}

static void
give(void *arg, void *p)
{
	struct memory *memory = arg;
	union mark *mark = p;

	if (p == NULL)
		return;
	memory->held -= mark[-1].size;
	free(mark - 1);
}

/* ---- a message, and scripts to include ---- */

static struct sieve_text subject;

static const void *
find_fields(void *arg, uint32_t part, struct sieve_text name, size_t *count_out)
{
	(void)part;
	*count_out = sieve_text_is(name, "subject");
	return arg;
}

static struct sieve_text
get_field(void *arg, const void *fields, size_t i)
{
	(void)arg;
	(void)fields;
	(void)i;
	return subject;
}

static const struct {
	const char *name, *text;
} scripts[] = {
	{ "self", "require \"include\"; include \"self\";" },
	{ "ping", "require \"include\"; include \"pong\";" },
	{ "pong", "require \"include\"; include \"ping\";" },
	{ "perhaps", "require \"include\"; include :optional \"perhaps\"; include :once \"perhaps\";" },
	{ "twice", "require [\"include\", \"variables\"]; global \"g\"; set \"g\" \"${g}${g}\";" },
	{ "broken", "keep;\n  kep;" },
};

/* `deep-N` includes `deep-(N-1)`, and `fan-N` does so four times. */
static enum sieve_found
include(void *arg, enum sieve_location location, struct sieve_text name, struct sieve_text *out)
{
	static char texts[64][160];
	static unsigned next;
	char *text = texts[next++ % 64];
	char wanted[64];
	int n;

	(void)arg;
	(void)location;
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		if (sieve_text_is_same(name, sieve_text_of(scripts[i].name))) {
			*out = sieve_text_of(scripts[i].text);
			return SIEVE_FOUND;
		}
	snprintf(wanted, sizeof wanted, "%.*s", SIEVE_TEXT_ARG(name));
	if (sscanf(wanted, "deep-%d", &n) == 1 && n > 0)
		snprintf(text, sizeof *texts, "require \"include\"; include \"deep-%d\";", n - 1);
	else if (sscanf(wanted, "fan-%d", &n) == 1 && n > 0)
		snprintf(text, sizeof *texts, "require \"include\"; include \"fan-%d\"; "
		    "include \"fan-%d\"; include \"fan-%d\"; include \"fan-%d\";", n - 1, n - 1,
		    n - 1, n - 1);
	else if (strchr(wanted, '-') != NULL)
		snprintf(text, sizeof *texts, "require \"include\"; return;");
	else
		return SIEVE_NOT_FOUND;
	*out = sieve_text_of(text);
	return SIEVE_FOUND;
}

/* ---- running one ---- */

static double
cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
add_text(void *arg, const char *p, size_t n)
{
	buf_add(arg, p, n);
}

/* "fine", or the first error; with what the script asks for. */
static void
run(struct sieve_text script, struct buf *out)
{
	const struct sieve_profile profile = { .engine = "test", .include = include,
		.wants_warnings = true };
	struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	const struct sieve_host host = { .fields = find_fields, .field = get_field };
	struct memory memory = { 0, 0 };
	const struct sieve_alloc alloc = { get, give, &memory };
	struct sieve_program *program;
	struct sieve_result result;
	double from = cpu_now();

	limits.steps = STEPS_MAX;
	buf_clear(out);
	program = sieve_compile(script, &profile, &alloc, add_text, out);
	if (program != NULL) {
		buf_clear(out);
		sieve_run(program, &host, &limits, SIEVE_TEXT_EMPTY, &alloc, &result);
		buf_addf(out, "%u: %.*s", result.error_line, SIEVE_TEXT_ARG(result.error));
		if (result.error.n == 0)
			buf_addf(out, "fine, %zu", result.action_count);
		else
			assert_true(result.is_keep_due && result.action_count == 0);
		/* What was too much is charged, and not done. */
		assert_true(result.steps <= STEPS_MAX || result.error.n > 0);
		sieve_result_fini(&result);
		sieve_program_free(&program);
	}
	assert_int_equal(memory.held, 0);
	assert_true(memory.peak <= MEMORY_MAX);
	if (cpu_now() - from > SECONDS_MAX)
		fail_msg("%.1f s of processor time", cpu_now() - from);
}

/* front, n times piece, middle, n times close, back. */
struct sample {
	const char *name, *front, *piece;
	size_t n;
	const char *middle, *close, *back, *expected;
};

static void
add_many(struct buf *out, const char *piece, size_t n)
{
	while (n-- > 0)
		buf_add_cstr(out, piece);
}

static void
run_samples(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample *s = &samples[i];
		struct buf script = BUF_LIMIT((size_t)256 << 20), out = BUF_EMPTY;

		buf_add_cstr(&script, s->front);
		add_many(&script, s->piece, s->n);
		buf_add_cstr(&script, s->middle);
		add_many(&script, s->close, s->n);
		buf_add_cstr(&script, s->back);
		assert_false(script.bad);
		run((struct sieve_text){ script.p, script.n }, &out);
		if (strstr(buf_cstr(&out), s->expected) == NULL)
			fail_msg("%s: %.300s", s->name, buf_cstr(&out));
		buf_fini(&script);
		buf_fini(&out);
	}
}

#define RUN(samples) run_samples(samples, sizeof(samples) / sizeof(samples)[0])

/* ---- the samples ---- */

static void
what_is_never_closed_is_one_error_at_its_beginning(void **state)
{
	static const struct sample samples[] = {
		{ "string", "keep;\nredirect \"a", "b\n", 1000, "", "", "",
		    "2:10: this string is never closed: expected `\"`\n" },
		{ "escape", "redirect \"a\\", "", 0, "", "", "", "1:10: this string is never closed" },
		{ "comment", "keep;\n/* ", "x * / ", 100000, "", "", "",
		    "2:1: this comment is never closed: expected `*/`" },
		{ "comments in comments", "", "/* ", 100000, "", "", "", "1:1: this comment is never" },
		{ "text", "require \"reject\"; reject text:\n", "a\n..\n", 100000, "", "", "",
		    "1:26: this text is never closed: expected a line with a single `.`" },
		{ "block", "if true {", "keep;", 100, "", "", "", "the block of `if` in line 1 is never" },
	};
	struct buf out = BUF_EMPTY;

	(void)state;
	RUN(samples);
	run(sieve_text_of("if true { redirect \"a"), &out);
	assert_string_equal(buf_cstr(&out), "1:20: this string is never closed: expected `\"`\n"
	    "    if true { redirect \"a\n                       ^\n");
	buf_fini(&out);
}

static void
bytes_that_are_no_text_are_errors_where_they_matter(void **state)
{
	static const char nul[] = "keep;\0", in_string[] = "redirect \"a\0@b\";";
	static const struct sample samples[] = {
		{ "outside", "keep; \xff", "", 0, "", "", "", "1:7: byte 0xff has no place outside" },
		{ "many", "keep;", "\xc3\x28\xfe", 100000, "", "", "", "byte 0xc3 has no place" },
		{ "comment", "# \xff\xfe\n/* \xc0\xaf */ keep;", "", 0, "", "", "", "fine, 1" },
		{ "key", "if header \"subject\" \"\xe9\" { discard; }", "", 0, "", "", "", "fine, 0" },
		{ "folder", "require \"fileinto\";\nfileinto \"caf\xe9\";", "", 0, "", "", "",
		    "2:10: a folder name must be UTF-8" },
		{ "made folder", "require [\"fileinto\", \"variables\", \"encoded-character\"];\n"
		    "set \"v\" \"${hex:e9}\"; fileinto \"${v}\";", "", 0, "", "", "",
		    "2: a folder name must be UTF-8" },
		{ "address", "redirect \"\xe9@example.org\";", "", 0, "", "", "",
		    "1:10: expected one address" },
	};
	struct buf out = BUF_EMPTY;

	(void)state;
	RUN(samples);
	run((struct sieve_text){ nul, sizeof nul - 1 }, &out);
	assert_non_null(strstr(buf_cstr(&out), "1:6: byte 0x00 has no place outside a string"));
	run((struct sieve_text){ in_string, sizeof in_string - 1 }, &out);
	assert_non_null(strstr(buf_cstr(&out), "1:10: this string holds a NUL byte"));
	buf_fini(&out);
}

static void
a_million_levels_are_refused_at_the_first_that_is_too_deep(void **state)
{
	static const struct sample samples[] = {
		{ "blocks", "", "if true{", 1000000, "keep;", "}", "",
		    "1:264: blocks are nested more than 32 deep" },
		{ "not", "if ", "not ", 1000000, "true", "", " {}", "tests are nested more than 32" },
		{ "lists of tests", "if ", "anyof(", 1000000, "true", ")", " {}",
		    "1:195: tests are nested more than 32 deep" },
		{ "parentheses", "if ", "(", 1000000, "true", ")", " {}", "expected a test, not `(`" },
		{ "brackets", "if header ", "[", 1000000, "\"a\"", "]", " \"x\" {}",
		    "expected a string, not `[`" },
		{ "braces", "", "{", 1000000, "", "}", "", "expected a command, not `{`" },
		{ "loops", "require [\"foreverypart\", \"mime\"];", "foreverypart {", 32, "", "}", "",
		    "fine, 0" },
		{ "comments", "", "/* /* */", 100000, "keep;", "", "", "fine, 1" },
	};

	(void)state;
	RUN(samples);
}

/* Wide is not deep: what the size of a script allows, the rest allows. */
static void
a_script_may_be_as_wide_as_its_size_allows(void **state)
{
	static const struct sample samples[] = {
		{ "tests", "if anyof(", "false,", 100000, "true) {discard;}", "", "", "fine, 1" },
		{ "tests with arguments", "if anyof(", "size :over 1,", 50000, "true) {}", "", "", "fine, 0" },
		{ "tests that nobody knows", "if anyof(", "foo,", 100000, "true) {}", "", "",
		    "1:10: unknown test `foo`" },
		{ "strings", "if header \"subject\" [", "\"b\",", 130000, "\"b\"] {discard;}", "", "",
		    "fine, 0" },
		{ "ifs", "", "if false{}", 100000, "keep;", "", "", "fine, 1" },
		{ "elsifs", "if false {} ", "elsif false{}", 75000, "else {discard;}", "", "", "fine, 1" },
		{ "keeps", "", "keep;", 130000, "", "", "", "fine, 1" },
		{ "more commands", "", "keep;", 200000, "", "", "", "a script may have 131072 commands" },
		{ "more tests", "if anyof(", "false,", 140000, "true) {}", "", "",
		    "a test list may have 131072 tests" },
		{ "more strings", "if header \"a\" [", "\"\",", 140000, "\"\"] {}", "", "",
		    "a list may have 131072 strings" },
		{ "arguments", "keep", " :flags", 100000, ";", "", "", "`keep` has more than 32 arguments" },
		{ "signs", "", ";", 1000000, "", "", "", "1:1: expected a command, not `;`" },
		{ "extensions", "require [", "\"x\",", 100000, "\"y\"];", "", "", "unknown extension" },
		{ "dead code", "stop;", "keep; stop;", 60000, "", "", "", "fine, 0" },
		{ "edits", "require \"editheader\";", "addheader \"a\" \"b\";", 16384, "", "", "", "fine, 0" },
	};

	(void)state;
	RUN(samples);
}

static void
long_words_and_strings_meet_their_limits(void **state)
{
	static const struct sample samples[] = {
		{ "a string of 100 MB", "redirect \"", "aaaaaaaaaa", 10 << 20, "\";", "", "",
		    "1:1: the script has more than 16777216 bytes" },
		{ "a string of 8 MB", "keep;\nredirect \"", "aaaaaaaa", 1 << 20, "\";", "", "",
		    "2:10: this string has more than 1048576 bytes" },
		{ "a text of 8 MB", "require \"reject\"; reject text:\n", "aaaaaaa\n", 1 << 20, ".\n;", "",
		    "", "1:26: this string has more than 1048576 bytes" },
		{ "a word", "", "a", 1000000, ";", "", "",
		    "1:1: this word is longer than 32 characters" },
		{ "a tag", "keep :", "a", 1000000, ";", "", "", "1:6: `keep` takes no `:aaa" },
		{ "a number", "if size :over ", "9", 1000000, " {}", "", "",
		    "1:15: this number is too large" },
		{ "a line with an error", "keep; ", "stop; ", 100000, "kep;", "", "",
		    "1:600007: unknown command `kep`; did you mean `keep`?" },
		{ "references", "require [\"variables\", \"fileinto\"]; fileinto \"", "${", 300000, "\";", "",
		    "", "a folder name may have 1024 bytes" },
		{ "encoded characters", "require \"encoded-character\"; if header \"subject\" \"",
		    "${hex:41 41}", 80000, "\" {}", "", "", "fine, 0" },
		{ "an unknown namespace", "require \"variables\"; set \"a\" \"", "${a.b.c}", 100000, "\";", "",
		    "", "unknown namespace in `${a.b.c}`" },
	};

	(void)state;
	RUN(samples);
}

static void
includes_end(void **state)
{
	static const struct sample samples[] = {
		{ "itself", "require \"include\"; include \"self\";", "", 0, "", "", "",
		    "script \"self\" includes itself" },
		{ "each other", "require \"include\"; include \"ping\";", "", 0, "", "", "",
		    "script \"ping\" includes itself" },
		{ "optional", "require \"include\"; include :optional \"perhaps\";", "", 0, "", "", "",
		    "script \"perhaps\" includes itself" },
		{ "ten deep", "require \"include\"; include \"deep-9\";", "", 0, "", "", "", "fine, 0" },
		{ "too deep", "require \"include\"; include \"deep-11\";", "", 0, "", "", "",
		    "scripts include each other too deep: 10 may" },
		{ "far too deep", "require \"include\"; include \"deep-1000\";", "", 0, "", "", "",
		    "too many scripts are included: 255 may be" },
		{ "four times each", "require \"include\";", "include \"fan-9\";", 40, "", "", "",
		    "the script takes too long" },
		{ "many", "require \"include\";", "include \"deep-0\";", 1000, "", "", "",
		    "fine, 0" },
		{ "a name in a variable", "require [\"include\", \"variables\"]; set \"v\" \"self\";\n"
		    "include \"${v}\";", "", 0, "", "", "",
		    "2:9: the name of a script must be a constant string" },
		{ "a name that is a path", "require \"include\"; include \"../../etc/passwd\";", "", 0, "",
		    "", "",
		    "1:28: the name of a script may not hold `/`" },
		{ "broken", "require \"include\"; include \"broken\";", "", 0, "", "", "",
		    "broken:2:3: unknown command `kep`; did you mean `keep`?" },
		{ "global values that double", "require [\"include\", \"variables\"]; global \"g\";"
		    "set \"g\" \"xx\";", "include \"twice\";", 250, "", "", "", "fine, 0" },
	};
	struct buf script = BUF_EMPTY, out = BUF_EMPTY;

	(void)state;
	RUN(samples);
	buf_add_cstr(&script, "require \"include\";\n");
	for (int i = 1; i <= SIEVE_INCLUDES_MAX + 1; i++)
		buf_addf(&script, "include \"other-%d\";\n", i);
	run((struct sieve_text){ script.p, script.n }, &out);
	assert_non_null(strstr(buf_cstr(&out),
	    "257:1: too many scripts are included: 255 may be\n"));
	buf_fini(&script);
	buf_fini(&out);
}

static void
costly_patterns_cost_no_more_than_a_run_may(void **state)
{
	static const struct sample samples[] = {
		{ "stars", "if header :matches \"subject\" \"", "*a", 100000, "*b\" {discard;}", "", "",
		    "fine, 0" },
		{ "marks behind stars", "if header :matches \"subject\" \"", "*?a", 10000,
		    "*b\" {discard;}", "", "", "fine, 0" },
		{ "a long key", "if header :matches \"subject\" \"*", "a", 60000, "?*b\" {discard;}", "",
		    "", "the script takes too long" },
		{ "many keys", "if header :contains \"subject\" [", "\"aaaaaaaab\",", 50000,
		    "\"b\"] {discard;}", "", "", "the script takes too long" },
		{ "repeats", "require \"regex\"; if header :regex \"subject\" \"^(a+)+$\" {discard;}", "", 0,
		    "", "", "", "too costly" },
		{ "alternatives", "require \"regex\"; if header :regex \"subject\" \"(a|a)*$\" {discard;}",
		    "", 0, "", "", "", "too costly" },
		{ "back references", "require \"regex\"; if header :regex \"subject\" "
		    "\"(a*)(a*)(a*)\\\\1\\\\2\\\\3[xy]\" {discard;}", "", 0, "", "", "", "too costly" },
		{ "options", "require \"regex\"; if header :regex \"subject\" \"", "a?", 60, "", "a",
		    "b\" {discard;}", "fine, 0" },
		{ "counts", "require \"regex\"; if header :regex \"subject\" "
		    "\"((a{1,1000}){1,1000}){1,1000}\" {discard;}", "", 0, "", "", "",
		    "1:45: regular expression: regular expression is too large" },
		{ "groups", "require \"regex\"; if header :regex \"subject\" \"", "(", 101, "a", ")",
		    "\" {discard;}", "1:45: regular expression: parentheses are too deeply nested" },
		{ "a long expression", "require \"regex\"; if header :regex \"subject\" \"", "a", 16385, "",
		    "", "\" {discard;}", "1:45: regular expression: pattern string is longer" },
		{ "expressions made anew", "require [\"regex\", \"variables\"];", "set \"v\" \"(a+)+!$\";"
		    "if header :regex \"subject\" \"${v}\" {discard;}", 2000, "", "", "", "fine, 1" },
	};
	struct buf value = BUF_EMPTY;

	(void)state;
	add_many(&value, "a", 100000);
	buf_add_cstr(&value, "!");
	subject = (struct sieve_text){ value.p, value.n };
	RUN(samples);
	subject = SIEVE_TEXT_EMPTY;
	buf_fini(&value);
}

static void
values_and_actions_meet_their_limits(void **state)
{
	static const struct sample samples[] = {
		{ "a value that doubles", "require [\"variables\", \"fileinto\"]; set \"a\" \"xx\";",
		    "set \"a\" \"${a}${a}\";", 1000,
		    "set :length \"l\" \"${a}\"; if string \"${l}\" \"4096\" { fileinto \"long\"; }", "", "",
		    "fine, 1" },
		{ "quoting that doubles", "require [\"variables\", \"fileinto\"]; set \"a\" \"\\\\\";",
		    "set :quotewildcard \"a\" \"${a}\";", 1000,
		    "set :length \"l\" \"${a}\"; if string \"${l}\" \"4096\" { fileinto \"long\"; }", "", "",
		    "fine, 1" },
		{ "encoding that grows", "require [\"variables\", \"enotify\"]; set \"a\" \"%\";",
		    "set :encodeurl \"a\" \"${a}${a}\";", 1000, "", "", "", "fine, 0" },
		{ "too many names", "require \"variables\";", "set \"a0\" \"\";", 1, "", "", "", "fine, 0" },
		{ "flags that grow", "require [\"imap4flags\", \"variables\"]; set \"a\" \"x y z\";",
		    "addflag \"${a}\"; set \"a\" \"${a}${a} b\";", 1000, "", "", "", "fine, 0" },
		{ "10 000 redirects to one", "", "redirect \"a@example.org\";", 10000, "", "", "",
		    "fine, 1" },
		{ "10 000 files", "require \"fileinto\";", "fileinto \"a\"; fileinto \"b\";", 5000, "", "",
		    "", "fine, 2" },
	};
	struct buf script = BUF_EMPTY, out = BUF_EMPTY;

	(void)state;
	RUN(samples);
	for (int i = 0; i < 10000; i++)
		buf_addf(&script, "redirect \"u%d@example.org\";\n", i);
	run((struct sieve_text){ script.p, script.n }, &out);
	assert_string_equal(buf_cstr(&out),
	    "5: number of redirect actions exceeds policy limit (5 > 4)");
	buf_clear(&script);
	buf_add_cstr(&script, "require \"variables\";\n");
	for (int i = 0; i < 10000; i++)
		buf_addf(&script, "set \"v%d\" \"x\";\n", i);
	run((struct sieve_text){ script.p, script.n }, &out);
	assert_non_null(strstr(buf_cstr(&out), "255"));
	buf_fini(&script);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_never_closed_is_one_error_at_its_beginning),
		cmocka_unit_test(bytes_that_are_no_text_are_errors_where_they_matter),
		cmocka_unit_test(a_million_levels_are_refused_at_the_first_that_is_too_deep),
		cmocka_unit_test(a_script_may_be_as_wide_as_its_size_allows),
		cmocka_unit_test(long_words_and_strings_meet_their_limits),
		cmocka_unit_test(includes_end),
		cmocka_unit_test(costly_patterns_cost_no_more_than_a_run_may),
		cmocka_unit_test(values_and_actions_meet_their_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

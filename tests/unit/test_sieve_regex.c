/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Regular expressions: what matches, what is captured, what is no expression,
 * and what hostile ones cost. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sieve/regex.h"

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

static struct memory plenty = { .left = UINT32_MAX };
static const struct sieve_alloc all = { get, give, &plenty };

static struct sieve_regex_pool *
new_pool(void)
{
	struct sieve_regex_pool *pool = sieve_regex_pool_new(&all, SIEVE_REGEX_RUN_MAX);

	assert_non_null(pool);
	return pool;
}

/* `no`, `costly`, `memory`, the fault of the pattern, or captures in `<>`. */
static const char *
match(const char *pattern, bool is_caseless, struct sieve_text value)
{
	static char out[512];
	struct sieve_regex_pool *pool = new_pool();
	struct sieve_regex_fault fault;
	struct sieve_captures captures;
	const struct sieve_regex *regex;
	uint64_t steps = 0;
	size_t n = 0;
	unsigned i;

	regex = sieve_regex_compile(pool, sieve_text_of(pattern), is_caseless, &fault);
	if (regex == NULL) {
		snprintf(out, sizeof out, "%s", fault.text);
		sieve_regex_pool_free(&pool);
		return out;
	}
	switch (sieve_regex_match(pool, regex, value, SIEVE_STEPS_MAX, &steps, &captures)) {
	case SIEVE_REGEX_NO_MATCH:
		snprintf(out, sizeof out, "no");
		break;
	case SIEVE_REGEX_TOO_COSTLY:
		snprintf(out, sizeof out, "costly");
		break;
	case SIEVE_REGEX_NO_MEMORY:
		snprintf(out, sizeof out, "memory");
		break;
	case SIEVE_REGEX_MATCH:
		for (i = 0; i < captures.n; i++)
			n += (size_t)snprintf(out + n, sizeof out - n, "<%.*s>",
			    SIEVE_TEXT_ARG(captures.at[i]));
		break;
	}
	assert_true(steps > 0);
	sieve_regex_pool_free(&pool);
	assert_null(pool);
	assert_int_equal(plenty.held, 0);
	return out;
}

struct sample {
	const char *pattern, *value, *answer;
};

static void
expect(const struct sample *samples, size_t n, bool is_caseless)
{
	const char *answer;
	size_t i;

	for (i = 0; i < n; i++) {
		answer = match(samples[i].pattern, is_caseless, sieve_text_of(samples[i].value));
		if (strcmp(answer, samples[i].answer) != 0)
			fail_msg("/%s/ on \"%s\": %s, not %s", samples[i].pattern,
			    samples[i].value, answer, samples[i].answer);
	}
}

#define EXPECT(samples, is_caseless) \
	expect(samples, sizeof(samples) / sizeof(samples)[0], is_caseless)

/* draft-murchison-sieve-regex-07 3, the table. */
static void
all_of_the_draft_matches(void **state)
{
	static const struct sample samples[] = {
		{ "a.c", "xabcx", "<abc>" },
		{ "a.c", "a\nc", "no" },
		{ "[a-c]+", "xxcabxx", "<cab>" },
		{ "[^a-c]+", "abxyc", "<xy>" },
		{ "[]x]+", "a]x]", "<]x]>" },
		{ "[^]x]", "]xa", "<a>" },
		{ "[a-]+", "b-a-", "<-a->" },
		{ "\\.\\*\\[", "x.*[", "<.*[>" },
		{ "^[[:alnum:]]+$", "ab12", "<ab12>" },
		{ "[[:alpha:][:blank:]]+", "1a b2", "<a b>" },
		{ "[[:cntrl:]]", "a\tb", "<\t>" },
		{ "[[:digit:]]{2}", "1a23", "<23>" },
		{ "^[[:graph:]]$", "!", "<!>" },
		{ "^[[:lower:]]$", "A", "no" },
		{ "^[[:print:]]+$", "a b", "<a b>" },
		{ "^[[:punct:]]$", ";", "<;>" },
		{ "[[:space:]]", "a b", "< >" },
		{ "^[[:upper:]]$", "A", "<A>" },
		{ "^[[:xdigit:]]+$", "dEad", "<dEad>" },
		{ "x[[=a=]]y", "xay", "<xay>" },
		{ "x[[.-.]y]", "x-", "<x->" },
		{ "x[^[.].]]", "x]", "no" },
		{ "x[[=\xc3\xa9=]]", "x\xc3\xa9", "<x\xc3\xa9>" },
		{ "ab?c", "ac", "<ac>" },
		{ "ab*c", "abbbc", "<abbbc>" },
		{ "ab+c", "ac", "no" },
		{ "a{2,3}", "aaaa", "<aaa>" },
		{ "a{2}", "aaaa", "<aa>" },
		{ "a{2,}", "aaaa", "<aaaa>" },
		{ "^b", "ab", "no" },
		{ "a$", "ab", "no" },
		{ "^b$", "a\nb\nc", "<b>" },
		{ "^b$", "a\r\nb\r\nc", "<b>" },
		{ "cat|dog", "a dog", "<dog>" },
		{ "(a)(b)?(c)", "ac", "<ac><a><><c>" },
		{ "me(\\+.*)?@company\\.com", "me+x@company.com", "<me+x@company.com><+x>" },
		{ "^[^[:lower:]]+$", "FREE $$$", "<FREE $$$>" },
		{ "^[^[:lower:]]+$", "FREe", "no" },
		{ "", "x", "<>" },
		{ "", "", "<>" },
		{ "$", "x", "<>" },
		{ "^$", "", "<>" },
	};

	(void)state;
	EXPECT(samples, false);
}

static void
perl_and_unicode_are_understood(void **state)
{
	static const struct sample samples[] = {
		{ "\\d+", "ab12", "<12>" },
		{ "\\w+", "-\xc3\xbc""ber-", "<\xc3\xbc""ber>" },
		{ "^.$", "\xf0\x9f\x98\x80", "<\xf0\x9f\x98\x80>" },
		{ "\\p{Cyrillic}+", "a \xd0\x9f\xd0\xb8!", "<\xd0\x9f\xd0\xb8>" },
		{ "[[:upper:]]", "\xc3\x9c", "<\xc3\x9c>" },
		{ "(?i)ABC", "xabc", "<abc>" },
		{ "(\\w)\\1", "abccd", "<cc><c>" },
		{ "foo(?!bar)", "foobar foox", "<foo>" },
		{ "(?<=\\$)\\d+", "1 $23", "<23>" },
		{ "\\bcat\\b", "concat cat", "<cat>" },
		{ "a.*?b", "aXbYb", "<aXb>" },
		{ "\\Aab", "xab", "no" },
		{ "(?<year>\\d{4})", "in 2026", "<2026><2026>" },
		{ "a|ab", "ab", "<a>" },
		{ "\\x{1F600}", "\xf0\x9f\x98\x80", "<\xf0\x9f\x98\x80>" },
		{ "\\r\\n", "a\r\nb", "<\r\n>" },
		{ "\\n", "a\r\nb", "<\n>" },
	};

	(void)state;
	EXPECT(samples, false);
}

static void
case_counts_or_not(void **state)
{
	static const struct sample samples[] = {
		{ "abc", "xABC", "<ABC>" },
		{ "ABC", "xabc", "<abc>" },
		{ "^\xc3\x9c", "\xc3\xbc", "<\xc3\xbc>" },
		{ "[a-c]z", "Bz", "<Bz>" },
		{ "k", "\xe2\x84\xaa", "<\xe2\x84\xaa>" },
		{ "\xd0\xbf.*\xd0\x96", "\xd0\x9f-\xd0\xb6", "<\xd0\x9f-\xd0\xb6>" },
		{ "x.*y", "X...Y", "<X...Y>" },
	};
	size_t i;

	(void)state;
	EXPECT(samples, true);
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++)
		assert_string_equal(match(samples[i].pattern, false,
				        sieve_text_of(samples[i].value)), "no");
}

static void
what_is_no_utf_8_matches_still(void **state)
{
	static const struct sample samples[] = {
		{ "b+", "a\xff""bb\xc3", "<bb>" },
		{ "^a.b", "a\xff""bb", "<a\xff""b>" },
		{ "a(.*)c", "xa\xc3\xe2\x82""c", "<a\xc3\xe2\x82""c><\xc3\xe2\x82>" },
		{ "\xc3\xa9.$", "\xc3\xa9\xff", "<\xc3\xa9\xff>" },
		/* A pattern that is none itself compares octets. */
		{ "a\xff.", "xa\xff\xc3\xa9", "<a\xff\xc3>" },
	};

	(void)state;
	EXPECT(samples, false);
}

static void
what_is_no_expression_is_told_with_its_place(void **state)
{
	static const struct sample samples[] = {
		{ "a(b", "", "missing closing parenthesis at offset 3" },
		{ "ab)", "", "unmatched closing parenthesis at offset 2" },
		{ "[a", "", "missing terminating ] for character class at offset 2" },
		{ "*a", "", "quantifier does not follow a repeatable item at offset 0" },
		{ "a{3,2}", "", "numbers out of order in {} quantifier at offset 5" },
		{ "a[[=b=]]*(", "", "missing closing parenthesis at offset 10" },
		{ "[[=b=]]*)", "", "unmatched closing parenthesis at offset 8" },
		{ "[[:nix:]]", "", "unknown POSIX class name at offset 3" },
		{ "a\\", "", "\\ at end of pattern at offset 2" },
		{ "\\C", "", "using \\C is disabled by the application at offset 2" },
		{ "(?<=a+)b", "", "lookbehind assertion is not fixed length at offset 0" },
	};

	(void)state;
	EXPECT(samples, false);
}

static void
sizes_and_depths_have_limits(void **state)
{
	static char pattern[SIEVE_REGEX_MAX + 2];
	unsigned i;

	(void)state;
	memset(pattern, 'a', SIEVE_REGEX_MAX);
	assert_string_equal(match(pattern, false, sieve_text_of("b")), "no");
	pattern[SIEVE_REGEX_MAX] = 'a';
	assert_non_null(strstr(match(pattern, false, sieve_text_of("b")), "pattern string"));
	assert_non_null(strstr(match("((abc){100}){1000}", false, sieve_text_of("b")), "too large"));
	memset(pattern, 0, sizeof pattern);
	for (i = 0; i < SIEVE_REGEX_DEPTH_MAX; i++) {
		pattern[i] = '(';
		pattern[SIEVE_REGEX_DEPTH_MAX + i] = ')';
	}
	assert_null(strstr(match(pattern, false, sieve_text_of("b")), "nested"));
	memset(pattern, '(', SIEVE_REGEX_DEPTH_MAX + 1);
	memset(pattern + SIEVE_REGEX_DEPTH_MAX + 1, ')', SIEVE_REGEX_DEPTH_MAX + 1);
	assert_non_null(strstr(match(pattern, false, sieve_text_of("b")), "nested"));
}

static void
captures_are_as_many_as_there_is_room_for(void **state)
{
	struct sieve_regex_pool *pool = new_pool();
	struct sieve_regex_fault fault;
	struct sieve_captures captures;
	const struct sieve_regex *regex;
	char pattern[4 * 40 + 1];
	uint64_t steps = 0;
	unsigned i;

	(void)state;
	for (i = 0; i < 40; i++)
		memcpy(pattern + 3 * i, "(.)", 4);
	regex = sieve_regex_compile(pool, sieve_text_of(pattern), false, &fault);
	assert_non_null(regex);
	assert_int_equal(sieve_regex_match(pool, regex,
			     sieve_text_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
			     SIEVE_STEPS_MAX, &steps, &captures), SIEVE_REGEX_MATCH);
	assert_int_equal(captures.n, SIEVE_CAPTURES_MAX + 1);
	assert_int_equal(captures.at[0].n, 40);
	assert_int_equal(captures.at[SIEVE_CAPTURES_MAX].p[0], 'F');
	sieve_regex_pool_free(&pool);
}

static void
hostile_expressions_end(void **state)
{
	static const struct {
		const char *pattern, *answer;
		size_t size; /* of a value of `a` and a last `!` */
	} samples[] = {
		{ "(a+)+$", "costly", 40 },
		{ "(a|a)*$", "costly", 40 },
		{ "(a*)*b", "no", 40 }, /* there is no b */
		{ "(.*)*x|!!", "costly", 40 },
		{ "(a|aa)+[!]b|c", "costly", 100 },
		{ "([a-z]+)*[0-9]", "costly", 60000 },
		{ "[a-z]*+[0-9]", "costly", 60000 },
		{ "(?=[a-z]*[0-9])x|y", "costly", 60000 },
		{ "([a-z]*)\\1\\1\\1[0-9]", "costly", 4000 },
		{ "(.*)(.*)(.*)(.*)(.*)[0-9]", "costly", 1000 },
		{ "a{60000}[0-9]", "costly", 60000 },
		{ "(?:a?){40}a{40}[0-9]", "costly", 60 },
		{ "(?R)?a[0-9]", "costly", 60000 },
		{ "^(a|b)*!$", "costly", 60000 }, /* too many to come back to */
		{ "^(a|b)*!$", "<aaaaaaaaaaaaaaaaaaa!><a>", 20 },
		{ "a.*!", NULL, 60000 },
		{ "[^x]*!", NULL, 60000 },
		{ "[0-9]+x|y", "no", 60000 },
		{ "b.*c.*d", "no", 60000 },
	};
	static char value[60001];
	const char *answer;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		memset(value, 'a', samples[i].size - 1);
		value[samples[i].size - 1] = '!';
		answer = match(samples[i].pattern, false,
		    (struct sieve_text){ value, samples[i].size });
		if (samples[i].answer == NULL ? answer[0] != '<'
					      : strcmp(answer, samples[i].answer) != 0)
			fail_msg("/%s/: %s", samples[i].pattern, answer);
	}
}

static void
those_of_a_run_are_kept_for_a_while(void **state)
{
	struct sieve_regex_pool *pool = new_pool();
	struct sieve_regex_fault fault;
	const struct sieve_regex *first, *regex;
	uint64_t steps = 0, once;
	unsigned i, held = 0;
	char pattern[32];

	(void)state;
	first = sieve_regex_find(pool, sieve_text_of("a+"), false, &steps, &fault);
	assert_non_null(first);
	once = steps;
	assert_true(once > 0);
	assert_ptr_equal(sieve_regex_find(pool, sieve_text_of("a+"), false, &steps, &fault), first);
	assert_int_equal(steps, once);
	assert_ptr_not_equal(sieve_regex_find(pool, sieve_text_of("a+"), true, &steps, &fault), first);
	for (i = 0; i < 1000; i++) {
		snprintf(pattern, sizeof pattern, "b{%u}", i);
		regex = sieve_regex_find(pool, sieve_text_of(pattern), false, &steps, &fault);
		assert_non_null(regex);
		if (i == 20)
			held = plenty.held;
	}
	assert_int_equal(plenty.held, held);
	assert_null(sieve_regex_find(pool, sieve_text_of("("), false, &steps, &fault));
	assert_false(fault.is_memory);
	assert_int_equal(plenty.held, held);
	sieve_regex_pool_free(&pool);
	assert_int_equal(plenty.held, 0);
}

/* A pool, an expression from it, a match: 1 when all of it came off. */
static int
try(const struct sieve_alloc *memory)
{
	static char value[3000];
	struct sieve_regex_pool *pool = sieve_regex_pool_new(memory, SIEVE_REGEX_RUN_MAX);
	struct sieve_regex_fault fault = { .is_memory = true };
	const struct sieve_regex *regex;
	uint64_t steps = 0;
	int rc = 0;

	memset(value, 'a', sizeof value);
	value[0] = (char)0xff;
	if (pool == NULL)
		return 0;
	regex = sieve_regex_find(pool, sieve_text_of("(a|b)+$"), true, &steps, &fault);
	if (regex == NULL)
		assert_true(fault.is_memory);
	else
		rc = sieve_regex_match(pool, regex, (struct sieve_text){ value, sizeof value },
		    SIEVE_STEPS_MAX, &steps, NULL) == SIEVE_REGEX_MATCH;
	sieve_regex_pool_free(&pool);
	return rc;
}

static void
no_memory_is_a_failure_and_no_crash(void **state)
{
	struct memory memory = { .held = 0 };
	const struct sieve_alloc alloc = { get, give, &memory };
	unsigned i = 0;
	int rc;

	(void)state;
	do {
		memory.left = i++;
		rc = try(&alloc);
		assert_int_equal(memory.held, 0);
	} while (rc == 0 && i < 100);
	assert_int_equal(rc, 1);
	assert_true(i > 8);
}

static void
a_pool_has_a_ceiling(void **state)
{
	struct sieve_regex_pool *pool = sieve_regex_pool_new(&all, SIEVE_REGEX_PROGRAM_MAX);
	struct sieve_regex_fault fault = { .is_memory = false };
	unsigned n = 0;

	(void)state;
	while (sieve_regex_compile(pool, sieve_text_of("(abcdefgh){1500}"), false, &fault) != NULL)
		n++;
	assert_true(fault.is_memory);
	assert_in_range(n, 20, 200);
	sieve_regex_pool_free(&pool);
	assert_int_equal(plenty.held, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_the_draft_matches),
		cmocka_unit_test(perl_and_unicode_are_understood),
		cmocka_unit_test(case_counts_or_not),
		cmocka_unit_test(what_is_no_utf_8_matches_still),
		cmocka_unit_test(what_is_no_expression_is_told_with_its_place),
		cmocka_unit_test(sizes_and_depths_have_limits),
		cmocka_unit_test(captures_are_as_many_as_there_is_room_for),
		cmocka_unit_test(hostile_expressions_end),
		cmocka_unit_test(those_of_a_run_are_kept_for_a_while),
		cmocka_unit_test(no_memory_is_a_failure_and_no_crash),
		cmocka_unit_test(a_pool_has_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

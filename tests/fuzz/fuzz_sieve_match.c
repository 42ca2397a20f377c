/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A key and a value by all match types and comparators, beside the simplest
 * code that does the same: the comparator, the key's size, the key, the value. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/bug.h"
#include "sieve/brackets.h"
#include "sieve/regex.h"
#include "sieve/search.h"
#include "sieve/unicode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VALUE_MAX 2048
#define STEPS_MAX 100000

static void *
get(void *arg, size_t n)
{
	(void)arg;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	(void)arg;
	free(p);
}

static const struct sieve_alloc memory = { get, give, NULL };

/* What is matched, folded when the comparator is i;unicode-casemap. */
struct pair {
	enum sieve_comparator comparator;
	struct sieve_text value, key, pattern;
	struct sieve_unicode unicode;
};

/* ---- :is, :contains ---- */

static bool
is_at(const struct pair *pair, size_t at)
{
	size_t i;

	for (i = 0; i < pair->key.n; i++)
		if (sieve_search_fold(pair->comparator, pair->value.p[at + i]) !=
		    sieve_search_fold(pair->comparator, pair->key.p[i]))
			return false;
	return true;
}

static void
try_search(const struct pair *pair)
{
	size_t at = 0, found = sieve_search(pair->comparator, pair->value, 0, pair->key);

	while (at + pair->key.n <= pair->value.n && !is_at(pair, at))
		at++;
	if (at + pair->key.n > pair->value.n)
		at = SIEVE_SEARCH_NONE;
	BUG_ON(found != at);
	BUG_ON(sieve_match_contains(pair->comparator, pair->value, pair->key) != (at != SIEVE_SEARCH_NONE));
	BUG_ON((sieve_match_compare(pair->comparator, pair->value, pair->key) == 0) !=
	    (at == 0 && pair->value.n == pair->key.n));
	BUG_ON((sieve_match_compare(pair->comparator, pair->value, pair->key) < 0) !=
	    (sieve_match_compare(pair->comparator, pair->key, pair->value) > 0));
}

/* ---- :matches ---- */

static size_t
step(const struct pair *pair, size_t at)
{
	if (pair->comparator == SIEVE_COMPARE_UNICODE)
		return sieve_unicode_step(&pair->unicode, at);
	return 1;
}

/* Every place of the value that each piece of the pattern may end at. */
static bool
is_glob_match(const struct pair *pair)
{
	static bool now[VALUE_MAX * 16], then[VALUE_MAX * 16];
	size_t i, at, n = pair->value.n;
	char c;

	BUG_ON(n >= sizeof now);
	memset(now, 0, n + 1);
	now[0] = true;
	for (i = 0; i < pair->pattern.n; i++) {
		memset(then, 0, n + 1);
		c = pair->pattern.p[i];
		if (c == '*') {
			for (at = 0; at <= n; at++)
				then[at] = now[at] || (at > 0 && then[at - 1]);
		} else if (c == '?') {
			for (at = 0; at < n; at++)
				if (now[at])
					then[at + step(pair, at)] = true;
		} else {
			if (c == '\\' && i + 1 < pair->pattern.n)
				c = pair->pattern.p[++i];
			for (at = 0; at < n; at++)
				then[at + 1] = now[at] &&
				    sieve_search_fold(pair->comparator, c) ==
					sieve_search_fold(pair->comparator, pair->value.p[at]);
		}
		memcpy(now, then, n + 1);
	}
	return now[n];
}

/* Letters of the pattern and captures in their order are the value. */
static void
check_captures(const struct pair *pair, const struct sieve_captures *captures)
{
	const char *at = pair->value.p;
	unsigned next = 1;
	size_t i;
	char c;

	BUG_ON(captures->at[0].p != pair->value.p || captures->at[0].n != pair->value.n);
	for (i = 0; i < pair->pattern.n && next < captures->n; i++) {
		c = pair->pattern.p[i];
		if (c == '*' || c == '?') {
			BUG_ON(captures->at[next].p != at);
			at += captures->at[next++].n;
			continue;
		}
		if (c == '\\' && i + 1 < pair->pattern.n)
			c = pair->pattern.p[++i];
		BUG_ON(sieve_search_fold(pair->comparator, *at++) !=
		    sieve_search_fold(pair->comparator, c));
	}
	BUG_ON(at > pair->value.p + pair->value.n);
}

static void
check_order(const struct pair *pair, const struct sieve_captures *captures)
{
	const char *at = pair->unicode.original.p, *end = at + pair->unicode.original.n;
	unsigned i;

	BUG_ON(captures->at[0].p != at || captures->at[0].n != pair->unicode.original.n);
	for (i = 1; i < captures->n; i++) {
		BUG_ON(captures->at[i].p < at || captures->at[i].p + captures->at[i].n > end);
		at = captures->at[i].p + captures->at[i].n;
	}
}

static void
try_glob(const struct pair *pair)
{
	struct sieve_captures captures;
	bool is_match;

	if (pair->comparator == SIEVE_COMPARE_UNICODE)
		is_match = sieve_match_unicode(&pair->unicode, pair->pattern, &captures);
	else
		is_match = sieve_match_capture(pair->comparator, pair->value, pair->pattern, &captures);
	BUG_ON(is_match != is_glob_match(pair));
	if (pair->comparator == SIEVE_COMPARE_UNICODE)
		BUG_ON(sieve_match_unicode(&pair->unicode, pair->pattern, NULL) != is_match);
	else
		BUG_ON(sieve_match_glob(pair->comparator, pair->value, pair->pattern) != is_match);
	if (!is_match)
		return;
	if (pair->comparator == SIEVE_COMPARE_UNICODE)
		check_order(pair, &captures);
	else
		check_captures(pair, &captures);
}

/* ---- :regex ---- */

static pcre2_code *
compile_plainly(struct sieve_text pattern, bool is_caseless)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	uint32_t options = PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_START_OPTIMIZE |
	    (is_caseless ? PCRE2_CASELESS : 0);
	char plain[256];
	pcre2_code *code;
	size_t offset;
	int error;

	if (sieve_unicode_is_valid(pattern))
		options |= PCRE2_UTF | PCRE2_UCP;
	pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
	pcre2_set_parens_nest_limit(context, SIEVE_REGEX_DEPTH_MAX);
	code = pcre2_compile((PCRE2_SPTR)plain, sieve_brackets_plain(pattern, plain), options,
	    &error, &offset, context);
	pcre2_compile_context_free(context);
	return code;
}

/* What PCRE2 says when it is asked once, for all of the value. */
static void
check_match(struct sieve_text value, struct sieve_text key, bool is_caseless,
    enum sieve_regex_outcome outcome, const struct sieve_captures *captures)
{
	pcre2_code *code = compile_plainly(key, is_caseless);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(data);
	int rc;

	BUG_ON(code == NULL);
	pcre2_set_match_limit(context, 2000);
	rc = pcre2_match(code, (PCRE2_SPTR)value.p, value.n, 0, 0, data, context);
	if (rc == PCRE2_ERROR_NOMATCH)
		BUG_ON(outcome == SIEVE_REGEX_MATCH);
	if (rc >= 0)
		BUG_ON(outcome == SIEVE_REGEX_NO_MATCH);
	if (rc >= 0 && outcome == SIEVE_REGEX_MATCH && offsets[0] <= offsets[1])
		BUG_ON(captures->at[0].p != value.p + offsets[0] ||
		    captures->at[0].n != offsets[1] - offsets[0]);
	pcre2_match_context_free(context);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
}

static void
try_regex(struct sieve_text value, struct sieve_text key, bool is_caseless)
{
	struct sieve_regex_pool *pool = sieve_regex_pool_new(&memory, SIEVE_REGEX_RUN_MAX);
	struct sieve_regex_fault fault;
	struct sieve_captures captures;
	const struct sieve_regex *regex;
	enum sieve_regex_outcome outcome;
	uint64_t steps = 0;
	unsigned i;

	BUG_ON(pool == NULL);
	regex = sieve_regex_compile(pool, key, is_caseless, &fault);
	if (regex != NULL) {
		outcome = sieve_regex_match(pool, regex, value, STEPS_MAX, &steps, &captures);
		BUG_ON(outcome == SIEVE_REGEX_NO_MEMORY);
		for (i = 0; outcome == SIEVE_REGEX_MATCH && i < captures.n; i++)
			BUG_ON(captures.at[i].p < value.p || captures.at[i].p +
			    captures.at[i].n > value.p + value.n);
		if (sieve_unicode_is_valid(value))
			check_match(value, key, is_caseless, outcome, &captures);
	}
	sieve_regex_pool_free(&pool);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum sieve_comparator comparators[] = { SIEVE_COMPARE_CASEMAP,
		SIEVE_COMPARE_OCTET, SIEVE_COMPARE_UNICODE };
	struct pair pair = { .unicode = SIEVE_UNICODE_EMPTY };
	struct sieve_text value, key;
	struct sieve_arena arena;

	if (size < 2 || size - 2 < data[1] || size - 2 - data[1] > VALUE_MAX)
		return 0;
	key = (struct sieve_text){ (const char *)data + 2, data[1] };
	value = (struct sieve_text){ key.p + key.n, size - 2 - key.n };
	sieve_arena_init(&arena, &memory, 1 << 20);
	pair.comparator = comparators[data[0] % 3];
	pair.value = value;
	pair.key = pair.pattern = key;
	if (pair.comparator == SIEVE_COMPARE_UNICODE) {
		BUG_ON(sieve_unicode_fold(&arena, value, &pair.unicode) == -1);
		BUG_ON(sieve_unicode_fold_key(&arena, key, &pair.key) == -1);
		BUG_ON(sieve_unicode_fold_pattern(&arena, key, &pair.pattern) == -1);
		pair.value = pair.unicode.folded;
	}
	try_search(&pair);
	try_glob(&pair);
	try_regex(value, key, pair.comparator != SIEVE_COMPARE_OCTET);
	sieve_arena_fini(&arena);
	return 0;
}

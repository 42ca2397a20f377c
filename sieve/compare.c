/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Values against keys, for every test that matches.  Knows no test. */

#include "compare.h"

#include <stdio.h>

#include "lists.h"

/* ---- i;unicode-casemap: every key and value is folded once ---- */

static void
fold_key(struct sieve_compare *compare, unsigned i)
{
	const struct sieve_template *key = &compare->keys.at[i];
	struct sieve_interp *in = compare->in;
	int rc;

	if (key->prepared != NULL) {
		compare->folded[i] = key->prepared->folded;
		return;
	}
	if (!sieve_interp_can_spend(in, key->text.n / 16))
		return;
	if (compare->match == SIEVE_MATCH_MATCHES)
		rc = sieve_unicode_fold_pattern(&in->scratch, key->text, &compare->folded[i]);
	else
		rc = sieve_unicode_fold_key(&in->scratch, key->text, &compare->folded[i]);
	if (rc == -1)
		sieve_interp_fail_memory(in);
}

static void
fold_keys(struct sieve_compare *compare)
{
	struct sieve_interp *in = compare->in;
	unsigned i;

	compare->folded =
	    sieve_arena_get(&in->scratch, compare->keys.n * sizeof *compare->folded);
	if (compare->folded == NULL)
		sieve_interp_fail_memory(in);
	for (i = 0; i < compare->keys.n && !in->is_over; i++)
		fold_key(compare, i);
}

static bool
can_fold_value(struct sieve_compare *compare, struct sieve_text value)
{
	struct sieve_interp *in = compare->in;

	if (!sieve_interp_can_spend(in, value.n / 16))
		return false;
	if (sieve_unicode_fold(&in->scratch, value, &compare->value) == 0)
		return true;
	sieve_interp_fail_memory(in);
	return false;
}

void
sieve_compare_begin(struct sieve_compare *compare, struct sieve_interp *in,
    const struct sieve_call *call, struct sieve_list keys)
{
	*compare = (struct sieve_compare){
		.in = in,
		.match = (enum sieve_match)call->codes[SIEVE_GROUP_MATCH],
		.comparator = (enum sieve_comparator)call->comparator,
		.relation = (enum sieve_relation)call->relation,
		.keys = sieve_interp_list(in, keys),
		.can_capture = in->frame->unit->has_variables,
	};
	/* Regular expressions fold themselves; lists are the host's. */
	if (compare->comparator == SIEVE_COMPARE_UNICODE && compare->match != SIEVE_MATCH_REGEX &&
	    compare->match != SIEVE_MATCH_LIST)
		fold_keys(compare);
	if (compare->match == SIEVE_MATCH_LIST)
		compare->keys = sieve_lists_find(in, compare->keys);
}

/* ---- matching ---- */

/* RFC 5229 3.2: only a match that succeeds changes ${1}. */
static void
take_captures(struct sieve_compare *compare, const struct sieve_captures *captures)
{
	struct sieve_interp *in = compare->in;
	unsigned i;

	for (i = 0; i < captures->n; i++)
		sieve_interp_set(in, &in->frame->captures[i], captures->at[i]);
	in->frame->capture_count = captures->n;
}

static bool
is_glob_match(struct sieve_compare *compare, struct sieve_text value, struct sieve_text pattern)
{
	struct sieve_captures captures, *wanted = compare->can_capture ? &captures : NULL;
	bool is_so;

	if (compare->folded != NULL)
		is_so = sieve_match_unicode(&compare->value, pattern, wanted);
	else if (wanted != NULL)
		is_so = sieve_match_capture(compare->comparator, value, pattern, wanted);
	else
		is_so = sieve_match_glob(compare->comparator, value, pattern);
	if (is_so && wanted != NULL)
		take_captures(compare, wanted);
	return is_so;
}

/* NULL: the run failed. */
static const struct sieve_regex *
find_regex(struct sieve_compare *compare, const struct sieve_template *key)
{
	struct sieve_interp *in = compare->in;
	struct sieve_text shown = sieve_text_cut(key->text, SIEVE_TRACED_MAX);
	struct sieve_regex_fault fault;
	const struct sieve_regex *regex;
	uint64_t steps = 0;

	if (key->prepared != NULL)
		return key->prepared->regex;
	regex = sieve_regex_find(in->regexes, key->text, compare->comparator != SIEVE_COMPARE_OCTET,
	    &steps, &fault);
	if (regex == NULL && fault.is_memory)
		sieve_interp_fail_memory(in);
	else if (regex == NULL)
		sieve_interp_fail(in, "regular expression \"%.*s\": %s", SIEVE_TEXT_ARG(shown),
		    fault.text);
	return sieve_interp_can_spend(in, steps) ? regex : NULL;
}

static bool
is_regex_match(struct sieve_compare *compare, struct sieve_text value,
    const struct sieve_template *key)
{
	struct sieve_text shown = sieve_text_cut(key->text, SIEVE_TRACED_MAX);
	struct sieve_interp *in = compare->in;
	struct sieve_captures captures;
	enum sieve_regex_outcome outcome;
	const struct sieve_regex *regex;
	uint64_t steps = 0;

	if (in->regexes == NULL)
		in->regexes = sieve_regex_pool_new(in->arena->host, SIEVE_REGEX_RUN_MAX);
	if (in->regexes == NULL)
		sieve_interp_fail_memory(in);
	regex = in->regexes == NULL ? NULL : find_regex(compare, key);
	if (regex == NULL)
		return false;
	outcome = sieve_regex_match(in->regexes, regex, value,
	    in->limits->steps - in->result->steps, &steps, &captures);
	if (outcome == SIEVE_REGEX_NO_MEMORY)
		sieve_interp_fail_memory(in);
	if (outcome == SIEVE_REGEX_TOO_COSTLY)
		sieve_interp_fail(in, "regular expression \"%.*s\": too costly for this text",
		    SIEVE_TEXT_ARG(shown));
	if (!sieve_interp_can_spend(in, steps) || outcome != SIEVE_REGEX_MATCH)
		return false;
	if (compare->can_capture)
		take_captures(compare, &captures);
	return true;
}

/* RFC 6134 2.2: blanks around a value are ignored, and ${0} is the value "in
 * the list that matched the query". */
static bool
is_on_list(struct sieve_compare *compare, struct sieve_text value, struct sieve_text list)
{
	const struct sieve_host *host = compare->in->host;
	struct sieve_captures captures = { .n = 1 };

	while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t'))
		value = (struct sieve_text){ value.p + 1, value.n - 1 };
	while (value.n > 0 && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
		value.n--;
	if (value.n == 0 || value.n > SIEVE_LIST_VALUE_MAX || host->is_on_list == NULL ||
	    !sieve_interp_can_spend(compare->in, SIEVE_QUESTION_STEPS) ||
	    !host->is_on_list(host->arg, list, value))
		return false;
	captures.at[0] = value;
	if (compare->can_capture)
		take_captures(compare, &captures);
	return true;
}

/* With i;unicode-casemap, of what is folded. */
static bool
is_match(struct sieve_compare *compare, struct sieve_text value, unsigned i)
{
	enum sieve_comparator comparator = compare->comparator;
	struct sieve_text key = compare->keys.at[i].text;

	if (compare->folded != NULL) {
		key = compare->folded[i];
		value = compare->value.folded;
	}
	switch (compare->match) {
	case SIEVE_MATCH_IS:
		return sieve_match_compare(comparator, value, key) == 0;
	case SIEVE_MATCH_CONTAINS:
		return sieve_match_contains(comparator, value, key);
	case SIEVE_MATCH_MATCHES:
		return is_glob_match(compare, value, key);
	case SIEVE_MATCH_VALUE:
	case SIEVE_MATCH_COUNT:
		return sieve_match_is_so(compare->relation,
		    sieve_match_compare(comparator, value, key));
	case SIEVE_MATCH_LIST:
		return is_on_list(compare, value, key);
	case SIEVE_MATCH_REGEX:
		return is_regex_match(compare, value, &compare->keys.at[i]);
	}
	return false;
}

static void
trace(struct sieve_compare *compare, struct sieve_text value, struct sieve_text key, bool is_so)
{
	static const char *const names[] = {
		[SIEVE_MATCH_IS] = "is",
		[SIEVE_MATCH_CONTAINS] = "contains",
		[SIEVE_MATCH_MATCHES] = "matches",
		[SIEVE_MATCH_REGEX] = "regex",
		[SIEVE_MATCH_VALUE] = "value",
		[SIEVE_MATCH_COUNT] = "count",
		[SIEVE_MATCH_LIST] = "list",
	};

	value = sieve_text_cut(value, SIEVE_TRACED_MAX);
	key = sieve_text_cut(key, SIEVE_TRACED_MAX);
	sieve_interp_trace(compare->in, "  \"%.*s\" :%s \"%.*s\": %s", SIEVE_TEXT_ARG(value),
	    names[compare->match], SIEVE_TEXT_ARG(key), is_so ? "yes" : "no");
}

static bool
has_match(struct sieve_compare *compare, struct sieve_text value)
{
	struct sieve_text key;
	bool is_so;
	unsigned i;

	if (compare->in->is_over || (compare->folded != NULL && !can_fold_value(compare, value)))
		return false;
	for (i = 0; i < compare->keys.n; i++) {
		key = compare->keys.at[i].text;
		if (!sieve_interp_can_spend(compare->in,
			sieve_match_cost(compare->match, value, key)))
			return false;
		is_so = is_match(compare, value, i);
		if (compare->in->host->trace != NULL)
			trace(compare, value, key, is_so);
		if (is_so)
			return true;
	}
	return false;
}

bool
sieve_compare_is_done(struct sieve_compare *compare, struct sieve_text value)
{
	if (compare->in->is_over)
		return true;
	if (compare->match == SIEVE_MATCH_COUNT) {
		compare->count++;
		return !sieve_interp_can_spend(compare->in, 1);
	}
	compare->is_true = has_match(compare, value);
	return compare->is_true || compare->in->is_over;
}

bool
sieve_compare_end(struct sieve_compare *compare)
{
	char digits[24];
	int n;

	if (compare->match != SIEVE_MATCH_COUNT || compare->in->is_over)
		return compare->is_true;
	/* RFC 5231 4.2: over all that was named, and 0 is a count too. */
	n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)compare->count);
	return has_match(compare, (struct sieve_text){ digits, (size_t)n });
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Values against keys, for every test that matches.  Knows no test. */

#include "compare.h"

#include <stdio.h>

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
}

/* RFC 5229 3.2: only a match that succeeds changes ${1}. */
static bool
is_captured(struct sieve_compare *compare, struct sieve_text value, struct sieve_text pattern)
{
	struct sieve_interp *in = compare->in;
	struct sieve_captures captures;
	unsigned i;

	if (!sieve_match_capture(compare->comparator, value, pattern, &captures))
		return false;
	for (i = 0; i < captures.n; i++)
		sieve_interp_set(in, &in->frame->captures[i], captures.at[i]);
	in->frame->capture_count = captures.n;
	return true;
}

static bool
is_match(struct sieve_compare *compare, struct sieve_text value, struct sieve_text key)
{
	const struct sieve_host *host = compare->in->host;
	enum sieve_comparator comparator = compare->comparator;

	switch (compare->match) {
	case SIEVE_MATCH_IS:
		return sieve_match_compare(comparator, value, key) == 0;
	case SIEVE_MATCH_CONTAINS:
		return sieve_match_contains(comparator, value, key);
	case SIEVE_MATCH_MATCHES:
		if (compare->can_capture)
			return is_captured(compare, value, key);
		return sieve_match_glob(comparator, value, key);
	case SIEVE_MATCH_VALUE:
	case SIEVE_MATCH_COUNT:
		return sieve_match_is_so(compare->relation,
		    sieve_match_compare(comparator, value, key));
	case SIEVE_MATCH_LIST:
		/* RFC 6134 2.1: the keys name lists. */
		return host->is_on_list != NULL && host->is_on_list(host->arg, key, value);
	case SIEVE_MATCH_REGEX: /* in no profile that is run here */
		break;
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

	for (i = 0; i < compare->keys.n; i++) {
		key = compare->keys.at[i].text;
		if (!sieve_interp_can_spend(compare->in,
			sieve_match_cost(compare->match, value, key)))
			return false;
		is_so = is_match(compare, value, key);
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

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* spamtest, spamtestplus and virustest, RFC 5235: what a checker in front of
 * us has written into the header, as the site says it is to be read. */

#include <stdio.h>

#include "check.h"
#include "compare.h"
#include "message.h"

#define PERCENT SIEVE_OWN(0)

/* Scores may have fractions: they are counted in millionths. */
#define UNIT INT64_C(1000000)
#define SCORE_MAX (INT64_C(1000000000) * UNIT)

/* ---- a value of the header ---- */

/* `name` or `name: regex`. */
static void
split(struct sieve_text source, struct sieve_text *name_out, struct sieve_text *regex_out)
{
	size_t n = 0;

	while (n < source.n && source.p[n] != ':')
		n++;
	*name_out = (struct sieve_text){ source.p, n };
	if (n < source.n)
		n++;
	while (n < source.n && (source.p[n] == ' ' || source.p[n] == '\t'))
		n++;
	*regex_out = (struct sieve_text){ source.p + n, source.n - n };
}

/* The part in brackets, or without any all that matched. */
static bool
is_found(struct sieve_interp *in, struct sieve_text pattern, struct sieve_text *value)
{
	struct sieve_regex_fault fault;
	struct sieve_captures captures;
	const struct sieve_regex *regex;
	enum sieve_regex_outcome outcome = SIEVE_REGEX_NO_MATCH;
	uint64_t steps = 0;

	if (in->regexes == NULL)
		in->regexes = sieve_regex_pool_new(in->arena->host, SIEVE_REGEX_RUN_MAX);
	if (in->regexes == NULL) {
		sieve_interp_fail_memory(in);
		return false;
	}
	regex = sieve_regex_find(in->regexes, pattern, false, &steps, &fault);
	/* The site's mistake: as if nothing had been tested. */
	if (regex == NULL)
		SIEVE_TRACE(in, "  \"%.*s\": %s", SIEVE_TEXT_ARG(pattern), fault.text);
	else
		outcome = sieve_regex_match(in->regexes, regex, *value,
		    in->limits->steps - in->result->steps, &steps, &captures);
	if (!sieve_interp_can_spend(in, steps) || outcome != SIEVE_REGEX_MATCH)
		return false;
	*value = captures.at[captures.n > 1];
	return true;
}

/* Of the topmost field: those below it anybody may have written. */
static bool
has_value(struct sieve_interp *in, struct sieve_text source, struct sieve_text *out)
{
	struct sieve_text name, regex;
	struct sieve_fields fields;

	split(source, &name, &regex);
	fields = sieve_message_fields(in, 0, name);
	if (fields.n == 0)
		return false;
	*out = sieve_message_field(in, &fields, 0);
	return regex.n == 0 || is_found(in, regex, out);
}

/* ---- scores ---- */

static bool
is_digit(struct sieve_text text, size_t i)
{
	return i < text.n && text.p[i] >= '0' && text.p[i] <= '9';
}

/* `-23.5`; what stands behind a blank is passed over. */
static bool
is_score(struct sieve_text text, int64_t *out)
{
	int64_t score = 0, unit = UNIT;
	size_t i = text.n > 0 && (text.p[0] == '-' || text.p[0] == '+');
	bool has_digits = is_digit(text, i) || (i < text.n && text.p[i] == '.' && is_digit(text, i + 1));

	for (; is_digit(text, i); i++)
		if (score < SCORE_MAX)
			score = score * 10 + (text.p[i] - '0') * UNIT;
	if (i < text.n && text.p[i] == '.')
		for (i++; is_digit(text, i); i++) {
			unit /= 10;
			score += (text.p[i] - '0') * unit;
		}
	if (score > SCORE_MAX)
		score = SCORE_MAX;
	*out = text.n > 0 && text.p[0] == '-' ? -score : score;
	return has_digits && (i == text.n || text.p[i] == ' ' || text.p[i] == '\t');
}

/* Its most, RFC 5235 3.2.1: "definitely". */
static bool
has_most(struct sieve_interp *in, const struct sieve_score *setting, int64_t *out)
{
	struct sieve_text text = setting->max_value;

	if (setting->max_header.n > 0 && !has_value(in, setting->max_header, &text))
		return false;
	return is_score(text, out) && *out > 0;
}

/* ---- verdicts ---- */

/* One of several: its number, as a part of their most. */
static bool
is_text_value(const struct sieve_score *setting, struct sieve_text text, int64_t most,
    int64_t *out)
{
	for (*out = most; *out > 0; --*out)
		if (setting->text_values[*out].n > 0 &&
		    sieve_text_is_same(setting->text_values[*out], text))
			return true;
	return false;
}

/* scale: of what is between clear and certain.  False: it was not tested. */
static bool
has_verdict(struct sieve_interp *in, const struct sieve_score *setting, int64_t scale,
    bool is_percent, int64_t *out)
{
	struct sieve_text text;
	int64_t score, most;

	if (setting->type == SIEVE_SCORE_NONE || !has_value(in, setting->status_header, &text))
		return false;
	if (setting->type == SIEVE_SCORE_TEXT) {
		if (!is_text_value(setting, text, scale + 1, out))
			return false;
		*out *= is_percent ? 100 / (scale + 1) : 1;
		return true;
	}
	score = (int64_t)(text.n < 1000 ? text.n : 1000) * UNIT;
	if ((setting->type == SIEVE_SCORE_NUMBER && !is_score(text, &score)) ||
	    !has_most(in, setting, &most))
		return false;
	score = score < 0 ? 0 : score > most ? most : score;
	*out = is_percent ? score * 100 / most : score * scale / most + 1;
	return true;
}

static bool
is_verdict(struct sieve_interp *in, const struct sieve_call *call,
    const struct sieve_score *setting, int64_t scale)
{
	struct sieve_compare compare;
	char digits[24];
	int64_t verdict = 0;
	bool is_tested;
	int n;

	is_tested = has_verdict(in, setting, scale, sieve_call_has(call, PERCENT), &verdict);
	n = snprintf(digits, sizeof digits, "%lld", is_tested ? (long long)verdict : 0LL);
	sieve_compare_begin(&compare, in, call, call->arguments[0]);
	/* RFC 5235 3.1: "whilst if the test was not done [...] "0" (zero)". */
	if (compare.match != SIEVE_MATCH_COUNT || is_tested)
		(void)sieve_compare_is_done(&compare, (struct sieve_text){ digits, (size_t)n });
	return sieve_compare_end(&compare);
}

/* RFC 5235 3.2.1: from 1 to 10. */
static bool
is_spam(struct sieve_interp *in, const struct sieve_call *call)
{
	return is_verdict(in, call, &in->settings->spam, 9);
}

/* RFC 5235 3.3: from 1 to 5. */
static bool
is_virus(struct sieve_interp *in, const struct sieve_call *call)
{
	return is_verdict(in, call, &in->settings->virus, 4);
}

static const struct sieve_word spam_words[] = {
	{ .name = "spamtest", .kind = SIEVE_TEST,
	    .groups = SIEVE_GROUPS_MATCH | SIEVE_OWN_BIT(0),
	    .positional = { SIEVE_VALUE_STRING }, .names = { "a value" }, .is_true = is_spam },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_spamtest = {
	.name = "spamtest",
	.rfc = "RFC 5235",
	.words = spam_words,
};

static const struct sieve_tag percent_tags[] = {
	{ "percent", PERCENT, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

/* RFC 5235 3.2: either is enough for the test. */
const struct sieve_extension sieve_ext_spamtestplus = {
	.name = "spamtestplus",
	.rfc = "RFC 5235",
	.implied = &sieve_ext_spamtest,
	.tags = percent_tags,
};

static const struct sieve_word virus_words[] = {
	{ .name = "virustest", .kind = SIEVE_TEST, .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRING }, .names = { "a value" }, .is_true = is_virus },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_virustest = {
	.name = "virustest",
	.rfc = "RFC 5235",
	.words = virus_words,
};

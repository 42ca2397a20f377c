/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* date, currentdate and index, RFC 5260.  Parses no date: the host does. */

#include "compare.h"
#include "date.h"
#include "message.h"

/* The part stands in front of the keys. */
static void
check_date(struct sieve_checker *checker, const struct sieve_node *node)
{
	unsigned at = node->word->positional[2] == SIEVE_VALUE_NONE ? 0 : 1;
	const struct sieve_string *name = node->bound.positional[at]->strings;

	sieve_date_check_zone(checker, node);
	if (!name->has_references && sieve_date_part(name->text) == NULL)
		sieve_error_add(checker->errors, name->offset,
		    "unknown date part \"%.*s\": expected \"year\", \"month\", \"day\", \"date\", "
		    "\"julian\", \"hour\", \"minute\", \"second\", \"time\", \"iso8601\", "
		    "\"std11\", \"zone\" or \"weekday\"", SIEVE_TEXT_ARG(name->text));
}

/* ---- the tests ---- */

/* date NULL: there is none.  `at`: the argument that names the part. */
static bool
is_so(struct sieve_interp *in, const struct sieve_call *call, unsigned at,
    const struct sieve_date *date)
{
	struct sieve_text name = sieve_interp_argument(in, call, at);
	const struct sieve_date_part *part = sieve_date_part(name);
	struct sieve_compare compare;
	struct sieve_moment moment;
	char text[SIEVE_DATE_SIZE];

	if (part == NULL) {
		sieve_interp_fail(in, "unknown date part \"%.*s\"",
		    SIEVE_TEXT_ARG(sieve_text_cut(name, SIEVE_RULE_MAX)));
		return false;
	}
	sieve_compare_begin(&compare, in, call, call->arguments[at + 1]);
	if (date != NULL && sieve_date_can_place(in, call, date, &moment)) {
		if (sieve_compare_is_done(&compare, sieve_date_write(part, &moment, text)))
			return compare.is_true;
	}
	return sieve_compare_end(&compare);
}

/* Behind a quoted pair, a string or a comment that begins at i, or behind one
 * byte. */
static size_t
skip(struct sieve_text raw, size_t i)
{
	char open = raw.p[i];
	unsigned depth = open == '(';

	if (open == '\\')
		return i + 2;
	if (open != '"' && open != '(')
		return i + 1;
	for (i++; i < raw.n; i++) {
		if (raw.p[i] == '\\')
			i++;
		else if (open == '"' && raw.p[i] == '"')
			return i + 1;
		else if (open == '(' && raw.p[i] == '(')
			depth++;
		else if (open == '(' && raw.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return i;
}

/* RFC 5260 4: "at the end of a header field following a semicolon". */
static struct sieve_text
find_date(struct sieve_text raw)
{
	size_t i = 0, from = 0;

	while (i < raw.n) {
		if (raw.p[i] == ';')
			from = i + 1;
		i = skip(raw, i);
	}
	return (struct sieve_text){ raw.p + from, raw.n - from };
}

static bool
has_date(struct sieve_interp *in, const struct sieve_call *call, struct sieve_date *out)
{
	const struct sieve_host *host = in->host;
	struct sieve_fields fields =
	    sieve_message_fields(in, 0, sieve_interp_argument(in, call, 0));
	struct sieve_text raw;
	size_t first, end;

	sieve_message_select(call, fields.n, &first, &end);
	/* "only the first field that is found is used". */
	if (first >= end || host->parse_date == NULL)
		return false;
	raw = sieve_message_field_raw(in, &fields, first);
	return sieve_interp_can_spend(in, 1 + raw.n / 64) &&
	    host->parse_date(host->arg, find_date(raw), out);
}

static bool
is_date(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_date date;

	return is_so(in, call, 1, has_date(in, call, &date) ? &date : NULL);
}

/* RFC 5260 5: all of a run are about one point in time. */
static bool
is_current_date(struct sieve_interp *in, const struct sieve_call *call)
{
	const struct sieve_date now = { .seconds = in->host->now };

	return is_so(in, call, 0, &now);
}

static const struct sieve_tag current_tags[] = {
	{ "zone", SIEVE_GROUP_ZONE, SIEVE_VALUE_STRING, SIEVE_ZONE_GIVEN },
	{ .name = NULL },
};

static const struct sieve_tag field_tags[] = {
	{ "zone", SIEVE_GROUP_ZONE, SIEVE_VALUE_STRING, SIEVE_ZONE_GIVEN },
	{ "originalzone", SIEVE_GROUP_ZONE, SIEVE_VALUE_NONE, SIEVE_ZONE_ORIGINAL },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "date", .kind = SIEVE_TEST,
	    .groups = SIEVE_GROUPS_MATCH | SIEVE_GROUPS_INDEX,
	    .tags = field_tags,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS },
	    .names = { "a header name", "a date part", "keys" }, .check = check_date,
	    .is_true = is_date },
	{ .name = "currentdate", .kind = SIEVE_TEST, .groups = SIEVE_GROUPS_MATCH,
	    .tags = current_tags,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS },
	    .names = { "a date part", "keys" }, .check = check_date,
	    .is_true = is_current_date },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_date = {
	.name = "date",
	.rfc = "RFC 5260",
	.words = words,
};

/* RFC 5260 6. */
static const struct sieve_tag index_tags[] = {
	{ "index", SIEVE_GROUP_INDEX, SIEVE_VALUE_NUMBER, 1 },
	{ "last", SIEVE_GROUP_LAST, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_index = {
	.name = "index",
	.rfc = "RFC 5260",
	.tags = index_tags,
};

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* date, currentdate and index, RFC 5260.  Parses no date: the host does. */

#include <stdio.h>

#include "calendar.h"
#include "check.h"
#include "compare.h"
#include "message.h"

enum zone { ZONE_LOCAL, ZONE_GIVEN, ZONE_ORIGINAL };

/* A point in time and how it is to be shown. */
struct moment {
	struct sieve_calendar at;
	int zone; /* minutes east */
};

#define PART_SIZE 64 /* of a part as text: a date with a year of 64 bits */

/* ---- zones, RFC 5260 4.1 ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_zone(struct sieve_text text, int *out)
{
	int hours, minutes;
	size_t i;

	if (text.n != 5 || (text.p[0] != '+' && text.p[0] != '-'))
		return false;
	for (i = 1; i < text.n; i++)
		if (!is_digit(text.p[i]))
			return false;
	hours = (text.p[1] - '0') * 10 + text.p[2] - '0';
	minutes = (text.p[3] - '0') * 10 + text.p[4] - '0';
	*out = (hours * 60 + minutes) * (text.p[0] == '-' ? -1 : 1);
	return hours < 24 && minutes < 60;
}

static void
check_zone(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *value = node->bound.values[SIEVE_GROUP_ZONE];
	int ignored;

	if (value != NULL && !value->strings->has_references &&
	    !is_zone(sieve_check_string(value), &ignored))
		sieve_error_add(checker->errors, value->offset,
		    "`:zone` wants \"+hhmm\" or \"-hhmm\", not \"%.*s\"",
		    SIEVE_TEXT_ARG(sieve_check_string(value)));
}

/* False: the run has failed. */
static bool
can_place(struct sieve_interp *in, const struct sieve_call *call, const struct sieve_date *date,
    struct moment *out)
{
	const struct sieve_host *host = in->host;
	struct sieve_text text;

	out->zone = date->zone;
	if (call->codes[SIEVE_GROUP_ZONE] == ZONE_LOCAL) {
		out->zone = host->local_zone == NULL
		    ? 0
		    : host->local_zone(host->arg, date->seconds);
	} else if (call->codes[SIEVE_GROUP_ZONE] == ZONE_GIVEN) {
		text = sieve_interp_tagged(in, call, SIEVE_GROUP_ZONE);
		if (!is_zone(text, &out->zone)) {
			sieve_interp_fail(in, "`:zone` wants \"+hhmm\" or \"-hhmm\", not \"%.*s\"",
			    SIEVE_TEXT_ARG(sieve_text_cut(text, SIEVE_RULE_MAX)));
			return false;
		}
	}
	out->at = sieve_calendar_of(date->seconds, out->zone);
	return true;
}

/* ---- parts, RFC 5260 4.2 ---- */

/* In a form, letters stand for what put_letter says; all else for itself. */
static const struct part {
	const char *name, *form;
} parts[] = {
	{ "year", "Y" },
	{ "month", "M" },
	{ "day", "D" },
	{ "date", "Y-M-D" },
	{ "julian", "J" },
	{ "hour", "h" },
	{ "minute", "m" },
	{ "second", "s" },
	{ "time", "h:m:s" },
	{ "iso8601", "Y-M-DTh:m:sZ" },
	{ "std11", "w, D N Y h:m:s z" }, /* RFC 5322 3.3 */
	{ "zone", "z" },
	{ "weekday", "W" },
};

static int
put_zone(int zone, const char *between, char *out, size_t size)
{
	int minutes = zone < 0 ? -zone : zone;

	return snprintf(out, size, "%c%02d%s%02d", zone < 0 ? '-' : '+', minutes / 60, between,
	    minutes % 60);
}

/* As snprintf. */
static int
put_letter(const struct moment *moment, char letter, char *out, size_t size)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	static const char weekdays[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	const struct sieve_calendar *at = &moment->at;

	switch (letter) {
	case 'Y':
		return snprintf(out, size, "%04lld", (long long)at->year);
	case 'M':
		return snprintf(out, size, "%02d", at->month);
	case 'N':
		return snprintf(out, size, "%s", months[at->month - 1]);
	case 'D':
		return snprintf(out, size, "%02d", at->day);
	case 'J':
		return snprintf(out, size, "%lld", (long long)at->day_number);
	case 'h':
		return snprintf(out, size, "%02d", at->hour);
	case 'm':
		return snprintf(out, size, "%02d", at->minute);
	case 's':
		return snprintf(out, size, "%02d", at->second);
	case 'w':
		return snprintf(out, size, "%s", weekdays[at->weekday]);
	case 'W':
		return snprintf(out, size, "%d", at->weekday);
	case 'z':
		return put_zone(moment->zone, "", out, size);
	case 'Z': /* "a time zone offset of zero MUST be represented by Z" */
		if (moment->zone != 0)
			return put_zone(moment->zone, ":", out, size);
		break;
	}
	return snprintf(out, size, "%c", letter);
}

static struct sieve_text
write_part(const struct part *part, const struct moment *moment, char out[PART_SIZE])
{
	struct sieve_text text = { out, 0 };
	const char *letter;

	for (letter = part->form; *letter != '\0' && text.n < PART_SIZE; letter++)
		text.n += (size_t)put_letter(moment, *letter, out + text.n, PART_SIZE - text.n);
	return text;
}

/* NULL: there is none. */
static const struct part *
find_part(struct sieve_text name)
{
	size_t i;

	for (i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (sieve_text_is(name, parts[i].name))
			return &parts[i];
	return NULL;
}

/* The part stands in front of the keys. */
static void
check_date(struct sieve_checker *checker, const struct sieve_node *node)
{
	unsigned at = node->word->positional[2] == SIEVE_VALUE_NONE ? 0 : 1;
	const struct sieve_string *name = node->bound.positional[at]->strings;

	check_zone(checker, node);
	if (!name->has_references && find_part(name->text) == NULL)
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
	const struct part *part = find_part(name);
	struct sieve_compare compare;
	struct moment moment;
	char text[PART_SIZE];

	if (part == NULL) {
		sieve_interp_fail(in, "unknown date part \"%.*s\"",
		    SIEVE_TEXT_ARG(sieve_text_cut(name, SIEVE_RULE_MAX)));
		return false;
	}
	sieve_compare_begin(&compare, in, call, call->arguments[at + 1]);
	if (date != NULL && can_place(in, call, date, &moment)) {
		if (sieve_compare_is_done(&compare, write_part(part, &moment, text)))
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
	{ "zone", SIEVE_GROUP_ZONE, SIEVE_VALUE_STRING, ZONE_GIVEN },
	{ .name = NULL },
};

static const struct sieve_tag field_tags[] = {
	{ "zone", SIEVE_GROUP_ZONE, SIEVE_VALUE_STRING, ZONE_GIVEN },
	{ "originalzone", SIEVE_GROUP_ZONE, SIEVE_VALUE_NONE, ZONE_ORIGINAL },
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

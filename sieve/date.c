/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Dates in a zone, and their parts as text.  Knows no field and no test. */

#include "date.h"

#include <stdio.h>

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

void
sieve_date_check_zone(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *value = node->bound.values[SIEVE_GROUP_ZONE];
	int ignored;

	if (value != NULL && !value->strings->has_references &&
	    !is_zone(sieve_check_string(value), &ignored))
		sieve_error_add(checker->errors, value->offset,
		    "`:zone` wants \"+hhmm\" or \"-hhmm\", not \"%.*s\"",
		    SIEVE_TEXT_ARG(sieve_check_string(value)));
}

bool
sieve_date_can_place(struct sieve_interp *in, const struct sieve_call *call,
    const struct sieve_date *date, struct sieve_moment *out)
{
	const struct sieve_host *host = in->host;
	struct sieve_text text;

	out->zone = date->zone;
	if (call->codes[SIEVE_GROUP_ZONE] == SIEVE_ZONE_LOCAL) {
		out->zone = host->local_zone == NULL
		    ? 0
		    : host->local_zone(host->arg, date->seconds);
	} else if (call->codes[SIEVE_GROUP_ZONE] == SIEVE_ZONE_GIVEN) {
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
static const struct sieve_date_part {
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
put_letter(const struct sieve_moment *moment, char letter, char *out, size_t size)
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

struct sieve_text
sieve_date_write(const struct sieve_date_part *part, const struct sieve_moment *moment,
    char out[SIEVE_DATE_SIZE])
{
	struct sieve_text text = { out, 0 };
	const char *letter;

	for (letter = part->form; *letter != '\0' && text.n < SIEVE_DATE_SIZE; letter++)
		text.n += (size_t)put_letter(moment, *letter, out + text.n, SIEVE_DATE_SIZE - text.n);
	return text;
}

const struct sieve_date_part *
sieve_date_part(struct sieve_text name)
{
	size_t i;

	for (i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (sieve_text_is(name, parts[i].name))
			return &parts[i];
	return NULL;
}

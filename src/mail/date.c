/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Dates as mail writes them, and calendar arithmetic.  Does not know what
 * time it is, nor where. */
#include "mail/date.h"

#include <stddef.h>

#include "mail/header.h"

#define DAY_SECONDS 86400
#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01 00:00:00 */
#define LAST_SECOND INT64_C(253402300799)  /* 9999-12-31 23:59:59 */
#define YEAR_MAX 9999

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
	"Sep", "Oct", "Nov", "Dec" };
static const char weekdays[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const int days_before[13] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334,
	365 };

/* RFC 5322 4.3: the zones that have a meaning; hours east. */
static const struct {
	struct str name;
	int hours;
} zones[] = {
	{ { "EDT", 3 }, -4 }, { { "EST", 3 }, -5 }, { { "CDT", 3 }, -5 }, { { "CST", 3 }, -6 },
	{ { "MDT", 3 }, -6 }, { { "MST", 3 }, -7 }, { { "PDT", 3 }, -7 }, { { "PST", 3 }, -8 },
};

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days of the year before that month. */
static int
count_days_before(int year, int month)
{
	return days_before[month - 1] + (month > 2 && is_leap(year));
}

static int
count_days_in(int year, int month)
{
	return days_before[month] - days_before[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 0001-01-01 to the first of January of year. */
static int64_t
count_days_to(int year)
{
	int64_t before = year - 1;

	return before * 365 + before / 4 - before / 100 + before / 400;
}

bool
date_is_joined(const struct date_fields *fields, int offset, int64_t *seconds_out)
{
	int64_t days;

	if (fields->year < 1 || fields->year > YEAR_MAX || fields->month < 1 || fields->month > 12)
		return false;
	if (fields->day < 1 || fields->day > count_days_in(fields->year, fields->month))
		return false;
	if (fields->hour < 0 || fields->hour > 23 || fields->minute < 0 || fields->minute > 59 ||
	    fields->second < 0 || fields->second > 60)
		return false;
	days = count_days_to(fields->year) + count_days_before(fields->year, fields->month) +
	    fields->day - 1;
	*seconds_out = FIRST_SECOND + days * DAY_SECONDS + fields->hour * 3600 +
	    fields->minute * 60 + fields->second - (int64_t)offset * 60;
	return true;
}

void
date_split(int64_t seconds, int offset, struct date_fields *out)
{
	int64_t days, rest;

	if (seconds < FIRST_SECOND)
		seconds = FIRST_SECOND;
	if (seconds > LAST_SECOND)
		seconds = LAST_SECOND;
	seconds += (int64_t)offset * 60;
	if (seconds < FIRST_SECOND)
		seconds = FIRST_SECOND;
	if (seconds > LAST_SECOND)
		seconds = LAST_SECOND;
	days = (seconds - FIRST_SECOND) / DAY_SECONDS;
	rest = (seconds - FIRST_SECOND) % DAY_SECONDS;
	out->weekday = (int)((days + 1) % 7); /* 0001-01-01 was a Monday */
	/* At most one too early: a year has 365.2425 days. */
	out->year = (int)(days * 400 / 146097) + 1;
	while (count_days_to(out->year) > days)
		out->year--;
	while (count_days_to(out->year + 1) <= days)
		out->year++;
	out->yearday = (int)(days - count_days_to(out->year));
	out->month = 1;
	while (out->month < 12 && count_days_before(out->year, out->month + 1) <= out->yearday)
		out->month++;
	out->day = out->yearday - count_days_before(out->year, out->month) + 1;
	out->hour = (int)(rest / 3600);
	out->minute = (int)(rest / 60 % 60);
	out->second = (int)(rest % 60);
}

void
date_add_rfc5322(struct buf *out, int64_t seconds, int offset)
{
	struct date_fields f;
	int minutes = offset < 0 ? -offset : offset;

	date_split(seconds, offset, &f);
	buf_addf(out, "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d", weekdays[f.weekday], f.day,
	    months[f.month - 1], f.year, f.hour, f.minute, f.second, offset < 0 ? '-' : '+',
	    minutes / 60, minutes % 60);
}

void
date_add_asctime(struct buf *out, int64_t seconds)
{
	struct date_fields f;

	date_split(seconds, 0, &f);
	buf_addf(out, "%s %s %2d %02d:%02d:%02d %04d", weekdays[f.weekday], months[f.month - 1],
	    f.day, f.hour, f.minute, f.second, f.year);
}

/* Passes one byte, and blanks in front of it. */
static bool
can_pass(struct str *rest, char byte)
{
	*rest = header_skip_space(*rest);
	if (rest->n == 0 || rest->p[0] != byte)
		return false;
	*rest = str_from(*rest, 1);
	return true;
}

/* Digits into *out; returns how many there were, 0 when there are too many. */
static size_t
take_number(struct str *rest, size_t digits_max, int *out)
{
	size_t n = 0;

	*rest = header_skip_space(*rest);
	*out = 0;
	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9') {
		if (n == digits_max)
			return 0;
		*out = *out * 10 + (rest->p[n++] - '0');
	}
	*rest = str_from(*rest, n);
	return n;
}

static struct str
take_letters(struct str *rest)
{
	struct str letters;
	size_t n = 0;

	*rest = header_skip_space(*rest);
	while (n < rest->n && str_lower((unsigned char)rest->p[n]) >= 'a' &&
	    str_lower((unsigned char)rest->p[n]) <= 'z')
		n++;
	letters = str_sub(*rest, 0, n);
	*rest = str_from(*rest, n);
	return letters;
}

/* Month 1..12 of its name or the beginning of it, 0 when it is none. */
static int
find_month(struct str name)
{
	for (int i = 0; i < 12; i++)
		if (str_is_equal_nocase(str_sub(name, 0, 3), str_of(months[i])))
			return i + 1;
	return 0;
}

/* RFC 5322 4.3: unknown names, military letters too, say nothing. */
static int
take_zone(struct str *rest, bool *is_given)
{
	struct str name;
	int hhmm;
	bool is_west;

	*rest = header_skip_space(*rest);
	*is_given = true;
	if (rest->n > 0 && (rest->p[0] == '+' || rest->p[0] == '-')) {
		is_west = rest->p[0] == '-';
		*rest = str_from(*rest, 1);
		if (take_number(rest, 4, &hhmm) != 4 || hhmm / 100 > 23 || hhmm % 100 > 59)
			return 0;
		hhmm = hhmm / 100 * 60 + hhmm % 100;
		return is_west ? -hhmm : hhmm;
	}
	name = take_letters(rest);
	*is_given = name.n > 0;
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (str_is_equal_nocase(name, zones[i].name))
			return zones[i].hours * 60;
	return 0;
}

/* RFC 5322 4.3: what years of two and three digits mean. */
static int
complete_year(int year, size_t digits)
{
	if (digits == 2)
		return year + (year < 50 ? 2000 : 1900);
	return digits == 3 ? year + 1900 : year;
}

/* day month year; some write hyphens between them. */
static bool
can_take_day(struct str *rest, struct date_fields *f)
{
	size_t digits;

	if (take_letters(rest).n > 0)
		can_pass(rest, ',');
	if (take_number(rest, 2, &f->day) == 0)
		return false;
	can_pass(rest, '-');
	f->month = find_month(take_letters(rest));
	can_pass(rest, '-');
	digits = take_number(rest, 4, &f->year);
	f->year = complete_year(f->year, digits);
	return f->month != 0 && digits >= 2;
}

static bool
can_take_time(struct str *rest, struct date_fields *f)
{
	if (take_number(rest, 2, &f->hour) == 0 || !can_pass(rest, ':'))
		return false;
	if (take_number(rest, 2, &f->minute) == 0)
		return false;
	f->second = 0;
	return !can_pass(rest, ':') || take_number(rest, 2, &f->second) > 0;
}

bool
date_is_parsed(struct str text, struct date *out)
{
	struct date_fields fields = { 0, 0, 0, 0, 0, 0, 0, 0 };
	struct str rest = text;

	*out = (struct date){ 0, 0, false };
	if (!can_take_day(&rest, &fields) || !can_take_time(&rest, &fields))
		return false;
	out->offset = take_zone(&rest, &out->has_zone);
	if (date_is_joined(&fields, out->offset, &out->seconds))
		return true;
	*out = (struct date){ 0, 0, false };
	return false;
}

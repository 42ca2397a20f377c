/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Seconds to dates.  Knows no clock, no zone file and no name of a month. */

#include "calendar.h"

#define DAY_SECONDS 86400
#define ERA_YEARS 400	/* the calendar repeats itself after them, */
#define ERA_DAYS 146097 /* weekdays too: this can be divided by 7 */
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */
#define MODIFIED_JULIAN 40587 /* of 1970-01-01 */

/* Of a division that rounds down, below zero too. */
struct parts {
	int64_t whole, rest;
};

static struct parts
divide(int64_t n, int64_t by)
{
	struct parts parts = { n / by, n % by };

	if (parts.rest < 0) {
		parts.whole--;
		parts.rest += by;
	}
	return parts;
}

/* Years that begin in March have their leap day at the end, so that no month
 * depends on it. */
static void
find_date(int64_t days, struct sieve_calendar *out)
{
	struct parts era = divide(days + EPOCH_DAYS, ERA_DAYS);
	int64_t rest = era.rest, leaps, year, month;

	/* Days that are too many for years of 365: one in 4, but not in 100,
	 * yet in 400 years; the last of an era is its leap day. */
	leaps = rest / 1460 - rest / 36524 + rest / 146096;
	year = (rest - leaps) / 365;
	rest -= 365 * year + year / 4 - year / 100;
	/* Five months from March on have 153 days, and so have the next five. */
	month = (5 * rest + 2) / 153;
	out->day = (int)(rest - (153 * month + 2) / 5 + 1);
	out->month = (int)(month < 10 ? month + 3 : month - 9);
	out->year = era.whole * ERA_YEARS + year + (month >= 10);
}

struct sieve_calendar
sieve_calendar_of(int64_t seconds, int zone)
{
	/* Apart, so that no sum can pass the end of the numbers. */
	struct parts days = divide(seconds, DAY_SECONDS);
	struct parts more = divide(days.rest + (int64_t)zone * 60, DAY_SECONDS);
	struct sieve_calendar out;
	int64_t day = days.whole + more.whole;

	find_date(day, &out);
	out.hour = (int)(more.rest / 3600);
	out.minute = (int)(more.rest / 60 % 60);
	out.second = (int)(more.rest % 60);
	out.weekday = (int)divide(day + 4, 7).rest; /* 1970-01-01 was a Thursday */
	out.day_number = day + MODIFIED_JULIAN;
	return out;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_CALENDAR_H
#define SIEVE_CALENDAR_H

#include <stdint.h>

/*
 * The Gregorian calendar, throughout and in both directions: the year before
 * year 1 is year 0, and the one before that is -1.
 */
struct sieve_calendar {
	int64_t year;
	int month, day;		  /* 1..12, 1..31 */
	int hour, minute, second; /* second 0..59 */
	int weekday;		  /* 0: Sunday */
	int64_t day_number;	  /* days since 1858-11-17, RFC 5260 4.2 */
};

/* Seconds since 1970-01-01 00:00 UTC, as a clock shows them that many minutes
 * east of Greenwich.  Any seconds, and any zone of less than ten days. */
struct sieve_calendar sieve_calendar_of(int64_t seconds, int zone);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_DATE_H
#define DOORSTEP_MAIL_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Dates by arithmetic alone: no locale, no time zone file, no clock.  The
 * calendar is Gregorian throughout, years 1 to 9999.
 */
struct date {
	int64_t seconds; /* since 1970-01-01 00:00:00 UTC */
	int offset;	 /* of the zone, minutes east of UTC, -1439..1439 */
	bool has_zone;	 /* it was written, if only as -0000 or a name that says nothing */
};

/* The parts of a date in its zone. */
struct date_fields {
	int year, month, day;	 /* month 1..12, day 1..31 */
	int hour, minute, second; /* second 0..59 */
	int weekday;		 /* 0 Sunday .. 6 Saturday */
	int yearday;		 /* 0..365 */
};

/*
 * RFC 5322 3.3 and 4.3: comments, folds, two- and three-digit years, zones by
 * name (an unknown one or a missing one is -0000, that is UTC).
 * Raw or unfolded.  A wrong day of week is passed over; the day must exist;
 * second 60 is the next minute.  What follows a date is passed over.
 */
bool date_is_parsed(struct str text, struct date *out);

/* `Tue, 24 Nov 2026 21:10:55 +0000`; offset in minutes east of UTC. */
void date_add_rfc5322(struct buf *out, int64_t seconds, int offset);

/* `Tue Nov 24 21:10:55 2026`, as an mbox From line has it, in UTC. */
void date_add_asctime(struct buf *out, int64_t seconds);

/* Seconds are brought into years 1..9999 first. */
void date_split(int64_t seconds, int offset, struct date_fields *out);

/* The other way; weekday and yearday are not read.  False: no such date. */
bool date_is_joined(const struct date_fields *fields, int offset, int64_t *seconds_out);

#endif

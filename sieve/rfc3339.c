/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Times as scripts write them. */

#include "rfc3339.h"

/* Takes digits, and the sign that must follow; sign NUL: none. */
static bool
has_number(struct sieve_text *rest, unsigned digits, char sign, unsigned max, int64_t *out)
{
	unsigned i;

	*out = 0;
	if (rest->n < digits + (sign != '\0'))
		return false;
	for (i = 0; i < digits; i++) {
		if (rest->p[i] < '0' || rest->p[i] > '9')
			return false;
		*out = *out * 10 + rest->p[i] - '0';
	}
	if (sign != '\0' &&
	    sieve_text_lower((unsigned char)rest->p[digits]) != (unsigned char)sign)
		return false;
	digits += sign != '\0';
	*rest = (struct sieve_text){ rest->p + digits, rest->n - digits };
	return *out <= max;
}

static bool
is_leap_year(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Since 1970-01-01.  False: the month has no such day. */
static bool
has_days(int64_t year, int64_t month, int64_t day, int64_t *out)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };
	int64_t leap = is_leap_year(year), length, years = year - 1;

	if (month < 1 || day < 1)
		return false;
	length = before[month] - before[month - 1] + (month == 2 ? leap : 0);
	*out = years * 365 + years / 4 - years / 100 + years / 400 - 719162;
	*out += before[month - 1] + (month > 2 ? leap : 0) + day - 1;
	return day <= length;
}

static void
skip_fraction(struct sieve_text *rest)
{
	size_t i = 1;

	if (rest->n < 2 || rest->p[0] != '.')
		return;
	while (i < rest->n && rest->p[i] >= '0' && rest->p[i] <= '9')
		i++;
	if (i > 1)
		*rest = (struct sieve_text){ rest->p + i, rest->n - i };
}

/* In seconds east of Greenwich. */
static bool
is_zone(struct sieve_text rest, int64_t *out)
{
	int64_t hours, minutes;
	char sign = rest.n == 0 ? '\0' : rest.p[0];

	*out = 0;
	if (sieve_text_is(rest, "z"))
		return true;
	if (sign != '+' && sign != '-')
		return false;
	rest = (struct sieve_text){ rest.p + 1, rest.n - 1 };
	if (!has_number(&rest, 2, rest.n == 5 ? ':' : '\0', 23, &hours) ||
	    !has_number(&rest, 2, '\0', 59, &minutes))
		return false;
	*out = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return rest.n == 0;
}

bool
sieve_rfc3339_is_time(struct sieve_text text, int64_t *seconds_out)
{
	int64_t year, month, day, hours, minutes, seconds, days, zone;

	if (!has_number(&text, 4, '-', 9999, &year) || !has_number(&text, 2, '-', 12, &month) ||
	    !has_number(&text, 2, 't', 31, &day) || !has_number(&text, 2, ':', 23, &hours) ||
	    !has_number(&text, 2, ':', 59, &minutes) || !has_number(&text, 2, '\0', 60, &seconds))
		return false;
	skip_fraction(&text);
	if (!is_zone(text, &zone) || !has_days(year, month, day, &days))
		return false;
	*seconds_out = ((days * 24 + hours) * 60 + minutes) * 60 + seconds - zone;
	return true;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Dates of RFC 5322, also as they were written forty years ago. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/date.h"

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}


static void
dates_are_understood_in_all_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
		int offset;
	} cases[] = {
		{ "Tue, 24 Nov 2026 21:10:55 +0000", 1795554655, 0 },
		{ "24 Nov 2026 21:10 +0000", 1795554600, 0 },
		{ "Fri, 21 Nov 1997 09:55:06 -0600", 880127706, -360 },
		{ "Thu,\n\t13\n\t  Feb\n\t    1969\n\t23:32\n\t\t -0330 (Newfoundland Time)", -27723480, -210 },
		{ "21 Nov 97 09:55:06 GMT", 880106106, 0 },
		{ "21 Nov 97 09:55:06 EST", 880124106, -300 },
		{ "21 Nov 97 09:55:06 pdt", 880131306, -420 },
		{ "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880127706, -360 },
		{ "1 Jan 49 00:00:00 +0000", 2493072000, 0 },
		{ "1 Jan 50 00:00:00 +0000", -631152000, 0 },
		{ "1 Jan 104 00:00:00 +0000", 1072915200, 0 },
		{ "1 Jan 1970 00:00:00 A", 0, 0 },
		{ "1 Jan 1970 00:00:00", 0, 0 },
		{ "1 Jan 1970 00:00:00 +9999", 0, 0 },
		{ "1 Jan 1970 01:00:00 +0100", 0, 60 },
		{ "Mon 1-January-1970 00:00:00 Z", 0, 0 },
		{ "31 Dec 2016 23:59:60 +0000", 1483228800, 0 },
		{ "29 Feb 2000 00:00:00 +0000", 951782400, 0 },
		{ "1 Jan 0001 00:00:00 +0000", -62135596800, 0 },
		{ "31 Dec 9999 23:59:59 +0000", 253402300799, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct date date;

		if (!date_is_parsed(str_of(cases[i].text), &date))
			fail_msg("refused: %s", cases[i].text);
		if (date.seconds != cases[i].seconds || date.offset != cases[i].offset)
			fail_msg("%s: %lld %d", cases[i].text, (long long)date.seconds, date.offset);
	}
}

static void
a_zone_is_known_to_be_written_or_not(void **state)
{
	static const struct {
		const char *text;
		bool has_zone;
	} cases[] = {
		{ "1 Jan 2000 00:00:00 +0100", true },
		{ "1 Jan 2000 00:00:00 -0000", true },
		{ "1 Jan 2000 00:00:00 EST", true },
		{ "1 Jan 2000 00:00 (comment) Z", true },
		{ "1 Jan 2000 00:00:00", false },
		{ "1 Jan 2000 00:00:00 (CET)", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct date date;

		assert_true(date_is_parsed(str_of(cases[i].text), &date));
		if (date.has_zone != cases[i].has_zone)
			fail_msg("%s", cases[i].text);
	}
}

static void
days_that_do_not_exist_are_refused(void **state)
{
	static const char *const cases[] = { "", "Tue", "Tue,", "24", "24 Nov", "24 Nov 2026",
		"24 Nov 2026 21", "24 Nov 2026 21:", "24 Nov 2026 21:10:", "29 Feb 1900 00:00:00 +0000",
		"30 Feb 2000 00:00:00 +0000", "0 Jan 2000 00:00:00 +0000", "31 Apr 2000 00:00:00 +0000",
		"1 Foo 2000 00:00:00 +0000", "1 Jan 2000 24:00:00 +0000", "1 Jan 2000 00:60:00 +0000",
		"1 Jan 2000 00:00:61 +0000", "1 Jan 0000 00:00:00 +0000", "1 Jan 20000 00:00:00 +0000",
		"123 Jan 2000 00:00:00 +0000", "1 Jan 2 00:00:00 +0000", "-1 Jan 2000 00:00:00 +0000",
		"(1 Jan 2000 00:00:00 +0000", "1 Ja 2000 00:00 +0000" };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct date date;

		if (date_is_parsed(str_of(cases[i]), &date))
			fail_msg("taken: %s", cases[i]);
	}
}

static void
dates_are_written_in_their_zone(void **state)
{
	struct buf out = BUF_EMPTY;

	(void)state;
	date_add_rfc5322(&out, 1795554655, 0);
	assert_str(buf_str(&out), "Tue, 24 Nov 2026 21:10:55 +0000");
	buf_clear(&out);
	date_add_rfc5322(&out, -27723480, -210);
	assert_str(buf_str(&out), "Thu, 13 Feb 1969 23:32:00 -0330");
	buf_clear(&out);
	date_add_rfc5322(&out, 951782399, 90);
	assert_str(buf_str(&out), "Tue, 29 Feb 2000 01:29:59 +0130");
	buf_clear(&out);
	date_add_rfc5322(&out, INT64_MAX, 0);
	assert_str(buf_str(&out), "Fri, 31 Dec 9999 23:59:59 +0000");
	buf_clear(&out);
	date_add_rfc5322(&out, INT64_MIN, 0);
	assert_str(buf_str(&out), "Mon, 1 Jan 0001 00:00:00 +0000");
	buf_clear(&out);
	date_add_asctime(&out, 1794267055);
	assert_str(buf_str(&out), "Mon Nov  9 23:30:55 2026");
	buf_fini(&out);
}

static void
every_day_splits_and_joins_to_itself(void **state)
{
	int weekday = 1; /* 0001-01-01 was a Monday */
	int64_t seconds = INT64_C(-62135596800) + 43210;

	(void)state;
	for (; seconds < INT64_C(253402300799); seconds += 86400) {
		struct date_fields fields;
		int64_t again;

		date_split(seconds, 0, &fields);
		assert_true(date_is_joined(&fields, 0, &again));
		if (again != seconds || fields.weekday != weekday || fields.yearday > 365)
			fail_msg("%lld", (long long)seconds);
		weekday = (weekday + 1) % 7;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_understood_in_all_forms),
		cmocka_unit_test(a_zone_is_known_to_be_written_or_not),
		cmocka_unit_test(days_that_do_not_exist_are_refused),
		cmocka_unit_test(dates_are_written_in_their_zone),
		cmocka_unit_test(every_day_splits_and_joins_to_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

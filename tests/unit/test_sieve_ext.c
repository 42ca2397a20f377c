/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Extensions of the engine on a small host that answers from tables. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/date.h"
#include "sieve/calendar.h"
#include "sieve/sieve.h"

#define FIELDS_MAX 2200

/* ---- memory: all that is taken is given back ---- */

static unsigned held, left;

static void *
get(void *arg, size_t n)
{
	(void)arg;
	if (left == 0)
		return NULL;
	left--;
	held++;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	(void)arg;
	held--;
	free(p);
}

static const struct sieve_alloc memory = { get, give, NULL };

/* ---- the host ---- */

struct field {
	const char *name, *value;
};

static const struct field letter[] = {
	{ "Received", "from a by b; Fri, 20 Mar 2009 21:08:40 -0500 (EST; \"x;y\")" },
	{ "Received", "from c (d; e) by f; Thu, 19 Mar 2009 23:30:00 +0000" },
	{ "Date", "Mon, 20 Apr 2009 22:30:45 +0200" },
	{ "X-Old", "Thu, 1 Jan 1970 00:00:00 -0000" },
	{ "X-None", "yesterday" },
	{ "X-Leap", "29 Feb 2009 12:00:00 +0000" },
	{ "X-A", "one" },
	{ "X-A", "two" },
	{ "X-A", "three" },
	{ "X-B", "four" },
	{ "Subject", "Frop!" },
	{ "Auto-Submitted", "no" },
	{ NULL, NULL },
};

static struct {
	const struct field *fields;
	size_t lists[256][FIELDS_MAX];
	size_t list_count;
} message;

static const void *
find_fields(void *arg, uint32_t part, struct sieve_text name, size_t *count_out)
{
	size_t i, *list = message.lists[message.list_count++ % 256];

	(void)arg;
	(void)part;
	*count_out = 0;
	for (i = 0; message.fields[i].name != NULL; i++)
		if (sieve_text_is(name, message.fields[i].name))
			list[(*count_out)++] = i;
	return list;
}

static struct sieve_text
get_field(void *arg, const void *fields, size_t i)
{
	(void)arg;
	return sieve_text_of(message.fields[((const size_t *)fields)[i]].value);
}

static bool
has_date(void *arg, struct sieve_text raw, struct sieve_date *out)
{
	struct date date;

	(void)arg;
	if (!date_is_parsed((struct str){ raw.p, raw.n }, &date))
		return false;
	*out = (struct sieve_date){ date.seconds, date.offset, date.has_zone };
	return true;
}

static int
get_local_zone(void *arg, int64_t seconds)
{
	(void)arg;
	return seconds < 1000000000 ? -60 : 330;
}

static const struct sieve_host host = {
	.fields = find_fields,
	.field = get_field,
	.parse_date = has_date,
	.local_zone = get_local_zone,
	.now = 1234567890, /* 2009-02-13 23:31:30 UTC */
	.size = 1000,
	.delimiters = "+",
};

/* ---- what comes of a script ---- */

static void
add_to(void *arg, const char *p, size_t n)
{
	char *out = arg;
	size_t at = strlen(out);

	if (at + n < 1000)
		memcpy(out + at, p, n);
	if (at + n < 1000)
		out[at + n] = '\0';
}

static void
add(char *out, const char *format, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	add_to(out, text, strlen(text));
}

static void
add_edits(char *out, const struct sieve_version *version)
{
	static const char signs[] = { [SIEVE_EDIT_DELETE] = '-', [SIEVE_EDIT_ADD_FIRST] = '^',
		[SIEVE_EDIT_ADD_LAST] = '$' };
	const struct sieve_edit *edit = version->edits;
	size_t i;

	for (i = 0; i < version->edit_count; i++, edit++) {
		add(out, " %c%.*s", signs[edit->kind],
		    SIEVE_TEXT_ARG(edit->name));
		if (edit->kind == SIEVE_EDIT_DELETE)
			add(out, "[%zu]", edit->index);
		else
			add(out, "=%.*s", SIEVE_TEXT_ARG(edit->value));
	}
}

static void
describe(const struct sieve_result *result, char *out)
{
	static const char *const names[] = { "keep", "fileinto", "redirect", "discard" };
	const struct sieve_action *action;
	size_t i;

	for (i = 0; i < result->action_count; i++) {
		action = &result->actions[i];
		add(out, "%s", names[action->kind]);
		if (action->target.n > 0)
			add(out, " %.*s", SIEVE_TEXT_ARG(action->target));
		add(out, action->is_create ? " create; " : "; ");
	}
	if (result->is_keep_due)
		add(out, "implicit");
	if (result->is_keep_due && result->error.n == 0)
		add_edits(out, &result->versions[result->keep_version]);
	if (result->error.n > 0)
		add(out, "; error: %.*s", SIEVE_TEXT_ARG(result->error));
}

/* Actions, edits of what is kept, a run-time error; `!` and the errors of a
 * script that does not compile. */
static const char *
run_settings(const char *script, const struct sieve_settings *settings)
{
	static char out[1000];
	const struct sieve_profile profile = { .engine = "test", .settings = settings };
	const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	struct sieve_program *program;
	struct sieve_result result;

	out[0] = '\0';
	program = sieve_compile(sieve_text_of(script), &profile, &memory, add_to, out);
	if (program == NULL) {
		memmove(out + 1, out, strlen(out) + 1);
		out[0] = '!';
		return out;
	}
	sieve_run(program, &host, &limits, SIEVE_TEXT_EMPTY, &memory, &result);
	describe(&result, out);
	sieve_result_fini(&result);
	sieve_program_free(&program);
	assert_int_equal(held, 0);
	return out;
}

static const char *
run(const char *script)
{
	return run_settings(script, NULL);
}

static int
begin(void **state)
{
	(void)state;
	message.fields = letter;
	held = 0;
	left = (unsigned)-1;
	return 0;
}

#define REQUIRE \
	"require [\"date\", \"index\", \"relational\", \"comparator-i;ascii-numeric\", " \
	"\"variables\", \"editheader\", \"fileinto\"];\n"

struct truth {
	const char *test;
	bool is_true;
};

static void
expect_truths(const struct truth *truths, size_t n)
{
	char script[2000];
	const char *text;
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(script, sizeof script, REQUIRE "if %s { discard; }", truths[i].test);
		text = run(script);
		if (strcmp(text, truths[i].is_true ? "discard; " : "implicit") != 0)
			fail_msg("%s: %s", truths[i].test, text);
	}
}

struct outcome {
	const char *script, *outcome;
};

static void
expect_outcomes(const struct outcome *outcomes, size_t n, const struct sieve_settings *settings)
{
	char script[2000];
	const char *text;
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(script, sizeof script, REQUIRE "%s", outcomes[i].script);
		text = run_settings(script, settings);
		/* Of errors of compiling, what it begins with is enough. */
		if (text[0] == '!' ? strncmp(text, outcomes[i].outcome,
		    strlen(outcomes[i].outcome)) != 0 : strcmp(text, outcomes[i].outcome) != 0)
			fail_msg("%s: %s", outcomes[i].script, text);
	}
}

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

/* ---- date and index, RFC 5260 ---- */

static void
the_calendar_is_right_at_both_ends(void **state)
{
	static const struct {
		int64_t seconds;
		int zone;
		const char *date;
	} samples[] = {
		{ 0, 0, "1970-01-01 00:00:00 4 40587" },
		{ -1, 0, "1969-12-31 23:59:59 3 40586" },
		{ 951782399, 0, "2000-02-28 23:59:59 1 51602" },
		{ 951782400, 0, "2000-02-29 00:00:00 2 51603" },
		{ 951782400, -1, "2000-02-28 23:59:00 1 51602" },
		{ INT64_C(4107542399), 0, "2100-02-28 23:59:59 0 88127" },
		{ INT64_C(4107542400), 0, "2100-03-01 00:00:00 1 88128" },
		{ INT64_C(-3506716800), 0, "1858-11-17 00:00:00 3 0" },
		{ INT64_C(-62135596800), 0, "1-01-01 00:00:00 1 -678575" },
		{ INT64_C(-62135596801), 0, "0-12-31 23:59:59 0 -678576" },
		{ INT64_C(-62162121600), 0, "0-02-29 00:00:00 2 -678882" },
		{ INT64_C(-62167219201), 0, "-1-12-31 23:59:59 5 -678942" },
		{ INT64_C(-74784902400), 0, "-400-02-29 00:00:00 2 -824979" },
		{ INT64_MAX, 0, "292277026596-12-04 15:30:07 0 106751991207887" },
		{ INT64_MIN, 1439, "-292277022657-01-28 08:28:52 1 -106751991126713" },
	};
	struct sieve_calendar at;
	char text[100];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(samples); i++) {
		at = sieve_calendar_of(samples[i].seconds, samples[i].zone);
		snprintf(text, sizeof text, "%lld-%02d-%02d %02d:%02d:%02d %d %lld",
		    (long long)at.year, at.month, at.day, at.hour, at.minute, at.second,
		    at.weekday, (long long)at.day_number);
		assert_string_equal(text, samples[i].date);
	}
}

static void
the_calendar_goes_day_by_day(void **state)
{
	struct sieve_calendar before = sieve_calendar_of(INT64_C(-200000) * 86400, 0), at;
	struct date_fields fields;
	int64_t day;

	(void)state;
	for (day = -199999; day < 3000000; day++) {
		at = sieve_calendar_of(day * 86400, 0);
		assert_int_equal(at.day_number, before.day_number + 1);
		assert_int_equal(at.weekday, (before.weekday + 1) % 7);
		if (at.day != 1)
			assert_int_equal(at.day, before.day + 1);
		date_split(day * 86400, 0, &fields);
		if (day > -700000 && day < 2932896) {
			assert_int_equal(at.year, fields.year);
			assert_int_equal(at.month, fields.month);
			assert_int_equal(at.day, fields.day);
		}
		before = at;
	}
}

static void
dates_have_all_their_parts(void **state)
{
	static const struct truth truths[] = {
		{ "date :originalzone \"date\" \"year\" \"2009\"", true },
		{ "date :originalzone \"date\" \"month\" \"04\"", true },
		{ "date :originalzone \"date\" \"day\" \"20\"", true },
		{ "date :originalzone \"date\" \"date\" \"2009-04-20\"", true },
		{ "date :originalzone \"date\" \"julian\" \"54941\"", true },
		{ "date :originalzone \"date\" \"hour\" \"22\"", true },
		{ "date :originalzone \"date\" \"minute\" \"30\"", true },
		{ "date :originalzone \"date\" \"second\" \"45\"", true },
		{ "date :originalzone \"date\" \"time\" \"22:30:45\"", true },
		{ "date :originalzone \"date\" \"iso8601\" \"2009-04-20T22:30:45+02:00\"", true },
		{ "date :zone \"-0000\" \"date\" \"iso8601\" \"2009-04-20T20:30:45Z\"", true },
		{ "date :originalzone \"date\" \"std11\" \"Mon, 20 Apr 2009 22:30:45 +0200\"", true },
		{ "date :originalzone \"x-old\" \"std11\" \"Thu, 01 Jan 1970 00:00:00 +0000\"", true },
		{ "date :originalzone \"date\" \"zone\" \"+0200\"", true },
		{ "date :zone \"-0930\" \"date\" \"zone\" \"-0930\"", true },
		{ "date :zone \"-0000\" \"date\" \"zone\" \"+0000\"", true },
		{ "date \"date\" \"zone\" \"+0530\"", true },
		{ "date \"x-old\" \"zone\" \"-0100\"", true },
		{ "date \"x-old\" \"date\" \"1969-12-31\"", true },
		{ "date :originalzone \"date\" \"weekday\" \"1\"", true },
		{ "date :zone \"+0400\" \"date\" \"weekday\" \"2\"", true },
		{ "date :value \"ge\" :originalzone \"date\" \"hour\" \"09\"", true },
		{ "date :originalzone \"date\" \"YEAR\" \"2009\"", true },
		{ "date \"x-none\" \"year\" [\"\", \"1970\"]", false },
		{ "date :matches \"x-none\" \"year\" \"*\"", false },
		{ "date :matches \"x-leap\" \"year\" \"*\"", false },
		{ "date :matches \"x-absent\" \"year\" \"*\"", false },
		{ "date :count \"eq\" \"date\" \"year\" \"1\"", true },
		{ "date :count \"eq\" \"x-none\" \"year\" \"0\"", true },
		{ "date :originalzone \"received\" \"iso8601\" \"2009-03-20T21:08:40-05:00\"", true },
		{ "date :originalzone :index 2 \"received\" \"hour\" \"23\"", true },
		{ "date :originalzone :index 1 :last \"received\" \"hour\" \"23\"", true },
		{ "date :matches :index 3 \"received\" \"hour\" \"*\"", false },
		{ "date :matches :index 0 \"received\" \"hour\" \"*\"", false },
		{ "currentdate :zone \"+0000\" \"iso8601\" \"2009-02-13T23:31:30Z\"", true },
		{ "currentdate \"iso8601\" \"2009-02-14T05:01:30+05:30\"", true },
		{ "currentdate :count \"eq\" \"year\" \"1\"", true },
		{ "currentdate :value \"lt\" :comparator \"i;ascii-numeric\" \"julian\" \"54877\"", true },
	};

	(void)state;
	expect_truths(truths, COUNT(truths));
}

static void
dates_that_are_wrong_are_told(void **state)
{
	static const struct outcome outcomes[] = {
		{ "if date \"date\" \"century\" \"20\" {}", "!2:16: unknown date part \"century\"" },
		{ "if date :zone \"+1\" \"date\" \"hour\" \"20\" {}", "!2:15: `:zone` wants" },
		{ "if date :zone \"+2400\" \"date\" \"hour\" \"20\" {}", "!2:15: `:zone` wants" },
		{ "if date :zone \"+0000\" :originalzone \"date\" \"hour\" \"20\" {}", "!2:" },
		{ "if currentdate :originalzone \"hour\" \"20\" {}", "!2:" },
		{ "if currentdate :index 1 \"hour\" \"20\" {}", "!2:" },
		{ "if date :last \"date\" \"hour\" \"20\" {}", "!2:4: `date` with `:last` lacks" },
		{ "if header :last \"date\" \"20\" {}", "!2:4: `header` with `:last` lacks" },
		{ "if exists :index 1 \"date\" {}", "!2:" },
		{ "set \"z\" \"0100\"; if date :zone \"${z}\" \"date\" \"hour\" \"20\" {}",
		    "implicit; error: `:zone` wants \"+hhmm\" or \"-hhmm\", not \"0100\"" },
		{ "set \"z\" \"eon\"; if currentdate \"${z}\" \"20\" {}",
		    "implicit; error: unknown date part \"eon\"" },
		{ "set \"z\" \"ye\"; if currentdate \"${z}ar\" \"2009\" { discard; }", "discard; " },
	};

	(void)state;
	expect_outcomes(outcomes, COUNT(outcomes), NULL);
}

/* RFC 5260 6: "all the named header fields are counted in the order specified". */
static void
an_index_counts_over_all_names(void **state)
{
	static const struct truth truths[] = {
		{ "header :index 1 [\"x-a\", \"x-b\"] \"one\"", true },
		{ "header :index 3 [\"x-a\", \"x-b\"] \"three\"", true },
		{ "header :index 4 [\"x-a\", \"x-b\"] \"four\"", true },
		{ "header :index 1 [\"x-a\", \"x-b\"] \"four\"", false },
		{ "header :index 2 [\"x-b\", \"x-a\"] \"one\"", true },
		{ "header :matches :index 5 [\"x-a\", \"x-b\"] \"*\"", false },
		{ "header :matches :index 0 [\"x-a\", \"x-b\"] \"*\"", false },
		{ "header :index 1 :last [\"x-a\", \"x-b\"] \"four\"", true },
		{ "header :index 2 :last [\"x-a\", \"x-b\"] \"three\"", true },
		{ "header :index 4 :last [\"x-a\", \"x-b\"] \"one\"", true },
		{ "header :matches :index 5 :last [\"x-a\", \"x-b\"] \"*\"", false },
		{ "header :matches :index 0 :last [\"x-a\", \"x-b\"] \"*\"", false },
		{ "header :count \"eq\" :index 2 [\"x-a\", \"x-b\"] \"1\"", true },
	};

	(void)state;
	expect_truths(truths, COUNT(truths));
}

/* ---- editheader, RFC 5293 ---- */

static void
headers_are_edited(void **state)
{
	static const struct outcome outcomes[] = {
		{ "addheader \"X-C\" \"1\"; addheader :last \"X-C\" \"2\";", "implicit ^X-C=1 $X-C=2" },
		{ "addheader \"X-C\" \"1\"; deleteheader \"x-c\";", "implicit" },
		{ "addheader \"X-C\" \"1\"; addheader \"X-C\" \"2\"; deleteheader :index 1 \"x-c\";",
		    "implicit ^X-C=1" },
		{ "addheader \"X-C\" \"1\"; addheader :last \"X-C\" \"2\"; addheader \"X-C\" \"3\";"
		  "deleteheader :is \"x-c\" [\"1\", \"3\"];", "implicit $X-C=2" },
		{ "deleteheader \"x-a\";", "implicit -x-a[0] -x-a[1] -x-a[2]" },
		{ "deleteheader :index 1 \"x-a\"; deleteheader :index 2 \"x-a\";",
		    "implicit -x-a[0] -x-a[2]" },
		{ "deleteheader :index 1 :last \"x-a\";", "implicit -x-a[2]" },
		{ "deleteheader :contains \"x-a\" \"t\";", "implicit -x-a[1] -x-a[2]" },
		{ "deleteheader :index 2 :contains \"x-a\" \"e\";", "implicit" },
		{ "deleteheader :index 9 \"x-a\"; deleteheader \"x-z\"; deleteheader :index 0 \"x-a\";",
		    "implicit" },
		{ "deleteheader :value \"gt\" \"x-a\" \"three\";", "implicit -x-a[1]" },
		{ "addheader \"x-a\" \"zero\"; deleteheader :matches \"x-a\" \"*e*\";",
		    "implicit -x-a[0] -x-a[2]" },
		{ "addheader \"x-a\" \"a\"; addheader :last \"x-a\" \"z\";"
		  "if allof (header :index 1 \"x-a\" \"a\", header :index 5 \"x-a\" \"z\","
		  "header :count \"eq\" \"x-a\" \"5\") { discard; }", "discard; " },
		{ "deleteheader [\"x-a\"];", "!2:14: " },
		{ "deleteheader :last \"x-a\";", "!2:1: `deleteheader` with `:last` lacks `:index`" },
		{ "deleteheader;", "!2:13: `deleteheader` lacks a header name" },
		{ "deleteheader \"a\" \"b\" \"c\";", "!2:22: too many arguments" },
		{ "addheader \"a\";", "!2:14: `addheader` lacks its value" },
		{ "addheader :index 1 \"a\" \"b\";", "!2:11: " },
		{ "addheader \"a b\" \"c\";", "!2:11: \"a b\" cannot name a header field" },
		{ "deleteheader \"a:\";", "!2:14: \"a:\" cannot name a header field" },
		{ "addheader \"a\" \"b\nc: d\";", "!2:15: `addheader`: the value may not hold" },
		{ "set \"n\" \"x y\"; addheader \"${n}\" \"c\";",
		    "implicit; error: \"x y\" cannot name a header field" },
		{ "set \"n\" \"x\ny\"; addheader \"a\" \"${n}\";",
		    "implicit; error: `addheader`: the value may not hold line ends or NUL" },
	};

	(void)state;
	expect_outcomes(outcomes, COUNT(outcomes), NULL);
}

static void
some_of_a_header_is_protected(void **state)
{
	static const struct sieve_protected protected[] = {
		{ { "x-a", 3 }, true, false },
		{ { "X-B", 3 }, false, true },
		{ { "Subject", 7 }, true, true },
	};
	static const struct sieve_settings settings = { .protected = protected,
		.protected_count = 3, .header_size_max = 1000 };
	static const struct outcome outcomes[] = {
		{ "deleteheader \"RECEIVED\"; deleteheader :index 1 \"auto-submitted\";", "implicit" },
		{ "addheader \"received\" \"x\";", "implicit ^received=x" },
		{ "addheader \"X-A\" \"x\"; deleteheader :index 1 \"X-A\";", "implicit -X-A[0]" },
		{ "addheader \"X-B\" \"x\"; deleteheader \"X-B\";", "implicit ^X-B=x" },
		{ "addheader \"Subject\" \"x\"; deleteheader :last :index 1 \"subject\";",
		    "implicit ^Subject=x -subject[0]" },
	};
	char script[2000];
	size_t n;

	(void)state;
	expect_outcomes(outcomes, COUNT(outcomes), &settings);
	for (n = 1000; n <= 1001; n++) {
		snprintf(script, sizeof script, "require \"editheader\"; addheader \"a\" \"%0*d\";",
		    (int)n, 0);
		assert_int_equal(strncmp(run_settings(script, &settings), "implicit ^a=", 12) == 0,
		    n == 1000);
	}
}

/* Whoever sends a message with many fields must not end the run. */
static void
thousands_of_fields_are_deleted(void **state)
{
	static struct field many[FIELDS_MAX];
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < FIELDS_MAX - 1; i++)
		many[i] = (struct field){ "X-Spam", i % 2 == 0 ? "yes" : "no" };
	message.fields = many;
	text = run("require [\"editheader\", \"relational\", \"comparator-i;ascii-numeric\"];"
	    "deleteheader \"X-Spam\" \"yes\";"
	    "if header :count \"eq\" :comparator \"i;ascii-numeric\" \"X-Spam\" \"1099\" { discard; }");
	assert_string_equal(text, "discard; ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_calendar_is_right_at_both_ends, begin),
		cmocka_unit_test_setup(the_calendar_goes_day_by_day, begin),
		cmocka_unit_test_setup(dates_have_all_their_parts, begin),
		cmocka_unit_test_setup(dates_that_are_wrong_are_told, begin),
		cmocka_unit_test_setup(an_index_counts_over_all_names, begin),
		cmocka_unit_test_setup(headers_are_edited, begin),
		cmocka_unit_test_setup(some_of_a_header_is_protected, begin),
		cmocka_unit_test_setup(thousands_of_fields_are_deleted, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

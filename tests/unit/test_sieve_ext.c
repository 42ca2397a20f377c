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
	const char *seen; /* the one mark of an earlier run */
	char note[100];
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

static bool
has_environment(void *arg, struct sieve_text item, struct sieve_text *out)
{
	(void)arg;
	*out = SIEVE_TEXT_EMPTY;
	if (sieve_text_is(item, "name"))
		*out = sieve_text_of("Test");
	else if (sieve_text_is(item, "vnd.dovecot.username"))
		*out = sieve_text_of("jane");
	else
		return sieve_text_is(item, "remote-host");
	return true;
}

static bool
has_mailbox(void *arg, struct sieve_text name)
{
	(void)arg;
	return sieve_text_is(name, "INBOX") || sieve_text_is(name, "Lists");
}

static bool
has_special_use(void *arg, struct sieve_text mailbox, struct sieve_text use)
{
	(void)arg;
	return (mailbox.n == 0 || sieve_text_is(mailbox, "Rubbish")) &&
	    sieve_text_is(use, "\\Junk");
}

static bool
has_mailbox_id(void *arg, struct sieve_text id)
{
	(void)arg;
	return sieve_text_is(id, "F1");
}

static bool
has_metadata(void *arg, struct sieve_text mailbox, struct sieve_text annotation,
    struct sieve_text *out)
{
	(void)arg;
	*out = sieve_text_of(mailbox.n == 0 ? "hello" : "on");
	if (mailbox.n == 0)
		return sieve_text_is(annotation, "/shared/motd");
	if (!sieve_text_is(mailbox, "INBOX"))
		return false;
	if (sieve_text_is(annotation, "/private/empty"))
		*out = SIEVE_TEXT_EMPTY;
	return sieve_text_is(annotation, "/private/a") ||
	    sieve_text_is(annotation, "/private/empty");
}

static bool
is_seen(void *arg, struct sieve_text mark)
{
	(void)arg;
	return sieve_text_is(mark, message.seen);
}

/* An address book, and a list of dates. */
static bool
has_list(void *arg, struct sieve_text list)
{
	(void)arg;
	return strncmp(list.p, ":addrbook:default", list.n) == 0 ||
	    strncmp(list.p, "tag:example.com,2011-01-01:x", list.n) == 0;
}

static bool
is_on_list(void *arg, struct sieve_text list, struct sieve_text value)
{
	(void)arg;
	return sieve_text_is(value, list.p[0] == ':' ? "two" : "2009-02-14");
}

static void
add_note(void *arg, unsigned line, struct sieve_text text)
{
	(void)arg;
	snprintf(message.note, sizeof message.note, "%u: %.*s", line, SIEVE_TEXT_ARG(text));
}

static bool
has_envelope(void *arg, enum sieve_envelope part, struct sieve_address *out)
{
	static const char *const texts[] = {
		[SIEVE_ENVELOPE_FROM] = "jane@example.org",
		[SIEVE_ENVELOPE_ORCPT] = "old@example.org",
		[SIEVE_ENVELOPE_NOTIFY] = "SUCCESS,DELAY",
		[SIEVE_ENVELOPE_RET] = "HDRS",
		[SIEVE_ENVELOPE_BY_TIME_RELATIVE] = "-30",
		[SIEVE_ENVELOPE_BY_MODE] = "return",
		[SIEVE_ENVELOPE_BY_TRACE] = "",
	};

	(void)arg;
	if ((size_t)part >= sizeof texts / sizeof texts[0] || texts[part] == NULL)
		return false;
	*out = (struct sieve_address){ .all = sieve_text_of(texts[part]),
		.local = sieve_text_of("local"), .domain = sieve_text_of("example.org"),
		.is_valid = part <= SIEVE_ENVELOPE_ORCPT };
	return true;
}

static const struct sieve_host host = {
	.environment = has_environment,
	.has_mailbox = has_mailbox,
	.has_special_use = has_special_use,
	.has_mailbox_id = has_mailbox_id,
	.metadata = has_metadata,
	.is_seen = is_seen,
	.has_list = has_list,
	.is_on_list = is_on_list,
	.log = add_note,
	.envelope = has_envelope,
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
	static const char *const names[] = { "keep", "fileinto", "redirect", "discard", "reject",
		"ereject", "vacation", "notify", "pipe" };
	const struct sieve_action *action;
	size_t i;

	for (i = 0; i < result->action_count; i++) {
		action = &result->actions[i];
		add(out, "%s", names[action->kind]);
		if (action->target.n > 0)
			add(out, " %.*s", SIEVE_TEXT_ARG(action->target));
		if (action->special_use.n > 0)
			add(out, " use %.*s", SIEVE_TEXT_ARG(action->special_use));
		if (action->mailbox_id.n > 0)
			add(out, " id %.*s", SIEVE_TEXT_ARG(action->mailbox_id));
		add(out, action->is_create ? " create; " : "; ");
	}
	if (result->is_keep_due)
		add(out, "implicit");
	if (result->is_keep_due && result->error.n == 0)
		add_edits(out, &result->versions[result->keep_version]);
	for (i = 0; i < result->mark_count; i++)
		add(out, "; mark \"%.*s\" %llu", SIEVE_TEXT_ARG(result->marks[i].id),
		    (unsigned long long)result->marks[i].seconds);
	if (result->error.n > 0)
		add(out, "; error: %.*s", SIEVE_TEXT_ARG(result->error));
}

/* In place of settings: all defaults, and warnings. */
static const struct sieve_settings warned = { .variables_max = 255 };

/* Actions, edits of what is kept, a run-time error; `!` and the errors of a
 * script that does not compile. */
static const char *
run_settings(const char *script, const struct sieve_settings *settings)
{
	static char out[1000];
	const struct sieve_profile profile = { .engine = "test", .settings = settings,
		.wants_warnings = settings == &warned };
	const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	struct sieve_program *program;
	struct sieve_result result;

	out[0] = '\0';
	program = sieve_compile(sieve_text_of(script), &profile, &memory, add_to, out);
	if (program == NULL) {
		assert_int_equal(held, 0);
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
	message.seen = "";
	message.note[0] = '\0';
	held = 0;
	left = (unsigned)-1;
	return 0;
}

#define REQUIRE \
	"require [\"date\", \"index\", \"relational\", \"comparator-i;ascii-numeric\", " \
	"\"variables\", \"editheader\", \"fileinto\", \"environment\", " \
	"\"vnd.dovecot.environment\", \"vnd.dovecot.debug\", \"duplicate\", \"mailbox\", " \
	"\"mboxmetadata\", \"servermetadata\", \"special-use\", \"mailboxid\", " \
	"\"extlists\", \"spamtestplus\", \"virustest\", \"envelope\"];\n"

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

/* ---- environment, RFC 5183 ---- */

static void
the_environment_is_asked(void **state)
{
	static const struct truth truths[] = {
		{ "environment \"name\" \"test\"", true },
		{ "environment :contains \"NAME\" \"\"", true },
		{ "environment \"remote-host\" \"\"", true },
		{ "environment :contains \"nothing\" \"\"", false },
		{ "environment :count \"eq\" \"nothing\" \"0\"", false },
		{ "environment :count \"eq\" \"remote-host\" \"0\"", true },
		{ "environment :count \"eq\" \"name\" \"1\"", true },
		{ "string \"${env.vnd.dovecot.username}+${env.nothing}\" \"jane+\"", true },
		{ "environment \"name\" \"${env.name}\"", true },
	};

	(void)state;
	expect_truths(truths, COUNT(truths));
	assert_int_equal(strncmp(run("require [\"variables\", \"environment\"];"
	    "set \"a\" \"${env.name}\";"), "!1:46: unknown namespace", 24), 0);
	assert_string_equal(run(REQUIRE "set \"a\" \"b\";\ndebug_log \"it is ${a}\";"), "implicit");
	assert_string_equal(message.note, "3: it is b");
}

/* ---- duplicate, RFC 7352 ---- */

static void
duplicates_are_remembered(void **state)
{
	static const struct sieve_settings settings = { .duplicate_default = 700,
		.duplicate_max = 1000 };
	static const struct outcome outcomes[] = {
		{ "if duplicate { discard; }", "implicit" },
		{ "if duplicate :header \"no name\" { discard; }", "implicit" },
		{ "if duplicate :header \"x-a\" { discard; }", "implicit; mark \"duplicate i3:one\" 700" },
		{ "if duplicate :uniqueid \"one\" { discard; }",
		    "implicit; mark \"duplicate i3:one\" 700" },
		{ "if duplicate :handle \"h\" :uniqueid \"one\" { discard; }",
		    "implicit; mark \"duplicate h1:hi3:one\" 700" },
		{ "if duplicate :handle \"\" :uniqueid \"one\" { discard; }",
		    "implicit; mark \"duplicate h0:i3:one\" 700" },
		{ "if duplicate :uniqueid \"\" :seconds 5 { discard; }",
		    "implicit; mark \"duplicate i0:\" 5" },
		{ "if duplicate :uniqueid \"a\" :seconds 5000 { discard; }",
		    "implicit; mark \"duplicate i1:a\" 1000" },
		{ "if duplicate :uniqueid \"a\" :seconds 0 { discard; }", "implicit" },
		{ "if anyof (duplicate :uniqueid \"a\" :seconds 5, duplicate :uniqueid \"a\","
		  "duplicate :uniqueid \"b\") { discard; }",
		    "implicit; mark \"duplicate i1:a\" 700; mark \"duplicate i1:b\" 700" },
		{ "if duplicate :uniqueid \"a\" {} fileinto \"\";", "!2:" },
		{ "if duplicate :uniqueid \"a\" {} set \"z\" \"+1\";"
		  "if currentdate :zone \"${z}\" \"hour\" \"1\" {}",
		    "implicit; error: `:zone` wants \"+hhmm\" or \"-hhmm\", not \"+1\"" },
		{ "if duplicate :uniqueid \"a\" :header \"b\" {}", "!2:" },
	};
	static const struct outcome seen[] = {
		{ "if duplicate :uniqueid \"a\" { discard; }", "discard; " },
		{ "if duplicate :uniqueid \"a\" :last :seconds 5 { discard; }",
		    "discard; ; mark \"duplicate i1:a\" 5" },
		{ "if duplicate :uniqueid \"a\" :seconds 0 { discard; }", "implicit" },
		{ "if duplicate :handle \"a\" :uniqueid \"a\" { discard; }",
		    "implicit; mark \"duplicate h1:ai1:a\" 700" },
		{ "if allof (duplicate :uniqueid \"b\", duplicate :uniqueid \"b\") { discard; }",
		    "implicit; mark \"duplicate i1:b\" 700" },
	};

	(void)state;
	expect_outcomes(outcomes, COUNT(outcomes), &settings);
	message.seen = "duplicate i1:a";
	expect_outcomes(seen, COUNT(seen), &settings);
}

/* What is cut has a sum of all of it. */
static void
long_ids_are_told_apart(void **state)
{
	char script[3000], first[1000], id[800];

	(void)state;
	memset(id, 'x', sizeof id);
	id[sizeof id - 1] = '\0';
	snprintf(script, sizeof script, "require \"duplicate\"; if duplicate :uniqueid \"%s\" {}", id);
	snprintf(first, sizeof first, "%s", run(script));
	assert_non_null(strstr(first, "mark \"duplicate i799#"));
	assert_string_equal(run(script), first);
	id[sizeof id - 2] = 'y';
	snprintf(script, sizeof script, "require \"duplicate\"; if duplicate :uniqueid \"%s\" {}", id);
	assert_string_not_equal(run(script), first);
}

/* ---- mailboxes, RFC 5490, 8579, 9042 ---- */

static void
mailboxes_are_asked_for(void **state)
{
	static const struct truth truths[] = {
		{ "mailboxexists \"INBOX\"", true },
		{ "mailboxexists [\"INBOX\", \"Lists\"]", true },
		{ "mailboxexists [\"INBOX\", \"Other\"]", false },
		{ "mailboxexists \"\"", false },
		{ "metadata \"INBOX\" \"/private/a\" [\"off\", \"ON\"]", true },
		{ "metadata \"Lists\" \"/private/a\" \"on\"", false },
		{ "metadata \"\" \"/shared/motd\" \"hello\"", false },
		{ "metadata \"INBOX\" \"private/a\" \"on\"", false },
		{ "metadata :count \"eq\" \"INBOX\" \"/private/a\" \"1\"", true },
		{ "metadata :matches \"INBOX\" \"/private/b\" \"*\"", false },
		{ "metadata \"INBOX\" \"/private/empty\" \"\"", true },
		{ "metadataexists \"INBOX\" [\"/private/a\", \"/private/empty\"]", true },
		{ "metadataexists \"INBOX\" [\"/private/a\", \"/private/b\"]", false },
		{ "servermetadata :contains \"/shared/motd\" \"ell\"", true },
		{ "servermetadata \"/private/a\" \"on\"", false },
		{ "servermetadataexists \"/shared/motd\"", true },
		{ "servermetadataexists [\"/shared/motd\", \"/shared//motd\"]", false },
		{ "specialuse_exists \"\\\\Junk\"", true },
		{ "specialuse_exists [\"\\\\Junk\", \"\\\\Sent\"]", false },
		{ "specialuse_exists \"Rubbish\" \"\\\\Junk\"", true },
		{ "specialuse_exists \"Lists\" \"\\\\Junk\"", false },
		{ "specialuse_exists \"\" \"\\\\Junk\"", false },
		{ "specialuse_exists \"Junk\"", false },
		{ "mailboxidexists \"F1\"", true },
		{ "mailboxidexists [\"F1\", \"F2\"]", false },
	};
	static const struct outcome outcomes[] = {
		{ "fileinto :create \"a\";", "fileinto a create; " },
		{ "fileinto :specialuse \"\\\\Junk\" :create \"a\";", "fileinto a use \\Junk create; " },
		{ "fileinto :mailboxid \"F1\" \"a\";", "fileinto a id F1; " },
		{ "fileinto :mailboxid \"F1\" :specialuse \"\\\\Junk\" \"a\";",
		    "!2:1: `:specialuse` cannot stand beside `:mailboxid`" },
		{ "fileinto :specialuse \"Junk\" \"a\";", "!2:22: a special use is a word with" },
		{ "set \"u\" \"a b\"; fileinto :specialuse \"\\\\${u}\" \"a\";",
		    "implicit; error: a special use is a word with a \\ in front, as in \"\\\\Junk\"" },
		{ "keep :create;", "!2:6: `keep` takes no `:create`" },
	};

	(void)state;
	expect_truths(truths, COUNT(truths));
	expect_outcomes(outcomes, COUNT(outcomes), NULL);
}

/* ---- extlists, RFC 6134 ---- */

static void
lists_have_one_name(void **state)
{
	static const struct truth truths[] = {
		{ "header :list \"x-a\" \":addrbook:default\"", true },
		{ "header :list \"x-b\" \":addrbook:default\"", false },
		{ "header :list \"x-a\" \":AddrBook:%44%65%66ault\"", true },
		{ "header :list \"x-a\" \"urn:ietf:params:sieve:addrbook:DEFAULT\"", true },
		{ "header :list \"x-a\" \"URN:IETF:params:sieve:addrbook:default\"", true },
		{ "string :list [\"one\", \" two \"] \":addrbook:default\"", true },
		{ "allof (string :list \" two \" \":addrbook:default\", string \"${0}\" \"two\")", true },
		{ "currentdate :list \"date\" \"tag:example.com,2011-01-01:x\"", true },
		{ "valid_ext_list [\":addrbook:default\", \"tag:example.com,2011-01-01:x\"]", true },
		{ "valid_ext_list [\":addrbook:default\", \":addrbook:other\"]", false },
		{ "valid_ext_list \"\"", false },
		{ "valid_ext_list \":\"", false },
		{ "valid_ext_list \"default\"", false },
		{ "valid_ext_list \":addrbook:\"", false },
		{ "valid_ext_list \"urn:ietf:params:sieve:\"", false },
		{ "valid_ext_list \":addrbook:defaul%7\"", false },
		{ "valid_ext_list \":addrbook:def ault\"", false },
	};
	static const struct outcome outcomes[] = {
		{ "if header :list \"x-a\" \"default\" {}", "!2:23: \"default\" cannot name a list" },
		{ "if header :list :comparator \"i;octet\" \"x-a\" \":addrbook:default\" {}",
		    "!2:4: `:comparator` cannot stand beside `:list`" },
		{ "if environment :list \"name\" \":addrbook:default\" {}",
		    "!2:4: `environment` takes no `:list`" },
		{ "deleteheader :list \"x-a\" \":addrbook:default\";",
		    "!2:1: `deleteheader` takes no `:list`" },
		{ "if header :list \"x-a\" \":addrbook:other\" {}",
		    "implicit; error: there is no list \":addrbook:other\"" },
		{ "set \"l\" \"none\"; if header :list \"x-a\" \"${l}\" {}",
		    "implicit; error: \"none\" cannot name a list" },
	};

	(void)state;
	expect_truths(truths, COUNT(truths));
	expect_outcomes(outcomes, COUNT(outcomes), NULL);
}

/* ---- spamtest and virustest, RFC 5235 ---- */

/* The verdict on a field `X-Score: value`, as text; percent too. */
static void
expect_verdict(const struct sieve_settings *settings, const char *value, const char *test,
    const char *verdict)
{
	const struct field fields[] = { { "X-Score", value }, { "X-Most", "20.5" }, { NULL, NULL } };
	char script[300];
	const char *text;

	message.fields = value == NULL ? letter : fields;
	snprintf(script, sizeof script,
	    "require [\"spamtestplus\", \"virustest\", \"variables\", \"fileinto\"];"
	    "if %s :matches \"*\" { fileinto \"${0}\"; }", test);
	text = run_settings(script, settings);
	snprintf(script, sizeof script, "fileinto %s; ", verdict);
	if (strcmp(text, script) != 0)
		fail_msg("%s of %s: %s, not %s", test, value == NULL ? "nothing" : value, text,
		    verdict);
	message.fields = letter;
}

static void
scores_become_verdicts(void **state)
{
	static const struct {
		struct sieve_score score;
		const char *value, *spam, *percent, *virus;
	} samples[] = {
#define NUMBER { .type = SIEVE_SCORE_NUMBER, .status_header = { "X-Score", 7 }, \
		.max_value = { "10", 2 } }
		{ NUMBER, NULL, "0", "0", "0" },
		{ NUMBER, "", "0", "0", "0" },
		{ NUMBER, "frop", "0", "0", "0" },
		{ NUMBER, "5x", "0", "0", "0" },
		{ NUMBER, ".", "0", "0", "0" },
		{ NUMBER, "0", "1", "0", "1" },
		{ NUMBER, "-23.5", "1", "0", "1" },
		{ NUMBER, "5", "5", "50", "3" },
		{ NUMBER, "9.9999", "9", "99", "4" },
		{ NUMBER, "10", "10", "100", "5" },
		{ NUMBER, "4711.5 (much)", "10", "100", "5" },
		{ NUMBER, "99999999999999999999999999", "10", "100", "5" },
		{ NUMBER, ".000000000000001", "1", "0", "1" },
		{ { .type = SIEVE_SCORE_STARS, .status_header = { "X-Score", 7 },
			.max_value = { "4", 1 } }, "**", "5", "50", "3" },
		{ { .type = SIEVE_SCORE_STARS, .status_header = { "X-Score", 7 },
			.max_value = { "4", 1 } }, "", "1", "0", "1" },
		{ { .type = SIEVE_SCORE_NUMBER, .status_header = { "X-Score", 7 },
			.max_header = { "X-Most", 6 } }, "20.5", "10", "100", "5" },
		{ { .type = SIEVE_SCORE_NUMBER, .status_header = { "X-Score", 7 },
			.max_header = { "X-None", 6 } }, "20.5", "0", "0", "0" },
		{ { .type = SIEVE_SCORE_NUMBER, .status_header = { "X-Score", 7 } }, "1", "0", "0",
		    "0" },
		{ { .type = SIEVE_SCORE_NUMBER, .max_value = { "8", 1 },
			.status_header = { "X-Score: score=(-?[0-9.]+)", 26 } },
		    "Yes, score=4.0 required=8", "5", "50", "3" },
		{ { .type = SIEVE_SCORE_NUMBER, .max_value = { "8", 1 },
			.status_header = { "X-Score: score=(-?[0-9.]+)", 26 } }, "4.0", "0", "0", "0" },
		{ { .type = SIEVE_SCORE_NUMBER, .max_value = { "8", 1 },
			.status_header = { "X-Score: (", 10 } }, "4.0", "0", "0", "0" },
		{ { .type = SIEVE_SCORE_TEXT, .status_header = { "X-Score", 7 },
			.text_values = { [1] = { "clean", 5 }, [5] = { "bad", 3 } } },
		    "BAD", "5", "50", "5" },
		{ { .type = SIEVE_SCORE_TEXT, .status_header = { "X-Score", 7 },
			.text_values = { [1] = { "clean", 5 } } }, "odd", "0", "0", "0" },
		{ { .type = SIEVE_SCORE_NONE }, "5", "0", "0", "0" },
	};
	struct sieve_settings settings = { .spam = { .type = SIEVE_SCORE_NONE } };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(samples); i++) {
		settings.spam = settings.virus = samples[i].score;
		expect_verdict(&settings, samples[i].value, "spamtest", samples[i].spam);
		expect_verdict(&settings, samples[i].value, "spamtest :percent", samples[i].percent);
		expect_verdict(&settings, samples[i].value, "virustest", samples[i].virus);
	}
}

static void
a_verdict_counts_when_there_is_one(void **state)
{
	static const struct sieve_settings settings = { .spam = { .type = SIEVE_SCORE_NUMBER,
		.status_header = { "X-Score", 7 }, .max_value = { "10", 2 } } };
	static const struct field fields[] = { { "X-Score", "0" }, { NULL, NULL } };
	static const struct outcome tested[] = {
		{ "if spamtest :percent :count \"eq\" \"1\" { discard; }", "discard; " },
	}, untested[] = {
		{ "if spamtest :count \"eq\" \"0\" { discard; }", "discard; " },
		{ "if spamtest :count \"eq\" \"1\" { discard; }", "implicit" },
	};

	(void)state;
	expect_outcomes(untested, COUNT(untested), &settings);
	message.fields = fields;
	expect_outcomes(tested, COUNT(tested), &settings);
	assert_int_equal(strncmp(run("require \"spamtest\"; if spamtest :percent \"1\" {}"),
	    "!1:33: `:percent` needs require \"spamtestplus\"", 46), 0);
}

/* ---- the envelope, RFC 6009 ---- */

static void
envelopes_have_more_parts(void **state)
{
	static const struct outcome outcomes[] = {
		{ "if envelope \"notify\" \"DELAY\" { discard; }", "discard; " },
		{ "if envelope \"notify\" [\"SUCCESS,DELAY\", \"FAILURE\"] { discard; }", "implicit" },
		{ "if envelope :count \"eq\" \"notify\" \"2\" { discard; }", "discard; " },
		{ "if envelope \"ret\" \"hdrs\" { discard; }", "discard; " },
		{ "if envelope :matches \"envid\" \"*\" { discard; }", "implicit" },
		{ "if envelope :count \"eq\" \"envid\" \"0\" { discard; }", "discard; " },
		{ "if envelope \"orcpt\" \"rfc822;old@example.org\" { discard; }", "discard; " },
		{ "if envelope :domain \"orcpt\" \"example.org\" { discard; }",
		    "!2:21: envelope part \"orcpt\" is no address" },
		{ "if envelope :all \"notify\" \"x\" { discard; }",
		    "!2:18: envelope part \"notify\" is no address" },
		{ "if envelope \"bytimerelative\" \"-30\" { discard; }", "discard; " },
		{ "if envelope \"bytimeabsolute\" \"2009-02-14T05:01:00+05:30\" { discard; }",
		    "discard; " },
		{ "if envelope :zone \"+0000\" \"bytimeabsolute\" \"2009-02-13T23:31:00Z\" "
		  "{ discard; }", "discard; " },
		{ "if envelope :zone \"CET\" \"bytimeabsolute\" \"x\" {}", "!2:19: `:zone` wants" },
		{ "if envelope \"bymode\" \"return\" { discard; }", "discard; " },
		{ "if envelope \"bytrace\" \"\" { discard; }", "discard; " },
		{ "if envelope :count \"eq\" \"bytrace\" \"1\" { discard; }", "discard; " },
		{ "set \"p\" \"ret\"; if envelope :all \"${p}\" \"x\" {}",
		    "implicit; error: envelope part \"ret\" is no address" },
	};
	char script[300];
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(outcomes); i++) {
		snprintf(script, sizeof script, "require [\"envelope\", \"envelope-dsn\", "
		    "\"envelope-deliverby\", \"variables\", \"relational\"];\n%s", outcomes[i].script);
		text = run(script);
		if (strncmp(text, outcomes[i].outcome, strlen(outcomes[i].outcome)) != 0)
			fail_msg("%s: %s", outcomes[i].script, text);
	}
}

static void
parts_of_an_envelope_must_be_required(void **state)
{
	static const struct outcome outcomes[] = {
		{ "if envelope \"notify\" \"x\" {}",
		    "!2:13: envelope part \"notify\" needs require \"envelope-dsn\"" },
		{ "if envelope :zone \"+0000\" \"from\" \"x\" {}", "!2:13: `:zone` needs require" },
		{ "if envelope :domain \"orcpt\" \"example.org\" { discard; }", "discard; " },
		{ "set \"p\" \"ret\"; if envelope \"${p}\" \"x\" {}",
		    "implicit; error: envelope part \"ret\" was reached, but \"envelope-dsn\" is not "
		    "required" },
	};

	(void)state;
	expect_outcomes(outcomes, COUNT(outcomes), NULL);
	assert_string_equal(run("require [\"envelope\", \"ihave\"]; if allof (ihave \"envelope-dsn\","
	    "envelope \"ret\" \"HDRS\") { discard; }"), "discard; ");
}

/* ---- warnings ---- */

static void
what_is_hardly_meant_is_told(void **state)
{
	static const struct outcome outcomes[] = {
		{ "keep; stop; discard; keep;", "1:13: warning: `discard` is never reached: `stop` in "
						"line 1 goes no further\n" },
		{ "if true { stop; }\nkeep;", "2:1: warning: `keep` is never reached: `stop` in line 1 "
					      "goes no further\n" },
		{ "if exists \"a\" { stop; } elsif exists \"b\" { stop; } else { stop; } keep;",
		    "1:67: warning: `keep` is never reached" },
		{ "if exists \"a\" { stop; } elsif exists \"b\" { keep; } else { stop; } keep;", "" },
		{ "if exists \"a\" { stop; } elsif exists \"b\" { stop; } keep;", "" },
		{ "if exists \"a\" { stop; keep; }", "1:23: warning: `keep` is never reached" },
		{ "if false { keep; }", "1:1: warning: the block of this `if` is never reached: its "
					"test is always false\n" },
		{ "if true { keep; }", "" },
		{ "if not allof (true, anyof (exists \"a\", true)) { keep; }", "1:1: warning: the block" },
		{ "if anyof (false, not true) { keep; }", "1:1: warning: the block" },
		{ "if not address [\"from\", \"Subject\"] \"a\" { keep; }",
		    "1:25: warning: field \"Subject\" holds no addresses" },
		{ "if anyof (false, exists \"a\") { keep; }", "" },
		{ "if anyof (true, exists \"a\") { keep; }\nelse { discard; }",
		    "2:1: warning: `else` is never reached: the test in line 1 is always true\n" },
		{ "if exists \"a\" {} elsif true {} elsif exists \"b\" {}",
		    "1:32: warning: `elsif` is never reached" },
		{ "require \"copy\"; keep;", "1:9: warning: extension \"copy\" is required but not "
					      "used\n" },
		{ "require [\"copy\", \"variables\", \"date\", \"index\", \"mailbox\", \"fileinto\","
		  "\"comparator-i;ascii-numeric\", \"encoded-character\", \"envelope\", "
		  "\"envelope-dsn\", \"relational\", \"subaddress\", \"vacation-seconds\", "
		  "\"vacation\"];"
		  "if date :index 1 \"a\" \"year\" \"1\" { fileinto :create :copy \"${0}\"; }"
		  "if envelope :value \"eq\" :user :comparator \"i;ascii-numeric\" \"to\" \"1\""
		  "{ vacation \"a\"; }", "" },
		{ "require [\"spamtest\", \"index\"]; if spamtest \"1\" {}",
		    "1:22: warning: extension \"index\" is required but not used\n" },
		{ "stop; keep; fileint;", "!1:13: unknown command" },
	};
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(outcomes); i++) {
		text = run_settings(outcomes[i].script, &warned);
		if (outcomes[i].outcome[0] == '\0' ? strstr(text, "warning") != NULL :
		    strncmp(text, outcomes[i].outcome, strlen(outcomes[i].outcome)) != 0)
			fail_msg("%s: %s", outcomes[i].script, text);
		if (strstr(run(outcomes[i].script), "warning") != NULL)
			fail_msg("%s: warned unasked", outcomes[i].script);
	}
}

/* ---- memory ---- */

static void
any_refused_allocation_is_told(void **state)
{
	static const char script[] = REQUIRE
	    "if allof (date :zone \"+0100\" :matches \"date\" \"date\" \"*-*\", "
	    "currentdate :matches \"iso8601\" \"*\", duplicate :handle \"${1}\", "
	    "duplicate :handle \"h\" :uniqueid \"${0}\", header :list \"x-a\" \":addrbook:%64efault\", "
	    "not environment \"name\" \"${0}\", mailboxexists [\"INBOX\", \"${1}\"]) { stop; }\n"
	    "addheader \"X-C\" \"${0}\"; addheader :last \"X-C\" \"\\xc3\\xa9\";"
	    "deleteheader :contains \"x-a\" [\"t\", \"${9}\"]; deleteheader :index 1 \"x-c\";"
	    "fileinto :create \"${env.name}\";";
	const char *text = "";
	unsigned n;

	(void)state;
	for (n = 0; n < 500 && strncmp(text, "fileinto", 8) != 0; n++) {
		left = n;
		text = run(script);
		if (strncmp(text, "fileinto", 8) != 0 && strstr(text, "memory") == NULL)
			fail_msg("after %u pieces: %s", n, text);
	}
	assert_in_range(n, 10, 400);
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
		cmocka_unit_test_setup(the_environment_is_asked, begin),
		cmocka_unit_test_setup(duplicates_are_remembered, begin),
		cmocka_unit_test_setup(long_ids_are_told_apart, begin),
		cmocka_unit_test_setup(mailboxes_are_asked_for, begin),
		cmocka_unit_test_setup(lists_have_one_name, begin),
		cmocka_unit_test_setup(scores_become_verdicts, begin),
		cmocka_unit_test_setup(a_verdict_counts_when_there_is_one, begin),
		cmocka_unit_test_setup(envelopes_have_more_parts, begin),
		cmocka_unit_test_setup(parts_of_an_envelope_must_be_required, begin),
		cmocka_unit_test_setup(what_is_hardly_meant_is_told, begin),
		cmocka_unit_test_setup(any_refused_allocation_is_told, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

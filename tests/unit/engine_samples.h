/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_TESTS_UNIT_ENGINE_SAMPLES_H
#define DOORSTEP_TESTS_UNIT_ENGINE_SAMPLES_H

/* Tests that hold or not for one message, whichever engine is asked.  Who
 * includes this has defined ENGINE, and ENGINE_REQUIRES: more extensions, each
 * in quotes and with a comma behind it, or "". */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/answer.h"
#include "ipc/actions.h"

struct fixture {
	struct answerer self;
	struct msg_FILTER_ANSWERS answer;
};

static void
begin(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->self.engine = &ENGINE;
	f->self.delimiters = "+-";
	f->self.charsets = charset_set_new();
	f->self.cache = cache_new(f->self.engine);
	arena_init_limit(&f->self.arena, HOST_MEMORY_MAX);
}

static void
end(struct fixture *f)
{
	arena_fini(&f->self.arena);
	buf_fini(&f->self.scratch);
	buf_fini(&f->self.made);
	buf_fini(&f->self.made);
	cache_free(&f->self.cache);
	charset_set_free(&f->self.charsets);
}

#define MESSAGE \
    "From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.net>\n" \
    "To: \"Doe, Jane\" <jane+box@example.org>, bob@example.com\n" \
    "Cc: (a comment) \"odd \\\"name\"@example.org\n" \
    "Subject: Hello \"World\" \\o/ and\n\tfolded\n" \
    "X-Empty:\n" \
    "Y-Empty: \n" \
    "X-None:x\n" \
    "X-Two: one\n" \
    "X-Two: two\n" \
    "X-Count: 18446744073709551617\n" \
    "X-Umlaut: =?iso-8859-1?q?=FC?=\n" \
    "X-Control: a\x01" "b\n" \
    "Bcc: undisclosed recipients\n" \
    "\xff: x\n" \
    "\n" \
    "Body\n"

/* Whether a test holds for the message. */
static int
holds(const char *test)
{
	struct fixture f;
	struct rec_script_ref ref = { .id = 7, .place = 1 };
	struct rec_filter_rcpt rcpt = { .address = STR("jane+box@example.org") };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1, .wire_size = 1000 };
	const struct rec_filter_outcome *outcome;
	char script[2048];
	int result;

	snprintf(script, sizeof script,
	    "require [\"fileinto\", \"envelope\", \"relational\", \"subaddress\", "
	    "\"imap4flags\", " ENGINE_REQUIRES "\"comparator-i;ascii-numeric\"];\n"
	    "setflag [\"\\\\Seen\", \"a b\"];\n"
	    "if %s { discard; }", test);
	begin(&f);
	cache_give(f.self.cache, 7, str_of(script));
	rcpt.scripts.at = &ref;
	rcpt.scripts.n = 1;
	question.sender = STR("bounce@example.net");
	question.recipients.at = &rcpt;
	question.recipients.n = 1;
	answer_question(&f.self, &question, STR(MESSAGE), &f.answer);
	assert_int_equal(f.answer.outcomes.n, 1);
	outcome = &f.answer.outcomes.at[0];
	if (outcome->error.n > 0)
		fail_msg("%s: %.*s", test, STR_ARG(cache_find(f.self.cache, 7)->errors));
	assert_int_equal(outcome->actions.n, 1);
	result = outcome->actions.at[0].kind == FILTER_DISCARD;
	end(&f);
	return result;
}

struct sample {
	const char *test;
	int is_true;
};

static void
run_samples(const struct sample *samples, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (holds(samples[i].test) != samples[i].is_true)
			fail_msg("%s is not %s", samples[i].test,
			    samples[i].is_true ? "true" : "false");
}

#define RUN(samples) run_samples(samples, sizeof(samples) / sizeof(samples)[0])

static void
headers_are_compared_decoded_and_unfolded(void **state)
{
	static const struct sample samples[] = {
		{ "header :is \"x-two\" \"TWO\"", 1 },
		{ "header :is \"X-TWO\" [\"x\", \"one\"]", 1 },
		{ "header :is :comparator \"i;octet\" \"x-two\" \"TWO\"", 0 },
		{ "header :contains \"subject\" \"\\\"world\\\"\"", 1 },
		{ "header :contains \"subject\" \"\\\\o/\"", 1 },
		{ "header :contains \"subject\" \"\\\\\"", 1 },
		{ "header :contains \"subject\" \"o\\\\\"", 0 },
		{ "header :is \"subject\" \"hello \\\"world\\\" \\\\o/ and\tfolded\"", 1 },
		{ "header :contains \"from\" \"j\xc3\xbcrgen\"", 1 },
		{ "header :is \"x-umlaut\" \"\xc3\xbc\"", 1 },
		{ "header :is \"x-empty\" \"\"", 1 },
		{ "header :is \"y-empty\" \"\"", 1 },
		{ "header :is \"x-none\" \"x\"", 1 },
		{ "header :contains \"x-two\" \"\"", 1 },
		{ "header :contains \"x-absent\" \"\"", 0 },
		{ "header :is [\"x-absent\", \"x-two\"] \"one\"", 1 },
		{ "header :is \"bad name:\" \"\"", 0 },
		/* bytes that stand for others inside the plan */
		{ "header :contains \"subject\" \"\x01\"", 0 },
		{ "header :is \"x-control\" \"a\x01" "b\"", 1 },
		{ "header :is \"x-control\" \"a\x03" "b\"", 0 },
		{ "header :is \"x-control\" \"a\\\"b\"", 0 },
		{ "header :is \"x-two\" \"one\n\"", 0 },
		{ "header :is \"x-two\" text:\none\n.\n", 0 },
	};

	(void)state;
	RUN(samples);
}

static void
exists_and_size_and_logic_hold(void **state)
{
	static const struct sample samples[] = {
		{ "exists \"x-empty\"", 1 },
		{ "exists [\"from\", \"SUBJECT\"]", 1 },
		{ "exists [\"from\", \"x-absent\"]", 0 },
		{ "size :over 999", 1 },
		{ "size :over 1000", 0 },
		{ "size :under 1000", 0 },
		{ "size :under 1001", 1 },
		{ "size :over 3G", 0 },
		{ "size :under 3G", 1 },
		{ "not size :under 9000000G", 0 },
		{ "true", 1 },
		{ "false", 0 },
		{ "not not true", 1 },
		{ "allof(true, true, not false)", 1 },
		{ "allof(true, false, true)", 0 },
		{ "anyof(false, exists \"from\")", 1 },
		{ "not anyof(false, exists \"x-absent\")", 1 },
		{ "allof(anyof(false, true), not allof(true, false))", 1 },
	};

	(void)state;
	RUN(samples);
}

static void
addresses_are_parsed_by_us(void **state)
{
	static const struct sample samples[] = {
		{ "address \"from\" \"juergen@example.net\"", 1 },
		{ "address :is :domain [\"to\", \"cc\"] \"EXAMPLE.COM\"", 1 },
		{ "address :localpart \"to\" \"bob\"", 1 },
		{ "address :localpart \"to\" \"doe\"", 0 },
		{ "address :user \"to\" \"jane\"", 1 },
		{ "address :detail \"to\" \"box\"", 1 },
		{ "address :detail \"to\" \"\"", 0 },
		{ "address :localpart \"cc\" \"odd \\\"name\"", 1 },
		{ "address :contains \"to\" \"@example\"", 1 },
		{ "address :matches \"to\" \"*@*.com\"", 1 },
		{ "address :domain \"bcc\" \"\"", 0 },
		{ "address :contains \"bcc\" \"undisclosed\"", 1 },
		{ "envelope \"from\" \"bounce@example.net\"", 1 },
		{ "envelope :domain \"from\" \"example.net\"", 1 },
		{ "envelope :detail \"to\" \"box\"", 1 },
		{ "envelope :is [\"from\", \"to\"] \"jane+box@example.org\"", 1 },
		{ "envelope :localpart \"to\" \"jane\"", 0 },
	};

	(void)state;
	RUN(samples);
}

static void
the_rest_of_the_match_types_hold(void **state)
{
	static const struct sample samples[] = {
		{ "header :matches \"subject\" \"hello*folded\"", 1 },
		{ "header :matches \"subject\" \"*\\\\\\\\o*\"", 1 },
		{ "header :matches :comparator \"i;octet\" \"subject\" \"hello*\"", 0 },
		{ "header :count \"eq\" :comparator \"i;ascii-numeric\" \"x-two\" \"2\"", 1 },
		{ "header :count \"eq\" :comparator \"i;ascii-numeric\" \"x-absent\" \"0\"", 1 },
		{ "header :count \"ge\" :comparator \"i;ascii-numeric\" [\"x-two\", \"subject\"] "
		  "[\"9\", \"3\"]", 1 },
		{ "address :count \"gt\" :comparator \"i;ascii-numeric\" [\"to\", \"cc\"] \"2\"", 1 },
		{ "address :count \"gt\" :comparator \"i;ascii-numeric\" [\"to\", \"cc\"] \"3\"", 0 },
		{ "header :value \"gt\" :comparator \"i;ascii-numeric\" \"x-count\" "
		  "\"18446744073709551616\"", 1 },
		{ "header :value \"lt\" \"x-two\" \"p\"", 1 },
		{ "header :value \"ne\" \"x-absent\" \"p\"", 0 },
		{ "header :is :comparator \"i;ascii-numeric\" \"x-count\" "
		  "\"018446744073709551617\"", 1 },
		{ "hasflag \"\\\\seen\"", 1 },
		{ "hasflag [\"x\", \"B\"]", 1 },
		{ "hasflag :contains \"ee\"", 1 },
		{ "hasflag \"c\"", 0 },
		{ "hasflag :count \"eq\" :comparator \"i;ascii-numeric\" \"3\"", 1 },
	};

	(void)state;
	RUN(samples);
}

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* notify, the tags of redirect, and programs: what comes of them, and what is
 * an error. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sieve/rfc3339.h"
#include "sieve/sieve.h"

#define OUT 2048

static unsigned held;

static void *
get(void *arg, size_t n)
{
	(void)arg;
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

static void
collect(void *arg, const char *p, size_t n)
{
	char *out = arg;
	size_t there = strlen(out);

	snprintf(out + there, OUT - there, "%.*s", (int)n, p);
}

/* ---- a host ---- */

static bool
has_capability(void *arg, struct sieve_text uri, struct sieve_text capability,
    struct sieve_text *out)
{
	(void)arg;
	if (!sieve_text_is((struct sieve_text){ uri.p, uri.n < 4 ? uri.n : 4 }, "tel:"))
		return false;
	*out = sieve_text_of(sieve_text_is(capability, "fcc") ? "no" : "yes");
	return sieve_text_is(capability, "online") || sieve_text_is(capability, "fcc");
}

static bool
has_list(void *arg, struct sieve_text list)
{
	(void)arg;
	return sieve_text_is(list, ":addrbook:default");
}

static bool
adopt(void *arg, struct sieve_text message)
{
	(void)message;
	++*(unsigned *)arg;
	return true;
}

static struct sieve_text
render(void *arg, const struct sieve_version *version)
{
	(void)arg;
	return version->is_original ? sieve_text_of("the message") : version->message;
}

/* Prints its arguments and its input; a program of another name fails.  What
 * was printed stays for some calls. */
static int
execute(void *arg, const struct sieve_execute *call, struct sieve_text *out)
{
	static char texts[4][512];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	size_t i, n = 0;

	(void)arg;
	text[0] = '\0';
	for (i = 0; i < call->argument_count; i++)
		n += (size_t)snprintf(text + n, sizeof *texts - n, "%.*s,",
		    SIEVE_TEXT_ARG(call->arguments[i]));
	if (call->has_input || call->is_message)
		snprintf(text + n, sizeof *texts - n, "%.*s", SIEVE_TEXT_ARG(call->input));
	*out = sieve_text_of(text);
	return sieve_text_is(call->program, "print") ? 0
	    : sieve_text_is(call->program, "fail") ? 1 : -1;
}

static void
describe_redirect(const struct sieve_redirect *redirect, char *out)
{
	size_t n = strlen(out);

	if (redirect == NULL)
		return;
	n += (size_t)snprintf(out + n, OUT - n, "%s [%.*s][%.*s]", redirect->is_list ? " list" : "",
	    SIEVE_TEXT_ARG(redirect->notify), SIEVE_TEXT_ARG(redirect->ret));
	if (redirect->has_by_time)
		snprintf(out + n, OUT - n, " by %lld %.*s%s", (long long)redirect->by_time,
		    SIEVE_TEXT_ARG(redirect->by_mode), redirect->is_by_trace ? " trace" : "");
}

static void
describe_notify(const struct sieve_notify *notify, char *out)
{
	size_t n = strlen(out), i;

	if (notify == NULL)
		return;
	n += (size_t)snprintf(out + n, OUT - n, " %u{%.*s}{%.*s}%zu to", notify->importance,
	    SIEVE_TEXT_ARG(notify->from), SIEVE_TEXT_ARG(notify->message), notify->option_count);
	for (i = 0; i < notify->recipient_count; i++)
		n += (size_t)snprintf(out + n, OUT - n, " %.*s",
		    SIEVE_TEXT_ARG(notify->recipients[i]));
}

static void
describe_pipe(const struct sieve_pipe *pipe, char *out)
{
	size_t n = strlen(out), i;

	if (pipe == NULL)
		return;
	n += (size_t)snprintf(out + n, OUT - n, "%s", pipe->is_try ? " try" : "");
	for (i = 0; i < pipe->argument_count; i++)
		n += (size_t)snprintf(out + n, OUT - n, " %.*s", SIEVE_TEXT_ARG(pipe->arguments[i]));
}

static void
describe(const struct sieve_result *result, char *out)
{
	const struct sieve_action *action = result->actions;
	size_t i;

	out[0] = '\0';
	for (i = 0; i < result->action_count; i++, action++) {
		snprintf(out + strlen(out), OUT - strlen(out), "%s%.*s", i == 0 ? "" : "; ",
		    SIEVE_TEXT_ARG(action->target));
		describe_redirect(action->redirect, out);
		describe_notify(action->notify, out);
		describe_pipe(action->pipe, out);
	}
	snprintf(out + strlen(out), OUT - strlen(out), "%s%.*s", result->is_keep_due ? "; keep" : "",
	    SIEVE_TEXT_ARG(result->error));
}

static const char *
run(const char *script)
{
	static const struct sieve_profile profile = { .engine = "test" };
	static const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	static char out[OUT];
	unsigned adopted = 0;
	const struct sieve_host host = { .delimiters = "+", .method_capability = has_capability,
		.has_list = has_list, .adopt = adopt, .render = render, .execute = execute,
		.now = 1000000000, .arg = &adopted };
	struct sieve_program *program;
	struct sieve_result result;
	char text[OUT];

	snprintf(text, sizeof text,
	    "require [\"enotify\", \"variables\", \"redirect-dsn\", \"redirect-deliverby\", "
	    "\"extlists\", \"fcc\", \"relational\", \"copy\", \"fileinto\", \"vnd.dovecot.pipe\", "
	    "\"vnd.dovecot.filter\", \"vnd.dovecot.execute\", \"comparator-i;ascii-numeric\"];%s",
	    script);
	out[0] = '\0';
	program = sieve_compile(sieve_text_of(text), &profile, &memory, collect, out);
	if (program == NULL) {
		/* Behind the place. */
		out[strcspn(out, "\n")] = '\0';
		return strchr(out, ' ') + 1;
	}
	sieve_run(program, &host, &limits, SIEVE_TEXT_EMPTY, &memory, &result);
	describe(&result, out);
	sieve_result_fini(&result);
	sieve_program_free(&program);
	return out;
}

static void
expect(const char *script, const char *expected)
{
	assert_string_equal(run(script), expected);
	assert_int_equal(held, 0);
}

/* ---- notify ---- */

static void
a_notification_has_what_its_tags_say(void **state)
{
	(void)state;
	expect("notify \"mailto:a@b?cc=c@d\";", "mailto:a@b?cc=c@d 2{}{}0 to a@b c@d; keep");
	expect("notify :from \"A <a@b>\" :importance \"1\" :options [\"x=y\", \"z\"] "
	       ":message \"m\" \"mailto:a@b\";",
	    "mailto:a@b 1{A <a@b>}{m}2 to a@b; keep");
	expect("notify :importance \"3\" \"mailto:a@b\"; discard;", "mailto:a@b 3{}{}0 to a@b; ");
}

static void
nobody_is_notified_twice(void **state)
{
	(void)state;
	expect("notify \"mailto:a@b,c@d\"; notify :message \"x\" \"mailto:C@d\";",
	    "mailto:a@b,c@d 2{}{}0 to a@b c@d; keep");
	expect("notify \"mailto:a@b\"; notify \"mailto:c@d?cc=A@B\";",
	    "mailto:a@b 2{}{}0 to a@b; mailto:c@d?cc=A@B 2{}{}0 to c@d; keep");
	expect("notify \"mailto:\";", "; keep");
}

static void
methods_are_checked_at_once_or_when_reached(void **state)
{
	(void)state;
	expect("notify \"mailto:a\";", "expected addresses, as in \"mailto:jane@example.org\"");
	expect("set \"a\" \"b\"; notify \"mailto:${a}\";",
	    "; keep`notify`: expected addresses, as in \"mailto:jane@example.org\"");
	expect("notify \"frop:a\";", "unknown method of notification; known is \"mailto:\"");
	expect("set \"a\" \"frop:\"; notify \"${a}\";",
	    "; keep`notify`: unknown method of notification");
	expect("if valid_notify_method \"frop:a\" { notify \"frop:a\"; }", "; keep");
	expect("if not valid_notify_method \"frop:a\" { notify \"frop:a\"; }",
	    "; keep`notify`: unknown method of notification");
	expect("if valid_notify_method [\"tel:1\", \"mailto:a@b\"] { notify \"tel:1\"; }",
	    "tel:1 2{}{}0 to; keep");
	expect("if valid_notify_method [\"tel:1\", \"mailto:a\"] { notify \"tel:1\"; }", "; keep");
	expect("notify :importance \"4\" \"mailto:a@b\";",
	    "`:importance` wants \"1\" (high), \"2\" or \"3\" (low)");
	expect("notify :from \"a\" \"mailto:a@b\";",
	    "`:from` wants addresses, as in \"Jane Doe <jane@example.org>\"");
	expect("set \"a\" \"b\"; notify :from \"${a}\" \"mailto:a@b\";",
	    "; keep`:from` wants addresses, as in \"Jane Doe <jane@example.org>\"");
	expect("set \"m\" \"tel:1\"; notify :from \"1234\" \"${m}\";", "tel:1 2{1234}{}0 to; keep");
	expect("set \"m\" \"tel:1\"; notify :fcc \"a\" \"${m}\";",
	    "; keep`:fcc`: of this method no copy can be filed");
}

static void
capabilities_are_the_hosts_or_those_of_mailto(void **state)
{
	static const struct {
		const char *test;
		bool is_true;
	} samples[] = {
		{ "\"mailto:a@b\" \"online\" \"maybe\"", true },
		{ "\"mailto:a@b\" \"Online\" [\"yes\", \"no\"]", false },
		{ "\"mailto:\" \"fcc\" \"yes\"", true },
		{ "\"tel:1\" \"online\" \"yes\"", true },
		{ "\"tel:1\" \"fcc\" \"no\"", true },
		{ "\"tel:1\" \"frop\" \"yes\"", false },
		{ "\"frop:1\" \"online\" \"yes\"", false },
		{ ":matches \"mailto:a\" \"online\" \"*\"", false },
		{ ":count \"eq\" \"mailto:a@b\" \"online\" \"1\"", true },
		{ ":count \"eq\" \"mailto:a@b\" \"frop\" \"0\"", false },
	};
	char script[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		snprintf(script, sizeof script, "if notify_method_capability %s { discard; }",
		    samples[i].test);
		if ((strchr(run(script), ';') == NULL) != samples[i].is_true)
			fail_msg("%s", samples[i].test);
	}
}

static void
urls_are_encoded(void **state)
{
	(void)state;
	expect("set :encodeurl \"a\" \"Safe body&evil=\xc3\xa4~-_.\"; fileinto \"${a}\";",
	    "Safe%20body%26evil%3D%C3%A4~-_.");
	/* RFC 5435 6: precedence 15, between quoting and the length. */
	expect("set :length :encodeurl :quotewildcard \"a\" \"*\"; fileinto \"${a}\";", "6");
}

static void
notifications_are_few(void **state)
{
	char script[1024];
	size_t n = 0, i;

	(void)state;
	for (i = 0; i < SIEVE_NOTIFICATIONS_MAX; i++)
		n += (size_t)snprintf(script + n, sizeof script - n, "notify \"mailto:%zu@b\";", i);
	assert_null(strstr(run(script), "limit"));
	snprintf(script + n, sizeof script - n, "notify \"mailto:a@b\";");
	expect(script, "; keepnumber of notify actions exceeds policy limit (11 > 10)");
}

/* ---- redirect ---- */

static void
a_redirect_has_what_its_tags_say(void **state)
{
	(void)state;
	expect("redirect \"a@b\";", "a@b");
	expect("redirect :notify \"NEVER\" \"a@b\";", "a@b [NEVER][]");
	expect("redirect :ret \"hdrs\" :notify \"SUCCESS,delay\" \"a@b\";", "a@b [SUCCESS,delay][hdrs]");
	expect("redirect :bytimerelative 600 \"a@b\";", "a@b [][] by 600 return");
	expect("redirect :bytrace :bymode \"Notify\" :bytimeabsolute \"2001-09-09T01:46:50Z\" \"a@b\";",
	    "a@b [][] by 10 notify trace");
	expect("redirect :bytimeabsolute \"9999-01-01T00:00:00Z\" \"a@b\";",
	    "a@b [][] by 999999999 return");
	expect("redirect :list \":addrbook:DEFAULT\";", ":addrbook:default list [][]");
	expect("redirect :list \"urn:ietf:params:sieve:addrbook:default\"; "
	       "redirect :copy :list \":addrbook:default\";",
	    ":addrbook:default list [][]");
}

static void
what_tags_of_redirect_want_is_said(void **state)
{
	static const struct {
		const char *tags, *expected;
	} samples[] = {
		{ ":notify \"\"", "`:notify` wants \"NEVER\", or some of \"SUCCESS,FAILURE,DELAY\"" },
		{ ":notify \"NEVER,DELAY\"",
		    "`:notify` wants \"NEVER\", or some of \"SUCCESS,FAILURE,DELAY\"" },
		{ ":notify \"DELAY,\"",
		    "`:notify` wants \"NEVER\", or some of \"SUCCESS,FAILURE,DELAY\"" },
		{ ":ret \"\"", "`:ret` wants \"FULL\" or \"HDRS\"" },
		{ ":bymode \"return\"",
		    "`:bymode` and `:bytrace` stand beside `:bytimerelative` or `:bytimeabsolute`" },
		{ ":bytrace",
		    "`:bymode` and `:bytrace` stand beside `:bytimerelative` or `:bytimeabsolute`" },
		{ ":bytimerelative 1 :bymode \"x\"", "`:bymode` wants \"notify\" or \"return\"" },
		{ ":bytimerelative 1000000000", "`:bytimerelative` may have 9 digits" },
		{ ":bytimeabsolute \"tomorrow\"",
		    "`:bytimeabsolute` wants a time, as in \"2026-12-24T18:00:00+01:00\"" },
		{ ":ret \"${x}\"", "; keep`redirect`: `:ret` wants \"FULL\" or \"HDRS\"" },
		{ ":bytimeabsolute \"${x}\"", "; keep`redirect`: `:bytimeabsolute` wants a time, as in "
			"\"2026-12-24T18:00:00+01:00\"" },
	};
	char script[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		snprintf(script, sizeof script, "redirect %s \"a@b\";", samples[i].tags);
		expect(script, samples[i].expected);
	}
	expect("redirect :list \"nobody\";",
	    "expected the name of a list, as in \":addrbook:default\"");
	assert_non_null(strstr(run("redirect :list \":addrbook:else\";"), "; keep"));
}

static void
times_are_those_of_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		long long seconds;
	} samples[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "2000-02-29T12:30:15Z", 951827415 },
		{ "2000-02-29T12:30:15.25Z", 951827415 },
		{ "2000-02-29T13:30:15+01:00", 951827415 },
		{ "2000-02-29T10:00:15-0230", 951827415 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "2100-03-01T00:00:00Z", 4107542400 },
		{ "0001-01-01T00:00:00Z", -62135596800 },
	};
	static const char *const bad[] = { "", "1970-01-01", "1970-01-01T00:00:00",
		"1970-01-01 00:00:00Z", "1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z",
		"1970-01-00T00:00:00Z", "1970-04-31T00:00:00Z", "1900-02-29T00:00:00Z",
		"1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:61Z",
		"1970-01-01T00:00:00.Z", "1970-01-01T00:00:00+1:00", "1970-01-01T00:00:00+24:00",
		"1970-01-01T00:00:00Zx", "1970-01-01T00:00:00+01:00:", "70-01-01T00:00:00Z" };
	int64_t seconds;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		assert_true(sieve_rfc3339_is_time(sieve_text_of(samples[i].text), &seconds));
		if (seconds != samples[i].seconds)
			fail_msg("%s: %lld", samples[i].text, (long long)seconds);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (sieve_rfc3339_is_time(sieve_text_of(bad[i]), &seconds))
			fail_msg("%s", bad[i]);
}

/* ---- programs ---- */

static void
programs_are_named_and_answer(void **state)
{
	(void)state;
	expect("pipe \"a\" [\"b\", \"c d\"];", "a b c d");
	expect("pipe :copy :try \"a\";", "a try; keep");
	expect("execute :output \"o\" :input \"in\" \"print\" [\"1\", \"2\"]; fileinto \"${o}\";", "1,2,in");
	expect("execute :output \"o\" :pipe \"print\"; fileinto \"${o}\";", "the message");
	expect("set \"o\" \"old\"; if execute :output \"o\" :input \"x\" \"fail\" { discard; } "
	       "fileinto \"${o}\";",
	    "old");
	expect("if not execute \"nothing\" { discard; }", "");
	expect("if filter \"print\" \"new \" { fileinto \"a\"; } "
	       "execute :output \"o\" :pipe \"print\"; fileinto \"${o}\";",
	    "a; new ,the message");
	expect("if filter \"fail\" { fileinto \"a\"; }", "; keep");
}

static void
names_of_programs_lead_nowhere_else(void **state)
{
	(void)state;
	expect("pipe \"../a\";", "the name of a program may not hold `/`");
	expect("pipe \"..\";",
	    "the name of a program may not begin with `.` or hold control characters");
	expect("filter \"\";", "a program must have a name");
	expect("set \"a\" \"b/c\"; execute \"${a}\";",
	    "; keep`execute`: the name of a program may not hold `/`");
	expect("execute \"a\" \"b\nc\";", "an argument of a program may not hold control characters");
	expect("execute :output \"a b\" \"c\";",
	    "\"a b\" cannot name a variable: expected letters, digits and `_`");
	expect("execute :input \"a\" :pipe \"c\";", "`:pipe` cannot stand beside `:input`");
	expect("pipe;", "`pipe` lacks a program: expected a string");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_notification_has_what_its_tags_say),
		cmocka_unit_test(nobody_is_notified_twice),
		cmocka_unit_test(methods_are_checked_at_once_or_when_reached),
		cmocka_unit_test(capabilities_are_the_hosts_or_those_of_mailto),
		cmocka_unit_test(urls_are_encoded),
		cmocka_unit_test(notifications_are_few),
		cmocka_unit_test(a_redirect_has_what_its_tags_say),
		cmocka_unit_test(what_tags_of_redirect_want_is_said),
		cmocka_unit_test(times_are_those_of_rfc_3339),
		cmocka_unit_test(programs_are_named_and_answer),
		cmocka_unit_test(names_of_programs_lead_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

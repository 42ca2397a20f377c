/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Which actions come of a script: merged, in conflict, too many; and those of
 * one run given to another. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sieve/actions.h"
#include "sieve/addrspec.h"

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
print(void *arg, const char *p, size_t n)
{
	(void)arg;
	print_message("%.*s", (int)n, p);
}

static void
collect(void *arg, const char *p, size_t n)
{
	char *out = arg;
	size_t there = strlen(out);

	snprintf(out + there, 1024 - there, "%.*s", (int)n, p);
}

static const char *const names[] = { "keep", "store", "redirect", "discard", "reject", "ereject",
	"vacation", "notify", "pipe" };

/* As in `store copy a [\Seen]; keep is due`. */
static void
describe(const struct sieve_result *result, char *out, size_t size)
{
	const struct sieve_action *action;
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < result->action_count; i++) {
		action = &result->actions[i];
		n += (size_t)snprintf(out + n, size - n, "%s%s%s%s%.*s", i == 0 ? "" : "; ",
		    names[action->kind], action->is_copy ? " copy" : "",
		    action->target.n > 0 ? " " : "", SIEVE_TEXT_ARG(action->target));
		if (action->flags.n > 0)
			n += (size_t)snprintf(out + n, size - n, " [%.*s]",
			    SIEVE_TEXT_ARG(action->flags));
	}
	if (result->is_keep_due)
		n += (size_t)snprintf(out + n, size - n, "%skeep is due", n == 0 ? "" : "; ");
	if (result->error.n > 0)
		snprintf(out + n, size - n, "; %u: %.*s", result->error_line,
		    SIEVE_TEXT_ARG(result->error));
}

static void
run(const char *script, struct sieve_result *result, struct sieve_program **program)
{
	static const struct sieve_profile profile = { .engine = "test" };
	const struct sieve_host host = { .delimiters = "+" };
	struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;

	limits.actions = 6;
	*program = sieve_compile(sieve_text_of(script), &profile, &memory, print, NULL);
	assert_non_null(*program);
	sieve_run(*program, &host, &limits, SIEVE_TEXT_EMPTY, &memory, result);
}

static void
expect(const char *script, const char *expected)
{
	struct sieve_program *program;
	struct sieve_result result;
	char out[1024];

	run(script, &result, &program);
	describe(&result, out, sizeof out);
	assert_string_equal(out, expected);
	sieve_result_fini(&result);
	sieve_program_free(&program);
	assert_int_equal(held, 0);
}

/* The first line of what is wrong with it. */
static void
refuse(const char *script, const char *expected)
{
	static const struct sieve_profile profile = { .engine = "test" };
	struct sieve_program *program;
	char out[1024] = "";

	program = sieve_compile(sieve_text_of(script), &profile, &memory, collect, out);
	if (program != NULL)
		fail_msg("compiles: %s", script);
	out[strcspn(out, "\n")] = '\0';
	assert_string_equal(out, expected);
	assert_int_equal(held, 0);
}

static void
one_mailbox_gets_the_message_once(void **state)
{
	(void)state;
	expect("keep; keep;", "keep");
	expect("require \"fileinto\"; fileinto \"a\"; fileinto \"b\"; fileinto \"a\";",
	    "store a; store b");
	expect("require \"fileinto\"; fileinto \"a\"; fileinto \"A\";", "store a; store A");
	expect("require \"fileinto\"; fileinto \"inbox\";", "store inbox");
	expect("require \"fileinto\"; fileinto \"inbox\"; fileinto \"INBOX\";", "store INBOX");
	expect("require \"fileinto\"; fileinto \"Inbox\"; keep;", "keep");
	expect("require \"fileinto\"; keep; fileinto \"Inbox\";", "keep");
	expect("require \"fileinto\"; keep; fileinto \"INBOX.a\";", "keep; store INBOX.a");
	expect("discard; discard;", "discard");
	expect("discard; keep;", "discard; keep");
}

static void
the_later_of_two_stores_is_done(void **state)
{
	(void)state;
	expect("require \"imap4flags\"; keep :flags \"a\"; keep :flags \"b\";", "keep [b]");
	expect("require \"imap4flags\"; setflag \"a\"; keep; setflag \"b\"; keep;", "keep [b]");
	expect("require [\"fileinto\", \"imap4flags\"]; fileinto :flags \"a\" \"INBOX\"; keep;",
	    "keep");
	expect("require [\"fileinto\", \"imap4flags\"]; keep; fileinto :flags \"a b\" \"INBOX\";",
	    "keep [a b]");
}

static void
a_copy_and_no_copy_are_no_copy(void **state)
{
	(void)state;
	expect("require [\"fileinto\", \"copy\"]; fileinto :copy \"a\"; fileinto :copy \"a\";",
	    "store copy a; keep is due");
	expect("require [\"fileinto\", \"copy\"]; fileinto :copy \"a\"; fileinto \"a\";", "store a");
	expect("require [\"fileinto\", \"copy\"]; fileinto \"a\"; fileinto :copy \"a\";", "store a");
	expect("require \"copy\"; redirect \"a@b\"; redirect :copy \"a@b\";", "redirect a@b");
}

static void
one_address_gets_the_message_once(void **state)
{
	(void)state;
	expect("redirect \"A <a@b.example>\"; redirect \"<a@B.example>\"; redirect \"A@b.example\";",
	    "redirect A@b.example");
	expect("redirect \"\\\"a\\\"@b.example\"; redirect \"a@b.example\"; "
	       "redirect \"a@[192.0.2.1]\";",
	    "redirect a@b.example; redirect a@[192.0.2.1]");
}

static void
numbers_of_actions_are_limited(void **state)
{
	(void)state;
	expect("require \"fileinto\"; fileinto \"1\"; fileinto \"2\"; fileinto \"3\";\n"
	       "fileinto \"4\"; fileinto \"5\"; fileinto \"6\"; fileinto \"6\";",
	    "store 1; store 2; store 3; store 4; store 5; store 6");
	expect("require \"fileinto\"; fileinto \"1\"; fileinto \"2\"; fileinto \"3\";\n"
	       "fileinto \"4\"; fileinto \"5\"; fileinto \"6\";\nfileinto \"7\";",
	    "keep is due; 3: total number of actions exceeds policy limit (7 > 6)");
	expect("redirect \"1@b\"; redirect \"2@b\"; redirect \"3@b\"; redirect \"4@b\"; "
	       "redirect \"4@b\";",
	    "redirect 1@b; redirect 2@b; redirect 3@b; redirect 4@b");
	expect("redirect \"1@b\"; redirect \"2@b\"; redirect \"3@b\"; redirect \"4@b\";\n"
	       "redirect \"5@b\";",
	    "keep is due; 2: number of redirect actions exceeds policy limit (5 > 4)");
}

static void
what_refuses_stands_alone(void **state)
{
	static const char *const others[] = { "keep;", "fileinto \"a\";", "fileinto :copy \"a\";",
		"redirect \"a@b\";", "redirect :copy \"a@b\";", "vacation \"x\";", "reject \"x\";",
		"ereject \"x\";" };
	static const char head[] = "require [\"fileinto\", \"copy\", \"vacation\", \"reject\", "
				   "\"ereject\"];";
	struct sieve_program *program;
	struct sieve_result result;
	char script[256];
	size_t i;

	(void)state;
	for (i = 0; i < 4 * (sizeof others / sizeof others[0]); i++) {
		snprintf(script, sizeof script, i % 2 == 0 ? "%1$s%2$s%3$s" : "%1$s%3$s%2$s", head,
		    i / 2 % 2 == 0 ? "reject \"no\";" : "ereject \"no\";", others[i / 4]);
		run(script, &result, &program);
		if (result.error.n == 0 || !result.is_keep_due || result.action_count > 0)
			fail_msg("%s", script);
		sieve_result_fini(&result);
		sieve_program_free(&program);
	}
	expect("require \"reject\"; reject \"no\"; discard;", "reject no; discard");
	expect("require \"reject\"; keep;\nreject \"no\";",
	    "keep is due; 2: `reject` cannot stand beside the `keep` of line 1");
	expect("require \"ereject\"; ereject \"no\";\nereject \"no\";",
	    "keep is due; 2: `ereject` may be reached once, but was in line 1 already");
}

static void
an_answer_stands_beside_all_but_another(void **state)
{
	(void)state;
	expect("require [\"vacation\", \"fileinto\"]; vacation \"x\"; fileinto \"a\"; keep; "
	       "redirect \"a@b\"; discard;",
	    "vacation x; store a; keep; redirect a@b; discard");
	expect("require \"vacation\"; vacation \"x\";", "vacation x; keep is due");
	expect("require \"vacation\"; vacation \"x\";\nvacation :handle \"y\" \"z\";",
	    "keep is due; 2: `vacation` may be reached once, but was in line 1 already");
}

static struct sieve_settings settings;

/* Of the answer of a script that asks for one. */
static void
answer(const char *script, char *out, size_t size)
{
	const struct sieve_profile profile = { .engine = "test", .settings = &settings };
	const struct sieve_host host = { .delimiters = "+" };
	const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	const struct sieve_vacation *vacation;
	struct sieve_program *program;
	struct sieve_result result;
	char text[1024];

	snprintf(text, sizeof text, "require [\"vacation-seconds\", \"variables\", "
				    "\"encoded-character\", \"fcc\", \"imap4flags\"];\n%s", script);
	program = sieve_compile(sieve_text_of(text), &profile, &memory, print, NULL);
	assert_non_null(program);
	sieve_run(program, &host, &limits, SIEVE_TEXT_EMPTY, &memory, &result);
	if (result.error.n > 0) {
		snprintf(out, size, "%.*s", SIEVE_TEXT_ARG(result.error));
	} else {
		vacation = result.actions[0].vacation;
		snprintf(out, size, "%llus subject{%.*s} from{%.*s} addresses %zu{%.*s} handle{%.*s}"
				    " fcc{%.*s %.*s}",
		    (unsigned long long)vacation->seconds, SIEVE_TEXT_ARG(vacation->subject),
		    SIEVE_TEXT_ARG(vacation->from), vacation->address_count,
		    SIEVE_TEXT_ARG(vacation->address_count == 0 ? SIEVE_TEXT_EMPTY
								: vacation->addresses[0]),
		    SIEVE_TEXT_ARG(vacation->handle),
		    SIEVE_TEXT_ARG(result.actions[0].fcc == NULL ? SIEVE_TEXT_EMPTY
								 : result.actions[0].fcc->mailbox),
		    SIEVE_TEXT_ARG(result.actions[0].fcc == NULL ? SIEVE_TEXT_EMPTY
								 : result.actions[0].fcc->flags));
	}
	sieve_result_fini(&result);
	sieve_program_free(&program);
	assert_int_equal(held, 0);
}

static void
an_answer_has_what_its_tags_say(void **state)
{
	static const struct {
		const char *script, *expected;
	} samples[] = {
		{ "vacation \"x\";", "604800s subject{} from{} addresses 0{} "
			"handle{6:reason0:0:0:1:x} fcc{ }" },
		{ "set \"s\" \"a${hex:0a}b\"; vacation :mime :subject \"${s}c\" :from \"J <j@b>\" "
		  ":addresses [\"K <k@b>\", \"${s}\"] \"X: y\";",
		    "604800s subject{a bc} from{J <j@b>} addresses 1{k@b} "
		    "handle{6:reason5:${s}c7:J <j@b>4:mime4:X: y} fcc{ }" },
		{ "set \"s\" \"a\"; vacation :handle \"${s}\" \"x\";",
		    "604800s subject{} from{} addresses 0{} handle{6:handle4:${s}} fcc{ }" },
		{ "setflag \"a\"; vacation :fcc \"Sent\" \"x\";",
		    "604800s subject{} from{} addresses 0{} handle{6:reason0:0:0:1:x} fcc{Sent }" },
		{ "vacation :flags [\"\\\\Seen\", \"b\"] :fcc \"Sent\" :handle \"\" \"x\";",
		    "604800s subject{} from{} addresses 0{} handle{6:handle0:} fcc{Sent \\Seen b}" },
		{ "set \"f\" \"nobody\"; vacation :from \"${f}\" \"x\";",
		    "`:from` wants addresses, as in \"Jane Doe <jane@example.org>\"" },
		{ "set \"f\" \"\"; vacation :fcc \"${f}\" \"x\";",
		    "`:fcc`: a folder must have a name" },
		{ "set \"r\" \"${unicode:fc}\"; vacation :mime \"X: ${r}\";",
		    "the header of a `:mime` reason may hold ASCII characters only" },
	};
	char out[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		answer(samples[i].script, out, sizeof out);
		assert_string_equal(out, samples[i].expected);
	}
}

static void
periods_between_answers_are_within_limits(void **state)
{
	static const struct {
		uint64_t min, max, usual;
		const char *tag;
		unsigned long long expected;
	} samples[] = {
		{ 0, 0, 0, ":days 0", 86400 },
		{ 0, 0, 0, ":days 30", 30 * 86400 },
		{ 0, 0, 0, ":days 61", 60 * 86400 },
		{ 0, 0, 0, ":days 9223372036854775807", 60 * 86400 },
		{ 0, 0, 0, ":seconds 0", 0 },
		{ 0, 0, 0, ":seconds 1800", 1800 },
		{ 0, 0, 0, ":seconds 2147483648", 60 * 86400 },
		{ 600, 0, 0, ":seconds 0", 600 },
		{ 600, 0, 0, ":days 0", 600 },
		{ 864000, 0, 0, "", 864000 },
		{ 0, 0, 86400, "", 86400 },
		{ 0, 100000, 0, "", 100000 },
	};
	char script[128], out[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		settings.vacation_min = samples[i].min;
		settings.vacation_max = samples[i].max;
		settings.vacation_default = samples[i].usual;
		snprintf(script, sizeof script, "vacation %s \"x\";", samples[i].tag);
		answer(script, out, sizeof out);
		if (strtoull(out, NULL, 10) != samples[i].expected)
			fail_msg("%zu: %s", i, out);
	}
	memset(&settings, 0, sizeof settings);
}

static void
what_is_wrong_with_an_answer_is_said_at_once(void **state)
{
	(void)state;
	refuse("require \"vacation\"; vacation :from \"\" \"x\";",
	    "1:36: `:from` wants addresses, as in \"Jane Doe <jane@example.org>\"");
	refuse("require \"vacation\"; vacation :addresses [\"a@b\", \"c\"] \"x\";",
	    "1:49: expected one address, as in \"jane@example.org\"");
	refuse("require \"vacation\"; vacation :mime \"X: \xc3\xbc\r\n\r\n\";",
	    "1:36: the header of a `:mime` reason may hold ASCII characters only");
	refuse("require \"vacation\"; vacation :mime \"I am away\";",
	    "1:36: a `:mime` reason begins with header fields and an empty line");
	refuse("require \"vacation\"; vacation :seconds 5 \"x\";",
	    "1:30: `:seconds` needs require \"vacation-seconds\" at the top of the script");
	refuse("require \"vacation-seconds\"; vacation :seconds 5 :days 5 \"x\";",
	    "1:49: `:days` cannot stand beside `:seconds`");
	refuse("require [\"vacation\", \"imap4flags\"]; vacation :flags \"a\" \"x\";",
	    "1:37: `vacation` takes `:flags` beside `:fcc` only");
	refuse("require [\"vacation\", \"fcc\"]; vacation :fcc \"\" \"x\";",
	    "1:44: a folder must have a name");
	refuse("require [\"reject\", \"fcc\"]; reject :fcc \"a\" \"x\";",
	    "1:35: `reject` takes no `:fcc`");
	refuse("reject \"x\";", "1:1: `reject` needs require \"reject\" at the top of the script");
}

static const struct {
	const char *text, *bare; /* NULL: is none */
} addresses[] = {
	{ "a@b.example", "a@b.example" },
	{ " a@b.example ", "a@b.example" },
	{ "<a@b.example>", "a@b.example" },
	{ "Jane Doe <a.b+c@b.example>", "a.b+c@b.example" },
	{ "\"Doe, \\\"J\\\"\" <a@b.example>", "a@b.example" },
	{ "J. D. (at (home)) < a @ b.example > (really)", "a@b.example" },
	{ "\"a\"@b.example", "a@b.example" },
	{ "\"a b\"@b.example", "\"a b\"@b.example" },
	{ "\"a\\\"\\b\"@b.example", "\"a\\\"b\"@b.example" },
	{ "\"\"@b.example", "\"\"@b.example" },
	{ "m\xc3\xbcller@b\xc3\xbc.example", "m\xc3\xbcller@b\xc3\xbc.example" },
	{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]" },
	{ "", NULL },
	{ "a", NULL },
	{ "@b.example", NULL },
	{ "a@", NULL },
	{ "<>", NULL },
	{ "a@b.example, c@d.example", NULL },
	{ "a@b@c", NULL },
	{ "<a@b.example", NULL },
	{ "a@b.example>", NULL },
	{ "Jane a@b.example", NULL },
	{ "Jane <a@b.example> Doe", NULL },
	{ "<@c.example:a@b.example>", NULL },
	{ "friends: a@b.example;", NULL },
	{ ".a@b.example", NULL },
	{ "a..b@b.example", NULL },
	{ "a@b..example", NULL },
	{ "a@.b", NULL },
	{ "a@b.", NULL },
	{ "a@-b", NULL },
	{ "a@b-", NULL },
	{ "a@b_c", NULL },
	{ "m\xc3@b", NULL },
	{ "a@b\xff", NULL },
	{ "a@[]", NULL },
	{ "a@[192.0.2.1", NULL },
	{ "a@[192.0.2.1]x", NULL },
	{ "\"a@b.example", NULL },
	{ "\"a\r\nb\"@b.example", NULL },
	{ "a@b.example\r\nX: y", NULL },
	{ "a@b.example (x", NULL },
	{ "a@b.example x)", NULL },
};

static void
addresses_are_those_of_rfc_5322(void **state)
{
	struct sieve_addrspec out;
	struct sieve_text text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		text = sieve_text_of(addresses[i].text);
		if (sieve_addrspec_is_mailbox(text, &out) != (addresses[i].bare != NULL))
			fail_msg("%s", addresses[i].text);
		if (addresses[i].bare != NULL &&
		    (out.n != strlen(addresses[i].bare) ||
			memcmp(out.at, addresses[i].bare, out.n) != 0))
			fail_msg("%s: %.*s", addresses[i].text, (int)out.n, out.at);
		assert_int_equal(sieve_actions_address_fault(text) == NULL,
		    addresses[i].bare != NULL);
	}
}

static void
parts_of_addresses_have_their_lengths(void **state)
{
	struct sieve_addrspec out;
	char text[512];

	(void)state;
	snprintf(text, sizeof text, "%064d@b.example", 0);
	assert_true(sieve_addrspec_is_bare(sieve_text_of(text), &out));
	snprintf(text, sizeof text, "%065d@b.example", 0);
	assert_false(sieve_addrspec_is_bare(sieve_text_of(text), &out));
	snprintf(text, sizeof text, "a@%063d.example", 0);
	assert_true(sieve_addrspec_is_bare(sieve_text_of(text), &out));
	snprintf(text, sizeof text, "a@%064d.example", 0);
	assert_false(sieve_addrspec_is_bare(sieve_text_of(text), &out));
	snprintf(text, sizeof text, "a@%063d.%063d.%063d.%063d", 0, 0, 0, 0);
	assert_true(sieve_addrspec_is_bare(sieve_text_of(text), &out));
	snprintf(text, sizeof text, "a@%063d.%063d.%063d.%062d.b", 0, 0, 0, 0);
	assert_false(sieve_addrspec_is_bare(sieve_text_of(text), &out));
}

static void
lists_of_addresses_have_commas(void **state)
{
	(void)state;
	assert_true(sieve_addrspec_is_list(sieve_text_of("a@b, C <c@d> (x),\"e\"@f")));
	assert_false(sieve_addrspec_is_list(sieve_text_of("")));
	assert_false(sieve_addrspec_is_list(sieve_text_of("a@b,")));
	assert_false(sieve_addrspec_is_list(sieve_text_of("a@b,,c@d")));
	assert_false(sieve_addrspec_is_list(sieve_text_of("a@b c@d")));
}

/* ---- another run's ---- */

struct other {
	struct sieve_result result;
	struct sieve_settings settings;
	struct sieve_action actions[SIEVE_ACTIONS_MAX];
	struct sieve_interp in;
};

static void
begin(struct other *other)
{
	static const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;

	memset(other, 0, sizeof *other);
	other->settings.notifications_max = SIEVE_NOTIFICATIONS_MAX;
	other->result.is_keep_due = true;
	other->result.actions = other->actions;
	other->result.version_count = 1;
	sieve_arena_init(&other->result.memory, &memory, SIEVE_RUN_MEMORY_MAX);
	other->in.result = &other->result;
	other->in.arena = &other->result.memory;
	other->in.actions = other->actions;
	other->in.limits = &limits;
	other->in.settings = &other->settings;
}

static void
import(struct other *other, const char *script)
{
	struct sieve_program *program;
	struct sieve_result result;
	const unsigned versions[] = { 7 };

	run(script, &result, &program);
	sieve_actions_import(&other->in, &result, versions);
	/* Nothing of these is borrowed. */
	sieve_result_fini(&result);
	sieve_program_free(&program);
}

static void
actions_of_another_run_come_by_the_same_rules(void **state)
{
	struct other other;
	char out[512];

	(void)state;
	begin(&other);
	import(&other, "require [\"fileinto\", \"imap4flags\"]; addflag \"f\"; fileinto \"INBOX\"; "
		       "redirect \"a@b\";");
	import(&other, "keep; redirect \"A@B\"; discard;");
	describe(&other.result, out, sizeof out);
	assert_string_equal(out, "keep; redirect A@B; discard");
	assert_int_equal(other.actions[0].version, 7);
	assert_int_equal(other.actions[0].line, 1);
	import(&other, "redirect \"1@b\"; redirect \"2@b\"; redirect \"3@b\"; redirect \"4@b\";");
	assert_true(other.in.is_over);
	sieve_result_fini(&other.result);
	assert_int_equal(held, 0);
}

static void
a_result_can_begin_again(void **state)
{
	struct other other;
	char out[512];

	(void)state;
	begin(&other);
	import(&other, "redirect \"1@b\"; redirect \"2@b\"; redirect \"3@b\"; redirect \"4@b\";");
	sieve_actions_reset(&other.in);
	import(&other, "require \"copy\"; redirect :copy \"5@b\";");
	describe(&other.result, out, sizeof out);
	assert_string_equal(out, "redirect copy 5@b; keep is due");
	sieve_result_fini(&other.result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_mailbox_gets_the_message_once),
		cmocka_unit_test(the_later_of_two_stores_is_done),
		cmocka_unit_test(a_copy_and_no_copy_are_no_copy),
		cmocka_unit_test(one_address_gets_the_message_once),
		cmocka_unit_test(numbers_of_actions_are_limited),
		cmocka_unit_test(what_refuses_stands_alone),
		cmocka_unit_test(an_answer_stands_beside_all_but_another),
		cmocka_unit_test(an_answer_has_what_its_tags_say),
		cmocka_unit_test(periods_between_answers_are_within_limits),
		cmocka_unit_test(what_is_wrong_with_an_answer_is_said_at_once),
		cmocka_unit_test(addresses_are_those_of_rfc_5322),
		cmocka_unit_test(parts_of_addresses_have_their_lengths),
		cmocka_unit_test(lists_of_addresses_have_commas),
		cmocka_unit_test(actions_of_another_run_come_by_the_same_rules),
		cmocka_unit_test(a_result_can_begin_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The engine of our own behind engine.h: what both engines must answer, and
 * what scripts of several users and sequences come to. */

#define ENGINE engine_own
#define ENGINE_REQUIRES ""
#include "engine_samples.h"

/* Runs the scripts one after the other; what is asked for as one line. */
static void
expect_actions(const char *const *scripts, const char *expected)
{
	static const char *const names[] = { "keep", "implicit", "fileinto", "discard",
		"redirect", "reject", "send" };
	struct fixture f;
	struct rec_script_ref refs[3];
	struct rec_filter_rcpt rcpt = { .address = STR("a@example.org") };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1 };
	const struct rec_filter_outcome *outcome;
	const struct rec_action *action;
	struct buf out = BUF_EMPTY;
	size_t n, i;

	begin(&f);
	for (n = 0; n < 3 && scripts[n] != NULL; n++) {
		refs[n] = (struct rec_script_ref){ .id = n + 1 };
		cache_give(f.self.cache, n + 1, str_of(scripts[n]));
	}
	rcpt.scripts.at = refs;
	rcpt.scripts.n = n;
	question.recipients.at = &rcpt;
	question.recipients.n = 1;
	answer_question(&f.self, &question, STR(MESSAGE), &f.answer);
	outcome = &f.answer.outcomes.at[0];
	for (i = 0; i < outcome->actions.n; i++) {
		action = &outcome->actions.at[i];
		buf_addf(&out, "%s %.*s(%.*s)%u;", names[action->kind], STR_ARG(action->target),
		    STR_ARG(action->flags), action->line);
	}
	buf_add_str(&out, outcome->error);
	assert_string_equal(buf_cstr(&out), expected);
	buf_fini(&out);
	end(&f);
}

#define R "require [\"fileinto\", \"copy\", \"imap4flags\", \"variables\"];\n"

static void
scripts_in_sequence_share_keep_and_flags(void **state)
{
	static const struct {
		const char *scripts[3];
		const char *expected;
	} samples[] = {
		{ { R "addflag \"a\";", R "addflag \"b\";" }, "implicit (a b)0;" },
		{ { R "fileinto :copy \"x\";", "discard;" }, "fileinto x()2;discard ()1;" },
		{ { R "fileinto \"x\";", "discard;" }, "fileinto x()2;" },
		{ { R "keep :flags \"k\";", R "setflag \"b\";" }, "keep (k)2;" },
		{ { R "fileinto :copy \"x\";", R "fileinto \"y\"; set \"n\" \"\";\nfileinto \"${n}\";" },
		    "fileinto x()2;implicit ()0;a folder must have a name" },
		{ { R "addflag \"a\"; fileinto \"x\"; setflag \"\"; keep;" },
		    "fileinto x(a)2;keep ()2;" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++)
		expect_actions(samples[i].scripts, samples[i].expected);
}

/* Deliver keeps the message and says why. */
static void
what_would_be_sent_is_told_to_deliver(void **state)
{
	static const struct {
		const char *scripts[3];
		const char *expected;
	} samples[] = {
		{ { "redirect \"a@example.org\";" }, "redirect a@example.org()1;" },
		{ { R "redirect :copy \"a@example.org\";" },
		    "send a@example.org()2;implicit ()0;" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++)
		expect_actions(samples[i].scripts, samples[i].expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_compared_decoded_and_unfolded),
		cmocka_unit_test(exists_and_size_and_logic_hold),
		cmocka_unit_test(addresses_are_parsed_by_us),
		cmocka_unit_test(the_rest_of_the_match_types_hold),
		cmocka_unit_test(scripts_in_sequence_share_keep_and_flags),
		cmocka_unit_test(what_would_be_sent_is_told_to_deliver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

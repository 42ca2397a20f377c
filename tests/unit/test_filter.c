/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* One question of deliver: what scripts' commands come to, and the fields for
 * the index. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/answer.h"
#include "filter/fields.h"
#include "ipc/actions.h"

struct fixture {
	struct answerer self;
	struct msg_FILTER_ANSWERS answer;
};

static void
begin(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->self.engine = engine_find(STR("libsieve"));
	if (f->self.engine == NULL)
		skip();
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
	cache_free(&f->self.cache);
	charset_set_free(&f->self.charsets);
}

static void
describe(const struct rec_filter_outcome *outcome, char *out, size_t size)
{
	static const char *const names[] = {
		[FILTER_KEEP] = "keep",
		[FILTER_IMPLICIT_KEEP] = "implicit",
		[FILTER_FILEINTO] = "fileinto",
		[FILTER_DISCARD] = "discard",
	};
	const struct rec_action *action;
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < outcome->actions.n; i++) {
		action = &outcome->actions.at[i];
		n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? "; " : "",
		    names[action->kind]);
		if (action->target.n > 0)
			n += (size_t)snprintf(out + n, size - n, " %.*s", STR_ARG(action->target));
		if (action->flags.n > 0)
			n += (size_t)snprintf(out + n, size - n, " (%.*s)", STR_ARG(action->flags));
		if (action->line > 0)
			n += (size_t)snprintf(out + n, size - n, " %u.%u", (unsigned)action->script,
			    action->line);
	}
	if (outcome->error.n > 0)
		snprintf(out + n, size - n, "; error %u.%u: %.*s", (unsigned)outcome->error_script,
		    outcome->error_line, STR_ARG(outcome->error));
}

/* Runs scripts 1..n for one recipient. */
static void
run(struct fixture *f, const char *const *scripts, struct str text, char *out, size_t size)
{
	struct rec_script_ref refs[4];
	struct rec_filter_rcpt rcpt = { .address = STR("a@example.org") };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1, .id = 99 };
	size_t n;

	for (n = 0; n < 4 && scripts[n] != NULL; n++) {
		refs[n] = (struct rec_script_ref){ .id = n + 1, .place = (uint8_t)n };
		if (scripts[n][0] != '\0')
			cache_give(f->self.cache, n + 1, str_of(scripts[n]));
	}
	rcpt.scripts.at = refs;
	rcpt.scripts.n = n;
	question.recipients.at = &rcpt;
	question.recipients.n = 1;
	answer_question(&f->self, &question, text, &f->answer);
	assert_int_equal(f->answer.id, 99);
	assert_int_equal(f->answer.outcomes.n, 1);
	describe(&f->answer.outcomes.at[0], out, size);
}

struct sample {
	const char *scripts[4];
	const char *actions;
};

#define F "require [\"fileinto\", \"imap4flags\"];\n"

static const struct sample samples[] = {
	{ { NULL }, "implicit" },
	{ { "# empty" }, "implicit" },
	/* RFC 5228 2.10.2 */
	{ { "keep;" }, "keep 1.1" },
	{ { "discard;" }, "discard 1.1" },
	{ { "stop;" }, "implicit" },
	{ { "stop; discard;" }, "implicit" },
	{ { "keep; discard;" }, "keep 1.1; discard 1.1" },
	{ { F "fileinto \"a\";\nfileinto \"b\";" }, "fileinto a 1.2; fileinto b 1.3" },
	{ { F "fileinto \"\xc3\xbc \\\"x\\\" \\\\\";" }, "fileinto \xc3\xbc \"x\" \\ 1.2" },
	{ { F "if true {\n  if false { discard; }\n  else { fileinto \"a\"; stop; }\n}\nkeep;" },
	    "fileinto a 1.4" },
	{ { "/* a\n*/ if true { # x\nkeep\n;\n}" }, "keep 1.3" },
	/* RFC 5232 */
	{ { F "addflag \"a\";" }, "implicit (a)" },
	{ { F "addflag \"a\"; addflag [\"A\", \"b c\"]; removeflag \"B\";" }, "implicit (a c)" },
	{ { F "setflag \"a b\"; setflag \"c\"; fileinto \"x\"; addflag \"d\"; keep;" },
	    "fileinto x (c) 1.2; keep (c d) 1.2" },
	{ { F "setflag \"a\"; fileinto :flags \"\\\\Seen b\" \"x\"; keep :flags \"\";" },
	    "fileinto x (\\Seen b) 1.2; keep 1.2" },
	{ { F "setflag \"a\"; setflag \"\";" }, "implicit" },
	/* a later script runs only while a keep is due */
	{ { "stop;", "discard;" }, "discard 2.1" },
	{ { "discard;", F "fileinto \"a\";" }, "discard 1.1" },
	{ { F "fileinto \"a\";", "discard;" }, "fileinto a 1.2" },
	{ { "keep;", "stop;" }, "keep 1.1" },
	{ { "keep;", "keep;" }, "keep 2.1" },
	{ { "keep;", "discard;" }, "discard 2.1" },
	{ { F "fileinto \"a\"; keep;", "stop;", "stop;" }, "fileinto a 1.2; keep 1.2" },
	{ { F "addflag \"a\";", F "addflag \"b\";" }, "implicit (a b)" },
	/* errors: nothing is lost, RFC 5228 2.10.6 */
	{ { "\nkepp;" }, "implicit; error 1.2: unknown command `kepp`; did you mean `keep`?" },
	{ { F "fileinto \"a\"; keep;", "x;", "discard;" },
	    "fileinto a 1.2; implicit; error 2.1: unknown command `x`" },
	{ { "redirect \"a@b\";" },
	    "implicit; error 1.1: `redirect` is not available yet: it needs outgoing mail" },
	{ { "" }, "implicit; error 1.0: the filter process was not given this script" },
};

static void
commands_come_to_actions(void **state)
{
	struct fixture f;
	char out[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		begin(&f);
		run(&f, samples[i].scripts, STR("Subject: x\n\nbody\n"), out, sizeof out);
		if (strcmp(out, samples[i].actions) != 0)
			fail_msg("sample %zu (%s): %s, not %s", i, samples[i].scripts[0], out,
			    samples[i].actions);
		end(&f);
	}
}

static void
rules_are_named_by_comment_or_command(void **state)
{
	static const char *const scripts[] = {
		"require \"fileinto\";\n"
		"# rule:[Mailing lists]\n"
		"if false { }\nelsif true {\n\tfileinto \"a\";\n}\n"
		"if true { fileinto\n  \"b\" ; }\n"
		"# rule:[Last]\nkeep;", NULL };
	static const char *const rules[] = { "Mailing lists", "fileinto \"b\"", "Last" };
	const struct rec_filter_outcome *outcome;
	struct fixture f;
	char out[512];
	size_t i;

	(void)state;
	begin(&f);
	run(&f, scripts, STR("\n"), out, sizeof out);
	outcome = &f.answer.outcomes.at[0];
	assert_int_equal(outcome->actions.n, 3);
	for (i = 0; i < 3; i++)
		if (!str_is_equal(outcome->actions.at[i].rule, str_of(rules[i])))
			fail_msg("%.*s, not %s", STR_ARG(outcome->actions.at[i].rule), rules[i]);
	end(&f);
}

static void
too_many_actions_fail_the_script(void **state)
{
	struct buf script = BUF_EMPTY;
	const char *scripts[2] = { NULL, NULL };
	struct fixture f;
	char out[4096];
	int i;

	(void)state;
	buf_add_cstr(&script, "require \"fileinto\";");
	for (i = 0; i < FILTER_ACTIONS_MAX + 1; i++)
		buf_addf(&script, "\nfileinto \"%d\";", i);
	scripts[0] = buf_cstr(&script);
	begin(&f);
	run(&f, scripts, STR("\n"), out, sizeof out);
	assert_string_equal(out,
	    "implicit; error 1.34: total number of actions exceeds policy limit (33 > 32)");
	end(&f);
	buf_fini(&script);
}

static void
fields_are_decoded_and_cut(void **state)
{
	static const char *const none[] = { NULL };
	const struct str text = STR(
	    "Delivered-To: a@example.org\n"
	    "Date: Tue, 24 Nov 2026 21:10:55 +0100\n"
	    "From: Group: ; =?utf-8?q?J=C3=BC?= X <j@example.net>, other@example.net\n"
	    "To: =?utf-8?q?=C3=BC?= <a@example.org>\n"
	    "Subject: =?iso-8859-1?q?=FC?=\n  b\n"
	    "Message-ID: junk <id@example.net> (c)\n"
	    "References: <1@x> text\n <2@x>\n"
	    "Delivered-To: b@example.org\n\nbody\n");
	struct fixture f;
	char out[64];

	(void)state;
	begin(&f);
	run(&f, none, text, out, sizeof out);
	assert_true(str_is_equal(f.answer.message_id, STR("<id@example.net>")));
	assert_true(str_is_equal(f.answer.from, STR("J\xc3\xbc X <j@example.net>")));
	assert_true(str_is_equal(f.answer.subject, STR("\xc3\xbc  b")));
	assert_true(str_is_equal(f.answer.references, STR("<1@x> <2@x>")));
	assert_true(str_is_equal(f.answer.delivered_to, STR("a@example.org\nb@example.org")));
	assert_int_equal(f.answer.date, 1795551055);
	assert_int_equal(f.answer.header_size, text.n - 5);
	assert_int_equal(f.answer.parts, 1);
	end(&f);
}

static void
references_lose_the_oldest(void **state)
{
	static const char *const none[] = { NULL };
	struct buf text = BUF_EMPTY;
	struct fixture f;
	char out[64];
	int i;

	(void)state;
	buf_add_cstr(&text, "References:");
	for (i = 0; i < 1000; i++)
		buf_addf(&text, "\n <%d@example.net>", i);
	buf_add_cstr(&text, "\n\n");
	begin(&f);
	run(&f, none, buf_str(&text), out, sizeof out);
	assert_true(f.answer.references.n <= FIELDS_REFERENCES_MAX);
	assert_true(f.answer.references.n > FIELDS_REFERENCES_MAX - 20);
	assert_true(str_has_prefix(f.answer.references, STR("<")));
	assert_true(str_has_suffix(f.answer.references, STR("> <999@example.net>")));
	end(&f);
	buf_fini(&text);
}

static void
answers_fit_into_a_packet(void **state)
{
	enum { RECIPIENTS = 1000 };
	struct rec_script_ref ref = { .id = 1, .place = 1 };
	struct rec_filter_rcpt *rcpts = calloc(RECIPIENTS, sizeof *rcpts);
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1 };
	struct buf script = BUF_EMPTY, packet = BUF_EMPTY;
	struct fixture f;
	size_t i;

	(void)state;
	assert_non_null(rcpts);
	buf_add_cstr(&script, "require \"fileinto\"; ");
	for (i = 0; i < 30; i++)
		buf_addf(&script, "fileinto \"a rather long folder name with a number %zu\";", i);
	begin(&f);
	cache_give(f.self.cache, 1, buf_str(&script));
	for (i = 0; i < RECIPIENTS; i++) {
		rcpts[i] = (struct rec_filter_rcpt){ .index = (uint32_t)i };
		rcpts[i].scripts.at = &ref;
		rcpts[i].scripts.n = 1;
	}
	question.recipients.at = rcpts;
	question.recipients.n = RECIPIENTS;
	answer_question(&f.self, &question, STR("Subject: x\n\n"), &f.answer);
	assert_true(f.answer.outcomes.n > 0);
	assert_true(wire_is_encoded(MSG_FILTER_ANSWERS, &f.answer, &packet));
	end(&f);
	buf_fini(&script);
	buf_fini(&packet);
	free(rcpts);
}

static void
scripts_of_one_text_share_their_form(void **state)
{
	struct cache *cache;

	(void)state;
	if (engine_find(STR("libsieve")) == NULL)
		skip();
	cache = cache_new(engine_find(STR("libsieve")));
	cache_give(cache, 1, STR("keep;"));
	cache_give(cache, 2, STR("keep;"));
	cache_give(cache, 3, STR("stop;"));
	assert_ptr_equal(cache_find(cache, 1), cache_find(cache, 2));
	assert_ptr_not_equal(cache_find(cache, 1), cache_find(cache, 3));
	cache_drop(cache, 1);
	cache_drop(cache, 1);
	assert_null(cache_find(cache, 1));
	assert_non_null(cache_find(cache, 2)->compiled);
	cache_give(cache, 2, STR("discard;"));
	cache_give(cache, 4, STR("keep;"));
	assert_non_null(cache_find(cache, 4)->compiled);
	assert_null(cache_find(cache, 0));
	cache_free(&cache);
	assert_null(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_come_to_actions),
		cmocka_unit_test(rules_are_named_by_comment_or_command),
		cmocka_unit_test(too_many_actions_fail_the_script),
		cmocka_unit_test(fields_are_decoded_and_cut),
		cmocka_unit_test(references_lose_the_oldest),
		cmocka_unit_test(answers_fit_into_a_packet),
		cmocka_unit_test(scripts_of_one_text_share_their_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Settings of a site as the engine gets them, and what they do to a script. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/answer.h"
#include "filter/engine_settings.h"
#include "ipc/actions.h"
#include "sieve/registry.h"

struct site {
	struct conf *conf;
	struct engine_settings settings;
	struct answerer self;
	struct buf actions; /* of the last run, or its error */
};

/* settings: name, value, ..., NULL. */
static void
begin(struct site *site, const char *const *settings)
{
	struct buf reason = BUF_EMPTY;

	memset(site, 0, sizeof *site);
	site->conf = conf_defaults();
	for (; settings != NULL && *settings != NULL; settings += 2)
		if (conf_set(site->conf, str_of(settings[0]), str_of(settings[1]), &reason) == -1)
			fail_msg("%s: %s", settings[0], buf_cstr(&reason));
	buf_fini(&reason);
	engine_settings_init(&site->settings, site->conf);
	site->self.engine = &engine_own;
	site->self.settings = &site->settings;
	site->self.delimiters = "+";
	site->self.charsets = charset_set_new();
	site->self.cache = cache_new(&engine_own);
	cache_set_settings(site->self.cache, &site->settings);
	arena_init_limit(&site->self.arena, HOST_MEMORY_MAX);
}

static void
end(struct site *site)
{
	arena_fini(&site->self.arena);
	buf_fini(&site->self.scratch);
	buf_fini(&site->self.made);
	buf_fini(&site->actions);
	cache_free(&site->self.cache);
	charset_set_free(&site->self.charsets);
	engine_settings_fini(&site->settings);
	conf_free(&site->conf);
}

#define MESSAGE "X-Spam: score=7.5 of 10\nX-Virus: bad\nSubject: old\n\nBody\n"

static const char *
run(struct site *site, const char *script, bool is_global)
{
	struct rec_script_ref ref = { .id = 7 };
	struct rec_filter_rcpt rcpt = { .address = STR("a@example.org") };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1 };
	struct msg_FILTER_ANSWERS answer;
	const struct rec_filter_outcome *outcome;
	size_t i;

	if (is_global)
		cache_give_global(site->self.cache, 7, str_of(script));
	else
		cache_give(site->self.cache, 7, str_of(script));
	rcpt.scripts.at = &ref;
	rcpt.scripts.n = 1;
	question.recipients.at = &rcpt;
	question.recipients.n = 1;
	answer_question(&site->self, &question, STR(MESSAGE), &answer);
	outcome = &answer.outcomes.at[0];
	buf_clear(&site->actions);
	buf_add_str(&site->actions, outcome->error);
	for (i = 0; outcome->error.n == 0 && i < outcome->actions.n; i++)
		buf_addf(&site->actions, "%u%.*s;", outcome->actions.at[i].kind,
		    STR_ARG(outcome->actions.at[i].target));
	for (i = 0; i < outcome->marks.n; i++)
		buf_addf(&site->actions, " %llu",
		    (unsigned long long)outcome->marks.at[i].seconds);
	arena_empty(&site->self.arena);
	return buf_cstr(&site->actions);
}

/* ---- the table ---- */

static void
defaults_of_the_file_are_those_of_the_engine(void **state)
{
	struct sieve_settings none = { 0 };
	const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	struct site site;

	(void)state;
	begin(&site, NULL);
	sieve_settings_fill(&none);
	assert_int_equal(site.settings.sieve.header_size_max, none.header_size_max);
	assert_int_equal(site.settings.sieve.includes_max, none.includes_max);
	assert_int_equal(site.settings.sieve.include_depth_max, none.include_depth_max);
	assert_int_equal(site.settings.sieve.value_size_max, none.value_size_max);
	assert_int_equal(site.settings.sieve.variables_max, none.variables_max);
	assert_int_equal(site.settings.sieve.vacation_min, none.vacation_min);
	assert_int_equal(site.settings.sieve.vacation_max, none.vacation_max);
	assert_int_equal(site.settings.sieve.vacation_default, none.vacation_default);
	assert_int_equal(site.settings.sieve.duplicate_default, none.duplicate_default);
	assert_int_equal(site.settings.sieve.duplicate_max, none.duplicate_max);
	assert_int_equal(site.settings.sieve.notifications_max, none.notifications_max);
	assert_int_equal(site.settings.limits.steps, limits.steps);
	assert_int_equal(site.settings.limits.actions, limits.actions);
	assert_int_equal(site.settings.limits.redirects, limits.redirects);
	assert_int_equal(site.settings.sieve.spam.type, SIEVE_SCORE_NONE);
	assert_int_equal(site.settings.compose.redirect_from, COMPOSE_FROM_DEFAULT);
	assert_true(site.settings.compose.is_original_recipient_foreign);
	assert_false(site.settings.compose.is_recipient_unchecked);
	end(&site);
}

/* A row that is missing, or of the wrong kind, would not show elsewhere. */
static void
every_setting_of_the_table_arrives(void **state)
{
	static const char *const set[] = { "sieve_vacation_min_period", "2h",
		"sieve_vacation_max_period", "3d", "sieve_vacation_default_period", "4h",
		"sieve_vacation_default_subject", "away", "sieve_vacation_default_subject_template",
		"Re: %{subject}", "sieve_vacation_send_from_recipient", "yes",
		"sieve_vacation_use_original_recipient", "yes", "sieve_vacation_check_recipient",
		"no", "sieve_vacation_to_header_ignore_envelope", "yes",
		"sieve_redirect_envelope_from", "<a@example.org>",
		"sieve_notify_mailto_envelope_from", "postmaster", "sieve_max_steps", "20000",
		"sieve_variables_max_value_size", "8K", "sieve_virustest_text_value5", "worst",
		"sieve_notify_max_notifications", "3", "sieve_include_max_nesting_depth", "2", NULL };
	struct site site;

	(void)state;
	begin(&site, set);
	assert_int_equal(site.settings.sieve.vacation_min, 7200);
	assert_int_equal(site.settings.sieve.vacation_max, 3 * 86400);
	assert_int_equal(site.settings.sieve.vacation_default, 4 * 3600);
	assert_true(str_is_equal(site.settings.compose.vacation_subject, STR("away")));
	assert_true(
	    str_is_equal(site.settings.compose.vacation_template, STR("Re: %{subject}")));
	assert_true(site.settings.compose.is_vacation_from_recipient);
	assert_false(site.settings.compose.is_original_recipient_foreign);
	assert_true(site.settings.compose.is_recipient_unchecked);
	assert_true(site.settings.compose.is_to_from_header);
	assert_int_equal(site.settings.compose.redirect_from, COMPOSE_FROM_ADDRESS);
	assert_true(
	    str_is_equal(site.settings.compose.redirect_from_address, STR("a@example.org")));
	assert_int_equal(site.settings.compose.notify_from, COMPOSE_FROM_POSTMASTER);
	assert_int_equal(site.settings.limits.steps, 20000);
	assert_int_equal(site.settings.sieve.value_size_max, 8192);
	assert_true(sieve_text_is(site.settings.sieve.virus.text_values[5], "worst"));
	assert_int_equal(site.settings.sieve.notifications_max, 3);
	assert_int_equal(site.settings.sieve.include_depth_max, 2);
	end(&site);
}

/* ---- what they do ---- */

static void
limits_of_the_site_hold(void **state)
{
	static const char *const few[] = { "sieve_max_actions", "2", "sieve_max_redirects", "1",
		"sieve_include_max_includes", "1", NULL };
	static const char *const many[] = { "sieve_max_actions", "40", NULL };
	struct buf script = BUF_EMPTY;
	struct site site;
	int i;

	(void)state;
	begin(&site, few);
	assert_string_equal(run(&site, "require \"fileinto\"; fileinto \"a\"; fileinto \"b\";",
		false), "2a;2b;");
	assert_non_null(strstr(run(&site, "require \"fileinto\"; fileinto \"a\"; fileinto \"b\";"
		"fileinto \"c\";", false), "total number of actions exceeds policy limit"));
	assert_non_null(strstr(run(&site, "redirect \"a@example.org\"; redirect \"b@example.org\";",
		false), "number of redirect actions exceeds policy limit"));
	end(&site);

	buf_add_cstr(&script, "require \"fileinto\";");
	for (i = 0; i < 40; i++)
		buf_addf(&script, "fileinto \"%d\";", i);
	begin(&site, many);
	assert_non_null(strstr(run(&site, buf_cstr(&script), false), "239;"));
	end(&site);
	begin(&site, NULL);
	assert_non_null(strstr(run(&site, buf_cstr(&script), false), "(33 > 32)"));
	end(&site);
	buf_fini(&script);
}

static void
verdicts_are_read_as_the_site_says(void **state)
{
	static const char *const set[] = { "sieve_spamtest_status_header",
		"X-Spam: score=([0-9.]+)", "sieve_spamtest_max_header", "X-Spam: of ([0-9]+)",
		"sieve_virustest_status_type", "text", "sieve_virustest_status_header", "X-Virus",
		"sieve_virustest_text_value1", "good", "sieve_virustest_text_value4", "bad", NULL };
	static const char script[] = "require [\"spamtest\", \"virustest\", \"relational\", "
	    "\"fileinto\", \"comparator-i;ascii-numeric\"];"
	    "if spamtest :value \"eq\" :comparator \"i;ascii-numeric\" \"7\" { fileinto \"spam\"; }"
	    "if virustest :value \"eq\" :comparator \"i;ascii-numeric\" \"4\" { fileinto \"virus\"; }";
	struct site site;

	(void)state;
	begin(&site, set);
	assert_string_equal(run(&site, script, false), "2spam;2virus;");
	end(&site);
	begin(&site, NULL);
	assert_string_equal(run(&site, script, false), "1;");
	end(&site);
}

static void
protected_fields_stay(void **state)
{
	static const char *const set[] = { "sieve_editheader_protected", "X-Both, x-virus",
		"sieve_editheader_forbid_add", "X-Add", "sieve_editheader_forbid_delete", "X-Spam",
		NULL };
	static const char script[] = "require [\"editheader\", \"fileinto\"];"
	    "addheader \"X-Add\" \"a\"; addheader \"X-Both\" \"b\"; addheader \"X-Free\" \"f\";"
	    "deleteheader \"Subject\"; deleteheader \"X-Spam\"; deleteheader \"X-Virus\";"
	    "if exists \"X-Add\" { fileinto \"add\"; } if exists \"X-Both\" { fileinto \"both\"; }"
	    "if exists \"X-Free\" { fileinto \"free\"; } if exists \"Subject\" { fileinto \"subject\"; }"
	    "if exists \"X-Spam\" { fileinto \"spam\"; } if exists \"X-Virus\" { fileinto \"virus\"; }";
	struct site site;

	(void)state;
	begin(&site, set);
	assert_string_equal(run(&site, script, false), "2free;2spam;2virus;");
	end(&site);
}

static void
periods_are_those_of_the_site(void **state)
{
	static const char *const set[] = { "sieve_duplicate_default_period", "1h",
		"sieve_duplicate_max_period", "2h", NULL };
	struct site site;

	(void)state;
	begin(&site, set);
	assert_string_equal(run(&site, "require \"duplicate\"; if duplicate :uniqueid \"x\" {}",
		false), "1; 3600");
	assert_string_equal(run(&site, "require \"duplicate\";"
		"if duplicate :uniqueid \"x\" :seconds 99999 {}", false), "1; 7200");
	end(&site);
}

static void
pipes_are_told_to_deliver(void **state)
{
	static const char *const set[] = { "sieve_extensions", "+vnd.dovecot.pipe,+vnd.dovecot.execute",
		NULL };
	struct site site;

	(void)state;
	begin(&site, set);
	assert_string_equal(run(&site, "require \"vnd.dovecot.pipe\"; pipe \"p\" [\"a\", \"b\"];",
		false), "7p;");
	assert_string_equal(run(&site, "require [\"vnd.dovecot.pipe\", \"copy\"];"
		"pipe :copy \"p\";", false), "7p;1;");
	/* Nobody is there to be asked. */
	assert_string_equal(run(&site, "require \"vnd.dovecot.execute\";"
		"if execute \"p\" { discard; }", false), "1;");
	assert_string_equal(run(&site, "require \"vnd.dovecot.pipe\"; pipe \"../p\";", false),
	    "the name of a program may not hold `/`");
	end(&site);
}

/* ---- extensions ---- */

#define FILE "require \"fileinto\"; fileinto \"x\";"
#define PIPE "require \"vnd.dovecot.pipe\"; keep;"

static void
extensions_are_what_the_site_allows(void **state)
{
	static const char *const minus[] = { "sieve_extensions", "-fileinto,-spamtest", NULL };
	static const char *const only[] = { "sieve_extensions", "copy", NULL };
	static const char *const plus[] = { "sieve_extensions", "+vnd.dovecot.pipe", NULL };
	struct site site;

	(void)state;
	begin(&site, NULL);
	assert_string_equal(run(&site, FILE, false), "2x;");
	assert_string_equal(run(&site, PIPE, true), "extension \"vnd.dovecot.pipe\" (Pigeonhole) is "
						    "not allowed at this site");
	end(&site);
	begin(&site, minus);
	assert_string_equal(run(&site, FILE, false),
	    "extension \"fileinto\" (RFC 5228) is not allowed at this site");
	assert_string_equal(run(&site, "require \"copy\"; keep;", false), "0;");
	assert_string_equal(run(&site, "require \"ihave\"; if ihave \"fileinto\" { discard; }", false),
	    "1;");
	/* It would bring the other one with it. */
	assert_non_null(strstr(run(&site, "require \"spamtestplus\"; keep;", false), "not allowed"));
	end(&site);
	begin(&site, only);
	assert_string_equal(run(&site, "require \"copy\"; keep;", false), "0;");
	assert_non_null(strstr(run(&site, FILE, false), "not allowed"));
	assert_string_equal(run(&site, "if header :comparator \"i;octet\" \"a\" \"b\" {}", false),
	    "1;");
	end(&site);
	begin(&site, plus);
	assert_string_equal(run(&site, PIPE, false), "0;");
	assert_string_equal(run(&site, FILE, false), "2x;");
	end(&site);
}

static void
some_are_for_the_site_itself(void **state)
{
	static const char *const set[] = { "sieve_global_extensions", "+vnd.dovecot.pipe,+fileinto",
		NULL };
	struct site site;

	(void)state;
	begin(&site, set);
	assert_string_equal(run(&site, FILE, true), "2x;");
	assert_string_equal(run(&site, FILE, false), "extension \"fileinto\" (RFC 5228) is only "
						     "allowed to scripts of the site itself");
	assert_string_equal(run(&site, FILE, true), "2x;");
	assert_string_equal(run(&site, PIPE, true), "0;");
	assert_non_null(strstr(run(&site, PIPE, false), "only allowed"));
	end(&site);
}

static void
names_that_are_known_are_those_there_are(void **state)
{
	static const char *const names[] = {
#define EXTENSION(descriptor, name) name,
#include "sieve/extensions.def"
#undef EXTENSION
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_string_equal(sieve_registry[i + 1]->name, names[i]);
	assert_null(sieve_registry[i + 1]);
}

static void
expressions_are_judged_by_the_engine(void **state)
{
	static const char *const set[] = { "sieve_spamtest_status_header", "X-Spam: (", NULL };
	struct buf errors = BUF_EMPTY;
	struct site site;

	(void)state;
	begin(&site, set);
	engine_settings_check(&site.settings, &errors);
	assert_non_null(strstr(buf_cstr(&errors), "sieve_spamtest_status_header: \"(\": "));
	buf_fini(&errors);
	end(&site);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_of_the_file_are_those_of_the_engine),
		cmocka_unit_test(every_setting_of_the_table_arrives),
		cmocka_unit_test(limits_of_the_site_hold),
		cmocka_unit_test(verdicts_are_read_as_the_site_says),
		cmocka_unit_test(protected_fields_stay),
		cmocka_unit_test(periods_are_those_of_the_site),
		cmocka_unit_test(pipes_are_told_to_deliver),
		cmocka_unit_test(extensions_are_what_the_site_allows),
		cmocka_unit_test(some_are_for_the_site_itself),
		cmocka_unit_test(names_that_are_known_are_those_there_are),
		cmocka_unit_test(expressions_are_judged_by_the_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Settings of a svtest, by Dovecot's names, as ours.  They are in force from
 * the next test_config_reload on. */

#include "cli/svtest.h"

#include <string.h>

#include "filter/engine_message.h"
#include "sieve/settings.h"

static struct svtest_pair *
find(struct svtest_pair *pair, struct str name)
{
	while (pair != NULL && !str_is_equal_nocase(pair->name, name))
		pair = pair->next;
	return pair;
}

static struct svtest_pair *
add(struct svtest *test, struct svtest_pair **list, struct str name)
{
	struct svtest_pair *pair = arena_zalloc(&test->arena, sizeof *pair), **end = list;

	while (*end != NULL)
		end = &(*end)->next;
	pair->name = arena_str(&test->arena, name);
	*end = pair;
	return pair;
}

void
svtest_set_config(struct svtest *test, struct str name, struct str value, bool is_set)
{
	struct svtest_pair *pair = find(test->wanted, name);
	struct svtest_pair **at = &test->wanted;

	if (is_set) {
		if (pair == NULL)
			pair = add(test, &test->wanted, name);
		pair->value = arena_str(&test->arena, value);
		return;
	}
	while (pair != NULL && *at != pair)
		at = &(*at)->next;
	if (pair != NULL)
		*at = pair->next;
}

struct str
svtest_config(const struct svtest *test, const char *name)
{
	const struct svtest_pair *pair = find(test->config, str_of(name));

	return pair == NULL ? STR_EMPTY : pair->value;
}

/* ---- values ---- */

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = { { "", 1 }, { "b", 1 }, { "k", 1024 }, { "kb", 1024 },
	{ "m", 1 << 20 }, { "mb", 1 << 20 }, { "g", 1 << 30 }, { "gb", 1 << 30 }, { NULL, 0 } };

/* By their first letters. */
static const struct unit times[] = { { "", 1 }, { "seconds", 1 }, { "secs", 1 },
	{ "minutes", 60 }, { "mins", 60 }, { "hours", 3600 }, { "days", 86400 },
	{ "weeks", 604800 }, { "msecs", 0 }, { NULL, 0 } };

/* The whole unit or a part of it, `d` or `days`. */
static bool
is_unit(struct str word, const char *name)
{
	if (name[0] == '\0' || word.n == 0)
		return name[0] == '\0' && word.n == 0;
	return str_has_prefix_nocase(str_of(name), word);
}

static bool
is_amount(struct str value, const struct unit *units, uint64_t *out)
{
	size_t digits = 0;

	value = str_trim(value);
	while (digits < value.n && value.p[digits] >= '0' && value.p[digits] <= '9')
		digits++;
	if (!str_is_number(str_sub(value, 0, digits), UINT32_MAX, out))
		return false;
	value = str_trim(str_from(value, digits));
	for (; units->name != NULL; units++)
		if (is_unit(value, units->name)) {
			*out *= units->factor;
			return true;
		}
	return false;
}

static bool
is_yes(struct str value)
{
	return str_is_equal_nocase(value, STR("yes")) || str_is_equal_nocase(value, STR("true")) ||
	    str_is_equal(value, STR("1"));
}

/* The value of the first of these names that is set; 0: none is. */
static uint64_t
amount(struct svtest *test, const char *name, const char *other, const struct unit *units)
{
	struct str value = svtest_config(test, name);
	uint64_t n = 0;

	if (value.n == 0 && other != NULL)
		value = svtest_config(test, other);
	if (value.n > 0 && !is_amount(value, units, &n))
		fprintf(stderr, "%s: %s: `%.*s` is no value for it\n", test->path, name,
		    STR_ARG(value));
	return n;
}

/* ---- groups of settings ---- */

static struct sieve_protected *
find_protected(struct sieve_protected *all, size_t *n, struct str name)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (sieve_text_is_same(all[i].name, engine_text(name)))
			return &all[i];
	all[*n].name = engine_text(name);
	return &all[(*n)++];
}

static void
protect_one(struct sieve_protected *all, size_t *n, const struct svtest_pair *pair)
{
	static const struct str prefix = { "sieve_editheader_header/", 24 };
	struct str name = str_from(pair->name, prefix.n), what;
	ptrdiff_t slash = str_find_last_byte(name, '/');

	if (!str_has_prefix(pair->name, prefix) || slash == -1)
		return;
	what = str_from(name, (size_t)slash + 1);
	name = str_sub(name, 0, (size_t)slash);
	if (str_is_equal(what, STR("forbid_add")))
		find_protected(all, n, name)->no_add = is_yes(pair->value);
	else if (str_is_equal(what, STR("forbid_delete")))
		find_protected(all, n, name)->no_delete = is_yes(pair->value);
}

/* The settings of before Dovecot 2.4: lists of names. */
static void
protect_list(struct svtest *test, struct sieve_protected *all, size_t *n, const char *setting,
    bool no_add, bool no_delete)
{
	struct str names = svtest_config(test, setting), name;
	struct sieve_protected *one;

	while (*n < 64 && str_can_split(&names, ' ', &name)) {
		if (name.n == 0)
			continue;
		one = find_protected(all, n, name);
		one->no_add = one->no_add || no_add;
		one->no_delete = one->no_delete || no_delete;
	}
}

static void
protect(struct svtest *test, struct sieve_settings *settings)
{
	struct sieve_protected *all = arena_array(&test->arena, 128, sizeof *all);
	const struct svtest_pair *pair;
	size_t n = 0;

	for (pair = test->config; pair != NULL && n < 64; pair = pair->next)
		protect_one(all, &n, pair);
	protect_list(test, all, &n, "sieve_editheader_protected", true, true);
	protect_list(test, all, &n, "sieve_editheader_forbid_add", true, false);
	protect_list(test, all, &n, "sieve_editheader_forbid_delete", false, true);
	settings->protected = all;
	settings->protected_count = n;
}

/* `sieve_spamtest_NEW`, before Dovecot 2.4 `sieve_spamtest_OLD`. */
static struct sieve_text
score_value(struct svtest *test, const char *prefix, const char *new, const char *old)
{
	struct str value;

	value = svtest_config(test, arena_printf(&test->arena, "%s%s", prefix, new).p);
	if (value.n == 0)
		value = svtest_config(test, arena_printf(&test->arena, "%s%s", prefix, old).p);
	return engine_text(value);
}

static void
set_score(struct svtest *test, const char *prefix, struct sieve_score *score)
{
	struct sieve_text type = score_value(test, prefix, "status_type", "status_type");
	char new[32], old[32];
	unsigned i;

	score->type = sieve_text_is(type, "score") ? SIEVE_SCORE_NUMBER
	    : sieve_text_is(type, "strlen")	   ? SIEVE_SCORE_STARS
	    : sieve_text_is(type, "text")	   ? SIEVE_SCORE_TEXT
						   : SIEVE_SCORE_NONE;
	score->status_header = score_value(test, prefix, "status_header", "status_header");
	score->max_header = score_value(test, prefix, "score_max_header", "max_header");
	score->max_value = score_value(test, prefix, "score_max_value", "max_value");
	/* Its default is the first of them. */
	if (score->type == SIEVE_SCORE_NONE && score->status_header.n > 0)
		score->type = SIEVE_SCORE_NUMBER;
	for (i = 0; i <= 10; i++) {
		snprintf(new, sizeof new, "text_value/%u", i);
		snprintf(old, sizeof old, "text_value%u", i);
		score->text_values[i] = score_value(test, prefix, new, old);
	}
}

static void
set_source(struct svtest *test, const char *name, enum compose_source *source,
    struct str *address)
{
	struct str value = svtest_config(test, name);

	if (value.n > 0 && !compose_can_parse_source(value, source, address))
		fprintf(stderr, "%s: %s: `%.*s` is no value for it\n", test->path, name,
		    STR_ARG(value));
}

static struct str
strip(struct str address)
{
	address = str_trim(address);
	if (address.n >= 2 && address.p[0] == '<' && address.p[address.n - 1] == '>')
		address = str_sub(address, 1, address.n - 2);
	return address;
}

static void
set_compose(struct svtest *test)
{
	struct compose_settings *out = &test->compose;
	struct str check = svtest_config(test, "sieve_vacation_check_recipient");

	*out = (struct compose_settings){ .redirect_from = COMPOSE_FROM_DEFAULT };
	set_source(test, "sieve_redirect_envelope_from", &out->redirect_from,
	    &out->redirect_from_address);
	set_source(test, "sieve_notify_mailto_envelope_from", &out->notify_from,
	    &out->notify_from_address);
	out->vacation_subject = svtest_config(test, "sieve_vacation_default_subject");
	out->vacation_template = svtest_config(test, "sieve_vacation_default_subject_template");
	out->is_vacation_from_recipient =
	    is_yes(svtest_config(test, "sieve_vacation_send_from_recipient"));
	out->is_original_recipient_foreign =
	    !is_yes(svtest_config(test, "sieve_vacation_use_original_recipient"));
	out->is_recipient_unchecked = (check.n > 0 && !is_yes(check)) ||
	    is_yes(svtest_config(test, "sieve_vacation_dont_check_recipient"));
	out->is_to_from_header =
	    is_yes(svtest_config(test, "sieve_vacation_to_header_ignore_envelope"));
}

static void
set_limits(struct svtest *test, struct sieve_settings *out)
{
	uint64_t actions, redirects;

	test->limits = SIEVE_LIMITS_DEFAULT;
	actions = amount(test, "sieve_max_actions", NULL, sizes);
	redirects = amount(test, "sieve_max_redirects", NULL, sizes);
	if (actions > 0)
		test->limits.actions =
		    actions < SVTEST_ACTIONS_MAX ? (unsigned)actions : SVTEST_ACTIONS_MAX;
	if (redirects > 0)
		test->limits.redirects = (unsigned)redirects;
	test->own_limits.actions = test->limits.actions;
	test->own_limits.redirects = test->limits.redirects;
	out->header_size_max = (size_t)amount(test, "sieve_editheader_max_header_size", NULL, sizes);
	out->includes_max = (unsigned)amount(test, "sieve_include_max_includes", NULL, sizes);
	out->include_depth_max =
	    (unsigned)amount(test, "sieve_include_max_nesting_depth", NULL, sizes);
	out->value_size_max = (size_t)amount(test, "sieve_variables_max_value_size",
	    "sieve_variables_max_variable_size", sizes);
	out->variables_max = (unsigned)amount(test, "sieve_variables_max_scope_count",
	    "sieve_variables_max_scope_size", sizes);
	out->notifications_max =
	    (unsigned)amount(test, "sieve_notify_max_notifications", NULL, sizes);
}

static void
set_periods(struct svtest *test, struct sieve_settings *out)
{
	out->vacation_min = amount(test, "sieve_vacation_min_period", NULL, times);
	out->vacation_max = amount(test, "sieve_vacation_max_period", NULL, times);
	out->vacation_default = amount(test, "sieve_vacation_default_period", NULL, times);
	out->duplicate_default = amount(test, "sieve_duplicate_default_period", NULL, times);
	out->duplicate_max = amount(test, "sieve_duplicate_max_period", NULL, times);
}

static void
copy_wanted(struct svtest *test)
{
	const struct svtest_pair *pair;

	test->config = NULL;
	for (pair = test->wanted; pair != NULL; pair = pair->next)
		add(test, &test->config, pair->name)->value = pair->value;
}

static void
tell_unknown(struct svtest *test)
{
	static const char *const known[] = { "recipient_delimiter", "sieve_", "mail_", NULL };
	const struct svtest_pair *pair;
	size_t i;

	for (pair = test->config; test->report->is_verbose && pair != NULL; pair = pair->next) {
		for (i = 0; known[i] != NULL; i++)
			if (str_has_prefix(pair->name, str_of(known[i])))
				break;
		if (known[i] == NULL)
			fprintf(stderr, "%s: setting %.*s is not known\n", test->path,
			    STR_ARG(pair->name));
	}
}

void
svtest_reload_config(struct svtest *test)
{
	struct sieve_settings *settings = arena_zalloc(&test->arena, sizeof *settings);
	struct str delimiters;

	copy_wanted(test);
	tell_unknown(test);
	delimiters = svtest_config(test, "recipient_delimiter");
	test->delimiters = delimiters.n == 0 ? "+" : delimiters.p;
	protect(test, settings);
	set_limits(test, settings);
	set_periods(test, settings);
	set_score(test, "sieve_spamtest_", &settings->spam);
	set_score(test, "sieve_virustest_", &settings->virus);
	set_compose(test);
	test->user_email = strip(svtest_config(test, "sieve_user_email"));
	sieve_settings_fill(settings);
	test->settings = settings;
	svtest_use(test, test->now);
}

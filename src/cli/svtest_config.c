/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Settings of a svtest, by Dovecot's names, as ours.  They are in force from
 * the next test_config_reload on. */

#include "cli/svtest.h"

#include <string.h>

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

/* ---- Dovecot's names and values as ours ---- */

struct alias {
	const char *name, *ours;
};

/* Those that are not the same: of Dovecot 2.4, and of before. */
static const struct alias aliases[] = {
	{ "sieve_spamtest_score_max_header", "sieve_spamtest_max_header" },
	{ "sieve_spamtest_score_max_value", "sieve_spamtest_max_value" },
	{ "sieve_virustest_score_max_header", "sieve_virustest_max_header" },
	{ "sieve_virustest_score_max_value", "sieve_virustest_max_value" },
	{ "sieve_variables_max_variable_size", "sieve_variables_max_value_size" },
	{ "sieve_variables_max_scope_size", "sieve_variables_max_scope_count" },
	{ NULL, NULL },
};

static struct str
our_name(struct svtest *test, struct str name)
{
	static const char *const numbered[] = { "sieve_spamtest_text_value/",
		"sieve_virustest_text_value/" };
	const struct alias *alias;
	struct str prefix;
	size_t i;

	for (alias = aliases; alias->name != NULL; alias++)
		if (str_is_equal_nocase(name, str_of(alias->name)))
			return str_of(alias->ours);
	for (i = 0; i < 2; i++) {
		prefix = str_of(numbered[i]);
		if (str_has_prefix(name, prefix))
			return arena_printf(&test->arena, "%.*s%.*s", (int)prefix.n - 1, prefix.p,
			    STR_ARG(str_from(name, prefix.n)));
	}
	return name;
}

/* NULL: we have no such setting. */
static const struct conf_param *
find_param(struct str name)
{
	const struct conf_param *param;

	for (param = conf_params; param->name != NULL; param++)
		if (param->section == 'G' && str_is_equal(name, str_of(param->name)))
			return param;
	return NULL;
}

static void
refuse(const struct svtest *test, struct str name, struct str value, const char *reason)
{
	fprintf(stderr, "%s: %.*s: `%.*s` is no value for it%s%s\n", test->path, STR_ARG(name),
	    STR_ARG(value), *reason == '\0' ? "" : ": ", reason);
}

static void
put(struct svtest *test, struct conf *conf, struct str name, struct str value)
{
	struct buf reason = BUF_EMPTY;

	if (conf_set(conf, name, value, &reason) == -1)
		refuse(test, name, value, buf_cstr(&reason));
	buf_fini(&reason);
}

/* With units as Dovecot has them; 0 stands for the default. */
static void
put_amount(struct svtest *test, struct conf *conf, const struct conf_param *param,
    struct str value)
{
	uint64_t n = 0;

	if (!is_amount(value, strcmp(param->type, "TIME") == 0 ? times : sizes, &n))
		refuse(test, str_of(param->name), value, "");
	else if (n > 0)
		put(test, conf, str_of(param->name), arena_printf(&test->arena, "%llu",
		    (unsigned long long)n));
}

/* Words with blanks between, as before Dovecot 2.4; ours have commas. */
static void
put_list(struct svtest *test, struct conf *conf, const char *name, struct str value)
{
	struct buf list = BUF_EMPTY;
	struct str word;

	while (str_can_split(&value, ' ', &word))
		if (word.n > 0)
			buf_addf(&list, "%s%.*s", list.n > 0 ? "," : "", STR_ARG(word));
	put(test, conf, str_of(name), buf_str(&list));
	buf_fini(&list);
}

static bool
is_yes(struct str value)
{
	return str_is_equal_nocase(value, STR("yes")) || str_is_equal_nocase(value, STR("true")) ||
	    str_is_equal(value, STR("1"));
}

static void
configure(struct svtest *test, struct conf *conf, const struct svtest_pair *pair)
{
	struct str name = our_name(test, pair->name);
	const struct conf_param *param = find_param(name);

	if (str_is_equal(name, STR("sieve_vacation_dont_check_recipient")))
		put(test, conf, STR("sieve_vacation_check_recipient"),
		    is_yes(pair->value) ? STR("no") : STR("yes"));
	if (param == NULL || !str_has_prefix(name, STR("sieve_")))
		return;
	if (strcmp(param->type, "LIST") == 0)
		put_list(test, conf, param->name, pair->value);
	else if (strcmp(param->type, "SIZE") == 0 || strcmp(param->type, "TIME") == 0 ||
	    strcmp(param->type, "NUM") == 0)
		put_amount(test, conf, param, pair->value);
	else
		put(test, conf, name, pair->value);
}

/* `sieve_editheader_header/NAME/WHAT = yes`, added to a list of ours. */
static void
protect(struct svtest *test, struct conf *conf, const char *what, const char *setting,
    const struct conf_list *list)
{
	static const struct str prefix = { "sieve_editheader_header/", 24 };
	const struct svtest_pair *pair;
	struct buf names = BUF_EMPTY;
	struct str name;
	size_t i;

	for (i = 0; i < list->n; i++)
		buf_addf(&names, "%s%s", i > 0 ? "," : "", list->at[i]);
	for (pair = test->config; pair != NULL; pair = pair->next) {
		name = str_from(pair->name, prefix.n);
		if (!str_has_prefix(pair->name, prefix) || !str_has_suffix(name, str_of(what)) ||
		    !is_yes(pair->value))
			continue;
		name = str_sub(name, 0, name.n - strlen(what));
		buf_addf(&names, "%s%.*s", names.n > 0 ? "," : "", STR_ARG(name));
	}
	put(test, conf, str_of(setting), buf_str(&names));
	buf_fini(&names);
}

static struct str
strip(struct str address)
{
	address = str_trim(address);
	if (address.n >= 2 && address.p[0] == '<' && address.p[address.n - 1] == '>')
		address = str_sub(address, 1, address.n - 2);
	return address;
}

/* ---- in force ---- */

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

/* What programs and engine borrow stays until the file is done. */
static void
take_settings(struct svtest *test)
{
	struct svtest_settings *taken = arena_zalloc(&test->arena, sizeof *taken);
	const struct svtest_pair *pair;

	taken->next = test->taken;
	test->taken = taken;
	taken->conf = conf_copy_global(test->report->conf);
	for (pair = test->config; pair != NULL; pair = pair->next)
		configure(test, taken->conf, pair);
	protect(test, taken->conf, "/forbid_add", "sieve_editheader_forbid_add",
	    &taken->conf->sieve_editheader_forbid_add);
	protect(test, taken->conf, "/forbid_delete", "sieve_editheader_forbid_delete",
	    &taken->conf->sieve_editheader_forbid_delete);
	engine_settings_init(&taken->engine, taken->conf);
	/* Tests bring their own programs. */
	taken->engine.forbidden &= ~engine_settings_programs();
	test->settings = &taken->engine.sieve;
}

void
svtest_free_config(struct svtest *test)
{
	struct svtest_settings *taken = test->taken;

	for (; taken != NULL; taken = taken->next) {
		engine_settings_fini(&taken->engine);
		conf_free(&taken->conf);
	}
}

void
svtest_reload_config(struct svtest *test)
{
	struct str delimiters;

	copy_wanted(test);
	tell_unknown(test);
	take_settings(test);
	delimiters = svtest_config(test, "recipient_delimiter");
	test->delimiters = delimiters.n == 0 ? "+" : delimiters.p;
	test->limits = test->taken->engine.limits;
	test->own_limits.actions = test->limits.actions;
	test->own_limits.redirects = test->limits.redirects;
	test->compose = test->taken->engine.compose;
	test->user_email = strip(svtest_config(test, "sieve_user_email"));
	svtest_use(test, test->now);
}

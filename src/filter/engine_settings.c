/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* From the settings of a site to those of the engine.  Knows no defaults:
 * conf has filled them in. */

#include "filter/engine_settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "filter/memory.h"
#include "sieve/regex.h"
#include "sieve/registry.h"

#define EXPRESSIONS_MEMORY ((size_t)4 << 20)

enum kind { COUNT, BYTES, STEPS, SECONDS, TEXT, WORDS, YES, NOT };

struct row {
	enum kind kind;
	size_t from, to; /* in struct conf, in struct engine_settings */
};

static const struct row rows[] = {
#define SETTING(kind, member, target)                                                     \
	{ kind, offsetof(struct conf, member), offsetof(struct engine_settings, target) },
#include "filter/engine_settings.def"
#undef SETTING
};

/* ---- one setting ---- */

static void
take_number(const struct row *row, int64_t number, void *to)
{
	if (row->kind == COUNT)
		*(unsigned *)to = (unsigned)number;
	else if (row->kind == BYTES)
		*(size_t *)to = (size_t)number;
	else
		*(uint64_t *)to = (uint64_t)(row->kind == SECONDS ? number / CLOCK_SECOND : number);
}

static void
take(const struct row *row, const struct conf *conf, struct engine_settings *out)
{
	const void *from = (const char *)conf + row->from;
	void *to = (char *)out + row->to;

	if (row->kind == TEXT)
		*(struct sieve_text *)to = sieve_text_of(*(char *const *)from);
	else if (row->kind == WORDS)
		*(struct str *)to = str_of(*(char *const *)from);
	else if (row->kind == YES || row->kind == NOT)
		*(bool *)to = *(const bool *)from == (row->kind == YES);
	else
		take_number(row, *(const int64_t *)from, to);
}

/* ---- extensions ---- */

sieve_set
engine_settings_programs(void)
{
	static const struct sieve_extension *const programs[] = { &sieve_ext_pipe, &sieve_ext_filter,
		&sieve_ext_execute };
	sieve_set set = 0;
	size_t i;

	for (i = 0; i < sizeof programs / sizeof programs[0]; i++)
		set |= SIEVE_SET_BIT(sieve_registry_find(sieve_text_of(programs[i]->name)));
	return set;
}

/* All that need to be required. */
static sieve_set
everything(void)
{
	sieve_set set = 0;
	int i;

	for (i = 0; sieve_registry[i] != NULL; i++)
		if (sieve_registry[i]->name != NULL && !sieve_registry[i]->is_preloaded)
			set |= SIEVE_SET_BIT(i);
	return set;
}

static bool
has_sign(const char *item)
{
	return *item == '+' || *item == '-';
}

/* `+a`, `-a` change what is there; names alone take its place (conf has seen to
 * it that a list is one or the other). */
static sieve_set
apply(const struct conf_list *list, sieve_set set)
{
	size_t i;
	int index;

	if (list->n > 0 && !has_sign(list->at[0]))
		set = 0;
	for (i = 0; i < list->n; i++) {
		index = sieve_registry_find(sieve_text_of(list->at[i] + has_sign(list->at[i])));
		if (index == -1)
			continue;
		if (list->at[i][0] == '-')
			set &= ~SIEVE_SET_BIT(index);
		else
			set |= SIEVE_SET_BIT(index);
	}
	return set;
}

static void
take_extensions(const struct conf *conf, struct engine_settings *out)
{
	sieve_set all = everything(), allowed;
	int i;

	allowed = apply(&conf->sieve_extensions, all & ~engine_settings_programs());
	out->global_only = apply(&conf->sieve_global_extensions, 0);
	out->forbidden = all & ~(allowed | out->global_only);
	/* What brings another one with it is no way to that. */
	for (i = 0; sieve_registry[i] != NULL; i++)
		if ((sieve_registry_set(i) & out->forbidden) != 0)
			out->forbidden |= SIEVE_SET_BIT(i);
}

/* ---- what is made of several ---- */

static void
protect(struct engine_settings *out, const struct conf_list *names, bool no_add, bool no_delete)
{
	struct sieve_protected *one;
	size_t i, j;

	for (i = 0; i < names->n; i++) {
		for (j = 0; j < out->sieve.protected_count; j++)
			if (sieve_text_is(out->protected[j].name, names->at[i]))
				break;
		one = &out->protected[j];
		one->name = sieve_text_of(names->at[i]);
		one->no_add = one->no_add || no_add;
		one->no_delete = one->no_delete || no_delete;
		out->sieve.protected_count += j == out->sieve.protected_count;
	}
}

static void
take_protected(const struct conf *conf, struct engine_settings *out)
{
	size_t n = conf->sieve_editheader_protected.n + conf->sieve_editheader_forbid_add.n +
	    conf->sieve_editheader_forbid_delete.n;

	out->protected = xcalloc(n + 1, sizeof *out->protected);
	out->sieve.protected = out->protected;
	protect(out, &conf->sieve_editheader_protected, true, true);
	protect(out, &conf->sieve_editheader_forbid_add, true, false);
	protect(out, &conf->sieve_editheader_forbid_delete, false, true);
}

static enum sieve_score_type
score_type(const char *type, const char *header)
{
	if (*header == '\0')
		return SIEVE_SCORE_NONE;
	if (strcmp(type, "strlen") == 0)
		return SIEVE_SCORE_STARS;
	return strcmp(type, "text") == 0 ? SIEVE_SCORE_TEXT : SIEVE_SCORE_NUMBER;
}

static void
take_sources(const struct conf *conf, struct compose_settings *out)
{
	(void)compose_can_parse_source(str_of(conf->sieve_redirect_envelope_from),
	    &out->redirect_from, &out->redirect_from_address);
	(void)compose_can_parse_source(str_of(conf->sieve_notify_mailto_envelope_from),
	    &out->notify_from, &out->notify_from_address);
}

void
engine_settings_init(struct engine_settings *out, const struct conf *conf)
{
	size_t i;

	*out = (struct engine_settings){ .limits = SIEVE_LIMITS_DEFAULT };
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		take(&rows[i], conf, out);
	out->sieve.spam.type =
	    score_type(conf->sieve_spamtest_status_type, conf->sieve_spamtest_status_header);
	out->sieve.virus.type =
	    score_type(conf->sieve_virustest_status_type, conf->sieve_virustest_status_header);
	out->environment = &conf->sieve_environment;
	take_sources(conf, &out->compose);
	take_protected(conf, out);
	take_extensions(conf, out);
}

void
engine_settings_fini(struct engine_settings *settings)
{
	free(settings->protected);
	settings->protected = NULL;
}

/* ---- what only the engine can judge ---- */

static void
check_source(struct sieve_regex_pool *pool, const char *setting, struct sieve_text source,
    struct buf *errors)
{
	const char *colon = source.n == 0 ? NULL : memchr(source.p, ':', source.n);
	struct sieve_regex_fault fault;
	struct str pattern;

	if (colon == NULL)
		return;
	pattern = str_trim((struct str){ colon + 1, source.n - (size_t)(colon + 1 - source.p) });
	if (pattern.n > 0 && sieve_regex_compile(pool, (struct sieve_text){ pattern.p, pattern.n },
		false, &fault) == NULL)
		buf_addf(errors, "%s: \"%.*s\": %s\n", setting, STR_ARG(pattern), fault.text);
}

void
engine_settings_check(const struct engine_settings *settings, struct buf *errors)
{
	struct sieve_regex_pool *pool = sieve_regex_pool_new(&memory_sieve, EXPRESSIONS_MEMORY);

	if (pool == NULL)
		return;
	check_source(pool, "sieve_spamtest_status_header", settings->sieve.spam.status_header,
	    errors);
	check_source(pool, "sieve_spamtest_max_header", settings->sieve.spam.max_header, errors);
	check_source(pool, "sieve_virustest_status_header", settings->sieve.virus.status_header,
	    errors);
	check_source(pool, "sieve_virustest_max_header", settings->sieve.virus.max_header, errors);
	sieve_regex_pool_free(&pool);
}

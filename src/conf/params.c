/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The table of all settings, and each value from text and back.  It reads no
 * file: text comes from conf/file.c, or over a link by conf/settings.c. */
#include "config.h"
#include "conf/params.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "conf/suggest.h"

#define BLOCK_G struct conf
#define BLOCK_L struct conf_listener
#define BLOCK_D struct conf_domain

/* No number of the config is meaningful above it, and sums of a few cannot overflow. */
#define NUMBER_MAX ((uint64_t)INT64_MAX / 1024)

const struct conf_param conf_params[] = {
#define PARAM(section, type, name, preset, doc) { #section[0], #type, #name, preset, doc },
#include "conf/params.def"
#undef PARAM
	{ 0, NULL, NULL, NULL, NULL }
};

static const struct params_entry entries[] = {
#define PARAM(section, type, name, preset, doc)                                \
	{ #section[0], PARAMS_##type, #name, preset, offsetof(BLOCK_##section, name) },
#include "conf/params.def"
#undef PARAM
};

#define ENTRY_COUNT (sizeof entries / sizeof entries[0])

/* What a number may be, where not every number makes sense. */
static const struct range {
	const char *name;
	int64_t min, max;
} ranges[] = {
	{ "first_valid_uid", 1, UINT32_MAX - 1 },
	{ "session_processes", 0, 256 },
	{ "filter_processes", 1, 64 },
	{ "filter_renew", 1, INT64_MAX },
	/* libsieve, iconv and a message of the largest size need about this. */
	{ "filter_memory_limit", 64 * 1024 * 1024, INT64_MAX },
	{ "message_size_limit", 64 * 1024, INT64_C(1) << 40 },
	/* RFC 5321 4.5.3.1.8: at least 100 recipients. */
	{ "recipient_limit", 100, 100000 },
	/* RFC 5321 4.5.3.1.4: a command line is 512 octets, more with extensions. */
	{ "line_length_limit", 512, 65536 },
	{ "error_limit", 1, 100000 },
	{ "transaction_limit", 1, INT64_MAX },
	{ "connection_limit", 1, 15000 },
	{ "user_concurrency_limit", 1, INT64_MAX },
	{ "journal_message_limit", 0, 64 * 1024 * 1024 },
	{ "journal_segment_size", 1024 * 1024, INT64_C(1) << 30 },
	{ "journal_segments", 2, 4096 },
	{ "sync_threads", 1, 128 },
	/* Defaults are in sieve/limit.h too; the most is what its run can hold. */
	{ "sieve_max_actions", 1, 256 },
	{ "sieve_max_redirects", 1, 256 },
	{ "sieve_max_steps", 10000, INT64_C(1000000000000) },
	{ "sieve_include_max_includes", 1, 300 },
	{ "sieve_include_max_nesting_depth", 1, 100 },
	/* RFC 5229 6: 128 variables of 4000 octets at least; Pigeonhole's own least. */
	{ "sieve_variables_max_scope_count", 128, 1000 },
	{ "sieve_variables_max_value_size", 4000, 1024 * 1024 },
	{ "sieve_editheader_max_header_size", 1024, 64 * 1024 },
	{ "sieve_vacation_max_period", CLOCK_SECOND, INT64_MAX },
	{ "sieve_vacation_default_period", CLOCK_SECOND, INT64_MAX },
	{ "sieve_duplicate_default_period", CLOCK_SECOND, INT64_MAX },
	{ "sieve_duplicate_max_period", CLOCK_SECOND, INT64_MAX },
	{ "sieve_notify_max_notifications", 1, 256 },
	{ "sieve_program_timeout", CLOCK_SECOND / 10, 300 * CLOCK_SECOND },
	{ "sieve_program_output_limit", 1024, INT64_C(1) << 30 },
	{ "sieve_program_processes", 1, 1000 },
	{ "relay_concurrency", 1, 1000 },
	{ "relay_connect_timeout", CLOCK_SECOND / 100, 3600 * CLOCK_SECOND },
	{ "relay_timeout", CLOCK_SECOND / 100, 3600 * CLOCK_SECOND },
	{ "relay_end_timeout", CLOCK_SECOND / 100, 3600 * CLOCK_SECOND },
	{ "relay_rest", CLOCK_SECOND / 100, 86400 * CLOCK_SECOND },
};

struct unit {
	const char *word;
	int64_t factor;
};

/* The largest first; the last one is what a bare number means. */
static const struct unit size_units[] = { { "T", INT64_C(1) << 40 }, { "G", 1 << 30 },
	{ "M", 1 << 20 }, { "K", 1 << 10 }, { "", 1 }, { NULL, 0 } };
static const struct unit time_units[] = { { "d", 86400 * CLOCK_SECOND },
	{ "h", 3600 * CLOCK_SECOND }, { "m", 60 * CLOCK_SECOND }, { "s", CLOCK_SECOND },
	{ "ms", CLOCK_SECOND / 1000 }, { NULL, 0 } };

static void add_number(const struct params_entry *entry, int64_t number, struct buf *out);

/* ---- from text ---- */

static void
set_cstr(void *member, struct str text)
{
	char **p = member;

	free(*p);
	*p = xstrndup(text);
}

static int
set_number(const struct params_entry *entry, void *member, struct str text, int64_t factor,
    struct buf *reason)
{
	uint64_t number;
	int64_t value;
	size_t i;

	if (!str_is_number(text, NUMBER_MAX / (uint64_t)factor, &number)) {
		buf_add_cstr(reason, "expected a whole number");
		return -1;
	}
	value = (int64_t)number * factor;
	for (i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		if (strcmp(ranges[i].name, entry->name) != 0)
			continue;
		if (value >= ranges[i].min && value <= ranges[i].max)
			continue;
		buf_add_cstr(reason, "out of range: expected ");
		add_number(entry, ranges[i].min, reason);
		buf_add_cstr(reason, ranges[i].max == INT64_MAX ? " or more" : " to ");
		if (ranges[i].max != INT64_MAX)
			add_number(entry, ranges[i].max, reason);
		return -1;
	}
	memcpy(member, &value, sizeof value);
	return 0;
}

/* The unit that a text ends in: the longest match, for "ms" ends in "s". */
static const struct unit *
find_unit(const struct unit *units, struct str text)
{
	const struct unit *best = NULL;

	for (; units->word != NULL; units++)
		if (units->word[0] != '\0' && str_has_suffix(text, str_of(units->word))
		    && (best == NULL || strlen(units->word) > strlen(best->word)))
			best = units;
	return best;
}

static int
set_with_unit(const struct params_entry *entry, void *member, struct str text,
    const struct unit *units, int64_t bare, const char *expected, struct buf *reason)
{
	const struct unit *unit = find_unit(units, text);
	struct str digits = text;
	size_t before = reason->n;

	if (unit != NULL)
		digits = str_sub(text, 0, text.n - strlen(unit->word));
	if (set_number(entry, member, digits, unit == NULL ? bare : unit->factor, reason) == 0)
		return 0;
	if (str_is_equal(str_from(buf_str(reason), before), STR("expected a whole number"))) {
		buf_truncate(reason, before);
		buf_add_cstr(reason, expected);
	}
	return -1;
}

static int
set_str(const struct params_entry *entry, void *member, struct str text, struct buf *reason)
{
	size_t i;

	(void)entry;
	(void)reason;
	for (i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] >= ' ' && text.p[i] != 127)
			continue;
		buf_add_cstr(reason, "expected text without control characters");
		return -1;
	}
	set_cstr(member, text);
	return 0;
}

static int
set_num(const struct params_entry *entry, void *member, struct str text, struct buf *reason)
{
	return set_number(entry, member, text, 1, reason);
}

static int
set_size(const struct params_entry *entry, void *member, struct str text, struct buf *reason)
{
	return set_with_unit(entry, member, text, size_units, 1,
	    "expected a size: bytes, or a number with K, M, G or T", reason);
}

static int
set_time(const struct params_entry *entry, void *member, struct str text, struct buf *reason)
{
	return set_with_unit(entry, member, text, time_units, CLOCK_SECOND,
	    "expected a time: seconds, or a number with ms, s, m, h or d", reason);
}

static int
set_bool(const struct params_entry *entry, void *member, struct str text, struct buf *reason)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };
	bool value;
	size_t i;

	(void)entry;
	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!str_is_equal_nocase(text, str_of(words[i])))
			continue;
		value = (i & 1) != 0;
		memcpy(member, &value, sizeof value);
		return 0;
	}
	buf_add_cstr(reason, "expected yes or no");
	return -1;
}

static int
set_mode(const struct params_entry *entry, void *member, struct str text, struct buf *reason)
{
	int64_t value = 0;
	size_t i;

	(void)entry;
	for (i = 0; i < text.n && i < 5 && text.p[i] >= '0' && text.p[i] <= '7'; i++)
		value = value * 8 + (text.p[i] - '0');
	if (text.n == 0 || i < text.n || value > 0777) {
		buf_add_cstr(reason, "expected an octal mode such as 0660");
		return -1;
	}
	memcpy(member, &value, sizeof value);
	return 0;
}

static void
clear_list(struct conf_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->at[i]);
	free(list->at);
	list->at = NULL;
	list->n = 0;
}

static int
set_list(const struct params_entry *entry, void *member, struct str text, struct buf *reason)
{
	struct conf_list *list = member;
	struct str rest = text, item;
	char *checked = NULL;

	clear_list(list);
	while (str_can_split(&rest, ',', &item)) {
		item = str_trim(item);
		if (item.n == 0)
			continue;
		if (set_str(entry, &checked, item, reason) == -1)
			return -1;
		list->at = xrealloc(list->at, list->n + 1, sizeof *list->at);
		list->at[list->n++] = checked;
		checked = NULL;
	}
	return 0;
}

static int
set_enum(const struct params_entry *entry, void *member, struct str text, struct buf *reason)
{
	struct str rest = str_of(entry->preset), word;
	struct suggest suggest;
	size_t before = reason->n;

	suggest_begin(&suggest, text);
	buf_add_cstr(reason, "expected one of");
	while (str_can_split(&rest, ' ', &word)) {
		if (str_is_equal_nocase(word, text)) {
			set_cstr(member, word);
			buf_truncate(reason, before);
			return 0;
		}
		suggest_offer(&suggest, word);
		buf_addf(reason, " %.*s", STR_ARG(word));
	}
	suggest_end(&suggest, reason);
	return -1;
}

/* ---- and back ---- */

static void
get_str(const void *member, struct buf *out)
{
	buf_add_cstr(out, *(char *const *)member);
}

static void
get_num(const void *member, struct buf *out)
{
	buf_addf(out, "%" PRId64, *(const int64_t *)member);
}

static void
get_with_unit(const void *member, const struct unit *units, struct buf *out)
{
	int64_t value = *(const int64_t *)member;

	while (units[1].word != NULL && (value == 0 || value % units->factor != 0))
		units++;
	buf_addf(out, "%" PRId64 "%s", value / units->factor, units->word);
}

static void
get_size(const void *member, struct buf *out)
{
	get_with_unit(member, size_units, out);
}

static void
get_time(const void *member, struct buf *out)
{
	get_with_unit(member, time_units, out);
}

static void
get_bool(const void *member, struct buf *out)
{
	buf_add_cstr(out, *(const bool *)member ? "yes" : "no");
}

static void
get_mode(const void *member, struct buf *out)
{
	buf_addf(out, "%04" PRIo64, *(const int64_t *)member);
}

static void
get_list(const void *member, struct buf *out)
{
	const struct conf_list *list = member;
	size_t i;

	for (i = 0; i < list->n; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : ", ", list->at[i]);
}

static const struct {
	int (*set)(const struct params_entry *, void *, struct str, struct buf *);
	void (*get)(const void *, struct buf *);
} types[] = {
	[PARAMS_STR] = { set_str, get_str },
	[PARAMS_NUM] = { set_num, get_num },
	[PARAMS_SIZE] = { set_size, get_size },
	[PARAMS_TIME] = { set_time, get_time },
	[PARAMS_BOOL] = { set_bool, get_bool },
	[PARAMS_MODE] = { set_mode, get_mode },
	[PARAMS_LIST] = { set_list, get_list },
	[PARAMS_ENUM] = { set_enum, get_str },
};

static void
add_number(const struct params_entry *entry, int64_t number, struct buf *out)
{
	types[entry->type].get(&number, out);
}

int
params_set(const struct params_entry *entry, void *block, struct str text, struct buf *reason)
{
	if (text.n > PARAMS_VALUE_MAX) {
		buf_addf(reason, "longer than %d bytes", PARAMS_VALUE_MAX);
		return -1;
	}
	return types[entry->type].set(entry, (char *)block + entry->offset, text, reason);
}

void
params_get(const struct params_entry *entry, const void *block, struct buf *out)
{
	types[entry->type].get((const char *)block + entry->offset, out);
}

/* ---- the table ---- */

const struct params_entry *
params_find(char section, struct str name)
{
	size_t i;

	for (i = 0; i < ENTRY_COUNT; i++)
		if (entries[i].section == section && str_is_equal(str_of(entries[i].name), name))
			return &entries[i];
	return NULL;
}

size_t
params_count(void)
{
	return ENTRY_COUNT;
}

const struct params_entry *
params_at(size_t i)
{
	BUG_ON(i >= ENTRY_COUNT);
	return &entries[i];
}

void
params_suggest(char section, struct str name, struct buf *out)
{
	struct suggest suggest;
	size_t i;

	suggest_begin(&suggest, name);
	for (i = 0; i < ENTRY_COUNT; i++)
		if (entries[i].section == section)
			suggest_offer(&suggest, str_of(entries[i].name));
	if (section == 'G') {
		suggest_offer(&suggest, STR("listener"));
		suggest_offer(&suggest, STR("domain"));
	}
	suggest_end(&suggest, out);
}

void
params_preset(char section, void *block)
{
	struct buf reason = BUF_EMPTY;
	size_t i;

	for (i = 0; i < ENTRY_COUNT; i++) {
		struct str text = str_of(entries[i].preset), first = STR_EMPTY;

		if (entries[i].section != section)
			continue;
		if (entries[i].type == PARAMS_ENUM && str_can_split(&text, ' ', &first))
			text = first;
		BUG_ON(params_set(&entries[i], block, text, &reason) == -1);
	}
	buf_fini(&reason);
}

void
params_clear(char section, void *block)
{
	size_t i;

	for (i = 0; i < ENTRY_COUNT; i++) {
		char *member = (char *)block + entries[i].offset;

		if (entries[i].section != section)
			continue;
		if (entries[i].type == PARAMS_LIST) {
			clear_list((struct conf_list *)(void *)member);
		} else if (entries[i].type == PARAMS_STR || entries[i].type == PARAMS_ENUM) {
			free(*(char **)(void *)member);
			*(char **)(void *)member = NULL;
		}
	}
}

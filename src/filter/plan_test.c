/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Tests to canonical tests and probes.  Decides for each who compares:
 * libsieve where it is right and bounded, probe.c where it is not. */

#include "filter/plan_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* ---- strings of the tree into the plan ---- */

static struct str
keep(struct plan_maker *maker, struct sieve_text t)
{
	return arena_str(&maker->plan->arena, (struct str){ t.p, t.n });
}

static const struct str *
keep_all(struct plan_maker *maker, const struct sieve_argument *argument, size_t *n_out)
{
	struct str *all = arena_array(&maker->plan->arena, argument->string_count, sizeof *all);
	const struct sieve_string *string = argument->strings;
	size_t n = 0;

	for (; string != NULL && n < argument->string_count; string = string->next)
		all[n++] = keep(maker, string->text);
	*n_out = n;
	return all;
}

static size_t
add_probe(struct plan_maker *maker, struct probe probe)
{
	struct plan *plan = maker->plan;

	XGROW(plan->probes, plan->probe_cap, plan->probe_count + 1);
	plan->probes[plan->probe_count] = probe;
	return plan->probe_count++;
}

/* ---- who compares ---- */

/* A key with a byte of those that plan_map_byte makes or libsieve's lexer may
 * trip over is none of its business. */
static bool
is_plain_key(struct sieve_text key)
{
	size_t i;

	if (key.n > PLAN_KEY_SIZE_MAX)
		return false;
	for (i = 0; i < key.n; i++)
		if ((unsigned char)key.p[i] < ' ' && key.p[i] != '\t')
			return false;
	return true;
}

static bool
can_libsieve_compare(const struct probe *probe, const struct sieve_argument *keys)
{
	const struct sieve_string *key;

	if (probe->match != PROBE_IS && probe->match != PROBE_CONTAINS)
		return false;
	if (probe->comparator == SIEVE_COMPARE_NUMERIC || keys->string_count > PLAN_KEYS_MAX)
		return false;
	for (key = keys->strings; key != NULL; key = key->next)
		if (!is_plain_key(key->text))
			return false;
	return true;
}

static void
add_key(struct plan_maker *maker, struct sieve_text key)
{
	size_t i;

	buf_add_byte(&maker->out, '"');
	for (i = 0; i < key.n; i++)
		buf_add_byte(&maker->out, plan_map_byte(key.p[i]));
	buf_add_byte(&maker->out, '"');
}

static void
add_compared(struct plan_maker *maker, const struct probe *probe, size_t number,
    const struct sieve_argument *keys)
{
	const struct sieve_string *key;

	buf_addf(&maker->out, "header :%s%s \"%c%zu\" [",
	    probe->match == PROBE_IS ? "is" : "contains",
	    probe->comparator == SIEVE_COMPARE_OCTET ? " :comparator \"i;octet\"" : "", PLAN_MARK,
	    number);
	for (key = keys->strings; key != NULL; key = key->next) {
		add_key(maker, key->text);
		if (key->next != NULL)
			buf_add_byte(&maker->out, ',');
	}
	buf_add_byte(&maker->out, ']');
}

static void
add_answered(struct plan_maker *maker, size_t number)
{
	buf_addf(&maker->out, "header :is \"%c%zu\" \"1\"", PLAN_MARK, number);
}

/* ---- regular expressions ---- */

/* How many states glibc makes of a regular expression: repeats are written
 * out, and those of a group multiply what is in it. */
struct regex_cost {
	unsigned long sum[PLAN_REGEX_DEPTH_MAX], last[PLAN_REGEX_DEPTH_MAX];
	unsigned depth;
};

static void
add_atom(struct regex_cost *cost, unsigned long states)
{
	cost->last[cost->depth] = states;
	cost->sum[cost->depth] += states;
}

static void
repeat_atom(struct regex_cost *cost, unsigned long times)
{
	unsigned long last = cost->last[cost->depth];

	if (times < 2)
		return;
	cost->sum[cost->depth] += last * (times - 1);
	cost->last[cost->depth] = last * times;
}

/* The greater number of `{m,n}`; *at is put on its end. */
static unsigned long
read_repeat(struct sieve_text key, size_t *at)
{
	unsigned long number = 0, most = 1;

	while (*at + 1 < key.n && key.p[*at] != '}') {
		++*at;
		if (key.p[*at] >= '0' && key.p[*at] <= '9' && number < PLAN_REGEX_STATES_MAX)
			number = number * 10 + (unsigned)(key.p[*at] - '0');
		else if (key.p[*at] < '0' || key.p[*at] > '9')
			number = 0;
		most = number > most ? number : most;
	}
	return most;
}

/* To the `]` of a bracket expression that begins at `at`. */
static size_t
pass_bracket(struct sieve_text key, size_t at)
{
	at++;
	if (at < key.n && key.p[at] == '^')
		at++;
	if (at < key.n && key.p[at] == ']')
		at++;
	while (at < key.n && key.p[at] != ']')
		at++;
	return at;
}

static void
add_regex_byte(struct regex_cost *cost, struct sieve_text key, size_t *at)
{
	switch (key.p[*at]) {
	case '[':
		*at = pass_bracket(key, *at);
		add_atom(cost, 1);
		break;
	case '(':
		cost->depth++;
		cost->sum[cost->depth] = cost->last[cost->depth] = 0;
		break;
	case ')':
		if (cost->depth > 0) {
			cost->depth--;
			add_atom(cost, cost->sum[cost->depth + 1]);
		}
		break;
	case '{':
		repeat_atom(cost, read_repeat(key, at));
		break;
	case '+':
		repeat_atom(cost, 2);
		break;
	case '\\':
		++*at;
		/* fall through */
	default:
		add_atom(cost, 1);
	}
}

/* Whether compiling and matching it is bounded; back-references make the
 * matcher exponential. */
static const char *
find_regex_fault(struct sieve_text key)
{
	struct regex_cost cost = { .depth = 0 };
	size_t at;

	if (key.n > PLAN_REGEX_SIZE_MAX)
		return "it is too long";
	for (at = 0; at < key.n; at++) {
		if (key.p[at] == '\\' && at + 1 < key.n && key.p[at + 1] >= '1' &&
		    key.p[at + 1] <= '9')
			return "back-references are not available";
		if (key.p[at] == '(' && cost.depth + 1 == PLAN_REGEX_DEPTH_MAX)
			return "its groups are nested too deep";
		add_regex_byte(&cost, key, &at);
		if (cost.sum[cost.depth] > PLAN_REGEX_STATES_MAX)
			return "its repeat counts are too large";
	}
	return NULL;
}

static void
compile_regexes(struct plan_maker *maker, struct probe *probe, const struct sieve_argument *keys)
{
	const struct sieve_string *key = keys->strings;
	int flags = REG_EXTENDED | REG_NOSUB, rc;
	const char *fault;
	char text[128];
	size_t n = 0;

	if (probe->comparator != SIEVE_COMPARE_OCTET)
		flags |= REG_ICASE;
	probe->regexes =
	    arena_array(&maker->plan->arena, probe->key_count, sizeof *probe->regexes);
	for (; key != NULL; key = key->next) {
		fault = find_regex_fault(key->text);
		rc = fault != NULL ? REG_BADPAT : regcomp(&probe->regexes[n], probe->keys[n].p, flags);
		if (rc != 0 && fault == NULL) {
			regerror(rc, &probe->regexes[n], text, sizeof text);
			fault = text;
		}
		if (rc != 0) {
			sieve_error_add(maker->errors, key->offset,
			    "this regular expression cannot be used: %s", fault);
			break;
		}
		n++;
	}
	probe->key_count = n; /* that regfree must see */
}

/* ---- the tests ---- */

static enum probe_match
match_of(const struct sieve_tag *tag)
{
	static const char *const names[] = {
		[PROBE_IS] = "is",
		[PROBE_CONTAINS] = "contains",
		[PROBE_MATCHES] = "matches",
		[PROBE_REGEX] = "regex",
		[PROBE_VALUE] = "value",
		[PROBE_COUNT] = "count",
	};
	unsigned i;

	for (i = PROBE_IS; tag != NULL && i <= PROBE_COUNT; i++)
		if (strcmp(tag->name, names[i]) == 0)
			return (enum probe_match)i;
	return PROBE_IS;
}

static enum host_part
part_of(const struct sieve_tag *tag)
{
	static const char *const names[] = {
		[HOST_ALL] = "all",
		[HOST_LOCAL] = "localpart",
		[HOST_DOMAIN] = "domain",
		[HOST_USER] = "user",
		[HOST_DETAIL] = "detail",
	};
	unsigned i;

	for (i = HOST_ALL; tag != NULL && i <= HOST_DETAIL; i++)
		if (strcmp(tag->name, names[i]) == 0)
			return (enum host_part)i;
	return HOST_ALL;
}

static enum probe_source
source_of(enum sieve_meaning meaning)
{
	if (meaning == SIEVE_MEANS_ADDRESS)
		return PROBE_ADDRESS;
	if (meaning == SIEVE_MEANS_ENVELOPE)
		return PROBE_ENVELOPE;
	return meaning == SIEVE_MEANS_HASFLAG ? PROBE_FLAGS : PROBE_HEADER;
}

static struct probe
describe(const struct sieve_node *node)
{
	const struct sieve_bound *bound = &node->bound;
	const struct sieve_argument *comparator = bound->values[SIEVE_GROUP_COMPARATOR];
	const struct sieve_argument *relation = bound->values[SIEVE_GROUP_MATCH];
	struct probe probe = {
		.source = source_of(node->word->meaning),
		.match = match_of(bound->tags[SIEVE_GROUP_MATCH]),
		.part = part_of(bound->tags[SIEVE_GROUP_PART]),
	};

	if (comparator != NULL)
		probe.comparator = sieve_match_comparator(sieve_check_string(comparator));
	if (relation != NULL)
		probe.relation = sieve_match_relation(sieve_check_string(relation));
	return probe;
}

/* hasflag without a variable: one round over the flags. */
static const struct str no_name = { "", 0 };

static void
add_matching(struct plan_maker *maker, const struct sieve_node *node)
{
	const struct sieve_argument *names = node->bound.positional[0];
	const struct sieve_argument *keys = node->bound.positional[1];
	struct probe probe = describe(node);

	probe.names = &no_name;
	probe.name_count = 1;
	if (names != NULL)
		probe.names = keep_all(maker, names, &probe.name_count);
	probe.is_answered = !can_libsieve_compare(&probe, keys);
	if (!probe.is_answered) {
		add_compared(maker, &probe, add_probe(maker, probe), keys);
		return;
	}
	probe.keys = keep_all(maker, keys, &probe.key_count);
	if (probe.match == PROBE_REGEX)
		compile_regexes(maker, &probe, keys);
	add_answered(maker, add_probe(maker, probe));
}

static void
add_exists(struct plan_maker *maker, const struct sieve_node *node)
{
	const struct sieve_string *name = node->bound.positional[0]->strings;
	struct probe probe = { .source = PROBE_HEADER, .name_count = 1 };
	struct str *kept;

	buf_add_cstr(&maker->out, "exists [");
	for (; name != NULL; name = name->next) {
		kept = arena_array(&maker->plan->arena, 1, sizeof *kept);
		*kept = keep(maker, name->text);
		probe.names = kept;
		buf_addf(&maker->out, "\"%c%zu\"%s", PLAN_MARK, add_probe(maker, probe),
		    name->next == NULL ? "" : ",");
	}
	buf_add_byte(&maker->out, ']');
}

/* libsieve's numbers have 31 bits, and so has no message more. */
static void
add_size(struct plan_maker *maker, const struct sieve_node *node)
{
	bool is_over = strcmp(node->bound.tags[SIEVE_GROUP_SIZE]->name, "over") == 0;
	uint64_t limit = node->bound.values[SIEVE_GROUP_SIZE]->number;

	if (limit > INT32_MAX)
		buf_add_cstr(&maker->out, is_over ? "false" : "true");
	else
		buf_addf(&maker->out, "size :%s %llu", is_over ? "over" : "under",
		    (unsigned long long)limit);
}

static void
add_joined(struct plan_maker *maker, const struct sieve_node *node)
{
	const struct sieve_node *test = node->tests;

	buf_addf(&maker->out, "%s(", node->word->name);
	for (; test != NULL; test = test->next) {
		plan_add_test(maker, test);
		if (test->next != NULL)
			buf_add_byte(&maker->out, ',');
	}
	buf_add_byte(&maker->out, ')');
}

static void
add_not(struct plan_maker *maker, const struct sieve_node *node)
{
	buf_add_cstr(&maker->out, "not ");
	plan_add_test(maker, node->tests);
}

static void
add_constant(struct plan_maker *maker, const struct sieve_node *node)
{
	buf_add_cstr(&maker->out, node->word->name);
}

static void (*const adders[])(struct plan_maker *, const struct sieve_node *) = {
	[SIEVE_MEANS_ALLOF] = add_joined,
	[SIEVE_MEANS_ANYOF] = add_joined,
	[SIEVE_MEANS_NOT] = add_not,
	[SIEVE_MEANS_TRUE] = add_constant,
	[SIEVE_MEANS_FALSE] = add_constant,
	[SIEVE_MEANS_HEADER] = add_matching,
	[SIEVE_MEANS_ADDRESS] = add_matching,
	[SIEVE_MEANS_ENVELOPE] = add_matching,
	[SIEVE_MEANS_HASFLAG] = add_matching,
	[SIEVE_MEANS_EXISTS] = add_exists,
	[SIEVE_MEANS_SIZE] = add_size,
};

void
plan_add_test(struct plan_maker *maker, const struct sieve_node *node)
{
	adders[node->word->meaning](maker, node);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Evaluates tests that the engine cannot, or not safely: RFC 5228 2.7, 5231.
 * Decides nothing else about a script. */

#include "filter/probe.h"

#include <string.h>

#include "base/buf.h"

static struct sieve_text
text_of(struct str s)
{
	return (struct sieve_text){ s.n == 0 ? "" : s.p, s.n };
}

/* ---- the values ---- */

struct gathered {
	struct run *run;
	struct str *at;
	size_t n, cap;
};

static void
gather(struct gathered *g, struct str value)
{
	struct str *more;
	size_t cap;

	if (g->n == g->cap) {
		cap = g->cap == 0 ? 8 : 2 * g->cap;
		more = arena_array(g->run->arena, cap, sizeof *more);
		if (more == NULL)
			return;
		if (g->n > 0)
			memcpy(more, g->at, g->n * sizeof *more);
		g->at = more;
		g->cap = cap;
	}
	g->at[g->n++] = value;
}

static void
gather_part(struct gathered *g, const struct probe *probe, const struct host_address *address)
{
	struct str part;

	if (host_has_part(g->run->host, address, probe->part, &part))
		gather(g, part);
}

static void
gather_header(struct gathered *g, const struct probe *probe, struct str name)
{
	struct host_values values = host_header(g->run->host, name);
	size_t i;

	(void)probe;
	for (i = 0; i < values.n; i++)
		gather(g, values.at[i]);
}

static void
gather_addresses(struct gathered *g, const struct probe *probe, struct str name)
{
	struct host_addresses addresses = host_header_addresses(g->run->host, name);
	size_t i;

	for (i = 0; i < addresses.n; i++)
		gather_part(g, probe, &addresses.at[i]);
}

static void
gather_envelope(struct gathered *g, const struct probe *probe, struct str name)
{
	bool is_from = str_is_equal_nocase(name, STR("from"));
	struct host_address address = host_envelope_address(g->run->host,
	    is_from ? g->run->host->sender : g->run->rcpt->address);

	gather_part(g, probe, &address);
}

/* RFC 5232 4: each flag is a value of its own. */
static void
gather_flags(struct gathered *g, const struct probe *probe, struct str name)
{
	struct str rest = g->run->flags, flag;

	(void)probe;
	(void)name;
	while (str_can_split(&rest, ' ', &flag))
		gather(g, flag);
}

static void (*const gatherers[])(struct gathered *, const struct probe *, struct str) = {
	[PROBE_HEADER] = gather_header,
	[PROBE_ADDRESS] = gather_addresses,
	[PROBE_ENVELOPE] = gather_envelope,
	[PROBE_FLAGS] = gather_flags,
};

struct host_values
probe_values(const struct probe *probe, struct run *run)
{
	struct gathered g = { .run = run };
	size_t i;

	/* One header is the common case, and its values lie there ready. */
	if (probe->source == PROBE_HEADER && probe->name_count == 1)
		return host_header(run->host, probe->names[0]);
	for (i = 0; i < probe->name_count; i++)
		gatherers[probe->source](&g, probe, probe->names[i]);
	return (struct host_values){ g.at, g.n };
}

/* ---- the comparison ---- */

static bool
is_regex_match(const regex_t *regex, struct str value)
{
	char text[PROBE_REGEX_VALUE_MAX + 1];
	size_t n = value.n < PROBE_REGEX_VALUE_MAX ? value.n : PROBE_REGEX_VALUE_MAX;

	if (n > 0)
		memcpy(text, value.p, n);
	text[n] = '\0';
	return regexec(regex, text, 0, NULL, 0) == 0;
}

static bool
is_match(const struct probe *probe, struct str value, size_t key)
{
	struct sieve_text v = text_of(value), k = text_of(probe->keys[key]);

	switch (probe->match) {
	case PROBE_IS:
		return sieve_match_compare(probe->comparator, v, k) == 0;
	case PROBE_CONTAINS:
		return sieve_match_contains(probe->comparator, v, k);
	case PROBE_MATCHES:
		return sieve_match_glob(probe->comparator, v, k);
	case PROBE_REGEX:
		return is_regex_match(&probe->regexes[key], value);
	case PROBE_VALUE:
	case PROBE_COUNT:
		return sieve_match_is_so(probe->relation,
		    sieve_match_compare(probe->comparator, v, k));
	}
	return false;
}

static bool
has_match(const struct probe *probe, struct str value)
{
	size_t i;

	for (i = 0; i < probe->key_count; i++)
		if (is_match(probe, value, i))
			return true;
	return false;
}

bool
probe_is_true(const struct probe *probe, struct run *run)
{
	struct host_values values = probe_values(probe, run);
	struct buf count = BUF_EMPTY;
	bool is_true = false;
	size_t i;

	if (probe->match != PROBE_COUNT) {
		for (i = 0; i < values.n && !is_true; i++)
			is_true = has_match(probe, values.at[i]);
		return is_true;
	}
	/* RFC 5231 4.2: over all the fields named, and 0 is a count too. */
	buf_add_number(&count, values.n);
	is_true = has_match(probe, buf_str(&count));
	buf_fini(&count);
	return is_true;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_PROBE_H
#define DOORSTEP_FILTER_PROBE_H

#include <regex.h>

#include "filter/run.h"
#include "sieve/match.h"

/*
 * What one test looks at and how it compares: the right hand side of the
 * pseudo header `@N` that an engine is shown in the test's place.
 */
enum probe_source {
	PROBE_HEADER,
	PROBE_ADDRESS,
	PROBE_ENVELOPE,
	PROBE_FLAGS,
};

enum probe_match {
	PROBE_IS,
	PROBE_CONTAINS,
	PROBE_MATCHES,
	PROBE_REGEX,
	PROBE_VALUE,
	PROBE_COUNT,
};

struct probe {
	enum probe_source source;
	enum host_part part;
	enum probe_match match;
	enum sieve_comparator comparator;
	enum sieve_relation relation;
	bool is_answered; /* by probe_is_true; else the engine compares the values */
	const struct str *names;
	size_t name_count;
	const struct str *keys; /* of one that is answered here */
	size_t key_count;
	regex_t *regexes; /* one for each key of PROBE_REGEX */
};

/* Of a value, so much is shown to a regular expression: glibc's matcher is
 * not linear. */
#define PROBE_REGEX_VALUE_MAX ((size_t)16 * 1024)

/* The values that the probe looks at, in run's arena; n 0: none. */
struct host_values probe_values(const struct probe *probe, struct run *run);
bool probe_is_true(const struct probe *probe, struct run *run);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Comparators and match types on two strings, RFC 4790, 5228 2.7, 5231. */

#include "match.h"

#include <string.h>

#include "search.h"

enum sieve_comparator
sieve_match_comparator(struct sieve_text name)
{
	if (sieve_text_is(name, "i;octet"))
		return SIEVE_COMPARE_OCTET;
	if (sieve_text_is(name, "i;ascii-numeric"))
		return SIEVE_COMPARE_NUMERIC;
	if (sieve_text_is(name, "i;unicode-casemap"))
		return SIEVE_COMPARE_UNICODE;
	return SIEVE_COMPARE_CASEMAP;
}

enum sieve_relation
sieve_match_relation(struct sieve_text name)
{
	static const char *const names[] = {
		[SIEVE_RELATION_GT] = "gt",
		[SIEVE_RELATION_GE] = "ge",
		[SIEVE_RELATION_LT] = "lt",
		[SIEVE_RELATION_LE] = "le",
		[SIEVE_RELATION_EQ] = "eq",
		[SIEVE_RELATION_NE] = "ne",
	};
	unsigned i = SIEVE_RELATION_GT;

	while (i < SIEVE_RELATION_NE && !sieve_text_is(name, names[i]))
		i++;
	return (enum sieve_relation)i;
}

static int
compare_bytes(enum sieve_comparator comparator, struct sieve_text a, struct sieve_text b)
{
	size_t i;
	int difference;

	for (i = 0; i < a.n && i < b.n; i++) {
		difference = sieve_search_fold(comparator, a.p[i]) - sieve_search_fold(comparator, b.p[i]);
		if (difference != 0)
			return difference;
	}
	return a.n < b.n ? -1 : a.n > b.n;
}

/* The digits at the front, without leading zeros but for one. */
static struct sieve_text
take_number(struct sieve_text t)
{
	struct sieve_text number = { t.p, 0 };

	while (number.n < t.n && t.p[number.n] >= '0' && t.p[number.n] <= '9')
		number.n++;
	while (number.n > 1 && number.p[0] == '0') {
		number.p++;
		number.n--;
	}
	return number;
}

static int
compare_numbers(struct sieve_text a, struct sieve_text b)
{
	struct sieve_text x = take_number(a), y = take_number(b);

	if (x.n == 0 || y.n == 0)
		return (x.n == 0) - (y.n == 0);
	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return memcmp(x.p, y.p, x.n);
}

int
sieve_match_compare(enum sieve_comparator comparator, struct sieve_text a, struct sieve_text b)
{
	if (comparator == SIEVE_COMPARE_NUMERIC)
		return compare_numbers(a, b);
	return compare_bytes(comparator, a, b);
}

bool
sieve_match_is_so(enum sieve_relation relation, int order)
{
	switch (relation) {
	case SIEVE_RELATION_GT:
		return order > 0;
	case SIEVE_RELATION_GE:
		return order >= 0;
	case SIEVE_RELATION_LT:
		return order < 0;
	case SIEVE_RELATION_LE:
		return order <= 0;
	case SIEVE_RELATION_EQ:
		return order == 0;
	case SIEVE_RELATION_NE:
		return order != 0;
	}
	return false;
}

bool
sieve_match_contains(enum sieve_comparator comparator, struct sieve_text value,
    struct sieve_text key)
{
	return sieve_search(comparator, value, 0, key) != SIEVE_SEARCH_NONE;
}

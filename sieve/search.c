/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Finding a string in another by the two-way algorithm (Crochemore, Perrin
 * 1991), because a sender may choose both. */

#include "search.h"

struct needle {
	enum sieve_comparator comparator;
	struct sieve_text key;
	size_t cut;    /* the critical position: the right half is compared first */
	size_t period; /* by which the key may be moved when the left half differs */
	bool is_periodic;
};

static unsigned char
at(const struct needle *needle, size_t i)
{
	return sieve_search_fold(needle->comparator, needle->key.p[i]);
}

/* Where the greatest suffix begins, by the order of bytes or its reverse. */
static size_t
find_greatest_suffix(const struct needle *needle, bool is_reversed, size_t *period_out)
{
	size_t suffix = 0, candidate = 1, i = 0, period = 1;
	unsigned char a, b;

	while (candidate + i < needle->key.n) {
		a = at(needle, candidate + i);
		b = at(needle, suffix + i);
		if (a == b) {
			if (++i == period) {
				candidate += period;
				i = 0;
			}
		} else if ((a < b) != is_reversed) {
			candidate += i + 1;
			i = 0;
			period = candidate - suffix;
		} else {
			suffix = candidate++;
			i = 0;
			period = 1;
		}
	}
	*period_out = period;
	return suffix;
}

static struct needle
prepare(enum sieve_comparator comparator, struct sieve_text key)
{
	struct needle needle = { .comparator = comparator, .key = key };
	size_t periods[2], cuts[2], i = 0, longer;

	cuts[0] = find_greatest_suffix(&needle, false, &periods[0]);
	cuts[1] = find_greatest_suffix(&needle, true, &periods[1]);
	longer = cuts[1] > cuts[0];
	needle.cut = cuts[longer];
	needle.period = periods[longer];
	while (i < needle.cut && i + needle.period < key.n &&
	    at(&needle, i) == at(&needle, i + needle.period))
		i++;
	needle.is_periodic = i == needle.cut;
	if (!needle.is_periodic)
		needle.period = (needle.cut > key.n - needle.cut ? needle.cut
								 : key.n - needle.cut) + 1;
	return needle;
}

size_t
sieve_search(enum sieve_comparator comparator, struct sieve_text value, size_t from,
    struct sieve_text key)
{
	struct needle needle;
	size_t place = from, known = 0, i;

	if (key.n == 0)
		return from;
	if (key.n > value.n)
		return SIEVE_SEARCH_NONE;
	needle = prepare(comparator, key);
	while (place <= value.n - key.n) {
		i = known > needle.cut ? known : needle.cut;
		while (i < key.n &&
		    at(&needle, i) == sieve_search_fold(comparator, value.p[place + i]))
			i++;
		if (i < key.n) {
			place += i - needle.cut + 1;
			known = 0;
			continue;
		}
		for (i = needle.cut; i > known; i--)
			if (at(&needle, i - 1) !=
			    sieve_search_fold(comparator, value.p[place + i - 1]))
				break;
		if (i <= known)
			return place;
		place += needle.period;
		/* What a period further on is already known to be the same. */
		known = needle.is_periodic ? key.n - needle.period : 0;
	}
	return SIEVE_SEARCH_NONE;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* :matches, RFC 5228 2.7.1 and 5229 3.2.  A pattern is parts with stars
 * between; each part takes the first place it fits, which leaves the others
 * the most room and every star the least, so nothing is ever tried anew. */

#include "match.h"

#include <string.h>

#include "search.h"
#include "unicode.h"

struct glob {
	enum sieve_comparator comparator;
	struct sieve_text value, pattern;
	struct sieve_captures *captures; /* NULL: not wanted */
	const struct sieve_unicode *unicode; /* of the value, with i;unicode-casemap */
};

/* Of a pattern, from one star to the next. */
struct part {
	size_t from, end;
	size_t size; /* bytes of value that it takes, if always the same */
	bool has_wildcard, has_escape;
};

static struct part
take_part(const struct glob *glob, size_t from)
{
	struct part part = { .from = from, .end = from };
	const char *p = glob->pattern.p;

	for (; part.end < glob->pattern.n && p[part.end] != '*'; part.end++, part.size++) {
		part.has_wildcard |= p[part.end] == '?';
		if (p[part.end] == '\\' && part.end + 1 < glob->pattern.n) {
			part.has_escape = true;
			part.end++;
		}
	}
	return part;
}

/* Bytes of the character at the front.  RFC 5228 2.7.1: i;octet and
 * i;ascii-casemap "define a character to be a single octet". */
static size_t
character_size(const struct glob *glob, size_t at)
{
	size_t n = 1;

	if (glob->comparator != SIEVE_COMPARE_UNICODE || (unsigned char)glob->value.p[at] < 0xc0)
		return 1;
	while (n < 4 && at + n < glob->value.n &&
	    ((unsigned char)glob->value.p[at + n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* What `?` takes: with i;unicode-casemap, all that one character became. */
static size_t
wildcard_size(const struct glob *glob, size_t at)
{
	if (glob->unicode != NULL)
		return sieve_unicode_step(glob->unicode, at);
	return character_size(glob, at);
}

static void
capture(const struct glob *glob, size_t from, size_t end)
{
	struct sieve_captures *captures = glob->captures;

	if (captures != NULL && captures->n <= SIEVE_CAPTURES_MAX)
		captures->at[captures->n++] =
		    (struct sieve_text){ glob->value.p + from, end - from };
}

/* Whether the part stands at *at, which is then moved behind it. */
static bool
has_part(const struct glob *glob, const struct part *part, size_t *at)
{
	size_t i = *at, step, n;
	char c;

	for (step = part->from; step < part->end; step++, i += n) {
		if (i >= glob->value.n)
			return false;
		n = 1;
		c = glob->pattern.p[step];
		if (c == '?') {
			n = wildcard_size(glob, i);
			capture(glob, i, i + n);
			continue;
		}
		if (c == '\\' && step + 1 < part->end)
			c = glob->pattern.p[++step];
		if (sieve_search_fold(glob->comparator, c) !=
		    sieve_search_fold(glob->comparator, glob->value.p[i]))
			return false;
	}
	*at = i;
	return true;
}

/* The star in front of the part takes what lies between *at and where the
 * part is found; a last part must reach the end of the value. */
static bool
has_part_later(const struct glob *glob, const struct part *part, size_t *at)
{
	bool is_last = part->end == glob->pattern.n;
	bool is_sized = !part->has_wildcard || glob->comparator != SIEVE_COMPARE_UNICODE;
	unsigned known = glob->captures == NULL ? 0 : glob->captures->n;
	size_t start = *at, end;

	if (is_last && is_sized) {
		if (part->size > glob->value.n - start)
			return false;
		start = glob->value.n - part->size;
	} else if (!part->has_wildcard && !part->has_escape) {
		start = sieve_search(glob->comparator, glob->value, start,
		    (struct sieve_text){ glob->pattern.p + part->from, part->size });
		if (start == SIEVE_SEARCH_NONE)
			return false;
	}
	for (;;) {
		end = start;
		capture(glob, *at, start);
		if (has_part(glob, part, &end) && (!is_last || end == glob->value.n)) {
			*at = end;
			return true;
		}
		if (glob->captures != NULL)
			glob->captures->n = known;
		if (start >= glob->value.n || (is_last && is_sized))
			return false;
		start += character_size(glob, start);
	}
}

static bool
is_glob_match(struct glob *glob)
{
	struct part part = take_part(glob, 0);
	size_t at = 0;

	if (glob->captures != NULL)
		glob->captures->n = 0;
	capture(glob, 0, glob->value.n);
	if (!has_part(glob, &part, &at))
		return false;
	if (part.end == glob->pattern.n)
		return at == glob->value.n;
	while (part.end < glob->pattern.n) {
		part = take_part(glob, part.end + 1);
		if (!has_part_later(glob, &part, &at))
			return false;
	}
	return true;
}

bool
sieve_match_glob(enum sieve_comparator comparator, struct sieve_text value,
    struct sieve_text pattern)
{
	struct glob glob = { comparator, value, pattern, NULL, NULL };

	return is_glob_match(&glob);
}

bool
sieve_match_capture(enum sieve_comparator comparator, struct sieve_text value,
    struct sieve_text pattern, struct sieve_captures *out)
{
	struct glob glob = { comparator, value, pattern, out, NULL };

	return is_glob_match(&glob);
}

bool
sieve_match_unicode(const struct sieve_unicode *value, struct sieve_text pattern,
    struct sieve_captures *captures)
{
	struct glob glob = { SIEVE_COMPARE_UNICODE, value->folded, pattern, captures, value };

	if (value->starts == NULL)
		glob.comparator = SIEVE_COMPARE_OCTET;
	if (!is_glob_match(&glob))
		return false;
	if (captures != NULL)
		sieve_unicode_restore(value, captures);
	return true;
}

uint64_t
sieve_match_cost(enum sieve_match match, struct sieve_text value, struct sieve_text key)
{
	uint64_t looks = (value.n + key.n) / 64;

	if (match == SIEVE_MATCH_MATCHES && key.n > 0 &&
	    (memchr(key.p, '?', key.n) != NULL || memchr(key.p, '\\', key.n) != NULL))
		looks += (uint64_t)(value.n / 64 + 1) * (key.n / 8 + 1);
	return 1 + looks;
}

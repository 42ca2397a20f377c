/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_MATCH_H
#define SIEVE_MATCH_H

#include "limit.h"
#include "text.h"

/* RFC 4790 9; the default is the first (RFC 5228 2.7.3). */
enum sieve_comparator {
	SIEVE_COMPARE_CASEMAP, /* i;ascii-casemap */
	SIEVE_COMPARE_OCTET,   /* i;octet */
	SIEVE_COMPARE_NUMERIC, /* i;ascii-numeric */
	SIEVE_COMPARE_UNICODE, /* i;unicode-casemap; both sides must be folded, unicode.h */
};

enum sieve_relation {
	SIEVE_RELATION_GT,
	SIEVE_RELATION_GE,
	SIEVE_RELATION_LT,
	SIEVE_RELATION_LE,
	SIEVE_RELATION_EQ,
	SIEVE_RELATION_NE,
};

/* Codes of the tags, RFC 5228 2.7.1, 5231. */
enum sieve_match {
	SIEVE_MATCH_IS,
	SIEVE_MATCH_CONTAINS,
	SIEVE_MATCH_MATCHES,
	SIEVE_MATCH_REGEX,
	SIEVE_MATCH_VALUE,
	SIEVE_MATCH_COUNT,
	SIEVE_MATCH_LIST, /* RFC 6134 */
};

enum sieve_comparator sieve_match_comparator(struct sieve_text name); /* a known one */
enum sieve_relation sieve_match_relation(struct sieve_text name);     /* likewise */

/*
 * Below, at or above zero as a is before, at or behind b.  Numbers: digits at
 * the front of any length; text that begins with none is behind every number,
 * and two such texts are the same (RFC 4790 9.1.1).
 */
int sieve_match_compare(enum sieve_comparator comparator, struct sieve_text a, struct sieve_text b);
bool sieve_match_is_so(enum sieve_relation relation, int order);

/* In linear time. */
bool sieve_match_contains(enum sieve_comparator comparator, struct sieve_text value,
    struct sieve_text key);
/*
 * :matches, RFC 5228 2.7.1: `*` and `?`, a backslash takes their meaning from
 * them.  `?` is one octet (one character with i;unicode-casemap).  Linear but for
 * parts of the pattern that have `?` or a backslash behind a star: there it is
 * at most value times part, however many stars there are.
 */
bool sieve_match_glob(enum sieve_comparator comparator, struct sieve_text value,
    struct sieve_text pattern);


/* What the wildcards of a pattern stood for: as short as may be, from the left
 * (RFC 5229 3.2); at[0] is the whole value.  All borrow from the value. */
struct sieve_captures {
	struct sieve_text at[SIEVE_CAPTURES_MAX + 1];
	unsigned n;
};

/* As sieve_match_glob; fills *out when it matches, and may spoil it when not. */
bool sieve_match_capture(enum sieve_comparator comparator, struct sieve_text value,
    struct sieve_text pattern, struct sieve_captures *out);

/* Likewise with i;unicode-casemap: the pattern is folded as one.  The captures
 * borrow from the value's original text; captures may be NULL. */
struct sieve_unicode;
bool sieve_match_unicode(const struct sieve_unicode *value, struct sieve_text pattern,
    struct sieve_captures *captures);

/* What matching may cost at most, in looks at 64 bytes. */
uint64_t sieve_match_cost(enum sieve_match match, struct sieve_text value, struct sieve_text key);

#endif

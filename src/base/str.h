/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_STR_H
#define DOORSTEP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A borrowed run of bytes.  Passed by value, owns nothing, is not terminated
 * and may hold NUL.  It is valid as long as whatever it points into.
 */
struct str {
	const char *p;
	size_t n;
};

#define STR_EMPTY ((struct str){ NULL, 0 })
/* For string literals only: the length is taken at compile time. */
#define STR(literal) ((struct str){ "" literal, sizeof literal - 1 })
/* For printf's "%.*s"; text of more than INT_MAX bytes must be cut first. */
#define STR_ARG(s) (int)(s).n, (s).p

struct str str_of(const char *cstr); /* NULL gives the empty str */
struct str str_sub(struct str s, size_t from, size_t count); /* clipped to s */
struct str str_from(struct str s, size_t from);		     /* the rest, clipped */
bool str_is_equal(struct str a, struct str b);
bool str_is_equal_nocase(struct str a, struct str b); /* ASCII case only */
bool str_has_prefix(struct str s, struct str prefix);
bool str_has_prefix_nocase(struct str s, struct str prefix);
bool str_has_suffix(struct str s, struct str suffix);
int str_compare(struct str a, struct str b); /* memcmp order, then length */
struct str str_trim(struct str s);	     /* without SP HT CR LF at both ends */

/* Offset of the first such byte or needle, or -1. */
ptrdiff_t str_find_byte(struct str s, char byte);
ptrdiff_t str_find_last_byte(struct str s, char byte);
ptrdiff_t str_find(struct str s, struct str needle);
size_t str_count_byte(struct str s, char byte);
/* C0 or DEL, NUL among them: nothing that goes into a header or a command. */
bool str_has_control(struct str s);

/*
 * Takes the part before the first `byte` off the front of *rest (and the byte
 * with it) into *out.  False, and *out empty, once *rest is used up; a final
 * part without `byte` is given too.
 */
bool str_can_split(struct str *rest, char byte, struct str *out);

/*
 * Decimal digits only, no sign, no space: true and *out set when the whole of
 * s is a number not above `max`.
 */
bool str_is_number(struct str s, uint64_t max, uint64_t *out);

/* ASCII case folding of one byte; anything else comes back as it is. */
static inline unsigned char
str_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Looking at borrowed runs of bytes.  Knows no encoding but ASCII, and never
 * trusts that a NUL stands behind the last byte. */
#include "base/str.h"

#include <string.h>

struct str
str_of(const char *cstr)
{
	if (cstr == NULL)
		return STR_EMPTY;
	return (struct str){ cstr, strlen(cstr) };
}

struct str
str_sub(struct str s, size_t from, size_t count)
{
	s = str_from(s, from);
	if (count < s.n)
		s.n = count;
	return s;
}

struct str
str_from(struct str s, size_t from)
{
	if (from == 0)
		return s;
	if (from > s.n)
		from = s.n;
	return (struct str){ s.p == NULL ? NULL : s.p + from, s.n - from };
}

/* memcmp may not be given NULL, even for no bytes. */
static int
compare_bytes(const char *a, const char *b, size_t n)
{
	return n == 0 ? 0 : memcmp(a, b, n);
}

static bool
is_same_nocase(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (str_lower((unsigned char)a[i]) != str_lower((unsigned char)b[i]))
			return false;
	}
	return true;
}

bool
str_is_equal(struct str a, struct str b)
{
	return a.n == b.n && compare_bytes(a.p, b.p, a.n) == 0;
}

bool
str_is_equal_nocase(struct str a, struct str b)
{
	return a.n == b.n && is_same_nocase(a.p, b.p, a.n);
}

bool
str_has_prefix(struct str s, struct str prefix)
{
	return s.n >= prefix.n && compare_bytes(s.p, prefix.p, prefix.n) == 0;
}

bool
str_has_prefix_nocase(struct str s, struct str prefix)
{
	return s.n >= prefix.n && is_same_nocase(s.p, prefix.p, prefix.n);
}

bool
str_has_suffix(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_is_equal(str_from(s, s.n - suffix.n), suffix);
}

int
str_compare(struct str a, struct str b)
{
	int order = compare_bytes(a.p, b.p, a.n < b.n ? a.n : b.n);

	if (order != 0)
		return order < 0 ? -1 : 1;
	return (a.n > b.n) - (a.n < b.n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

ptrdiff_t
str_find_byte(struct str s, char byte)
{
	const char *at = s.n == 0 ? NULL : memchr(s.p, byte, s.n);

	return at == NULL ? -1 : at - s.p;
}

ptrdiff_t
str_find_last_byte(struct str s, char byte)
{
	const char *at = s.n == 0 ? NULL : memrchr(s.p, byte, s.n);

	return at == NULL ? -1 : at - s.p;
}

ptrdiff_t
str_find(struct str s, struct str needle)
{
	const char *at;

	if (needle.n == 0)
		return 0;
	if (s.n < needle.n)
		return -1;
	at = memmem(s.p, s.n, needle.p, needle.n);
	return at == NULL ? -1 : at - s.p;
}

bool
str_has_control(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

size_t
str_count_byte(struct str s, char byte)
{
	const char *p = s.p, *end;
	size_t count = 0;

	if (s.n == 0)
		return 0;
	end = p + s.n;
	while (p < end && (p = memchr(p, byte, (size_t)(end - p))) != NULL) {
		count++;
		p++;
	}
	return count;
}

bool
str_can_split(struct str *rest, char byte, struct str *out)
{
	ptrdiff_t at;

	if (rest->n == 0) {
		*out = STR_EMPTY;
		return false;
	}
	at = str_find_byte(*rest, byte);
	if (at == -1) {
		*out = *rest;
		*rest = str_from(*rest, rest->n);
		return true;
	}
	*out = str_sub(*rest, 0, (size_t)at);
	*rest = str_from(*rest, (size_t)at + 1);
	return true;
}

bool
str_is_number(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t number = 0;
	uint64_t digit;
	size_t i;

	if (s.n == 0)
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		digit = (uint64_t)(s.p[i] - '0');
		if (digit > max || number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*out = number;
	return true;
}

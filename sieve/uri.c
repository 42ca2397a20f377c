/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Percent-encoding.  Knows no scheme. */

#include "uri.h"

#include <string.h>

#include "unicode.h"

static const char digits[] = "0123456789ABCDEF";

/* RFC 3986 2.3 */
static bool
is_unreserved(char c)
{
	unsigned char lower = sieve_text_lower((unsigned char)c);

	return (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ||
	    (c != '\0' && strchr("-._~", c) != NULL);
}

void
sieve_uri_encode(struct sieve_arena *a, struct sieve_text text, struct sieve_text *out)
{
	char *p = sieve_arena_get(a, 3 * text.n + 1);
	unsigned char c;
	size_t i, n = 0;

	for (i = 0; p != NULL && i < text.n; i++) {
		c = (unsigned char)text.p[i];
		p[n++] = is_unreserved(text.p[i]) ? text.p[i] : '%';
		if (p[n - 1] != '%')
			continue;
		p[n++] = digits[c >> 4];
		p[n++] = digits[c & 15];
	}
	*out = p == NULL ? SIEVE_TEXT_EMPTY : (struct sieve_text){ p, n };
}

static int
find_digit(char c)
{
	const char *at;

	if (c >= 'a' && c <= 'f')
		c = (char)(c - 32);
	at = c == '\0' ? NULL : strchr(digits, c);
	return at == NULL ? -1 : (int)(at - digits);
}

bool
sieve_uri_is_decoded(struct sieve_arena *a, struct sieve_text raw, const char *allowed,
    struct sieve_text *out)
{
	char *p = sieve_arena_get(a, raw.n + 1);
	int high, low;
	size_t i, n = 0;

	*out = SIEVE_TEXT_EMPTY;
	for (i = 0; p != NULL && i < raw.n; i++) {
		p[n++] = raw.p[i];
		if (is_unreserved(raw.p[i]) ||
		    (raw.p[i] != '\0' && strchr(allowed, raw.p[i]) != NULL))
			continue;
		if (raw.p[i] != '%' || raw.n - i < 3)
			return false;
		high = find_digit(raw.p[++i]);
		low = find_digit(raw.p[++i]);
		if (high == -1 || low == -1 || high + low == 0)
			return false;
		p[n - 1] = (char)(high * 16 + low);
	}
	if (p != NULL)
		*out = (struct sieve_text){ p, n };
	return sieve_unicode_is_valid(*out);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Where strings refer to variables, RFC 5229 3.  Knows no values. */

#include "reference.h"

#include <limits.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* variable-name: digits, or an identifier; 0: neither stands there. */
static size_t
measure_name(struct sieve_text text, size_t at)
{
	size_t i = at;

	if (i < text.n && is_digit(text.p[i])) {
		while (i < text.n && is_digit(text.p[i]))
			i++;
		return i - at;
	}
	if (i == text.n || !is_letter(text.p[i]))
		return 0;
	while (i < text.n && (is_letter(text.p[i]) || is_digit(text.p[i])))
		i++;
	return i - at;
}

bool
sieve_reference_is_name(struct sieve_text name)
{
	return name.n > 0 && is_letter(name.p[0]) && measure_name(name, 0) == name.n;
}

static unsigned
read_number(struct sieve_text name)
{
	unsigned number = 0;
	size_t i;

	for (i = 0; i < name.n; i++) {
		if (number > UINT_MAX / 10 - 1)
			return UINT_MAX;
		number = number * 10 + (unsigned)(name.p[i] - '0');
	}
	return number;
}

/* A reference that begins with the `${` at `from`. */
static bool
is_reference(struct sieve_text text, size_t from, struct sieve_reference *out)
{
	size_t at = from + 2, n = measure_name(text, at);

	*out = (struct sieve_reference){ .from = from };
	out->is_number = n > 0 && is_digit(text.p[at]);
	while (n > 0 && at + n < text.n && text.p[at + n] == '.') {
		/* A namespace begins with an identifier. */
		if (out->is_number)
			return false;
		out->has_namespace = true;
		at += n + 1;
		n = measure_name(text, at);
	}
	if (n == 0 || at + n >= text.n || text.p[at + n] != '}')
		return false;
	out->name = (struct sieve_text){ text.p + from + 2, at + n - from - 2 };
	out->end = at + n + 1;
	if (out->is_number)
		out->number = read_number(out->name);
	return true;
}

bool
sieve_reference_find(struct sieve_text text, size_t from, struct sieve_reference *out)
{
	size_t i;

	for (i = from; i + 3 < text.n; i++)
		if (text.p[i] == '$' && text.p[i + 1] == '{' && is_reference(text, i, out))
			return true;
	return false;
}

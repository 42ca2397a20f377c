/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* encoded-character, RFC 5228 2.4.2.4: ${hex: 40} and ${unicode: 40}. */

#include "check.h"

#include <string.h>

struct decoder {
	struct sieve_checker *checker;
	const struct sieve_string *string;
	struct sieve_text in;
	size_t at;
	char *out;
	size_t n;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)sieve_text_lower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
pass_blanks(const struct decoder *d, size_t *at)
{
	while (*at < d->in.n && is_blank(d->in.p[*at]))
		++*at;
}

/* Hexadecimal digits; the number they make, cut at 2^24. */
static size_t
read_code(const struct decoder *d, size_t at, unsigned long *code_out)
{
	size_t n = 0;

	*code_out = 0;
	while (at + n < d->in.n && digit_of(d->in.p[at + n]) != -1) {
		if (*code_out < 0x1000000)
			*code_out = *code_out * 16 + (unsigned long)digit_of(d->in.p[at + n]);
		n++;
	}
	return n;
}

static void
add_byte(struct decoder *d, unsigned long byte)
{
	d->out[d->n++] = (char)byte;
}

static void
add_character(struct decoder *d, unsigned long code)
{
	if (code < 0x80) {
		add_byte(d, code);
		return;
	}
	if (code < 0x800) {
		add_byte(d, 0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			add_byte(d, 0xe0 | code >> 12);
		} else {
			add_byte(d, 0xf0 | code >> 18);
			add_byte(d, 0x80 | (code >> 12 & 0x3f));
		}
		add_byte(d, 0x80 | (code >> 6 & 0x3f));
	}
	add_byte(d, 0x80 | (code & 0x3f));
}

/* RFC 5228 2.4.2.4: "it is an error for a script to use a hexadecimal value
 * that isn't in either the range 0 to D7FF or the range E000 to 10FFFF".  NUL
 * cannot be in any string of ours. */
static void
add_code(struct decoder *d, unsigned long code, bool is_unicode)
{
	bool is_fine = code <= 0xd7ff || (code >= 0xe000 && code <= 0x10ffff);

	if (code == 0)
		sieve_error_add(d->checker->errors, d->string->offset,
		    "this string holds a NUL byte");
	else if (!is_fine)
		sieve_error_add(d->checker->errors, d->string->offset,
		    "this string has a code that is no character: %lx", code);
	else if (is_unicode)
		add_character(d, code);
	else
		add_byte(d, code);
}

/* Codes with blanks between, up to a `}`; 0: that is not what stands there. */
static size_t
measure_codes(const struct decoder *d, size_t at, size_t digits_max)
{
	unsigned long code;
	size_t digits, before = at, count = 0;

	for (;; count++) {
		pass_blanks(d, &at);
		digits = read_code(d, at, &code);
		if (digits == 0 || digits > digits_max || (count > 0 && at == before))
			break;
		at += digits;
		before = at;
	}
	return digits == 0 && count > 0 && at < d->in.n && d->in.p[at] == '}' ? at : 0;
}

/* "MUST NOT raise an error for an out-of-range Unicode value unless the
 * sequence containing it is well-formed": so it is looked at twice. */
static bool
can_decode(struct decoder *d, const char *prefix, size_t digits_max)
{
	size_t n = strlen(prefix), at = d->at + n, end;
	unsigned long code;

	if (d->in.n - d->at < n || !sieve_text_is((struct sieve_text){ d->in.p + d->at, n }, prefix))
		return false;
	end = measure_codes(d, at, digits_max);
	if (end == 0)
		return false;
	for (pass_blanks(d, &at); at < end; pass_blanks(d, &at)) {
		at += read_code(d, at, &code);
		add_code(d, code, digits_max > 2);
	}
	d->at = end + 1;
	return true;
}

static void
decode(struct sieve_checker *checker, struct sieve_string *string)
{
	struct decoder d = { .checker = checker, .string = string, .in = string->text };

	if (d.in.n < 2 || memchr(d.in.p, '$', d.in.n) == NULL)
		return;
	/* A code is never shorter than what it stands for. */
	d.out = sieve_arena_get(checker->errors->arena, d.in.n + 1);
	if (d.out == NULL)
		return;
	while (d.at < d.in.n) {
		if (!can_decode(&d, "${hex:", 2) && !can_decode(&d, "${unicode:", SIZE_MAX))
			d.out[d.n++] = d.in.p[d.at++];
	}
	string->text = (struct sieve_text){ d.out, d.n };
}

const struct sieve_extension sieve_ext_encoded = {
	.name = "encoded-character",
	.rfc = "RFC 5228",
	.read = decode,
};

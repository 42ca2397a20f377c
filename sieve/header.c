/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Header fields that are written: encoded and folded.  Reads none. */

#include "header.h"

#include <string.h>

#define COLUMNS 78	/* RFC 5322 2.1.1 */
#define WORD_BYTES 42	/* of UTF-8: with its frame, base64 of it has 68 columns */

/* What is written so far; room was made for all of it. */
struct writer {
	char *p;
	size_t n, cap, column;
};

bool
sieve_header_is_name(struct sieve_text name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == ':')
			return false;
	return name.n > 0;
}

static void
put(struct writer *w, const char *p, size_t n)
{
	if (n > w->cap - w->n)
		return;
	memcpy(w->p + w->n, p, n);
	w->n += n;
	w->column += n;
}

static void
fold(struct writer *w)
{
	put(w, "\n ", 2);
	w->column = 1;
}

static void
put_base64(struct writer *w, struct sieve_text t)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char in[3];
	char out[4];
	size_t i, n;

	for (i = 0; i < t.n; i += 3) {
		n = t.n - i < 3 ? t.n - i : 3;
		memset(in, 0, sizeof in);
		memcpy(in, t.p + i, n);
		out[0] = digits[in[0] >> 2];
		out[1] = digits[(in[0] & 3) << 4 | in[1] >> 4];
		out[2] = n < 2 ? '=' : digits[(in[1] & 15) << 2 | in[2] >> 6];
		out[3] = n < 3 ? '=' : digits[in[2] & 63];
		put(w, out, sizeof out);
	}
}

/* RFC 2047 2, 5: words of at most 75 characters, none with half a character. */
static void
put_encoded(struct writer *w, struct sieve_text t)
{
	struct sieve_text word;

	while (t.n > 0) {
		word = sieve_text_cut(t, WORD_BYTES);
		if (word.n == 0)
			word.n = t.n < WORD_BYTES ? t.n : WORD_BYTES;
		if (w->column > 1 && w->column + 12 + (word.n + 2) / 3 * 4 > COLUMNS)
			fold(w);
		put(w, "=?utf-8?b?", 10);
		put_base64(w, word);
		put(w, "?=", 2);
		t.p += word.n;
		t.n -= word.n;
		if (t.n > 0)
			fold(w);
	}
}

static bool
needs_encoding(struct sieve_text t)
{
	size_t i;

	for (i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] >= 0x7f ||
		    /* It would be read as one. */
		    (t.p[i] == '=' && i + 1 < t.n && t.p[i + 1] == '?'))
			return true;
	return false;
}

static struct sieve_text
take_word(struct sieve_text *rest)
{
	struct sieve_text word = { rest->p, 0 };

	while (word.n < rest->n && rest->p[word.n] == ' ')
		word.n++;
	while (word.n < rest->n && rest->p[word.n] != ' ')
		word.n++;
	rest->p += word.n;
	rest->n -= word.n;
	return word;
}

static void
put_plain(struct writer *w, struct sieve_text t)
{
	struct sieve_text word;

	while (t.n > 0) {
		word = take_word(&t);
		/* Its first blank is what the line is folded at; a line of blanks
		 * would end the header for some. */
		if (w->column > 1 && w->column + word.n > COLUMNS && word.n > 1 &&
		    word.p[0] == ' ' && word.p[word.n - 1] != ' ') {
			put(w, "\n", 1);
			w->column = 0;
		}
		put(w, word.p, word.n);
	}
}

struct sieve_text
sieve_header_encode(struct sieve_arena *a, struct sieve_text name, struct sieve_text value)
{
	struct sieve_text clean = sieve_arena_copy(a, value);
	struct writer w = { .cap = 3 * value.n + 128, .column = name.n + 2 };
	char *p = (char *)(uintptr_t)clean.p;
	size_t i;

	w.p = sieve_arena_get(a, w.cap);
	if (a->is_out)
		return SIEVE_TEXT_EMPTY;
	for (i = 0; i < clean.n; i++)
		if ((unsigned char)p[i] < ' ')
			p[i] = ' ';
	if (needs_encoding(clean))
		put_encoded(&w, clean);
	else
		put_plain(&w, clean);
	return (struct sieve_text){ w.p, w.n };
}

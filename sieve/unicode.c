/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Preparing text for i;unicode-casemap, RFC 5051 2, by the tables of
 * libunistring, of which nothing is used that takes memory. */

#include "unicode.h"

#include <string.h>

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

/* The longest decomposition is that of U+FDFA, 18 characters; nested ones are
 * at most four deep. */
#define DECOMPOSED_MAX 64

/* Where folded text goes; p NULL: it is only counted. */
struct sink {
	char *p;
	size_t n;
	unsigned char *starts;
	bool is_pattern;
};

static void
put(struct sink *sink, const void *p, size_t n)
{
	if (sink->p != NULL)
		memcpy(sink->p + sink->n, p, n);
	sink->n += n;
}

static void
put_character(struct sink *sink, ucs4_t c)
{
	uint8_t bytes[6];
	int n = u8_uctomb(bytes, c, sizeof bytes);

	if (sink->is_pattern && (c == '*' || c == '?' || c == '\\'))
		put(sink, "\\", 1);
	put(sink, bytes, (size_t)n);
}

/* RFC 5051 2 (2): its title case, and of that the decomposition of any type
 * until there is none. */
static void
put_folded(struct sink *sink, ucs4_t c)
{
	ucs4_t waiting[DECOMPOSED_MAX], parts[UC_DECOMPOSITION_MAX_LENGTH];
	int n = 1, count, tag;

	waiting[0] = uc_totitle(c);
	while (n > 0) {
		c = waiting[--n];
		count = c < 0x80 ? -1 : uc_decomposition(c, &tag, parts);
		if (count < 0 || n + count > DECOMPOSED_MAX) {
			put_character(sink, c);
			continue;
		}
		while (count > 0)
			waiting[n++] = parts[--count];
	}
}

static void
mark_start(struct sink *sink)
{
	if (sink->starts != NULL)
		sink->starts[sink->n / 8] |= (unsigned char)(1u << sink->n % 8);
}

/* Bytes of the character at the front; 0: it is none. */
static size_t
take_character(struct sieve_text text, size_t at, ucs4_t *out)
{
	int n;

	if ((unsigned char)text.p[at] < 0x80) {
		*out = (unsigned char)text.p[at];
		return 1;
	}
	n = u8_mbtoucr(out, (const uint8_t *)text.p + at, text.n - at);
	return n < 0 ? 0 : (size_t)n;
}

static bool
is_wildcard(const struct sink *sink, ucs4_t c)
{
	return sink->is_pattern && (c == '*' || c == '?');
}

/* False: text is no UTF-8. */
static bool
can_fold(struct sieve_text text, struct sink *sink)
{
	size_t at = 0, n;
	ucs4_t c;

	while (at < text.n) {
		n = take_character(text, at, &c);
		/* The backslash itself goes: what is special is quoted anew. */
		if (n > 0 && sink->is_pattern && c == '\\' && at + 1 < text.n) {
			n = take_character(text, ++at, &c);
			if (n > 0)
				put_folded(sink, c);
		} else if (n > 0 && is_wildcard(sink, c)) {
			put(sink, text.p + at, 1);
		} else if (n > 0) {
			mark_start(sink);
			put_folded(sink, c);
		}
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

static int
make_room(struct sieve_arena *a, struct sieve_unicode *unicode, size_t n)
{
	size_t cap = unicode->cap == 0 ? 256 : unicode->cap;

	while (cap < n)
		cap *= 2;
	if (cap == unicode->cap)
		return 0;
	unicode->room = sieve_arena_get(a, cap);
	unicode->cap = unicode->room == NULL ? 0 : cap;
	return unicode->room == NULL ? -1 : 0;
}

int
sieve_unicode_fold(struct sieve_arena *a, struct sieve_text original, struct sieve_unicode *out)
{
	struct sink sink = { .p = NULL };
	size_t bits;

	out->original = out->folded = original;
	out->starts = NULL;
	/* RFC 5051 2 (1) (b): "The original string is used unchanged". */
	if (!can_fold(original, &sink))
		return 0;
	bits = sieve_text_is_ascii(original) ? 0 : sink.n / 8 + 1;
	if (make_room(a, out, sink.n + bits) == -1)
		return -1;
	sink = (struct sink){ .p = out->room };
	if (bits > 0) {
		sink.starts = (unsigned char *)out->room + out->cap - bits;
		memset(sink.starts, 0, bits);
	}
	can_fold(original, &sink);
	out->folded = (struct sieve_text){ sink.p, sink.n };
	out->starts = sink.starts;
	return 0;
}

static int
fold_once(struct sieve_arena *a, struct sieve_text text, bool is_pattern, struct sieve_text *out)
{
	struct sink sink = { .is_pattern = is_pattern };

	*out = text;
	if (!can_fold(text, &sink))
		return 0;
	sink = (struct sink){ .p = sieve_arena_get(a, sink.n + 1), .is_pattern = is_pattern };
	if (sink.p == NULL)
		return -1;
	can_fold(text, &sink);
	*out = (struct sieve_text){ sink.p, sink.n };
	return 0;
}

int
sieve_unicode_fold_key(struct sieve_arena *a, struct sieve_text key, struct sieve_text *out)
{
	return fold_once(a, key, false, out);
}

int
sieve_unicode_fold_pattern(struct sieve_arena *a, struct sieve_text pattern, struct sieve_text *out)
{
	return fold_once(a, pattern, true, out);
}

/* ---- from folded text to the original ---- */

size_t
sieve_unicode_step(const struct sieve_unicode *text, size_t at)
{
	size_t end = at + 1;

	while (text->starts != NULL && end < text->folded.n &&
	    (text->starts[end / 8] & 1u << end % 8) == 0)
		end++;
	return end - at;
}

/* A place that is a character's start in both. */
struct place {
	size_t folded, original;
};

static size_t
original_step(const struct sieve_unicode *text, size_t at)
{
	ucs4_t ignored;

	return text->starts == NULL ? 1 : take_character(text->original, at, &ignored);
}

/* The last place that is not behind `folded`.  Places are asked for from left
 * to right mostly, so the way to all of them is linear. */
static void
move(const struct sieve_unicode *text, struct place *place, size_t folded)
{
	size_t step;

	if (folded < place->folded)
		*place = (struct place){ 0, 0 };
	while (place->folded < folded) {
		step = sieve_unicode_step(text, place->folded);
		if (place->folded + step > folded)
			return;
		place->folded += step;
		place->original += original_step(text, place->original);
	}
}

void
sieve_unicode_restore(const struct sieve_unicode *text, struct sieve_captures *captures)
{
	struct place place = { 0, 0 };
	size_t from, end;
	unsigned i;

	for (i = 0; i < captures->n; i++) {
		from = (size_t)(captures->at[i].p - text->folded.p);
		end = from + captures->at[i].n;
		move(text, &place, from);
		if (place.folded < from)
			move(text, &place, place.folded + sieve_unicode_step(text, place.folded));
		from = place.original;
		if (place.folded < end)
			move(text, &place, end);
		end = place.original;
		captures->at[i] = (struct sieve_text){ text->original.p + from, end - from };
	}
}

/* ---- UTF-8 ---- */

bool
sieve_unicode_is_valid(struct sieve_text text)
{
	return u8_check((const uint8_t *)text.p, text.n) == NULL;
}

void
sieve_unicode_mend(struct sieve_text text, char *p)
{
	static const char substitute = 0x1a;
	size_t at = 0, n;
	ucs4_t ignored;

	while (at < text.n) {
		n = take_character(text, at, &ignored);
		if (n == 0)
			p[at] = substitute;
		else
			memcpy(p + at, text.p + at, n);
		at += n == 0 ? 1 : n;
	}
}

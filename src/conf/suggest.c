/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The nearest known word by edit distance.  It knows no settings. */
#include "conf/suggest.h"

/* No key is longer; a longer word gets no suggestion. */
#define WORD_MAX 48

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein, one row at a time, letters in either case. */
static size_t
distance(struct str a, struct str b)
{
	size_t row[WORD_MAX + 1];
	size_t i, j;

	for (j = 0; j <= b.n; j++)
		row[j] = j;
	for (i = 1; i <= a.n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (j = 1; j <= b.n; j++) {
			size_t above = row[j];
			bool is_same = str_lower((unsigned char)a.p[i - 1])
			    == str_lower((unsigned char)b.p[j - 1]);

			row[j] = least(least(row[j], row[j - 1]) + 1, corner + (is_same ? 0 : 1));
			corner = above;
		}
	}
	return row[b.n];
}

void
suggest_begin(struct suggest *s, struct str word)
{
	s->word = word;
	s->best = STR_EMPTY;
	/* A third of the letters may be wrong, and always two. */
	s->distance = (word.n / 3 > 2 ? word.n / 3 : 2) + 1;
}

void
suggest_offer(struct suggest *s, struct str known)
{
	size_t found;

	if (s->word.n > WORD_MAX || known.n > WORD_MAX)
		return;
	found = distance(s->word, known);
	if (found >= s->distance || found >= known.n)
		return;
	s->distance = found;
	s->best = known;
}

void
suggest_end(const struct suggest *s, struct buf *out)
{
	if (s->best.n > 0)
		buf_addf(out, ": did you mean \"%.*s\"?", STR_ARG(s->best));
}

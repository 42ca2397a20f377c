/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Rewrites what POSIX has in bracket expressions and PCRE2 has not. */

#include "brackets.h"

#include <string.h>

/* One walk through a pattern. */
struct walk {
	struct sieve_text pattern;
	size_t at;	  /* in pattern */
	bool is_inside;	  /* brackets */
	bool is_first;	  /* just behind `[` or `[^`, where `]` is itself */
};

static bool
has_at(const struct walk *walk, size_t i, char c)
{
	return i < walk->pattern.n && walk->pattern.p[i] == c;
}

/* Bytes of the character at i: UTF-8, or one. */
static size_t
character_size(const struct walk *walk, size_t i)
{
	size_t n = 1;

	if ((unsigned char)walk->pattern.p[i] < 0xc0)
		return 1;
	while (n < 4 && i + n < walk->pattern.n &&
	    ((unsigned char)walk->pattern.p[i + n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Bytes of x when `[=x=]` or `[.x.]` stands here; 0: it does not. */
static size_t
collating_size(const struct walk *walk)
{
	size_t i = walk->at, n;
	char sign;

	if (!walk->is_inside || !has_at(walk, i, '[') || i + 2 >= walk->pattern.n)
		return 0;
	sign = walk->pattern.p[i + 1];
	if (sign != '=' && sign != '.')
		return 0;
	n = character_size(walk, i + 2);
	return has_at(walk, i + 2 + n, sign) && has_at(walk, i + 3 + n, ']') ? n : 0;
}

/* `[:alpha:]`, which is as long as it is. */
static size_t
class_size(const struct walk *walk)
{
	size_t i = walk->at + 2;

	if (!walk->is_inside || !has_at(walk, walk->at, '[') || !has_at(walk, walk->at + 1, ':'))
		return 0;
	while (i < walk->pattern.n && ((walk->pattern.p[i] | 32) >= 'a' || walk->pattern.p[i] == '^') &&
	    walk->pattern.p[i] != '[' && walk->pattern.p[i] != ']')
		i++;
	return has_at(walk, i, ':') && has_at(walk, i + 1, ']') ? i + 2 - walk->at : 0;
}

static void
note_bracket(struct walk *walk)
{
	char c = walk->pattern.p[walk->at];
	bool was_first = walk->is_first;

	walk->is_first = false;
	if (!walk->is_inside && c == '[') {
		walk->is_inside = walk->is_first = true;
		if (has_at(walk, walk->at + 1, '^'))
			walk->at++;
	} else if (walk->is_inside && c == ']' && !was_first) {
		walk->is_inside = false;
	}
}

/* Goes on by one piece, which is out[0..*n_out) afterwards: of the pattern, or
 * a character of it with a backslash in front. */
static void
next_piece(struct walk *walk, char *out, struct sieve_text *piece_out)
{
	size_t from = walk->at, n = collating_size(walk);

	if (n > 0) {
		walk->is_first = false;
		walk->at += n + 4;
		*piece_out = (struct sieve_text){ walk->pattern.p + from + 2, n };
		if (n == 1 && strchr("\\]^-[", *piece_out->p) != NULL) {
			out[0] = '\\';
			out[1] = *piece_out->p;
			*piece_out = (struct sieve_text){ out, 2 };
		}
		return;
	}
	n = class_size(walk);
	if (n > 0) {
		walk->is_first = false;
		walk->at += n;
	} else if (has_at(walk, from, '\\') && from + 1 < walk->pattern.n) {
		walk->is_first = false;
		walk->at += 2;
	} else {
		note_bracket(walk);
		walk->at++;
	}
	*piece_out = (struct sieve_text){ walk->pattern.p + from, walk->at - from };
}

size_t
sieve_brackets_plain(struct sieve_text pattern, char *p)
{
	struct walk walk = { .pattern = pattern };
	struct sieve_text piece;
	char quoted[2];
	size_t n = 0;

	while (walk.at < pattern.n) {
		next_piece(&walk, quoted, &piece);
		memcpy(p + n, piece.p, piece.n);
		n += piece.n;
	}
	return n;
}

size_t
sieve_brackets_place(struct sieve_text pattern, size_t offset)
{
	struct walk walk = { .pattern = pattern };
	struct sieve_text piece;
	char quoted[2];
	size_t n = 0, from = 0;

	while (walk.at < pattern.n && n < offset) {
		from = walk.at;
		next_piece(&walk, quoted, &piece);
		n += piece.n;
	}
	/* Inside a piece that was copied as it is. */
	if (n > offset && piece.n == walk.at - from)
		return walk.at - (n - offset);
	return walk.at;
}

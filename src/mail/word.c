/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Encoded words, read and written.  Knows nothing of the fields they stand
 * in. */
#include "mail/word.h"

#include <stdbool.h>
#include <string.h>

#include "mail/charset.h"
#include "mail/transfer.h"

#define LINE_MAX_COLUMN 76  /* RFC 2047 2: of a line with encoded words */
#define WORD_BYTES_MAX 45   /* makes 60 digits: a word of 72 */
#define WORD_BYTES_MIN 6    /* rather a new line than less than this */
#define WORD_FRAME 12	    /* =?utf-8?B? and ?= */
#define PLAIN_RUN_MAX 900   /* of text that cannot be folded: RFC 5322 2.1.1 has 998 */

/* One encoded word as it stands in a text. */
struct word {
	struct str charset; /* without its language (RFC 2231 5) */
	struct str text;
	bool is_base64;
	size_t size; /* of all of it */
};

/* Words of one charset that wait to be converted together. */
struct pending {
	struct buf bytes;
	struct str charset;
	struct str raw; /* from the first to the last of them; empty: none wait */
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_all_space(struct str text)
{
	return str_trim(text).n == 0;
}

/* Takes what stands before the next `?` (and it) off *rest. */
static bool
can_take_section(struct str *rest, struct str *out)
{
	ptrdiff_t end = str_find_byte(*rest, '?');

	if (end < 0)
		return false;
	*out = str_sub(*rest, 0, (size_t)end);
	*rest = str_from(*rest, (size_t)end + 1);
	return true;
}

/*
 * Does text, which starts with "=?", begin with an encoded word?  Blanks in
 * its text are against RFC 2047 2, and common.  No section holds a `?`, so
 * trying at each "=?" of a text costs linear time.
 */
static bool
is_word(struct str text, struct word *out)
{
	struct str rest = str_from(text, 2), encoding;
	ptrdiff_t star;

	if (!can_take_section(&rest, &out->charset) || !can_take_section(&rest, &encoding) ||
	    !can_take_section(&rest, &out->text))
		return false;
	if (rest.n == 0 || rest.p[0] != '=' || encoding.n != 1 || out->charset.n == 0)
		return false;
	if (str_find_byte(out->text, '\n') >= 0)
		return false;
	star = str_find_byte(out->charset, '*');
	if (star >= 0)
		out->charset.n = (size_t)star;
	out->is_base64 = str_lower((unsigned char)encoding.p[0]) == 'b';
	out->size = text.n - rest.n + 1;
	return out->is_base64 || str_lower((unsigned char)encoding.p[0]) == 'q';
}

/* RFC 2047 4.2. */
static void
add_q(struct buf *out, struct str text)
{
	char octet;

	for (size_t i = 0; i < text.n; i++) {
		if (transfer_has_octet(text, i, '=', &octet)) {
			buf_add_byte(out, octet);
			i += 2;
		} else {
			buf_add_byte(out, text.p[i] == '_' ? ' ' : text.p[i]);
		}
	}
}

/* What was appended from `start` on must fit into one line. */
static void
clean_line(struct buf *out, size_t start)
{
	for (size_t i = start; i < out->n; i++)
		if (out->p[i] == '\r' || out->p[i] == '\n')
			out->p[i] = ' ';
}

/* RFC 5322 2.2.3: a line end before a blank is a fold. */
static bool
is_fold(struct str text, size_t at)
{
	if (text.p[at] == '\r' && at + 1 < text.n && text.p[at + 1] == '\n')
		at++;
	return text.p[at] == '\n' && at + 1 < text.n &&
	    (text.p[at + 1] == ' ' || text.p[at + 1] == '\t');
}

/* Text outside of encoded words. */
static void
add_plain(struct buf *out, struct str text)
{
	struct buf unfolded = BUF_EMPTY;
	size_t start = out->n;

	if (str_find_byte(text, '\n') < 0) {
		charset_add_unlabelled(out, text);
	} else {
		for (size_t i = 0; i < text.n; i++) {
			if (!is_fold(text, i))
				buf_add_byte(&unfolded, text.p[i]);
			else if (text.p[i] == '\r')
				i++;
		}
		charset_add_unlabelled(out, buf_str(&unfolded));
	}
	clean_line(out, start);
	buf_fini(&unfolded);
}

static void
flush_words(struct pending *pending, struct charset_set *set, struct buf *out)
{
	size_t start = out->n;

	if (pending->raw.n == 0)
		return;
	if (charset_is_converted(set, pending->charset, buf_str(&pending->bytes), out))
		clean_line(out, start);
	else
		add_plain(out, pending->raw);
	pending->raw = STR_EMPTY;
	buf_clear(&pending->bytes);
}

static void
add_word(struct pending *pending, const struct word *word, const char *at)
{
	if (pending->raw.n == 0) {
		pending->charset = word->charset;
		pending->raw.p = at;
	}
	pending->raw.n = (size_t)(at - pending->raw.p) + word->size;
	if (word->is_base64)
		transfer_add_base64(&pending->bytes, word->text);
	else
		add_q(&pending->bytes, word->text);
}

/* Offset of the next "=?" from `at` on, or the length of text. */
static size_t
find_word(struct str text, size_t at)
{
	while (at < text.n) {
		ptrdiff_t equals = str_find_byte(str_from(text, at), '=');

		if (equals < 0)
			return text.n;
		at += (size_t)equals;
		if (at + 1 < text.n && text.p[at + 1] == '?')
			return at;
		at++;
	}
	return text.n;
}

void
word_add_decoded(struct buf *out, struct str raw, struct charset_set *set)
{
	struct pending pending = { BUF_EMPTY, STR_EMPTY, STR_EMPTY };
	struct str text = str_trim(raw);
	bool was_word = false;
	size_t done = 0;

	for (size_t at = find_word(text, 0); at < text.n; at = find_word(text, at)) {
		struct str gap;
		struct word word;

		if (!is_word(str_from(text, at), &word)) {
			at += 2;
			continue;
		}
		gap = str_sub(text, done, at - done);
		if (!was_word || !is_all_space(gap)) {
			flush_words(&pending, set, out);
			add_plain(out, gap);
		} else if (!str_is_equal_nocase(pending.charset, word.charset)) {
			flush_words(&pending, set, out);
		}
		add_word(&pending, &word, text.p + at);
		at += word.size;
		done = at;
		was_word = true;
	}
	flush_words(&pending, set, out);
	add_plain(out, str_from(text, done));
	buf_fini(&pending.bytes);
}

void
word_add_labelled(struct buf *out, struct str bytes, struct str charset, struct charset_set *set)
{
	size_t start = out->n;

	if (!charset_is_converted(set, charset, bytes, out))
		charset_add_unlabelled(out, bytes);
	clean_line(out, start);
}

/* Offset behind a comment, or 0 when it is never closed. */
static size_t
find_comment_end(struct str text, size_t at)
{
	size_t depth = 0;

	for (; at < text.n; at++) {
		if (text.p[at] == '\\')
			at++;
		else if (text.p[at] == '(')
			depth++;
		else if (text.p[at] == ')' && --depth == 0)
			return at + 1;
	}
	return 0;
}

/* The inside of a quoted string; returns the offset behind it. */
static size_t
add_quoted(struct buf *out, struct str text, size_t at)
{
	for (; at < text.n && text.p[at] != '"'; at++) {
		if (text.p[at] == '\\' && at + 1 < text.n)
			at++;
		buf_add_byte(out, text.p[at]);
	}
	return at + 1;
}

static void
add_blank(struct buf *out)
{
	if (out->n > 0 && out->p[out->n - 1] != ' ')
		buf_add_byte(out, ' ');
}

/* A phrase as unstructured text: without quotes, comments and extra blanks. */
static void
flatten(struct buf *out, struct str text)
{
	bool is_comment_open = false;
	size_t at = 0;

	while (at < text.n) {
		struct str rest = str_from(text, at);
		struct word word;
		size_t end = 0;

		if (text.p[at] == '(' && !is_comment_open) {
			end = find_comment_end(text, at);
			is_comment_open = end == 0;
		}
		if (end > 0 || is_space(text.p[at])) {
			add_blank(out);
			at = end > 0 ? end : at + 1;
		} else if (text.p[at] == '"') {
			at = add_quoted(out, text, at + 1);
		} else if (str_has_prefix(rest, STR("=?")) && is_word(rest, &word)) {
			/* Some have parentheses and quotes in them. */
			buf_add(out, rest.p, word.size);
			at += word.size;
		} else {
			buf_add_byte(out, text.p[at++]);
		}
	}
}

void
word_add_phrase(struct buf *out, struct str raw, struct charset_set *set)
{
	struct buf flat = BUF_EMPTY;

	flatten(&flat, str_trim(raw));
	word_add_decoded(out, buf_str(&flat), set);
	buf_fini(&flat);
}

static bool
is_printable(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	return true;
}

/* May it stand in a header without encoding? */
static bool
is_plain(struct str text)
{
	struct str rest = text, run;

	if (!is_printable(text) || str_find(text, STR("=?")) >= 0)
		return false;
	/* Blanks at the ends would be lost. */
	if (str_trim(text).n != text.n)
		return false;
	while (str_can_split(&rest, ' ', &run))
		if (run.n > PLAIN_RUN_MAX)
			return false;
	return true;
}

/* Printable text, folded before a word that would not fit. */
static void
add_folded(struct buf *out, struct str text, size_t column)
{
	size_t at = 0;

	while (at < text.n) {
		size_t end = at;

		while (end < text.n && text.p[end] == ' ')
			end++;
		while (end < text.n && text.p[end] != ' ')
			end++;
		if (text.p[at] == ' ' && column + (end - at) > LINE_MAX_COLUMN + 1) {
			buf_add_byte(out, '\n');
			column = 0;
		}
		buf_add(out, text.p + at, end - at);
		column += end - at;
		at = end;
	}
}

/* Well-formed UTF-8 as encoded words. */
static void
add_words(struct buf *out, struct str text, size_t column)
{
	while (text.n > 0) {
		size_t room = column + WORD_FRAME < LINE_MAX_COLUMN
		    ? (LINE_MAX_COLUMN - WORD_FRAME - column) / 4 * 3 : 0;
		struct str part;

		if (room < WORD_BYTES_MIN) {
			buf_add(out, "\n ", 2);
			column = 1;
			continue;
		}
		part = charset_cut_utf8(text, room < WORD_BYTES_MAX ? room : WORD_BYTES_MAX);
		text = str_from(text, part.n);
		buf_add_cstr(out, "=?utf-8?B?");
		transfer_encode_base64(out, part);
		buf_add_cstr(out, "?=");
		column = LINE_MAX_COLUMN;
	}
}

/* Whatever text was, as UTF-8 that encoded words may carry. */
static void
add_encoded(struct buf *out, struct str text, size_t column)
{
	struct buf clean = BUF_EMPTY;

	charset_is_converted(NULL, STR("utf-8"), text, &clean);
	clean_line(&clean, 0);
	add_words(out, buf_str(&clean), column);
	buf_fini(&clean);
}

void
word_add_encoded(struct buf *out, struct str text, size_t column)
{
	if (is_plain(text))
		add_folded(out, text, column);
	else
		add_encoded(out, text, column);
}

/* RFC 5322 3.2.5: only atoms and blanks, so that no quotes are needed. */
static bool
is_atoms(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (strchr("()<>[]:;@\\,.\"", text.p[i]) != NULL)
			return false;
	return text.n > 0;
}

void
word_add_encoded_phrase(struct buf *out, struct str text, size_t column)
{
	struct buf quoted = BUF_EMPTY;

	if (!is_plain(text)) {
		add_encoded(out, text, column);
	} else if (is_atoms(text)) {
		add_folded(out, text, column);
	} else {
		buf_add_byte(&quoted, '"');
		for (size_t i = 0; i < text.n; i++) {
			if (text.p[i] == '"' || text.p[i] == '\\')
				buf_add_byte(&quoted, '\\');
			buf_add_byte(&quoted, text.p[i]);
		}
		buf_add_byte(&quoted, '"');
		add_folded(out, buf_str(&quoted), column);
	}
	buf_fini(&quoted);
}

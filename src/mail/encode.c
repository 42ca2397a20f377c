/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Text as it may go through any mail system.  Does not know what the text is,
 * nor its charset. */
#include "mail/encode.h"

#include <stdbool.h>

#define LINE_MAX_BYTES 998	 /* RFC 5322 2.1.1 */
#define ENCODED_LINE_MAX 76	 /* RFC 2045 6.7 (5), 6.8 */
#define BASE64_LINE_BYTES 57	 /* make 76 digits */

/* Passes one line end, whatever it is; false: there is none at *at. */
static bool
can_pass_end(struct str text, size_t *at)
{
	if (text.p[*at] == '\r') {
		*at += *at + 1 < text.n && text.p[*at + 1] == '\n' ? 2 : 1;
		return true;
	}
	if (text.p[*at] != '\n')
		return false;
	*at += 1;
	return true;
}

static bool
is_plain(unsigned char c)
{
	return (c >= ' ' && c <= '~') || c == '\t';
}

enum transfer_encoding
encode_choose(struct str text)
{
	size_t at = 0, line = 0, longest = 0, odd = 0;

	while (at < text.n) {
		if (can_pass_end(text, &at)) {
			line = 0;
			continue;
		}
		odd += !is_plain((unsigned char)text.p[at++]);
		line++;
		if (line > longest)
			longest = line;
	}
	if (odd == 0 && longest <= LINE_MAX_BYTES)
		return TRANSFER_7BIT;
	/* Two more bytes for each against one more for three. */
	return odd > text.n / 6 ? TRANSFER_BASE64 : TRANSFER_QUOTED_PRINTABLE;
}

const char *
encode_name(enum transfer_encoding encoding)
{
	if (encoding == TRANSFER_BASE64)
		return "base64";
	return encoding == TRANSFER_QUOTED_PRINTABLE ? "quoted-printable" : "7bit";
}

/* Offset of the line end at or behind `at`, or the length of text. */
static size_t
find_end(struct str text, size_t at)
{
	while (at < text.n && text.p[at] != '\n' && text.p[at] != '\r')
		at++;
	return at;
}

static void
add_lines(struct buf *out, struct str text, const char *line_end)
{
	size_t at = 0, end;

	while (at < text.n) {
		end = find_end(text, at);
		buf_add(out, text.p + at, end - at);
		buf_add_cstr(out, line_end);
		if (end < text.n)
			(void)can_pass_end(text, &end);
		at = end;
	}
}

void
encode_add_lines(struct buf *out, struct str text)
{
	add_lines(out, text, "\n");
}

/* May this byte of a line stand for itself? */
static bool
is_literal(struct str line, size_t at, size_t column)
{
	unsigned char c = (unsigned char)line.p[at];

	if (c == '=' || !is_plain(c))
		return false;
	/* RFC 2045 6.7 (3): blanks at the end are lost on the way. */
	if ((c == ' ' || c == '\t') && at + 1 == line.n)
		return false;
	/* A lone dot ends DATA, and From_ is quoted by mbox. */
	return column > 0 || (c != '.' && !str_has_prefix(str_from(line, at), STR("From ")));
}

static void
add_quoted_line(struct buf *out, struct str line)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t column = 0;

	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		size_t need = is_literal(line, i, column) ? 1 : 3;

		/* One column is kept for the `=` of a soft line break. */
		if (column + need > ENCODED_LINE_MAX - 1) {
			buf_add(out, "=\n", 2);
			column = 0;
			need = is_literal(line, i, column) ? 1 : 3;
		}
		if (need == 1) {
			buf_add_byte(out, line.p[i]);
		} else {
			buf_add_byte(out, '=');
			buf_add_byte(out, digits[c >> 4]);
			buf_add_byte(out, digits[c & 15]);
		}
		column += need;
	}
	buf_add_byte(out, '\n');
}

void
encode_add_quoted_printable(struct buf *out, struct str text)
{
	size_t at = 0, end;

	while (at < text.n) {
		end = find_end(text, at);
		add_quoted_line(out, str_sub(text, at, end - at));
		if (end < text.n)
			(void)can_pass_end(text, &end);
		at = end;
	}
}

void
encode_add_base64(struct buf *out, struct str bytes)
{
	size_t at;

	for (at = 0; at < bytes.n; at += BASE64_LINE_BYTES) {
		transfer_encode_base64(out, str_sub(bytes, at, BASE64_LINE_BYTES));
		buf_add_byte(out, '\n');
	}
}

void
encode_add(struct buf *out, struct str text, enum transfer_encoding encoding)
{
	struct buf lines = BUF_EMPTY;

	if (encoding == TRANSFER_QUOTED_PRINTABLE) {
		encode_add_quoted_printable(out, text);
	} else if (encoding == TRANSFER_BASE64) {
		/* RFC 2045 6.8: line breaks of text are CRLF before encoding. */
		add_lines(&lines, text, "\r\n");
		encode_add_base64(out, buf_str(&lines));
		out->bad = out->bad || lines.bad;
	} else {
		encode_add_lines(out, text);
	}
	buf_fini(&lines);
}

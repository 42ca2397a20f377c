/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Transfer encodings, decoded as far as they go.  Does not know what the
 * bytes mean. */
#include "mail/transfer.h"

#include <stdint.h>

#include "mail/header.h"

#define NO_DIGIT 64

static unsigned
base64_digit(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26u;
	if (c >= '0' && c <= '9')
		return c - '0' + 52u;
	return c == '+' ? 62 : c == '/' ? 63 : NO_DIGIT;
}

void
transfer_add_base64(struct buf *out, struct str text)
{
	uint32_t bits = 0;
	unsigned have = 0;
	char *p = buf_reserve(out, text.n / 4 * 3 + 3);
	size_t n = 0;

	if (p == NULL)
		return;
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = base64_digit((unsigned char)text.p[i]);

		if (digit == NO_DIGIT) {
			/* RFC 2045 6.8: what is left in the group is padding. */
			if (text.p[i] == '=')
				have = 0;
			continue;
		}
		bits = bits << 6 | digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			p[n++] = (char)(bits >> have);
		}
	}
	buf_grew(out, n);
}

void
transfer_encode_base64(struct buf *out, struct str bytes)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t bits = (uint32_t)(unsigned char)bytes.p[i] << 16;

		if (left > 1)
			bits |= (uint32_t)(unsigned char)bytes.p[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)bytes.p[i + 2];
		buf_add_byte(out, digits[bits >> 18]);
		buf_add_byte(out, digits[bits >> 12 & 63]);
		buf_add_byte(out, left > 1 ? digits[bits >> 6 & 63] : '=');
		buf_add_byte(out, left > 2 ? digits[bits & 63] : '=');
	}
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	/* RFC 2045 6.7 (1): lower case is an error that is easy to read. */
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
transfer_has_octet(struct str text, size_t at, char mark, char *out)
{
	int high, low;

	if (text.n - at < 3 || text.p[at] != mark)
		return false;
	high = hex_digit(text.p[at + 1]);
	low = hex_digit(text.p[at + 2]);
	if (high < 0 || low < 0)
		return false;
	*out = (char)(high << 4 | low);
	return true;
}

/* One line without its end; false when the end is a soft one. */
static bool
is_hard_line(struct buf *out, struct str line)
{
	size_t run = 0, i = 0;

	/* RFC 2045 6.7 (3): blanks at a line's end were added on the way. */
	while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	while (i < line.n) {
		char octet;

		if (line.p[i] == '=' && i + 1 == line.n) {
			buf_add(out, line.p + run, i - run);
			return false;
		}
		if (!transfer_has_octet(line, i, '=', &octet)) {
			i++;
			continue;
		}
		buf_add(out, line.p + run, i - run);
		buf_add_byte(out, octet);
		i += 3;
		run = i;
	}
	if (line.n > run)
		buf_add(out, line.p + run, line.n - run);
	return true;
}

void
transfer_add_quoted_printable(struct buf *out, struct str text)
{
	while (text.n > 0) {
		ptrdiff_t lf = str_find_byte(text, '\n');
		struct str line = lf < 0 ? text : str_sub(text, 0, (size_t)lf);
		struct str end = str_from(text, line.n);

		end.n = lf < 0 ? 0 : 1;
		if (lf >= 0 && line.n > 0 && line.p[line.n - 1] == '\r') {
			line.n--;
			end = (struct str){ line.p + line.n, 2 };
		}
		if (is_hard_line(out, line))
			buf_add_str(out, end);
		text = str_from(text, lf < 0 ? text.n : (size_t)lf + 1);
	}
}

void
transfer_add_decoded(struct buf *out, struct str body, enum transfer_encoding encoding)
{
	if (encoding == TRANSFER_BASE64)
		transfer_add_base64(out, body);
	else if (encoding == TRANSFER_QUOTED_PRINTABLE)
		transfer_add_quoted_printable(out, body);
	else
		buf_add_str(out, body);
}

enum transfer_encoding
transfer_encoding_of(struct str value)
{
	static const struct {
		struct str name;
		enum transfer_encoding encoding;
	} names[] = {
		{ { "7bit", 4 }, TRANSFER_7BIT },
		{ { "8bit", 4 }, TRANSFER_8BIT },
		{ { "binary", 6 }, TRANSFER_BINARY },
		{ { "quoted-printable", 16 }, TRANSFER_QUOTED_PRINTABLE },
		{ { "base64", 6 }, TRANSFER_BASE64 },
	};
	struct str token = header_skip_space(value);
	size_t n = 0;

	while (n < token.n && token.p[n] > ' ' && token.p[n] != ';' && token.p[n] != '(')
		n++;
	token.n = n;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_is_equal_nocase(token, names[i].name))
			return names[i].encoding;
	return n == 0 ? TRANSFER_7BIT : TRANSFER_UNKNOWN;
}

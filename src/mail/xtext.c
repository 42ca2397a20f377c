/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* xtext and its UTF-8 cousin.  Knows bytes, not what they are for. */

#include "mail/path.h"
#include "mail/xtext.h"

/* RFC 3461 4: hexchar has upper case digits only. */
static int
hex_value(char c, bool is_lower_ok)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return is_lower_ok && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_xchar(unsigned char c)
{
	return c >= '!' && c <= '~' && c != '+' && c != '=';
}

static bool
is_unxtexted(struct str text, char *out, size_t *n_out)
{
	size_t i, n = 0;

	for (i = 0; i < text.n; i++) {
		int high, low;

		if (text.p[i] != '+') {
			if (!is_xchar((unsigned char)text.p[i]))
				return false;
			out[n++] = text.p[i];
			continue;
		}
		if (text.n - i < 3)
			return false;
		high = hex_value(text.p[i + 1], false);
		low = hex_value(text.p[i + 2], false);
		if (high == -1 || low == -1)
			return false;
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	*n_out = n;
	return true;
}

bool
xtext_is_decoded_utf8(struct str text, struct arena *a, struct str *out)
{
	char *bytes = arena_alloc(a, text.n + 1);
	size_t n = 0;

	if (bytes == NULL || !is_unxtexted(text, bytes, &n))
		return false;
	*out = (struct str){ bytes, n };
	return !str_has_control(*out) && path_is_utf8(*out);
}

bool
xtext_is_decoded(struct str text, struct arena *a, struct str *out)
{
	return xtext_is_decoded_utf8(text, a, out) && path_is_ascii(*out);
}

/* `\x{HEXPOINT}` at the front of s: its length, 0 when it is none. */
static size_t
take_point(struct str s, uint32_t *point_out)
{
	uint32_t point = 0;
	size_t i;

	if (!str_has_prefix(s, STR("\\x{")))
		return 0;
	for (i = 3; i < s.n && i < 3 + 6 && s.p[i] != '}'; i++) {
		int digit = hex_value(s.p[i], true);

		if (digit == -1)
			return 0;
		point = point * 16 + (uint32_t)digit;
	}
	if (i < 5 || i >= s.n || s.p[i] != '}' || point > 0x10ffff)
		return 0;
	*point_out = point;
	return i + 1;
}

/* Never longer than the six bytes of the shortest `\x{..}`. */
static size_t
add_point(char *out, uint32_t point)
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

bool
xtext_is_unitext(struct str text, struct arena *a, struct str *out)
{
	char *bytes = arena_alloc(a, text.n + 1);
	size_t n = 0;

	if (bytes == NULL)
		return false;
	while (text.n > 0) {
		unsigned char c = (unsigned char)text.p[0];
		uint32_t point = 0;
		size_t used = 1;

		if (c == '\\') {
			used = take_point(text, &point);
			if (used == 0)
				return false;
			n += add_point(bytes + n, point);
		} else {
			/* QUCHAR: no CTLs, SP, `\`, `+`, `=`. */
			if (c < 0x80 && !is_xchar(c))
				return false;
			bytes[n++] = (char)c;
		}
		text = str_from(text, used);
	}
	*out = (struct str){ bytes, n };
	return !str_has_control(*out) && path_is_utf8(*out);
}

void
xtext_add(struct buf *out, struct str bytes)
{
	size_t i;

	for (i = 0; i < bytes.n; i++) {
		if (is_xchar((unsigned char)bytes.p[i])) {
			buf_add_byte(out, bytes.p[i]);
			continue;
		}
		/* hexchar is upper case: buf_add_hex may not be. */
		buf_addf(out, "+%02X", (unsigned)(unsigned char)bytes.p[i]);
	}
}

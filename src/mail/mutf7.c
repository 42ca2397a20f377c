/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Mailbox names in modified UTF-7 and back.  Knows nothing of separators or
 * of what a folder may be called. */
#include "mail/mutf7.h"

#include <stdint.h>

#include "mail/charset.h"

/* RFC 9051 A.1: base64 with `,` for `/`, without padding. */
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool
is_direct(unsigned long code)
{
	return code >= 0x20 && code <= 0x7e;
}

/* A run of base64 that is being written. */
struct shift {
	uint32_t bits;
	unsigned have;
	bool is_open;
};

static void
add_unit(struct shift *shift, struct buf *out, unsigned unit)
{
	if (!shift->is_open) {
		*shift = (struct shift){ .is_open = true };
		buf_add_byte(out, '&');
	}
	shift->bits = shift->bits << 16 | unit;
	shift->have += 16;
	while (shift->have >= 6) {
		shift->have -= 6;
		buf_add_byte(out, digits[shift->bits >> shift->have & 63]);
	}
}

static void
close_shift(struct shift *shift, struct buf *out)
{
	if (!shift->is_open)
		return;
	if (shift->have > 0)
		buf_add_byte(out, digits[shift->bits << (6 - shift->have) & 63]);
	buf_add_byte(out, '-');
	shift->is_open = false;
}

bool
mutf7_is_encoded(struct buf *out, struct str name)
{
	struct shift shift = { 0, 0, false };
	size_t start = out->n;

	while (name.n > 0) {
		unsigned long code = 0;
		size_t n = charset_take_utf8(name, &code);

		if (n == 0 || code == 0) {
			buf_truncate(out, start);
			return false;
		}
		name = str_from(name, n);
		if (is_direct(code)) {
			close_shift(&shift, out);
			buf_add_byte(out, (char)code);
			if (code == '&')
				buf_add_byte(out, '-');
		} else if (code < 0x10000) {
			add_unit(&shift, out, (unsigned)code);
		} else {
			add_unit(&shift, out, 0xd800 | (unsigned)(code - 0x10000) >> 10);
			add_unit(&shift, out, 0xdc00 | ((unsigned)code & 0x3ff));
		}
	}
	close_shift(&shift, out);
	return true;
}

static int
digit_of(char c)
{
	for (int i = 0; i < 64; i++)
		if (digits[i] == c)
			return i;
	return -1;
}

/* One UTF-16 unit; `high` is a first half that waits for its second. */
static bool
is_unit_added(struct buf *out, unsigned unit, unsigned *high)
{
	bool is_second = unit >= 0xdc00 && unit <= 0xdfff;

	if (is_second != (*high != 0))
		return false;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return true;
	}
	if (is_second)
		charset_add_utf8(out,
		    0x10000 + ((unsigned long)(*high & 0x3ff) << 10 | (unit & 0x3ff)));
	else if (is_direct(unit) || unit == 0)
		return false;
	else
		charset_add_utf8(out, unit);
	*high = 0;
	return true;
}

/* What stands between `&` and `-`, at least one digit. */
static bool
is_run_decoded(struct buf *out, struct str run)
{
	uint32_t bits = 0;
	unsigned have = 0, high = 0;

	for (size_t i = 0; i < run.n; i++) {
		int digit = digit_of(run.p[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (unsigned)digit;
		have += 6;
		if (have < 16)
			continue;
		have -= 16;
		if (!is_unit_added(out, bits >> have & 0xffff, &high))
			return false;
	}
	/* Bits that fill the last digit are zero, and no digit is without need. */
	return high == 0 && have < 6 && (bits & ((1u << have) - 1)) == 0;
}

static bool
is_all_decoded(struct buf *out, struct str encoded)
{
	bool was_shift = false;

	while (encoded.n > 0) {
		unsigned char c = (unsigned char)encoded.p[0];
		struct str run = str_from(encoded, 1);
		ptrdiff_t end = c == '&' ? str_find_byte(run, '-') : 0;

		if (!is_direct(c) || end < 0)
			return false;
		if (end == 0) {
			buf_add_byte(out, (char)c);
			encoded = str_from(encoded, c == '&' ? 2 : 1);
			was_shift = false;
			continue;
		}
		run.n = (size_t)end;
		/* Two runs that touch would have been written as one. */
		if (was_shift || !is_run_decoded(out, run))
			return false;
		was_shift = true;
		encoded = str_from(encoded, (size_t)end + 2);
	}
	return true;
}

bool
mutf7_is_decoded(struct buf *out, struct str encoded)
{
	size_t start = out->n;

	if (is_all_decoded(out, encoded))
		return true;
	buf_truncate(out, start);
	return false;
}

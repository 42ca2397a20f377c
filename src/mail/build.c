/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Writes header fields, one at a time, from text that nobody has looked at.
 * Does not know which fields a message needs. */
#include "mail/build.h"

#include "mail/address.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/encode.h"
#include "mail/header.h"
#include "mail/word.h"

#define COLUMN_MAX 77	/* RFC 5322 2.1.1: of 78 */
#define RUN_MAX 900	/* without a blank: RFC 5322 2.1.1 has 998 for the line */
#define BLANKS_MAX 60	/* in a row, of a text */

static bool
can_begin(struct buf *out, struct str name)
{
	if (name.n > BUILD_NAME_MAX || !header_is_name(name))
		return false;
	buf_add_str(out, name);
	buf_add(out, ": ", 2);
	return true;
}

static size_t
column_of(const struct buf *out)
{
	ptrdiff_t at = str_find_last_byte(buf_str(out), '\n');

	return at == -1 ? out->n : out->n - (size_t)at - 1;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Are so many blanks in a row that a line could not hold them? */
static bool
has_long_blanks(struct str text)
{
	size_t row = 0;

	for (size_t i = 0; i < text.n; i++) {
		row = is_blank(text.p[i]) ? row + 1 : 0;
		if (row > BLANKS_MAX)
			return true;
	}
	return false;
}

static void
add_squeezed(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!is_blank(text.p[i]))
			buf_add_byte(out, text.p[i]);
		else if (out->n > 0 && out->p[out->n - 1] != ' ')
			buf_add_byte(out, ' ');
	}
}

void
build_text(struct buf *out, struct str name, struct str text)
{
	struct buf squeezed = BUF_EMPTY;

	text = str_trim(charset_cut_utf8(str_trim(text), BUILD_TEXT_MAX));
	if (has_long_blanks(text)) {
		add_squeezed(&squeezed, text);
		text = str_trim(buf_str(&squeezed));
	}
	if (text.n > 0 && can_begin(out, name)) {
		word_add_encoded(out, text, name.n + 2);
		buf_add_byte(out, '\n');
	}
	buf_fini(&squeezed);
}

/* Well-formed UTF-8 without control bytes and folds, blanks one by one. */
static void
add_clean(struct buf *out, struct str value)
{
	struct buf squeezed = BUF_EMPTY;

	add_squeezed(&squeezed, str_trim(value));
	for (size_t i = 0; i < squeezed.n; i++)
		if ((unsigned char)squeezed.p[i] < ' ' || squeezed.p[i] == 0x7f)
			squeezed.p[i] = '?';
	charset_is_converted(NULL, STR("utf-8"), buf_str(&squeezed), out);
	out->bad = out->bad || squeezed.bad;
	buf_fini(&squeezed);
}

static bool
is_foldable(struct str clean)
{
	struct str rest = clean, run;

	while (str_can_split(&rest, ' ', &run))
		if (run.n > RUN_MAX)
			return false;
	return true;
}

static void
add_folded(struct buf *out, struct str clean)
{
	size_t column = column_of(out);
	struct str rest = clean, run;
	bool is_first = true;

	while (str_can_split(&rest, ' ', &run)) {
		if (!is_first) {
			if (column + 1 + run.n > COLUMN_MAX) {
				buf_add_byte(out, '\n');
				column = 0;
			}
			buf_add_byte(out, ' ');
			column++;
		}
		buf_add_str(out, run);
		column += run.n;
		is_first = false;
	}
}

void
build_value(struct buf *out, struct str name, struct str value)
{
	struct buf clean = BUF_EMPTY;

	add_clean(&clean, charset_cut_utf8(value, BUILD_TEXT_MAX));
	if (clean.n > 0 && is_foldable(buf_str(&clean)) && can_begin(out, name)) {
		add_folded(out, buf_str(&clean));
		buf_add_byte(out, '\n');
	}
	buf_fini(&clean);
}

void
build_parameter(struct buf *out, struct str name, struct str token, struct str parameter,
    struct str value)
{
	struct buf text = BUF_EMPTY;

	buf_add_str(&text, token);
	buf_add(&text, "; ", 2);
	buf_add_str(&text, parameter);
	buf_add(&text, "=\"", 2);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			buf_add_byte(&text, '\\');
		buf_add_byte(&text, value.p[i]);
	}
	buf_add_byte(&text, '"');
	build_value(out, name, buf_str(&text));
	buf_fini(&text);
}

void
build_date(struct buf *out, struct str name, int64_t seconds, int zone)
{
	if (!can_begin(out, name))
		return;
	date_add_rfc5322(out, seconds, zone);
	buf_add_byte(out, '\n');
}

/* ---- addresses ---- */

static void
add_address(struct buf *out, const struct build_address *address)
{
	struct str display =
	    str_trim(charset_cut_utf8(str_trim(address->display), BUILD_DISPLAY_MAX));

	if (display.n > 0 && !has_long_blanks(display)) {
		word_add_encoded_phrase(out, display, column_of(out));
		if (column_of(out) + address->path.n + 3 > COLUMN_MAX)
			buf_add_byte(out, '\n');
		buf_add(out, " <", 2);
		buf_add_str(out, address->path);
		buf_add_byte(out, '>');
	} else {
		buf_add_str(out, address->path);
	}
}

void
build_addresses(struct buf *out, struct str name, const struct build_address *at, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (!address_is_valid(at[i].path))
			continue;
		if (count == 0 && !can_begin(out, name))
			return;
		if (count++ > 0) {
			buf_add_byte(out, ',');
			/* One a line when they do not all fit: so people read them. */
			buf_add_cstr(out, column_of(out) + at[i].display.n + at[i].path.n + 6 >
			    COLUMN_MAX ? "\n " : " ");
		}
		add_address(out, &at[i]);
	}
	if (count > 0)
		buf_add_byte(out, '\n');
}

/* ---- message ids ---- */

bool
build_is_id(struct str id)
{
	if (id.n < 3 || id.n > BUILD_ID_MAX || id.p[0] != '<' || id.p[id.n - 1] != '>')
		return false;
	for (size_t i = 1; i + 1 < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~' || id.p[i] == '<' || id.p[i] == '>')
			return false;
	return true;
}

bool
build_can_take_id(struct str *rest, struct str *out)
{
	ptrdiff_t begin, end;

	while ((begin = str_find_byte(*rest, '<')) != -1) {
		*rest = str_from(*rest, (size_t)begin);
		end = str_find_byte(*rest, '>');
		if (end == -1)
			break;
		*out = str_sub(*rest, 0, (size_t)end + 1);
		begin = str_find_last_byte(*out, '<');
		*out = str_from(*out, (size_t)begin);
		*rest = str_from(*rest, (size_t)end + 1);
		if (build_is_id(*out))
			return true;
	}
	*rest = STR_EMPTY;
	*out = STR_EMPTY;
	return false;
}

void
build_ids(struct buf *out, struct str name, const struct str *ids, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (!build_is_id(ids[i]))
			continue;
		if (count == 0 && !can_begin(out, name))
			return;
		if (count++ > 0)
			buf_add_cstr(out, column_of(out) + 1 + ids[i].n > COLUMN_MAX ? "\n " : " ");
		buf_add_str(out, ids[i]);
	}
	if (count > 0)
		buf_add_byte(out, '\n');
}

void
build_end(struct buf *out)
{
	buf_add_byte(out, '\n');
}

void
build_text_part(struct buf *out, struct str text)
{
	struct buf clean = BUF_EMPTY;
	enum transfer_encoding encoding;

	charset_is_converted(NULL, STR("utf-8"), charset_cut_utf8(text, BUILD_BODY_MAX), &clean);
	encoding = encode_choose(buf_str(&clean));
	build_value(out, STR("Content-Type"), STR("text/plain; charset=utf-8"));
	build_value(out, STR("Content-Transfer-Encoding"), str_of(encode_name(encoding)));
	build_end(out);
	encode_add(out, buf_str(&clean), encoding);
	out->bad = out->bad || clean.bad;
	buf_fini(&clean);
}

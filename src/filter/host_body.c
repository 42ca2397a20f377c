/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Bodies of parts, as they came, decoded, and as text.  Does not know what is
 * looked for in them. */

#include "filter/host.h"

#include "filter/host_known.h"
#include "mail/html.h"

/* Of base64 and the line ends in it: more than any body of HOST_PART_MAX has. */
#define ENCODED_MAX (HOST_PART_MAX / 2 * 3)

static bool
is_text(const struct mime_part *part)
{
	return str_is_equal_nocase(part->type, STR("text"));
}

static bool
is_html(const struct mime_part *part)
{
	return mime_part_is(part, STR("text"), STR("html"));
}

/* A copy, cut so that all copies together keep their ceiling. */
static struct str
keep(struct host *host, struct str text)
{
	struct host_message *message = host->message;
	size_t room = HOST_BODIES_MAX - message->kept;
	struct str kept;

	text = charset_cut_utf8(text, room < HOST_PART_MAX ? room : HOST_PART_MAX);
	kept = arena_str(message->arena, text);
	message->kept += kept.n;
	return kept;
}

/* ---- decoded ---- */

static bool
is_as_it_is(const struct mime_part *part)
{
	return part->encoding != TRANSFER_BASE64 && part->encoding != TRANSFER_QUOTED_PRINTABLE;
}

/* UTF-8 without NUL; ASCII is. */
static bool
is_clean_utf8(struct str text)
{
	unsigned long code = 1;
	size_t n;

	for (; text.n > 0; text = str_from(text, n)) {
		n = charset_take_utf8(text, &code);
		if (n == 0 || code == 0)
			return false;
	}
	return true;
}

static bool
is_utf8_named(struct str charset)
{
	return charset.n == 0 || str_is_equal_nocase(charset, STR("utf-8")) ||
	    str_is_equal_nocase(charset, STR("us-ascii"));
}

/* Appends bytes as UTF-8; false: their charset is not known. */
static bool
is_converted(struct host *host, struct str charset, struct str bytes, struct buf *out)
{
	if (charset.n > 0 && charset_is_converted(host->charsets, charset, bytes, out))
		return true;
	charset_add_unlabelled(out, bytes);
	return charset.n == 0;
}

static struct str
convert_text(struct host *host, struct host_known *known, const struct mime_part *part,
    struct str bytes)
{
	struct str charset = param_plain(&part->params, STR("charset"), host->message->arena);
	struct buf out = BUF_EMPTY;
	struct str kept;

	if (is_as_it_is(part) && is_utf8_named(charset) && is_clean_utf8(bytes))
		return bytes;
	if (!is_converted(host, charset, bytes, &out))
		known->is_readable = false;
	kept = keep(host, buf_str(&out));
	buf_fini(&out);
	return kept;
}

/* Nothing is copied of what is read as it came. */
static struct str
decode(struct host *host, struct host_known *known, const struct mime_part *part)
{
	struct str raw = mime_part_body(&host->message->mime, part), decoded;
	struct buf bytes = BUF_EMPTY;

	known->is_readable = part->encoding != TRANSFER_UNKNOWN;
	if (is_as_it_is(part))
		return is_text(part)
		    ? convert_text(host, known, part, str_sub(raw, 0, HOST_PART_MAX))
		    : raw;
	transfer_add_decoded(&bytes, str_sub(raw, 0, ENCODED_MAX), part->encoding);
	decoded = str_sub(buf_str(&bytes), 0, HOST_PART_MAX);
	decoded = is_text(part) ? convert_text(host, known, part, decoded) : keep(host, decoded);
	buf_fini(&bytes);
	return decoded;
}

static struct str
get_decoded(struct host *host, struct host_known *known, const struct mime_part *part)
{
	if (!part->is_leaf)
		return mime_part_body(&host->message->mime, part);
	if (!known->has_decoded)
		known->decoded = decode(host, known, part);
	known->has_decoded = true;
	return known->decoded;
}

static struct str
get_text(struct host *host, struct host_known *known, const struct mime_part *part)
{
	struct str decoded = get_decoded(host, known, part);
	struct buf out = BUF_EMPTY;

	if (!part->is_leaf || !is_text(part))
		return STR_EMPTY;
	if (!is_html(part))
		return decoded;
	if (!known->has_text) {
		html_add_text(&out, decoded);
		known->text = keep(host, buf_str(&out));
		buf_fini(&out);
	}
	known->has_text = true;
	return known->text;
}

/* ---- around the parts of a multipart ---- */

/* The first part directly below, or the last; 0: there is none. */
static uint32_t
find_child(const struct mime *m, uint32_t parent, bool is_last)
{
	uint32_t found = 0, i;

	for (i = parent + 1; i < m->count && m->parts[i].depth > m->parts[parent].depth; i++) {
		if (m->parts[i].parent != parent)
			continue;
		found = i;
		if (!is_last)
			break;
	}
	return found;
}

/* RFC 2046 5.1.1: the line end in front of a delimiter belongs to it. */
static size_t
find_content_end(struct str message, size_t at, size_t least)
{
	if (at > least && message.p[at - 1] == '\n')
		at--;
	return at > least && message.p[at] == '\n' && message.p[at - 1] == '\r' ? at - 1 : at;
}

static struct str
get_prologue(const struct mime *m, uint32_t part)
{
	size_t body = m->parts[part].body, at;
	uint32_t child = find_child(m, part, false);

	if (child == 0)
		return mime_part_body(m, &m->parts[part]);
	/* To the beginning of the delimiter's line. */
	at = m->parts[child].header;
	if (at > body && m->message.p[at - 1] == '\n')
		at--;
	while (at > body && m->message.p[at - 1] != '\n')
		at--;
	return str_sub(m->message, body, find_content_end(m->message, at, body) - body);
}

/* Offset behind the line that begins at `at`. */
static size_t
find_line_end(struct str text, size_t at)
{
	ptrdiff_t lf = str_find_byte(str_from(text, at), '\n');

	return lf == -1 ? text.n : at + (size_t)lf + 1;
}

static bool
is_close_delimiter(struct str line, struct str boundary)
{
	return str_has_prefix(line, STR("--")) && str_has_prefix(str_from(line, 2), boundary) &&
	    str_has_prefix(str_from(line, 2 + boundary.n), STR("--"));
}

static struct str
get_epilogue(struct host *host, uint32_t part)
{
	const struct mime *m = &host->message->mime;
	const struct mime_part *whole = &m->parts[part];
	struct str text = str_sub(m->message, 0, whole->body + whole->body_size);
	struct str boundary =
	    str_trim(param_plain(&whole->params, STR("boundary"), host->message->arena));
	uint32_t last = find_child(m, part, true);
	size_t at;

	if (last == 0 || boundary.n == 0)
		return STR_EMPTY;
	at = m->parts[last].body + m->parts[last].body_size;
	while (at < text.n && !is_close_delimiter(str_from(text, at), boundary))
		at = find_line_end(text, at);
	if (at >= text.n)
		return STR_EMPTY;
	at = find_line_end(text, at);
	return (struct str){ text.p + at, text.n - at };
}

struct str
host_body(struct host *host, uint32_t index, enum host_body kind)
{
	const struct mime *m = &host->message->mime;
	const struct mime_part *part = host_mime_part(host, index);
	struct host_known *known = host_find_known(host, index);
	struct str text;

	if (part == NULL || known == NULL)
		return STR_EMPTY;
	switch (kind) {
	case HOST_BODY_RAW:
		if (index == 0 && !host->message->header.is_ended)
			return STR_EMPTY;
		return mime_part_body(m, part);
	case HOST_BODY_DECODED:
		return get_decoded(host, known, part);
	case HOST_BODY_TEXT:
		return get_text(host, known, part);
	case HOST_BODY_EXTRACT:
		text = get_text(host, known, part);
		return known->is_readable ? text : STR_EMPTY;
	case HOST_BODY_PROLOGUE:
		return str_is_equal_nocase(part->type, STR("multipart")) ? get_prologue(m, index)
									 : STR_EMPTY;
	case HOST_BODY_EPILOGUE:
		return str_is_equal_nocase(part->type, STR("multipart"))
		    ? get_epilogue(host, index)
		    : STR_EMPTY;
	case HOST_BODY_HEADER:
		return mime_part_header(m, part);
	case HOST_BODY_ALL:
		return str_sub(m->message, part->header, part->header_size + part->body_size);
	}
	return STR_EMPTY;
}

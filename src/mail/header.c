/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Fields of a header, found and indexed.  Does not know what any of them
 * means. */
#include "mail/header.h"

#include <string.h>

#include "base/hash.h"
#include "mail/limits.h"

#define NO_FIELD UINT32_MAX

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 5322 3.6.8: ftext. */
static bool
is_name_byte(char c)
{
	return c > ' ' && c < 127 && c != ':';
}

bool
header_is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!is_name_byte(name.p[i]))
			return false;
	return name.n > 0;
}

/* Offset behind the line that begins at `at`. */
static size_t
find_line_end(struct str text, size_t at)
{
	const char *lf = memchr(text.p + at, '\n', text.n - at);

	return lf == NULL ? text.n : (size_t)(lf - text.p) + 1;
}

/* RFC 5322 2.1: it ends the header, whatever the body begins with. */
static bool
is_empty_line(struct str text, size_t at)
{
	return text.p[at] == '\n' ||
	    (text.p[at] == '\r' && at + 1 < text.n && text.p[at + 1] == '\n');
}

/* How many bytes of line end the line text[from, to) has. */
static size_t
count_line_end(struct str text, size_t from, size_t to)
{
	if (to == from || text.p[to - 1] != '\n')
		return 0;
	return to - from > 1 && text.p[to - 2] == '\r' ? 2 : 1;
}

void
header_cursor_init(struct header_cursor *cursor, struct str text)
{
	*cursor = (struct header_cursor){ .text = text, .line = 1 };
}

/* Moves behind a line and its continuations; returns where the last began. */
static size_t
pass_lines(struct header_cursor *cursor)
{
	struct str text = cursor->text;
	size_t begin;

	do {
		begin = cursor->at;
		cursor->at = find_line_end(text, begin);
		cursor->line++;
	} while (cursor->at < text.n && is_blank(text.p[cursor->at]));
	return begin;
}

static bool
is_field(struct str text, struct header_field *out)
{
	size_t name = 0, colon;

	while (name < text.n && is_name_byte(text.p[name]))
		name++;
	for (colon = name; colon < text.n && is_blank(text.p[colon]);)
		colon++;
	if (name == 0 || colon == text.n || text.p[colon] != ':')
		return false;
	out->name = str_sub(text, 0, name);
	out->value = str_from(text, colon + 1);
	return true;
}

bool
header_has_field(struct header_cursor *cursor, struct header_field *out)
{
	while (!cursor->is_ended && cursor->at < cursor->text.n) {
		size_t begin = cursor->at, last, line_end;

		out->line = cursor->line;
		out->next = 0;
		if (is_empty_line(cursor->text, begin)) {
			cursor->at = find_line_end(cursor->text, begin);
			cursor->line++;
			cursor->is_ended = true;
			return false;
		}
		/* A continuation at the top of the header is passed with the
		 * lines behind it, as text without a name. */
		last = pass_lines(cursor);
		line_end = count_line_end(cursor->text, last, cursor->at);
		if (is_field(str_sub(cursor->text, begin, cursor->at - line_end - begin), out))
			return true;
	}
	return false;
}

size_t
header_size(struct str text)
{
	struct header_cursor cursor;
	struct header_field field;

	header_cursor_init(&cursor, text);
	while (header_has_field(&cursor, &field))
		continue;
	return cursor.at;
}

/* Cuts a value where the indexed part of the header ends. */
static struct str
cut_value(const struct header *h, struct str text, struct str value)
{
	size_t at = (size_t)(value.p - text.p);

	if ((h->limits & LIMITS_MET_BYTES) == 0 || at + value.n <= LIMITS_HEADER_BYTES)
		return value;
	return str_sub(value, 0, LIMITS_HEADER_BYTES > at ? LIMITS_HEADER_BYTES - at : 0);
}

/* Is it to be indexed?  Notes the limit that forbids it. */
static bool
is_within_limits(struct header *h, struct str text, const struct header_field *field)
{
	if ((size_t)(field->value.p - text.p) + field->value.n > LIMITS_HEADER_BYTES)
		h->limits |= LIMITS_MET_BYTES;
	if (h->count >= LIMITS_HEADER_FIELDS || field->name.n > LIMITS_HEADER_NAME) {
		h->limits |= LIMITS_MET_FIELDS;
		return false;
	}
	return (size_t)(field->name.p - text.p) < LIMITS_HEADER_BYTES;
}

static void
count_fields(struct str text, struct header *h)
{
	struct header_cursor cursor;
	struct header_field field;

	header_cursor_init(&cursor, text);
	while (header_has_field(&cursor, &field)) {
		h->seen++;
		if (is_within_limits(h, text, &field))
			h->count++;
	}
	h->size = cursor.at;
	h->is_ended = cursor.is_ended;
}

static uint32_t
hash_name(struct str name)
{
	char folded[LIMITS_HEADER_NAME];

	for (size_t i = 0; i < name.n; i++)
		folded[i] = (char)str_lower((unsigned char)name.p[i]);
	return (uint32_t)hash_seeded((struct str){ folded, name.n });
}

static void
copy_fields(struct str text, const struct header *h, struct header_field *fields)
{
	struct header again = *h;
	struct header_cursor cursor;
	struct header_field field;

	again.count = 0;
	header_cursor_init(&cursor, text);
	while (again.count < h->count && header_has_field(&cursor, &field)) {
		if (!is_within_limits(&again, text, &field))
			continue;
		field.value = cut_value(h, text, field.value);
		fields[again.count++] = field;
	}
}

/* From the last to the first, so that each chain is in order. */
static void
link_fields(const struct header *h, struct header_field *fields, uint32_t *buckets)
{
	for (uint32_t i = 0; i <= h->bucket_mask; i++)
		buckets[i] = NO_FIELD;
	for (uint32_t i = h->count; i-- > 0;) {
		uint32_t *bucket = &buckets[hash_name(fields[i].name) & h->bucket_mask];

		fields[i].next = *bucket;
		*bucket = i;
	}
}

void
header_parse(struct str text, struct arena *a, struct header *out)
{
	struct header_field *fields;
	uint32_t *buckets;
	uint32_t cap = 8;

	*out = (struct header){ .limits = 0 };
	count_fields(text, out);
	while (cap < out->count)
		cap *= 2;
	fields = arena_array(a, out->count + 1, sizeof *fields);
	buckets = arena_array(a, cap, sizeof *buckets);
	if (fields == NULL || buckets == NULL) {
		out->count = 0;
		out->limits |= LIMITS_MET_MEMORY;
		return;
	}
	out->bucket_mask = cap - 1;
	copy_fields(text, out, fields);
	link_fields(out, fields, buckets);
	out->fields = fields;
	out->buckets = buckets;
}

static const struct header_field *
find_in_chain(const struct header *h, struct str name, uint32_t at)
{
	for (; at != NO_FIELD; at = h->fields[at].next)
		if (str_is_equal_nocase(h->fields[at].name, name))
			return &h->fields[at];
	return NULL;
}

const struct header_field *
header_first(const struct header *h, struct str name)
{
	if (h->buckets == NULL || name.n > LIMITS_HEADER_NAME)
		return NULL;
	return find_in_chain(h, name, h->buckets[hash_name(name) & h->bucket_mask]);
}

const struct header_field *
header_next(const struct header *h, const struct header_field *field)
{
	return find_in_chain(h, field->name, field->next);
}

struct str
header_value(const struct header *h, struct str name, struct arena *a)
{
	const struct header_field *field = header_first(h, name);

	return field == NULL ? STR_EMPTY : header_unfold(field->value, a);
}

/* The bytes up to the next line end, which goes. */
static struct str
take_unfolded(struct str *rest)
{
	ptrdiff_t lf = str_find_byte(*rest, '\n');
	struct str run = *rest;

	if (lf < 0) {
		*rest = STR_EMPTY;
		return run;
	}
	run.n = (size_t)lf;
	*rest = str_from(*rest, (size_t)lf + 1);
	if (run.n > 0 && run.p[run.n - 1] == '\r')
		run.n--;
	return run;
}

void
header_add_unfolded(struct buf *out, struct str raw)
{
	struct str rest = str_trim(raw);

	while (rest.n > 0)
		buf_add_str(out, take_unfolded(&rest));
}

struct str
header_unfold(struct str raw, struct arena *a)
{
	struct str rest = str_trim(raw);
	char *p;
	size_t n = 0;

	if (str_find_byte(rest, '\n') < 0)
		return rest;
	p = arena_alloc(a, rest.n);
	if (p == NULL)
		return STR_EMPTY;
	while (rest.n > 0) {
		struct str run = take_unfolded(&rest);

		memcpy(p + n, run.p, run.n);
		n += run.n;
	}
	return (struct str){ p, n };
}

struct str
header_skip_space(struct str text)
{
	size_t depth = 0, i;

	for (i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '(')
			depth++;
		else if (depth > 0 && c == ')')
			depth--;
		else if (depth > 0 && c == '\\')
			i++;
		else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n')
			break;
	}
	return str_from(text, i);
}

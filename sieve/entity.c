/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Entities for messages that a script changes.  Knows no command. */

#include "entity.h"

#include <string.h>

#include "message.h"

#define COLUMNS 76	   /* RFC 2045 6.7 (5) */
#define LINE_MAX_7BIT 990  /* RFC 5322 2.1.1 has 998 */

/* ---- bytes ---- */

static const char *
find_line_end(struct sieve_text message)
{
	const char *lf = message.n == 0 ? NULL : memchr(message.p, '\n', message.n);

	return lf != NULL && lf > message.p && lf[-1] == '\r' ? "\r\n" : "\n";
}

void
sieve_entity_begin(struct sieve_entity *e, struct sieve_interp *in)
{
	*e = (struct sieve_entity){ .in = in,
		.line_end = find_line_end(sieve_entity_part(in, 0)) };
}

/* Room for n more bytes; NULL: there is none. */
static char *
reserve(struct sieve_entity *e, size_t n)
{
	size_t cap = e->cap == 0 ? 512 : e->cap;
	char *p;

	if (e->is_out)
		return NULL;
	while (cap - e->n < n)
		cap *= 2;
	if (cap == e->cap)
		return e->p + e->n;
	p = sieve_arena_get(&e->in->scratch, cap);
	if (p == NULL) {
		e->is_out = true;
		sieve_interp_fail_memory(e->in);
		return NULL;
	}
	if (e->n > 0)
		memcpy(p, e->p, e->n);
	e->p = p;
	e->cap = cap;
	return p + e->n;
}

void
sieve_entity_add(struct sieve_entity *e, struct sieve_text text)
{
	char *p = reserve(e, text.n);

	if (p == NULL || text.n == 0)
		return;
	memcpy(p, text.p, text.n);
	e->n += text.n;
}

void
sieve_entity_add_words(struct sieve_entity *e, const char *text)
{
	sieve_entity_add(e, sieve_text_of(text));
}

/* The next line without its end; false: no more.  *is_whole: it had one. */
static bool
can_take_line(struct sieve_text *rest, struct sieve_text *line, bool *is_whole)
{
	const char *lf = rest->n == 0 ? NULL : memchr(rest->p, '\n', rest->n);
	size_t n = lf == NULL ? rest->n : (size_t)(lf - rest->p);

	if (rest->n == 0)
		return false;
	*line = (struct sieve_text){ rest->p, n };
	*is_whole = lf != NULL;
	n += *is_whole;
	*rest = (struct sieve_text){ rest->p + n, rest->n - n };
	if (*is_whole && line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

void
sieve_entity_add_lines(struct sieve_entity *e, struct sieve_text text)
{
	struct sieve_text line;
	bool is_whole;

	while (can_take_line(&text, &line, &is_whole)) {
		sieve_entity_add(e, line);
		if (is_whole)
			sieve_entity_add_words(e, e->line_end);
	}
}

void
sieve_entity_add_field(struct sieve_entity *e, const char *name, struct sieve_text value)
{
	sieve_entity_add_words(e, name);
	sieve_entity_add_words(e, ": ");
	sieve_entity_add_lines(e, value);
	sieve_entity_add_words(e, e->line_end);
}

struct sieve_text
sieve_entity_text(const struct sieve_entity *e)
{
	return e->n == 0 ? SIEVE_TEXT_EMPTY : (struct sieve_text){ e->p, e->n };
}

/* ---- a body of text ---- */

/* A line that any transport takes, and that is no delimiter (RFC 2046 5.1.1)
 * of whatever the part is put into. */
static bool
is_plain_line(struct sieve_text line)
{
	size_t i;

	if (line.n > LINE_MAX_7BIT || (line.n > 1 && line.p[0] == '-' && line.p[1] == '-'))
		return false;
	for (i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] >= 0x7f || ((unsigned char)line.p[i] < ' ' &&
		    line.p[i] != '\t'))
			return false;
	return true;
}

static bool
is_plain(struct sieve_text text)
{
	struct sieve_text line;
	bool is_whole;

	while (can_take_line(&text, &line, &is_whole))
		if (!is_plain_line(line))
			return false;
	return true;
}

static void
add_octet(struct sieve_entity *e, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char code[3] = { '=', digits[c >> 4], digits[c & 15] };

	sieve_entity_add(e, (struct sieve_text){ code, sizeof code });
}

/* RFC 2045 6.7: what may not stand for itself, here or at all. */
static bool
is_special(struct sieve_text line, size_t at, size_t column)
{
	unsigned char c = (unsigned char)line.p[at];

	if (c == ' ' || c == '\t')
		return at + 1 == line.n;
	/* In front of a line: delimiters, `From `, a dot. */
	return c < ' ' || c >= 0x7f || c == '=' ||
	    (column == 0 && (c == '-' || c == 'F' || c == '.'));
}

static void
add_quoted_line(struct sieve_entity *e, struct sieve_text line)
{
	size_t column = 0, i, size;
	bool is_coded;

	for (i = 0; i < line.n; i++) {
		is_coded = is_special(line, i, column);
		size = is_coded ? 3 : 1;
		if (column + size > COLUMNS - 1) {
			sieve_entity_add_words(e, "=");
			sieve_entity_add_words(e, e->line_end);
			column = 0;
			is_coded = is_special(line, i, column);
			size = is_coded ? 3 : 1;
		}
		if (is_coded)
			add_octet(e, (unsigned char)line.p[i]);
		else
			sieve_entity_add(e, (struct sieve_text){ line.p + i, 1 });
		column += size;
	}
}

static void
add_quoted(struct sieve_entity *e, struct sieve_text text)
{
	struct sieve_text line;
	bool is_whole;

	while (can_take_line(&text, &line, &is_whole)) {
		add_quoted_line(e, line);
		if (is_whole)
			sieve_entity_add_words(e, e->line_end);
	}
}

void
sieve_entity_add_text(struct sieve_entity *e, const char *type, struct sieve_text text)
{
	bool is_as_it_is = is_plain(text);

	if (!sieve_interp_can_spend(e->in, text.n / 16))
		return;
	sieve_entity_add_words(e, "Content-Type: text/");
	sieve_entity_add_words(e, type);
	sieve_entity_add_words(e, "; charset=utf-8");
	sieve_entity_add_words(e, e->line_end);
	if (!is_as_it_is)
		sieve_entity_add_field(e, "Content-Transfer-Encoding",
		    sieve_text_of("quoted-printable"));
	sieve_entity_add_words(e, e->line_end);
	if (is_as_it_is)
		sieve_entity_add_lines(e, text);
	else
		add_quoted(e, text);
}

/* ---- what is there ---- */

struct sieve_text
sieve_entity_crlf(struct sieve_interp *in, struct sieve_text text)
{
	size_t i, n = text.n;
	char *p;

	for (i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	p = sieve_interp_can_spend(in, text.n / 32) ? sieve_arena_get(&in->scratch, n + 1) : NULL;
	if (p == NULL) {
		sieve_interp_fail_memory(in);
		return SIEVE_TEXT_EMPTY;
	}
	for (i = 0, n = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			p[n++] = '\r';
		p[n++] = text.p[i];
	}
	return (struct sieve_text){ p, n };
}

static bool
is_empty_line(struct sieve_text line)
{
	return line.n == 0 || (line.n == 1 && line.p[0] == '\r');
}

bool
sieve_entity_has_field(struct sieve_text *header, struct sieve_text *name,
    struct sieve_text *field)
{
	struct sieve_text line;
	const char *colon;
	bool is_whole;

	field->p = header->p;
	if (!can_take_line(header, &line, &is_whole) || is_empty_line(line))
		return false;
	colon = memchr(line.p, ':', line.n);
	*name = (struct sieve_text){ line.p, colon == NULL ? 0 : (size_t)(colon - line.p) };
	while (name->n > 0 && (name->p[name->n - 1] == ' ' || name->p[name->n - 1] == '\t'))
		name->n--;
	while (header->n > 0 && (header->p[0] == ' ' || header->p[0] == '\t'))
		can_take_line(header, &line, &is_whole);
	field->n = (size_t)(header->p - field->p);
	return true;
}

void
sieve_entity_copy_field(struct sieve_entity *e, struct sieve_text field)
{
	sieve_entity_add(e, field);
	if (field.n > 0 && field.p[field.n - 1] != '\n')
		sieve_entity_add_words(e, e->line_end);
}

bool
sieve_entity_is_content(struct sieve_text name)
{
	static const char prefix[] = "content-";

	return name.n >= sizeof prefix - 1 &&
	    sieve_text_is((struct sieve_text){ name.p, sizeof prefix - 1 }, prefix);
}

struct sieve_text
sieve_entity_part(struct sieve_interp *in, uint32_t part)
{
	struct sieve_text all = { NULL, 0 };

	if (in->host->body != NULL)
		all = in->host->body(in->host->arg, part, SIEVE_BODY_ALL);
	return all.p == NULL ? SIEVE_TEXT_EMPTY : all;
}

bool
sieve_entity_is_message(struct sieve_interp *in, uint32_t part)
{
	uint32_t parent = part == 0 ? SIEVE_NO_PART : sieve_message_part(in, part).parent;

	return parent == SIEVE_NO_PART ||
	    sieve_text_is(sieve_message_part(in, parent).type, "message");
}

/* ---- the new message ---- */

/* A message ends with a line end; a delimiter begins a line of its own, which
 * a part without a body did not need an end for. */
static bool
needs_line_end(struct sieve_text before, struct sieve_text behind)
{
	if (before.n > 0 && before.p[before.n - 1] == '\n')
		return false;
	return behind.n == 0 || (behind.p[0] != '\n' && behind.p[0] != '\r');
}

/* What stays between the pieces: of one message, so that pointers into it may
 * be compared. */
static size_t
lay_out(struct sieve_interp *in, const struct sieve_entity_piece *pieces, size_t n,
    struct sieve_text *out)
{
	struct sieve_text whole = sieve_entity_part(in, 0), old;
	size_t at = 0, i, k = 0;

	for (i = 0; i < n; i++) {
		old = sieve_entity_part(in, pieces[i].part);
		out[k++] = (struct sieve_text){ whole.p + at, (size_t)(old.p - whole.p) - at };
		out[k++] = pieces[i].text;
		at = (size_t)(old.p - whole.p) + old.n;
		if (needs_line_end(pieces[i].text,
			(struct sieve_text){ whole.p + at, whole.n - at }))
			out[k++] = sieve_text_of(find_line_end(whole));
	}
	out[k++] = (struct sieve_text){ whole.p + at, whole.n - at };
	return k;
}

bool
sieve_entity_can_begin(struct sieve_interp *in)
{
	struct sieve_text whole = sieve_entity_part(in, 0), text;
	uint32_t part = in->part;

	if (in->host->render == NULL || in->host->join == NULL)
		return false;
	text = sieve_message_text(in);
	if (text.p == NULL) {
		sieve_interp_fail(in, "the changed message is too large");
		return false;
	}
	if (text.p != whole.p && text.n + whole.n > 0)
		sieve_message_adopt(in, text);
	in->part = part;
	return !in->is_over;
}

bool
sieve_entity_put(struct sieve_interp *in, const struct sieve_entity_piece *pieces, size_t n)
{
	const struct sieve_host *host = in->host;
	struct sieve_text *texts, joined;
	uint32_t part = in->part;
	size_t count;

	if (in->is_over)
		return false;
	texts = sieve_arena_get(&in->scratch, (3 * n + 1) * sizeof *texts);
	if (texts == NULL) {
		sieve_interp_fail_memory(in);
		return false;
	}
	count = lay_out(in, pieces, n, texts);
	if (!host->join(host->arg, texts, count, &joined) ||
	    !sieve_interp_can_spend(in, joined.n / 64))
		return false;
	sieve_message_adopt(in, joined);
	in->part = part;
	return !in->is_over;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Messages that a script has made of the one that came: joined from pieces, or
 * with an edited header.  Does not know who asks. */

#include <stdlib.h>
#include <string.h>

#include "filter/host.h"
#include "filter/host_known.h"

/* For the fields of the header that is edited. */
#define PARSE_MEMORY_MAX ((size_t)16 << 20)

struct host_text {
	struct host_text *next;
	size_t n;
	char bytes[];
};

/* A place where something goes out or comes in. */
struct splice {
	size_t from, size;
};

void
host_drop_texts(struct host *host)
{
	struct host_text *text;

	while ((text = host->texts) != NULL) {
		host->texts = text->next;
		free(text);
	}
	host->texts_size = 0;
}

void
host_drop_text(struct host *host, struct str text)
{
	struct host_text **link = &host->texts, *found;

	while ((found = *link) != NULL && found->bytes != text.p)
		link = &found->next;
	if (found == NULL)
		return;
	*link = found->next;
	host->texts_size -= found->n;
	free(found);
}

static char *
make_text(struct host *host, size_t n)
{
	struct host_text *text;

	if (n > HOST_TEXTS_MAX - host->texts_size)
		return NULL;
	text = malloc(sizeof *text + n);
	if (text == NULL)
		return NULL;
	text->next = host->texts;
	text->n = n;
	host->texts = text;
	host->texts_size += n;
	return text->bytes;
}

bool
host_is_joined(struct host *host, const struct str *pieces, size_t n, struct str *out)
{
	size_t total = 0, i;
	char *p;

	for (i = 0; i < n; i++) {
		if (pieces[i].n > HOST_TEXTS_MAX - total)
			return false;
		total += pieces[i].n;
	}
	p = make_text(host, total);
	*out = (struct str){ p, total };
	for (i = 0; p != NULL && i < n; i++) {
		if (pieces[i].n > 0)
			memcpy(p, pieces[i].p, pieces[i].n);
		p += pieces[i].n;
	}
	return p != NULL;
}

void
host_field_extent(struct str text, const struct header_field *field, size_t *from_out,
    size_t *size_out)
{
	size_t from = (size_t)(field->name.p - text.p);
	size_t end = (size_t)(field->value.p - text.p) + field->value.n;
	ptrdiff_t lf;

	/* A value that was cut at a limit ends where its field does. */
	do {
		lf = str_find_byte(str_from(text, end), '\n');
		end = lf == -1 ? text.n : end + (size_t)lf + 1;
	} while (end < text.n && (text.p[end] == ' ' || text.p[end] == '\t'));
	*from_out = from;
	*size_out = end - from;
}

/* ---- an edited header ---- */

struct edited {
	struct str text;
	struct header header;
	struct str line_end;
	struct splice *deleted; /* by place */
	size_t deleted_count;
	/* The last one that was found: edits of a name come in order mostly. */
	struct str name;
	const struct header_field *field;
	size_t index;
	struct buf first, last; /* what is added */
};

static void
add_field(const struct edited *e, struct buf *out, const struct host_edit *edit)
{
	struct str rest = edit->value, line;

	buf_add_str(out, edit->name);
	buf_add_cstr(out, ": ");
	while (str_can_split(&rest, '\n', &line)) {
		buf_add_str(out, line);
		buf_add_str(out, e->line_end);
	}
	if (edit->value.n == 0)
		buf_add_str(out, e->line_end);
}

static const struct header_field *
find_field(struct edited *e, const struct host_edit *edit)
{
	if (e->field == NULL || edit->index < e->index ||
	    !str_is_equal_nocase(edit->name, e->name)) {
		e->name = edit->name;
		e->field = header_first(&e->header, edit->name);
		e->index = 0;
	}
	for (; e->field != NULL && e->index < edit->index; e->index++)
		e->field = header_next(&e->header, e->field);
	return e->field;
}

static void
delete_field(struct edited *e, const struct host_edit *edit)
{
	const struct header_field *field = find_field(e, edit);
	struct splice splice;
	size_t i, at = e->deleted_count;

	if (field == NULL)
		return;
	host_field_extent(e->text, field, &splice.from, &splice.size);
	while (at > 0 && e->deleted[at - 1].from > splice.from)
		at--;
	/* Twice the same one is once. */
	if (at > 0 && e->deleted[at - 1].from == splice.from)
		return;
	for (i = e->deleted_count++; i > at; i--)
		e->deleted[i] = e->deleted[i - 1];
	e->deleted[at] = splice;
}

/* RFC 5293 4: the last that was put first is the first. */
static void
collect(struct edited *e, const struct host_edit *edits, size_t n)
{
	size_t i;

	for (i = n; i > 0; i--)
		if (edits[i - 1].kind == HOST_EDIT_ADD_FIRST)
			add_field(e, &e->first, &edits[i - 1]);
	for (i = 0; i < n; i++) {
		if (edits[i].kind == HOST_EDIT_ADD_LAST)
			add_field(e, &e->last, &edits[i]);
		if (edits[i].kind == HOST_EDIT_DELETE)
			delete_field(e, &edits[i]);
	}
}

/* Where the fields end: in front of the empty line, or of nothing. */
static size_t
find_header_end(const struct edited *e)
{
	size_t end = e->header.size;

	if (!e->header.is_ended)
		return end;
	end--;
	return end > 0 && e->text.p[end - 1] == '\r' ? end - 1 : end;
}

static bool
is_put_together(struct host *host, const struct edited *e, struct str *pieces, struct str *out)
{
	size_t at = 0, end = find_header_end(e), i, n = 0;
	bool is_open = end > 0 && e->text.p[end - 1] != '\n';

	pieces[n++] = buf_str(&e->first);
	for (i = 0; i < e->deleted_count; i++) {
		pieces[n++] = str_sub(e->text, at, e->deleted[i].from - at);
		at = e->deleted[i].from + e->deleted[i].size;
		is_open = is_open && at < end;
	}
	pieces[n++] = str_sub(e->text, at, end > at ? end - at : 0);
	/* The last line of a header that nothing follows. */
	pieces[n++] = is_open && e->last.n > 0 ? e->line_end : STR_EMPTY;
	pieces[n++] = buf_str(&e->last);
	pieces[n++] = str_from(e->text, end > at ? end : at);
	return host_is_joined(host, pieces, n, out);
}

static struct str
find_line_ending(struct str text)
{
	ptrdiff_t lf = str_find_byte(text, '\n');

	return lf > 0 && text.p[lf - 1] == '\r' ? STR("\r\n") : STR("\n");
}

bool
host_is_rendered(struct host *host, struct str text, const struct host_edit *edits, size_t n,
    struct str *out)
{
	struct edited e = { .text = text, .line_end = find_line_ending(text), .first = BUF_EMPTY,
		.last = BUF_EMPTY };
	struct str *pieces;
	struct arena a;
	bool is_done = false;

	arena_init_limit(&a, PARSE_MEMORY_MAX);
	header_parse(text, &a, &e.header);
	e.deleted = arena_array(&a, n + 1, sizeof *e.deleted);
	pieces = arena_array(&a, n + 5, sizeof *pieces);
	if (e.deleted == NULL || pieces == NULL || e.header.fields == NULL)
		goto out;
	collect(&e, edits, n);
	if (buf_is_ok(&e.first) && buf_is_ok(&e.last))
		is_done = is_put_together(host, &e, pieces, out);
out:
	buf_fini(&e.first);
	buf_fini(&e.last);
	arena_fini(&a);
	return is_done;
}

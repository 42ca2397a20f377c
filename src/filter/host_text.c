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
	struct host_leaves leaves; /* what it was made of */
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
		host_leaves_fini(&text->leaves);
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
	host_leaves_fini(&found->leaves);
	free(found);
}

/* ---- where bytes come from ---- */

static bool
is_within(struct str text, struct str piece)
{
	return text.n > 0 && (uintptr_t)piece.p >= (uintptr_t)text.p &&
	    (uintptr_t)piece.p - (uintptr_t)text.p <= text.n &&
	    piece.n <= text.n - ((uintptr_t)piece.p - (uintptr_t)text.p);
}

bool
host_is_original(const struct host *host, struct str piece)
{
	return is_within(host->original.text, piece);
}

void
host_leaves_fini(struct host_leaves *leaves)
{
	free(leaves->at);
	*leaves = (struct host_leaves){ NULL, 0, 0 };
}

static bool
can_add_leaf(struct host_leaves *leaves, struct str piece)
{
	struct str *last = leaves->n > 0 ? &leaves->at[leaves->n - 1] : NULL, *more;
	size_t cap = leaves->cap == 0 ? 8 : 2 * leaves->cap;

	if (piece.n == 0)
		return true;
	if (last != NULL && last->p + last->n == piece.p) {
		last->n += piece.n;
		return true;
	}
	if (leaves->n == leaves->cap) {
		more = reallocarray(leaves->at, cap, sizeof *more);
		if (more == NULL)
			return false;
		leaves->at = more;
		leaves->cap = cap;
	}
	leaves->at[leaves->n++] = piece;
	return true;
}

static const struct host_text *
find_text(const struct host *host, struct str piece)
{
	const struct host_text *text = host->texts;

	while (text != NULL && !is_within((struct str){ text->bytes, text->n }, piece))
		text = text->next;
	return text;
}

/* The leaves of a text between two of its offsets. */
static bool
can_add_range(struct host_leaves *leaves, const struct host_text *text, size_t from, size_t end)
{
	size_t at = 0, i;
	struct str leaf;

	for (i = 0; i < text->leaves.n && at < end; i++) {
		leaf = text->leaves.at[i];
		if (at + leaf.n > end)
			leaf.n = end - at;
		if (at < from)
			leaf = str_from(leaf, from - at < leaf.n ? from - at : leaf.n);
		if (!can_add_leaf(leaves, leaf))
			return false;
		at += text->leaves.at[i].n;
	}
	return true;
}

bool
host_has_leaves(const struct host *host, const struct str *pieces, size_t n,
    struct host_leaves *out)
{
	const struct host_text *text;
	bool has = true;
	size_t i, from;

	*out = (struct host_leaves){ NULL, 0, 0 };
	for (i = 0; has && i < n; i++) {
		text = pieces[i].n == 0 || host_is_original(host, pieces[i])
		    ? NULL
		    : find_text(host, pieces[i]);
		from = text == NULL ? 0 : (size_t)(pieces[i].p - text->bytes);
		has = text == NULL ? can_add_leaf(out, pieces[i])
				   : can_add_range(out, text, from, from + pieces[i].n);
	}
	if (!has)
		host_leaves_fini(out);
	return has;
}

/* What a text is made of stays when its sources do not: made bytes are its own. */
static void
keep_leaves(const struct host *host, struct host_text *text, const struct host_leaves *leaves)
{
	size_t at = 0, i;

	text->leaves = *leaves;
	for (i = 0; i < leaves->n; i++) {
		if (!host_is_original(host, leaves->at[i]))
			text->leaves.at[i].p = text->bytes + at;
		at += leaves->at[i].n;
	}
}

/* ---- texts ---- */

static struct host_text *
make_text(struct host *host, size_t n)
{
	struct host_text *text;

	if (n > HOST_TEXTS_MAX - host->texts_size)
		return NULL;
	text = malloc(sizeof *text + n);
	if (text == NULL)
		return NULL;
	*text = (struct host_text){ .next = host->texts, .n = n };
	host->texts = text;
	host->texts_size += n;
	return text;
}

bool
host_is_joined(struct host *host, const struct str *pieces, size_t n, struct str *out)
{
	struct host_leaves leaves;
	struct host_text *text;
	size_t total = 0, i;

	for (i = 0; i < n; i++) {
		if (pieces[i].n > HOST_TEXTS_MAX - total)
			return false;
		total += pieces[i].n;
	}
	if (!host_has_leaves(host, pieces, n, &leaves))
		return false;
	text = make_text(host, total);
	if (text == NULL) {
		host_leaves_fini(&leaves);
		return false;
	}
	for (i = 0, total = 0; i < n; i++) {
		if (pieces[i].n > 0)
			memcpy(text->bytes + total, pieces[i].p, pieces[i].n);
		total += pieces[i].n;
	}
	keep_leaves(host, text, &leaves);
	*out = (struct str){ text->bytes, total };
	return true;
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

/* How many pieces: room for two more than there are deleted fields, and three. */
static size_t
lay_out(const struct edited *e, struct str *pieces)
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
	return n;
}

static struct str
find_line_ending(struct str text)
{
	ptrdiff_t lf = str_find_byte(text, '\n');

	return lf > 0 && text.p[lf - 1] == '\r' ? STR("\r\n") : STR("\n");
}

bool
host_can_render(struct host *host, struct str text, const struct host_edit *edits, size_t n,
    host_take_fn take, void *arg)
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
		is_done = take(host, pieces, lay_out(&e, pieces), arg);
out:
	buf_fini(&e.first);
	buf_fini(&e.last);
	arena_fini(&a);
	return is_done;
}

static bool
join(struct host *host, const struct str *pieces, size_t n, void *arg)
{
	return host_is_joined(host, pieces, n, arg);
}

bool
host_is_rendered(struct host *host, struct str text, const struct host_edit *edits, size_t n,
    struct str *out)
{
	return host_can_render(host, text, edits, n, join, out);
}

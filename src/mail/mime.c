/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The tree of parts of a message, found in one pass over its lines.  Does not
 * decode bodies or judge what is in them. */
#include "mail/mime.h"

#include <string.h>

#include "base/hash.h"
#include "mail/header.h"
#include "mail/limits.h"

#define FIRST_PARTS 4
#define SLOTS 256
#define NO_LEVEL (-1)

/* A multipart whose boundary is being looked for. */
struct level {
	struct str boundary;
	uint64_t hash;	/* of boundary */
	size_t longest; /* of the boundaries up to this level */
	int below;	/* the next one out in the same slot, or NO_LEVEL */
	uint32_t part;
	bool is_digest;
};

struct walk {
	struct mime *m;
	struct arena *a;
	struct mime_part *parts;
	uint32_t cap;
	struct level levels[LIMITS_DEPTH]; /* from the outermost */
	size_t depth;			   /* of levels in use */
	int slots[SLOTS];		   /* innermost level, by hash */
	unsigned lengths[LIMITS_BOUNDARY + 1]; /* how many boundaries are that long */
	uint64_t multiplier;		   /* of the hash: odd, and no stranger's to know */
	uint32_t current;		   /* the part that the next line belongs to */
	bool in_header;
};

/* RFC 2045 5.2, RFC 2046 5.1.5. */
static void
set_default_type(struct mime_part *part, bool is_digest)
{
	part->type = is_digest ? STR("message") : STR("text");
	part->subtype = is_digest ? STR("rfc822") : STR("plain");
}

static bool
can_grow(struct walk *w)
{
	struct mime_part *grown;
	uint32_t cap = w->cap == 0 ? FIRST_PARTS : w->cap * 2;

	if (w->m->count == LIMITS_PARTS) {
		w->m->limits |= LIMITS_MET_PARTS;
		return false;
	}
	if (w->m->count < w->cap)
		return true;
	grown = arena_array(w->a, cap, sizeof *grown);
	if (grown == NULL) {
		w->m->limits |= LIMITS_MET_MEMORY;
		return false;
	}
	if (w->m->count > 0)
		memcpy(grown, w->parts, w->m->count * sizeof *grown);
	w->parts = grown;
	w->cap = cap;
	return true;
}

/* A part whose header begins at `at`. */
static bool
can_begin_part(struct walk *w, uint32_t parent, bool is_digest, size_t at)
{
	struct mime_part *part;

	if (!can_grow(w))
		return false;
	part = &w->parts[w->m->count];
	*part = (struct mime_part){ .parent = parent, .is_leaf = true, .header = at, .body = at };
	if (parent != MIME_NO_PARENT) {
		part->depth = w->parts[parent].depth + 1;
		w->parts[parent].is_leaf = false;
	}
	set_default_type(part, is_digest);
	w->current = w->m->count++;
	w->in_header = true;
	return true;
}

struct str
mime_take_token(struct str *rest)
{
	struct str text = header_skip_space(*rest);
	size_t n = 0;

	while (n < text.n && (unsigned char)text.p[n] > ' ' && text.p[n] != 127 &&
	    strchr("()<>@,;:\\\"/[]?=", text.p[n]) == NULL)
		n++;
	*rest = header_skip_space(str_from(text, n));
	return str_sub(text, 0, n);
}

static void
read_type(struct walk *w, struct mime_part *part, struct str value)
{
	struct str rest = value, type = mime_take_token(&rest), subtype;

	if (rest.n == 0 || rest.p[0] != '/')
		return;
	rest = str_from(rest, 1);
	subtype = mime_take_token(&rest);
	if (type.n == 0 || subtype.n == 0)
		return;
	part->type = type;
	part->subtype = subtype;
	param_parse(rest, w->a, &part->params);
	w->m->limits |= part->params.limits;
}

static void
read_disposition(struct walk *w, struct mime_part *part, struct str value)
{
	struct str rest = value;

	part->disposition = mime_take_token(&rest);
	param_parse(rest, w->a, &part->disposition_params);
	w->m->limits |= part->disposition_params.limits;
}

static void
read_encoding(struct walk *w, struct mime_part *part, struct str value)
{
	(void)w;
	part->encoding = transfer_encoding_of(value);
}

/* The fields that make a part; the first of each counts. */
static const struct {
	struct str name;
	void (*read)(struct walk *w, struct mime_part *part, struct str value);
} readers[] = {
	{ { "Content-Type", 12 }, read_type },
	{ { "Content-Transfer-Encoding", 25 }, read_encoding },
	{ { "Content-Disposition", 19 }, read_disposition },
};

static void
read_fields(struct walk *w, struct mime_part *part)
{
	struct header_cursor cursor;
	struct header_field field;
	unsigned done = 0;

	header_cursor_init(&cursor, str_sub(w->m->message, part->header, part->header_size));
	while (header_has_field(&cursor, &field)) {
		for (unsigned i = 0; i < sizeof readers / sizeof *readers; i++) {
			if ((done & 1u << i) != 0 ||
			    !str_is_equal_nocase(field.name, readers[i].name))
				continue;
			done |= 1u << i;
			readers[i].read(w, part, field.value);
		}
	}
}

static bool
is_deep(struct walk *w, const struct mime_part *part)
{
	if (part->depth + 1 < LIMITS_DEPTH)
		return false;
	w->m->limits |= LIMITS_MET_DEPTH;
	return true;
}

/* One byte more of a boundary, or of a line that might be one. */
static uint64_t
hash_on(const struct walk *w, uint64_t hash, char c)
{
	return (hash + (unsigned char)c + 1) * w->multiplier;
}

/* The low bits of a product depend on low bits only: use the high ones. */
static int *
slot_of(struct walk *w, uint64_t hash)
{
	return &w->slots[hash >> 56];
}

static void
push_level(struct walk *w, struct str boundary, bool is_digest)
{
	struct level *level = &w->levels[w->depth];
	int *slot;

	*level = (struct level){ .boundary = boundary, .part = w->current,
		.is_digest = is_digest, .longest = boundary.n };
	for (size_t i = 0; i < boundary.n; i++)
		level->hash = hash_on(w, level->hash, boundary.p[i]);
	if (w->depth > 0 && w->levels[w->depth - 1].longest > boundary.n)
		level->longest = w->levels[w->depth - 1].longest;
	slot = slot_of(w, level->hash);
	level->below = *slot;
	*slot = (int)w->depth++;
	w->lengths[boundary.n]++;
}

static void
pop_levels(struct walk *w, size_t depth)
{
	while (w->depth > depth) {
		const struct level *level = &w->levels[--w->depth];

		*slot_of(w, level->hash) = level->below;
		w->lengths[level->boundary.n]--;
	}
}

/* Will the lines that follow be looked at for parts of this multipart? */
static bool
is_entered(struct walk *w, const struct mime_part *part)
{
	struct str boundary;

	if (!str_is_equal_nocase(part->type, STR("multipart")) || is_deep(w, part))
		return false;
	boundary = str_trim(param_plain(&part->params, STR("boundary"), w->a));
	if (boundary.n == 0)
		return false;
	if (boundary.n > LIMITS_BOUNDARY) {
		w->m->limits |= LIMITS_MET_BOUNDARY;
		return false;
	}
	push_level(w, boundary, str_is_equal_nocase(part->subtype, STR("digest")));
	return true;
}

/* RFC 2046 5.2.1: a message is not encoded; if it is, it stays closed. */
static bool
is_message(struct walk *w, const struct mime_part *part)
{
	if (!mime_part_is(part, STR("message"), STR("rfc822")) &&
	    !mime_part_is(part, STR("message"), STR("global")))
		return false;
	return part->encoding <= TRANSFER_BINARY && !is_deep(w, part);
}

/* The header of the current part reaches to `at`. */
static void
end_header(struct walk *w, size_t at)
{
	struct mime_part *part = &w->parts[w->current];

	part->header_size = at - part->header;
	part->body = at;
	w->in_header = false;
	read_fields(w, part);
}

static void
begin_body(struct walk *w, size_t at)
{
	uint32_t index = w->current;

	end_header(w, at);
	if (!is_entered(w, &w->parts[index]) && is_message(w, &w->parts[index]))
		can_begin_part(w, index, false, at);
}

/* Ends the parts below `index`: their content ends at `at`. */
static void
end_parts(struct walk *w, uint32_t index, size_t at)
{
	while (w->current != index) {
		struct mime_part *part = &w->parts[w->current];

		part->body_size = at > part->body ? at - part->body : 0;
		w->current = part->parent;
	}
}

/* The innermost level with that boundary, or NO_LEVEL. */
static int
find_boundary(struct walk *w, struct str boundary, uint64_t hash)
{
	int i;

	for (i = *slot_of(w, hash); i != NO_LEVEL; i = w->levels[i].below)
		if (w->levels[i].hash == hash && str_is_equal(w->levels[i].boundary, boundary))
			break;
	return i;
}

/*
 * RFC 2046 5.1.2: a delimiter is a line that begins with the boundary, of any
 * multipart that is open.  Where one is the beginning of another, the longer
 * one is meant.  Each length there is costs one look into the slots, so a
 * line costs its own length, however deep the nesting.
 */
static int
find_level(struct walk *w, struct str line)
{
	struct str text = str_from(line, 2);
	int found = NO_LEVEL;
	uint64_t hash = 0;

	if (w->depth == 0 || line.n < 3 || line.p[0] != '-' || line.p[1] != '-')
		return NO_LEVEL;
	for (size_t n = 1; n <= text.n && n <= w->levels[w->depth - 1].longest; n++) {
		int level;

		hash = hash_on(w, hash, text.p[n - 1]);
		if (w->lengths[n] == 0)
			continue;
		level = find_boundary(w, str_sub(text, 0, n), hash);
		if (level != NO_LEVEL)
			found = level;
	}
	return found;
}

/* The line end before a delimiter belongs to it (RFC 2046 5.1.1). */
static size_t
find_content_end(struct str message, size_t at)
{
	if (at > 0 && message.p[at - 1] == '\n')
		at--;
	return at > 0 && message.p[at] == '\n' && message.p[at - 1] == '\r' ? at - 1 : at;
}

static void
take_delimiter(struct walk *w, size_t index, struct str line, size_t at)
{
	const struct level *level = &w->levels[index];
	struct str behind = str_from(line, 2 + level->boundary.n);

	if (w->in_header)
		end_header(w, at);
	end_parts(w, level->part, find_content_end(w->m->message, at));
	if (str_has_prefix(behind, STR("--"))) {
		pop_levels(w, index);
		return;
	}
	pop_levels(w, index + 1);
	if (can_begin_part(w, level->part, level->is_digest, at + line.n))
		return;
	w->parts[level->part].is_leaf = false;
	w->m->leaves++;
}

static bool
is_empty_line(struct str line)
{
	return str_is_equal(line, STR("\n")) || str_is_equal(line, STR("\r\n"));
}

static void
take_line(struct walk *w, struct str line, size_t at)
{
	int level = find_level(w, line);

	if (level != NO_LEVEL)
		take_delimiter(w, (size_t)level, line, at);
	else if (w->in_header && is_empty_line(line))
		begin_body(w, at + line.n);
}

void
mime_parse(struct str message, struct arena *a, struct mime *out)
{
	struct walk w = { .m = out, .a = a, .multiplier = hash_seeded(STR("boundary")) | 1 };
	size_t at = 0;

	*out = (struct mime){ .message = message };
	for (size_t i = 0; i < SLOTS; i++)
		w.slots[i] = NO_LEVEL;
	if (!can_begin_part(&w, MIME_NO_PARENT, false, 0))
		return;
	while (at < message.n && (w.in_header || w.depth > 0)) {
		struct str rest = str_from(message, at);
		ptrdiff_t lf = str_find_byte(rest, '\n');

		rest.n = lf < 0 ? rest.n : (size_t)lf + 1;
		take_line(&w, rest, at);
		at += rest.n;
	}
	if (w.in_header)
		end_header(&w, message.n);
	end_parts(&w, MIME_NO_PARENT, message.n);
	for (uint32_t i = 0; i < out->count; i++)
		out->leaves += w.parts[i].is_leaf;
	out->parts = w.parts;
}

struct str
mime_part_header(const struct mime *m, const struct mime_part *part)
{
	return str_sub(m->message, part->header, part->header_size);
}

struct str
mime_part_body(const struct mime *m, const struct mime_part *part)
{
	return str_sub(m->message, part->body, part->body_size);
}

bool
mime_part_is(const struct mime_part *part, struct str type, struct str subtype)
{
	return str_is_equal_nocase(part->type, type) &&
	    str_is_equal_nocase(part->subtype, subtype);
}

bool
mime_part_has_filename(const struct mime_part *part, struct charset_set *set, struct buf *out)
{
	return param_has_value(&part->disposition_params, STR("filename"), set, out) ||
	    param_has_value(&part->params, STR("name"), set, out);
}

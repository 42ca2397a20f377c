/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Parts from one type to another, RFC 6558: text and HTML.  Reads no HTML:
 * the host does. */

#include "entity.h"
#include "loop.h"
#include "message.h"

struct conversion {
	struct sieve_interp *in;
	struct sieve_text from, to;
	struct sieve_list params;
	struct sieve_entity_piece *pieces;
	size_t count, size; /* bytes of text made */
};

/* ---- what can be done ---- */

static bool
is_plain(struct sieve_text type)
{
	return sieve_text_is(type, "text/plain");
}

static bool
is_html(struct sieve_text type)
{
	return sieve_text_is(type, "text/html");
}

/* What comes of it is UTF-8, whatever it was (RFC 5259 5, charset). */
static bool
is_available(const struct conversion *c)
{
	unsigned i;

	for (i = 0; i < c->params.n; i++)
		if (c->params.at[i].text.n > 0 &&
		    !sieve_text_is(c->params.at[i].text, "charset=utf-8"))
			return false;
	return (is_plain(c->from) || is_html(c->from)) && (is_plain(c->to) || is_html(c->to));
}

static bool
is_from(const struct conversion *c, const struct sieve_part *part)
{
	size_t n = part->type.n;

	return part->is_leaf && c->from.n == n + 1 + part->subtype.n && c->from.p[n] == '/' &&
	    sieve_text_is_same((struct sieve_text){ c->from.p, n }, part->type) &&
	    sieve_text_is_same((struct sieve_text){ c->from.p + n + 1, part->subtype.n },
		part->subtype);
}

/* False: it cannot be read, or there would be too much of it. */
static bool
can_convert_text(struct conversion *c, uint32_t part, struct sieve_text *out)
{
	struct sieve_interp *in = c->in;
	struct sieve_text text = sieve_message_body(in, part, SIEVE_BODY_EXTRACT);

	if (text.p == NULL)
		return false;
	if (is_html(c->to) && is_html(c->from))
		text = sieve_message_body(in, part, SIEVE_BODY_DECODED);
	if (text.n > SIEVE_CONVERT_MAX - c->size)
		return false;
	if (is_html(c->to) && is_plain(c->from)) {
		if (in->host->convert == NULL)
			return false;
		text = in->host->convert(in->host->arg, text, true);
	}
	if (text.n > SIEVE_CONVERT_MAX - c->size)
		return false;
	c->size += text.n;
	*out = text;
	return !in->is_over;
}

/* ---- a new part ---- */

/* Those that are true of the old body only. */
static bool
is_dropped(struct sieve_text name)
{
	return sieve_text_is(name, "content-type") ||
	    sieve_text_is(name, "content-transfer-encoding") ||
	    sieve_text_is(name, "content-md5") || sieve_text_is(name, "content-length");
}

static void
add_fields(struct sieve_entity *e, uint32_t part)
{
	struct sieve_text header = sieve_message_body(e->in, part, SIEVE_BODY_HEADER), name, field;
	bool has_version = !sieve_entity_is_message(e->in, part);

	while (sieve_entity_has_field(&header, &name, &field) && !e->is_out) {
		has_version = has_version || sieve_text_is(name, "mime-version");
		if (!is_dropped(name))
			sieve_entity_copy_field(e, field);
	}
	if (!has_version)
		sieve_entity_add_field(e, "MIME-Version", sieve_text_of("1.0"));
}

static bool
can_convert(struct conversion *c, uint32_t part)
{
	struct sieve_entity e;
	struct sieve_text text;

	if (!is_available(c) || !can_convert_text(c, part, &text))
		return false;
	sieve_entity_begin(&e, c->in);
	add_fields(&e, part);
	sieve_entity_add_text(&e, is_html(c->to) ? "html" : "plain", text);
	c->pieces[c->count++] = (struct sieve_entity_piece){ part, sieve_entity_text(&e) };
	return !c->in->is_over;
}

/* RFC 6558 2: in a loop "it applies only to the body part being processed". */
static bool
can_convert_all(struct conversion *c)
{
	struct sieve_interp *in = c->in;
	bool is_one = sieve_loop_is_inside(in);
	uint32_t i = is_one ? in->part : 0;
	uint32_t end = is_one ? in->part + 1 : sieve_message_part_count(in);
	struct sieve_part part;

	c->pieces = sieve_arena_get(&in->scratch, (end - i) * sizeof *c->pieces);
	if (c->pieces == NULL) {
		sieve_interp_fail_memory(in);
		return false;
	}
	for (; i < end && sieve_interp_can_spend(in, 1); i++) {
		part = sieve_message_part(in, i);
		if (is_from(c, &part) && !can_convert(c, i))
			return false;
	}
	return !in->is_over;
}

/* RFC 6558 2: all of them or, without an error, none. */
static bool
is_converted(struct sieve_interp *in, const struct sieve_call *call)
{
	struct conversion c = { .in = in };

	if (!sieve_entity_can_begin(in))
		return false;
	c.from = sieve_interp_argument(in, call, 0);
	c.to = sieve_interp_argument(in, call, 1);
	c.params = sieve_interp_list(in, call->arguments[2]);
	if (!can_convert_all(&c))
		return false;
	return c.count == 0 || sieve_entity_put(in, c.pieces, c.count);
}

static void
run_convert(struct sieve_interp *in, const struct sieve_call *call)
{
	(void)is_converted(in, call);
}

#define ARGUMENTS \
	.positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS }, \
	    .names = { "a type", "the type that it becomes", "parameters" }

/* RFC 6558 2.2: "a new type of Sieve action, a "testable action"". */
static const struct sieve_word words[] = {
	{ .name = "convert", .kind = SIEVE_COMMAND, ARGUMENTS, .run = run_convert },
	{ .name = "convert", .kind = SIEVE_TEST, ARGUMENTS, .is_true = is_converted },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_convert = {
	.name = "convert",
	.rfc = "RFC 6558",
	.words = words,
};

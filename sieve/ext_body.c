/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The body test, RFC 5173.  Decodes nothing: the host does, part after part,
 * and only until one of them has matched. */

#include <string.h>

#include "compare.h"
#include "entity.h"
#include "message.h"

enum { TRANSFORM = 0 }; /* of the test's own tags */
enum { AS_TEXT, AS_RAW, AS_CONTENT };

/* Bytes of a value that are copied so that `??` matches a line end. */
#define COPY_MAX ((size_t)2 << 20)

/*
 * Scripts have CRLF at the ends of lines, messages mostly LF, decoded bodies
 * either.  So there are two lots of keys, and values need not be copied but
 * where a wildcard counts octets.
 */
struct matcher {
	const struct sieve_call *call;
	struct sieve_list keys;	    /* as written */
	struct sieve_compare plain; /* their CRLF are LF */
	struct sieve_compare crlf;  /* as written, for values that have CRLF */
	bool has_crlf;	    /* the keys have some */
	bool is_counting;   /* octets of line ends: `?` */
	bool is_crlf_begun;
};

static const char *
find_crlf(struct sieve_text text)
{
	const char *p = text.p, *end = text.p + text.n, *cr;

	for (; p < end && (cr = memchr(p, '\r', (size_t)(end - p))) != NULL; p = cr + 1)
		if (cr + 1 < end && cr[1] == '\n')
			return cr;
	return NULL;
}

static struct sieve_text
drop_returns(struct sieve_interp *in, struct sieve_text text)
{
	struct sieve_text copy = sieve_arena_copy(&in->scratch, text);
	char *p = (char *)(uintptr_t)copy.p;
	size_t i, n = 0;

	for (i = 0; i < copy.n; i++)
		if (copy.p[i] != '\r' || i + 1 == copy.n || copy.p[i + 1] != '\n')
			p[n++] = copy.p[i];
	copy.n = n;
	return copy;
}

static struct sieve_list
make_plain(struct sieve_interp *in, struct sieve_list keys)
{
	struct sieve_template *at = sieve_arena_get(&in->scratch, keys.n * sizeof *at);
	unsigned i;

	if (at == NULL) {
		sieve_interp_fail_memory(in);
		return keys;
	}
	for (i = 0; i < keys.n; i++) {
		at[i] = keys.at[i];
		if (find_crlf(keys.at[i].text) == NULL)
			continue;
		at[i] = (struct sieve_template){ .text = drop_returns(in, keys.at[i].text) };
	}
	return (struct sieve_list){ at, keys.n, true };
}

static void
begin(struct matcher *m, struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text key;
	unsigned i;

	*m = (struct matcher){ .call = call,
		.keys = sieve_interp_list(in, call->arguments[0]) };
	for (i = 0; i < m->keys.n; i++) {
		key = m->keys.at[i].text;
		m->has_crlf = m->has_crlf || find_crlf(key) != NULL;
		m->is_counting = m->is_counting || (key.n > 0 && memchr(key.p, '?', key.n) != NULL);
	}
	sieve_compare_begin(&m->plain, in, call, m->has_crlf ? make_plain(in, m->keys) : m->keys);
	/* RFC 5173 6: "they MUST NOT set match variables". */
	m->plain.can_capture = false;
}

static bool
is_crlf_done(struct matcher *m, struct sieve_text value)
{
	if (!m->is_crlf_begun)
		sieve_compare_begin(&m->crlf, m->plain.in, m->call, m->keys);
	m->is_crlf_begun = true;
	m->crlf.can_capture = false;
	return sieve_compare_is_done(&m->crlf, value);
}

/* True: done. */
static bool
is_done(struct matcher *m, struct sieve_text value)
{
	if (m->plain.match == SIEVE_MATCH_MATCHES && m->is_counting && value.n <= COPY_MAX)
		return is_crlf_done(m, sieve_entity_crlf(m->plain.in, value));
	if (!m->has_crlf || m->plain.match == SIEVE_MATCH_COUNT || find_crlf(value) == NULL)
		return sieve_compare_is_done(&m->plain, value);
	return is_crlf_done(m, value);
}

static bool
end(struct matcher *m)
{
	return m->crlf.is_true || sieve_compare_end(&m->plain);
}

/* p NULL: there is no such body, which is not the same as an empty one. */
static bool
is_body_done(struct matcher *m, uint32_t part, enum sieve_body kind)
{
	struct sieve_text body = sieve_message_body(m->plain.in, part, kind);

	if (body.p == NULL)
		return m->plain.in->is_over;
	return is_done(m, body);
}

/* ---- :content, RFC 5173 5.2 ---- */

static bool
is_of_type(const struct sieve_part *part, struct sieve_text type)
{
	const char *slash = type.n == 0 ? NULL : memchr(type.p, '/', type.n);
	struct sieve_text subtype;

	if (type.n == 0)
		return true;
	if (slash == NULL)
		return sieve_text_is_same(part->type, type);
	subtype = (struct sieve_text){ slash + 1, (size_t)(type.p + type.n - slash) - 1 };
	type.n = (size_t)(slash - type.p);
	if (type.n == 0 || subtype.n == 0 || memchr(subtype.p, '/', subtype.n) != NULL)
		return false;
	return sieve_text_is_same(part->type, type) && sieve_text_is_same(part->subtype, subtype);
}

static bool
is_wanted(const struct sieve_part *part, struct sieve_list types)
{
	unsigned i;

	for (i = 0; i < types.n; i++)
		if (is_of_type(part, types.at[i].text))
			return true;
	return false;
}

static bool
is_content_done(struct matcher *m, uint32_t i, const struct sieve_part *part)
{
	if (sieve_text_is(part->type, "multipart"))
		return is_body_done(m, i, SIEVE_BODY_PROLOGUE) ||
		    is_body_done(m, i, SIEVE_BODY_EPILOGUE);
	if (!part->is_leaf)
		return is_body_done(m, i + 1, SIEVE_BODY_HEADER);
	return is_body_done(m, i, SIEVE_BODY_DECODED);
}

static bool
has_content(struct matcher *m)
{
	struct sieve_interp *in = m->plain.in;
	struct sieve_list types =
	    sieve_interp_list(in, sieve_call_value(m->call, SIEVE_OWN(TRANSFORM))->list);
	uint32_t count = sieve_message_part_count(in), i;
	struct sieve_part part;

	for (i = 0; i < count && sieve_interp_can_spend(in, 1 + types.n); i++) {
		part = sieve_message_part(in, i);
		if (is_wanted(&part, types) && is_content_done(m, i, &part))
			break;
	}
	return end(m);
}

/* RFC 5173 5.3: every part is a string of its own. */
static bool
has_text(struct matcher *m)
{
	struct sieve_interp *in = m->plain.in;
	uint32_t count = sieve_message_part_count(in), i;

	for (i = 0; i < count && sieve_interp_can_spend(in, 1); i++)
		if (is_body_done(m, i, SIEVE_BODY_TEXT))
			break;
	return end(m);
}

static bool
has_raw(struct matcher *m)
{
	(void)is_body_done(m, 0, SIEVE_BODY_RAW);
	return end(m);
}

static bool
is_body(struct sieve_interp *in, const struct sieve_call *call)
{
	struct matcher m;

	begin(&m, in, call);
	/* RFC 5173 4: without an empty line there are no strings to be matched. */
	if (sieve_message_body(in, 0, SIEVE_BODY_RAW).p == NULL)
		return end(&m);
	if (call->codes[SIEVE_OWN(TRANSFORM)] == AS_RAW)
		return has_raw(&m);
	return call->codes[SIEVE_OWN(TRANSFORM)] == AS_CONTENT ? has_content(&m) : has_text(&m);
}

static const struct sieve_tag tags[] = {
	{ "raw", SIEVE_OWN(TRANSFORM), SIEVE_VALUE_NONE, AS_RAW },
	{ "content", SIEVE_OWN(TRANSFORM), SIEVE_VALUE_STRINGS, AS_CONTENT },
	{ "text", SIEVE_OWN(TRANSFORM), SIEVE_VALUE_NONE, AS_TEXT },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "body", .kind = SIEVE_TEST,
	    .groups = SIEVE_GROUPS_MATCH | SIEVE_OWN_BIT(TRANSFORM), .tags = tags,
	    .positional = { SIEVE_VALUE_STRINGS }, .names = { "keys" }, .is_true = is_body },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_body = {
	.name = "body",
	.rfc = "RFC 5173",
	.words = words,
};

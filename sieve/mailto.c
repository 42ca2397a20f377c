/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* mailto URIs, RFC 6068, by the rules of RFC 5436.  Composes no message. */

#include "mailto.h"

#include <string.h>

#include "addrspec.h"
#include "header.h"
#include "uri.h"

struct parser {
	struct sieve_arena *arena;
	struct sieve_mailto *out;
};

/* What may stand for itself beside unreserved ones: RFC 6068 2, and `/`, `?`,
 * which RFC 3986 3.4 lets stand in a query. */
static const char in_address[] = "!$&'()*+,;=:@/";
static const char in_field[] = "!$'()*+,;:@/?";

/* RFC 6068 5: line breaks are for the body alone, as %0D%0A. */
static void
mend_lines(struct sieve_text *body)
{
	char *p = (char *)(uintptr_t)body->p;
	size_t i, n = 0;

	for (i = 0; i < body->n; i++) {
		if (p[i] == '\r' && i + 1 < body->n && p[i + 1] == '\n')
			continue;
		p[n++] = p[i] == '\r' ? '\n' : p[i];
	}
	body->n = n;
}

static bool
has_control(struct sieve_text text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (((unsigned char)text.p[i] < ' ' && text.p[i] != '\t') || text.p[i] == 0x7f)
			return true;
	return false;
}

/* ---- addresses ---- */

static bool
is_known(const struct sieve_mailto *mailto, struct sieve_text address)
{
	size_t i;

	for (i = 0; i < mailto->recipient_count; i++)
		if (sieve_text_is_same(mailto->recipients[i], address))
			return true;
	return false;
}

/* Those of To stand in front of those of Cc. */
static void
add_recipient(struct parser *parser, struct sieve_text address, bool is_cc)
{
	struct sieve_mailto *out = parser->out;
	size_t at = is_cc ? out->recipient_count : out->to_count;

	memmove(&out->recipients[at + 1], &out->recipients[at],
	    (out->recipient_count - at) * sizeof *out->recipients);
	out->recipients[at] = sieve_arena_copy(parser->arena, address);
	out->recipient_count++;
	out->to_count += !is_cc;
}

static const char *
take_recipients(struct parser *parser, struct sieve_text list, bool is_cc)
{
	struct sieve_addrspec address;
	bool has_more = true;

	while (has_more) {
		if (!sieve_addrspec_can_take(&list, &has_more, &address))
			return "expected addresses, as in \"mailto:jane@example.org\"";
		if (is_known(parser->out, sieve_addrspec_text(&address)))
			continue;
		if (parser->out->recipient_count == SIEVE_MAILTO_RECIPIENTS_MAX)
			return "too many recipients: a notification may have 8";
		add_recipient(parser, sieve_addrspec_text(&address), is_cc);
	}
	return NULL;
}

static const char *
take_to(struct parser *parser, struct sieve_text value)
{
	return take_recipients(parser, value, false);
}

static const char *
take_cc(struct parser *parser, struct sieve_text value)
{
	return take_recipients(parser, value, true);
}

/* ---- fields ---- */

/* Of several the first, as a message may have one (RFC 5322 3.6). */
static const char *
take_subject(struct parser *parser, struct sieve_text value)
{
	if (parser->out->subject.p == NULL)
		parser->out->subject = value;
	return NULL;
}

static const char *
take_body(struct parser *parser, struct sieve_text value)
{
	mend_lines(&value);
	if (parser->out->body.p == NULL)
		parser->out->body = value;
	return NULL;
}

static const char *
ignore(struct parser *parser, struct sieve_text value)
{
	(void)parser;
	(void)value;
	return NULL;
}

/* RFC 5436 2.7: MUST be ignored are from, auto-submitted, received, and what
 * belongs to one message; RFC 6068 4 and 7: what says who sent it, where it
 * goes beside what the user sees, and how it is to be read. */
static const struct {
	const char *name; /* with `-` at its end: and all that begin so */
	const char *(*take)(struct parser *parser, struct sieve_text value);
} meanings[] = {
	{ "to", take_to },
	{ "cc", take_cc },
	{ "subject", take_subject },
	{ "body", take_body },
	{ "auto-submitted", ignore },
	{ "bcc", ignore },
	{ "content-", ignore },
	{ "date", ignore },
	{ "from", ignore },
	{ "in-reply-to", ignore },
	{ "message-id", ignore },
	{ "mime-version", ignore },
	{ "received", ignore },
	{ "references", ignore },
	{ "resent-", ignore },
	{ "return-path", ignore },
	{ "sender", ignore },
};

static bool
is_meant(const char *name, struct sieve_text given)
{
	size_t n = strlen(name);

	if (name[n - 1] == '-' && given.n > n)
		given.n = n;
	return sieve_text_is(given, name);
}

static const char *
add_field(struct parser *parser, struct sieve_text name, struct sieve_text value)
{
	struct sieve_mailto *out = parser->out;

	if (out->field_count == SIEVE_MAILTO_FIELDS_MAX)
		return "too many header fields: a notification may have 16";
	out->fields[out->field_count++] = (struct sieve_mailto_field){ name, value };
	return NULL;
}

static const char *
take_field(struct parser *parser, struct sieve_text name, struct sieve_text value)
{
	size_t i;

	if (!sieve_header_is_name(name))
		return "expected the name of a header field in front of `=`";
	if (!sieve_text_is(name, "body") && has_control(value))
		return "the value of a header field may not hold line breaks or other control "
		       "characters";
	for (i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (is_meant(meanings[i].name, name))
			return meanings[i].take(parser, value);
	return add_field(parser, name, value);
}

/* ---- the whole ---- */

/* Takes what is in front of a sign off the front; without one, all. */
static struct sieve_text
split(struct sieve_text *rest, char sign, bool *was_there)
{
	const char *at = rest->n == 0 ? NULL : memchr(rest->p, sign, rest->n);
	struct sieve_text front = *rest;

	*was_there = at != NULL;
	if (at != NULL)
		front.n = (size_t)(at - rest->p);
	rest->p += front.n + *was_there;
	rest->n -= front.n + *was_there;
	return front;
}

static const char bad_sign[] =
    "only letters, digits and some signs stand for themselves; others are written as `%` and two "
    "hexadecimal digits of UTF-8";

static const char *
parse_fields(struct parser *parser, struct sieve_text rest)
{
	struct sieve_text raw, name, value;
	bool has_more = true, has_value;
	const char *fault = NULL;

	while (has_more && fault == NULL) {
		raw = split(&rest, '&', &has_more);
		name = split(&raw, '=', &has_value);
		if (!has_value)
			return "expected `=` behind the name of a header field";
		if (!sieve_uri_is_decoded(parser->arena, name, in_field, &name) ||
		    !sieve_uri_is_decoded(parser->arena, raw, in_field, &value))
			return bad_sign;
		if (parser->arena->is_out)
			return NULL;
		fault = take_field(parser, name, value);
	}
	return fault;
}

static const char scheme[] = "mailto:";

bool
sieve_mailto_is(struct sieve_text uri)
{
	return uri.n >= sizeof scheme - 1 &&
	    sieve_text_is((struct sieve_text){ uri.p, sizeof scheme - 1 }, scheme);
}

const char *
sieve_mailto_parse(struct sieve_arena *a, struct sieve_text uri, struct sieve_mailto *out)
{
	struct parser parser = { a, out };
	struct sieve_text to;
	const char *fault;
	bool has_fields;

	*out = (struct sieve_mailto){ .recipient_count = 0 };
	if (!sieve_mailto_is(uri))
		return "expected `mailto:`";
	uri.p += sizeof scheme - 1;
	uri.n -= sizeof scheme - 1;
	to = split(&uri, '?', &has_fields);
	if (!sieve_uri_is_decoded(a, to, in_address, &to))
		return bad_sign;
	fault = to.n == 0 ? NULL : take_recipients(&parser, to, false);
	return fault == NULL && has_fields ? parse_fields(&parser, uri) : fault;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A part, or the message, makes way for a text: RFC 5703 5. */

#include <string.h>

#include "addrspec.h"
#include "entity.h"
#include "header.h"
#include "loop.h"
#include "message.h"

enum { MIME, SUBJECT, FROM }; /* of the command's own tags */

static void
check_replace(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_bound *bound = &node->bound;
	const struct sieve_argument *from = bound->values[SIEVE_OWN(FROM)];

	/* RFC 5703 5: "This SHOULD be flagged as a compilation error." */
	if (bound->tags[SIEVE_OWN(MIME)] != NULL && (from != NULL ||
	    bound->values[SIEVE_OWN(SUBJECT)] != NULL))
		sieve_error_add(checker->errors, node->offset,
		    "`replace :mime` takes no `:subject` and no `:from`");
	if (from != NULL && !from->strings->has_references &&
	    !sieve_addrspec_is_list(from->strings->text))
		sieve_error_add(checker->errors, from->strings->offset,
		    "expected one or more addresses behind `:from`");
}

/* ---- the new From ---- */

/* Up to where one of the bytes stands, outside of quotes; at most all. */
static struct sieve_text
take_until(struct sieve_text text, char byte)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < text.n && (is_quoted || text.p[i] != byte); i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == '"')
			is_quoted = !is_quoted;
	}
	text.n = i < text.n ? i : text.n;
	return text;
}

static struct sieve_text
skip(struct sieve_text text, size_t n)
{
	n = n < text.n ? n : text.n;
	return (struct sieve_text){ text.p + n, text.n - n };
}

static struct sieve_text
trim(struct sieve_text text)
{
	while (text.n > 0 && text.p[text.n - 1] == ' ')
		text.n--;
	while (text.n > 0 && text.p[0] == ' ')
		text = skip(text, 1);
	return text;
}

/* A display name without its quotes, to be written as encoded words. */
static struct sieve_text
encode_name(struct sieve_interp *in, struct sieve_text name)
{
	char *p = sieve_arena_get(&in->scratch, name.n + 1);
	size_t i, n = 0;

	for (i = 0; p != NULL && i < name.n; i++) {
		if (name.p[i] == '"')
			continue;
		if (name.p[i] == '\\' && i + 1 < name.n)
			i++;
		p[n++] = name.p[i];
	}
	return sieve_header_encode(&in->scratch, sieve_text_of("From"), (struct sieve_text){ p, n });
}

static void
add_mailbox(struct sieve_entity *e, struct sieve_text mailbox)
{
	struct sieve_text name = take_until(mailbox, '<'), rest = skip(mailbox, name.n);

	if (rest.n > 0 && !sieve_text_is_ascii(name)) {
		sieve_entity_add_lines(e, encode_name(e->in, trim(name)));
		sieve_entity_add_words(e, " ");
		mailbox = rest;
	}
	sieve_entity_add(e, mailbox);
}

static void
add_from(struct sieve_entity *e, struct sieve_text list)
{
	struct sieve_text mailbox;

	sieve_entity_add_words(e, "From: ");
	while (list.n > 0) {
		mailbox = take_until(list, ',');
		list = skip(list, mailbox.n + 1);
		add_mailbox(e, trim(mailbox));
		if (list.n > 0) {
			sieve_entity_add_words(e, ",");
			sieve_entity_add_words(e, e->line_end);
			sieve_entity_add_words(e, " ");
		}
	}
	sieve_entity_add_words(e, e->line_end);
}

/* ---- the new part ---- */

struct replacement {
	const struct sieve_call *call;
	uint32_t part;
	struct sieve_text subject, from; /* of the message; p NULL: as they are */
	bool has_version; /* MIME-Version */
};

/* RFC 5703 5: "MUST preserve any previous Subject header as an
 * Original-Subject header", From likewise, and all other fields. */
static void
add_old_fields(struct sieve_entity *e, struct replacement *r)
{
	struct sieve_text header = sieve_message_body(e->in, r->part, SIEVE_BODY_HEADER), name, field;

	while (sieve_entity_has_field(&header, &name, &field) && !e->is_out) {
		if (sieve_entity_is_content(name))
			continue;
		r->has_version = r->has_version || sieve_text_is(name, "mime-version");
		if ((r->subject.p != NULL && sieve_text_is(name, "subject")) ||
		    (r->from.p != NULL && sieve_text_is(name, "from")))
			sieve_entity_add_words(e, "Original-");
		sieve_entity_copy_field(e, field);
	}
}

static void
add_new_fields(struct sieve_entity *e, const struct replacement *r)
{
	if (r->subject.p != NULL)
		sieve_entity_add_field(e, "Subject", sieve_header_encode(&e->in->scratch,
		    sieve_text_of("Subject"), r->subject));
	if (r->from.p != NULL)
		add_from(e, r->from);
	if (!r->has_version)
		sieve_entity_add_field(e, "MIME-Version", sieve_text_of("1.0"));
}

/* RFC 2045 3: of an entity's fields, those that begin with Content- say
 * something; those of a message stay its own. */
static void
add_entity(struct sieve_entity *e, struct sieve_text entity, bool is_message)
{
	struct sieve_text name, field;

	while (sieve_entity_has_field(&entity, &name, &field))
		if (!is_message || sieve_entity_is_content(name)) {
			sieve_entity_add_lines(e, field);
			if (field.p[field.n - 1] != '\n')
				sieve_entity_add_words(e, e->line_end);
		}
	sieve_entity_add_words(e, e->line_end);
	sieve_entity_add_lines(e, entity);
}

/* Whether a line of the text would end a multipart with this boundary. */
static bool
has_delimiter(struct sieve_text text, struct sieve_text boundary)
{
	size_t i;

	for (i = 0; i + 2 + boundary.n <= text.n; i++)
		if ((i == 0 || text.p[i - 1] == '\n') && text.p[i] == '-' && text.p[i + 1] == '-' &&
		    memcmp(text.p + i + 2, boundary.p, boundary.n) == 0)
			return true;
	return false;
}

static bool
is_breaking_out(struct sieve_interp *in, uint32_t part, struct sieve_text text)
{
	const struct sieve_host *host = in->host;
	struct sieve_fields fields;
	struct sieve_text boundary;

	for (part = sieve_message_part(in, part).parent; part != SIEVE_NO_PART;
	     part = sieve_message_part(in, part).parent) {
		fields = sieve_message_fields(in, part, sieve_text_of("content-type"));
		if (fields.n > 0 && host->mime_value != NULL &&
		    sieve_interp_can_spend(in, 1 + text.n / 16) &&
		    host->mime_value(host->arg, sieve_message_field_raw(in, &fields, 0),
			SIEVE_MIME_PARAM, sieve_text_of("boundary"), &boundary) &&
		    boundary.n > 0 && has_delimiter(text, boundary))
			return true;
	}
	return false;
}

static void
add_part(struct sieve_entity *e, struct replacement *r)
{
	struct sieve_interp *in = e->in;
	struct sieve_text text = sieve_interp_argument(in, r->call, 0);
	bool is_message = sieve_entity_is_message(in, r->part);

	if (is_message) {
		add_old_fields(e, r);
		add_new_fields(e, r);
	}
	if (!sieve_call_has(r->call, SIEVE_OWN(MIME)))
		sieve_entity_add_text(e, "plain", text);
	else if (is_breaking_out(in, r->part, text))
		sieve_interp_fail(in, "`replace :mime`: a line of the text is the boundary of "
				      "what it is put into");
	else
		add_entity(e, text, is_message);
}

/* RFC 5703 5: "If the entire message is being replaced". */
static void
take_fields(struct sieve_interp *in, struct replacement *r)
{
	if (r->part != 0)
		return;
	if (sieve_call_has(r->call, SIEVE_OWN(SUBJECT)))
		r->subject = sieve_interp_tagged(in, r->call, SIEVE_OWN(SUBJECT));
	if (!sieve_call_has(r->call, SIEVE_OWN(FROM)))
		return;
	r->from = sieve_interp_tagged(in, r->call, SIEVE_OWN(FROM));
	if (!sieve_addrspec_is_list(r->from))
		sieve_interp_fail(in, "`replace :from`: expected one or more addresses");
}

static void
run_replace(struct sieve_interp *in, const struct sieve_call *call)
{
	struct replacement r = { .call = call, .part = in->part };
	struct sieve_entity_piece piece = { .part = in->part };
	struct sieve_entity e;
	bool is_done = false;

	take_fields(in, &r);
	if (!in->is_over && sieve_entity_can_begin(in)) {
		sieve_entity_begin(&e, in);
		add_part(&e, &r);
		piece.text = sieve_entity_text(&e);
		is_done = sieve_entity_put(in, &piece, 1);
	}
	if (is_done)
		sieve_loop_skip(in);
	else
		sieve_interp_fail(in, "`replace`: the changed message is too large");
}

static const struct sieve_tag tags[] = {
	{ "mime", SIEVE_OWN(MIME), SIEVE_VALUE_NONE, 1 },
	{ "subject", SIEVE_OWN(SUBJECT), SIEVE_VALUE_STRING, 1 },
	{ "from", SIEVE_OWN(FROM), SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "replace", .kind = SIEVE_COMMAND,
	    .groups = SIEVE_OWN_BIT(MIME) | SIEVE_OWN_BIT(SUBJECT) | SIEVE_OWN_BIT(FROM),
	    .tags = tags, .positional = { SIEVE_VALUE_STRING }, .names = { "a text" },
	    .check = check_replace, .run = run_replace },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_replace = {
	.name = "replace",
	.rfc = "RFC 5703",
	.words = words,
};

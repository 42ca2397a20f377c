/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The message becomes an attachment of a new one, RFC 5703 6. */

#include <inttypes.h>
#include <stdio.h>

#include "calendar.h"
#include "entity.h"
#include "header.h"
#include "loop.h"
#include "message.h"
#include "search.h"

enum { SUBJECT, HEADERS }; /* of the command's own tags */

#define BOUNDARY_TRIES 16
#define BOUNDARY_SIZE 40

/* ---- the new header ---- */

struct enclosure {
	const struct sieve_call *call;
	struct sieve_list copied; /* names of :headers */
	bool has_subject, has_from, has_date;
};

static bool
is_named(struct sieve_list names, struct sieve_text name)
{
	unsigned i;

	for (i = 0; i < names.n; i++)
		if (sieve_text_is_same(names.at[i].text, name))
			return true;
	return false;
}

/* RFC 5703 6: "Any headers specified by ":headers" are copied"; what says how
 * the message is made is the new one's own. */
static void
copy_fields(struct sieve_entity *e, struct enclosure *c, struct sieve_text header)
{
	struct sieve_text name, field;

	while (sieve_entity_has_field(&header, &name, &field) &&
	    sieve_interp_can_spend(e->in, 1 + c->copied.n / 8)) {
		if (sieve_entity_is_content(name) || sieve_text_is(name, "mime-version") ||
		    !is_named(c->copied, name) || (c->has_subject && sieve_text_is(name, "subject")))
			continue;
		c->has_from = c->has_from || sieve_text_is(name, "from");
		c->has_date = c->has_date || sieve_text_is(name, "date");
		sieve_entity_copy_field(e, field);
	}
	c->has_subject = c->has_subject || is_named(c->copied, sieve_text_of("subject"));
}

static void
copy_first(struct sieve_entity *e, struct sieve_text header, const char *wanted)
{
	struct sieve_text name, field;

	while (sieve_entity_has_field(&header, &name, &field))
		if (sieve_text_is(name, wanted)) {
			sieve_entity_copy_field(e, field);
			return;
		}
}

/* "From: headers should be synthesized to reflect ... the user running the
 * Sieve action" */
static void
add_from(struct sieve_entity *e, struct sieve_text header)
{
	const struct sieve_host *host = e->in->host;
	struct sieve_address user;

	if (host->envelope != NULL && host->envelope(host->arg, SIEVE_ENVELOPE_TO, &user) &&
	    user.all.n > 0)
		sieve_entity_add_field(e, "From", user.all);
	else
		copy_first(e, header, "from");
}

/* RFC 5322 3.3 */
static void
add_date(struct sieve_entity *e)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	const struct sieve_host *host = e->in->host;
	int zone = host->local_zone == NULL ? 0 : host->local_zone(host->arg, host->now);
	int minutes = zone < 0 ? -zone : zone;
	struct sieve_calendar now = sieve_calendar_of(host->now, zone);

	sieve_entity_add_field(e, "Date", sieve_arena_printf(&e->in->scratch,
	    "%s, %d %s %04" PRId64 " %02d:%02d:%02d %c%02d%02d", days[now.weekday], now.day,
	    months[now.month - 1], now.year, now.hour, now.minute, now.second,
	    zone < 0 ? '-' : '+', minutes / 60, minutes % 60));
}

static void
add_header(struct sieve_entity *e, const struct sieve_call *call)
{
	const struct sieve_tagged *copied = sieve_call_value(call, SIEVE_OWN(HEADERS));
	struct sieve_text header = sieve_message_body(e->in, 0, SIEVE_BODY_HEADER);
	struct enclosure c = { .call = call, .copied = { .is_constant = true } };

	if (copied != NULL)
		c.copied = sieve_interp_list(e->in, copied->list);
	c.has_subject = sieve_call_has(call, SIEVE_OWN(SUBJECT));
	if (c.has_subject)
		sieve_entity_add_field(e, "Subject", sieve_header_encode(&e->in->scratch,
		    sieve_text_of("Subject"), sieve_interp_tagged(e->in, call, SIEVE_OWN(SUBJECT))));
	copy_fields(e, &c, header);
	if (!c.has_subject)
		copy_first(e, header, "subject");
	if (!c.has_from)
		add_from(e, header);
	if (!c.has_date)
		add_date(e);
	sieve_entity_add_field(e, "MIME-Version", sieve_text_of("1.0"));
}

/* ---- the new body ---- */

/* FNV-1a.  Who writes the message cannot well put into it what depends on all
 * of it; and whether it is there is looked for. */
static uint64_t
hash(struct sieve_text text, uint64_t seed)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325) ^ seed;
	size_t i;

	for (i = 0; i < text.n; i++)
		value = (value ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return value;
}

static bool
has_boundary(struct sieve_interp *in, struct sieve_text message, char out[BOUNDARY_SIZE])
{
	unsigned i;

	for (i = 0; i < BOUNDARY_TRIES && sieve_interp_can_spend(in, message.n / 32); i++) {
		snprintf(out, BOUNDARY_SIZE, "=_enclosed_%016" PRIx64, hash(message, i));
		if (sieve_search(SIEVE_COMPARE_OCTET, message, 0, sieve_text_of(out)) ==
		    SIEVE_SEARCH_NONE)
			return true;
	}
	return false;
}

static bool
has_eight_bit(struct sieve_text text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return true;
	return false;
}

static void
add_delimiter(struct sieve_entity *e, const char *boundary, const char *end)
{
	sieve_entity_add_words(e, "--");
	sieve_entity_add_words(e, boundary);
	sieve_entity_add_words(e, end);
	sieve_entity_add_words(e, e->line_end);
}

/* All in front of the old message. */
static void
add_front(struct sieve_entity *e, const struct sieve_call *call, const char *boundary,
    struct sieve_text message)
{
	add_header(e, call);
	sieve_entity_add_field(e, "Content-Type", sieve_arena_printf(&e->in->scratch,
	    "multipart/mixed; boundary=\"%s\"", boundary));
	sieve_entity_add_words(e, e->line_end);
	add_delimiter(e, boundary, "");
	sieve_entity_add_text(e, "plain", sieve_interp_argument(e->in, call, 0));
	sieve_entity_add_words(e, e->line_end);
	add_delimiter(e, boundary, "");
	sieve_entity_add_field(e, "Content-Type", sieve_text_of("message/rfc822"));
	if (has_eight_bit(message))
		sieve_entity_add_field(e, "Content-Transfer-Encoding", sieve_text_of("8bit"));
	sieve_entity_add_words(e, e->line_end);
}

/* RFC 5703 11: "the original message is copied octet-for-octet". */
static bool
is_enclosed(struct sieve_interp *in, const struct sieve_call *call)
{
	const struct sieve_host *host = in->host;
	struct sieve_text message = sieve_entity_part(in, 0), pieces[3], text;
	struct sieve_entity front, behind;
	char boundary[BOUNDARY_SIZE];

	if (!has_boundary(in, message, boundary))
		return false;
	sieve_entity_begin(&front, in);
	add_front(&front, call, boundary, message);
	sieve_entity_begin(&behind, in);
	sieve_entity_add_words(&behind, behind.line_end);
	add_delimiter(&behind, boundary, "--");
	pieces[0] = sieve_entity_text(&front);
	pieces[1] = message;
	pieces[2] = sieve_entity_text(&behind);
	if (in->is_over || !host->join(host->arg, pieces, 3, &text) ||
	    !sieve_interp_can_spend(in, text.n / 64))
		return false;
	sieve_message_enclose(in, text);
	return !in->is_over;
}

static void
run_enclose(struct sieve_interp *in, const struct sieve_call *call)
{
	if (sieve_entity_can_begin(in) && is_enclosed(in, call))
		sieve_loop_end(in);
	else
		sieve_interp_fail(in, "`enclose`: the changed message is too large");
}

static const struct sieve_tag tags[] = {
	{ "subject", SIEVE_OWN(SUBJECT), SIEVE_VALUE_STRING, 1 },
	{ "headers", SIEVE_OWN(HEADERS), SIEVE_VALUE_STRINGS, 1 },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "enclose", .kind = SIEVE_COMMAND,
	    .groups = SIEVE_OWN_BIT(SUBJECT) | SIEVE_OWN_BIT(HEADERS), .tags = tags,
	    .positional = { SIEVE_VALUE_STRING }, .names = { "a text" }, .run = run_enclose },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_enclose = {
	.name = "enclose",
	.rfc = "RFC 5703",
	.words = words,
};

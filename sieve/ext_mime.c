/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Tests on the headers of parts and on what is in them, RFC 5703 4.  Parses
 * no value: the host does. */

#include "message.h"
#include "mime.h"

enum { WHOLE, TYPE, SUBTYPE, CONTENT_TYPE, PARAM };

void
sieve_mime_check(struct sieve_checker *checker, const struct sieve_node *node)
{
	static const enum sieve_group groups[] = { SIEVE_GROUP_ANY_CHILD, SIEVE_GROUP_MIME_PART };
	const struct sieve_tag *tag;
	unsigned i;

	/* RFC 5703 4.1: ":anychild" in absence of ":mime" is an error. */
	for (i = 0; i < 2; i++) {
		tag = node->bound.tags[groups[i]];
		if (tag != NULL && node->bound.tags[SIEVE_GROUP_MIME] == NULL)
			sieve_error_add(checker->errors, node->offset,
			    "`:%s` of `%s` makes sense with `:mime` only", tag->name,
			    node->word->name);
	}
}

/* The parts to be looked at: the one that a loop is at, outside of loops the
 * message; with :anychild all that is in it too. */
struct range {
	uint32_t first, end;
};

static struct range
find_parts(struct sieve_interp *in, const struct sieve_call *call)
{
	struct range range = { in->part, in->part + 1 };
	uint32_t count, depth;

	if (!sieve_call_has(call, SIEVE_GROUP_ANY_CHILD))
		return range;
	count = sieve_message_part_count(in);
	depth = sieve_message_part(in, in->part).depth;
	while (range.end < count && sieve_message_part(in, range.end).depth > depth)
		range.end++;
	(void)sieve_interp_can_spend(in, range.end - range.first);
	return range;
}

/* ---- header ---- */

static bool
has_value(struct sieve_interp *in, struct sieve_text raw, enum sieve_mime_value what,
    struct sieve_text param, struct sieve_text *out)
{
	return in->host->mime_value != NULL && sieve_interp_can_spend(in, 1 + raw.n / 64) &&
	    in->host->mime_value(in->host->arg, raw, what, param, out);
}

static bool
is_param_done(struct sieve_compare *compare, struct sieve_list params, struct sieve_text raw)
{
	struct sieve_text value;
	unsigned i;

	for (i = 0; i < params.n; i++)
		if (has_value(compare->in, raw, SIEVE_MIME_PARAM, params.at[i].text, &value) &&
		    sieve_compare_is_done(compare, value))
			return true;
	return compare->in->is_over;
}

/* A type without its subtype is none (RFC 2045 5.1). */
static bool
is_type_done(struct sieve_compare *compare, unsigned code, struct sieve_text raw)
{
	static const enum sieve_mime_value kinds[] = {
		[TYPE] = SIEVE_MIME_TYPE,
		[SUBTYPE] = SIEVE_MIME_SUBTYPE,
		[CONTENT_TYPE] = SIEVE_MIME_CONTENT_TYPE,
	};
	struct sieve_interp *in = compare->in;
	struct sieve_text value;

	return has_value(in, raw, SIEVE_MIME_SUBTYPE, SIEVE_TEXT_EMPTY, &value) &&
	    has_value(in, raw, kinds[code], SIEVE_TEXT_EMPTY, &value) &&
	    sieve_compare_is_done(compare, value);
}

static bool
is_disposition_done(struct sieve_compare *compare, unsigned code, struct sieve_text raw)
{
	struct sieve_text value;

	if (!has_value(compare->in, raw, SIEVE_MIME_TYPE, SIEVE_TEXT_EMPTY, &value))
		return false;
	return sieve_compare_is_done(compare, code == SUBTYPE ? SIEVE_TEXT_EMPTY : value);
}

struct wanted {
	unsigned code;
	struct sieve_text name;
	struct sieve_list params;
};

static bool
is_value_done(struct sieve_compare *compare, const struct wanted *wanted,
    const struct sieve_fields *fields, size_t i)
{
	struct sieve_interp *in = compare->in;

	if (wanted->code == WHOLE)
		return sieve_compare_is_done(compare, sieve_message_field(in, fields, i));
	if (wanted->code == PARAM)
		return is_param_done(compare, wanted->params, sieve_message_field_raw(in, fields, i));
	if (sieve_text_is(wanted->name, "content-type"))
		return is_type_done(compare, wanted->code, sieve_message_field_raw(in, fields, i));
	if (sieve_text_is(wanted->name, "content-disposition"))
		return is_disposition_done(compare, wanted->code,
		    sieve_message_field_raw(in, fields, i));
	/* RFC 5703 4.1: "for other MIME headers, uses a blank string for the
	 * test"; and :count is of "headers that parsed successfully". */
	return compare->match != SIEVE_MATCH_COUNT &&
	    sieve_compare_is_done(compare, SIEVE_TEXT_EMPTY);
}

static bool
is_part_done(struct sieve_compare *compare, const struct sieve_call *call,
    struct sieve_list names, struct wanted *wanted, uint32_t part)
{
	struct sieve_interp *in = compare->in;
	struct sieve_selection selection = sieve_message_choose(in, call, part, names);
	struct sieve_fields fields;
	size_t i, end;
	unsigned name;

	for (name = 0; name < names.n && sieve_interp_can_spend(in, 1); name++) {
		wanted->name = names.at[name].text;
		fields = sieve_message_fields(in, part, wanted->name);
		sieve_message_chosen(&selection, fields.n, &i, &end);
		for (; i < end && !in->is_over; i++)
			if (is_value_done(compare, wanted, &fields, i))
				return true;
	}
	return in->is_over;
}

bool
sieve_mime_header(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = sieve_interp_list(in, call->arguments[0]);
	const struct sieve_tagged *params = sieve_call_value(call, SIEVE_GROUP_MIME_PART);
	struct range parts = find_parts(in, call);
	struct wanted wanted = { .code = call->codes[SIEVE_GROUP_MIME_PART] };
	struct sieve_compare compare;

	if (params != NULL)
		wanted.params = sieve_interp_list(in, params->list);
	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	for (; parts.first < parts.end; parts.first++)
		if (is_part_done(&compare, call, names, &wanted, parts.first))
			return compare.is_true;
	return sieve_compare_end(&compare);
}

/* ---- address and exists ---- */

bool
sieve_mime_address(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = sieve_interp_list(in, call->arguments[0]);
	struct range parts = find_parts(in, call);
	struct sieve_compare compare;

	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	for (; parts.first < parts.end; parts.first++)
		if (sieve_tests_are_addresses_done(&compare, call, names, parts.first))
			return compare.is_true;
	return sieve_compare_end(&compare);
}

static bool
has_field(struct sieve_interp *in, struct range parts, struct sieve_text name)
{
	for (; parts.first < parts.end && sieve_interp_can_spend(in, 1); parts.first++)
		if (sieve_message_fields(in, parts.first, name).n > 0)
			return true;
	return false;
}

bool
sieve_mime_exists(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = sieve_interp_list(in, call->arguments[0]);
	struct range parts = find_parts(in, call);
	unsigned i;

	for (i = 0; i < names.n; i++)
		if (!has_field(in, parts, names.at[i].text))
			return false;
	return true;
}

static const struct sieve_tag tags[] = {
	{ "mime", SIEVE_GROUP_MIME, SIEVE_VALUE_NONE, 1 },
	{ "anychild", SIEVE_GROUP_ANY_CHILD, SIEVE_VALUE_NONE, 1 },
	{ "type", SIEVE_GROUP_MIME_PART, SIEVE_VALUE_NONE, TYPE },
	{ "subtype", SIEVE_GROUP_MIME_PART, SIEVE_VALUE_NONE, SUBTYPE },
	{ "contenttype", SIEVE_GROUP_MIME_PART, SIEVE_VALUE_NONE, CONTENT_TYPE },
	{ "param", SIEVE_GROUP_MIME_PART, SIEVE_VALUE_STRINGS, PARAM },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_mime = {
	.name = "mime",
	.rfc = "RFC 5703",
	.tags = tags,
};

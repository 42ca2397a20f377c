/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Tests on header fields and addresses, RFC 5228 5, 5233.  Parses nothing:
 * the host has. */

#include "tests.h"

#include "message.h"
#include "mime.h"

#include <string.h>

bool
sieve_tests_header(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_selection selection;
	struct sieve_compare compare;
	struct sieve_fields fields;
	struct sieve_list names;
	size_t i, end;
	unsigned name;

	if (sieve_call_has(call, SIEVE_GROUP_MIME))
		return sieve_mime_header(in, call);
	names = sieve_interp_list(in, call->arguments[0]);
	selection = sieve_message_choose(in, call, 0, names);
	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	for (name = 0; name < names.n && sieve_interp_can_spend(in, 1); name++) {
		fields = sieve_message_fields(in, 0, names.at[name].text);
		sieve_message_chosen(&selection, fields.n, &i, &end);
		for (; i < end; i++)
			if (sieve_compare_is_done(&compare, sieve_message_field(in, &fields, i)))
				return compare.is_true;
	}
	return sieve_compare_end(&compare);
}

bool
sieve_tests_exists(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = sieve_interp_list(in, call->arguments[0]);
	unsigned i;

	if (sieve_call_has(call, SIEVE_GROUP_MIME))
		return sieve_mime_exists(in, call);
	for (i = 0; i < names.n && sieve_interp_can_spend(in, 1); i++)
		if (sieve_message_fields(in, 0, names.at[i].text).n == 0)
			return false;
	return true;
}

bool
sieve_tests_size(struct sieve_interp *in, const struct sieve_call *call)
{
	uint64_t limit = sieve_call_value(call, SIEVE_GROUP_SIZE)->number;

	if (call->codes[SIEVE_GROUP_SIZE] == SIEVE_SIZE_OVER)
		return sieve_message_size(in) > limit;
	return sieve_message_size(in) < limit;
}

/* ---- addresses ---- */

/* RFC 5233 4: the detail begins behind the first delimiter. */
static size_t
find_delimiter(const struct sieve_interp *in, struct sieve_text local)
{
	size_t i;

	for (i = 0; i < local.n; i++)
		if (local.p[i] != '\0' && strchr(in->host->delimiters, local.p[i]) != NULL)
			break;
	return i;
}

static bool
has_part(const struct sieve_interp *in, const struct sieve_address *address, enum sieve_address_part part,
    struct sieve_text *out)
{
	size_t at;

	*out = address->all;
	/* RFC 5228 5.4: the null sender is the empty string in every part. */
	if (part == SIEVE_PART_ALL || address->all.n == 0)
		return true;
	if (!address->is_valid)
		return false;
	*out = part == SIEVE_PART_DOMAIN ? address->domain : address->local;
	if (part == SIEVE_PART_LOCAL || part == SIEVE_PART_DOMAIN)
		return true;
	at = find_delimiter(in, address->local);
	out->n = at;
	if (part == SIEVE_PART_USER)
		return true;
	/* RFC 5233 4: without a delimiter :detail matches nothing. */
	if (at == address->local.n)
		return false;
	*out = (struct sieve_text){ address->local.p + at + 1, address->local.n - at - 1 };
	return true;
}

bool
sieve_tests_is_done(struct sieve_compare *compare, const struct sieve_call *call,
    const struct sieve_address *address)
{
	enum sieve_address_part part = (enum sieve_address_part)call->codes[SIEVE_GROUP_PART];
	struct sieve_text text;

	if (!has_part(compare->in, address, part, &text))
		return !sieve_interp_can_spend(compare->in, 1);
	return sieve_compare_is_done(compare, text);
}

static bool
is_field_done(struct sieve_compare *compare, const struct sieve_call *call,
    const struct sieve_fields *fields, size_t at)
{
	struct sieve_interp *in = compare->in;
	struct sieve_address address;
	const void *addresses;
	size_t count, i;

	addresses = sieve_message_addresses(in, fields, at, &count);
	for (i = 0; i < count; i++) {
		address = in->host->address(in->host->arg, addresses, i);
		if (sieve_tests_is_done(compare, call, &address))
			return true;
	}
	return false;
}

/* RFC 5228 5.1: "MUST restrict the address test to headers that contain
 * addresses".  Of fields that no standard knows, their text decides. */
static bool
can_hold_addresses(struct sieve_text name)
{
	static const char *const others[] = { "comments", "content-description",
		"content-disposition", "content-id", "content-transfer-encoding", "content-type",
		"date", "in-reply-to", "keywords", "message-id", "mime-version", "received",
		"references", "resent-date", "resent-message-id", "subject" };
	size_t i;

	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if (sieve_text_is(name, others[i]))
			return false;
	return true;
}

bool
sieve_tests_are_addresses_done(struct sieve_compare *compare, const struct sieve_call *call,
    struct sieve_list names, uint32_t part)
{
	struct sieve_interp *in = compare->in;
	struct sieve_selection selection = sieve_message_choose(in, call, part, names);
	struct sieve_fields fields;
	size_t i, end;
	unsigned name;

	for (name = 0; name < names.n && sieve_interp_can_spend(in, 1); name++) {
		fields = sieve_message_fields(in, part, names.at[name].text);
		sieve_message_chosen(&selection, fields.n, &i, &end);
		if (!can_hold_addresses(names.at[name].text))
			continue;
		for (; i < end; i++)
			if (is_field_done(compare, call, &fields, i))
				return true;
	}
	return in->is_over;
}

bool
sieve_tests_address(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names;
	struct sieve_compare compare;

	if (sieve_call_has(call, SIEVE_GROUP_MIME))
		return sieve_mime_address(in, call);
	names = sieve_interp_list(in, call->arguments[0]);
	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	if (sieve_tests_are_addresses_done(&compare, call, names, 0))
		return compare.is_true;
	return sieve_compare_end(&compare);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Fields of the message and its parts: found by name, decoded when they are
 * looked at, and then kept. */

#include "filter/host.h"

#include "base/hash.h"
#include "filter/host_known.h"
#include "mail/address.h"
#include "mail/word.h"

struct host_field {
	const struct header_field *field;
	struct str value;
	struct host_addresses addresses;
	bool has_value, has_addresses;
};

/* Scripts and senders may name 100 000 fields: chains must stay short. */
#define CHAINS 1024

static size_t
chain_of(uint32_t part, struct str name)
{
	char lower[80];
	size_t n;

	for (n = 0; n < name.n && n < sizeof lower; n++)
		lower[n] = (char)str_lower((unsigned char)name.p[n]);
	return (hash_seeded((struct str){ lower, n }) + part * UINT64_C(0x9e3779b97f4a7c15)) % CHAINS;
}

static size_t
count_fields(const struct header *header, struct str name)
{
	const struct header_field *field = header_first(header, name);
	size_t n = 0;

	for (; field != NULL; field = header_next(header, field))
		n++;
	return n;
}

/* NULL: no memory. */
static struct host_fields *
make_fields(struct arena *a, const struct header *header, uint32_t part, struct str name)
{
	struct host_fields *fields = arena_zalloc(a, sizeof *fields);
	const struct header_field *field = header_first(header, name);
	size_t i;

	if (fields == NULL)
		return NULL;
	fields->part = part;
	fields->name = field->name;
	fields->n = count_fields(header, name);
	fields->at = arena_array(a, fields->n, sizeof *fields->at);
	if (fields->at == NULL)
		return NULL;
	for (i = 0; field != NULL; field = header_next(header, field))
		fields->at[i++].field = field;
	return fields;
}

struct host_fields *
host_fields(struct host *host, uint32_t part, struct str name)
{
	struct host_message *message = host->message;
	const struct header *header = host_part_header(host, part);
	struct host_fields *fields, **chain;

	if (header == NULL || header_first(header, name) == NULL)
		return NULL;
	if (message->chains == NULL)
		message->chains = arena_array(message->arena, CHAINS, sizeof *message->chains);
	if (message->chains == NULL)
		return NULL;
	chain = &message->chains[chain_of(part, name)];
	for (fields = *chain; fields != NULL; fields = fields->next)
		if (fields->part == part && str_is_equal_nocase(fields->name, name))
			return fields;
	fields = make_fields(message->arena, header, part, name);
	if (fields == NULL)
		return NULL;
	fields->next = *chain;
	*chain = fields;
	return fields;
}

/* ---- values ---- */

/* Plain text of one line is what nearly every field is: it needs no copy. */
static bool
is_plain(struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < ' ' || (unsigned char)value.p[i] >= 0x7f ||
		    (value.p[i] == '=' && i + 1 < value.n && value.p[i + 1] == '?'))
			return false;
	return true;
}

static struct str
decode(struct host *host, struct str raw)
{
	struct str trimmed = str_trim(raw);

	if (is_plain(trimmed))
		return trimmed;
	buf_clear(host->scratch);
	word_add_decoded(host->scratch, raw, host->charsets);
	return arena_str(host->message->arena, buf_str(host->scratch));
}

struct str
host_field(struct host *host, struct host_fields *fields, size_t i)
{
	struct host_field *field = &fields->at[i];

	if (!field->has_value)
		field->value = decode(host, field->field->value);
	field->has_value = true;
	return field->value;
}

struct str
host_field_raw(const struct host_fields *fields, size_t i)
{
	return fields->at[i].field->value;
}

struct host_values
host_header(struct host *host, struct str name)
{
	struct host_fields *fields = host_fields(host, 0, name);
	struct str *values;
	size_t i;

	if (fields == NULL)
		return (struct host_values){ NULL, 0 };
	if (fields->has_values)
		return fields->values;
	fields->has_values = true;
	values = arena_array(host->message->arena, fields->n, sizeof *values);
	if (values == NULL)
		return fields->values;
	for (i = 0; i < fields->n; i++)
		values[i] = host_field(host, fields, i);
	fields->values = (struct host_values){ values, fields->n };
	return fields->values;
}

/* ---- addresses ---- */

static struct str
join(struct host *host, struct arena *a, struct str local, struct str domain)
{
	buf_clear(host->scratch);
	buf_add_str(host->scratch, local);
	if (domain.n > 0) {
		buf_add_byte(host->scratch, '@');
		buf_add_str(host->scratch, domain);
	}
	return arena_str(a, buf_str(host->scratch));
}

/* How many there are; out: NULL, or room for them. */
static size_t
take_addresses(struct host *host, struct arena *a, struct str value, struct host_address *out,
    size_t room)
{
	struct address_list list;
	struct address address;
	size_t n = 0;

	address_list_init(&list, value, a);
	while (address_has_next(&list, &address)) {
		if (address.kind != ADDRESS_MAILBOX && address.kind != ADDRESS_INVALID)
			continue;
		if (out != NULL && n < room) {
			out[n].is_valid = address.kind == ADDRESS_MAILBOX;
			out[n].local = address.local;
			out[n].domain = address.domain;
			out[n].all = out[n].is_valid
			    ? join(host, a, address.local, address.domain)
			    : address.raw;
		}
		n++;
	}
	return n;
}

static struct host_addresses
parse_addresses(struct host *host, struct arena *a, struct str value)
{
	size_t count = take_addresses(host, a, value, NULL, 0), n;
	struct host_address *at = count == 0 ? NULL : arena_array(a, count, sizeof *at);

	if (at == NULL)
		return (struct host_addresses){ NULL, 0 };
	/* Fewer when the arena has met its ceiling in between. */
	n = take_addresses(host, a, value, at, count);
	return (struct host_addresses){ at, n < count ? n : count };
}

struct host_addresses
host_field_addresses(struct host *host, struct host_fields *fields, size_t i)
{
	struct host_field *field = &fields->at[i];

	if (!field->has_addresses)
		field->addresses =
		    parse_addresses(host, host->message->arena, field->field->value);
	field->has_addresses = true;
	return field->addresses;
}

struct host_addresses
host_text_addresses(struct host *host, struct str text)
{
	arena_empty(&host->text_arena);
	return parse_addresses(host, &host->text_arena, text);
}

struct host_addresses
host_header_addresses(struct host *host, struct str name)
{
	struct host_fields *fields = host_fields(host, 0, name);
	struct host_address *all;
	struct host_addresses some;
	size_t count = 0, i, k, n = 0;

	if (fields == NULL)
		return (struct host_addresses){ NULL, 0 };
	if (fields->has_addresses)
		return fields->addresses;
	fields->has_addresses = true;
	for (i = 0; i < fields->n; i++)
		count += host_field_addresses(host, fields, i).n;
	all = count == 0 ? NULL : arena_array(host->message->arena, count, sizeof *all);
	if (all == NULL)
		return fields->addresses;
	for (i = 0; i < fields->n; i++) {
		some = host_field_addresses(host, fields, i);
		for (k = 0; k < some.n; k++)
			all[n++] = some.at[k];
	}
	fields->addresses = (struct host_addresses){ all, n };
	return fields->addresses;
}

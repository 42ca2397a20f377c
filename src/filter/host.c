/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Answers what scripts ask about a message.  Knows nothing of Sieve. */

#include "filter/host.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "mail/address.h"
#include "mail/word.h"

/* What was decoded of fields of one name. */
struct host_cached {
	struct host_cached *next;
	struct str name;
	bool has_values, has_addresses;
	struct host_values values;
	struct host_addresses addresses;
};

void
host_init(struct host *host, struct str text, struct arena *a, struct charset_set *charsets,
    struct buf *scratch)
{
	*host = (struct host){
		.arena = a,
		.charsets = charsets,
		.scratch = scratch,
		.text = text,
		.delimiters = "",
	};
	header_parse(text, a, &host->header);
	mime_parse(text, a, &host->mime);
}

/* Scripts and senders may name 100 000 fields: chains must stay short. */
#define CHAINS 1024

static size_t
chain_of(struct str name)
{
	char lower[80];
	size_t n;

	for (n = 0; n < name.n && n < sizeof lower; n++)
		lower[n] = name.p[n] >= 'A' && name.p[n] <= 'Z' ? (char)(name.p[n] + 32)
								: name.p[n];
	return hash_seeded((struct str){ lower, n }) % CHAINS;
}

/* NULL: no such field, or no memory. */
static struct host_cached *
find_cached(struct host *host, struct str name)
{
	struct host_cached *cached, **chain;

	if (header_first(&host->header, name) == NULL)
		return NULL;
	if (host->cached == NULL)
		host->cached = arena_array(host->arena, CHAINS, sizeof *host->cached);
	if (host->cached == NULL)
		return NULL;
	chain = &host->cached[chain_of(name)];
	for (cached = *chain; cached != NULL; cached = cached->next)
		if (str_is_equal_nocase(cached->name, name))
			return cached;
	cached = arena_zalloc(host->arena, sizeof *cached);
	if (cached == NULL)
		return NULL;
	cached->name = arena_str(host->arena, name);
	cached->next = *chain;
	*chain = cached;
	return cached;
}

static size_t
count_fields(const struct host *host, struct str name)
{
	const struct header_field *field = header_first(&host->header, name);
	size_t n = 0;

	for (; field != NULL; field = header_next(&host->header, field))
		n++;
	return n;
}

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
	return arena_str(host->arena, buf_str(host->scratch));
}

struct host_values
host_header(struct host *host, struct str name)
{
	struct host_cached *cached = find_cached(host, name);
	const struct header_field *field;
	struct str *values;
	size_t n, i = 0;

	if (cached == NULL)
		return (struct host_values){ NULL, 0 };
	if (cached->has_values)
		return cached->values;
	cached->has_values = true;
	n = count_fields(host, name);
	values = n == 0 ? NULL : arena_array(host->arena, n, sizeof *values);
	if (values == NULL)
		return cached->values;
	for (field = header_first(&host->header, name); field != NULL && i < n;
	     field = header_next(&host->header, field))
		values[i++] = decode(host, field->value);
	cached->values = (struct host_values){ values, n };
	return cached->values;
}

static struct str
join(struct host *host, struct str local, struct str domain)
{
	buf_clear(host->scratch);
	buf_add_str(host->scratch, local);
	if (domain.n > 0) {
		buf_add_byte(host->scratch, '@');
		buf_add_str(host->scratch, domain);
	}
	return arena_str(host->arena, buf_str(host->scratch));
}

static size_t
add_field(struct host *host, struct str value, struct host_address *out, size_t room)
{
	struct address_list list;
	struct address address;
	size_t n = 0;

	address_list_init(&list, value, host->arena);
	while (address_has_next(&list, &address)) {
		if (address.kind != ADDRESS_MAILBOX && address.kind != ADDRESS_INVALID)
			continue;
		if (out != NULL && n < room) {
			out[n].is_valid = address.kind == ADDRESS_MAILBOX;
			out[n].local = address.local;
			out[n].domain = address.domain;
			out[n].all = out[n].is_valid
			    ? join(host, address.local, address.domain)
			    : address.raw;
		}
		n++;
	}
	return n;
}

struct host_addresses
host_header_addresses(struct host *host, struct str name)
{
	struct host_cached *cached = find_cached(host, name);
	const struct header_field *field;
	struct host_address *addresses;
	size_t count = 0, n = 0;

	if (cached == NULL)
		return (struct host_addresses){ NULL, 0 };
	if (cached->has_addresses)
		return cached->addresses;
	cached->has_addresses = true;
	for (field = header_first(&host->header, name); field != NULL;
	     field = header_next(&host->header, field))
		count += add_field(host, field->value, NULL, 0);
	addresses = count == 0 ? NULL : arena_array(host->arena, count, sizeof *addresses);
	if (addresses == NULL)
		return cached->addresses;
	for (field = header_first(&host->header, name); field != NULL && n < count;
	     field = header_next(&host->header, field))
		n += add_field(host, field->value, addresses + n, count - n);
	cached->addresses = (struct host_addresses){ addresses, count };
	return cached->addresses;
}

struct host_address
host_envelope_address(struct host *host, struct str path)
{
	ptrdiff_t at = str_find_last_byte(path, '@');
	struct host_address address = { .local = path, .all = path, .is_valid = true };

	(void)host;
	if (at != -1) {
		address.local = str_sub(path, 0, (size_t)at);
		address.domain = str_from(path, (size_t)at + 1);
	}
	return address;
}

/* RFC 5233 4: the detail begins behind the first delimiter. */
static ptrdiff_t
find_delimiter(const struct host *host, struct str local)
{
	size_t i;

	for (i = 0; i < local.n; i++)
		if (local.p[i] != '\0' && strchr(host->delimiters, local.p[i]) != NULL)
			return (ptrdiff_t)i;
	return -1;
}

bool
host_has_part(const struct host *host, const struct host_address *address, enum host_part part,
    struct str *out)
{
	ptrdiff_t at;

	*out = address->all;
	/* RFC 5228 5.4: the null sender is the empty string in every part. */
	if (part == HOST_ALL || address->all.n == 0)
		return true;
	if (!address->is_valid)
		return false;
	*out = part == HOST_DOMAIN ? address->domain : address->local;
	if (part == HOST_LOCAL || part == HOST_DOMAIN)
		return true;
	at = find_delimiter(host, address->local);
	if (part == HOST_USER) {
		if (at != -1)
			*out = str_sub(address->local, 0, (size_t)at);
		return true;
	}
	/* RFC 5233 4: without a delimiter :detail matches nothing. */
	if (at == -1)
		return false;
	*out = str_from(address->local, (size_t)at + 1);
	return true;
}

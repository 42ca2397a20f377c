/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The fields of a message that the index keeps.  Knows nothing of scripts. */

#include "filter/fields.h"

#include "base/buf.h"
#include "mail/address.h"
#include "mail/date.h"
#include "mail/word.h"

static struct str
first_value(const struct host *host, struct str name)
{
	const struct header_field *field = header_first(&host->original.header, name);

	return field == NULL ? STR_EMPTY : field->value;
}

/* A copy of scratch, of at most max bytes. */
static struct str
finish(struct host *host, size_t max)
{
	return arena_str(host->arena, charset_cut_utf8(str_trim(buf_str(host->scratch)), max));
}

static struct str
decoded(struct host *host, struct str name, size_t max)
{
	buf_clear(host->scratch);
	word_add_decoded(host->scratch, first_value(host, name), host->charsets);
	return finish(host, max);
}

static bool
is_id_byte(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && c != '<' && c != '>';
}

/* The next `<id>` of a field, RFC 5322 3.6.4; what stands between is passed
 * over. */
static bool
can_take_id(struct str *rest, struct str *out)
{
	ptrdiff_t open;
	size_t n;

	while ((open = str_find_byte(*rest, '<')) != -1) {
		*rest = str_from(*rest, (size_t)open);
		for (n = 1; n < rest->n && is_id_byte(rest->p[n]); n++)
			;
		if (n > 1 && n < rest->n && rest->p[n] == '>') {
			*out = str_sub(*rest, 0, n + 1);
			*rest = str_from(*rest, n + 1);
			return true;
		}
		*rest = str_from(*rest, n);
	}
	return false;
}

static struct str
message_id(struct host *host)
{
	struct str value = str_trim(first_value(host, STR("message-id"))), rest = value, id;
	size_t n;

	if (!can_take_id(&rest, &id)) {
		for (n = 0; n < value.n && is_id_byte(value.p[n]); n++)
			;
		id = str_sub(value, 0, n);
	}
	buf_clear(host->scratch);
	charset_add_unlabelled(host->scratch, id);
	return finish(host, FIELDS_ID_MAX);
}

static struct str
from(struct host *host)
{
	struct address_list list;
	struct address address;
	struct buf *out = host->scratch;
	bool is_found = false, has_name;

	buf_clear(out);
	address_list_init(&list, first_value(host, STR("from")), host->arena);
	while (!is_found && address_has_next(&list, &address))
		is_found = address.kind == ADDRESS_MAILBOX;
	if (!is_found)
		return decoded(host, STR("from"), FIELDS_FROM_MAX);
	word_add_phrase(out, address.display, host->charsets);
	has_name = out->n > 0;
	if (has_name)
		buf_add_cstr(out, " <");
	charset_add_unlabelled(out, address.local);
	if (address.domain.n > 0)
		buf_add_byte(out, '@');
	charset_add_unlabelled(out, address.domain);
	if (has_name)
		buf_add_byte(out, '>');
	return finish(host, FIELDS_FROM_MAX);
}

/* References, else In-Reply-To (RFC 5322 3.6.4); the last are the nearest
 * ancestors: when not all fit, the first are left out. */
static struct str
references(struct host *host)
{
	struct str rest = first_value(host, STR("references")), id, all;
	struct buf *out = host->scratch;
	ptrdiff_t space;

	if (str_trim(rest).n == 0)
		rest = first_value(host, STR("in-reply-to"));
	buf_clear(out);
	while (can_take_id(&rest, &id)) {
		if (id.n > FIELDS_ID_MAX)
			continue;
		if (out->n > 0)
			buf_add_byte(out, ' ');
		charset_add_unlabelled(out, id);
	}
	all = buf_str(out);
	if (all.n > FIELDS_REFERENCES_MAX) {
		all = str_from(all, all.n - FIELDS_REFERENCES_MAX);
		space = str_find_byte(all, ' ');
		all = space == -1 ? STR_EMPTY : str_from(all, (size_t)space + 1);
	}
	return arena_str(host->arena, all);
}

static struct str
delivered_to(struct host *host)
{
	const struct header_field *field = header_first(&host->original.header, STR("delivered-to"));
	struct buf *out = host->scratch;
	struct str value;

	buf_clear(out);
	for (; field != NULL; field = header_next(&host->original.header, field)) {
		value = str_trim(header_unfold(field->value, host->arena));
		if (value.n == 0 || out->n + value.n + 1 > FIELDS_DELIVERED_TO_MAX)
			continue;
		if (out->n > 0)
			buf_add_byte(out, '\n');
		buf_add_str(out, value);
	}
	return arena_str(host->arena, buf_str(out));
}

void
fields_fill(struct host *host, struct msg_FILTER_ANSWERS *out)
{
	struct date date;

	out->message_id = message_id(host);
	out->from = from(host);
	out->to = decoded(host, STR("to"), FIELDS_TO_MAX);
	out->subject = decoded(host, STR("subject"), FIELDS_SUBJECT_MAX);
	out->references = references(host);
	out->delivered_to = delivered_to(host);
	if (date_is_parsed(first_value(host, STR("date")), &date))
		out->date = date.seconds;
	out->header_size = host->original.header.size > UINT32_MAX ? UINT32_MAX
							  : (uint32_t)host->original.header.size;
	out->parts = host->original.mime.leaves;
}

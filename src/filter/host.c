/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Answers what scripts ask about a message, and which text it is.  Knows
 * nothing of Sieve. */

#include "filter/host.h"

#include <string.h>
#include <time.h>

#include "filter/host_known.h"
#include "mail/html.h"

static void
parse(struct host_message *message, struct str text, struct arena *a)
{
	*message = (struct host_message){ .text = text, .arena = a };
	header_parse(text, a, &message->header);
	mime_parse(text, a, &message->mime);
}

void
host_init(struct host *host, struct str text, struct arena *a, struct charset_set *charsets,
    struct buf *scratch)
{
	*host = (struct host){
		.arena = a,
		.charsets = charsets,
		.scratch = scratch,
		.delimiters = "",
		.value = BUF_EMPTY,
	};
	arena_init_limit(&host->adopted_arena, HOST_MEMORY_MAX);
	arena_init_limit(&host->text_arena, HOST_MEMORY_MAX);
	parse(&host->original, text, a);
	host->message = &host->original;
	host->base = text;
}

void
host_fini(struct host *host)
{
	arena_fini(&host->adopted_arena);
	arena_fini(&host->text_arena);
	buf_fini(&host->value);
	host_drop_texts(host);
}

void
host_restore(struct host *host)
{
	host->message = &host->original;
	host->base = host->original.text;
	host->version = 0;
	arena_empty(&host->adopted_arena);
	arena_empty(&host->text_arena);
	host_drop_texts(host);
}

bool
host_is_adopted(struct host *host, struct str text)
{
	unsigned version = host->version + 1;

	host->message = &host->original;
	arena_empty(&host->adopted_arena);
	parse(&host->adopted, text, &host->adopted_arena);
	if (host->adopted.header.fields == NULL || host->adopted.mime.count == 0)
		return false;
	host->message = &host->adopted;
	host->version = version;
	return true;
}

bool
host_is_based(struct host *host, struct str text)
{
	if (!host_is_adopted(host, text))
		return false;
	host->base = text;
	host->version = 0;
	return true;
}

/* ---- parts ---- */

uint32_t
host_part_count(const struct host *host)
{
	return host->message->mime.count;
}

const struct mime_part *
host_mime_part(const struct host *host, uint32_t part)
{
	return part < host->message->mime.count ? &host->message->mime.parts[part] : NULL;
}

struct host_known *
host_find_known(struct host *host, uint32_t part)
{
	struct host_message *message = host->message;

	if (part >= message->mime.count)
		return NULL;
	if (message->parts == NULL)
		message->parts = arena_array(message->arena, message->mime.count,
		    sizeof *message->parts);
	return message->parts == NULL ? NULL : &message->parts[part];
}

const struct header *
host_part_header(struct host *host, uint32_t part)
{
	struct host_known *known;

	if (part == 0)
		return &host->message->header;
	known = host_find_known(host, part);
	if (known == NULL)
		return NULL;
	if (!known->has_header)
		header_parse(mime_part_header(&host->message->mime, host_mime_part(host, part)),
		    host->message->arena, &known->header);
	known->has_header = true;
	return &known->header;
}

/* ---- the envelope ---- */

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
host_has_part(const struct host *host, const struct host_address *address,
    enum host_part part, struct str *out)
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

/* ---- values of fields ---- */

struct str
host_convert(struct host *host, struct str text, bool is_to_html)
{
	struct str front = charset_cut_utf8(text, HOST_PART_MAX);

	buf_clear(&host->value);
	if (is_to_html)
		html_add_document(&host->value, front);
	else
		html_add_text(&host->value, front);
	return buf_str(&host->value);
}

bool
host_has_date(struct str raw, struct date *out)
{
	return date_is_parsed(raw, out);
}

int
host_local_zone(int64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm tm;

	if ((int64_t)at != seconds || localtime_r(&at, &tm) == NULL)
		return 0;
	return (int)(tm.tm_gmtoff / 60);
}

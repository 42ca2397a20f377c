/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What sieve/ asks about the message, answered from host.h.  Knows no word of
 * the language. */

#include "filter/engine_message.h"

#include <stdlib.h>

#include "base/xalloc.h"

static struct host *
host_of(void *arg)
{
	const struct run *run = arg;

	return run->host;
}

/* ---- fields ---- */

static const void *
find_fields(void *arg, uint32_t part, struct sieve_text name, size_t *count_out)
{
	struct host_fields *fields = host_fields(host_of(arg), part, engine_str(name));

	*count_out = fields == NULL ? 0 : fields->n;
	return fields;
}

/* The library hands lists back as it got them: they are ours to fill. */
static struct host_fields *
fields_of(const void *fields)
{
	return (struct host_fields *)(uintptr_t)fields;
}

static struct sieve_text
get_field(void *arg, const void *fields, size_t i)
{
	return engine_text(host_field(host_of(arg), fields_of(fields), i));
}

static struct sieve_text
get_field_raw(void *arg, const void *fields, size_t i)
{
	(void)arg;
	return engine_text(host_field_raw(fields, i));
}

static const void *
find_addresses(void *arg, const void *fields, size_t i, size_t *count_out)
{
	struct host_addresses found = host_field_addresses(host_of(arg), fields_of(fields), i);

	*count_out = found.n;
	return found.at;
}

static const void *
find_text_addresses(void *arg, struct sieve_text text, size_t *count_out)
{
	struct host_addresses found = host_text_addresses(host_of(arg), engine_str(text));

	*count_out = found.n;
	return found.at;
}

struct sieve_address
engine_address(const struct host_address *address)
{
	return (struct sieve_address){
		.local = engine_text(address->local),
		.domain = engine_text(address->domain),
		.all = engine_text(address->all),
		.is_valid = address->is_valid,
	};
}

static struct sieve_address
get_address(void *arg, const void *addresses, size_t i)
{
	const struct host_address *found = addresses;

	(void)arg;
	return engine_address(&found[i]);
}

/* ---- parts ---- */

static uint32_t
count_parts(void *arg)
{
	return host_part_count(host_of(arg));
}

static struct sieve_part
get_part(void *arg, uint32_t i)
{
	const struct mime_part *part = host_mime_part(host_of(arg), i);

	if (part == NULL)
		return (struct sieve_part){ .parent = SIEVE_NO_PART, .is_leaf = true,
			.type = SIEVE_TEXT_EMPTY, .subtype = SIEVE_TEXT_EMPTY };
	return (struct sieve_part){
		.parent = part->parent == MIME_NO_PARENT ? SIEVE_NO_PART : part->parent,
		.depth = part->depth,
		.is_leaf = part->is_leaf,
		.type = engine_text(part->type),
		.subtype = engine_text(part->subtype),
	};
}

static struct sieve_text
get_body(void *arg, uint32_t part, enum sieve_body kind)
{
	static const enum host_body kinds[] = {
		[SIEVE_BODY_RAW] = HOST_BODY_RAW,
		[SIEVE_BODY_DECODED] = HOST_BODY_DECODED,
		[SIEVE_BODY_TEXT] = HOST_BODY_TEXT,
		[SIEVE_BODY_PROLOGUE] = HOST_BODY_PROLOGUE,
		[SIEVE_BODY_EPILOGUE] = HOST_BODY_EPILOGUE,
		[SIEVE_BODY_HEADER] = HOST_BODY_HEADER,
		[SIEVE_BODY_EXTRACT] = HOST_BODY_EXTRACT,
		[SIEVE_BODY_ALL] = HOST_BODY_ALL,
	};
	struct str body = host_body(host_of(arg), part, kinds[kind]);

	return (struct sieve_text){ body.p, body.n };
}

static bool
has_mime_value(void *arg, struct sieve_text raw, enum sieve_mime_value what,
    struct sieve_text param, struct sieve_text *out)
{
	static const enum host_mime kinds[] = {
		[SIEVE_MIME_TYPE] = HOST_MIME_TYPE,
		[SIEVE_MIME_SUBTYPE] = HOST_MIME_SUBTYPE,
		[SIEVE_MIME_CONTENT_TYPE] = HOST_MIME_CONTENT_TYPE,
		[SIEVE_MIME_PARAM] = HOST_MIME_PARAM,
	};
	struct str value;

	if (!host_has_mime_value(host_of(arg), engine_str(raw), kinds[what], engine_str(param),
		&value))
		return false;
	*out = engine_text(value);
	return true;
}

static struct sieve_text
convert(void *arg, struct sieve_text text, bool is_to_html)
{
	return engine_text(host_convert(host_of(arg), engine_str(text), is_to_html));
}

/* ---- texts in the message's place ---- */

static bool
adopt(void *arg, struct sieve_text message)
{
	return host_is_adopted(host_of(arg), engine_str(message));
}

static bool
join(void *arg, const struct sieve_text *pieces, size_t n, struct sieve_text *out)
{
	struct str *copies = xcalloc(n, sizeof *copies), joined;
	bool is_joined;
	size_t i;

	for (i = 0; i < n; i++)
		copies[i] = engine_str(pieces[i]);
	is_joined = host_is_joined(host_of(arg), copies, n, &joined);
	free(copies);
	*out = is_joined ? engine_text(joined) : SIEVE_TEXT_EMPTY;
	return is_joined;
}

static void
drop(void *arg, struct sieve_text text)
{
	host_drop_text(host_of(arg), engine_str(text));
}

static enum host_edit_kind
edit_kind(const struct sieve_edit *edit)
{
	if (edit->kind == SIEVE_EDIT_DELETE)
		return HOST_EDIT_DELETE;
	return edit->kind == SIEVE_EDIT_ADD_FIRST ? HOST_EDIT_ADD_FIRST : HOST_EDIT_ADD_LAST;
}

static struct str
text_of(const struct host *host, const struct sieve_version *version)
{
	return version->is_original ? host->base : engine_str(version->message);
}

bool
engine_message_can_render(struct host *host, const struct sieve_version *version,
    host_take_fn take, void *arg)
{
	struct str text = text_of(host, version);
	struct host_edit *edits;
	bool is_rendered;
	size_t i;

	if (version->edit_count == 0)
		return take(host, &text, 1, arg);
	edits = xcalloc(version->edit_count, sizeof *edits);
	for (i = 0; i < version->edit_count; i++)
		edits[i] = (struct host_edit){
			.kind = edit_kind(&version->edits[i]),
			.name = engine_str(version->edits[i].name),
			.value = engine_str(version->edits[i].value),
			.index = version->edits[i].index,
		};
	is_rendered = host_can_render(host, text, edits, i, take, arg);
	free(edits);
	return is_rendered;
}

static bool
join_pieces(struct host *host, const struct str *pieces, size_t n, void *arg)
{
	return host_is_joined(host, pieces, n, arg);
}

bool
engine_message_is_rendered(struct host *host, const struct sieve_version *version,
    struct str *out)
{
	*out = text_of(host, version);
	return version->edit_count == 0 ||
	    engine_message_can_render(host, version, join_pieces, out);
}

static struct sieve_text
render(void *arg, const struct sieve_version *version)
{
	struct str text;

	if (!engine_message_is_rendered(host_of(arg), version, &text))
		return (struct sieve_text){ NULL, 0 };
	return engine_text(text);
}

/* ---- from outside ---- */

struct str
engine_message_without_cr(struct str text, struct arena *a)
{
	struct buf clean = BUF_EMPTY;
	struct str rest = text, line, copy;

	if (str_find(text, STR("\r\n")) == -1)
		return text;
	while (str_can_split(&rest, '\n', &line)) {
		/* The last one has no end, or nothing behind it. */
		if (rest.n == 0 && text.p[text.n - 1] != '\n') {
			buf_add_str(&clean, line);
			break;
		}
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		buf_add_str(&clean, line);
		buf_add_byte(&clean, '\n');
	}
	copy = arena_str(a, buf_str(&clean));
	buf_fini(&clean);
	return copy;
}

/* ---- dates ---- */

static bool
has_date(void *arg, struct sieve_text raw, struct sieve_date *out)
{
	struct date date;

	(void)arg;
	if (!host_has_date(engine_str(raw), &date))
		return false;
	*out = (struct sieve_date){ date.seconds, date.offset, date.has_zone };
	return true;
}

static int
get_local_zone(void *arg, int64_t seconds)
{
	(void)arg;
	return host_local_zone(seconds);
}

void
engine_message_fill(struct sieve_host *out, const struct run *run)
{
	out->fields = find_fields;
	out->field = get_field;
	out->field_raw = get_field_raw;
	out->addresses = find_addresses;
	out->text_addresses = find_text_addresses;
	out->address = get_address;
	out->part_count = count_parts;
	out->part = get_part;
	out->body = get_body;
	out->mime_value = has_mime_value;
	out->convert = convert;
	out->adopt = adopt;
	out->join = join;
	out->drop = drop;
	out->render = render;
	out->parse_date = has_date;
	out->local_zone = get_local_zone;
	out->now = run->host->now;
	out->size = run->host->wire_size;
	out->delimiters = run->host->delimiters;
}

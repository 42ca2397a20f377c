/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The message under a script's edits.  Parses and renders nothing: the host
 * does. */

#include "message.h"

#include <string.h>

#include "header.h"

/* The edits as they are now; versions are copies of them. */
struct sieve_message {
	struct sieve_edit edits[SIEVE_EDITS_MAX];
	struct sieve_text decoded[SIEVE_EDITS_MAX]; /* values of added ones, as tests see them */
	size_t edit_count;
	struct sieve_version versions[SIEVE_VERSIONS_MAX];
	bool is_changed; /* since the last version */
	bool is_adopted;
	struct sieve_text text; /* that took the original's place */
};

void
sieve_message_init(struct sieve_interp *in)
{
	struct sieve_result *result = in->result;

	/* Most scripts edit nothing: then one version is all there is. */
	static const struct sieve_version original = { .is_original = true };

	result->versions = &original;
	result->version_count = 1;
	in->message = NULL;
}

/* NULL: the run has failed for want of memory. */
static struct sieve_message *
begin_edit(struct sieve_interp *in)
{
	struct sieve_message *message = in->message;

	if (message == NULL) {
		message = sieve_arena_get(in->arena, sizeof *message);
		if (message == NULL) {
			sieve_interp_fail_memory(in);
			return NULL;
		}
		message->versions[0].is_original = true;
		in->result->versions = message->versions;
		in->message = message;
	}
	message->is_changed = true;
	return message;
}

/* ---- fields ---- */

static size_t
count_edits(const struct sieve_message *message, struct sieve_text name)
{
	size_t i, n = 0;

	for (i = 0; i < message->edit_count; i++)
		n += sieve_text_is_same(message->edits[i].name, name);
	return n;
}

static bool
is_deleted(const struct sieve_message *message, struct sieve_text name, size_t index)
{
	size_t i;

	for (i = 0; i < message->edit_count; i++)
		if (message->edits[i].kind == SIEVE_EDIT_DELETE &&
		    message->edits[i].index == index &&
		    sieve_text_is_same(message->edits[i].name, name))
			return true;
	return false;
}

static void
add_place(struct sieve_message *message, size_t edit, struct sieve_text name, int kind,
    struct sieve_field_place *places, size_t *n)
{
	if ((int)message->edits[edit].kind == kind &&
	    sieve_text_is_same(message->edits[edit].name, name))
		places[(*n)++] = (struct sieve_field_place){ .is_added = true,
			.value = message->decoded[edit], .edit = &message->edits[edit] };
}

/* RFC 5293 4: the last that was put first is the first. */
static size_t
fill_places(struct sieve_message *message, struct sieve_text name, size_t count,
    struct sieve_field_place *places)
{
	size_t i, n = 0;

	for (i = message->edit_count; i > 0; i--)
		add_place(message, i - 1, name, SIEVE_EDIT_ADD_FIRST, places, &n);
	for (i = 0; i < count; i++)
		if (!is_deleted(message, name, i))
			places[n++].index = i;
	for (i = 0; i < message->edit_count; i++)
		add_place(message, i, name, SIEVE_EDIT_ADD_LAST, places, &n);
	return n;
}

struct sieve_fields
sieve_message_fields(struct sieve_interp *in, uint32_t part, struct sieve_text name)
{
	const struct sieve_host *host = in->host;
	struct sieve_fields fields = { .n = 0 };
	struct sieve_field_place *places;
	size_t edits;

	if (host->fields != NULL)
		fields.host = host->fields(host->arg, part, name, &fields.n);
	if (part != 0 || in->message == NULL)
		return fields;
	edits = count_edits(in->message, name);
	if (edits == 0 || !sieve_interp_can_spend(in, (edits + 1) * (fields.n + 1) / 16))
		return fields;
	places = sieve_arena_get(&in->scratch, (edits + fields.n) * sizeof *places);
	if (places == NULL) {
		sieve_interp_fail_memory(in);
		fields.n = 0;
		return fields;
	}
	fields.n = fill_places(in->message, name, fields.n, places);
	fields.places = places;
	return fields;
}

struct sieve_text
sieve_message_field(struct sieve_interp *in, const struct sieve_fields *fields, size_t i)
{
	const struct sieve_field_place *place = fields->places == NULL ? NULL : &fields->places[i];

	if (place != NULL && place->is_added)
		return place->value;
	return in->host->field(in->host->arg, fields->host, place == NULL ? i : place->index);
}

struct sieve_text
sieve_message_field_raw(struct sieve_interp *in, const struct sieve_fields *fields, size_t i)
{
	const struct sieve_field_place *place = fields->places == NULL ? NULL : &fields->places[i];

	if (place != NULL && place->is_added)
		return place->value;
	if (in->host->field_raw == NULL)
		return sieve_message_field(in, fields, i);
	return in->host->field_raw(in->host->arg, fields->host, place == NULL ? i : place->index);
}

const void *
sieve_message_addresses(struct sieve_interp *in, const struct sieve_fields *fields, size_t i,
    size_t *count_out)
{
	const struct sieve_field_place *place = fields->places == NULL ? NULL : &fields->places[i];
	const struct sieve_host *host = in->host;

	*count_out = 0;
	if (place != NULL && place->is_added)
		return host->text_addresses == NULL
		    ? NULL
		    : host->text_addresses(host->arg, place->value, count_out);
	if (host->addresses == NULL)
		return NULL;
	return host->addresses(host->arg, fields->host, place == NULL ? i : place->index, count_out);
}

void
sieve_message_select(const struct sieve_call *call, size_t count, size_t *first_out,
    size_t *end_out)
{
	const struct sieve_tagged *tagged = sieve_call_value(call, SIEVE_GROUP_INDEX);

	*first_out = 0;
	*end_out = count;
	if (tagged == NULL)
		return;
	/* There is no field of number 0. */
	if (tagged->number == 0 || tagged->number > count) {
		*end_out = 0;
		return;
	}
	*first_out = sieve_call_has(call, SIEVE_GROUP_LAST) ? count - (size_t)tagged->number
							    : (size_t)tagged->number - 1;
	*end_out = *first_out + 1;
}

/* ---- parts ---- */

uint32_t
sieve_message_part_count(struct sieve_interp *in)
{
	return in->host->part_count == NULL ? 1 : in->host->part_count(in->host->arg);
}

struct sieve_part
sieve_message_part(struct sieve_interp *in, uint32_t part)
{
	if (in->host->part != NULL)
		return in->host->part(in->host->arg, part);
	return (struct sieve_part){ .parent = SIEVE_NO_PART, .is_leaf = true,
		.type = sieve_text_of("text"), .subtype = sieve_text_of("plain") };
}

bool
sieve_message_is_below(struct sieve_interp *in, uint32_t part, uint32_t above)
{
	while (part != SIEVE_NO_PART && part > above)
		part = sieve_message_part(in, part).parent;
	return part == above;
}

struct sieve_text
sieve_message_body(struct sieve_interp *in, uint32_t part, enum sieve_body kind)
{
	struct sieve_text body = SIEVE_TEXT_EMPTY;

	if (in->host->body != NULL)
		body = in->host->body(in->host->arg, part, kind);
	/* What the host does to make it is linear. */
	return sieve_interp_can_spend(in, 1 + body.n / 64) ? body : SIEVE_TEXT_EMPTY;
}

/* ---- edits ---- */

void
sieve_message_add_field(struct sieve_interp *in, struct sieve_text name, struct sieve_text value,
    bool is_last)
{
	struct sieve_message *message = begin_edit(in);
	struct sieve_edit *edit;

	if (message == NULL)
		return;
	if (message->edit_count == SIEVE_EDITS_MAX) {
		sieve_interp_fail(in, "too many changes of the header: %d may be made",
		    SIEVE_EDITS_MAX);
		return;
	}
	edit = &message->edits[message->edit_count];
	edit->kind = is_last ? SIEVE_EDIT_ADD_LAST : SIEVE_EDIT_ADD_FIRST;
	edit->name = sieve_interp_keep(in, name);
	edit->value = sieve_header_encode(in->arena, name, value);
	message->decoded[message->edit_count++] = sieve_interp_keep(in, value);
	if (in->arena->is_out)
		sieve_interp_fail_memory(in);
}

static void
forget_added(struct sieve_message *message, const struct sieve_edit *edit)
{
	size_t at = (size_t)(edit - message->edits), behind = --message->edit_count - at;

	memmove(&message->edits[at], &message->edits[at + 1], behind * sizeof *message->edits);
	memmove(&message->decoded[at], &message->decoded[at + 1],
	    behind * sizeof *message->decoded);
}

void
sieve_message_delete_field(struct sieve_interp *in, struct sieve_text name,
    const struct sieve_fields *fields, size_t i)
{
	const struct sieve_field_place *place = fields->places == NULL ? NULL : &fields->places[i];
	struct sieve_message *message = begin_edit(in);

	if (message == NULL)
		return;
	if (place != NULL && place->is_added) {
		forget_added(message, place->edit);
		return;
	}
	if (message->edit_count == SIEVE_EDITS_MAX) {
		sieve_interp_fail(in, "too many changes of the header: %d may be made",
		    SIEVE_EDITS_MAX);
		return;
	}
	message->edits[message->edit_count++] = (struct sieve_edit){ .kind = SIEVE_EDIT_DELETE,
		.name = sieve_interp_keep(in, name), .index = place == NULL ? i : place->index };
}

void
sieve_message_adopt(struct sieve_interp *in, struct sieve_text text)
{
	struct sieve_message *message = begin_edit(in);

	if (message == NULL)
		return;
	if (in->host->adopt == NULL || !in->host->adopt(in->host->arg, text)) {
		sieve_interp_fail(in, "the changed message cannot be read again");
		return;
	}
	message->edit_count = 0;
	message->is_adopted = true;
	message->text = text;
	in->part = 0;
}

/* ---- versions ---- */

static bool
has_edits(struct sieve_interp *in, struct sieve_version *out)
{
	struct sieve_message *message = in->message;
	struct sieve_edit *edits;

	*out = (struct sieve_version){ .is_original = message == NULL || !message->is_adopted };
	if (message == NULL)
		return true;
	out->message = message->text;
	if (message->edit_count == 0)
		return true;
	edits = sieve_arena_get(in->arena, message->edit_count * sizeof *edits);
	if (edits == NULL) {
		sieve_interp_fail_memory(in);
		return false;
	}
	memcpy(edits, message->edits, message->edit_count * sizeof *edits);
	out->edits = edits;
	out->edit_count = message->edit_count;
	return true;
}

unsigned
sieve_message_version(struct sieve_interp *in)
{
	struct sieve_message *message = in->message;
	struct sieve_result *result = in->result;

	if (message == NULL || !message->is_changed)
		return result->version_count - 1;
	if (result->version_count == SIEVE_VERSIONS_MAX) {
		sieve_interp_fail(in, "too many versions of the message: %d may be kept",
		    SIEVE_VERSIONS_MAX);
		return 0;
	}
	if (!has_edits(in, &message->versions[result->version_count]))
		return 0;
	message->is_changed = false;
	return result->version_count++;
}

struct sieve_text
sieve_message_text(struct sieve_interp *in)
{
	const struct sieve_host *host = in->host;
	struct sieve_version version;
	struct sieve_text text = SIEVE_TEXT_EMPTY;

	if (host->render != NULL && has_edits(in, &version))
		text = host->render(host->arg, &version);
	return sieve_interp_can_spend(in, text.n / 64) ? text : SIEVE_TEXT_EMPTY;
}

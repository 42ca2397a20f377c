/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The message under a script's edits.  Parses and renders nothing: the host
 * does. */

#include "message.h"

#include <string.h>

#include "header.h"

/* The edits as they are now; versions are copies of them. */
struct sieve_message {
	struct sieve_edit *edits;
	struct sieve_text *decoded; /* values of added ones, as tests see them */
	size_t edit_count, edit_cap;
	struct sieve_version versions[SIEVE_VERSIONS_MAX];
	bool is_changed; /* since the last version */
	bool is_adopted;
	struct sieve_text text; /* that took the original's place */
	bool is_text_kept;	/* it belongs to a version */
	bool is_enclosed;	/* RFC 5703 6: then what is sent on is */
	unsigned sent_version;	/* as it was before */
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

static void
mark_deleted(const struct sieve_message *message, struct sieve_text name, size_t count,
    bool *is_deleted)
{
	const struct sieve_edit *edit;
	size_t i;

	for (i = 0; i < message->edit_count; i++) {
		edit = &message->edits[i];
		if (edit->kind == SIEVE_EDIT_DELETE && edit->index < count &&
		    sieve_text_is_same(edit->name, name))
			is_deleted[edit->index] = true;
	}
}

static void
add_place(struct sieve_message *message, size_t edit, struct sieve_text name, int kind,
    struct sieve_field_place *places, size_t *n)
{
	if ((int)message->edits[edit].kind == kind &&
	    sieve_text_is_same(message->edits[edit].name, name))
		places[(*n)++] = (struct sieve_field_place){ .is_added = true,
			.value = message->decoded[edit], .edit = edit };
}

/* RFC 5293 4: the last that was put first is the first. */
static size_t
fill_places(struct sieve_message *message, struct sieve_text name, size_t count,
    bool *is_deleted, struct sieve_field_place *places)
{
	size_t i, n = 0;

	mark_deleted(message, name, count, is_deleted);
	for (i = message->edit_count; i > 0; i--)
		add_place(message, i - 1, name, SIEVE_EDIT_ADD_FIRST, places, &n);
	for (i = 0; i < count; i++)
		if (!is_deleted[i])
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
	bool *is_deleted;
	size_t edits;

	if (host->fields != NULL)
		fields.host = host->fields(host->arg, part, name, &fields.n);
	if (part != 0 || in->message == NULL)
		return fields;
	edits = count_edits(in->message, name);
	if (!sieve_interp_can_spend(in, (in->message->edit_count + fields.n) / 16) || edits == 0)
		return fields;
	places = sieve_arena_get(&in->scratch, (edits + fields.n) * sizeof *places);
	is_deleted = sieve_arena_get(&in->scratch, fields.n + 1);
	if (places == NULL || is_deleted == NULL) {
		sieve_interp_fail_memory(in);
		fields.n = 0;
		return fields;
	}
	fields.n = fill_places(in->message, name, fields.n, is_deleted, places);
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

static size_t
count_fields(struct sieve_interp *in, uint32_t part, struct sieve_list names)
{
	size_t n = 0;
	unsigned i;

	for (i = 0; i < names.n && sieve_interp_can_spend(in, 1); i++)
		n += sieve_message_fields(in, part, names.at[i].text).n;
	return n;
}

struct sieve_selection
sieve_message_choose(struct sieve_interp *in, const struct sieve_call *call, uint32_t part,
    struct sieve_list names)
{
	const struct sieve_tagged *tagged = sieve_call_value(call, SIEVE_GROUP_INDEX);
	struct sieve_selection selection = { .is_all = tagged == NULL };
	size_t count;

	if (tagged == NULL)
		return selection;
	selection.wanted = tagged->number;
	if (!sieve_call_has(call, SIEVE_GROUP_LAST))
		return selection;
	count = count_fields(in, part, names);
	selection.wanted = tagged->number == 0 || tagged->number > count
	    ? 0
	    : count - tagged->number + 1;
	return selection;
}

void
sieve_message_chosen(struct sieve_selection *selection, size_t count, size_t *first_out,
    size_t *end_out)
{
	*first_out = 0;
	*end_out = selection->is_all ? count : 0;
	if (selection->wanted == 0)
		return;
	if (selection->wanted > count) {
		selection->wanted -= count;
		return;
	}
	*first_out = (size_t)selection->wanted - 1;
	*end_out = *first_out + 1;
	selection->wanted = 0;
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

/* False: no memory. */
static bool
can_grow(struct sieve_interp *in, struct sieve_message *message)
{
	size_t cap = message->edit_cap == 0 ? 16 : 2 * message->edit_cap;
	struct sieve_edit *edits = sieve_arena_get(in->arena, cap * sizeof *edits);
	struct sieve_text *decoded = sieve_arena_get(in->arena, cap * sizeof *decoded);

	if (edits == NULL || decoded == NULL) {
		sieve_interp_fail_memory(in);
		return false;
	}
	if (message->edit_count > 0) {
		memcpy(edits, message->edits, message->edit_count * sizeof *edits);
		memcpy(decoded, message->decoded, message->edit_count * sizeof *decoded);
	}
	message->edits = edits;
	message->decoded = decoded;
	message->edit_cap = cap;
	return true;
}

/* decoded: of an added one.  Texts are borrowed. */
static void
put_edit(struct sieve_interp *in, const struct sieve_edit *edit, struct sieve_text decoded)
{
	struct sieve_message *message = begin_edit(in);

	if (message == NULL)
		return;
	if (message->edit_count == SIEVE_EDITS_MAX) {
		sieve_interp_fail(in, "too many changes of the header: %d may be made",
		    SIEVE_EDITS_MAX);
		return;
	}
	if (message->edit_count == message->edit_cap && !can_grow(in, message))
		return;
	message->edits[message->edit_count] = *edit;
	message->decoded[message->edit_count++] = decoded;
}

void
sieve_message_add_field(struct sieve_interp *in, struct sieve_text name, struct sieve_text value,
    bool is_last)
{
	const struct sieve_edit edit = {
		.kind = is_last ? SIEVE_EDIT_ADD_LAST : SIEVE_EDIT_ADD_FIRST,
		.name = sieve_interp_keep(in, name),
		.value = sieve_header_encode(in->arena, name, value),
	};

	put_edit(in, &edit, sieve_interp_keep(in, value));
	if (in->arena->is_out)
		sieve_interp_fail_memory(in);
}

/* What was added is no edit any more; names that are NULL mark it. */
static void
forget_added(struct sieve_message *message, const struct sieve_fields *fields,
    const bool *is_marked)
{
	size_t i, n = 0;

	for (i = 0; i < fields->n; i++)
		if (is_marked[i] && fields->places[i].is_added)
			message->edits[fields->places[i].edit].name.p = NULL;
	for (i = 0; i < message->edit_count; i++) {
		if (message->edits[i].name.p == NULL)
			continue;
		message->edits[n] = message->edits[i];
		message->decoded[n++] = message->decoded[i];
	}
	message->edit_count = n;
}

void
sieve_message_delete_fields(struct sieve_interp *in, struct sieve_text name,
    const struct sieve_fields *fields, const bool *is_marked)
{
	const struct sieve_field_place *places = fields->places;
	struct sieve_edit edit = { .kind = SIEVE_EDIT_DELETE };
	size_t i;

	if (places != NULL && begin_edit(in) != NULL)
		forget_added(in->message, fields, is_marked);
	for (i = 0; i < fields->n && !in->is_over; i++) {
		if (!is_marked[i] || (places != NULL && places[i].is_added))
			continue;
		if (edit.name.p == NULL)
			edit.name = sieve_interp_keep(in, name);
		edit.index = places == NULL ? i : places[i].index;
		put_edit(in, &edit, SIEVE_TEXT_EMPTY);
	}
}

void
sieve_message_adopt(struct sieve_interp *in, struct sieve_text text)
{
	struct sieve_message *message = begin_edit(in);
	struct sieve_text unused = { NULL, 0 };
	bool is_enclosed;

	if (message == NULL)
		return;
	if (message->is_adopted && !message->is_text_kept)
		unused = message->text;
	if (in->host->adopt == NULL || !in->host->adopt(in->host->arg, text)) {
		sieve_interp_fail(in, "the changed message cannot be read again");
		return;
	}
	is_enclosed = message->is_enclosed;
	sieve_message_replace(in, text);
	message->is_enclosed = is_enclosed;
	message->is_text_kept = false;
	if (unused.p != NULL && in->host->drop != NULL)
		in->host->drop(in->host->arg, unused);
}

void
sieve_message_enclose(struct sieve_interp *in, struct sieve_text text)
{
	unsigned version = sieve_message_version(in);
	struct sieve_message *message = begin_edit(in);

	if (message == NULL)
		return;
	if (!message->is_enclosed)
		message->sent_version = version;
	message->is_enclosed = true;
	sieve_message_adopt(in, text);
}

void
sieve_message_replace(struct sieve_interp *in, struct sieve_text text)
{
	struct sieve_message *message = begin_edit(in);

	if (message == NULL)
		return;
	message->edit_count = 0;
	message->is_enclosed = false;
	message->is_text_kept = true; /* by who gave it */
	message->is_adopted = text.p != NULL;
	message->text = text;
	in->part = 0;
}

void
sieve_message_forget(struct sieve_interp *in)
{
	if (in->message != NULL)
		sieve_message_replace(in, (struct sieve_text){ NULL, 0 });
	in->result->version_count = 1;
}

/* ---- size ---- */

/* RFC 5228 5.9: of the message as it is sent, with CRLF. */
static uint64_t
wire_size(struct sieve_text text)
{
	uint64_t size = text.n;
	size_t i;

	for (i = 0; i < text.n; i++)
		size += text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r');
	return size;
}

uint64_t
sieve_message_size(struct sieve_interp *in)
{
	const struct sieve_message *message = in->message;
	const struct sieve_edit *edit;
	uint64_t size = in->host->size;
	size_t i;

	if (message == NULL)
		return size;
	if (message->is_adopted && sieve_interp_can_spend(in, message->text.n / 16))
		size = wire_size(message->text);
	for (i = 0; i < message->edit_count; i++) {
		edit = &message->edits[i];
		if (edit->kind != SIEVE_EDIT_DELETE)
			size += edit->name.n + wire_size(edit->value) + 4;
	}
	return size;
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

	if (message == NULL || (message->edit_count == 0 && !message->is_adopted))
		return 0;
	if (!message->is_changed)
		return result->version_count - 1;
	if (result->version_count == SIEVE_VERSIONS_MAX) {
		sieve_interp_fail(in, "too many versions of the message: %d may be kept",
		    SIEVE_VERSIONS_MAX);
		return 0;
	}
	if (!has_edits(in, &message->versions[result->version_count]))
		return 0;
	message->is_changed = false;
	message->is_text_kept = true;
	return result->version_count++;
}

unsigned
sieve_message_sent_version(struct sieve_interp *in)
{
	if (in->message != NULL && in->message->is_enclosed)
		return in->message->sent_version;
	return sieve_message_version(in);
}

unsigned
sieve_message_add_text(struct sieve_interp *in, struct sieve_text text)
{
	struct sieve_message *message = begin_edit(in);
	struct sieve_result *result = in->result;

	if (message == NULL)
		return 0;
	if (result->version_count == SIEVE_VERSIONS_MAX) {
		sieve_interp_fail(in, "too many versions of the message: %d may be kept",
		    SIEVE_VERSIONS_MAX);
		return 0;
	}
	message->versions[result->version_count] = (struct sieve_version){ .message = text };
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

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The meaning of journal records: which rows and counters they change.  Knows
 * neither where records come from nor the files they speak of. */
#include "store/apply.h"

#include <string.h>

#include "base/bug.h"

#define MARK_KEY 32

struct record_type {
	const struct pack_field *fields;
	size_t size;
};

static const struct record_type record_types[JOURNAL_TYPES] = {
	[JOURNAL_DELIVERY] = { disk_delivery_fields, sizeof(struct disk_delivery) },
	[JOURNAL_VOID] = { disk_void_fields, sizeof(struct disk_void) },
	[JOURNAL_ACK] = { disk_ack_fields, sizeof(struct disk_ack) },
	[JOURNAL_RESCAN] = { disk_rescan_fields, sizeof(struct disk_rescan) },
	[JOURNAL_AGAIN] = { disk_delivery_fields, sizeof(struct disk_delivery) },
};

int
apply_read(const struct journal_record *record, struct arena *a, union apply_record *out,
    struct fail *why)
{
	const struct record_type *type;

	if ((unsigned)record->type < JOURNAL_TYPES) {
		type = &record_types[record->type];
		if (type->fields != NULL &&
		    pack_is_read(type->fields, record->payload, false, out, type->size, a))
			return 0;
	}
	return fail_set(why, FAIL_OURS, 3, 0, 0, "mail store cannot be read",
	    "journal record %llu (type %d) is not known to this version: was the store used by a "
	    "newer one?",
	    (unsigned long long)record->seq, (int)record->type);
}

/* ---- the places a row is found at ---- */

struct place {
	struct store_user *user;
	struct store_mailbox *mailbox;
};

static int
find_place(struct overlay *o, struct str user, struct str root, struct str mailbox,
    struct str path, struct place *out, struct fail *why)
{
	out->user = overlay_find_user(o, user, root, why);
	if (out->user == NULL)
		return -1;
	out->mailbox = overlay_find_mailbox(o, out->user, mailbox, path, why);
	return out->mailbox == NULL ? -1 : 0;
}

static void
count_up(struct store_mailbox *m, uint64_t bytes)
{
	m->messages++;
	m->bytes += bytes;
	m->user->messages++;
	m->user->bytes += bytes;
}

/* Counters that damage or a foreign hand made too small stop at zero. */
static void
lower(uint64_t *counter, uint64_t by)
{
	*counter -= by < *counter ? by : *counter;
}

static void
count_down(struct store_mailbox *m, uint64_t messages, uint64_t bytes)
{
	lower(&m->messages, messages);
	lower(&m->bytes, bytes);
	lower(&m->user->messages, messages);
	lower(&m->user->bytes, bytes);
}

/* ---- rows of a message ---- */

struct keys {
	unsigned char message[FORMAT_KEY_MAX], name[FORMAT_KEY_MAX];
	size_t message_len, name_len;
};

static struct str
message_key(struct keys *keys, const struct store_mailbox *m, uint32_t uid)
{
	keys->message_len = format_key_message(keys->message, m->id, uid);
	return (struct str){ (const char *)keys->message, keys->message_len };
}

static struct str
name_key(struct keys *keys, const struct store_mailbox *m, struct str file)
{
	keys->name_len = format_key_name(keys->name, m->id, file);
	return (struct str){ (const char *)keys->name, keys->name_len };
}

static void
put_message(struct overlay *o, const struct store_mailbox *m, uint32_t uid,
    const struct disk_message_row *row)
{
	struct keys keys;
	struct disk_name_row name = { uid };

	overlay_put(o, INDEX_MESSAGES, message_key(&keys, m, uid), disk_message_row_fields, row);
	overlay_put(o, INDEX_NAMES, name_key(&keys, m, row->file), disk_name_row_fields, &name);
}

static void
delete_message(struct overlay *o, const struct store_mailbox *m, uint32_t uid, struct str file)
{
	struct keys keys;

	overlay_delete(o, INDEX_MESSAGES, message_key(&keys, m, uid));
	overlay_delete(o, INDEX_NAMES, name_key(&keys, m, file));
}

static int
get_message(struct overlay *o, const struct store_mailbox *m, uint32_t uid, struct arena *a,
    struct disk_message_row *out, struct fail *why)
{
	struct keys keys;

	return overlay_get(o, INDEX_MESSAGES, message_key(&keys, m, uid), a,
	    disk_message_row_fields, out, sizeof *out, why);
}

/* ---- delivery ---- */

static struct disk_message_row
message_row(const struct disk_delivery *d, const struct disk_copy *c)
{
	return (struct disk_message_row){
		.file = c->file, .size = c->size, .wire_size = c->wire_size,
		.received = d->received, .flags = c->flags, .modseq = c->modseq,
		.message_id = d->message_id, .from = d->from, .to = d->to,
		.subject = d->subject, .references = d->references, .date = d->date,
		.header_size = d->header_size, .parts = d->parts, .digest = d->digest,
		.script = c->script, .line = c->line, .rule = c->rule, .action = c->action,
		.trace_id = d->trace_id, .sender = d->sender, .address = c->address,
	};
}

static int
apply_copy(struct overlay *o, const struct disk_delivery *d, const struct disk_copy *c,
    struct fail *why)
{
	struct place at;
	struct overlay_user *user;
	struct disk_message_row row = message_row(d, c);

	if (find_place(o, c->user, c->root, c->mailbox, c->path, &at, why) == -1)
		return -1;
	user = (struct overlay_user *)at.user;
	at.mailbox->uidvalidity = c->uidvalidity;
	if (c->uidvalidity > user->uidvalidity)
		user->uidvalidity = c->uidvalidity;
	if (c->uid >= at.mailbox->uidnext)
		at.mailbox->uidnext = c->uid + 1;
	if (c->modseq > at.mailbox->modseq)
		at.mailbox->modseq = c->modseq;
	put_message(o, at.mailbox, c->uid, &row);
	count_up(at.mailbox, c->size);
	overlay_touch(at.mailbox);
	return 0;
}

void
apply_marks(struct overlay *o, uint64_t seq, const struct disk_delivery *d)
{
	struct disk_mark_row row = { 0, seq };

	for (size_t i = 0; i < d->unacked.n; i++)
		if (d->unacked.at[i].key.n == MARK_KEY)
			overlay_add_unacked(o, d->unacked.at[i].key, d->unacked.at[i].expires,
			    seq);
	for (size_t i = 0; i < d->marks.n; i++) {
		row.expires = d->marks.at[i].expires;
		if (d->marks.at[i].key.n == MARK_KEY)
			overlay_put(o, INDEX_MARKS, d->marks.at[i].key, disk_mark_row_fields,
			    &row);
	}
}

/* ---- outbox ---- */

static struct str
outbox_key(unsigned char out[FORMAT_KEY_MAX], uint64_t id)
{
	return (struct str){ (const char *)out, format_key_outbox(out, id) };
}

static struct disk_outbox_row
outbox_row(const struct disk_delivery *d, const struct disk_outgoing *g, struct str text)
{
	return (struct disk_outbox_row){
		.cause = g->cause, .user = g->user, .trace_id = d->trace_id,
		.script = g->script, .line = g->line, .rule = g->rule, .sender = g->sender,
		.recipient = g->recipient, .envid = g->envid, .orcpt = g->orcpt, .by = g->by,
		.notify = g->notify, .ret = g->ret, .body_type = g->body_type,
		.smtputf8 = g->smtputf8, .requiretls = g->requiretls, .created = d->received,
		.expires = g->expires, .next = d->received, .size = g->size, .file = g->file,
		.text = text,
	};
}

static void
put_outgoing(struct overlay *o, uint64_t id, const struct disk_delivery *d,
    const struct disk_outgoing *g)
{
	unsigned char key[FORMAT_KEY_MAX];
	struct buf text = BUF_EMPTY;
	struct disk_outbox_row row;

	if (g->file.n == 0) {
		buf_add_str(&text, g->head);
		if (g->from < g->end)
			buf_add_str(&text, str_sub(d->body, (size_t)g->from, (size_t)(g->end - g->from)));
	}
	row = outbox_row(d, g, buf_str(&text));
	overlay_put(o, INDEX_OUTBOX, outbox_key(key, id), disk_outbox_row_fields, &row);
	buf_fini(&text);
}

void
apply_outbox(struct overlay *o, uint64_t seq, const struct disk_delivery *d)
{
	unsigned char key[FORMAT_KEY_MAX];

	for (uint32_t i = 0; i < d->outgoing.n; i++)
		put_outgoing(o, format_outbox_id(seq, i), d, &d->outgoing.at[i]);
	for (size_t i = 0; i < d->done.n; i++)
		overlay_delete(o, INDEX_OUTBOX, outbox_key(key, d->done.at[i].id));
}

int
apply_delivery(struct overlay *o, uint64_t seq, const struct disk_delivery *d, struct fail *why)
{
	/* First what cannot fail: rows of messages can be found again, in the
	 * mailboxes; these cannot. */
	apply_marks(o, seq, d);
	apply_outbox(o, seq, d);
	for (size_t i = 0; i < d->copies.n; i++)
		if (apply_copy(o, d, &d->copies.at[i], why) == -1)
			return -1;
	return 0;
}

/* ---- void ---- */

/* Only marks that this delivery set: an older one of the same key was
 * overwritten and is gone, which costs a duplicate, never a message. */
static int
void_mark(struct overlay *o, struct str key, uint64_t seq, struct fail *why)
{
	struct disk_mark_row row;
	struct arena a;
	int rc;

	if (key.n != MARK_KEY)
		return 0;
	arena_init(&a);
	rc = overlay_get(o, INDEX_MARKS, key, &a, disk_mark_row_fields, &row, sizeof row, why);
	if (rc == 0 && row.seq == seq)
		overlay_delete(o, INDEX_MARKS, key);
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

static int
void_row(struct overlay *o, const struct disk_void *v, struct fail *why)
{
	struct place at;
	struct disk_message_row row;
	struct arena a;
	int rc;

	if (find_place(o, v->user, v->root, v->mailbox, v->path, &at, why) == -1)
		return -1;
	arena_init(&a);
	rc = get_message(o, at.mailbox, v->uid, &a, &row, why);
	if (rc == 0 && str_is_equal(row.file, v->file)) {
		delete_message(o, at.mailbox, v->uid, row.file);
		count_down(at.mailbox, 1, row.size);
		overlay_touch(at.mailbox);
	}
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

int
apply_void(struct overlay *o, const struct disk_void *v, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];

	/* What a delivery sends is sent when it was made, and only then. */
	for (uint32_t i = 0; i < v->outgoing_count && i < FORMAT_OUTGOING_MAX; i++)
		overlay_delete(o, INDEX_OUTBOX,
		    outbox_key(key, format_outbox_id(v->seq, v->first_outgoing + i)));
	if (void_row(o, v, why) == -1)
		return -1;
	for (size_t i = 0; i < v->marks.n; i++)
		if (void_mark(o, v->marks.at[i].key, v->seq, why) == -1)
			return -1;
	if (v->unacked.n == MARK_KEY)
		(void)overlay_can_drop_unacked(o, v->unacked);
	return 0;
}

void
apply_ack(struct overlay *o, const struct disk_ack *ack)
{
	for (size_t i = 0; i < ack->seen.n; i++)
		if (ack->seen.at[i].key.n == MARK_KEY)
			(void)overlay_can_drop_unacked(o, ack->seen.at[i].key);
}

/* ---- rescan ---- */

/* The row that a reader of the mailbox made: what it knows of the delivery
 * stays, what is in the file's name is new. */
static int
apply_found(struct overlay *o, struct store_mailbox *m, const struct disk_found *f,
    struct fail *why)
{
	struct disk_message_row row;
	struct arena a;
	int rc;

	arena_init(&a);
	rc = get_message(o, m, f->uid, &a, &row, why);
	if (rc == 0) {
		delete_message(o, m, f->uid, row.file);
		count_down(m, 1, row.size);
	} else if (rc == 1) {
		memset(&row, 0, sizeof row);
		row.action = STR("adopted");
		row.received = f->received;
	}
	if (rc != -1 && f->is_gone == 0) {
		row.file = f->file;
		row.flags = f->flags;
		row.size = f->size;
		row.wire_size = f->wire_size;
		row.modseq = f->modseq;
		put_message(o, m, f->uid, &row);
		count_up(m, f->size);
	}
	if (f->uid >= m->uidnext)
		m->uidnext = f->uid + 1;
	if (f->modseq > m->modseq)
		m->modseq = f->modseq;
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

int
apply_rescan(struct overlay *o, const struct disk_rescan *r, struct fail *why)
{
	struct place at;
	struct overlay_user *user;

	if (find_place(o, r->user, r->root, r->mailbox, r->path, &at, why) == -1)
		return -1;
	if (r->is_gone != 0) {
		if (overlay_wipe(o, at.mailbox->id, why) == -1)
			return -1;
		count_down(at.mailbox, at.mailbox->messages, at.mailbox->bytes);
		overlay_bury(at.mailbox);
		return 0;
	}
	user = (struct overlay_user *)at.user;
	at.mailbox->uidvalidity = r->uidvalidity;
	if (r->uidvalidity > user->uidvalidity)
		user->uidvalidity = r->uidvalidity;
	at.mailbox->new_mtime = r->new_mtime;
	at.mailbox->cur_mtime = r->cur_mtime;
	overlay_touch(at.mailbox);
	for (size_t i = 0; i < r->messages.n; i++)
		if (apply_found(o, at.mailbox, &r->messages.at[i], why) == -1)
			return -1;
	return 0;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* libdoorstep: rows as their users see them. */

#include <string.h>

#include "store/reader.h"

/* A walk or a look-up: rows are decoded into `rows` and their texts terminated
 * in `texts`, which may be the snapshot's own. */
struct reading {
	struct arena rows, *texts;
	bool is_short; /* of memory */
	struct fail why;
};

static void
begin_reading(struct reading *r, struct arena *texts)
{
	*r = (struct reading){ .texts = texts };
	arena_init_limit(&r->rows, READER_ROW_MAX);
}

static const char *
text(struct reading *r, struct str s)
{
	char *copy = s.n == 0 ? NULL : arena_cstr(r->texts, s);

	if (copy == NULL && s.n > 0)
		r->is_short = true;
	return copy == NULL ? "" : copy;
}

static void
read_user(struct reading *r, const struct disk_user_row *row, struct doorstep_user *out)
{
	*out = (struct doorstep_user){
		.name = text(r, row->name),
		.root = text(r, row->root),
		.bytes = row->bytes,
		.messages = row->messages,
	};
}

static void
read_mailbox(struct reading *r, uint64_t id, const struct disk_mailbox_row *row,
    struct doorstep_mailbox *out)
{
	*out = (struct doorstep_mailbox){
		.name = text(r, row->name),
		.path = text(r, row->path),
		.uidvalidity = row->uidvalidity,
		.uidnext = row->uidnext,
		.modseq = row->modseq,
		.messages = row->messages,
		.bytes = row->bytes,
		.id = id,
	};
}

static void
read_message(struct reading *r, uint32_t uid, const struct disk_message_row *row,
    struct doorstep_message *out)
{
	*out = (struct doorstep_message){
		.uid = uid,
		.modseq = row->modseq,
		.file = text(r, row->file),
		.size = row->size,
		.wire_size = row->wire_size,
		.received = row->received,
		.flags = text(r, row->flags),
		.message_id = text(r, row->message_id),
		.from = text(r, row->from),
		.to = text(r, row->to),
		.subject = text(r, row->subject),
		.references = text(r, row->references),
		.date = row->date,
		.header_size = row->header_size,
		.parts = row->parts,
		.sender = text(r, row->sender),
		.address = text(r, row->address),
		.script = text(r, row->script),
		.line = row->line,
		.rule = text(r, row->rule),
		.action = text(r, row->action),
		.trace_id = text(r, row->trace_id),
	};
}

/* rc is 0 found or fn's, 1 not there or at the end, -1 r->why. */
static int
end_reading(struct reading *r, int rc, struct doorstep_error *error)
{
	arena_fini(&r->rows);
	if (r->is_short)
		return reader_no_memory(error);
	return rc == -1 ? reader_fail(error, &r->why) : rc;
}

int
doorstep_find_user(struct doorstep_snapshot *snapshot, const char *user,
    struct doorstep_user *out, struct doorstep_error *error)
{
	struct disk_user_row row;
	struct reading r;
	int rc;

	begin_reading(&r, &snapshot->kept);
	rc = index_user(snapshot->txn, format_user_id(str_of(user)), &r.rows, &row, &r.why);
	/* Ids may collide: format.h. */
	if (rc == 0 && !str_is_equal(row.name, str_of(user)))
		rc = 1;
	if (rc == 0)
		read_user(&r, &row, out);
	return end_reading(&r, rc, error);
}

int
doorstep_find_mailbox(struct doorstep_snapshot *snapshot, const char *user, const char *mailbox,
    struct doorstep_mailbox *out, struct doorstep_error *error)
{
	uint64_t user_id = format_user_id(str_of(user));
	uint64_t id = format_mailbox_id(user_id, str_of(mailbox));
	struct disk_mailbox_row row;
	struct reading r;
	int rc;

	begin_reading(&r, &snapshot->kept);
	rc = index_mailbox(snapshot->txn, user_id, id, &r.rows, &row, &r.why);
	if (rc == 0 && !str_is_equal(row.name, str_of(mailbox)))
		rc = 1;
	if (rc == 0)
		read_mailbox(&r, id, &row, out);
	return end_reading(&r, rc, error);
}

int
doorstep_find_message(struct doorstep_snapshot *snapshot, uint64_t mailbox_id, uint32_t uid,
    struct doorstep_message *out, struct doorstep_error *error)
{
	struct disk_message_row row;
	struct reading r;
	int rc;

	begin_reading(&r, &snapshot->kept);
	rc = index_message(snapshot->txn, mailbox_id, uid, &r.rows, &row, &r.why);
	if (rc == 0)
		read_message(&r, uid, &row, out);
	return end_reading(&r, rc, error);
}

/* The end of a walk: its own 1 is the caller's 0, and fn's word stands. */
static int
end_walk(struct reading *r, struct index_walk *walk, int rc, int said,
    struct doorstep_error *error)
{
	index_walk_end(walk);
	rc = end_reading(r, rc == -1 ? -1 : 0, error);
	return rc == -1 ? -1 : said;
}

int
doorstep_each_user(struct doorstep_snapshot *snapshot, doorstep_user_fn *fn, void *arg,
    struct doorstep_error *error)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct disk_user_row row;
	struct doorstep_user user;
	struct reading r;
	uint64_t id;
	int rc, said = 0;

	begin_reading(&r, &r.rows);
	rc = index_walk_users(snapshot->txn, &walk, &r.why);
	while (rc == 0 && said == 0) {
		arena_empty(&r.rows);
		rc = index_next_user(&walk, &r.rows, &id, &row, &r.why);
		if (rc != 0)
			break;
		read_user(&r, &row, &user);
		if (r.is_short)
			break;
		said = fn(&user, arg);
	}
	return end_walk(&r, &walk, rc, said, error);
}

int
doorstep_each_mailbox(struct doorstep_snapshot *snapshot, const char *user,
    doorstep_mailbox_fn *fn, void *arg, struct doorstep_error *error)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct disk_mailbox_row row;
	struct doorstep_mailbox mailbox;
	struct reading r;
	uint64_t id;
	int rc, said = 0;

	begin_reading(&r, &r.rows);
	rc = index_walk_mailboxes(snapshot->txn, format_user_id(str_of(user)), &walk, &r.why);
	while (rc == 0 && said == 0) {
		arena_empty(&r.rows);
		rc = index_next_mailbox(&walk, &r.rows, &id, &row, &r.why);
		if (rc != 0)
			break;
		read_mailbox(&r, id, &row, &mailbox);
		if (r.is_short)
			break;
		said = fn(&mailbox, arg);
	}
	return end_walk(&r, &walk, rc, said, error);
}

int
doorstep_each_message(struct doorstep_snapshot *snapshot, uint64_t mailbox_id, uint32_t from,
    uint32_t to, doorstep_message_fn *fn, void *arg, struct doorstep_error *error)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct disk_message_row row;
	struct doorstep_message message;
	struct reading r;
	uint32_t uid = 0;
	int rc, said = 0;

	begin_reading(&r, &r.rows);
	rc = index_walk_messages(snapshot->txn, mailbox_id, from, &walk, &r.why);
	while (rc == 0 && said == 0) {
		arena_empty(&r.rows);
		rc = index_next_message(&walk, &r.rows, &uid, &row, &r.why);
		if (rc != 0 || uid > to)
			break;
		read_message(&r, uid, &row, &message);
		if (r.is_short)
			break;
		said = fn(&message, arg);
	}
	return end_walk(&r, &walk, rc, said, error);
}

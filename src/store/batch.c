/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The way of a batch: prepared, written, committed, placed; or abandoned; or a
 * copy of it voided.  Does not touch a mailbox. */
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "store/maildir.h"
#include "store/outbox.h"
#include "store/store_private.h"

/* Digests that one ack record tells of; the others wait for the next. */
#define ACKS_MAX 1024
#define DIGEST 32

struct store_batch *
store_batch_new(struct store *s)
{
	struct store_batch *batch = xcalloc(1, sizeof *batch);

	BUG_ON(s->open != NULL);
	batch->store = s;
	arena_init(&batch->names);
	batch->journal = journal_batch_new(s->journal);
	s->open = batch;
	return batch;
}

void
batch_free(struct store_batch *batch)
{
	arena_fini(&batch->names);
	journal_batch_free(&batch->journal);
	buf_fini(&batch->acks);
	free(batch);
}

bool
store_batch_is_empty(const struct store_batch *batch)
{
	return batch->deliveries + batch->rescans == 0;
}

/* ---- acks ---- */

static size_t
make_ack(const struct buf *acks, struct disk_mark *marks, struct disk_ack *out)
{
	size_t count = acks->n / DIGEST < ACKS_MAX ? acks->n / DIGEST : ACKS_MAX;

	for (size_t i = 0; i < count; i++)
		marks[i] = (struct disk_mark){ { acks->p + i * DIGEST, DIGEST }, 0 };
	out->seen.at = marks;
	out->seen.n = count;
	return count * DIGEST;
}

/* With the batch that goes anyway; when there is no room they wait. */
static void
take_acks(struct store_batch *batch)
{
	struct store *s = batch->store;
	struct disk_mark marks[ACKS_MAX];
	struct disk_ack ack;
	struct fail why = FAIL_EMPTY;
	uint64_t seq;
	size_t n;

	if (s->acks.n == 0 || journal_batch_count(batch->journal) > 0)
		return;
	n = make_ack(&s->acks, marks, &ack);
	if (journal_add(batch->journal, JOURNAL_ACK, disk_ack_fields, &ack, &seq, &why) == -1)
		return;
	buf_add(&batch->acks, s->acks.p, n);
	buf_cut_front(&s->acks, n);
}

void
store_write_acks(struct store *s)
{
	struct disk_mark marks[ACKS_MAX];
	struct disk_ack ack;
	struct fail why = FAIL_EMPTY;
	size_t n;
	int rc;

	if (s->open != NULL || s->acks.n == 0)
		return;
	n = make_ack(&s->acks, marks, &ack);
	rc = journal_write_lazily(s->journal, JOURNAL_ACK, disk_ack_fields, &ack, &why);
	if (rc == -1)
		log_warn("%s", why.log);
	if (rc != 0)
		return;
	buf_cut_front(&s->acks, n);
	s->committed = journal_next_seq(s->journal) - 1;
}

/* ---- preparing ---- */

static int
no_uid(const struct store_mailbox *m, struct fail *why)
{
	return fail_set(why, FAIL_PERM, 2, 2, 0, "mailbox is full",
	    "%.*s: mailbox %.*s has used up its uids", STR_ARG(m->user->name),
	    STR_ARG(m->name));
}

/* Finds the mailbox and makes sure of its uidvalidity. */
static struct store_mailbox *
mailbox_of(struct store *s, struct str user, struct str root, struct str name, struct str path,
    struct fail *why)
{
	struct store_user *found = store_user(s, user, root, why);

	return found == NULL ? NULL : store_mailbox(s, found, name, path, why);
}

static int
number_copy(struct store *s, struct disk_copy *c, struct store_mailbox **out, struct fail *why)
{
	struct store_mailbox *m = mailbox_of(s, c->user, c->root, c->mailbox, c->path, why);

	if (m == NULL)
		return -1;
	if (m->uidvalidity == 0)
		overlay_give_uidvalidity(m);
	if (m->uidnext == UINT32_MAX)
		return no_uid(m, why);
	c->uidvalidity = m->uidvalidity;
	c->uid = m->uidnext++;
	c->modseq = ++m->modseq;
	*out = m;
	return 0;
}

/* Names of the copies that have none, all in `names`. */
static void
name_copies(struct store *s, struct disk_delivery *d, struct arena *names)
{
	struct buf name = BUF_EMPTY;
	struct disk_copy *c;

	for (size_t i = 0; i < d->copies.n; i++) {
		c = &d->copies.at[i];
		if (c->file.n > 0)
			continue;
		buf_clear(&name);
		maildir_add_name(&name, s->hostname, clock_wall(), c->size, c->wire_size);
		c->file = arena_str(names, buf_str(&name));
	}
	buf_fini(&name);
}

static void
count_pending(struct store_user *user, const struct disk_copy *c)
{
	user->pending_bytes += c->size;
	user->pending_messages++;
}

int
store_prepare(struct store_batch *batch, struct disk_delivery *d, uint64_t *seq_out,
    struct fail *why)
{
	int rc = -1;
	struct store *s = batch->store;
	struct store_mailbox **boxes = xcalloc(d->copies.n + 1, sizeof *boxes);
	size_t numbered = 0;

	BUG_ON(s->open != batch);
	if (d->outgoing.n > FORMAT_OUTGOING_MAX) {
		free(boxes);
		return fail_set(why, FAIL_OURS, 3, 0, 0, "too many messages to be sent",
		    "%.*s: one delivery sends %zu messages", STR_ARG(d->trace_id), d->outgoing.n);
	}
	name_copies(s, d, &batch->names);
	while (numbered < d->copies.n &&
	    number_copy(s, &d->copies.at[numbered], &boxes[numbered], why) == 0)
		numbered++;
	if (numbered == d->copies.n) {
		take_acks(batch);
		rc = journal_add(batch->journal, JOURNAL_DELIVERY, disk_delivery_fields, d, seq_out,
		    why);
	}
	if (rc == 0) {
		for (size_t i = 0; i < d->copies.n; i++)
			count_pending(boxes[i]->user, &d->copies.at[i]);
		batch->deliveries++;
		batch->has_outgoing = batch->has_outgoing || d->outgoing.n > 0;
		batch->last_delivery = *seq_out;
	}
	/* Backwards: two copies may be in one mailbox. */
	while (rc == -1 && numbered > 0) {
		boxes[--numbered]->uidnext--;
		boxes[numbered]->modseq--;
	}
	free(boxes);
	return rc;
}

static int
number_found(struct store_mailbox *m, struct disk_found *f, struct fail *why)
{
	if (f->uid == 0) {
		if (m->uidnext == UINT32_MAX)
			return no_uid(m, why);
		f->uid = m->uidnext++;
	}
	f->modseq = ++m->modseq;
	return 0;
}

int
store_prepare_rescan(struct store_batch *batch, struct disk_rescan *r, uint64_t *seq_out,
    struct fail *why)
{
	struct store *s = batch->store;
	struct store_mailbox *m = mailbox_of(s, r->user, r->root, r->mailbox, r->path, why);

	BUG_ON(s->open != batch);
	if (m == NULL)
		return -1;
	if (m->uidvalidity == 0 && r->is_gone == 0)
		overlay_give_uidvalidity(m);
	r->uidvalidity = m->uidvalidity;
	for (size_t i = 0; i < r->messages.n; i++)
		if (number_found(m, &r->messages.at[i], why) == -1)
			return -1;
	take_acks(batch);
	if (journal_add(batch->journal, JOURNAL_RESCAN, disk_rescan_fields, r, seq_out, why) == -1)
		return -1;
	batch->rescans++;
	return 0;
}

int
store_write(struct store_batch *batch, struct fail *why)
{
	/* Before the record, so that its mail is never waiting unseen. */
	if (batch->has_outgoing && !batch->store->has_outbox) {
		if (outbox_make(batch->store->dir, why) == -1)
			return -1;
		batch->store->has_outbox = true;
	}
	return journal_write(batch->journal, why);
}

/* ---- the outcome ---- */

static void
uncount_pending(struct store *s, const struct disk_delivery *d)
{
	struct store_user *user;
	struct fail why = FAIL_EMPTY;

	for (size_t i = 0; i < d->copies.n; i++) {
		user = store_user(s, d->copies.at[i].user, STR_EMPTY, &why);
		BUG_ON(user == NULL || user->pending_messages == 0);
		user->pending_bytes -= d->copies.at[i].size;
		user->pending_messages--;
	}
}

static void
commit_record(struct store *s, const struct journal_record *record, struct arena *a)
{
	union apply_record r;
	struct fail why = FAIL_EMPTY;
	int rc = 0;

	BUG_ON(apply_read(record, a, &r, &why) == -1);
	if (record->type == JOURNAL_DELIVERY) {
		uncount_pending(s, &r.delivery);
		rc = apply_delivery(&s->overlay, record->seq, &r.delivery, &why);
	} else if (record->type == JOURNAL_RESCAN) {
		rc = apply_rescan(&s->overlay, &r.rescan, &why);
	}
	/* The mail is safe in the journal; the numbers are right again after a
	 * rescan.  Only a damaged LMDB brings us here. */
	if (rc == -1)
		log_error("journal record %llu: %s", (unsigned long long)record->seq, why.log);
}

void
store_committed(struct store_batch **batch_ptr)
{
	struct store_batch *batch = *batch_ptr;
	struct store *s = batch->store;
	struct journal_record record;
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < journal_batch_count(batch->journal); i++) {
		record = journal_batch_record(batch->journal, i);
		commit_record(s, &record, &a);
		arena_empty(&a);
	}
	arena_fini(&a);
	journal_commit(batch->journal);
	s->committed = journal_next_seq(s->journal) - 1;
	s->open = NULL;
	*batch_ptr = NULL;
	if (batch->deliveries == 0) {
		batch_free(batch);
		return;
	}
	s->last_delivery = batch->last_delivery;
	TAILQ_INSERT_TAIL(&s->placing, batch, entry);
}

void
store_abandoned(struct store_batch **batch_ptr)
{
	struct store_batch *batch = *batch_ptr;
	struct store *s = batch->store;
	struct journal_record record;
	union apply_record r;
	struct fail why = FAIL_EMPTY;
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < journal_batch_count(batch->journal); i++) {
		record = journal_batch_record(batch->journal, i);
		BUG_ON(apply_read(&record, &a, &r, &why) == -1);
		if (record.type == JOURNAL_DELIVERY)
			uncount_pending(s, &r.delivery);
		arena_empty(&a);
	}
	arena_fini(&a);
	buf_add(&s->acks, batch->acks.p, batch->acks.n);
	journal_abandon(batch->journal);
	s->open = NULL;
	batch_free(batch);
	*batch_ptr = NULL;
}

void
store_placed(struct store *s, uint64_t seq)
{
	struct store_batch *batch;

	if (seq > s->placed)
		s->placed = seq;
	/* Unsynced: it has to survive this process only (delivery.md, state 4). */
	journal_note(s->journal, s->placed, store_settled_upto(s));
	while ((batch = TAILQ_FIRST(&s->placing)) != NULL && batch->last_delivery <= seq) {
		TAILQ_REMOVE(&s->placing, batch, entry);
		batch_free(batch);
	}
}

/* ---- void ---- */

static bool
has_placing(const struct store *s, uint64_t seq, struct journal_record *out)
{
	const struct store_batch *batch;

	TAILQ_FOREACH(batch, &s->placing, entry)
		for (size_t i = 0; i < journal_batch_count(batch->journal); i++) {
			*out = journal_batch_record(batch->journal, i);
			if (out->seq == seq && out->type == JOURNAL_DELIVERY)
				return true;
		}
	return false;
}

static struct disk_void
make_void(uint64_t seq, uint32_t copy, const struct disk_delivery *d,
    const struct store_sent *sent, const unsigned char *unacked_or_null)
{
	const struct disk_copy *c = &d->copies.at[copy];
	struct disk_void v = { .seq = seq, .copy = copy, .first_outgoing = sent->first,
		.outgoing_count = sent->count, .user = c->user, .root = c->root,
		.mailbox = c->mailbox, .path = c->path, .uid = c->uid, .file = c->file };

	if (unacked_or_null != NULL)
		v.unacked = (struct str){ (const char *)unacked_or_null, DIGEST };
	v.marks.at = d->marks.at;
	v.marks.n = d->marks.n;
	return v;
}

int
store_void(struct store *s, uint64_t seq, uint32_t copy, const unsigned char *unacked_or_null,
    struct store_sent sent, struct fail *why)
{
	int rc = -1;
	struct journal_record record;
	union apply_record r;
	struct disk_void v;
	struct arena a;

	if (!has_placing(s, seq, &record))
		return fail_set(why, FAIL_OURS, 3, 0, 0, "mail store is confused",
		    "journal record %llu cannot be voided: it was placed",
		    (unsigned long long)seq);
	arena_init(&a);
	BUG_ON(apply_read(&record, &a, &r, why) == -1 || copy >= r.delivery.copies.n);
	BUG_ON((uint64_t)sent.first + sent.count > r.delivery.outgoing.n);
	v = make_void(seq, copy, &r.delivery, &sent, unacked_or_null);
	rc = journal_add_void(s->journal, seq, disk_void_fields, &v, why);
	if (rc == 0 && apply_void(&s->overlay, &v, why) == -1)
		log_error("void of record %llu: %s", (unsigned long long)seq, why->log);
	/* Neither made nor taken back: it stays committed, and will be made. */
	if (rc == -1)
		store_add_stuck(s, &record.place, copy);
	arena_fini(&a);
	return rc;
}

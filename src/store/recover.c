/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* What a crash left, made whole: rows from the journal into the overlay, files
 * found or made again, all of it synced.  doc/delivery.md has the states. */
#include "store/recover.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "store/store_private.h"

/* Open at the same time: a bound on descriptors.  From so many files on, one
 * syncfs(2) for each file system is cheaper than an fsync(2) for each file. */
#define ROUND_MAX 64
#define SYNCFS_FROM 16

/* A file that is there now and must be synced. */
struct made {
	struct maildir *maildir; /* owned */
	int fd;			 /* owned, or -1 */
	struct str root;	 /* in the arena */
	dev_t device;
	struct journal_place place;
	uint32_t copy;
};

struct recovery {
	struct store *store;
	bool is_same_boot;
	uint64_t placed, rows, settled; /* before the crash */
	struct table voids;		/* seq(8) copy(4) -> itself */
	struct arena arena;		/* of one record */
	struct made round[ROUND_MAX];
	struct arena round_arena;
	size_t round_count;
	size_t records, made, found, failed;
};

/* ---- voids ---- */

static struct str
void_key(uint64_t seq, uint32_t copy, unsigned char out[FORMAT_KEY_MAX])
{
	return (struct str){ (const char *)out, format_key_message(out, seq, copy) };
}

static int
collect_void(void *arg, const struct journal_record *record, struct fail *why)
{
	struct recovery *r = arg;
	union apply_record content;
	unsigned char key[FORMAT_KEY_MAX];

	if (apply_read(record, &r->arena, &content, why) == -1)
		return -1;
	table_put(&r->voids, void_key(content.voided.seq, content.voided.copy, key), r);
	arena_empty(&r->arena);
	return 0;
}

static int
apply_one_void(void *arg, const struct journal_record *record, struct fail *why)
{
	struct recovery *r = arg;
	union apply_record content;
	int rc = apply_read(record, &r->arena, &content, why);

	if (rc == 0)
		rc = apply_void(&r->store->overlay, &content.voided, why);
	arena_empty(&r->arena);
	return rc;
}

/* ---- syncing what was made ---- */

static int
sync_dirs(const struct made *made, struct fail *why)
{
	struct buf root = BUF_EMPTY;
	int rc;

	buf_add_str(&root, made->root);
	/* Files are found by their names, and folders by theirs: nothing of it
	 * may be called settled before all are on disk (delivery.md, state 5). */
	rc = maildir_sync_dirs(made->maildir, why);
	if (rc == 0)
		rc = file_sync_dir(made->maildir->path, why);
	if (rc == 0)
		rc = file_sync_dir(buf_cstr(&root), why);
	buf_fini(&root);
	return rc;
}

static int
sync_one(const struct made *made, struct fail *why)
{
	/* The bytes before the names: settled means both (delivery.md, state 5). */
	if (made->fd != -1 && file_sync(made->fd, made->maildir->path, why) == -1)
		return -1;
	return sync_dirs(made, why);
}

/* One call for all files of a file system; the first of a device answers for
 * the others. */
static int
sync_device(const struct made *round, size_t i, struct fail *why)
{
	for (size_t j = 0; j < i; j++)
		if (round[j].device == round[i].device)
			return 0;
	if (syncfs(round[i].maildir->new_fd) == 0)
		return 0;
	return fail_errno(why, errno, "syncfs for", round[i].maildir->path);
}

static void
end_round(struct recovery *r)
{
	struct fail why = FAIL_EMPTY;
	struct made *made;
	bool use_syncfs = r->round_count >= SYNCFS_FROM, has_failed = false;

	for (size_t i = 0; use_syncfs && i < r->round_count; i++)
		has_failed |= sync_device(r->round, i, &why) == -1;
	for (size_t i = 0; i < r->round_count; i++) {
		made = &r->round[i];
		/* Without syncfs's word each file and folder is asked itself; what it
		 * says of a single one is not known (delivery.md, state 5). */
		if ((!use_syncfs || has_failed) && sync_one(made, &why) == -1) {
			log_error("not safe on disk yet, the journal keeps it: %s", why.log);
			store_add_stuck(r->store, &made->place, made->copy);
			r->failed++;
		}
	}
	for (size_t i = 0; i < r->round_count; i++) {
		file_close(&r->round[i].fd);
		maildir_close(&r->round[i].maildir);
	}
	r->round_count = 0;
	arena_empty(&r->round_arena);
}

/* ---- files ---- */

static void
add_to_round(struct recovery *r, struct maildir *maildir, int fd, struct str root,
    const struct journal_place *place, uint32_t copy)
{
	struct made *made = &r->round[r->round_count++];
	struct stat st;

	made->maildir = maildir;
	made->fd = fd;
	made->root = arena_str(&r->round_arena, root);
	made->device = fstat(maildir->new_fd, &st) == 0 ? st.st_dev : 0;
	made->place = *place;
	made->copy = copy;
	if (r->round_count == ROUND_MAX)
		end_round(r);
}

static void
recover_one(struct recovery *r, const struct journal_place *place, const struct disk_delivery *d,
    uint32_t i, bool was_placed)
{
	struct recover_copy what = { d, &d->copies.at[i], was_placed, r->is_same_boot };
	struct maildir *maildir;
	struct fail why = FAIL_EMPTY;
	int fd;
	enum recover_outcome outcome = recover_file(&what, &maildir, &fd, &why);

	if (outcome == RECOVER_FAILED) {
		log_error("%.*s: a delivered message cannot be made again yet, the journal keeps "
			  "it: %s",
		    STR_ARG(what.copy->user), why.log);
		store_add_stuck(r->store, place, i);
		r->failed++;
		return;
	}
	r->made += outcome == RECOVER_MADE;
	r->found += outcome == RECOVER_FOUND;
	if (maildir != NULL)
		add_to_round(r, maildir, fd, what.copy->root, place, i);
}

static void
recover_files(struct recovery *r, const struct journal_record *record,
    const struct disk_delivery *d)
{
	unsigned char key[FORMAT_KEY_MAX];
	bool was_placed = record->type == JOURNAL_DELIVERY && record->seq <= r->placed;

	for (uint32_t i = 0; i < d->copies.n; i++)
		if (table_get(&r->voids, void_key(record->seq, i, key)) == NULL)
			recover_one(r, &record->place, d, i, was_placed);
}

/* ---- records ---- */

static int
recover_rows(struct recovery *r, const struct journal_record *record,
    const union apply_record *content, struct fail *why)
{
	struct overlay *o = &r->store->overlay;

	/* A new LMDB beside an old journal: rows come from a rescan, which gives
	 * new uids under a new uidvalidity; marks and outgoing mail are nowhere
	 * else. */
	if (r->store->is_fresh && record->type == JOURNAL_DELIVERY) {
		apply_marks(o, record->seq, &content->delivery);
		apply_outbox(o, record->seq, &content->delivery);
	} else if (record->type == JOURNAL_DELIVERY)
		return apply_delivery(o, record->seq, &content->delivery, why);
	if (record->type == JOURNAL_ACK)
		apply_ack(o, &content->ack);
	if (record->type == JOURNAL_RESCAN && !r->store->is_fresh)
		return apply_rescan(o, &content->rescan, why);
	return 0;
}

static int
recover_record(void *arg, const struct journal_record *record, struct fail *why)
{
	struct recovery *r = arg;
	union apply_record content;
	int rc = apply_read(record, &r->arena, &content, why);
	bool has_files = record->type == JOURNAL_DELIVERY || record->type == JOURNAL_AGAIN;

	if (rc == 0 && record->seq > r->rows)
		rc = recover_rows(r, record, &content, why);
	if (rc == 0 && has_files) {
		r->store->last_delivery = record->seq;
		if (record->seq > r->settled)
			recover_files(r, record, &content.delivery);
	}
	r->records++;
	arena_empty(&r->arena);
	return rc;
}

static uint64_t
max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Where the journal begins to matter, by LMDB or, when that is new, the note. */
static uint64_t
choose_start(struct recovery *r)
{
	struct store *s = r->store;
	uint64_t noted_placed, noted_settled;

	if (!journal_has_note(s->journal, &noted_placed, &noted_settled))
		noted_placed = noted_settled = 0;
	r->placed = noted_placed;
	r->is_same_boot = noted_placed > 0;
	r->rows = s->saved_rows;
	r->settled = s->saved_settled;
	if (!s->is_fresh)
		return (r->rows < r->settled ? r->rows : r->settled) + 1;
	r->settled = noted_settled;
	return 0;
}

static int
replay(struct recovery *r, struct fail *why)
{
	struct store *s = r->store;
	uint64_t next = 0, from = choose_start(r);

	if (journal_replay_voids(s->journal, collect_void, r, why) == -1 ||
	    journal_replay(s->journal, from, recover_record, r, &next, why) == -1)
		return -1;
	end_round(r);
	if (journal_replay_voids(s->journal, apply_one_void, r, why) == -1)
		return -1;
	/* Records that were written lazily may be lost while LMDB has their rows:
	 * their numbers must not be given again. */
	next = max(next, max(r->rows, r->settled) + 1);
	s->committed = next - 1;
	s->placed = s->settled = s->committed;
	journal_begin(s->journal, next);
	return 0;
}

static void
tell(const struct recovery *r)
{
	if (r->records == 0)
		return;
	log_info("%s: recovered: %zu journal records, %zu files found, %zu made again, %zu not yet",
	    r->store->dir, r->records, r->found, r->made, r->failed);
}

/* ---- stuck copies written anew ---- */

/* Of one go: what a batch of mail may be. */
#define RELOG_MAX ((uint64_t)4 << 20)

/* One copy as a record of its own at the end of the journal, so that the
 * segment it stands in can be used again (after the next checkpoint). */
static int
relog_one(struct recovery *r, struct journal_batch *batch, struct stuck *stuck,
    struct fail *why)
{
	int rc;
	uint64_t seq;
	struct buf payload = BUF_LIMIT(JOURNAL_SEGMENT_MAX);
	struct journal_record record = { .type = JOURNAL_AGAIN, .seq = stuck->seq };
	union apply_record content;
	struct disk_delivery *d = &content.delivery;

	rc = journal_read(r->store->journal, &stuck->place, &payload, why);
	record.payload = buf_str(&payload);
	if (rc == 0)
		rc = apply_read(&record, &r->arena, &content, why);
	BUG_ON(rc == 0 && stuck->copy >= d->copies.n);
	if (rc == 0) {
		d->copies.at += stuck->copy;
		d->copies.n = 1;
		d->unacked.n = d->marks.n = d->outgoing.n = d->done.n = 0;
		rc = journal_add(batch, JOURNAL_AGAIN, disk_delivery_fields, d, &seq, why);
	}
	arena_empty(&r->arena);
	buf_fini(&payload);
	return rc;
}

/* The last records of the batch are those of the first stuck copies. */
static void
move_stuck(struct store *s, struct journal_batch *batch)
{
	struct stuck *stuck = TAILQ_FIRST(&s->stuck);

	for (size_t i = 0; i < journal_batch_count(batch); i++) {
		stuck->place = journal_batch_record(batch, i).place;
		stuck->seq = stuck->place.seq;
		stuck->copy = 0;
		stuck = TAILQ_NEXT(stuck, entry);
	}
}

/* Those that stand before the newest segment; all or, when room or time is
 * short, the first of them. */
static void
relog(struct recovery *r)
{
	struct store *s = r->store;
	struct journal_batch *batch;
	struct stuck *stuck;
	struct fail why = FAIL_EMPTY;
	uint64_t bytes = 0;
	int rc = 0;

	batch = journal_batch_new(s->journal);
	TAILQ_FOREACH(stuck, &s->stuck, entry) {
		bytes += stuck->place.length;
		if (rc == -1 || bytes > RELOG_MAX || bytes > journal_room(s->journal) / 2)
			break;
		rc = relog_one(r, batch, stuck, &why);
	}
	if (journal_batch_count(batch) == 0 || journal_write(batch, &why) == -1) {
		journal_abandon(batch);
	} else {
		move_stuck(s, batch);
		journal_commit(batch);
		s->committed = journal_next_seq(s->journal) - 1;
	}
	journal_batch_free(&batch);
	if (why.class != FAIL_NONE)
		log_error("%s", why.log);
}

/* Not each time: only when the ring is half used up. */
static bool
is_ring_pressed(const struct store *s)
{
	return s->stuck_count > 0 && s->open == NULL &&
	    journal_room(s->journal) < journal_capacity(s->journal) / 2;
}

int
recover_run(struct store *s, struct fail *why)
{
	int rc = -1;
	struct recovery *r = xcalloc(1, sizeof *r);

	r->store = s;
	arena_init(&r->arena);
	arena_init(&r->round_arena);
	if (replay(r, why) == -1)
		goto out;
	/* Before this commit every step can be done again; after it none has to. */
	if (freeze_now(s, why) == -1)
		goto out;
	journal_free_upto(s->journal,
	    s->saved_rows < s->saved_settled ? s->saved_rows : s->saved_settled);
	journal_clear_voids(s->journal);
	journal_note(s->journal, s->placed, store_settled_upto(s));
	tell(r);
	if (is_ring_pressed(s)) {
		relog(r);
		if (freeze_now(s, why) == -1)
			goto out;
	}
	rc = 0;
out:
	end_round(r);
	table_fini(&r->voids);
	arena_fini(&r->round_arena);
	arena_fini(&r->arena);
	free(r);
	return rc;
}

/* ---- stuck copies ---- */

static int
retry_one(struct recovery *r, const struct stuck *stuck, struct fail *why)
{
	int rc;
	struct buf payload = BUF_LIMIT(JOURNAL_SEGMENT_MAX);
	struct journal_record record = { .type = JOURNAL_DELIVERY, .seq = stuck->seq };
	union apply_record content;

	rc = journal_read(r->store->journal, &stuck->place, &payload, why);
	record.payload = buf_str(&payload);
	if (rc == 0)
		rc = apply_read(&record, &r->arena, &content, why);
	if (rc == 0 && stuck->copy < content.delivery.copies.n)
		recover_one(r, &stuck->place, &content.delivery, stuck->copy, false);
	arena_empty(&r->arena);
	buf_fini(&payload);
	return rc;
}

void
recover_retry(struct store *s, size_t limit)
{
	struct recovery *r = xcalloc(1, sizeof *r);
	struct fail why = FAIL_EMPTY;
	struct stuck *stuck;

	r->store = s;
	r->is_same_boot = true;
	if (limit > s->stuck_count)
		limit = s->stuck_count;
	while (limit-- > 0 && (stuck = TAILQ_FIRST(&s->stuck)) != NULL) {
		TAILQ_REMOVE(&s->stuck, stuck, entry);
		s->stuck_count--;
		/* What fails again goes to the end of the list anew. */
		if (retry_one(r, stuck, &why) == -1) {
			log_error("%s", why.log);
			store_add_stuck(s, &stuck->place, stuck->copy);
		}
		free(stuck);
	}
	end_round(r);
	if (is_ring_pressed(s))
		relog(r);
	arena_fini(&r->round_arena);
	arena_fini(&r->arena);
	free(r);
}

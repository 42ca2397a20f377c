/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The journal's ring of segments and appending to it in batches.  Does not
 * know what records mean, nor when they may be forgotten: it is told. */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "store/format.h"
#include "store/journal_private.h"

/* Zeros are written in such portions. */
#define ZEROS ((size_t)64 << 10)
/* From one segment size to the next, and how soon a full one shows a busy store. */
#define GROWTH 4
#define BUSY (10 * CLOCK_SECOND)

/* The part of a batch that goes to one segment. */
struct piece {
	struct segment *segment;
	struct segment before; /* as it was when the batch took it */
	bool must_make;	       /* bytes up to segment->size must be written as zeros */
	uint64_t offset;       /* of bytes in the file */
	struct buf bytes;      /* empty: only the sync of what was written lazily */
};

struct place {
	enum journal_type type;
	uint64_t seq;
	size_t piece, at, length;
};

struct journal_batch {
	struct journal *journal;
	struct piece *pieces;
	size_t piece_count, piece_cap;
	struct place *places;
	size_t place_count, place_cap;
	struct buf scratch;
	bool was_tried, is_over;
	/* of the journal, for abandoning */
	struct segment *current;
	uint64_t offset, next_seq;
	uint32_t chain;
};

char *
journal_segment_path(const struct journal *j, unsigned number)
{
	struct buf path = BUF_EMPTY;
	char *out;

	buf_addf(&path, "%s/%u", j->dir, number);
	out = xstrndup(buf_str(&path));
	buf_fini(&path);
	return out;
}

void
journal_add_segment(struct journal *j, struct segment *segment)
{
	XGROW(j->segments, j->cap, j->count + 1);
	j->segments[j->count++] = segment;
}

static void
drop_segment(struct journal *j, struct segment *segment)
{
	for (size_t i = 0; i < j->count; i++) {
		if (j->segments[i] != segment)
			continue;
		j->segments[i] = j->segments[--j->count];
		file_close(&segment->fd);
		free(segment);
		return;
	}
}

void
journal_close(struct journal **journal)
{
	struct journal *j = *journal;

	if (j == NULL)
		return;
	BUG_ON(j->has_batch);
	while (j->count > 0)
		drop_segment(j, j->segments[0]);
	file_close(&j->note_fd);
	file_close(&j->voids.fd);
	free(j->segments);
	free(j->dir);
	free(j);
	*journal = NULL;
}

void
journal_begin(struct journal *j, uint64_t next_seq)
{
	j->current = NULL;
	j->next_seq = next_seq;
	/* What the voids found there speak of is not known here. */
	if (j->voids.offset > JOURNAL_BLOCK)
		j->voids.last = next_seq;
}

/* ---- which segment is next ---- */

static bool
is_free(const struct journal *j, const struct segment *segment)
{
	return segment != j->current && !segment->is_taken && segment->last_seq <= j->free_upto;
}

static struct segment *
largest_free(const struct journal *j)
{
	struct segment *best = NULL;

	for (size_t i = 0; i < j->count; i++)
		if (is_free(j, j->segments[i]) &&
		    (best == NULL || j->segments[i]->size > best->size))
			best = j->segments[i];
	return best;
}

/* Four times the largest there is, and at least what the record needs. */
static uint64_t
next_size(const struct journal *j, uint64_t need)
{
	uint64_t size = JOURNAL_FIRST_SIZE;

	for (size_t i = 0; i < j->count; i++)
		if (GROWTH * j->segments[i]->size > size)
			size = GROWTH * j->segments[i]->size;
	while (size < need)
		size *= 2;
	return size < j->segment_size ? size : j->segment_size;
}

/* A segment that was full that soon after it was begun: the store is busy, and
 * small ones would only make the ring full between two checkpoints. */
static bool
is_busy(const struct journal *j)
{
	return j->current != NULL && clock_monotonic() - j->began < BUSY;
}

static unsigned
unused_number(const struct journal *j)
{
	unsigned number = 1;

	for (size_t i = 0; i < j->count; i++)
		if (j->segments[i]->number == number) {
			number++;
			i = (size_t)-1;
		}
	return number;
}

static struct segment *
new_segment(struct journal *j, uint64_t size)
{
	struct segment *segment = xcalloc(1, sizeof *segment);

	segment->number = unused_number(j);
	segment->fd = -1;
	segment->size = size;
	journal_add_segment(j, segment);
	return segment;
}

static int
full(const struct journal *j, struct fail *why)
{
	return fail_set(why, FAIL_TEMP, 3, 1, 0, "mail system is busy, try again later",
	    "%s: the journal is full: %zu segments wait to be settled and checkpointed "
	    "(journal_segments, journal_segment_size)",
	    j->dir, j->count);
}

/* A segment with room for `need` bytes; *must_make_out: its file is not there
 * or too short as yet.  A free one that is too small grows in place. */
static struct segment *
choose(struct journal *j, uint64_t need, bool *must_make_out, struct fail *why)
{
	struct segment *segment = largest_free(j);

	*must_make_out = false;
	if (segment != NULL && segment->size >= need) {
		if (segment->size < j->segment_size && is_busy(j)) {
			*must_make_out = true;
			segment->size = next_size(j, need);
		}
		return segment;
	}
	if (segment == NULL && j->count >= j->max) {
		full(j, why);
		return NULL;
	}
	*must_make_out = true;
	if (segment == NULL || j->count < j->max)
		return new_segment(j, next_size(j, need));
	segment->size = next_size(j, need);
	return segment;
}

void
journal_free_upto(struct journal *j, uint64_t seq)
{
	if (seq > j->free_upto)
		j->free_upto = seq;
}

uint64_t
journal_next_seq(const struct journal *j)
{
	return j->next_seq;
}

uint64_t
journal_room(const struct journal *j)
{
	uint64_t each = j->segment_size - JOURNAL_BLOCK;
	uint64_t room = j->count < j->max ? (j->max - j->count) * each : 0;

	if (j->current != NULL)
		room += j->current->size - j->offset;
	for (size_t i = 0; i < j->count; i++)
		if (is_free(j, j->segments[i]))
			room += each;
	return room;
}

uint64_t
journal_capacity(const struct journal *j)
{
	return j->max * (j->segment_size - JOURNAL_BLOCK);
}

/* ---- a batch ---- */

struct journal_batch *
journal_batch_new(struct journal *j)
{
	struct journal_batch *batch = xcalloc(1, sizeof *batch);

	BUG_ON(j->has_batch);
	j->has_batch = true;
	batch->journal = j;
	batch->current = j->current;
	batch->offset = j->offset;
	batch->next_seq = j->next_seq;
	batch->chain = j->chain;
	batch->scratch.max = (size_t)j->segment_size;
	return batch;
}

static struct piece *
push_piece(struct journal_batch *batch, struct segment *segment, uint64_t offset)
{
	struct piece *piece;

	XGROW(batch->pieces, batch->piece_cap, batch->piece_count + 1);
	piece = &batch->pieces[batch->piece_count++];
	*piece = (struct piece){ segment, *segment, false, offset, BUF_EMPTY };
	segment->is_taken = true;
	return piece;
}

/* The rest of the batch begins a fresh segment with its block. */
static struct piece *
roll(struct journal_batch *batch, size_t need, struct fail *why)
{
	struct journal *j = batch->journal;
	bool must_make;
	uint64_t old_size;
	struct segment *segment;
	struct piece *piece;
	struct disk_segment head = { FORMAT_VERSION, 0, j->next_seq };

	/* The tail that was written lazily must be there when a later segment
	 * says that its records follow: else replay would see a hole. */
	if (batch->piece_count == 0 && j->current != NULL && j->has_unsynced)
		push_piece(batch, j->current, j->offset);
	old_size = largest_free(j) != NULL ? largest_free(j)->size : 0;
	segment = choose(j, JOURNAL_BLOCK + need, &must_make, why);
	if (segment == NULL)
		return NULL;
	piece = push_piece(batch, segment, 0);
	piece->must_make = must_make;
	if (must_make && segment->fd != -1)
		piece->before.size = old_size;
	head.generation = ++j->generation;
	segment->generation = head.generation;
	segment->first_seq = head.first_seq;
	journal_add_block(&piece->bytes, disk_segment_fields, &head, &segment->block_crc);
	memset(buf_reserve(&piece->bytes, JOURNAL_BLOCK), 0, JOURNAL_BLOCK);
	buf_grew(&piece->bytes, JOURNAL_BLOCK - piece->bytes.n);
	j->current = segment;
	j->began = clock_monotonic();
	j->offset = JOURNAL_BLOCK;
	j->chain = segment->block_crc;
	return piece;
}

/* The record in scratch is what the next place must take. */
static struct piece *
find_room(struct journal_batch *batch, size_t size, struct fail *why)
{
	struct journal *j = batch->journal;

	if (j->current == NULL || j->current->size - j->offset < size)
		return roll(batch, size, why);
	if (batch->piece_count == 0)
		return push_piece(batch, j->current, j->offset);
	return &batch->pieces[batch->piece_count - 1];
}

size_t
journal_pack_record(struct buf *out, const struct pack_field *fields, const void *from)
{
	size_t length, size;

	buf_clear(out);
	memset(buf_reserve(out, JOURNAL_HEAD), 0, JOURNAL_HEAD);
	buf_grew(out, JOURNAL_HEAD);
	pack_add(fields, from, out);
	length = out->n - JOURNAL_HEAD;
	size = journal_record_size(length);
	while (buf_is_ok(out) && out->n < size)
		buf_add_byte(out, '\0');
	return buf_is_ok(out) ? length : 0;
}

int
journal_add(struct journal_batch *batch, enum journal_type type, const struct pack_field *fields,
    const void *from, uint64_t *seq_out, struct fail *why)
{
	struct journal *j = batch->journal;
	size_t length = journal_pack_record(&batch->scratch, fields, from);
	struct piece *piece;
	struct place *place;

	if (length == 0 || JOURNAL_BLOCK + batch->scratch.n > j->segment_size)
		return fail_set(why, FAIL_OURS, 3, 4, 0, "message cannot be stored this way",
		    "%s: a record is larger than journal_segment_size", j->dir);
	piece = find_room(batch, batch->scratch.n, why);
	if (piece == NULL)
		return -1;
	j->chain = journal_put_head(batch->scratch.p, type, j->next_seq, length, j->chain);
	XGROW(batch->places, batch->place_cap, batch->place_count + 1);
	place = &batch->places[batch->place_count++];
	*place = (struct place){ type, j->next_seq, (size_t)(piece - batch->pieces),
		piece->bytes.n, length };
	buf_add_str(&piece->bytes, buf_str(&batch->scratch));
	BUG_ON(!buf_is_ok(&piece->bytes));
	j->offset += batch->scratch.n;
	*seq_out = j->next_seq++;
	return 0;
}

size_t
journal_batch_count(const struct journal_batch *batch)
{
	return batch->place_count;
}

struct journal_record
journal_batch_record(const struct journal_batch *batch, size_t i)
{
	const struct place *place = &batch->places[i];
	const struct piece *piece = &batch->pieces[place->piece];
	struct journal_record record = { .type = place->type, .seq = place->seq };

	record.payload = (struct str){ piece->bytes.p + place->at + JOURNAL_HEAD,
		place->length };
	record.place = (struct journal_place){ piece->segment->number,
		piece->offset + place->at, place->seq, (uint32_t)place->length };
	return record;
}

/* ---- writing ---- */

static int
write_zeros(int fd, uint64_t from, uint64_t to, const char *path, struct fail *why)
{
	int rc = 0;
	char *zeros = xcalloc(1, ZEROS);
	uint64_t n;

	for (uint64_t at = from; rc == 0 && at < to; at += n) {
		n = to - at < ZEROS ? to - at : ZEROS;
		rc = file_pwrite_all(fd, (struct str){ zeros, (size_t)n }, (int64_t)at, path, why);
	}
	free(zeros);
	return rc;
}

/* Written, not only allocated: then a later fdatasync finds every block mapped
 * and initialised, and has no metadata to commit. */
static int
make_segment(struct journal *j, const struct piece *piece, const char *path, struct fail *why)
{
	struct segment *segment = piece->segment;
	bool is_new = segment->fd == -1;
	uint64_t from = is_new ? 0 : piece->before.size;
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;

	if (is_new && file_open(&segment->fd, AT_FDCWD, path, flags, 0600, why) == -1)
		return -1;
	if (write_zeros(segment->fd, from, segment->size, path, why) == -1)
		goto out;
	/* The length and the blocks must be durable before records rely on them,
	 * and so must the name: a segment that is lost loses acknowledged mail. */
	if (file_sync_data(segment->fd, path, why) == 0 &&
	    (!is_new || file_sync_dir(j->dir, why) == 0))
		return 0;
out:
	if (is_new) {
		file_close(&segment->fd);
		unlink(path);
	}
	return -1;
}

static int
write_piece(struct journal *j, struct piece *piece, struct fail *why)
{
	int rc = -1;
	char *path = journal_segment_path(j, piece->segment->number);

	if (piece->must_make && make_segment(j, piece, path, why) == -1)
		goto out;
	if (file_pwrite_all(piece->segment->fd, buf_str(&piece->bytes), (int64_t)piece->offset,
	    path, why) == -1)
		goto out;
	/* The one sync that an answer waits for (delivery.md, state 2): pieces in
	 * order, so that no later segment is durable before an earlier one. */
	rc = file_sync_data(piece->segment->fd, path, why);
out:
	free(path);
	return rc;
}

int
journal_write(struct journal_batch *batch, struct fail *why)
{
	BUG_ON(batch->is_over);
	batch->was_tried = true;
	for (size_t i = 0; i < batch->piece_count; i++)
		if (write_piece(batch->journal, &batch->pieces[i], why) == -1)
			return -1;
	return 0;
}

void
journal_commit(struct journal_batch *batch)
{
	struct place *place;

	BUG_ON(batch->is_over);
	for (size_t i = 0; i < batch->place_count; i++) {
		place = &batch->places[i];
		batch->pieces[place->piece].segment->last_seq = place->seq;
	}
	for (size_t i = 0; i < batch->piece_count; i++)
		batch->pieces[i].segment->is_taken = false;
	if (batch->piece_count > 0)
		batch->journal->has_unsynced = false;
	batch->is_over = true;
	batch->journal->has_batch = false;
}

/* Nothing was tried: as if the batch had never been. */
static void
give_back(struct journal *j, struct piece *piece)
{
	struct segment *segment = piece->segment;

	if (segment->fd == -1) {
		drop_segment(j, segment);
		return;
	}
	*segment = piece->before;
	segment->is_taken = false;
}

/* What is on disk of it is not known.  A segment that it began counts as
 * empty: its records are ended by the next generation, which begins at the
 * same sequence. */
static void
distrust(struct journal *j, struct piece *piece, const struct segment *current)
{
	struct segment *segment = piece->segment;

	if (segment->fd == -1) {
		drop_segment(j, segment);
		return;
	}
	segment->is_taken = false;
	if (segment != current)
		segment->last_seq = 0;
	/* The file may or may not have grown; the lesser is safe. */
	if (piece->must_make && piece->before.fd != -1)
		segment->size = piece->before.size;
}

void
journal_abandon(struct journal_batch *batch)
{
	struct journal *j = batch->journal;

	BUG_ON(batch->is_over);
	for (size_t i = 0; i < batch->piece_count; i++)
		if (batch->was_tried)
			distrust(j, &batch->pieces[i], batch->current);
		else
			give_back(j, &batch->pieces[i]);
	j->current = batch->was_tried ? NULL : batch->current;
	j->offset = batch->offset;
	j->chain = batch->chain;
	j->next_seq = batch->next_seq;
	if (batch->was_tried)
		j->has_unsynced = false;
	batch->is_over = true;
	j->has_batch = false;
}

void
journal_batch_free(struct journal_batch **batch)
{
	if (*batch == NULL)
		return;
	BUG_ON(!(*batch)->is_over);
	for (size_t i = 0; i < (*batch)->piece_count; i++)
		buf_fini(&(*batch)->pieces[i].bytes);
	buf_fini(&(*batch)->scratch);
	free((*batch)->pieces);
	free((*batch)->places);
	free(*batch);
	*batch = NULL;
}

int
journal_write_lazily(struct journal *j, enum journal_type type, const struct pack_field *fields,
    const void *from, struct fail *why)
{
	int rc = 1;
	struct buf record = BUF_LIMIT(JOURNAL_SEGMENT_MIN);
	size_t length;
	uint32_t chain;

	BUG_ON(j->has_batch);
	length = journal_pack_record(&record, fields, from);
	if (length == 0 || j->current == NULL || j->current->size - j->offset < record.n)
		goto out;
	chain = journal_put_head(record.p, type, j->next_seq, length, j->chain);
	rc = file_pwrite_all(j->current->fd, buf_str(&record), (int64_t)j->offset, j->dir, why);
	if (rc == -1) {
		j->current = NULL;
		goto out;
	}
	j->chain = chain;
	j->offset += record.n;
	j->current->last_seq = j->next_seq++;
	j->has_unsynced = true;
out:
	buf_fini(&record);
	return rc;
}

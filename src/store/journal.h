/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_JOURNAL_H
#define DOORSTEP_STORE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/pack.h"
#include "base/str.h"

/*
 * The journal of one store: numbered segment files that are written once with
 * zeros, then used again and again, so that an append changes no metadata and
 * fdatasync(2) has only the data to write.
 *
 * A segment:
 *
 *   0       block: magic u64, length u32, crc32c u32 of the rest, `segment`
 *           (format.def); all zero in a segment that was never begun
 *   4096    records, each 8-byte aligned, to the first that is not valid
 *
 * A record, integers little endian:
 *
 *   0   u32 magic          8   u32 crc32c      16  u64 seq
 *   4   u32 length         12  u32 type        24  payload, then zeros to 8
 *
 * length is the payload's.  The crc begins with that of the record in front
 * (of the block for the first) and covers length, type, seq and payload, so
 * that what an earlier use or a torn write left can never follow.  seq grows
 * by one from record to record, and on into the next segment.  Segments are
 * read in the order of their generations; the first_seq of a later one ends
 * the earlier one even if valid records follow there (a batch whose write
 * failed).
 *
 * The note (journal/note) is one such block of its own, never synced: it
 * survives the death of the process, and says by its boot id whether it
 * outlived the machine too.
 *
 * Voids (journal/voids) are records of the same kind behind such a block, in a
 * file of their own that begins anew when nothing in it matters any more.
 *
 * Nothing here is locked.  One batch is open at a time; while another thread
 * runs journal_write, this one may call all but the functions that take a
 * batch, journal_write_lazily, journal_open and journal_close.
 */
#define JOURNAL_BLOCK 4096
#define JOURNAL_HEAD 24
#define JOURNAL_MAGIC 0x4a525344u /* "DSRJ" */
#define JOURNAL_BLOCK_MAGIC UINT64_C(0x314c4e524a545344) /* "DSTJRNL1" */

/* The first segment of a store: a site may have a thousand owners. */
#define JOURNAL_FIRST_SIZE ((uint64_t)256 << 10)
#define JOURNAL_SEGMENT_MIN ((uint64_t)64 << 10)
#define JOURNAL_SEGMENT_MAX ((uint64_t)1 << 30)

enum journal_type {
	JOURNAL_DELIVERY = 1, /* disk_delivery */
	JOURNAL_VOID,	      /* disk_void, in the file of voids */
	JOURNAL_ACK,	      /* disk_ack */
	JOURNAL_RESCAN,	      /* disk_rescan */
	JOURNAL_AGAIN,	      /* disk_delivery of which only the files still matter */
	JOURNAL_TYPES,
};

struct journal;
struct journal_batch;

/* Where a record is, to read it once more while its segment is in use. */
struct journal_place {
	unsigned segment;
	uint64_t offset;
	uint64_t seq;
	uint32_t length;
};

struct journal_record {
	enum journal_type type;
	uint64_t seq;
	struct str payload; /* borrowed for the call */
	uint32_t crc;
	struct journal_place place;
};

/* 0 to go on, -1 ends the replay with *why. */
typedef int (*journal_fn)(void *arg, const struct journal_record *record, struct fail *why);

/*
 * Opens `dir` (made, synced, when missing) and reads the blocks; writes
 * nothing else.  -1: a block that is neither zero nor valid, or of a newer
 * version: *why says which file and what the operator can do.
 */
int journal_open(const char *dir, uint64_t segment_size, unsigned segments, struct journal **out,
    struct fail *why);
void journal_close(struct journal **journal); /* legal on NULL */
bool journal_is_new(const struct journal *journal); /* no segment was ever begun */

/*
 * All records with seq >= from (0: whatever is there), in order.  *next_out is the sequence behind
 * the last one, at least from.  A hole between segments (damage) is logged,
 * and what follows it still given.
 */
int journal_replay(struct journal *journal, uint64_t from, journal_fn fn, void *arg,
    uint64_t *next_out, struct fail *why);

/*
 * Replay of one segment's bytes behind its block: pure, for journal_replay
 * and the fuzzer.  Gives records from `first` on, below `limit`, until one is
 * not valid.  Returns the sequence behind the last valid one, or 0 when fn
 * failed.
 */
uint64_t journal_scan(struct str bytes, uint32_t crc, uint64_t first, uint64_t limit,
    journal_fn fn, void *arg, struct fail *why);

/* After the replay: appending begins at next_seq, in a fresh generation. */
void journal_begin(struct journal *journal, uint64_t next_seq);

/* Reads a record again into *out (its payload); -1 when it is not there. */
int journal_read(struct journal *journal, const struct journal_place *place, struct buf *out,
    struct fail *why);

/* Segments whose last record is at or below seq may be used again. */
void journal_free_upto(struct journal *journal, uint64_t seq);
uint64_t journal_room(const struct journal *journal);
uint64_t journal_capacity(const struct journal *journal); /* room when nothing is in it */
uint64_t journal_next_seq(const struct journal *journal);

/* ---- appending ---- */

struct journal_batch *journal_batch_new(struct journal *journal);
/*
 * Packs one record into the batch and gives it its place.  -1: journal full
 * (FAIL_TEMP 4.3.1), or larger than a segment may be (FAIL_OURS); the batch
 * is as before.
 */
int journal_add(struct journal_batch *batch, enum journal_type type,
    const struct pack_field *fields, const void *from, uint64_t *seq_out, struct fail *why);
/* The records of the batch in order; payload borrowed as long as the batch. */
size_t journal_batch_count(const struct journal_batch *batch);
struct journal_record journal_batch_record(const struct journal_batch *batch, size_t i);

/*
 * Any thread: pwrite and fdatasync of each segment that the batch touches (one
 * of each, but when it rolls over).  Makes segments that are new.  -1: some of
 * it may be on disk, nothing of it may be trusted.
 */
int journal_write(struct journal_batch *batch, struct fail *why);
/* The outcome, in the loop's thread.  After journal_abandon the next batch
 * begins a fresh segment where a write had been tried. */
void journal_commit(struct journal_batch *batch);
void journal_abandon(struct journal_batch *batch);
void journal_batch_free(struct journal_batch **batch);

/* One record behind the last, unsynced, if there is room in this segment: 0
 * written, 1 no room or not begun, -1 *why. */
int journal_write_lazily(struct journal *journal, enum journal_type type,
    const struct pack_field *fields, const void *from, struct fail *why);

/* ---- voids ---- */

/* Bytes of the file, made in advance. */
#define JOURNAL_VOIDS_SIZE ((size_t)64 << 10)

/* All voids that still matter, and some that do not: see disk_void.  Due
 * before the first journal_add_void; may be repeated. */
int journal_replay_voids(struct journal *journal, journal_fn fn, void *arg, struct fail *why);
/* Written and synced when this returns 0.  seq: the delivery's. */
int journal_add_void(struct journal *journal, uint64_t seq, const struct pack_field *fields,
    const void *from, struct fail *why);
/* Voids of deliveries in segments that are free (journal_free_upto) may go. */
void journal_clear_voids(struct journal *journal);

/* ---- the note ---- */

/* False: none, or not valid. *placed_out is 0 when it is of another boot. */
bool journal_has_note(const struct journal *journal, uint64_t *placed_out,
    uint64_t *settled_out);
void journal_note(struct journal *journal, uint64_t placed_upto, uint64_t settled_upto);
/* The boot id of this boot, 36 characters. */
struct str journal_boot_id(const struct journal *journal);

#endif

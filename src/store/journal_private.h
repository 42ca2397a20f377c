/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_JOURNAL_PRIVATE_H
#define DOORSTEP_STORE_JOURNAL_PRIVATE_H

#include "base/arena.h"
#include "store/journal.h"

/*
 * Shared by journal.c (the ring, appending), journal_block.c (bytes of blocks
 * and records, the note), journal_voids.c and journal_replay.c (opening,
 * reading); for nobody else.
 */
struct segment {
	unsigned number;
	int fd;		     /* -1: to be made by the batch that took it */
	uint64_t size;	     /* of the file; multiple of 8 */
	uint64_t generation; /* 0: never begun */
	uint64_t first_seq;
	uint64_t last_seq; /* of its last committed record; 0: none */
	uint32_t block_crc;
	bool is_taken; /* by the open batch */
};

struct journal {
	char *dir;
	uint64_t segment_size;
	unsigned max;
	struct segment **segments; /* owned each; in order of generation after open */
	size_t count, cap;
	struct segment *current; /* NULL: the next record begins a segment */
	int64_t began;		 /* when current was, by clock_monotonic */
	uint64_t offset;	 /* of the next record in it */
	uint32_t chain;		 /* crc of the record (or block) before that */
	uint64_t next_seq, generation, free_upto;
	bool has_unsynced; /* current ends in a record that was written lazily */
	bool has_batch;
	struct {
		int fd;
		uint64_t generation, next_seq;
		uint64_t offset; /* of the next record; 0: a new generation begins */
		uint64_t last;	 /* the latest delivery voided; 0: none */
		uint32_t chain, block_crc;
	} voids;
	int note_fd;
	char boot_id[37];
	bool has_note;
	uint64_t noted_placed, noted_settled;
};

/* ---- journal_block.c ---- */

struct record_head {
	uint32_t length, crc, type;
	uint64_t seq;
};

size_t journal_record_size(size_t length); /* with head and padding */
/* Fills the head in front of the payload; returns the record's crc. */
uint32_t journal_put_head(char *record, enum journal_type type, uint64_t seq, size_t length,
    uint32_t chain);
/* Whether bytes begin with a whole record; *chain then becomes its crc. */
bool journal_has_record(struct str bytes, uint32_t *chain, struct record_head *head);
uint64_t journal_head_seq(const char head[JOURNAL_HEAD]);

void journal_add_block(struct buf *out, const struct pack_field *fields, const void *from,
    uint32_t *crc_out);
enum journal_block { BLOCK_IS_VALID, BLOCK_IS_ZERO, BLOCK_IS_DAMAGED };
/* Strings of *out point into bytes. */
enum journal_block journal_read_block(struct str bytes, const struct pack_field *fields,
    void *out, size_t out_size, uint32_t *crc_out);
void journal_open_note(struct journal *j);

/* ---- journal_voids.c ---- */
int journal_open_voids(struct journal *j, struct fail *why);

/* ---- journal_replay.c ---- */
int journal_damaged(const char *path, const char *what, struct fail *why);

/* ---- journal.c ---- */
/* A whole record into out, but for its head; returns the payload's length, 0
 * when it does not fit out->max. */
size_t journal_pack_record(struct buf *out, const struct pack_field *fields, const void *from);
void journal_add_segment(struct journal *j, struct segment *segment);
char *journal_segment_path(const struct journal *j, unsigned number); /* owned */

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Opening a journal and reading what a crash left in it.  Decides which bytes
 * are records; what they mean is recover.c's business. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "store/format.h"
#include "store/journal_private.h"

/* Segment numbers are small; a file with a longer name is not ours. */
#define NUMBER_MAX 99999

int
journal_damaged(const char *path, const char *what, struct fail *why)
{
	return fail_set(why, FAIL_OURS, 3, 0, 0, "mail store is damaged",
	    "%s: %s. Messages acknowledged shortly before the last stop may be in it. To go on "
	    "without it, move it out of its directory and start again",
	    path, what);
}

/* A segment that a crash cut short while it was made has no block yet. */
static int
read_head(struct segment *segment, const char *path, struct fail *why)
{
	char bytes[JOURNAL_BLOCK];
	struct disk_segment head;
	size_t n = segment->size < sizeof bytes ? (size_t)segment->size : sizeof bytes;

	if (file_pread_all(segment->fd, bytes, n, 0, path, why) == -1)
		return -1;
	switch (journal_read_block((struct str){ bytes, n }, disk_segment_fields, &head,
	    sizeof head, &segment->block_crc)) {
	case BLOCK_IS_ZERO:
		return 0;
	case BLOCK_IS_DAMAGED:
		return journal_damaged(path, "the head of this journal segment is damaged", why);
	case BLOCK_IS_VALID:
		break;
	}
	if (head.version > FORMAT_VERSION)
		return journal_damaged(path, "this journal segment is of a newer version", why);
	if (head.generation == 0 || head.first_seq == 0)
		return journal_damaged(path, "the head of this journal segment makes no sense", why);
	segment->generation = head.generation;
	segment->first_seq = head.first_seq;
	return 0;
}

static int
open_segment(struct journal *j, unsigned number, struct fail *why)
{
	int rc = -1;
	struct segment *segment = xcalloc(1, sizeof *segment);
	char *path = journal_segment_path(j, number);
	struct stat st;

	segment->number = number;
	segment->fd = -1;
	if (file_open(&segment->fd, AT_FDCWD, path, O_RDWR | O_NOFOLLOW, 0, why) == -1)
		goto out;
	if (fstat(segment->fd, &st) == -1) {
		fail_errno(why, errno, "fstat", path);
		goto out;
	}
	segment->size = (uint64_t)st.st_size & ~(uint64_t)7;
	if (read_head(segment, path, why) == -1)
		goto out;
	if (segment->generation > j->generation)
		j->generation = segment->generation;
	journal_add_segment(j, segment);
	segment = NULL;
	rc = 0;
out:
	if (segment != NULL)
		file_close(&segment->fd);
	free(segment);
	free(path);
	return rc;
}

static int
by_generation(const void *left, const void *right)
{
	const struct segment *a = *(struct segment *const *)left;
	const struct segment *b = *(struct segment *const *)right;

	return (a->generation > b->generation) - (a->generation < b->generation);
}

static int
open_segments(struct journal *j, struct fail *why)
{
	DIR *dir = opendir(j->dir);
	const struct dirent *entry;
	uint64_t number;
	int rc = 0;

	if (dir == NULL)
		return fail_errno(why, errno, "opendir", j->dir);
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		if (str_is_number(str_of(entry->d_name), NUMBER_MAX, &number) && number > 0 &&
		    entry->d_name[0] != '0')
			rc = open_segment(j, (unsigned)number, why);
	closedir(dir);
	if (j->count > 0)
		qsort(j->segments, j->count, sizeof *j->segments, by_generation);
	return rc;
}

static uint64_t
clamp_size(uint64_t size)
{
	if (size < JOURNAL_SEGMENT_MIN)
		size = JOURNAL_SEGMENT_MIN;
	if (size > JOURNAL_SEGMENT_MAX)
		size = JOURNAL_SEGMENT_MAX;
	return size & ~(uint64_t)(JOURNAL_BLOCK - 1);
}

int
journal_open(const char *dir, uint64_t segment_size, unsigned segments, struct journal **out,
    struct fail *why)
{
	struct journal *j = xcalloc(1, sizeof *j);

	j->dir = xstrdup(dir);
	j->segment_size = clamp_size(segment_size);
	j->max = segments < 2 ? 2 : segments;
	j->note_fd = j->voids.fd = -1;
	j->next_seq = 1;
	if (file_make_dirs(dir, 0700, why) == -1 || open_segments(j, why) == -1 ||
	    journal_open_voids(j, why) == -1) {
		journal_close(&j);
		return -1;
	}
	journal_open_note(j);
	*out = j;
	return 0;
}

bool
journal_is_new(const struct journal *j)
{
	return j->generation == 0;
}

uint64_t
journal_scan(struct str bytes, uint32_t crc, uint64_t first, uint64_t limit, journal_fn fn,
    void *arg, struct fail *why)
{
	uint64_t expected = first;
	size_t at = 0;
	struct record_head head;
	struct journal_record record;

	while (expected < limit && journal_has_record(str_from(bytes, at), &crc, &head) &&
	    head.seq == expected) {
		record.type = (enum journal_type)head.type;
		record.seq = head.seq;
		record.crc = head.crc;
		record.payload = str_sub(bytes, at + JOURNAL_HEAD, head.length);
		record.place = (struct journal_place){ 0, at + JOURNAL_BLOCK, head.seq,
			head.length };
		if (fn(arg, &record, why) == -1)
			return 0;
		expected++;
		at += journal_record_size(head.length);
	}
	return expected;
}

/* What the records of one segment pass through on their way to the caller. */
struct pass {
	unsigned segment;
	uint64_t from;
	journal_fn fn;
	void *arg;
};

static int
pass_on(void *arg, const struct journal_record *record, struct fail *why)
{
	const struct pass *pass = arg;
	struct journal_record copy = *record;

	if (record->seq < pass->from)
		return 0;
	copy.place.segment = pass->segment;
	return pass->fn(pass->arg, &copy, why);
}

static int
replay_segment(struct journal *j, struct segment *segment, uint64_t limit, struct pass *pass,
    uint64_t *next_out, struct fail *why)
{
	int rc = -1;
	char *path = journal_segment_path(j, segment->number);
	size_t n = segment->size > JOURNAL_BLOCK ? (size_t)segment->size - JOURNAL_BLOCK : 0;
	char *bytes = xmalloc(n + 1);
	uint64_t next;

	if (file_pread_all(segment->fd, bytes, n, JOURNAL_BLOCK, path, why) == -1)
		goto out;
	pass->segment = segment->number;
	next = journal_scan((struct str){ bytes, n }, segment->block_crc, segment->first_seq,
	    limit, pass_on, pass, why);
	if (next == 0)
		goto out;
	segment->last_seq = next > segment->first_seq ? next - 1 : 0;
	*next_out = next;
	rc = 0;
out:
	free(bytes);
	free(path);
	return rc;
}

/* Where the records of segment i must end: what any later generation began at
 * was written in their place. */
static uint64_t
segment_limit(const struct journal *j, size_t i)
{
	uint64_t limit = UINT64_MAX;

	while (++i < j->count)
		if (j->segments[i]->first_seq < limit)
			limit = j->segments[i]->first_seq;
	return limit;
}

int
journal_replay(struct journal *j, uint64_t from, journal_fn fn, void *arg, uint64_t *next_out,
    struct fail *why)
{
	struct pass pass = { 0, from, fn, arg };
	uint64_t expected = from, next, limit;
	struct segment *segment;

	for (size_t i = 0; i < j->count; i++) {
		segment = j->segments[i];
		limit = segment_limit(j, i);
		if (segment->generation == 0 || limit <= from || limit <= segment->first_seq)
			continue;
		if (from > 0 && segment->first_seq > expected)
			log_error("%s/%u: journal records %llu to %llu are missing in front of "
				  "this segment: messages may be lost",
			    j->dir, segment->number, (unsigned long long)expected,
			    (unsigned long long)segment->first_seq - 1);
		if (replay_segment(j, segment, limit, &pass, &next, why) == -1)
			return -1;
		if (next > expected)
			expected = next;
	}
	*next_out = expected;
	return 0;
}

int
journal_read(struct journal *j, const struct journal_place *place, struct buf *out,
    struct fail *why)
{
	char head[JOURNAL_HEAD];
	char *path, *room;
	int rc = -1;
	struct segment *segment = NULL;

	for (size_t i = 0; i < j->count; i++)
		if (j->segments[i]->number == place->segment)
			segment = j->segments[i];
	path = journal_segment_path(j, place->segment);
	if (segment == NULL || segment->fd == -1) {
		journal_damaged(path, "this journal segment is gone", why);
		goto out;
	}
	if (file_pread_all(segment->fd, head, sizeof head, (int64_t)place->offset, path, why) == -1)
		goto out;
	if (journal_head_seq(head) != place->seq) {
		journal_damaged(path, "a record that must not is no longer there", why);
		goto out;
	}
	buf_clear(out);
	room = buf_reserve(out, place->length);
	if (room == NULL) {
		fail_set(why, FAIL_TEMP, 3, 0, 0, "out of memory", "%s: no memory", path);
		goto out;
	}
	if (file_pread_all(segment->fd, room, place->length,
	    (int64_t)place->offset + JOURNAL_HEAD, path, why) == -1)
		goto out;
	buf_grew(out, place->length);
	rc = 0;
out:
	free(path);
	return rc;
}

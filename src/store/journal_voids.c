/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The file of voids beside the ring: deliveries that failed after they were
 * committed.  Its own file, because the next batch may be on its way to the
 * ring just then; made in advance, because a full disk is what it is for. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "store/format.h"
#include "store/journal_private.h"

static char *
voids_path(const struct journal *j)
{
	struct buf path = BUF_EMPTY;
	char *out;

	buf_addf(&path, "%s/voids", j->dir);
	out = xstrndup(buf_str(&path));
	buf_fini(&path);
	return out;
}

static int
make_voids(struct journal *j, const char *path, struct fail *why)
{
	int rc;
	char *zeros = xcalloc(1, JOURNAL_VOIDS_SIZE);

	rc = file_pwrite_all(j->voids.fd, (struct str){ zeros, JOURNAL_VOIDS_SIZE }, 0, path, why);
	free(zeros);
	/* Written in full before it is needed: a void on a full disk must not
	 * need a new block, nor its name be lost. */
	if (rc == 0 && file_sync_data(j->voids.fd, path, why) == 0)
		return file_sync_dir(j->dir, why);
	return -1;
}

static int
read_voids_block(struct journal *j, const char *path, struct fail *why)
{
	char bytes[JOURNAL_BLOCK];
	struct disk_segment head;

	if (file_pread_all(j->voids.fd, bytes, sizeof bytes, 0, path, why) == -1)
		return -1;
	switch (journal_read_block((struct str){ bytes, sizeof bytes }, disk_segment_fields,
	    &head, sizeof head, &j->voids.block_crc)) {
	case BLOCK_IS_ZERO:
		return 0;
	case BLOCK_IS_VALID:
		j->voids.generation = head.generation;
		return 0;
	case BLOCK_IS_DAMAGED:
		break;
	}
	return journal_damaged(path, "the head of the file of voids is damaged", why);
}

int
journal_open_voids(struct journal *j, struct fail *why)
{
	int rc = -1;
	char *path = voids_path(j);
	struct stat st;

	if (file_open(&j->voids.fd, AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, why) ==
	    -1)
		goto out;
	if (fstat(j->voids.fd, &st) == -1) {
		fail_errno(why, errno, "fstat", path);
		goto out;
	}
	if (st.st_size < (off_t)JOURNAL_VOIDS_SIZE && make_voids(j, path, why) == -1)
		goto out;
	rc = read_voids_block(j, path, why);
out:
	free(path);
	return rc;
}

/* Records go on behind the last valid one. */
struct void_pass {
	struct journal *journal;
	journal_fn fn;
	void *arg;
};

static int
pass_void(void *arg, const struct journal_record *record, struct fail *why)
{
	struct void_pass *pass = arg;

	if (pass->fn(pass->arg, record, why) == -1)
		return -1;
	pass->journal->voids.next_seq = record->seq + 1;
	pass->journal->voids.offset =
	    record->place.offset + journal_record_size(record->payload.n);
	pass->journal->voids.chain = record->crc;
	return 0;
}

int
journal_replay_voids(struct journal *j, journal_fn fn, void *arg, struct fail *why)
{
	int rc = -1;
	size_t n = JOURNAL_VOIDS_SIZE - JOURNAL_BLOCK;
	char *path = voids_path(j), *bytes = xmalloc(n);
	struct void_pass pass = { j, fn, arg };

	if (j->voids.generation == 0) {
		rc = 0;
		goto out;
	}
	if (file_pread_all(j->voids.fd, bytes, n, JOURNAL_BLOCK, path, why) == -1)
		goto out;
	j->voids.next_seq = 1;
	j->voids.offset = JOURNAL_BLOCK;
	j->voids.chain = j->voids.block_crc;
	if (journal_scan((struct str){ bytes, n }, j->voids.block_crc, 1, UINT64_MAX, pass_void,
	    &pass, why) != 0)
		rc = 0;
out:
	free(bytes);
	free(path);
	return rc;
}

/* The block of a new generation, unsynced: the next void syncs it with itself,
 * and until then either block is right. */
static int
begin_voids(struct journal *j, const char *path, struct fail *why)
{
	struct disk_segment head = { FORMAT_VERSION, j->voids.generation + 1, 1 };
	struct buf block = BUF_EMPTY;
	uint32_t crc;
	int rc;

	journal_add_block(&block, disk_segment_fields, &head, &crc);
	rc = file_pwrite_all(j->voids.fd, buf_str(&block), 0, path, why);
	buf_fini(&block);
	if (rc == -1)
		return -1;
	j->voids.generation = head.generation;
	j->voids.next_seq = 1;
	j->voids.offset = JOURNAL_BLOCK;
	j->voids.chain = j->voids.block_crc = crc;
	return 0;
}

static int
append_void(struct journal *j, const char *path, const struct buf *record, size_t length,
    struct fail *why)
{
	uint32_t chain;

	if (j->voids.offset + record->n > JOURNAL_VOIDS_SIZE)
		return fail_set(why, FAIL_TEMP, 3, 1, 0, "mail system is busy, try again later",
		    "%s: too many deliveries failed since the last checkpoint", path);
	chain = journal_put_head(record->p, JOURNAL_VOID, j->voids.next_seq, length,
	    j->voids.chain);
	if (file_pwrite_all(j->voids.fd, buf_str(record), (int64_t)j->voids.offset, path, why) ==
	    -1)
		return -1;
	/* Only a void that is on disk allows 4xx: else recovery would deliver what
	 * the sender was told to send again (delivery.md, state 4v). */
	if (file_sync_data(j->voids.fd, path, why) == -1)
		return -1;
	j->voids.chain = chain;
	j->voids.offset += record->n;
	j->voids.next_seq++;
	return 0;
}

int
journal_add_void(struct journal *j, uint64_t seq, const struct pack_field *fields,
    const void *from, struct fail *why)
{
	int rc = -1;
	char *path = voids_path(j);
	struct buf record = BUF_LIMIT(JOURNAL_VOIDS_SIZE);
	size_t length = journal_pack_record(&record, fields, from);

	if (length == 0)
		fail_set(why, FAIL_OURS, 3, 0, 0, "mail store is busy", "%s: a void is too large",
		    path);
	else if (j->voids.offset != 0 || begin_voids(j, path, why) == 0)
		rc = append_void(j, path, &record, length, why);
	if (rc == 0 && seq > j->voids.last)
		j->voids.last = seq;
	buf_fini(&record);
	free(path);
	return rc;
}

void
journal_clear_voids(struct journal *j)
{
	/* The next void begins a new generation over the old records. */
	if (j->voids.last != 0 && j->voids.last <= j->free_upto) {
		j->voids.offset = 0;
		j->voids.last = 0;
	}
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The journal's bytes: blocks, record heads, and the note.  Knows nothing of
 * segments as files or of what a record means. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "store/format.h"
#include "store/journal_private.h"

#define BLOCK_HEAD 16

static void
put_le(char *out, uint64_t number, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(number >> (8 * i));
}

static uint64_t
get_le(const char *in, size_t n)
{
	uint64_t number = 0;

	for (size_t i = n; i > 0; i--)
		number = number << 8 | (unsigned char)in[i - 1];
	return number;
}

size_t
journal_record_size(size_t length)
{
	return (JOURNAL_HEAD + length + 7) & ~(size_t)7;
}

static uint32_t
record_crc(uint32_t chain, const char *record, size_t length)
{
	uint32_t crc = hash_crc32c(chain, (struct str){ record + 4, 4 });

	return hash_crc32c(crc, (struct str){ record + 12, JOURNAL_HEAD - 12 + length });
}

uint32_t
journal_put_head(char *record, enum journal_type type, uint64_t seq, size_t length, uint32_t chain)
{
	uint32_t crc;

	put_le(record, JOURNAL_MAGIC, 4);
	put_le(record + 4, length, 4);
	put_le(record + 12, type, 4);
	put_le(record + 16, seq, 8);
	crc = record_crc(chain, record, length);
	put_le(record + 8, crc, 4);
	return crc;
}

bool
journal_has_record(struct str bytes, uint32_t *chain, struct record_head *head)
{
	if (bytes.n < JOURNAL_HEAD || get_le(bytes.p, 4) != JOURNAL_MAGIC)
		return false;
	head->length = (uint32_t)get_le(bytes.p + 4, 4);
	head->crc = (uint32_t)get_le(bytes.p + 8, 4);
	head->type = (uint32_t)get_le(bytes.p + 12, 4);
	head->seq = get_le(bytes.p + 16, 8);
	if (head->length > bytes.n - JOURNAL_HEAD)
		return false;
	if (record_crc(*chain, bytes.p, head->length) != head->crc)
		return false;
	*chain = head->crc;
	return true;
}

uint64_t
journal_head_seq(const char head[JOURNAL_HEAD])
{
	return get_le(head + 16, 8);
}

void
journal_add_block(struct buf *out, const struct pack_field *fields, const void *from,
    uint32_t *crc_out)
{
	size_t at = out->n, length;
	char *head = buf_reserve(out, BLOCK_HEAD);

	BUG_ON(head == NULL);
	memset(head, 0, BLOCK_HEAD);
	buf_grew(out, BLOCK_HEAD);
	pack_add(fields, from, out);
	BUG_ON(!buf_is_ok(out));
	length = out->n - at - BLOCK_HEAD;
	BUG_ON(length > JOURNAL_BLOCK - BLOCK_HEAD);
	put_le(out->p + at, JOURNAL_BLOCK_MAGIC, 8);
	put_le(out->p + at + 8, length, 4);
	*crc_out = hash_crc32c(0, (struct str){ out->p + at + BLOCK_HEAD, length });
	put_le(out->p + at + 12, *crc_out, 4);
}

static bool
is_zero(struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		if (bytes.p[i] != 0)
			return false;
	return true;
}

enum journal_block
journal_read_block(struct str bytes, const struct pack_field *fields, void *out, size_t out_size,
    uint32_t *crc_out)
{
	struct arena a;
	bool is_read;
	uint64_t length;

	if (is_zero(bytes))
		return BLOCK_IS_ZERO;
	if (bytes.n < BLOCK_HEAD || get_le(bytes.p, 8) != JOURNAL_BLOCK_MAGIC)
		return BLOCK_IS_DAMAGED;
	length = get_le(bytes.p + 8, 4);
	if (length > bytes.n - BLOCK_HEAD)
		return BLOCK_IS_DAMAGED;
	bytes = str_sub(bytes, BLOCK_HEAD, length);
	*crc_out = hash_crc32c(0, bytes);
	if (*crc_out != get_le(bytes.p - 4, 4))
		return BLOCK_IS_DAMAGED;
	arena_init(&a);
	is_read = pack_is_read(fields, bytes, false, out, out_size, &a);
	arena_fini(&a);
	return is_read ? BLOCK_IS_VALID : BLOCK_IS_DAMAGED;
}

/* Without a boot id nothing counts as written in this boot: a file that is
 * missing is then made again, which is the safe side. */
static void
read_boot_id(struct journal *j)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, j->boot_id, sizeof j->boot_id - 1);

	if (fd != -1)
		close(fd);
	if (n == (ssize_t)sizeof j->boot_id - 1)
		return;
	log_warn("no boot id in /proc: after a crash, mail that was deleted may come back");
	j->boot_id[0] = '\0';
}

void
journal_open_note(struct journal *j)
{
	char bytes[JOURNAL_BLOCK];
	struct disk_note note;
	struct fail why = FAIL_EMPTY;
	uint32_t crc;
	ssize_t n;
	struct buf path = BUF_EMPTY;

	read_boot_id(j);
	buf_addf(&path, "%s/note", j->dir);
	if (file_open(&j->note_fd, AT_FDCWD, buf_cstr(&path), O_RDWR | O_CREAT, 0600, &why) == -1) {
		log_warn("%s", why.log);
	} else {
		n = pread(j->note_fd, bytes, sizeof bytes, 0);
		j->has_note = n > 0 &&
		    journal_read_block((struct str){ bytes, (size_t)n }, disk_note_fields, &note,
			sizeof note, &crc) == BLOCK_IS_VALID;
	}
	buf_fini(&path);
	if (!j->has_note)
		return;
	j->noted_settled = note.settled_upto;
	if (note.boot_id.n > 0 && str_is_equal(note.boot_id, str_of(j->boot_id)))
		j->noted_placed = note.placed_upto;
}

bool
journal_has_note(const struct journal *j, uint64_t *placed_out, uint64_t *settled_out)
{
	*placed_out = j->noted_placed;
	*settled_out = j->noted_settled;
	return j->has_note;
}

void
journal_note(struct journal *j, uint64_t placed_upto, uint64_t settled_upto)
{
	struct disk_note note = { str_of(j->boot_id), placed_upto, settled_upto };
	struct buf bytes = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	uint32_t crc;

	if (j->note_fd == -1)
		return;
	journal_add_block(&bytes, disk_note_fields, &note, &crc);
	/* A note that is not written only costs work at the next start. */
	if (file_pwrite_all(j->note_fd, buf_str(&bytes), 0, "the journal's note", &why) == -1)
		log_warn("%s", why.log);
	buf_fini(&bytes);
}

struct str
journal_boot_id(const struct journal *j)
{
	return str_of(j->boot_id);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The ring of segments: order, torn ends, reuse, failed writes, the note. */
#include "store_setup.h"

#include "store/journal_private.h"

struct seen {
	uint64_t seqs[4096];
	size_t count;
	struct journal_place last;
};

static int
see(void *arg, const struct journal_record *record, struct fail *why)
{
	struct seen *seen = arg;

	(void)why;
	assert_true(seen->count < 4096);
	seen->seqs[seen->count++] = record->seq;
	seen->last = record->place;
	return 0;
}

struct ring {
	struct setup setup;
	char dir[128];
	struct journal *journal;
	uint64_t size;
	unsigned segments;
};

static void
open_ring(struct ring *ring)
{
	struct fail why = FAIL_EMPTY;

	if (journal_open(ring->dir, ring->size, ring->segments, &ring->journal, &why) == -1)
		fail_msg("%s", why.log);
}

/* An empty ring, ready for records from 1. */
static void
begin_ring(struct ring *ring, uint64_t size, unsigned segments)
{
	memset(ring, 0, sizeof *ring);
	setup_init(&ring->setup);
	snprintf(ring->dir, sizeof ring->dir, "%s/journal", ring->setup.dir);
	ring->size = size;
	ring->segments = segments;
	open_ring(ring);
	journal_begin(ring->journal, 1);
}

static void
end_ring(struct ring *ring)
{
	journal_close(&ring->journal);
	setup_end(&ring->setup);
}

/* Closes, opens and replays: what a crash here would leave. */
static uint64_t
reopen(struct ring *ring, uint64_t from, struct seen *seen)
{
	struct fail why = FAIL_EMPTY;
	uint64_t next = 0;

	memset(seen, 0, sizeof *seen);
	journal_close(&ring->journal);
	open_ring(ring);
	assert_int_equal(journal_replay(ring->journal, from, see, seen, &next, &why), 0);
	return next;
}

/* A record with that many bytes of payload, about. */
static int
add(struct journal_batch *batch, size_t size, char fill, uint64_t *seq_out, struct fail *why)
{
	char *bytes = xmalloc(size + 1);
	struct disk_delivery d = { .body = { bytes, size } };
	int rc;

	memset(bytes, fill, size);
	rc = journal_add(batch, JOURNAL_DELIVERY, disk_delivery_fields, &d, seq_out, why);
	free(bytes);
	return rc;
}

/* A batch of count records; what: how far it gets. */
enum outcome { COMMITTED, WRITTEN_AND_ABANDONED, ABANDONED };

static int
write_batch(struct ring *ring, size_t count, size_t size, char fill, enum outcome what)
{
	struct fail why = FAIL_EMPTY;
	struct journal_batch *batch = journal_batch_new(ring->journal);
	uint64_t seq;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = add(batch, size, fill, &seq, &why);
	if (rc == 0 && what != ABANDONED)
		assert_int_equal(journal_write(batch, &why), 0);
	if (rc == 0 && what == COMMITTED)
		journal_commit(batch);
	else
		journal_abandon(batch);
	journal_batch_free(&batch);
	return rc;
}

static struct str
path_of(struct ring *ring, const char *name)
{
	return arena_printf(&ring->setup.arena, "%s/%s", ring->dir, name);
}

static void
records_come_back_in_order_over_segments(void **state)
{
	struct ring ring;
	struct seen seen;

	(void)state;
	begin_ring(&ring, (uint64_t)1 << 20, 8);
	for (int i = 0; i < 50; i++)
		assert_int_equal(write_batch(&ring, 3, 20000, 'a', COMMITTED), 0);
	assert_true(ring.journal->count > 2);
	assert_int_equal(reopen(&ring, 1, &seen), 151);
	assert_int_equal(seen.count, 150);
	for (size_t i = 0; i < seen.count; i++)
		assert_int_equal(seen.seqs[i], i + 1);
	assert_int_equal(reopen(&ring, 100, &seen), 151);
	assert_int_equal(seen.count, 51);
	assert_int_equal(reopen(&ring, 0, &seen), 151);
	assert_int_equal(seen.count, 150);
	end_ring(&ring);
}

static void
segments_are_written_in_full_and_grow(void **state)
{
	struct ring ring;
	struct stat st;

	(void)state;
	begin_ring(&ring, (uint64_t)1 << 20, 8);
	write_batch(&ring, 1, 10, 'a', COMMITTED);
	assert_int_equal(stat(path_of(&ring, "1").p, &st), 0);
	assert_int_equal(st.st_size, JOURNAL_FIRST_SIZE);
	assert_true((uint64_t)st.st_blocks * 512 >= JOURNAL_FIRST_SIZE);
	for (int i = 0; i < 40; i++)
		write_batch(&ring, 1, 50000, 'a', COMMITTED);
	assert_int_equal(stat(path_of(&ring, "2").p, &st), 0);
	assert_int_equal(st.st_size, (off_t)1 << 20);
	assert_int_equal(stat(path_of(&ring, "3").p, &st), 0);
	assert_int_equal(st.st_size, (off_t)1 << 20);
	/* Used again soon, the first grows too. */
	journal_free_upto(ring.journal, 20);
	for (int i = 0; i < 30; i++)
		write_batch(&ring, 1, 50000, 'a', COMMITTED);
	assert_int_equal(stat(path_of(&ring, "1").p, &st), 0);
	assert_int_equal(st.st_size, (off_t)1 << 20);
	end_ring(&ring);
}

/* The bytes of a batch up to any offset are on disk, zeros or the bytes of an
 * earlier use behind them. */
static void
a_torn_batch_ends_at_its_first_incomplete_record(void **state)
{
	static const char *const behind[] = { "zeros", "an earlier use" };
	struct buf now = BUF_EMPTY, before = BUF_EMPTY;
	struct disk_ack empty = { { NULL, 0 } };
	struct disk_mark mark = { STR("0123456789abcdef0123456789abcdef"), 1 };
	struct disk_ack one = { { NULL, 0 } };
	struct seen seen;
	size_t ends[4] = { 0 }, n, whole;
	uint32_t chain = 7, old_chain = 6;
	char *torn;

	(void)state;
	one.seen.at = &mark;
	one.seen.n = 1;
	for (uint64_t i = 0; i < 3; i++) {
		struct buf record = BUF_EMPTY;

		n = journal_pack_record(&record, disk_ack_fields, i == 1 ? &one : &empty);
		chain = journal_put_head(record.p, JOURNAL_ACK, i + 1, n, chain);
		buf_add_str(&now, buf_str(&record));
		ends[i + 1] = now.n;
		/* The same sequences and lengths, so that the same places fit. */
		old_chain = journal_put_head(record.p, JOURNAL_ACK, i + 1, n, old_chain);
		buf_add_str(&before, buf_str(&record));
		buf_fini(&record);
	}
	torn = xmalloc(now.n);
	for (size_t kind = 0; kind < 2; kind++)
		for (size_t cut = 0; cut <= now.n; cut++) {
			memset(torn, 0, now.n);
			if (kind == 1)
				memcpy(torn, before.p, now.n);
			memcpy(torn, now.p, cut);
			memset(&seen, 0, sizeof seen);
			journal_scan((struct str){ torn, now.n }, 7, 1, UINT64_MAX, see, &seen, NULL);
			for (whole = 0; whole < 3 && ends[whole + 1] <= cut; whole++)
				;
			/* Bytes behind the cut may happen to be right already. */
			while (whole < 3 && memcmp(torn + ends[whole], now.p + ends[whole],
			    ends[whole + 1] - ends[whole]) == 0)
				whole++;
			if (seen.count != whole)
				fail_msg("cut at %zu, %s behind: %zu records", cut, behind[kind],
				    seen.count);
		}
	free(torn);
	buf_fini(&now);
	buf_fini(&before);
}

static void
a_torn_file_ends_at_its_first_incomplete_record(void **state)
{
	struct ring ring;
	struct seen seen;
	int fd;

	(void)state;
	begin_ring(&ring, (uint64_t)1 << 20, 8);
	write_batch(&ring, 5, 1000, 'a', COMMITTED);
	reopen(&ring, 1, &seen);
	fd = open(path_of(&ring, "1").p, O_WRONLY);
	assert_int_equal(pwrite(fd, "", 1, (off_t)seen.last.offset + 500), 1);
	close(fd);
	assert_int_equal(reopen(&ring, 1, &seen), 5);
	assert_int_equal(seen.count, 4);
	/* Life goes on in a new generation; the torn end stays cut. */
	journal_begin(ring.journal, 5);
	write_batch(&ring, 1, 1000, 'b', COMMITTED);
	assert_int_equal(reopen(&ring, 1, &seen), 6);
	assert_int_equal(seen.count, 5);
	end_ring(&ring);
}

static void
records_of_an_earlier_use_never_come_back(void **state)
{
	struct ring ring;
	struct seen seen;
	uint64_t next;

	(void)state;
	begin_ring(&ring, JOURNAL_FIRST_SIZE, 2);
	for (int round = 0; round < 30; round++) {
		/* Records of the same length each time, at the same offsets. */
		assert_int_equal(write_batch(&ring, 1 + (size_t)round % 3, 20000, 'a', COMMITTED),
		    0);
		next = journal_next_seq(ring.journal);
		journal_free_upto(ring.journal, next - 1);
	}
	assert_int_equal(ring.journal->count, 2);
	assert_int_equal(reopen(&ring, next - 2, &seen), next);
	assert_int_equal(seen.count, 2);
	assert_int_equal(reopen(&ring, next, &seen), next);
	assert_int_equal(seen.count, 0);
	end_ring(&ring);
}

static void
a_full_ring_refuses_until_something_is_free(void **state)
{
	struct ring ring;
	int count = 0;

	(void)state;
	begin_ring(&ring, JOURNAL_FIRST_SIZE, 2);
	while (write_batch(&ring, 1, 20000, 'a', COMMITTED) == 0)
		count++;
	assert_int_equal(count, 24);
	assert_true(journal_room(ring.journal) < 20000);
	journal_free_upto(ring.journal, 11);
	assert_int_equal(write_batch(&ring, 1, 20000, 'a', COMMITTED), -1);
	journal_free_upto(ring.journal, 12);
	assert_int_equal(write_batch(&ring, 1, 20000, 'a', COMMITTED), 0);
	end_ring(&ring);
}

static void
an_untried_batch_leaves_no_trace(void **state)
{
	struct ring ring;
	struct seen seen;
	size_t count;

	(void)state;
	begin_ring(&ring, JOURNAL_FIRST_SIZE, 3);
	write_batch(&ring, 8, 20000, 'a', COMMITTED);
	count = ring.journal->count;
	/* Rolls over into a segment that is never made. */
	assert_int_equal(write_batch(&ring, 8, 20000, 'b', ABANDONED), 0);
	assert_int_equal(ring.journal->count, count);
	assert_int_equal(journal_next_seq(ring.journal), 9);
	write_batch(&ring, 8, 20000, 'c', COMMITTED);
	assert_int_equal(reopen(&ring, 1, &seen), 17);
	assert_int_equal(seen.count, 16);
	end_ring(&ring);
}

static void
what_follows_a_failed_write_cuts_it_off(void **state)
{
	struct ring ring;
	struct seen seen;
	struct buf payload = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;

	(void)state;
	begin_ring(&ring, JOURNAL_FIRST_SIZE, 4);
	write_batch(&ring, 2, 1000, 'a', COMMITTED);
	/* All of it reached the disk, but nobody knows; in one segment, and over two. */
	for (size_t count = 5; count <= 15; count += 10) {
		assert_int_equal(write_batch(&ring, count, 20000, 'b', WRITTEN_AND_ABANDONED), 0);
		assert_int_equal(journal_next_seq(ring.journal), 3);
	}
	assert_int_equal(write_batch(&ring, 1, 1000, 'c', COMMITTED), 0);
	assert_int_equal(reopen(&ring, 1, &seen), 4);
	assert_int_equal(seen.count, 3);
	assert_int_equal(journal_read(ring.journal, &seen.last, &payload, &why), 0);
	/* The body, and behind it the counts of two empty lists. */
	assert_int_equal(payload.p[payload.n - 9], 'c');
	buf_fini(&payload);
	end_ring(&ring);
}

static void
a_record_of_any_size_up_to_a_segment_finds_room(void **state)
{
	struct ring ring;
	struct seen seen;

	(void)state;
	begin_ring(&ring, (uint64_t)4 << 20, 2);
	write_batch(&ring, 1, 10, 'a', COMMITTED);
	assert_int_equal(write_batch(&ring, 1, 3 << 20, 'b', COMMITTED), 0);
	journal_free_upto(ring.journal, 2);
	/* The small one grows in place. */
	assert_int_equal(write_batch(&ring, 1, 3 << 20, 'c', COMMITTED), 0);
	assert_int_equal(ring.journal->count, 2);
	assert_int_equal(write_batch(&ring, 1, 4 << 20, 'd', COMMITTED), -1);
	assert_int_equal(reopen(&ring, 3, &seen), 4);
	assert_int_equal(seen.count, 1);
	end_ring(&ring);
}

static void
lazy_records_are_there_and_others_follow_them(void **state)
{
	struct ring ring;
	struct seen seen;
	struct disk_ack ack = { { NULL, 0 } };
	struct fail why = FAIL_EMPTY;

	(void)state;
	begin_ring(&ring, JOURNAL_FIRST_SIZE, 4);
	assert_int_equal(journal_write_lazily(ring.journal, JOURNAL_ACK, disk_ack_fields, &ack,
	    &why), 1);
	write_batch(&ring, 1, 240000, 'a', COMMITTED);
	assert_int_equal(journal_write_lazily(ring.journal, JOURNAL_ACK, disk_ack_fields, &ack,
	    &why), 0);
	write_batch(&ring, 1, 100000, 'b', COMMITTED);
	assert_int_equal(reopen(&ring, 1, &seen), 4);
	assert_int_equal(seen.count, 3);
	end_ring(&ring);
}

static int
count_one(void *arg, const struct journal_record *record, struct fail *why)
{
	(void)record;
	(void)why;
	++*(int *)arg;
	return 0;
}

static int
count_voids(struct ring *ring)
{
	struct fail why = FAIL_EMPTY;
	int count = 0;

	assert_int_equal(journal_replay_voids(ring->journal, count_one, &count, &why), 0);
	return count;
}

static void
voids_stay_until_their_deliveries_are_free(void **state)
{
	struct ring ring;
	struct seen seen;
	struct disk_void v = { .seq = 1 };
	struct fail why = FAIL_EMPTY;

	(void)state;
	begin_ring(&ring, JOURNAL_FIRST_SIZE, 4);
	write_batch(&ring, 2, 100, 'a', COMMITTED);
	assert_int_equal(journal_add_void(ring.journal, 1, disk_void_fields, &v, &why), 0);
	assert_int_equal(journal_add_void(ring.journal, 2, disk_void_fields, &v, &why), 0);
	journal_free_upto(ring.journal, 1);
	journal_clear_voids(ring.journal);
	reopen(&ring, 1, &seen);
	assert_int_equal(count_voids(&ring), 2);
	assert_int_equal(count_voids(&ring), 2);
	journal_begin(ring.journal, 3);
	assert_int_equal(journal_add_void(ring.journal, 2, disk_void_fields, &v, &why), 0);
	journal_free_upto(ring.journal, 3);
	journal_clear_voids(ring.journal);
	assert_int_equal(journal_add_void(ring.journal, 4, disk_void_fields, &v, &why), 0);
	reopen(&ring, 1, &seen);
	assert_int_equal(count_voids(&ring), 1);
	end_ring(&ring);
}

static void
a_note_of_another_boot_says_nothing_of_placing(void **state)
{
	struct ring ring;
	struct seen seen;
	uint64_t placed, settled;

	(void)state;
	begin_ring(&ring, JOURNAL_FIRST_SIZE, 4);
	assert_false(journal_has_note(ring.journal, &placed, &settled));
	journal_note(ring.journal, 12, 10);
	reopen(&ring, 1, &seen);
	assert_true(journal_has_note(ring.journal, &placed, &settled));
	assert_int_equal(placed, 12);
	assert_int_equal(settled, 10);
	ring.journal->boot_id[0] ^= 1;
	journal_note(ring.journal, 14, 13);
	reopen(&ring, 1, &seen);
	assert_true(journal_has_note(ring.journal, &placed, &settled));
	assert_int_equal(placed, 0);
	assert_int_equal(settled, 13);
	end_ring(&ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back_in_order_over_segments),
		cmocka_unit_test(segments_are_written_in_full_and_grow),
		cmocka_unit_test(a_torn_batch_ends_at_its_first_incomplete_record),
		cmocka_unit_test(a_torn_file_ends_at_its_first_incomplete_record),
		cmocka_unit_test(records_of_an_earlier_use_never_come_back),
		cmocka_unit_test(a_full_ring_refuses_until_something_is_free),
		cmocka_unit_test(an_untried_batch_leaves_no_trace),
		cmocka_unit_test(what_follows_a_failed_write_cuts_it_off),
		cmocka_unit_test(a_record_of_any_size_up_to_a_segment_finds_room),
		cmocka_unit_test(lazy_records_are_there_and_others_follow_them),
		cmocka_unit_test(voids_stay_until_their_deliveries_are_free),
		cmocka_unit_test(a_note_of_another_boot_says_nothing_of_placing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Rows of the outbox: with their delivery or not at all, through journal,
 * checkpoint, recovery and void; and the files of large ones. */
#include "store_setup.h"

#include "base/file.h"
#include "store/outbox.h"

/* A delivery that sends `count` messages: head, and the body's last 10 bytes. */
static struct disk_delivery
sending(struct setup *t, unsigned number, size_t copies, size_t count)
{
	struct disk_delivery d = setup_delivery(t, "INBOX", number, copies, 100);

	d.outgoing.at = arena_array(&t->arena, count, sizeof *d.outgoing.at);
	d.outgoing.n = count;
	for (size_t i = 0; i < count; i++)
		d.outgoing.at[i] = (struct disk_outgoing){
			.cause = STR("redirect"),
			.user = STR(SETUP_USER),
			.sender = STR("bob@example.net"),
			.recipient = arena_printf(&t->arena, "r%u.%zu@example.net", number, i),
			.notify = 4,
			.ret = 2,
			.smtputf8 = 1,
			.line = 7,
			.expires = d.received + 5 * 86400 * CLOCK_SECOND,
			.head = STR("X-Head: 1\n"),
			.from = 90,
			.end = 100,
			.size = 20,
		};
	return d;
}

static int
get(struct setup *t, uint64_t id, struct disk_outbox_row *row)
{
	struct fail why = FAIL_EMPTY;
	int rc = store_outbox_get(t->store, id, &t->arena, row, &why);

	if (rc == -1)
		fail_msg("%s", why.log);
	return rc;
}

static void
check_row(struct setup *t, const struct disk_delivery *d, uint64_t seq, uint32_t i)
{
	struct disk_outbox_row row;

	assert_int_equal(get(t, format_outbox_id(seq, i), &row), 0);
	assert_true(str_is_equal(row.recipient, d->outgoing.at[i].recipient));
	assert_true(str_is_equal(row.sender, STR("bob@example.net")));
	assert_true(str_is_equal(row.user, STR(SETUP_USER)));
	assert_true(str_is_equal(row.cause, STR("redirect")));
	assert_int_equal(row.created, d->received);
	assert_int_equal(row.expires, d->outgoing.at[i].expires);
	assert_int_equal(row.notify, 4);
	assert_int_equal(row.ret, 2);
	assert_int_equal(row.smtputf8, 1);
	assert_int_equal(row.line, 7);
	assert_int_equal(row.attempts, 0);
	assert_true(str_is_equal(row.text, STR("X-Head: 1\nxxxxxxxxxx")));
}

/* How often each id is given by a whole walk. */
struct seen {
	uint64_t ids[4096];
	size_t count;
};

static void
see(void *arg, uint64_t id, const struct disk_outbox_row *row)
{
	struct seen *seen = arg;

	assert_true(row->recipient.n > 0);
	assert_true(seen->count < 4096);
	for (size_t i = 0; i < seen->count; i++)
		assert_int_not_equal(seen->ids[i], id);
	seen->ids[seen->count++] = id;
}

static size_t
count_rows(struct setup *t)
{
	struct seen *seen = xcalloc(1, sizeof *seen);
	struct fail why;
	uint64_t from = 0;
	size_t count;
	int rc;

	while ((rc = store_outbox_walk(t->store, &from, see, seen, &why)) == 0)
		continue;
	assert_int_equal(rc, 1);
	count = seen->count;
	free(seen);
	return count;
}

static struct disk_delivery
ending(struct setup *t, uint64_t id)
{
	struct disk_delivery d = { .received = clock_wall() };

	d.done.at = arena_array(&t->arena, 1, sizeof *d.done.at);
	d.done.n = 1;
	d.done.at[0].id = id;
	return d;
}

static bool
is_marked(struct setup *t)
{
	struct str path = arena_printf(&t->arena, "%s/outbox", t->store_dir);

	return access(path.p, F_OK) == 0;
}

static void
rows_are_there_with_their_delivery_until_they_are_done(void **state)
{
	struct setup t;
	struct disk_delivery d, end;
	struct disk_outbox_row row;
	uint64_t seq;

	(void)state;
	/* checkpoints: before the done record, after it, both, none; reopened or not. */
	for (unsigned way = 0; way < 8; way++) {
		setup_begin(&t);
		assert_false(is_marked(&t));
		d = sending(&t, 1, 1, 3);
		seq = setup_deliver(&t, &d);
		assert_true(is_marked(&t));
		for (uint32_t i = 0; i < 3; i++)
			check_row(&t, &d, seq, i);
		if (way & 1)
			setup_checkpoint(&t);
		if (way & 2) {
			store_close(&t.store);
			setup_open(&t);
		}
		for (uint32_t i = 0; i < 3; i++)
			check_row(&t, &d, seq, i);
		assert_int_equal(count_rows(&t), 3);
		end = ending(&t, format_outbox_id(seq, 1));
		setup_deliver(&t, &end);
		assert_int_equal(get(&t, format_outbox_id(seq, 1), &row), 1);
		if (way & 4)
			setup_checkpoint(&t);
		store_close(&t.store);
		setup_open(&t);
		assert_int_equal(get(&t, format_outbox_id(seq, 1), &row), 1);
		check_row(&t, &d, seq, 0);
		check_row(&t, &d, seq, 2);
		assert_int_equal(count_rows(&t), 2);
		assert_int_equal(setup_count_files(&t, "INBOX"), 1);
		setup_end(&t);
	}
}

static void
a_record_without_copies_sends_and_ends_in_one(void **state)
{
	struct setup t;
	struct disk_delivery d, next;
	struct disk_outbox_row row;
	unsigned char digest[32];
	uint64_t seq, second;

	(void)state;
	setup_begin(&t);
	d = sending(&t, 1, 0, 1);
	seq = setup_deliver(&t, &d);
	setup_digest(1, digest);
	assert_true(store_has_unacked(t.store, digest, clock_wall()));
	/* What a failure is: the row goes, its report comes. */
	next = sending(&t, 2, 0, 1);
	next.done = ending(&t, format_outbox_id(seq, 0)).done;
	second = setup_deliver(&t, &next);
	store_close(&t.store);
	setup_open(&t);
	assert_int_equal(get(&t, format_outbox_id(seq, 0), &row), 1);
	check_row(&t, &next, second, 0);
	store_settled(t.store, second);
	setup_checkpoint(&t);
	assert_int_equal(count_rows(&t), 1);
	assert_int_equal(setup_user(&t)->messages, 0);
	next = ending(&t, format_outbox_id(second, 0));
	setup_deliver(&t, &next);
	assert_true(is_marked(&t));
	setup_checkpoint(&t);
	store_close(&t.store);
	/* Nothing waits: the sign has gone with the writer. */
	assert_false(is_marked(&t));
	setup_open(&t);
	assert_int_equal(count_rows(&t), 0);
	setup_end(&t);
}

static void
a_batch_that_was_not_written_sends_nothing(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct disk_outbox_row row;
	struct store_batch *batch;
	struct fail why;
	uint64_t seq = 0;

	(void)state;
	setup_begin(&t);
	d = sending(&t, 1, 1, 1);
	batch = store_batch_new(t.store);
	assert_int_equal(store_prepare(batch, &d, &seq, &why), 0);
	store_abandoned(&batch);
	assert_int_equal(get(&t, format_outbox_id(seq, 0), &row), 1);
	assert_int_equal(count_rows(&t), 0);
	setup_end(&t);
}

/* Two recipients of one delivery, one copy and two rows each; the second
 * recipient's copy cannot be made. */
static void
a_void_takes_back_what_its_recipient_sends_and_no_more(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct disk_outbox_row row;
	struct fail why = FAIL_EMPTY;
	uint64_t seq;

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		setup_begin(&t);
		d = sending(&t, 1, 2, 4);
		seq = setup_commit(&t, &d);
		if (way & 1)
			setup_checkpoint(&t);
		assert_int_equal(setup_place(&d, 0), 0);
		assert_int_equal(store_void(t.store, seq, 1, NULL, (struct store_sent){ 2, 2 }, &why), 0);
		store_placed(t.store, seq);
		if (way & 2)
			setup_checkpoint(&t);
		for (unsigned again = 0; again < 2; again++) {
			check_row(&t, &d, seq, 0);
			check_row(&t, &d, seq, 1);
			assert_int_equal(get(&t, format_outbox_id(seq, 2), &row), 1);
			assert_int_equal(get(&t, format_outbox_id(seq, 3), &row), 1);
			assert_int_equal(count_rows(&t), 2);
			store_close(&t.store);
			setup_open(&t);
		}
		setup_end(&t);
	}
}

static void
attempts_are_kept_by_checkpoints_and_do_not_bring_back_what_is_done(void **state)
{
	struct setup t;
	struct disk_delivery d, end;
	struct disk_outbox_row row;
	uint64_t seq, id;

	(void)state;
	setup_begin(&t);
	d = sending(&t, 1, 1, 1);
	seq = setup_deliver(&t, &d);
	id = format_outbox_id(seq, 0);
	assert_int_equal(get(&t, id, &row), 0);
	row.attempts = 3;
	row.reply = STR("451 later");
	store_outbox_tried(t.store, id, &row);
	assert_int_equal(count_rows(&t), 1);
	setup_checkpoint(&t);
	store_close(&t.store);
	setup_open(&t);
	assert_int_equal(get(&t, id, &row), 0);
	assert_int_equal(row.attempts, 3);
	assert_true(str_is_equal(row.reply, STR("451 later")));
	assert_true(str_is_equal(row.text, STR("X-Head: 1\nxxxxxxxxxx")));
	end = ending(&t, id);
	setup_deliver(&t, &end);
	store_outbox_tried(t.store, id, &row);
	assert_int_equal(get(&t, id, &row), 1);
	setup_checkpoint(&t);
	assert_int_equal(count_rows(&t), 0);
	setup_end(&t);
}

static void
a_walk_gives_every_row_once_wherever_it_is(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct store_frozen *frozen;
	struct disk_outbox_row row;
	struct fail why;
	uint64_t seq;

	(void)state;
	setup_begin(&t);
	d = sending(&t, 1, 1, 700);
	seq = setup_deliver(&t, &d);
	setup_checkpoint(&t);
	assert_int_equal(get(&t, format_outbox_id(seq, 3), &row), 0);
	store_outbox_tried(t.store, format_outbox_id(seq, 3), &row);
	assert_int_equal(count_rows(&t), 700);
	d = sending(&t, 2, 1, 5);
	seq = setup_deliver(&t, &d);
	assert_int_equal(count_rows(&t), 705);
	frozen = store_freeze(t.store);
	d = ending(&t, format_outbox_id(seq, 0));
	setup_deliver(&t, &d);
	d = sending(&t, 3, 1, 2);
	setup_deliver(&t, &d);
	/* In LMDB, under way to it, over that, and only in memory. */
	assert_int_equal(count_rows(&t), 706);
	assert_int_equal(store_checkpoint(frozen, &why), 0);
	assert_int_equal(count_rows(&t), 706);
	store_thawed(t.store, &frozen, 0);
	assert_int_equal(count_rows(&t), 706);
	setup_end(&t);
}

/* ---- files ---- */

static void
large_texts_are_files_and_those_of_nobody_are_removed(void **state)
{
	const struct str parts[] = { STR("Subject: x\n"), STR("\nbody\n") };
	struct setup t;
	struct disk_delivery d;
	struct disk_outbox_row row;
	struct buf used = BUF_EMPTY, unused = BUF_EMPTY, text = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	uint64_t seq;
	int fd = -1;

	(void)state;
	setup_begin(&t);
	outbox_add_name(&used);
	outbox_add_name(&unused);
	assert_int_equal(outbox_write(t.store_dir, buf_str(&used), parts, 2, &why), 0);
	assert_int_equal(outbox_write(t.store_dir, buf_str(&unused), parts, 1, &why), 0);
	assert_int_equal(outbox_sync(t.store_dir, &why), 0);
	/* Never over one that is there. */
	assert_int_equal(outbox_write(t.store_dir, buf_str(&used), parts, 1, &why), -1);
	d = sending(&t, 1, 1, 1);
	d.outgoing.at[0].file = buf_str(&used);
	d.outgoing.at[0].head = STR_EMPTY;
	d.outgoing.at[0].end = 0;
	seq = setup_deliver(&t, &d);
	store_close(&t.store);
	setup_open(&t);
	assert_int_equal(get(&t, format_outbox_id(seq, 0), &row), 0);
	assert_int_equal(row.text.n, 0);
	assert_int_equal(outbox_open(t.store_dir, row.file, &fd, &why), 0);
	assert_int_equal(file_read_all(fd, &text, "text", &why), 0);
	assert_true(str_is_equal(buf_str(&text), STR("Subject: x\n\nbody\n")));
	file_close(&fd);
	assert_int_equal(outbox_open(t.store_dir, buf_str(&unused), &fd, &why), -1);
	assert_int_equal(outbox_open(t.store_dir, STR("../lock"), &fd, &why), -1);
	d = ending(&t, format_outbox_id(seq, 0));
	setup_deliver(&t, &d);
	/* Killed before it was unlinked. */
	store_close(&t.store);
	setup_open(&t);
	assert_int_equal(outbox_open(t.store_dir, buf_str(&used), &fd, &why), -1);
	buf_fini(&used);
	buf_fini(&unused);
	buf_fini(&text);
	setup_end(&t);
}

static void
a_lost_index_keeps_what_the_journal_has_and_texts_aside(void **state)
{
	const struct str text = STR("text");
	struct setup t;
	struct disk_delivery d, end;
	struct disk_outbox_row row;
	struct fail why = FAIL_EMPTY;
	struct str path;
	uint64_t seq;

	(void)state;
	setup_begin(&t);
	d = sending(&t, 1, 1, 2);
	seq = setup_deliver(&t, &d);
	end = ending(&t, format_outbox_id(seq, 0));
	setup_deliver(&t, &end);
	setup_checkpoint(&t);
	assert_int_equal(outbox_write(t.store_dir, STR("orphan"), &text, 1, &why), 0);
	store_close(&t.store);
	path = arena_printf(&t.arena, "%s/index/data.mdb", t.store_dir);
	assert_int_equal(unlink(path.p), 0);
	setup_open(&t);
	assert_int_equal(get(&t, format_outbox_id(seq, 0), &row), 1);
	check_row(&t, &d, seq, 1);
	path = arena_printf(&t.arena, "%s/outbox/lost-orphan", t.store_dir);
	assert_int_equal(access(path.p, F_OK), 0);
	store_close(&t.store);
	setup_open(&t);
	assert_int_equal(access(path.p, F_OK), 0);
	setup_end(&t);
}

static void
the_sign_tells_when_something_is_due(void **state)
{
	struct setup t;
	struct str path;
	struct stat st;
	struct fail why = FAIL_EMPTY;

	(void)state;
	setup_begin(&t);
	/* Not there: nothing happens. */
	outbox_set_due(t.store_dir, 5 * CLOCK_SECOND);
	outbox_remove(t.store_dir);
	assert_int_equal(outbox_make(t.store_dir, &why), 0);
	assert_int_equal(outbox_make(t.store_dir, &why), 0);
	outbox_set_due(t.store_dir, INT64_C(2000000000) * CLOCK_SECOND);
	path = arena_printf(&t.arena, "%s/outbox", t.store_dir);
	assert_int_equal(stat(path.p, &st), 0);
	assert_int_equal(st.st_mtime, 2000000000);
	outbox_remove(t.store_dir);
	assert_int_equal(stat(path.p, &st), -1);
	setup_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_there_with_their_delivery_until_they_are_done),
		cmocka_unit_test(a_record_without_copies_sends_and_ends_in_one),
		cmocka_unit_test(a_batch_that_was_not_written_sends_nothing),
		cmocka_unit_test(a_void_takes_back_what_its_recipient_sends_and_no_more),
		cmocka_unit_test(attempts_are_kept_by_checkpoints_and_do_not_bring_back_what_is_done),
		cmocka_unit_test(a_walk_gives_every_row_once_wherever_it_is),
		cmocka_unit_test(large_texts_are_files_and_those_of_nobody_are_removed),
		cmocka_unit_test(a_lost_index_keeps_what_the_journal_has_and_texts_aside),
		cmocka_unit_test(the_sign_tells_when_something_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

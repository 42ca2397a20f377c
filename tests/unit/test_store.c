/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The writer's view: numbers, counters, marks, voids, rescans, checkpoints. */
#include "store_setup.h"

static void
uids_and_modseq_ascend_within_a_mailbox(void **state)
{
	struct setup t;
	struct disk_delivery a, b;
	struct store_mailbox *m;

	(void)state;
	setup_begin(&t);
	a = setup_delivery(&t, "INBOX", 1, 2, 100);
	b = setup_delivery(&t, "INBOX", 2, 1, 100);
	setup_deliver(&t, &a);
	setup_deliver(&t, &b);
	assert_int_equal(a.copies.at[0].uid, 1);
	assert_int_equal(a.copies.at[1].uid, 2);
	assert_int_equal(b.copies.at[0].uid, 3);
	assert_int_equal(b.copies.at[0].modseq, 3);
	assert_true(a.copies.at[0].uidvalidity > 0);
	assert_int_equal(b.copies.at[0].uidvalidity, a.copies.at[0].uidvalidity);
	m = setup_mailbox(&t, "INBOX");
	assert_int_equal(m->messages, 3);
	assert_int_equal(m->bytes,
	    a.copies.at[0].size + a.copies.at[1].size + b.copies.at[0].size);
	assert_true(m->is_known);
	setup_end(&t);
}

static void
copies_without_a_name_are_given_one(void **state)
{
	struct setup t;
	struct disk_delivery d;

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 1, 2, 100);
	d.copies.at[0].file = d.copies.at[1].file = STR_EMPTY;
	setup_commit(&t, &d);
	assert_true(str_find(d.copies.at[0].file, STR(",S=116,W=119")) > 0);
	assert_false(str_is_equal(d.copies.at[0].file, d.copies.at[1].file));
	setup_end(&t);
}

static void
prepared_bytes_count_for_quota_until_the_outcome(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct fail why = FAIL_EMPTY;
	struct store_batch *batch;
	uint64_t seq;

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 1, 1, 500);
	batch = store_batch_new(t.store);
	assert_true(store_batch_is_empty(batch));
	assert_int_equal(store_prepare(batch, &d, &seq, &why), 0);
	assert_false(store_batch_is_empty(batch));
	assert_int_equal(setup_user(&t)->pending_bytes, d.copies.at[0].size);
	assert_int_equal(setup_user(&t)->bytes, 0);
	store_abandoned(&batch);
	assert_int_equal(setup_user(&t)->pending_bytes, 0);
	assert_false(setup_user(&t)->is_known);
	setup_deliver(&t, &d);
	assert_int_equal(setup_user(&t)->pending_bytes, 0);
	assert_int_equal(setup_user(&t)->bytes, d.copies.at[0].size);
	assert_int_equal(setup_user(&t)->messages, 1);
	setup_end(&t);
}

static void
an_abandoned_batch_leaves_uids_unused_but_nothing_else(void **state)
{
	struct setup t;
	struct disk_delivery a, b;
	struct fail why = FAIL_EMPTY;
	struct store_batch *batch;
	unsigned char digest[32];
	uint64_t seq, again;

	(void)state;
	setup_begin(&t);
	a = setup_delivery(&t, "INBOX", 1, 1, 100);
	batch = store_batch_new(t.store);
	assert_int_equal(store_prepare(batch, &a, &seq, &why), 0);
	assert_int_equal(store_write(batch, &why), 0);
	store_abandoned(&batch);
	setup_digest(1, digest);
	assert_false(store_has_unacked(t.store, digest, clock_wall()));
	b = setup_delivery(&t, "INBOX", 2, 1, 100);
	again = setup_deliver(&t, &b);
	assert_int_equal(again, seq);
	assert_int_equal(b.copies.at[0].uid, 2);
	assert_int_equal(setup_mailbox(&t, "INBOX")->messages, 1);
	/* What was abandoned after it had reached the disk is cut off by what came
	 * in its place. */
	store_close(&t.store);
	setup_open(&t);
	assert_int_equal(setup_mailbox(&t, "INBOX")->messages, 1);
	assert_int_equal(setup_count_files(&t, "INBOX"), 1);
	assert_false(store_has_unacked(t.store, digest, clock_wall()));
	setup_end(&t);
}

static void
a_checkpoint_shows_readers_what_was_committed(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct index_txn *txn = NULL;
	struct disk_message_row row;
	struct disk_user_row user;
	struct fail why = FAIL_EMPTY;
	uint64_t user_id = format_user_id(STR(SETUP_USER)), mailbox_id;
	uint32_t uid = 0;

	(void)state;
	setup_begin(&t);
	mailbox_id = format_mailbox_id(user_id, STR("INBOX"));
	d = setup_delivery(&t, "INBOX", 7, 1, 100);
	setup_deliver(&t, &d);
	assert_int_equal(setup_count_rows(&t, "INBOX"), 0);
	setup_checkpoint(&t);
	assert_int_equal(index_begin(store_index(t.store), &txn, &why), 0);
	assert_int_equal(index_message(txn, mailbox_id, 1, &t.arena, &row, &why), 0);
	assert_true(str_is_equal(row.subject, STR("7")));
	assert_true(str_is_equal(row.file, d.copies.at[0].file));
	assert_int_equal(index_name(txn, mailbox_id, d.copies.at[0].file, &uid, &why), 0);
	assert_int_equal(uid, 1);
	assert_int_equal(index_user(txn, user_id, &t.arena, &user, &why), 0);
	assert_int_equal(user.bytes, d.copies.at[0].size);
	assert_int_equal(index_message(txn, mailbox_id, 2, &t.arena, &row, &why), 1);
	index_end(&txn);
	assert_null(store_freeze(t.store));
	setup_end(&t);
}

static void
a_checkpoint_that_fails_keeps_the_changes(void **state)
{
	struct setup t;
	struct disk_delivery a, b;
	struct store_frozen *frozen;

	(void)state;
	setup_begin(&t);
	a = setup_delivery(&t, "INBOX", 1, 1, 100);
	b = setup_delivery(&t, "INBOX", 2, 1, 100);
	setup_deliver(&t, &a);
	frozen = store_freeze(t.store);
	assert_non_null(frozen);
	assert_null(store_freeze(t.store));
	setup_deliver(&t, &b);
	store_thawed(t.store, &frozen, -1);
	assert_null(frozen);
	setup_checkpoint(&t);
	assert_int_equal(setup_count_rows(&t, "INBOX"), 2);
	setup_end(&t);
}

static void
an_unacknowledged_mark_stands_until_the_answer_is_seen(void **state)
{
	struct setup t;
	struct disk_delivery d;
	unsigned char digest[32];

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 3, 1, 100);
	setup_digest(3, digest);
	assert_false(store_has_unacked(t.store, digest, clock_wall()));
	setup_deliver(&t, &d);
	assert_true(store_has_unacked(t.store, digest, clock_wall()));
	assert_false(store_has_unacked(t.store, digest, clock_wall() + 2 * 86400 * CLOCK_SECOND));
	setup_checkpoint(&t);
	store_close(&t.store);
	setup_open(&t);
	assert_true(store_has_unacked(t.store, digest, clock_wall()));
	assert_int_equal(store_unacked_count(t.store), 1);
	store_acknowledge(t.store, digest);
	assert_false(store_has_unacked(t.store, digest, clock_wall()));
	/* No checkpoint: the next batch carries it. */
	d = setup_delivery(&t, "INBOX", 4, 1, 100);
	setup_deliver(&t, &d);
	store_close(&t.store);
	setup_open(&t);
	assert_false(store_has_unacked(t.store, digest, clock_wall()));
	assert_int_equal(store_unacked_count(t.store), 1);
	setup_end(&t);
}

static void
acks_of_a_quiet_store_are_written_behind_the_last_record(void **state)
{
	struct setup t;
	struct disk_delivery d;
	unsigned char digest[32];

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 3, 1, 100);
	setup_digest(3, digest);
	setup_deliver(&t, &d);
	store_acknowledge(t.store, digest);
	store_write_acks(t.store);
	store_close(&t.store);
	setup_open(&t);
	assert_false(store_has_unacked(t.store, digest, clock_wall()));
	d = setup_delivery(&t, "INBOX", 4, 1, 100);
	setup_deliver(&t, &d);
	assert_int_equal(d.copies.at[0].uid, 2);
	setup_end(&t);
}

static void
marks_are_known_at_once_and_until_they_expire(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct disk_mark mark;
	unsigned char key[32] = "vacation to bob";
	int64_t now = clock_wall();

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 1, 1, 100);
	mark = (struct disk_mark){ { (const char *)key, 32 }, now + CLOCK_SECOND };
	d.marks.at = &mark;
	d.marks.n = 1;
	setup_deliver(&t, &d);
	assert_true(store_has_mark(t.store, key, now));
	setup_checkpoint(&t);
	assert_true(store_has_mark(t.store, key, now));
	assert_false(store_has_mark(t.store, key, now + 2 * CLOCK_SECOND));
	assert_false(store_has_swept(t.store, now));
	assert_true(store_has_mark(t.store, key, now));
	assert_false(store_has_swept(t.store, now + 2 * 86400 * CLOCK_SECOND));
	assert_false(store_has_mark(t.store, key, now));
	assert_int_equal(store_unacked_count(t.store), 0);
	setup_end(&t);
}

static void
a_void_takes_back_row_counters_and_marks(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct disk_mark mark;
	unsigned char key[32] = "duplicate", digest[32];
	struct fail why = FAIL_EMPTY;
	uint64_t seq;

	(void)state;
	for (int checkpoint_first = 0; checkpoint_first < 2; checkpoint_first++) {
		setup_begin(&t);
		d = setup_delivery(&t, "INBOX", 1, 2, 100);
		mark = (struct disk_mark){ { (const char *)key, 32 }, INT64_MAX };
		d.marks.at = &mark;
		d.marks.n = 1;
		setup_digest(1, digest);
		seq = setup_commit(&t, &d);
		if (checkpoint_first)
			setup_checkpoint(&t);
		assert_int_equal(setup_place(&d, 0), 0);
		assert_int_equal(store_void(t.store, seq, 1, digest, SETUP_NONE_SENT, &why), 0);
		store_placed(t.store, seq);
		assert_int_equal(setup_user(&t)->messages, 1);
		assert_int_equal(setup_user(&t)->bytes, d.copies.at[0].size);
		assert_false(store_has_unacked(t.store, digest, clock_wall()));
		assert_false(store_has_mark(t.store, key, clock_wall()));
		store_close(&t.store);
		setup_open(&t);
		assert_int_equal(setup_user(&t)->messages, 1);
		assert_false(store_has_unacked(t.store, digest, clock_wall()));
		assert_int_equal(setup_count_files(&t, "INBOX"), 1);
		assert_int_equal(setup_count_rows(&t, "INBOX"), 1);
		setup_end(&t);
	}
}

static void
a_void_may_come_while_the_next_batch_is_open(void **state)
{
	struct setup t;
	struct disk_delivery a, b;
	struct store_batch *batch;
	struct fail why = FAIL_EMPTY;
	uint64_t seq, next;

	(void)state;
	setup_begin(&t);
	a = setup_delivery(&t, "INBOX", 1, 1, 100);
	b = setup_delivery(&t, "INBOX", 2, 1, 100);
	seq = setup_commit(&t, &a);
	batch = store_batch_new(t.store);
	assert_int_equal(store_prepare(batch, &b, &next, &why), 0);
	assert_int_equal(store_void(t.store, seq, 0, NULL, SETUP_NONE_SENT, &why), 0);
	store_placed(t.store, seq);
	assert_int_equal(store_write(batch, &why), 0);
	store_committed(&batch);
	assert_int_equal(setup_place(&b, 0), 0);
	store_placed(t.store, next);
	assert_int_equal(store_void(t.store, next, 0, NULL, SETUP_NONE_SENT, &why), -1);
	store_close(&t.store);
	setup_open(&t);
	assert_int_equal(setup_count_files(&t, "INBOX"), 1);
	assert_int_equal(setup_user(&t)->messages, 1);
	setup_end(&t);
}

static void
more_voids_than_fit_leave_copies_stuck_not_lost(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct fail why = FAIL_EMPTY;
	uint64_t seq;
	uint32_t voided = 0, copies = 400;

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 1, copies, 10);
	seq = setup_commit(&t, &d);
	for (uint32_t i = 0; i < copies; i++)
		voided += store_void(t.store, seq, i, NULL, SETUP_NONE_SENT, &why) == 0;
	assert_true(voided > 100 && voided < copies);
	assert_int_equal(store_stuck_count(t.store), copies - voided);
	store_placed(t.store, seq);
	store_settled(t.store, seq);
	setup_checkpoint(&t);
	store_retry_stuck(t.store, copies);
	assert_int_equal(store_stuck_count(t.store), 0);
	assert_int_equal(setup_count_files(&t, "INBOX"), copies - voided);
	assert_int_equal(setup_user(&t)->messages, copies - voided);
	setup_checkpoint(&t);
	/* Settled: the voids may go, and there is room for new ones. */
	d = setup_delivery(&t, "INBOX", 2, 1, 10);
	seq = setup_commit(&t, &d);
	assert_int_equal(store_void(t.store, seq, 0, NULL, SETUP_NONE_SENT, &why), 0);
	setup_end(&t);
}

static void
write_rescan(struct setup *t, struct disk_rescan *r)
{
	struct fail why = FAIL_EMPTY;
	struct store_batch *batch = store_batch_new(t->store);
	uint64_t seq;

	assert_int_equal(store_prepare_rescan(batch, r, &seq, &why), 0);
	assert_int_equal(store_write(batch, &why), 0);
	store_committed(&batch);
}

static struct disk_rescan
make_rescan(struct setup *t, const char *mailbox, struct disk_found *found, size_t count)
{
	struct disk_rescan r = { .user = STR(SETUP_USER), .root = str_of(t->root),
		.mailbox = str_of(mailbox), .path = setup_path(t, mailbox), .new_mtime = 11,
		.cur_mtime = 22 };

	r.messages.at = found;
	r.messages.n = count;
	return r;
}

static void
a_rescan_brings_rows_and_counters_to_what_is_on_disk(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct disk_rescan r;
	struct disk_message_row row;
	struct index_txn *txn = NULL;
	struct fail why = FAIL_EMPTY;
	struct disk_found found[3] = {
		{ .uid = 1, .is_gone = 1 },
		{ .uid = 2, .flags = STR("\\Seen"), .size = 50, .wire_size = 60 },
		{ .uid = 0, .file = STR("1.stranger"), .size = 1000, .received = 77 },
	};

	(void)state;
	for (int checkpoint_first = 0; checkpoint_first < 2; checkpoint_first++) {
		setup_begin(&t);
		d = setup_delivery(&t, "INBOX", 1, 3, 100);
		setup_deliver(&t, &d);
		if (checkpoint_first)
			setup_checkpoint(&t);
		found[1].file = d.copies.at[1].file;
		found[2].uid = 0;
		r = make_rescan(&t, "INBOX", found, 3);
		write_rescan(&t, &r);
		assert_int_equal(found[2].uid, 4);
		assert_int_equal(setup_mailbox(&t, "INBOX")->messages, 3);
		assert_int_equal(setup_user(&t)->bytes, 50 + 1000 + d.copies.at[2].size);
		assert_int_equal(setup_mailbox(&t, "INBOX")->new_mtime, 11);
		setup_checkpoint(&t);
		assert_int_equal(setup_count_rows(&t, "INBOX"), 3);
		assert_int_equal(index_begin(store_index(t.store), &txn, &why), 0);
		assert_int_equal(index_message(txn, setup_mailbox(&t, "INBOX")->id, 2, &t.arena,
		    &row, &why), 0);
		/* What is known of the delivery stays. */
		assert_true(str_is_equal(row.subject, STR("1")));
		assert_true(str_is_equal(row.flags, STR("\\Seen")));
		assert_int_equal(index_message(txn, setup_mailbox(&t, "INBOX")->id, 4, &t.arena,
		    &row, &why), 0);
		assert_true(str_is_equal(row.action, STR("adopted")));
		assert_int_equal(row.received, 77);
		index_end(&txn);
		setup_end(&t);
	}
}

static void
a_folder_made_again_has_a_higher_uidvalidity(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct disk_rescan r;
	uint32_t before;

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "Lists", 1, 2, 100);
	setup_deliver(&t, &d);
	before = d.copies.at[0].uidvalidity;
	setup_checkpoint(&t);
	r = make_rescan(&t, "Lists", NULL, 0);
	r.is_gone = 1;
	write_rescan(&t, &r);
	assert_int_equal(setup_user(&t)->bytes, 0);
	assert_false(setup_mailbox(&t, "Lists")->is_known);
	setup_checkpoint(&t);
	assert_int_equal(setup_count_rows(&t, "Lists"), 0);
	store_settled(t.store, 1000);
	setup_checkpoint(&t);
	store_close(&t.store);
	setup_open(&t);
	d = setup_delivery(&t, "Lists", 2, 1, 100);
	setup_deliver(&t, &d);
	assert_true(d.copies.at[0].uidvalidity > before);
	assert_int_equal(d.copies.at[0].uid, 1);
	setup_end(&t);
}

static void
users_that_are_in_lmdb_are_forgotten_and_found_again(void **state)
{
	struct setup t;
	struct disk_delivery d;

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 1, 1, 100);
	setup_deliver(&t, &d);
	store_forget_idle(t.store, 0);
	assert_int_equal(setup_user(&t)->messages, 1);
	setup_checkpoint(&t);
	store_forget_idle(t.store, 0);
	assert_int_equal(setup_user(&t)->messages, 1);
	assert_int_equal(setup_mailbox(&t, "INBOX")->uidnext, 2);
	setup_end(&t);
}

static void
a_store_has_one_writer(void **state)
{
	struct setup t;
	struct store *second = NULL;
	struct fail why = FAIL_EMPTY;

	(void)state;
	setup_begin(&t);
	assert_int_equal(store_open(&t.options, &second, &why), -1);
	assert_int_equal(why.class, FAIL_TEMP);
	assert_non_null(strstr(why.log, "another process"));
	setup_end(&t);
}

static void
a_full_journal_refuses_and_has_room_after_a_checkpoint(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct fail why = FAIL_EMPTY;
	struct store_batch *batch;
	uint64_t seq = 0, last = 0;
	uint32_t uidnext;
	int rc = 0;

	(void)state;
	setup_init(&t);
	t.options.segments = 2;
	t.options.segment_size = (uint64_t)256 << 10;
	setup_open(&t);
	for (unsigned i = 0; rc == 0 && i < 100; i++) {
		d = setup_delivery(&t, "INBOX", i, 1, 20000);
		batch = store_batch_new(t.store);
		uidnext = setup_mailbox(&t, "INBOX")->uidnext;
		rc = store_prepare(batch, &d, &seq, &why);
		if (rc == -1) {
			store_abandoned(&batch);
			break;
		}
		last = seq;
		assert_int_equal(store_write(batch, &why), 0);
		store_committed(&batch);
		assert_int_equal(setup_place(&d, 0), 0);
		store_placed(t.store, seq);
	}
	assert_int_equal(rc, -1);
	assert_int_equal(why.class, FAIL_TEMP);
	assert_int_equal(why.subject, 3);
	assert_int_equal(why.detail, 1);
	assert_true(store_journal_room(t.store) < 30000);
	assert_int_equal(setup_mailbox(&t, "INBOX")->uidnext, uidnext);
	assert_true(last >= 20);
	setup_checkpoint(&t);
	assert_true(store_journal_room(t.store) < 30000);
	store_settled(t.store, last);
	setup_checkpoint(&t);
	assert_true(store_journal_room(t.store) > 200000);
	setup_deliver(&t, &d);
	setup_end(&t);
}

static void
a_record_larger_than_a_segment_is_refused(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct fail why = FAIL_EMPTY;
	struct store_batch *batch;
	uint64_t seq = 0;

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 1, 1, (size_t)t.options.segment_size);
	batch = store_batch_new(t.store);
	assert_int_equal(store_prepare(batch, &d, &seq, &why), -1);
	assert_int_equal(why.class, FAIL_OURS);
	store_abandoned(&batch);
	setup_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uids_and_modseq_ascend_within_a_mailbox),
		cmocka_unit_test(copies_without_a_name_are_given_one),
		cmocka_unit_test(prepared_bytes_count_for_quota_until_the_outcome),
		cmocka_unit_test(an_abandoned_batch_leaves_uids_unused_but_nothing_else),
		cmocka_unit_test(a_checkpoint_shows_readers_what_was_committed),
		cmocka_unit_test(a_checkpoint_that_fails_keeps_the_changes),
		cmocka_unit_test(an_unacknowledged_mark_stands_until_the_answer_is_seen),
		cmocka_unit_test(acks_of_a_quiet_store_are_written_behind_the_last_record),
		cmocka_unit_test(marks_are_known_at_once_and_until_they_expire),
		cmocka_unit_test(a_void_takes_back_row_counters_and_marks),
		cmocka_unit_test(a_void_may_come_while_the_next_batch_is_open),
		cmocka_unit_test(more_voids_than_fit_leave_copies_stuck_not_lost),
		cmocka_unit_test(a_rescan_brings_rows_and_counters_to_what_is_on_disk),
		cmocka_unit_test(a_folder_made_again_has_a_higher_uidvalidity),
		cmocka_unit_test(users_that_are_in_lmdb_are_forgotten_and_found_again),
		cmocka_unit_test(a_store_has_one_writer),
		cmocka_unit_test(a_full_journal_refuses_and_has_room_after_a_checkpoint),
		cmocka_unit_test(a_record_larger_than_a_segment_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

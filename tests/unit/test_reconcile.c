/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What a reader of the mailboxes does to the files, and what the index makes of
 * it, through the journal like any delivery. */

#include "store_setup.h"

#include <time.h>
#include <utime.h>

#include "store/reconcile.h"

struct counts {
	size_t rescans, adopted, gone, flagged;
};

static int
begin(void **state)
{
	struct setup *t = calloc(1, sizeof *t);

	setup_begin(t);
	*state = t;
	return 0;
}

static int
end(void **state)
{
	setup_end(*state);
	free(*state);
	return 0;
}

/* Changes of the last second are young: this makes all of them old. */
static void
age(struct setup *t, const char *mailbox, long seconds)
{
	static const char *const subs[] = { "new", "cur" };

	for (size_t i = 0; i < 2; i++) {
		struct str path = arena_printf(&t->arena, "%s/%s", setup_path(t, mailbox).p, subs[i]);
		struct utimbuf times = { time(NULL) - seconds, time(NULL) - seconds };

		assert_int_equal(utime(path.p, &times), 0);
	}
}

static struct counts
reconcile(struct setup *t, const char *only, bool is_forced)
{
	struct reconcile found = RECONCILE_EMPTY;
	struct fail why = FAIL_EMPTY;
	struct store_batch *batch;
	struct counts counts;
	uint64_t seq;

	setup_checkpoint(t);
	if (reconcile_run(store_index(t->store), STR(SETUP_USER), str_of(t->root), str_of(only),
		is_forced, &found, &why) == -1)
		fail_msg("%s", why.log);
	batch = store_batch_new(t->store);
	for (size_t i = 0; i < found.rescan_count; i++)
		assert_int_equal(store_prepare_rescan(batch, &found.rescans[i], &seq, &why), 0);
	assert_int_equal(store_write(batch, &why), 0);
	store_committed(&batch);
	setup_checkpoint(t);
	counts = (struct counts){ found.rescan_count, found.adopted, found.gone, found.flagged };
	reconcile_fini(&found);
	return counts;
}

static struct disk_delivery
deliver(struct setup *t, const char *mailbox, unsigned number)
{
	struct disk_delivery d = setup_delivery(t, mailbox, number, 1, 100);

	setup_deliver(t, &d);
	return d;
}

static void
move(struct setup *t, struct str from, struct str to)
{
	struct str old = arena_printf(&t->arena, "%s/%.*s", t->root, STR_ARG(from));
	struct str new = arena_printf(&t->arena, "%s/%.*s", t->root, STR_ARG(to));

	assert_int_equal(rename(old.p, new.p), 0);
}

static struct disk_message_row
row_of(struct setup *t, const char *mailbox, uint32_t uid)
{
	struct index_txn *txn = NULL;
	struct disk_message_row row = { .size = 0 };
	struct fail why = FAIL_EMPTY;
	uint64_t id = format_mailbox_id(format_user_id(STR(SETUP_USER)), str_of(mailbox));

	assert_int_equal(index_begin(store_index(t->store), &txn, &why), 0);
	assert_int_equal(index_message(txn, id, uid, &t->arena, &row, &why), 0);
	index_end(&txn);
	return row;
}

static void
own_deliveries_change_nothing(void **state)
{
	struct setup *t = *state;
	struct counts c;

	deliver(t, "INBOX", 1);
	deliver(t, "Lists", 2);
	c = reconcile(t, "", false);
	assert_int_equal(c.adopted + c.gone + c.flagged, 0);
	assert_int_equal(setup_user(t)->messages, 2);
}

static void
unchanged_folder_is_not_listed_again(void **state)
{
	struct setup *t = *state;
	struct reconcile_scan scan;
	struct fail why = FAIL_EMPTY;

	deliver(t, "INBOX", 1);
	age(t, "INBOX", 100);
	assert_int_equal(reconcile(t, "", false).rescans, 1);
	assert_false(reconcile_is_needed(str_of(t->root), setup_mailbox(t, "INBOX")->new_mtime,
	    setup_mailbox(t, "INBOX")->cur_mtime));
	assert_int_equal(reconcile(t, "", false).rescans, 0);
	assert_int_equal(reconcile_scan(store_index(t->store), STR(SETUP_USER), str_of(t->root),
			     STR_EMPTY, false, &scan, &why), 0);
	assert_int_equal(scan.folder_count, 1);
	assert_false(scan.folders[0].is_listed);
	reconcile_scan_fini(&scan);
	assert_int_equal(reconcile_scan(store_index(t->store), STR(SETUP_USER), str_of(t->root),
			     STR_EMPTY, true, &scan, &why), 0);
	assert_true(scan.folders[0].is_listed);
	assert_int_equal(scan.folders[0].file_count, 1);
	reconcile_scan_fini(&scan);
}

static void
young_times_are_not_trusted(void **state)
{
	struct setup *t = *state;

	deliver(t, "INBOX", 1);
	reconcile(t, "", false);
	assert_int_equal(setup_mailbox(t, "INBOX")->new_mtime, 0);
	assert_true(reconcile_is_needed(str_of(t->root), 0, 0));
}

static void
expunged_message_leaves_index_and_quota(void **state)
{
	struct setup *t = *state;
	struct disk_delivery d = deliver(t, "INBOX", 1);
	struct str path;

	deliver(t, "INBOX", 2);
	path = arena_printf(&t->arena, "%s/new/%.*s", t->root, STR_ARG(d.copies.at[0].file));
	assert_int_equal(unlink(path.p), 0);
	assert_int_equal(reconcile(t, "", false).gone, 1);
	assert_int_equal(setup_user(t)->messages, 1);
	assert_int_equal(setup_mailbox(t, "INBOX")->messages, 1);
	assert_int_equal(setup_count_rows(t, "INBOX"), 1);
}

static void
flags_are_taken_over_and_the_rest_stays(void **state)
{
	struct setup *t = *state;
	struct disk_delivery d = deliver(t, "INBOX", 1);
	struct disk_message_row row;

	move(t, arena_printf(&t->arena, "new/%.*s", STR_ARG(d.copies.at[0].file)),
	    arena_printf(&t->arena, "cur/%.*s:2,FS", STR_ARG(d.copies.at[0].file)));
	assert_int_equal(reconcile(t, "", false).flagged, 1);
	row = row_of(t, "INBOX", 1);
	assert_true(str_is_equal(row.flags, STR("\\Flagged \\Seen")));
	assert_true(str_is_equal(row.subject, STR("1")));
	assert_int_equal(setup_user(t)->messages, 1);
}

static void
move_to_another_folder_is_followed(void **state)
{
	struct setup *t = *state;
	struct disk_delivery d = deliver(t, "INBOX", 1);
	struct counts c;

	deliver(t, "Lists", 2);
	move(t, arena_printf(&t->arena, "new/%.*s", STR_ARG(d.copies.at[0].file)),
	    arena_printf(&t->arena, ".Lists/cur/%.*s:2,S", STR_ARG(d.copies.at[0].file)));
	c = reconcile(t, "", false);
	assert_int_equal(c.gone, 1);
	assert_int_equal(c.adopted, 1);
	assert_int_equal(setup_mailbox(t, "INBOX")->messages, 0);
	assert_int_equal(setup_mailbox(t, "Lists")->messages, 2);
	assert_int_equal(setup_user(t)->messages, 2);
	assert_int_equal(row_of(t, "Lists", 2).size, d.copies.at[0].size);
	assert_true(str_is_equal(row_of(t, "Lists", 2).action, STR("adopted")));
}

static void
strangers_file_without_size_is_measured(void **state)
{
	struct setup *t = *state;
	struct str path;
	FILE *f;

	deliver(t, "INBOX", 1);
	path = arena_printf(&t->arena, "%s/cur/1600000000.V1.other:2,RS", t->root);
	f = fopen(path.p, "w");
	assert_non_null(f);
	fputs("1234567", f);
	fclose(f);
	assert_int_equal(utime(path.p, &(struct utimbuf){ 1600000001, 1600000001 }), 0);
	assert_int_equal(reconcile(t, "", false).adopted, 1);
	assert_int_equal(row_of(t, "INBOX", 2).size, 7);
	assert_int_equal(row_of(t, "INBOX", 2).received, INT64_C(1600000001) * 1000000);
	assert_true(str_is_equal(row_of(t, "INBOX", 2).flags, STR("\\Answered \\Seen")));
}

static void
new_and_removed_folders_are_seen(void **state)
{
	struct setup *t = *state;
	struct counts c;

	deliver(t, "Lists", 1);
	move(t, STR(".Lists"), STR(".B&APw-cher"));
	c = reconcile(t, "", false);
	assert_int_equal(c.gone, 1);
	assert_int_equal(c.adopted, 1);
	assert_int_equal(setup_count_rows(t, "Lists"), 0);
	assert_int_equal(setup_count_rows(t, "B\303\274cher"), 1);
	assert_int_equal(setup_user(t)->messages, 1);
}

static void
one_folder_alone_leaves_the_others(void **state)
{
	struct setup *t = *state;
	struct disk_delivery a = deliver(t, "INBOX", 1), b = deliver(t, "Lists", 2);
	struct str path = arena_printf(&t->arena, "%s/new/%.*s", t->root,
	    STR_ARG(a.copies.at[0].file));

	assert_int_equal(unlink(path.p), 0);
	path = arena_printf(&t->arena, "%s/.Lists/new/%.*s", t->root, STR_ARG(b.copies.at[0].file));
	assert_int_equal(unlink(path.p), 0);
	assert_int_equal(reconcile(t, "Lists", false).gone, 1);
	assert_int_equal(setup_user(t)->messages, 1);
}

static void
missing_root_is_a_failure_not_an_empty_mailbox(void **state)
{
	struct setup *t = *state;
	struct reconcile found;
	struct fail why = FAIL_EMPTY;

	assert_int_equal(reconcile(t, "", false).rescans, 0);
	deliver(t, "INBOX", 1);
	setup_checkpoint(t);
	assert_int_equal(rename(t->root, arena_printf(&t->arena, "%s.away", t->root).p), 0);
	assert_int_equal(reconcile_run(store_index(t->store), STR(SETUP_USER), str_of(t->root),
			     STR_EMPTY, false, &found, &why), -1);
	assert_int_equal(why.class, FAIL_TEMP);
	reconcile_fini(&found);
}

static void
links_and_foreign_directories_are_no_folders(void **state)
{
	struct setup *t = *state;

	deliver(t, "INBOX", 1);
	assert_int_equal(symlink(t->root, arena_printf(&t->arena, "%s/.Loop", t->root).p), 0);
	assert_int_equal(mkdir(arena_printf(&t->arena, "%s/.nocur", t->root).p, 0700), 0);
	assert_int_equal(mkdir(arena_printf(&t->arena, "%s/.a..b", t->root).p, 0700), 0);
	assert_int_equal(reconcile(t, "", true).adopted, 0);
	assert_int_equal(setup_user(t)->messages, 1);
}

/* More than one record's share. */
static void
many_strangers_come_in_parts(void **state)
{
	struct setup *t = *state;
	struct counts c;
	char name[64];
	int dir, fd;

	deliver(t, "INBOX", 1);
	dir = open(arena_printf(&t->arena, "%s/cur", t->root).p, O_RDONLY | O_DIRECTORY);
	assert_true(dir != -1);
	for (int i = 0; i < RECONCILE_PART_MAX + 5; i++) {
		snprintf(name, sizeof name, "%d.P1.h,S=3,W=4:2,", 1600000000 + i);
		fd = openat(dir, name, O_WRONLY | O_CREAT, 0600);
		assert_true(fd != -1);
		close(fd);
	}
	close(dir);
	age(t, "INBOX", 100);
	c = reconcile(t, "", false);
	assert_int_equal(c.adopted, RECONCILE_PART_MAX + 5);
	assert_int_equal(c.rescans, 2);
	assert_int_equal(setup_count_rows(t, "INBOX"), RECONCILE_PART_MAX + 6);
	assert_true(setup_mailbox(t, "INBOX")->cur_mtime != 0);
	assert_int_equal(reconcile(t, "", true).adopted, 0);
}

#define IN_STORE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_STORE(own_deliveries_change_nothing),
		IN_STORE(unchanged_folder_is_not_listed_again),
		IN_STORE(young_times_are_not_trusted),
		IN_STORE(expunged_message_leaves_index_and_quota),
		IN_STORE(flags_are_taken_over_and_the_rest_stays),
		IN_STORE(move_to_another_folder_is_followed),
		IN_STORE(strangers_file_without_size_is_measured),
		IN_STORE(new_and_removed_folders_are_seen),
		IN_STORE(one_folder_alone_leaves_the_others),
		IN_STORE(missing_root_is_a_failure_not_an_empty_mailbox),
		IN_STORE(links_and_foreign_directories_are_no_folders),
		IN_STORE(many_strangers_come_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

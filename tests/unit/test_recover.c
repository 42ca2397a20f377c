/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The states of doc/delivery.md: a process is killed between any two steps,
 * the machine loses what was not synced, and recovery is killed itself. */
#include "store_setup.h"

#include <signal.h>
#include <sys/wait.h>

/* ---- a workload that dies at a step ---- */

struct death {
	int steps, at;	/* dies when steps reaches at */
	int answers_fd; /* a byte for each answer that "went out" */
};

static void
step(struct death *death)
{
	if (++death->steps == death->at)
		raise(SIGKILL);
}

#define WORK_BATCHES 4
#define WORK_PER_BATCH 3

static void
work_batch(struct setup *t, struct death *death, unsigned first)
{
	struct disk_delivery d[WORK_PER_BATCH];
	struct store_batch *batch = store_batch_new(t->store);
	struct fail why = FAIL_EMPTY;
	uint64_t seq = 0;
	unsigned char answer;

	for (unsigned i = 0; i < WORK_PER_BATCH; i++) {
		d[i] = setup_delivery(t, "INBOX", first + i, 1, 3000);
		if (store_prepare(batch, &d[i], &seq, &why) == -1)
			_exit(3);
		step(death);
	}
	if (store_write(batch, &why) == -1)
		_exit(4);
	step(death);
	store_committed(&batch);
	step(death);
	for (unsigned i = 0; i < WORK_PER_BATCH; i++) {
		if (setup_place(&d[i], 0) == -1)
			_exit(5);
		step(death);
	}
	store_placed(t->store, seq);
	step(death);
	for (unsigned i = 0; i < WORK_PER_BATCH; i++) {
		answer = (unsigned char)(first + i);
		if (write(death->answers_fd, &answer, 1) != 1)
			_exit(6);
		step(death);
	}
	store_settled(t->store, first > WORK_PER_BATCH ? seq - WORK_PER_BATCH : 0);
}

static void
work(struct setup *t, struct death *death)
{
	struct store_frozen *frozen;
	struct fail why = FAIL_EMPTY;
	int rc;

	if (store_open(&t->options, &t->store, &why) == -1)
		_exit(7);
	step(death);
	for (unsigned i = 0; i < WORK_BATCHES; i++) {
		work_batch(t, death, 1 + i * WORK_PER_BATCH);
		frozen = i % 2 == 1 ? store_freeze(t->store) : NULL;
		step(death);
		if (frozen == NULL)
			continue;
		rc = store_checkpoint(frozen, &why);
		step(death);
		store_thawed(t->store, &frozen, rc);
		step(death);
	}
	_exit(0);
}

/* Runs it in a child; true when it died at the step. answers[i] is set. */
static bool
has_died(struct setup *t, int at, bool answers[256])
{
	struct death death = { 0, at, -1 };
	int fds[2], status;
	unsigned char answer;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		death.answers_fd = fds[1];
		work(t, &death);
	}
	close(fds[1]);
	while (read(fds[0], &answer, 1) == 1)
		answers[answer] = true;
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

/* Each answered message is there once, whole; rows and counters agree. */
static void
check_mail(struct setup *t, const bool answers[256])
{
	struct index_txn *txn = NULL;
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct disk_message_row row;
	struct fail why = FAIL_EMPTY;
	unsigned seen[256] = { 0 };
	uint64_t number, bytes = 0, size;
	size_t rows = 0;
	uint32_t uid;
	struct maildir *m = NULL;
	struct buf rel = BUF_EMPTY;

	assert_int_equal(index_begin(store_index(t->store), &txn, &why), 0);
	assert_int_equal(index_walk_messages(txn, setup_mailbox(t, "INBOX")->id, 0, &walk, &why),
	    0);
	while (index_next_message(&walk, &t->arena, &uid, &row, &why) == 0) {
		assert_true(str_is_number(row.subject, 255, &number));
		seen[number]++;
		rows++;
		bytes += row.size;
		assert_int_equal(maildir_open(str_of(t->root), str_of(t->root), false, false,
		    NULL, &m, &why), 0);
		assert_int_equal(maildir_find(m, row.file, &rel, &size, &why), 0);
		assert_int_equal(size, row.size);
		maildir_close(&m);
	}
	index_walk_end(&walk);
	index_end(&txn);
	buf_fini(&rel);
	for (int i = 0; i < 256; i++) {
		assert_true(seen[i] <= 1);
		if (answers[i])
			assert_int_equal(seen[i], 1);
	}
	assert_int_equal(setup_count_files(t, "INBOX"), rows);
	assert_int_equal(setup_user(t)->messages, rows);
	assert_int_equal(setup_user(t)->bytes, bytes);
	assert_int_equal(setup_mailbox(t, "INBOX")->messages, rows);
}

static void
drop_note(struct setup *t)
{
	struct str path = arena_printf(&t->arena, "%s/journal/note", t->store_dir);

	unlink(path.p);
}

/* Unsynced directory entries and sizes that a power cut may take: of every
 * file in the folder, one in three goes, one in three becomes empty. */
static void
lose_unsynced_files(struct setup *t)
{
	struct str path = arena_printf(&t->arena, "%s/new", t->root), file;
	DIR *dir = opendir(path.p);
	const struct dirent *entry;
	int i = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		file = arena_printf(&t->arena, "%s/%s", path.p, entry->d_name);
		if (i % 3 == 0)
			assert_int_equal(unlink(file.p), 0);
		else if (i % 3 == 1)
			assert_int_equal(truncate(file.p, i % 2 == 0 ? 0 : 100), 0);
		i++;
	}
	if (dir != NULL)
		closedir(dir);
}

static void
killed_at_any_step_nothing_answered_is_lost_or_doubled(void **state)
{
	struct setup t;
	bool answers[256], is_dead = true;

	(void)state;
	for (int at = 1; is_dead; at++) {
		setup_init(&t);
		memset(answers, 0, sizeof answers);
		is_dead = has_died(&t, at, answers);
		setup_open(&t);
		check_mail(&t, answers);
		/* And once more: recovering twice changes nothing. */
		store_close(&t.store);
		setup_open(&t);
		check_mail(&t, answers);
		setup_end(&t);
	}
}

/* Files of what was settled are synced and would survive; here the workload
 * is cut before its first settle counts, so all of them may go. */
static void
a_power_cut_loses_files_and_recovery_makes_them_again(void **state)
{
	struct setup t;
	bool answers[256];

	(void)state;
	for (int at = 3; at < 24; at++) {
		setup_init(&t);
		memset(answers, 0, sizeof answers);
		if (!has_died(&t, at, answers))
			fail_msg("the workload is too short");
		drop_note(&t);
		lose_unsynced_files(&t);
		setup_open(&t);
		check_mail(&t, answers);
		setup_end(&t);
	}
}

/* How far LMDB says that files are synced. */
static uint64_t
settled_upto(struct setup *t)
{
	struct str dir = arena_printf(&t->arena, "%s/index", t->store_dir);
	struct index *index = NULL;
	struct index_txn *txn = NULL;
	struct disk_meta meta;
	struct fail why = FAIL_EMPTY;

	assert_int_equal(index_open(dir.p, INDEX_READ, false, &index, &why), 0);
	assert_int_equal(index_begin(index, &txn, &why), 0);
	assert_int_equal(index_meta(txn, &t->arena, &meta, &why), 0);
	index_end(&txn);
	index_close(&index);
	return meta.settled_upto;
}

static void
recovery_that_is_killed_can_be_done_again(void **state)
{
	struct setup t;
	bool answers[256] = { false };
	uint64_t before;
	pid_t child;
	struct fail why = FAIL_EMPTY;
	int status;

	(void)state;
	setup_init(&t);
	assert_true(has_died(&t, 24, answers));
	before = settled_upto(&t);
	for (useconds_t wait = 0; wait < 30000; wait += 1000) {
		drop_note(&t);
		lose_unsynced_files(&t);
		child = fork();
		if (child == 0)
			_exit(store_open(&t.options, &t.store, &why) == -1);
		usleep(wait);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		/* Once it is through, what it synced cannot be lost any more; killed
		 * or not, LMDB tells. */
		if (WIFEXITED(status) || settled_upto(&t) != before)
			break;
	}
	setup_open(&t);
	check_mail(&t, answers);
	setup_end(&t);
}

static void
a_file_that_its_reader_deleted_stays_deleted_after_a_mere_kill(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct str path;

	(void)state;
	for (int has_power_cut = 0; has_power_cut < 2; has_power_cut++) {
		setup_begin(&t);
		d = setup_delivery(&t, "INBOX", 1, 1, 100);
		setup_deliver(&t, &d);
		path = arena_printf(&t.arena, "%s/new/%.*s", t.root, STR_ARG(d.copies.at[0].file));
		assert_int_equal(unlink(path.p), 0);
		store_close(&t.store);
		if (has_power_cut)
			drop_note(&t);
		setup_open(&t);
		assert_int_equal(setup_count_files(&t, "INBOX"), has_power_cut);
		setup_end(&t);
	}
}

static void
a_file_that_its_reader_moved_is_not_made_again(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct str from, to;

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 1, 1, 100);
	setup_deliver(&t, &d);
	from = arena_printf(&t.arena, "%s/new/%.*s", t.root, STR_ARG(d.copies.at[0].file));
	to = arena_printf(&t.arena, "%s/cur/%.*s:2,FS", t.root, STR_ARG(d.copies.at[0].file));
	assert_int_equal(rename(from.p, to.p), 0);
	store_close(&t.store);
	drop_note(&t);
	setup_open(&t);
	assert_int_equal(setup_count_files(&t, "INBOX"), 1);
	assert_int_equal(access(to.p, F_OK), 0);
	setup_end(&t);
}

static void
a_file_with_wrong_bytes_is_made_again_after_a_power_cut(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct str path;
	char first = '?';
	int fd;

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 1, 1, 100000);
	setup_deliver(&t, &d);
	path = arena_printf(&t.arena, "%s/new/%.*s", t.root, STR_ARG(d.copies.at[0].file));
	fd = open(path.p, O_RDWR);
	assert_int_equal(pwrite(fd, "", 1, 90000), 1);
	close(fd);
	store_close(&t.store);
	drop_note(&t);
	setup_open(&t);
	fd = open(path.p, O_RDONLY);
	assert_int_equal(pread(fd, &first, 1, 90000), 1);
	close(fd);
	assert_int_equal(first, 'x');
	setup_end(&t);
}

/* durability = fsync, and large messages: the file is in tmp/ before. */
static void
a_large_message_is_shown_from_tmp(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct maildir *m = NULL;
	struct fail why = FAIL_EMPTY;
	struct str root;

	(void)state;
	for (int was_shown = 0; was_shown < 2; was_shown++) {
		setup_begin(&t);
		root = str_of(t.root);
		d = setup_delivery(&t, "INBOX", 1, 1, 100);
		assert_int_equal(maildir_open(root, root, true, false, NULL, &m, &why), 0);
		assert_int_equal(maildir_write_tmp(m, d.copies.at[0].file, d.copies.at[0].prefix,
		    -1, d.body, d.body.n, &why), 0);
		d.body = STR_EMPTY;
		d.copies.at[0].is_file = 1;
		setup_commit(&t, &d);
		if (was_shown)
			assert_int_equal(maildir_show_tmp(m, d.copies.at[0].file, STR_EMPTY, &why),
			    0);
		maildir_close(&m);
		store_close(&t.store);
		drop_note(&t);
		setup_open(&t);
		assert_int_equal(setup_count_files(&t, "INBOX"), 1);
		assert_int_equal(setup_user(&t)->messages, 1);
		setup_end(&t);
	}
}

static void
a_copy_that_cannot_be_made_is_kept_and_others_are_not_held_up(void **state)
{
	struct setup t;
	struct disk_delivery bad, good, later;
	struct str blocked;
	unsigned char digest[32];
	int fd;

	(void)state;
	setup_begin(&t);
	bad = setup_delivery(&t, "Bad", 1, 1, 100);
	good = setup_delivery(&t, "INBOX", 2, 1, 100);
	setup_commit(&t, &bad);
	setup_commit(&t, &good);
	store_close(&t.store);
	/* A file where the folder should be. */
	assert_int_equal(mkdir(t.root, 0700), 0);
	blocked = setup_path(&t, "Bad");
	fd = open(blocked.p, O_WRONLY | O_CREAT, 0600);
	close(fd);
	for (int i = 0; i < 6; i++) {
		setup_open(&t);
		assert_int_equal(setup_count_files(&t, "INBOX"), 1 + (size_t)i);
		assert_int_equal(store_stuck_count(t.store), 1);
		store_retry_stuck(t.store, 10);
		assert_int_equal(store_stuck_count(t.store), 1);
		later = setup_delivery(&t, "INBOX", 3 + (unsigned)i, 1, 100);
		store_settled(t.store, setup_deliver(&t, &later));
		setup_checkpoint(&t);
		store_close(&t.store);
	}
	setup_open(&t);
	setup_digest(1, digest);
	assert_true(store_has_unacked(t.store, digest, clock_wall()));
	assert_int_equal(unlink(blocked.p), 0);
	store_retry_stuck(t.store, 10);
	assert_int_equal(store_stuck_count(t.store), 0);
	assert_int_equal(setup_count_files(&t, "Bad"), 1);
	assert_int_equal(setup_user(&t)->messages, 8);
	setup_end(&t);
}

static void
a_lost_index_is_made_anew_and_keeps_marks(void **state)
{
	struct setup t;
	struct disk_delivery a, b;
	unsigned char digest[32];
	struct str index, aside, gone;
	uint64_t seq;

	(void)state;
	setup_begin(&t);
	a = setup_delivery(&t, "INBOX", 1, 1, 100);
	seq = setup_deliver(&t, &a);
	store_settled(t.store, seq);
	setup_checkpoint(&t);
	/* Settled, then deleted by its reader: must not come back. */
	gone = arena_printf(&t.arena, "%s/new/%.*s", t.root, STR_ARG(a.copies.at[0].file));
	assert_int_equal(unlink(gone.p), 0);
	b = setup_delivery(&t, "INBOX", 2, 1, 100);
	setup_commit(&t, &b);
	store_close(&t.store);
	index = arena_printf(&t.arena, "%s/index", t.store_dir);
	aside = arena_printf(&t.arena, "%s/index.old", t.store_dir);
	assert_int_equal(rename(index.p, aside.p), 0);
	setup_open(&t);
	assert_int_equal(setup_count_files(&t, "INBOX"), 1);
	setup_digest(1, digest);
	assert_true(store_has_unacked(t.store, digest, clock_wall()));
	/* Rows come from the rescan; sequences are not given twice. */
	assert_false(setup_mailbox(&t, "INBOX")->is_known);
	b = setup_delivery(&t, "INBOX", 3, 1, 100);
	assert_true(setup_deliver(&t, &b) > seq + 1);
	setup_end(&t);
}

static void
a_damaged_segment_head_is_a_message(void **state)
{
	struct setup t;
	struct disk_delivery d;
	struct fail why = FAIL_EMPTY;
	struct str path;
	int fd;

	(void)state;
	setup_begin(&t);
	d = setup_delivery(&t, "INBOX", 1, 1, 100);
	setup_deliver(&t, &d);
	store_close(&t.store);
	path = arena_printf(&t.arena, "%s/journal/1", t.store_dir);
	fd = open(path.p, O_WRONLY);
	assert_int_equal(pwrite(fd, "!", 1, 20), 1);
	close(fd);
	assert_int_equal(store_open(&t.options, &t.store, &why), -1);
	assert_int_equal(why.class, FAIL_OURS);
	assert_non_null(strstr(why.log, path.p));
	setup_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_any_step_nothing_answered_is_lost_or_doubled),
		cmocka_unit_test(a_power_cut_loses_files_and_recovery_makes_them_again),
		cmocka_unit_test(recovery_that_is_killed_can_be_done_again),
		cmocka_unit_test(a_file_that_its_reader_deleted_stays_deleted_after_a_mere_kill),
		cmocka_unit_test(a_file_that_its_reader_moved_is_not_made_again),
		cmocka_unit_test(a_file_with_wrong_bytes_is_made_again_after_a_power_cut),
		cmocka_unit_test(a_large_message_is_shown_from_tmp),
		cmocka_unit_test(a_copy_that_cannot_be_made_is_kept_and_others_are_not_held_up),
		cmocka_unit_test(a_lost_index_is_made_anew_and_keeps_marks),
		cmocka_unit_test(a_damaged_segment_head_is_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* LMDB behind plain calls: walking, growing, readers, and damage. */
#include "store_setup.h"

#include <pthread.h>
#include <sys/wait.h>

#include "base/file.h"

struct box {
	struct setup setup;
	char dir[128];
	struct index *index;
};

static void
begin_box(struct box *box)
{
	struct fail why = FAIL_EMPTY;

	memset(box, 0, sizeof *box);
	setup_init(&box->setup);
	snprintf(box->dir, sizeof box->dir, "%s/index", box->setup.dir);
	if (index_open(box->dir, INDEX_WRITE, false, &box->index, &why) == -1)
		fail_msg("%s", why.log);
}

static void
end_box(struct box *box)
{
	index_close(&box->index);
	setup_end(&box->setup);
}

/* Rows of messages 1 to count in mailboxes first to last, size bytes each. */
struct filling {
	uint64_t first, last;
	uint32_t count;
	size_t size;
	int runs;
};

static int
fill(struct index_txn *txn, void *arg, struct fail *why)
{
	struct filling *f = arg;
	unsigned char key[FORMAT_KEY_MAX];
	struct buf value = BUF_EMPTY;
	char *subject = xcalloc(1, f->size + 1);
	struct disk_message_row row = { .subject = { subject, f->size } };
	int rc = 0;
	size_t n;

	f->runs++;
	for (uint64_t m = f->first; rc == 0 && m <= f->last; m++)
		for (uint32_t uid = 1; rc == 0 && uid <= f->count; uid++) {
			row.size = m * 1000 + uid;
			buf_clear(&value);
			pack_add(disk_message_row_fields, &row, &value);
			n = format_key_message(key, m, uid);
			rc = index_put(txn, INDEX_MESSAGES, (struct str){ (char *)key, n },
			    buf_str(&value), why);
		}
	buf_fini(&value);
	free(subject);
	return rc;
}

static void
write_rows(struct box *box, struct filling *f)
{
	struct fail why = FAIL_EMPTY;

	if (index_write(box->index, fill, f, &why) == -1)
		fail_msg("%s", why.log);
}

/* Rows of a mailbox from a uid on; -1 when LMDB failed. */
static int
count_rows(struct index *index, uint64_t mailbox, uint32_t from)
{
	struct index_txn *txn = NULL;
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct disk_message_row row;
	struct fail why = FAIL_EMPTY;
	struct arena a;
	uint32_t uid, expected = from == 0 ? 1 : from;
	int rc, count = 0;

	arena_init(&a);
	rc = index_begin(index, &txn, &why);
	if (rc == 0)
		rc = index_walk_messages(txn, mailbox, from, &walk, &why);
	while (rc == 0 && (rc = index_next_message(&walk, &a, &uid, &row, &why)) == 0) {
		count += uid == expected++ && row.size == mailbox * 1000 + uid;
		arena_empty(&a);
	}
	index_walk_end(&walk);
	index_end(&txn);
	arena_fini(&a);
	return rc == -1 ? -1 : count;
}

static void
a_walk_sees_its_mailbox_only_in_order_of_uid(void **state)
{
	struct box box;
	struct filling f = { 5, 7, 300, 10, 0 };

	(void)state;
	begin_box(&box);
	write_rows(&box, &f);
	assert_int_equal(count_rows(box.index, 6, 0), 300);
	assert_int_equal(count_rows(box.index, 6, 100), 201);
	assert_int_equal(count_rows(box.index, 6, 301), 0);
	assert_int_equal(count_rows(box.index, 7, 0), 300);
	assert_int_equal(count_rows(box.index, 8, 0), 0);
	end_box(&box);
}

static void
rows_survive_closing(void **state)
{
	struct box box;
	struct filling f = { 1, 1, 50, 2000, 0 };
	struct fail why = FAIL_EMPTY;
	struct index_txn *txn = NULL;
	struct disk_message_row row;

	(void)state;
	begin_box(&box);
	write_rows(&box, &f);
	index_close(&box.index);
	assert_int_equal(index_open(box.dir, INDEX_READ, false, &box.index, &why), 0);
	assert_int_equal(count_rows(box.index, 1, 0), 50);
	assert_int_equal(index_begin(box.index, &txn, &why), 0);
	assert_int_equal(index_message(txn, 1, 9, &box.setup.arena, &row, &why), 0);
	index_end(&txn);
	/* Copied into the arena: outlives the transaction. */
	assert_int_equal(row.subject.n, 2000);
	assert_int_equal(row.subject.p[1999], 0);
	end_box(&box);
}

static void *
end_soon(void *arg)
{
	usleep(100000);
	index_end(arg);
	return NULL;
}

static void
a_full_map_grows_once_readers_are_gone(void **state)
{
	struct box box;
	struct filling f = { 1, 20, 1000, 4000, 0 };
	struct fail why = FAIL_EMPTY;
	struct index_txn *txn = NULL;
	pthread_t thread;

	(void)state;
	begin_box(&box);
	assert_int_equal(index_begin(box.index, &txn, &why), 0);
	assert_int_equal(pthread_create(&thread, NULL, end_soon, &txn), 0);
	write_rows(&box, &f);
	pthread_join(thread, NULL);
	assert_null(txn);
	assert_true(f.runs > 1);
	assert_int_equal(count_rows(box.index, 20, 0), 1000);
	end_box(&box);
}

static void
a_reader_process_follows_a_map_that_grew(void **state)
{
	struct box box;
	struct filling f = { 1, 1, 10, 10, 0 };
	struct fail why = FAIL_EMPTY;
	int to_child[2], to_parent[2], status;
	char byte = 0;
	pid_t child;
	struct index *index = NULL;

	(void)state;
	begin_box(&box);
	write_rows(&box, &f);
	index_close(&box.index);
	assert_int_equal(pipe(to_child), 0);
	assert_int_equal(pipe(to_parent), 0);
	child = fork();
	if (child == 0) {
		if (index_open(box.dir, INDEX_READ, false, &index, &why) == -1 ||
		    count_rows(index, 1, 0) != 10 || write(to_parent[1], "", 1) != 1 ||
		    read(to_child[0], &byte, 1) != 1)
			_exit(1);
		_exit(count_rows(index, 20, 0) == 1000 ? 0 : 2);
	}
	assert_int_equal(read(to_parent[0], &byte, 1), 1);
	assert_int_equal(index_open(box.dir, INDEX_WRITE, false, &box.index, &why), 0);
	f = (struct filling){ 1, 20, 1000, 4000, 0 };
	write_rows(&box, &f);
	assert_int_equal(write(to_child[1], "", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	end_box(&box);
}

static void
too_many_readers_are_named(void **state)
{
	struct box box;
	struct fail why = FAIL_EMPTY;
	struct index_txn *txns[INDEX_READERS_MAX + 1] = { NULL };
	char pid[32];
	int i;

	(void)state;
	begin_box(&box);
	for (i = 0; i <= INDEX_READERS_MAX; i++)
		if (index_begin(box.index, &txns[i], &why) == -1)
			break;
	assert_int_equal(i, INDEX_READERS_MAX);
	assert_int_equal(why.class, FAIL_TEMP);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	assert_non_null(strstr(why.log, "MDB_READERS_FULL"));
	assert_non_null(strstr(why.log, pid));
	while (i > 0)
		index_end(&txns[--i]);
	assert_int_equal(count_rows(box.index, 1, 0), 0);
	end_box(&box);
}

/* 0 read in full, 1 refused with the right hint, 3 a row could not be read. */
static int
open_and_read(const char *dir)
{
	struct index *index = NULL;
	struct fail why = FAIL_EMPTY;
	int rc = 0;

	if (index_open(dir, INDEX_WRITE, true, &index, &why) == -1)
		return strstr(why.log, "index rebuild") != NULL && why.class == FAIL_OURS ? 1 : 2;
	for (uint64_t m = 1; rc == 0 && m <= 3; m++)
		rc = count_rows(index, m, 0) == -1 ? 3 : 0;
	index_close(&index);
	return rc;
}

static void
make_sample(struct box *box, struct buf *bytes)
{
	struct filling f = { 1, 3, 120, 200, 0 }, big = { 4, 4, 3, 20000, 0 };
	struct str path;
	struct fail why = FAIL_EMPTY;
	int fd;

	begin_box(box);
	write_rows(box, &f);
	write_rows(box, &big);
	index_close(&box->index);
	path = arena_printf(&box->setup.arena, "%s/data.mdb", box->dir);
	fd = open(path.p, O_RDONLY);
	assert_int_equal(file_read_all(fd, bytes, path.p, &why), 0);
	close(fd);
}

static int
try(struct box *box, const struct buf *bytes, size_t n)
{
	struct str path = arena_printf(&box->setup.arena, "%s/data.mdb", box->dir);
	int fd = open(path.p, O_WRONLY | O_TRUNC);
	bool is_written = write(fd, bytes->p, n) == (ssize_t)n;

	close(fd);
	return is_written ? open_and_read(box->dir) : 4;
}

/* The loop runs in a child, since the point is that it does not die: its exit
 * code is what the loop returns. */
static void
assert_child_says(int (*loop)(struct box *, struct buf *), struct box *box, struct buf *bytes)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(loop(box, bytes));
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status))
		fail_msg("died of signal %d", WTERMSIG(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int
cut_everywhere(struct box *box, struct buf *bytes)
{
	if (try(box, bytes, bytes->n) != 0)
		return 10;
	for (size_t n = 1; n < bytes->n; n += 3001)
		if (try(box, bytes, n) != 1)
			return 11;
	return 0;
}

static void
a_cut_file_is_a_message_not_a_crash(void **state)
{
	struct box box;
	struct buf bytes = BUF_EMPTY;

	(void)state;
	make_sample(&box, &bytes);
	assert_child_says(cut_everywhere, &box, &bytes);
	buf_fini(&bytes);
	end_box(&box);
}

/* A byte within a value may pass, or make its row unreadable. */
static int
overwrite_everywhere(struct box *box, struct buf *bytes)
{
	int rc, refused = 0;
	char keep[2], *p;

	for (size_t page = 0; page < bytes->n / 4096; page++)
		for (size_t at = 8; at < 4096; at = at < 32 ? at + 2 : at * 2) {
			p = bytes->p + page * 4096 + at;
			memcpy(keep, p, 2);
			p[0] = (char)0xe5;
			p[1] ^= 0x5a;
			rc = try(box, bytes, bytes->n);
			if (rc != 0 && rc != 1 && rc != 3)
				return 10 + rc;
			refused += rc == 1;
			memcpy(p, keep, 2);
		}
	return refused > 100 ? 0 : 20;
}

static void
overwritten_pages_are_a_message_not_a_crash(void **state)
{
	struct box box;
	struct buf bytes = BUF_EMPTY;

	(void)state;
	make_sample(&box, &bytes);
	assert_child_says(overwrite_everywhere, &box, &bytes);
	buf_fini(&bytes);
	end_box(&box);
}

static void
another_file_in_its_place_is_a_message(void **state)
{
	struct box box;
	struct buf bytes = BUF_EMPTY;

	(void)state;
	make_sample(&box, &bytes);
	memset(bytes.p, 'x', bytes.n);
	assert_int_equal(try(&box, &bytes, bytes.n), 1);
	buf_fini(&bytes);
	end_box(&box);
}

static void
an_index_that_is_not_there_is_not_made_by_a_reader(void **state)
{
	struct box box;
	struct index *index = NULL;
	struct fail why = FAIL_EMPTY;
	struct str path;

	(void)state;
	begin_box(&box);
	path = arena_printf(&box.setup.arena, "%s/nothing", box.setup.dir);
	assert_int_equal(index_open(path.p, INDEX_READ, false, &index, &why), -1);
	assert_non_null(strstr(why.log, path.p));
	assert_int_equal(access(path.p, F_OK), -1);
	end_box(&box);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_sees_its_mailbox_only_in_order_of_uid),
		cmocka_unit_test(rows_survive_closing),
		cmocka_unit_test(a_full_map_grows_once_readers_are_gone),
		cmocka_unit_test(a_reader_process_follows_a_map_that_grew),
		cmocka_unit_test(too_many_readers_are_named),
		cmocka_unit_test(a_cut_file_is_a_message_not_a_crash),
		cmocka_unit_test(overwritten_pages_are_a_message_not_a_crash),
		cmocka_unit_test(another_file_in_its_place_is_a_message),
		cmocka_unit_test(an_index_that_is_not_there_is_not_made_by_a_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

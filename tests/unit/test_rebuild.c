/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The index made again, sound or damaged. */

#include "store_setup.h"

#include <time.h>

#include "store/rebuild.h"
#include "store/rebuild_salvage.h"

#define MESSAGES 40

static int
begin(void **state)
{
	struct setup *t = calloc(1, sizeof *t);

	setup_begin(t);
	for (unsigned i = 1; i <= MESSAGES; i++) {
		struct disk_delivery d = setup_delivery(t, i % 2 == 0 ? "INBOX" : "Lists", i, 1, 100);

		setup_deliver(t, &d);
	}
	setup_checkpoint(t);
	store_close(&t->store);
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

static struct rebuild
rebuild(struct setup *t, const char *user, int expected)
{
	struct rebuild r = { .options = &t->options, .user = str_of(user) };
	struct fail why = FAIL_EMPTY;
	int rc = rebuild_run(&r, &why);

	if (rc != expected)
		fail_msg("%d: %s", rc, why.log);
	return r;
}

/* Fills pages from one on with junk. */
static void
damage(struct setup *t, long page, size_t pages)
{
	FILE *f = fopen(arena_printf(&t->arena, "%s/index/data.mdb", t->store_dir).p, "r+");
	char junk[4096];

	memset(junk, 0x5a, sizeof junk);
	assert_non_null(f);
	assert_int_equal(fseek(f, page * 4096, SEEK_SET), 0);
	for (size_t i = 0; i < pages; i++)
		assert_int_equal(fwrite(junk, sizeof junk, 1, f), 1);
	fclose(f);
}

static void
sound_index_stays_as_it_is(void **state)
{
	struct setup *t = *state;
	struct rebuild r = rebuild(t, "", 0);

	assert_false(r.was_damaged);
	assert_int_equal(r.users, 1);
	assert_int_equal(r.folders, 2);
	assert_int_equal(r.files, MESSAGES);
	assert_int_equal(r.adopted + r.gone + r.flagged + r.recounted, 0);
	rebuild_fini(&r);
}

static void
unknown_user_is_not_here(void **state)
{
	struct rebuild r = rebuild(*state, "nobody", 1);

	assert_int_equal(r.users, 0);
	rebuild_fini(&r);
}

static void
store_in_use_is_left_alone(void **state)
{
	struct setup *t = *state;
	struct rebuild r;

	setup_open(t);
	r = rebuild(t, "", -1);
	rebuild_fini(&r);
}

static void
lost_head_costs_the_rows_but_no_mail(void **state)
{
	struct setup *t = *state;
	struct rebuild r;
	struct stat st;

	damage(t, 0, 2);
	r = rebuild(t, "", 0);
	assert_true(r.was_damaged);
	assert_int_equal(stat(buf_cstr(&r.moved_to), &st), 0);
	rebuild_fini(&r);
	/* Nobody knows any more whose mail it was: the first delivery or recalc of a
	 * user tells, and then all of it is found again. */
	setup_open(t);
	assert_int_equal(setup_count_files(t, "INBOX"), MESSAGES / 2);
}

static void
copy(struct str from, struct str to)
{
	struct buf bytes = BUF_EMPTY;
	FILE *f = fopen(from.p, "r");
	char chunk[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(&bytes, chunk, n);
	fclose(f);
	f = fopen(to.p, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	fclose(f);
	buf_fini(&bytes);
}

/* Some page in the middle: what is on the others keeps its uid. */
static void
rows_on_sound_pages_are_saved(void **state)
{
	struct setup *t = *state;
	struct stat st;
	struct rebuild r;
	struct str path = arena_printf(&t->arena, "%s/index/data.mdb", t->store_dir);
	struct str sound = arena_printf(&t->arena, "%s/sound", t->dir);
	size_t damaged = 0, whole = 0;

	copy(path, sound);
	assert_int_equal(stat(path.p, &st), 0);
	for (long page = 2; page < st.st_size / 4096; page++) {
		copy(sound, path);
		damage(t, page, 1);
		r = rebuild(t, "", 0);
		damaged += r.was_damaged;
		if (r.was_damaged && r.users == 1) {
			whole++;
			assert_int_equal(r.files, MESSAGES);
			assert_true(r.saved > 0);
		}
		rebuild_fini(&r);
		setup_open(t);
		if (setup_user(t)->messages != 0)
			assert_int_equal(setup_user(t)->messages, MESSAGES);
		store_close(&t->store);
	}
	assert_true(damaged > 0);
	assert_true(whole > damaged / 2);
}

static int
break_counters(struct index_txn *txn, void *arg, struct fail *why)
{
	struct disk_user_row row = { .name = STR(SETUP_USER), .root = str_of(arg), .bytes = 1,
		.messages = 1 };
	unsigned char key[FORMAT_KEY_MAX];
	size_t n = format_key_user(key, format_user_id(STR(SETUP_USER)));
	struct buf value = BUF_EMPTY;
	int rc;

	pack_add(disk_user_row_fields, &row, &value);
	rc = index_put(txn, INDEX_USERS, (struct str){ (char *)key, n }, buf_str(&value), why);
	buf_fini(&value);
	return rc;
}

static void
wrong_counters_are_counted_anew(void **state)
{
	struct setup *t = *state;
	struct index *index = NULL;
	struct fail why = FAIL_EMPTY;
	struct rebuild r;

	assert_int_equal(index_open(arena_printf(&t->arena, "%s/index", t->store_dir).p, INDEX_WRITE,
			     false, &index, &why), 0);
	assert_int_equal(index_write(index, break_counters, t->root, &why), 0);
	index_close(&index);
	r = rebuild(t, SETUP_USER, 0);
	assert_int_equal(r.recounted, 1);
	rebuild_fini(&r);
	setup_open(t);
	assert_int_equal(setup_user(t)->messages, MESSAGES);
	assert_int_equal(setup_user(t)->bytes, setup_mailbox(t, "INBOX")->bytes +
						   setup_mailbox(t, "Lists")->bytes);
}

#define IN_STORE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_STORE(sound_index_stays_as_it_is),
		IN_STORE(unknown_user_is_not_here),
		IN_STORE(store_in_use_is_left_alone),
		IN_STORE(lost_head_costs_the_rows_but_no_mail),
		IN_STORE(rows_on_sound_pages_are_saved),
		IN_STORE(wrong_counters_are_counted_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

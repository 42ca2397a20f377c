/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Ids and keys that must never change, and records that may grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "store/format.h"

/* From `printf 'user\0alice' | sha256sum` and its like. */
static void
ids_are_what_they_have_always_been(void **state)
{
	(void)state;
	assert_int_equal(format_user_id(STR("alice")), UINT64_C(0x61e53a32f777fee6));
	assert_int_equal(format_mailbox_id(1, STR("INBOX")), UINT64_C(0x5d4ed13b80b8645c));
	assert_true(format_user_id(STR("alice")) != format_user_id(STR("Alice")));
	assert_true(format_mailbox_id(1, STR("INBOX")) != format_mailbox_id(2, STR("INBOX")));
}

static void
keys_sort_as_their_numbers(void **state)
{
	static const uint32_t uids[] = { 1, 2, 255, 256, 65535, 65536, UINT32_MAX };
	unsigned char before[FORMAT_KEY_MAX], key[FORMAT_KEY_MAX];
	size_t n;

	(void)state;
	n = format_key_message(before, 7, 0);
	assert_int_equal(n, 12);
	for (size_t i = 0; i < sizeof uids / sizeof *uids; i++) {
		format_key_message(key, 7, uids[i]);
		assert_true(memcmp(before, key, n) < 0);
		assert_int_equal(format_number(key, 8), 7);
		assert_int_equal(format_number(key + 8, 4), uids[i]);
		memcpy(before, key, n);
	}
	format_key_message(key, 8, 0);
	assert_true(memcmp(before, key, n) < 0);
	assert_int_equal(format_key_mailbox(key, 1, 2), 16);
	assert_int_equal(format_key_user(key, 1), 8);
	assert_int_equal(format_key_name(key, 1, STR("a")), 24);
}

static void
a_delivery_comes_back_as_it_was_packed(void **state)
{
	struct disk_copy copies[2] = { { .user = STR("u"), .uid = 3, .is_file = 1 },
		{ .file = STR("f"), .size = UINT64_MAX } };
	struct disk_delivery d = { .received = -5, .subject = STR("s\0t"), .body = STR("b") }, back;
	struct buf packed = BUF_EMPTY;
	struct arena a;

	(void)state;
	d.copies.at = copies;
	d.copies.n = 2;
	arena_init(&a);
	pack_add(disk_delivery_fields, &d, &packed);
	assert_true(pack_is_read(disk_delivery_fields, buf_str(&packed), true, &back, sizeof back,
	    &a));
	assert_int_equal(back.received, -5);
	assert_true(str_is_equal(back.subject, STR("s\0t")));
	assert_int_equal(back.copies.n, 2);
	assert_int_equal(back.copies.at[0].uid, 3);
	assert_int_equal(back.copies.at[0].is_file, 1);
	assert_int_equal(back.copies.at[1].size, UINT64_MAX);
	assert_true(str_is_equal(back.body, STR("b")));
	arena_fini(&a);
	buf_fini(&packed);
}

static void
rows_of_other_versions_are_read(void **state)
{
	struct disk_user_row row = { STR("n"), STR("r"), 1, 2, 3 }, back;
	struct buf packed = BUF_EMPTY;
	struct arena a;

	(void)state;
	arena_init(&a);
	pack_add(disk_user_row_fields, &row, &packed);
	buf_add_cstr(&packed, "what a newer version appended");
	assert_true(pack_is_read(disk_user_row_fields, buf_str(&packed), false, &back, sizeof back,
	    &a));
	assert_int_equal(back.uidvalidity, 3);
	/* As an older one wrote it, without the last field. */
	assert_true(pack_is_read(disk_user_row_fields, str_sub(buf_str(&packed), 0, 26), false,
	    &back, sizeof back, &a));
	assert_int_equal(back.messages, 2);
	assert_int_equal(back.uidvalidity, 0);
	arena_fini(&a);
	buf_fini(&packed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_what_they_have_always_been),
		cmocka_unit_test(keys_sort_as_their_numbers),
		cmocka_unit_test(a_delivery_comes_back_as_it_was_packed),
		cmocka_unit_test(rows_of_other_versions_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The codec: bytes as documented, and nothing believed of a liar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/pack.h"

struct leaf {
	struct str name;
	uint8_t kind;
};

struct branch {
	uint32_t id;
	struct pack_list leaves;
};

struct tree {
	uint8_t small;
	uint32_t medium;
	uint64_t large;
	int64_t below;
	struct str text;
	int fd;
	struct pack_list branches;
};

static const struct pack_field leaf_fields[] = {
	{ PACK_STR, offsetof(struct leaf, name), NULL, 0, "name" },
	{ PACK_U8, offsetof(struct leaf, kind), NULL, 0, "kind" },
	{ PACK_END, 0, NULL, 0, NULL },
};

static const struct pack_field branch_fields[] = {
	{ PACK_U32, offsetof(struct branch, id), NULL, 0, "id" },
	{ PACK_LIST, offsetof(struct branch, leaves), leaf_fields, sizeof(struct leaf), "leaves" },
	{ PACK_END, 0, NULL, 0, NULL },
};

static const struct pack_field tree_fields[] = {
	{ PACK_U8, offsetof(struct tree, small), NULL, 0, "small" },
	{ PACK_U32, offsetof(struct tree, medium), NULL, 0, "medium" },
	{ PACK_U64, offsetof(struct tree, large), NULL, 0, "large" },
	{ PACK_I64, offsetof(struct tree, below), NULL, 0, "below" },
	{ PACK_STR, offsetof(struct tree, text), NULL, 0, "text" },
	{ PACK_FD, offsetof(struct tree, fd), NULL, 0, "fd" },
	{ PACK_LIST, offsetof(struct tree, branches), branch_fields, sizeof(struct branch),
	    "branches" },
	{ PACK_END, 0, NULL, 0, NULL },
};

/* What an older version knew: the fields up to text. */
static const struct pack_field old_fields[] = {
	{ PACK_U8, offsetof(struct tree, small), NULL, 0, "small" },
	{ PACK_U32, offsetof(struct tree, medium), NULL, 0, "medium" },
	{ PACK_END, 0, NULL, 0, NULL },
};

/* medium 0x01020304, large 5, below -2, text "hi", one branch (id 9) with leaves "x" and "". */
#define TREE_BYTES                                                             \
	"\x07\x04\x03\x02\x01\x05\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff"  \
	"\x02\0\0\0hi\x01\0\0\0\x09\0\0\0\x02\0\0\0\x01\0\0\0x\x0b\0\0\0\0\x0c"

static bool
is_tree(struct str bytes, bool exact, struct tree *out)
{
	struct arena a;
	bool is_read;

	arena_init_limit(&a, 4096);
	is_read = pack_is_read(tree_fields, bytes, exact, out, sizeof *out, &a);
	arena_fini(&a);
	return is_read;
}

static void
bytes_are_as_documented(void **state)
{
	struct leaf leaves[] = { { STR("x"), 11 }, { STR_EMPTY, 12 } };
	struct branch branch = { 9, { leaves, 2 } };
	struct tree tree = { 7, 0x01020304, 5, -2, STR("hi"), 33, { &branch, 1 } };
	struct buf out = BUF_EMPTY;

	(void)state;
	pack_add(tree_fields, &tree, &out);
	assert_true(buf_is_ok(&out));
	assert_true(str_is_equal(buf_str(&out), STR(TREE_BYTES)));
	buf_fini(&out);
}

static void
what_was_written_is_read(void **state)
{
	const struct str bytes = STR(TREE_BYTES);
	const struct branch *branch;
	const struct leaf *leaves;
	struct tree tree;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(pack_is_read(tree_fields, bytes, true, &tree, sizeof tree, &a));
	assert_int_equal(tree.small, 7);
	assert_int_equal(tree.medium, 0x01020304);
	assert_int_equal(tree.large, 5);
	assert_int_equal(tree.below, -2);
	assert_int_equal(tree.fd, -1);
	assert_true(str_is_equal(tree.text, STR("hi")));
	assert_ptr_equal(tree.text.p, bytes.p + 25);
	assert_int_equal(tree.branches.n, 1);
	branch = tree.branches.at;
	assert_int_equal(branch->id, 9);
	assert_int_equal(branch->leaves.n, 2);
	leaves = branch->leaves.at;
	assert_true(str_is_equal(leaves[0].name, STR("x")));
	assert_int_equal(leaves[1].kind, 12);
	arena_fini(&a);
}

static void
every_cut_is_malformed_when_exact(void **state)
{
	const struct str bytes = STR(TREE_BYTES);
	struct tree tree;
	size_t n;

	(void)state;
	for (n = 0; n < bytes.n; n++)
		assert_false(is_tree(str_sub(bytes, 0, n), true, &tree));
	assert_true(is_tree(bytes, true, &tree));
	assert_false(is_tree(STR(TREE_BYTES "\0"), true, &tree));
}

static void
an_older_record_leaves_fields_zero(void **state)
{
	const struct str bytes = STR(TREE_BYTES);
	struct tree tree;

	(void)state;
	assert_true(is_tree(STR_EMPTY, false, &tree));
	assert_int_equal(tree.fd, -1);
	assert_true(is_tree(str_sub(bytes, 0, 5), false, &tree));
	assert_int_equal(tree.medium, 0x01020304);
	assert_int_equal(tree.large, 0);
	assert_null(tree.text.p);
	assert_int_equal(tree.fd, -1);
	assert_int_equal(tree.branches.n, 0);
	/* Between two bytes of a field no version ever ended. */
	assert_false(is_tree(str_sub(bytes, 0, 6), false, &tree));
	/* Records in lists never grow or shrink. */
	assert_false(is_tree(str_sub(bytes, 0, bytes.n - 1), false, &tree));
}

static void
a_newer_record_is_passed_over(void **state)
{
	struct tree tree;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(pack_is_read(old_fields, STR(TREE_BYTES), false, &tree, sizeof tree, &a));
	assert_int_equal(tree.medium, 0x01020304);
	assert_int_equal(tree.large, 0);
	assert_false(pack_is_read(old_fields, STR(TREE_BYTES), true, &tree, sizeof tree, &a));
	arena_fini(&a);
}

static void
a_count_alone_allocates_nothing(void **state)
{
	struct branch branch;
	struct arena a;

	(void)state;
	arena_init(&a);
	/* A hundred thousand leaves are announced, two could be there. */
	assert_false(pack_is_read(branch_fields,
	    STR("\x09\0\0\0\xa0\x86\x01\0\0\0\0\0\x01\0\0\0\0\x01"), true, &branch,
	    sizeof branch, &a));
	assert_int_equal(a.used, 0);
	assert_false(pack_is_read(branch_fields, STR("\x09\0\0\0\xff\xff\xff\xff"), true, &branch,
	    sizeof branch, &a));
	assert_int_equal(a.used, 0);
	arena_fini(&a);
}

static void
a_list_past_the_ceiling_is_refused(void **state)
{
	struct branch branch;
	struct arena a;

	(void)state;
	arena_init_limit(&a, sizeof(struct leaf));
	assert_false(pack_is_read(branch_fields,
	    STR("\x09\0\0\0\x02\0\0\0\0\0\0\0\x01\0\0\0\0\x01"), true, &branch, sizeof branch,
	    &a));
	arena_fini(&a);
}

static void
a_list_too_long_is_not_written(void **state)
{
	struct branch branch = { 1, { &branch, (size_t)PACK_LIST_MAX + 1 } };
	struct buf out = BUF_EMPTY;

	(void)state;
	pack_add(branch_fields, &branch, &out);
	assert_false(buf_is_ok(&out));
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_as_documented),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(every_cut_is_malformed_when_exact),
		cmocka_unit_test(an_older_record_leaves_fields_zero),
		cmocka_unit_test(a_newer_record_is_passed_over),
		cmocka_unit_test(a_count_alone_allocates_nothing),
		cmocka_unit_test(a_list_past_the_ceiling_is_refused),
		cmocka_unit_test(a_list_too_long_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The cache of open folders, and readers that change them behind it. */

#include "tests/unit/directory_setup.h"

#include <sys/stat.h>

#include "base/file.h"
#include "deliver/box.h"

static struct box *
take(struct place *place, struct boxes *boxes, const char *name)
{
	struct fail why = FAIL_EMPTY;
	struct box *box;

	if (boxes_take(boxes, path_of(place, "M"), str_of(name), true, false, &box, &why) == -1)
		fail_msg("%s", why.log);
	return box;
}

static void
deliver_to(struct place *place, struct box *box, const char *file)
{
	struct iovec iov = { (void *)(uintptr_t)"text", 4 };
	struct fail why = FAIL_EMPTY;
	struct str path = arena_printf(&place->arena, "%.*s/new/%s", STR_ARG(box->path), file);

	if (maildir_place(box->maildir, str_of(file), STR_EMPTY, &iov, 1, false, NULL, &why) == -1)
		fail_msg("%s", why.log);
	assert_int_equal(access(path.p, F_OK), 0);
}

static void
run(struct place *place, const char *format, const char *name)
{
	struct str path = path_of(place, name);

	assert_int_equal(system(arena_printf(&place->arena, format, path.p, path.p).p), 0);
}

static void
open_folder_is_shared(void **state)
{
	struct place *place = *state;
	struct boxes *boxes = boxes_new(10);
	struct box *one = take(place, boxes, "Lists"), *two = take(place, boxes, "Lists");
	struct box *inbox = take(place, boxes, "inbox");

	assert_ptr_equal(one, two);
	assert_ptr_not_equal(one, inbox);
	assert_str_equal(inbox->name, "INBOX");
	assert_str_equal(one->name, "Lists");
	deliver_to(place, one, "1");
	boxes_give(boxes, &one);
	assert_null(one);
	deliver_to(place, two, "2");
	boxes_give(boxes, &two);
	one = take(place, boxes, "Lists");
	assert_false(one->was_made && access(one->path.p, F_OK) != 0);
	boxes_give(boxes, &one);
	boxes_give(boxes, &inbox);
	boxes_give(boxes, &inbox);
	boxes_free(&boxes);
	assert_null(boxes);
}

/* A thread of the other holder may be in fsync of them. */
static void
made_directories_stay_open_while_held(void **state)
{
	struct place *place = *state;
	struct boxes *boxes = boxes_new(10);
	struct box *one = take(place, boxes, "Made"), *two = take(place, boxes, "Made");
	const struct maildir *m = one->maildir;
	struct fail why = FAIL_EMPTY;

	assert_int_not_equal(m->made_fds[0], -1);
	boxes_forget_made(one);
	boxes_give(boxes, &one);
	assert_int_not_equal(m->made_fds[0], -1);
	assert_int_equal(maildir_sync_dirs(two->maildir, &why), 0);
	boxes_give(boxes, &two);
	two = take(place, boxes, "Made");
	assert_ptr_equal(two->maildir, m);
	assert_int_equal(m->made_fds[0], -1);
	boxes_give(boxes, &two);
	boxes_free(&boxes);
}

static void
removed_folder_is_made_anew(void **state)
{
	struct place *place = *state;
	struct boxes *boxes = boxes_new(10);
	struct box *held = take(place, boxes, "Gone"), *again;

	deliver_to(place, held, "1");
	run(place, "rm -rf '%s'", "M/.Gone");
	again = take(place, boxes, "Gone");
	assert_ptr_not_equal(held, again);
	deliver_to(place, again, "2");
	/* The holder of the old one still may touch it. */
	assert_str_equal(held->name, "Gone");
	boxes_give(boxes, &held);
	boxes_give(boxes, &again);
	boxes_free(&boxes);
}

static void
renamed_folder_gets_no_more_mail(void **state)
{
	struct place *place = *state;
	struct boxes *boxes = boxes_new(10);
	struct box *box = take(place, boxes, "Before");

	boxes_give(boxes, &box);
	assert_int_equal(rename(path_of(place, "M/.Before").p, path_of(place, "M/.After").p), 0);
	box = take(place, boxes, "Before");
	deliver_to(place, box, "1");
	assert_int_equal(access(path_of(place, "M/.After/new/1").p, F_OK), -1);
	boxes_give(boxes, &box);
	boxes_free(&boxes);
}

/* Some restore tools and scripts empty a folder this way: the folder is the
 * same, what is open in it is not. */
static void
new_that_was_made_anew_is_noticed(void **state)
{
	static const char *const parts[] = { "M/.Parts/new", "M/.Parts/cur", "M/.Parts/tmp" };
	struct place *place = *state;
	struct boxes *boxes = boxes_new(10);
	struct box *box = take(place, boxes, "Parts");
	size_t i;

	boxes_give(boxes, &box);
	for (i = 0; i < sizeof parts / sizeof *parts; i++) {
		run(place, "rm -r '%s' && mkdir '%s'", parts[i]);
		box = take(place, boxes, "Parts");
		deliver_to(place, box, parts[i] + sizeof "M/.Parts/" - 1);
		boxes_give(boxes, &box);
	}
	boxes_free(&boxes);
}

static void
cache_is_bounded(void **state)
{
	struct place *place = *state;
	struct boxes *boxes = boxes_new(2);
	struct box *held[4], *box;
	char name[16];
	int i;

	/* What is held stays, though it is more than there may be. */
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "n%d", i);
		held[i] = take(place, boxes, name);
	}
	box = take(place, boxes, "n0");
	assert_ptr_equal(box, held[0]);
	boxes_give(boxes, &box);
	for (i = 0; i < 4; i++) {
		deliver_to(place, held[i], "1");
		boxes_give(boxes, &held[i]);
	}
	boxes_free(&boxes);
}

static void
folder_that_is_not_to_be_made_is_missing(void **state)
{
	struct place *place = *state;
	struct boxes *boxes = boxes_new(2);
	struct fail why = FAIL_EMPTY;
	struct box *box = NULL;

	assert_int_equal(boxes_take(boxes, path_of(place, "M"), STR("Never"), false, false, &box,
	    &why), -1);
	assert_null(box);
	assert_int_equal(why.class, FAIL_TEMP);
	why = FAIL_EMPTY;
	assert_int_equal(boxes_take(boxes, path_of(place, "M"), STR("../x"), true, false, &box,
	    &why), -1);
	assert_int_equal(why.class, FAIL_PERM);
	boxes_free(&boxes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_folder_is_shared),
		cmocka_unit_test(made_directories_stay_open_while_held),
		cmocka_unit_test(removed_folder_is_made_anew),
		cmocka_unit_test(renamed_folder_gets_no_more_mail),
		cmocka_unit_test(new_that_was_made_anew_is_noticed),
		cmocka_unit_test(cache_is_bounded),
		cmocka_unit_test(folder_that_is_not_to_be_made_is_missing),
	};

	return cmocka_run_group_tests_name("box", tests, open_place, close_place);
}

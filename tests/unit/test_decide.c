/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* From what filter proposes to the copies that are made. */

#include "tests/unit/directory_setup.h"

#include "deliver/decide.h"
#include "deliver/deliver.h"
#include "ipc/actions.h"

struct world {
	struct deliver deliver;
	struct job job;
	struct job_rcpt rcpt;
	struct user user;
	struct script script;
};

/* Of main.c, which no test links. */
void
deliver_check_stop(struct deliver *d)
{
	(void)d;
}

static void
open_world(struct place *place, struct world *w)
{
	memset(w, 0, sizeof *w);
	w->deliver.boxes = boxes_new(10);
	w->deliver.conf = conf_defaults();
	w->user.root = path_of(place, "M");
	w->script.id = 7;
	w->script.path = STR("/h/s.sieve");
	w->job.deliver = &w->deliver;
	arena_init(&w->job.arena);
	w->job.sender = STR("s@example.net");
	w->job.body = STR("Subject: x\n\ny\n");
	w->job.body_wire_size = w->job.body.n + 3;
	w->rcpt.job = &w->job;
	w->rcpt.user = &w->user;
	w->rcpt.user_name = STR("a@example.org");
	w->rcpt.address = STR("a@example.org");
	w->rcpt.scripts[0] = &w->script;
	w->rcpt.script_count = 1;
}

static void
close_world(struct world *w)
{
	size_t i;

	for (i = 0; i < w->rcpt.copy_count; i++)
		boxes_give(w->deliver.boxes, &w->rcpt.copies[i].box);
	boxes_free(&w->deliver.boxes);
	conf_free(&w->deliver.conf);
	arena_fini(&w->job.arena);
}

static void
decide(struct world *w, struct rec_action *actions, size_t n)
{
	struct rec_filter_outcome outcome = { .index = 0 };

	outcome.actions.at = actions;
	outcome.actions.n = n;
	decide_copies(&w->rcpt, &outcome);
}

static void
expect_copy(const struct world *w, size_t i, const char *box, const char *action)
{
	assert_true(i < w->rcpt.copy_count);
	assert_str_equal(w->rcpt.copies[i].box->name, box);
	assert_string_equal(w->rcpt.copies[i].action, action);
}

static void
no_answer_is_an_implicit_keep(void **state)
{
	struct world w;

	open_world(*state, &w);
	decide_copies(&w.rcpt, NULL);
	assert_int_equal(w.rcpt.copy_count, 1);
	expect_copy(&w, 0, "INBOX", "implicit keep");
	assert_str_equal(w.rcpt.copies[0].prefix,
	    "Return-Path: <s@example.net>\nDelivered-To: a@example.org\n");
	assert_int_equal(w.rcpt.copies[0].size, w.rcpt.copies[0].prefix.n + w.job.body.n);
	assert_int_equal(w.rcpt.copies[0].wire_size, w.rcpt.copies[0].size + 5);
	close_world(&w);
	open_world(*state, &w);
	decide(&w, NULL, 0);
	expect_copy(&w, 0, "INBOX", "implicit keep");
	close_world(&w);
}

static void
forced_mailbox_takes_the_place_of_the_inbox(void **state)
{
	struct rec_action actions[] = { { .kind = FILTER_KEEP },
		{ .kind = FILTER_FILEINTO, .target = STR("Other") } };
	struct world w;

	open_world(*state, &w);
	w.rcpt.mailbox = STR("Forced");
	decide(&w, actions, 2);
	assert_int_equal(w.rcpt.copy_count, 2);
	expect_copy(&w, 0, "Forced", "keep");
	expect_copy(&w, 1, "Other", "fileinto");
	close_world(&w);
}

static void
one_mailbox_gets_one_copy(void **state)
{
	struct rec_action actions[] = {
		{ .kind = FILTER_FILEINTO, .target = STR("L"), .flags = STR("\\Seen") },
		{ .kind = FILTER_KEEP },
		{ .kind = FILTER_FILEINTO, .target = STR("L") },
		{ .kind = FILTER_FILEINTO, .target = STR("inbox") },
	};
	struct world w;

	open_world(*state, &w);
	decide(&w, actions, 4);
	assert_int_equal(w.rcpt.copy_count, 2);
	expect_copy(&w, 0, "L", "fileinto");
	assert_str_equal(w.rcpt.copies[0].flags, "\\Seen");
	expect_copy(&w, 1, "INBOX", "keep");
	close_world(&w);
}

static void
discard_makes_no_copy_and_is_remembered(void **state)
{
	struct rec_action discard = { .kind = FILTER_DISCARD, .script = 7, .line = 12,
		.rule = STR("spam") };
	struct world w;

	open_world(*state, &w);
	decide(&w, &discard, 1);
	assert_int_equal(w.rcpt.copy_count, 0);
	assert_false(w.rcpt.is_settled);
	assert_str_equal(w.rcpt.discard_script, "/h/s.sieve");
	assert_int_equal(w.rcpt.discard_line, 12);
	assert_str_equal(w.rcpt.discard_rule, "spam");
	close_world(&w);
}

static void
what_cannot_be_ends_in_the_inbox(void **state)
{
	struct rec_action actions[] = {
		{ .kind = FILTER_FILEINTO, .target = STR("../../x") },
		{ .kind = FILTER_FILEINTO, .target = STR("a\0b") },
		{ .kind = FILTER_FILEINTO, .target = STR("") },
		{ .kind = FILTER_REDIRECT, .target = STR("b@example.net") },
		{ .kind = 200 },
	};
	struct world w;
	size_t i;

	for (i = 0; i < sizeof actions / sizeof *actions; i++) {
		open_world(*state, &w);
		decide(&w, &actions[i], 1);
		assert_int_equal(w.rcpt.copy_count, 1);
		assert_str_equal(w.rcpt.copies[0].box->name, "INBOX");
		assert_false(w.rcpt.is_settled);
		close_world(&w);
	}
}

static void
inbox_that_cannot_be_had_is_temporary(void **state)
{
	struct place *place = *state;
	struct world w;

	open_world(place, &w);
	w.user.root = write_text(place, "file", STR("no directory"));
	decide_copies(&w.rcpt, NULL);
	assert_true(w.rcpt.is_settled);
	assert_int_equal(w.rcpt.copy_count, 0);
	assert_int_equal(w.rcpt.why.class, FAIL_TEMP);
	close_world(&w);
}

static void
flags_are_cleaned(void **state)
{
	struct rec_action keep = { .kind = FILTER_KEEP,
		.flags = STR("\\Seen \\Recent a{b  $Label1 \\ x\x01y \\flagged") };
	struct world w;

	open_world(*state, &w);
	decide(&w, &keep, 1);
	assert_str_equal(w.rcpt.copies[0].flags, "\\Seen $Label1 \\flagged");
	close_world(&w);
}

static void
original_recipient_is_told_when_it_differs(void **state)
{
	struct world w;

	open_world(*state, &w);
	w.rcpt.orcpt = STR("other@example.org");
	decide_copies(&w.rcpt, NULL);
	assert_str_equal(w.rcpt.copies[0].prefix, "Return-Path: <s@example.net>\n"
	    "X-Original-To: other@example.org\nDelivered-To: a@example.org\n");
	close_world(&w);
	open_world(*state, &w);
	w.rcpt.orcpt = STR("A@example.org");
	decide_copies(&w.rcpt, NULL);
	assert_int_equal(str_find(w.rcpt.copies[0].prefix, STR("X-Original-To")), -1);
	close_world(&w);
}

static void
loop_is_found_in_delivered_to(void **state)
{
	static const struct {
		const char *fields;
		bool is_loop;
	} cases[] = {
		{ "", false },
		{ "b@example.org", false },
		{ "a@example.org", true },
		{ " A@EXAMPLE.org ", true },
		{ "b@example.org\n<a@example.org>\n", true },
		{ "aa@example.org\na@example.orgx", false },
	};
	struct world w;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		open_world(*state, &w);
		decide_loop(&w.rcpt, str_of(cases[i].fields));
		assert_int_equal(w.rcpt.is_settled, cases[i].is_loop);
		if (cases[i].is_loop)
			assert_int_equal(w.rcpt.why.class, FAIL_PERM);
		close_world(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_answer_is_an_implicit_keep),
		cmocka_unit_test(forced_mailbox_takes_the_place_of_the_inbox),
		cmocka_unit_test(one_mailbox_gets_one_copy),
		cmocka_unit_test(discard_makes_no_copy_and_is_remembered),
		cmocka_unit_test(what_cannot_be_ends_in_the_inbox),
		cmocka_unit_test(inbox_that_cannot_be_had_is_temporary),
		cmocka_unit_test(flags_are_cleaned),
		cmocka_unit_test(original_recipient_is_told_when_it_differs),
		cmocka_unit_test(loop_is_found_in_delivered_to),
	};

	return cmocka_run_group_tests_name("decide", tests, open_place, close_place);
}

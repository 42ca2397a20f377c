/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* From the mail that filter wants sent to rows of the outbox: a filter that a
 * message has taken over must get nothing out that is not its to send. */

#include "tests/unit/directory_setup.h"

#include "deliver/decide.h"
#include "deliver/deliver.h"
#include "ipc/actions.h"

#define BODY "Subject: x\n\nbody\n"

struct world {
	struct deliver deliver;
	struct job job;
	struct job_rcpt rcpt;
	struct user user;
	struct script script;
	/* What filter says: one mail and its action. */
	struct rec_mail mail;
	struct rec_version version;
	struct rec_piece pieces[3];
	struct rec_action action;
};

/* Of main.c, which no test links. */
void
deliver_check_stop(struct deliver *d)
{
	(void)d;
}

static void
open_world(struct place *place, struct world *w, uint8_t kind, uint8_t cause)
{
	memset(w, 0, sizeof *w);
	w->deliver.boxes = boxes_new(10);
	w->deliver.conf = conf_defaults();
	free(w->deliver.conf->hostname);
	w->deliver.conf->hostname = strdup("door.example.org");
	free(w->deliver.conf->relay_sendmail);
	w->deliver.conf->relay_sendmail = strdup("/usr/sbin/sendmail");
	w->user.root = path_of(place, "M");
	w->script.id = 7;
	w->script.path = STR("/h/s.sieve");
	w->job.deliver = &w->deliver;
	arena_init(&w->job.arena);
	w->job.sender = STR("s@example.net");
	w->job.body = STR(BODY);
	w->job.envid = STR("QQ314159");
	w->job.ret = 2;
	w->rcpt.job = &w->job;
	w->rcpt.user = &w->user;
	w->rcpt.user_name = STR("a@example.org");
	w->rcpt.address = STR("a@example.org");
	w->rcpt.notify = 4;
	w->rcpt.scripts[0] = &w->script;
	w->rcpt.script_count = 1;
	w->job.made = STR("X: y\nfoot\n");
	w->pieces[0] = (struct rec_piece){ .is_made = 1, .from = 0, .size = 5 };
	w->pieces[1] = (struct rec_piece){ .from = 0, .size = sizeof BODY - 1 };
	w->pieces[2] = (struct rec_piece){ .is_made = 1, .from = 5, .size = 5 };
	w->version.pieces.at = w->pieces;
	w->version.pieces.n = 2;
	w->mail = (struct rec_mail){ .cause = cause, .to = STR("s@example.net"), .version = 1 };
	w->action = (struct rec_action){ .kind = kind, .script = 7, .line = 3, .mail = 1,
		.target = STR("No\r\nthank you") };
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
decide(struct world *w)
{
	struct rec_filter_outcome outcome = { .index = 0 };

	outcome.actions.at = &w->action;
	outcome.actions.n = 1;
	outcome.mails.at = &w->mail;
	outcome.mails.n = 1;
	outcome.versions.at = &w->version;
	outcome.versions.n = 1;
	decide_copies(&w->rcpt, &outcome);
}

static void
redirect_is_a_row_and_no_copy(void **state)
{
	struct job_outgoing *row;
	struct world w;

	open_world(*state, &w, FILTER_REDIRECT, FILTER_CAUSE_REDIRECT);
	w.mail.to = STR("x@example.com");
	w.mail.sender = w.job.sender;
	decide(&w);
	assert_int_equal(w.rcpt.copy_count, 0);
	assert_int_equal(w.rcpt.outgoing_count, 1);
	row = w.rcpt.outgoing;
	assert_string_equal(row->cause, "redirect");
	assert_str_equal(row->sender, "s@example.net");
	assert_str_equal(row->recipient, "x@example.com");
	assert_str_equal(row->head, "X: y\n");
	assert_int_equal(row->from, 0);
	assert_int_equal(row->end, sizeof BODY - 1);
	assert_str_equal(row->script, "/h/s.sieve");
	assert_int_equal(row->line, 3);
	/* RFC 3461 5.2.1: what the sender asked for goes on. */
	assert_int_equal(row->notify, 4);
	assert_int_equal(row->ret, 2);
	assert_str_equal(row->envid, "QQ314159");
	assert_str_equal(row->orcpt, "rfc822;a@example.org");
	close_world(&w);
}

/* RFC 6009 6.1: the script's own wish, and reports that are the owner's. */
static void
wish_of_the_script_goes_before_that_of_the_sender(void **state)
{
	struct world w;

	open_world(*state, &w, FILTER_REDIRECT, FILTER_CAUSE_REDIRECT);
	w.mail.sender = w.rcpt.address;
	w.mail.notify = 2;
	w.mail.by = STR("120;R");
	decide(&w);
	assert_int_equal(w.rcpt.outgoing_count, 1);
	assert_int_equal(w.rcpt.outgoing[0].notify, 2);
	assert_int_equal(w.rcpt.outgoing[0].ret, 0);
	assert_int_equal(w.rcpt.outgoing[0].envid.n, 0);
	assert_str_equal(w.rcpt.outgoing[0].by, "120;R");
	close_world(&w);
}

static void
each_recipient_is_a_row(void **state)
{
	struct world w;

	open_world(*state, &w, FILTER_SEND, FILTER_CAUSE_NOTIFY);
	w.mail.to = STR("x@example.com\ny@example.com");
	decide(&w);
	assert_int_equal(w.rcpt.outgoing_count, 2);
	assert_str_equal(w.rcpt.outgoing[0].recipient, "x@example.com");
	assert_str_equal(w.rcpt.outgoing[1].recipient, "y@example.com");
	close_world(&w);
}

static void
end_of_a_changed_message_is_not_lost(void **state)
{
	struct world w;

	open_world(*state, &w, FILTER_REDIRECT, FILTER_CAUSE_REDIRECT);
	w.version.pieces.n = 3;
	decide(&w);
	assert_int_equal(w.rcpt.outgoing_count, 1);
	assert_str_equal(w.rcpt.outgoing[0].head, "X: y\n" BODY "foot\n");
	assert_int_equal(w.rcpt.outgoing[0].from, w.rcpt.outgoing[0].end);
	close_world(&w);
	/* Made bytes that happen to lie behind the message in memory. */
	open_world(*state, &w, FILTER_REDIRECT, FILTER_CAUSE_REDIRECT);
	w.job.made = STR(BODY "and more, longer than the message that came");
	w.job.body = str_sub(w.job.made, 0, sizeof BODY - 1);
	w.pieces[0] = (struct rec_piece){ .is_made = 1, .from = 4, .size = w.job.made.n - 4 };
	w.version.pieces.n = 1;
	decide(&w);
	assert_int_equal(w.rcpt.outgoing_count, 1);
	assert_str_equal(w.rcpt.outgoing[0].head,
	    "ect: x\n\nbody\nand more, longer than the message that came");
	assert_int_equal(w.rcpt.outgoing[0].end, 0);
	close_world(&w);
}

static void
break_route(struct world *w)
{
	w->deliver.no_relay = (char *)(uintptr_t)"no route";
}

static void
break_route_before_relay_tells(struct world *w)
{
	*w->deliver.conf->relay_sendmail = '\0';
}

static void
break_mail(struct world *w)
{
	w->action.mail = 2;
}

static void
break_version(struct world *w)
{
	w->mail.version = 2;
}

static void
break_range(struct world *w)
{
	w->pieces[1].size = sizeof BODY;
}

static void
break_order(struct world *w)
{
	w->pieces[0].from = UINT64_MAX;
}

static void
break_cause(struct world *w)
{
	w->mail.cause = FILTER_CAUSE_COUNT;
}

static void
break_recipient(struct world *w)
{
	w->mail.to = STR("x@example.com> NOTIFY=NEVER");
}

static void
break_recipients(struct world *w)
{
	w->mail.to = STR_EMPTY;
}

static void
break_sender(struct world *w)
{
	w->mail.sender = STR("president@example.com");
}

static void
break_null_sender(struct world *w)
{
	w->job.sender = STR_EMPTY;
	w->mail.sender = w->rcpt.address;
}

static void
break_by(struct world *w)
{
	w->mail.by = STR("1;R\r\nDATA");
}

/* What cannot be sent is kept, RFC 5228 2.10.6 and DESIGN 3: nothing is lost. */
static void
redirect_that_may_not_be_is_kept(void **state)
{
	static void (*const ways[])(struct world *) = { break_route,
		break_route_before_relay_tells, break_mail, break_version, break_range,
		break_order, break_cause, break_recipient, break_recipients,
		break_sender, break_null_sender, break_by };
	struct world w;
	size_t i;

	for (i = 0; i < sizeof ways / sizeof *ways; i++) {
		open_world(*state, &w, FILTER_REDIRECT, FILTER_CAUSE_REDIRECT);
		ways[i](&w);
		decide(&w);
		if (w.rcpt.outgoing_count != 0 || w.rcpt.copy_count != 1)
			fail_msg("way %zu was sent", i);
		assert_string_equal(w.rcpt.copies[0].action, "implicit keep");
		close_world(&w);
	}
}

static void
answer_goes_to_the_sender_only(void **state)
{
	struct world w;

	open_world(*state, &w, FILTER_SEND, FILTER_CAUSE_VACATION);
	w.mail.to = STR("victim@example.com");
	decide(&w);
	assert_int_equal(w.rcpt.outgoing_count, 0);
	close_world(&w);
	open_world(*state, &w, FILTER_SEND, FILTER_CAUSE_VACATION);
	w.mail.to = STR("s@example.net\nvictim@example.com");
	decide(&w);
	assert_int_equal(w.rcpt.outgoing_count, 0);
	close_world(&w);
	open_world(*state, &w, FILTER_SEND, FILTER_CAUSE_VACATION);
	decide(&w);
	assert_int_equal(w.rcpt.outgoing_count, 1);
	assert_int_equal(w.rcpt.copy_count, 0);
	close_world(&w);
	/* One of this host: compose_complete has named it. */
	open_world(*state, &w, FILTER_SEND, FILTER_CAUSE_VACATION);
	w.job.sender = STR("root");
	w.mail.to = STR("root@door.example.org");
	decide(&w);
	assert_int_equal(w.rcpt.outgoing_count, 1);
	close_world(&w);
}

/* RFC 8580 3: no copy of what was not sent. */
static void
copy_of_an_answer_is_stored_with_it(void **state)
{
	struct rec_filter_outcome outcome = { .index = 0 };
	struct rec_action actions[2];
	struct world w;
	int i;

	for (i = 0; i < 2; i++) {
		open_world(*state, &w, FILTER_SEND, FILTER_CAUSE_VACATION);
		if (i == 1)
			break_sender(&w);
		actions[0] = w.action;
		actions[1] = (struct rec_action){ .kind = FILTER_FILEINTO, .target = STR("INBOX"),
			.version = 1, .mail = 1 };
		outcome.actions.at = actions;
		outcome.actions.n = 2;
		outcome.mails.at = &w.mail;
		outcome.mails.n = 1;
		outcome.versions.at = &w.version;
		outcome.versions.n = 1;
		decide_copies(&w.rcpt, &outcome);
		assert_int_equal(w.rcpt.outgoing_count, i == 0);
		assert_int_equal(w.rcpt.copy_count, i == 0);
		close_world(&w);
	}
}

static void
refusal_is_sent_or_said(void **state)
{
	struct world w;

	open_world(*state, &w, FILTER_REJECT, FILTER_CAUSE_REJECT);
	decide(&w);
	assert_int_equal(w.rcpt.outgoing_count, 1);
	assert_false(w.rcpt.is_settled);
	close_world(&w);
	open_world(*state, &w, FILTER_REJECT, FILTER_CAUSE_REJECT);
	w.action.mail = 0;
	decide(&w);
	assert_true(w.rcpt.is_settled);
	assert_int_equal(w.rcpt.why.class, FAIL_PERM);
	assert_str_equal(w.rcpt.reply, "No\nthank you");
	assert_string_equal(w.rcpt.why.text, "No");
	close_world(&w);
	open_world(*state, &w, FILTER_REJECT, FILTER_CAUSE_REJECT);
	break_route(&w);
	decide(&w);
	assert_true(w.rcpt.is_settled);
	close_world(&w);
}

/* RFC 5321 4.5.3.1.5 with RFC 5429 2.2.1: all of it, on lines that a reply has
 * room for. */
static void
long_reason_is_said_on_several_lines(void **state)
{
	char reason[1000];
	struct str rest, line;
	struct world w;
	size_t n = 0;

	memset(reason, 'r', sizeof reason);
	for (size_t i = 50; i < sizeof reason; i += 50)
		reason[i] = ' ';
	open_world(*state, &w, FILTER_REJECT, FILTER_CAUSE_REJECT);
	w.action.mail = 0;
	w.action.target = (struct str){ reason, sizeof reason };
	decide(&w);
	for (rest = w.rcpt.reply; str_can_split(&rest, '\n', &line); n += line.n + 1)
		assert_true(line.n <= 300);
	/* A line end took the place of each blank. */
	assert_int_equal(n, sizeof reason + 1);
	memset(reason, 'r', sizeof reason);
	w.rcpt.is_settled = false;
	decide(&w);
	for (n = 0, rest = w.rcpt.reply; str_can_split(&rest, '\n', &line); n += line.n)
		assert_true(line.n <= 300);
	assert_int_equal(n, sizeof reason);
	close_world(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redirect_is_a_row_and_no_copy),
		cmocka_unit_test(wish_of_the_script_goes_before_that_of_the_sender),
		cmocka_unit_test(each_recipient_is_a_row),
		cmocka_unit_test(end_of_a_changed_message_is_not_lost),
		cmocka_unit_test(redirect_that_may_not_be_is_kept),
		cmocka_unit_test(answer_goes_to_the_sender_only),
		cmocka_unit_test(copy_of_an_answer_is_stored_with_it),
		cmocka_unit_test(refusal_is_sent_or_said),
		cmocka_unit_test(long_reason_is_said_on_several_lines),
	};

	return cmocka_run_group_tests_name("decide_mail", tests, open_place, close_place);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Questions over real links: each is answered once, whatever becomes of the
 * link. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/net.h"
#include "session/ask.h"

/* The process at the other end, and what was heard at ours. */
struct here {
	struct loop *loop;
	struct ask *ask;
	struct wire *directory, *deliver;
	uint64_t rcpts[8], rooms[8], jobs[8], seen[8];
	size_t rcpt_count, room_count, job_count, seen_count, gone;
	size_t wanted; /* SESSION_ASKS_OWNER */
	size_t answered;
	struct answer last;
	size_t targets, outcomes;
	bool asks_again; /* from inside an answer */
};

static struct here here;

static void
on_rcpt(struct wire *w, const union msg_any *m, void *arg)
{
	(void)w;
	(void)arg;
	here.rcpts[here.rcpt_count++] = m->SESSION_ASKS_RCPT.id;
}

static void
on_room(struct wire *w, const union msg_any *m, void *arg)
{
	(void)w;
	(void)arg;
	here.rooms[here.room_count++] = m->SESSION_ASKS_ROOM.id;
}

static void
on_job(struct wire *w, const union msg_any *m, void *arg)
{
	(void)w;
	(void)arg;
	here.jobs[here.job_count++] = m->SESSION_GIVES_JOB.id;
}

static void
on_seen(struct wire *w, const union msg_any *m, void *arg)
{
	(void)w;
	(void)arg;
	here.seen[here.seen_count++] = m->SESSION_SAW_ANSWER.id;
}

static const wire_handler handlers[MSG_COUNT] = {
	[MSG_SESSION_ASKS_RCPT] = on_rcpt,
	[MSG_SESSION_ASKS_ROOM] = on_room,
	[MSG_SESSION_GIVES_JOB] = on_job,
	[MSG_SESSION_SAW_ANSWER] = on_seen,
};

static void
on_gone(struct wire *w, void *arg)
{
	struct wire **which = w == here.deliver ? &here.deliver : &here.directory;

	(void)arg;
	here.gone++;
	wire_free(which);
}

static void
want_owner(void *arg, struct str owner, uint32_t uid)
{
	(void)arg;
	assert_true(str_is_equal(owner, STR("virtual")));
	assert_int_equal(uid, 7);
	here.wanted++;
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

static void
run(void)
{
	struct watch w = { 0 };

	loop_timer(here.loop, &w, CLOCK_SECOND / 50, stop, here.loop);
	loop_run(here.loop);
}

static void
give_owner(void)
{
	int fds[2];

	assert_int_equal(net_pair(fds, NULL), 0);
	wire_free(&here.deliver);
	here.deliver = wire_new(here.loop, fds[0], handlers, on_gone, NULL);
	ask_set_owner(here.ask, STR("virtual"), fds[1]);
}

static int
begin(void **state)
{
	int fds[2];

	(void)state;
	memset(&here, 0, sizeof here);
	log_set_level(LOG_L_ERROR);
	here.loop = loop_new();
	here.ask = ask_new(here.loop, want_owner, NULL);
	assert_int_equal(net_pair(fds, NULL), 0);
	here.directory = wire_new(here.loop, fds[0], handlers, on_gone, NULL);
	ask_set_directory(here.ask, fds[1]);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	ask_free(&here.ask);
	wire_free(&here.directory);
	wire_free(&here.deliver);
	loop_free(&here.loop);
	return 0;
}

static void ask_for_room(void);

static void
on_answer(void *arg, const struct ask_result *result)
{
	(void)arg;
	here.answered++;
	here.last = result->answer;
	here.targets = result->target_count;
	here.outcomes = result->outcome_count;
	if (here.asks_again) {
		here.asks_again = false;
		ask_for_room();
	}
}

static void
ask_for_room(void)
{
	ask_room(here.ask, STR("virtual"), 7, STR("alice"), 10, on_answer, &here);
}

static void
tell_room(uint64_t id, enum fail_class class)
{
	struct msg_DELIVER_ANSWERS_ROOM m = { .id = id, .class = (uint8_t)class };

	wire_send(here.deliver, MSG_DELIVER_ANSWERS_ROOM, &m);
	run();
}

static void
directory_is_heard(void **state)
{
	struct rec_target targets[2] = { { STR("a"), STR("o"), 1 }, { STR("b"), STR("o"), 1 } };
	struct msg_DIRECTORY_ANSWERS_RCPT m = { .targets = { targets, 2 } };

	(void)state;
	ask_rcpt(here.ask, STR("a@b"), on_answer, &here);
	run();
	assert_int_equal(here.rcpt_count, 1);
	m.id = here.rcpts[0];
	wire_send(here.directory, MSG_DIRECTORY_ANSWERS_RCPT, &m);
	/* Said twice: only once heard. */
	wire_send(here.directory, MSG_DIRECTORY_ANSWERS_RCPT, &m);
	run();
	assert_int_equal(here.answered, 1);
	assert_int_equal(here.targets, 2);
}

static void
a_dead_directory_is_a_temporary_failure(void **state)
{
	(void)state;
	ask_rcpt(here.ask, STR("a@b"), on_answer, &here);
	run();
	wire_free(&here.directory);
	run();
	assert_int_equal(here.answered, 1);
	assert_int_equal(here.last.class, FAIL_TEMP);
	ask_rcpt(here.ask, STR("a@b"), on_answer, &here);
	assert_int_equal(here.answered, 2);
	assert_int_equal(here.last.class, FAIL_TEMP);
}

static void
an_owner_is_wanted_once_and_asked_when_it_is_there(void **state)
{
	(void)state;
	ask_for_room();
	ask_for_room();
	run();
	assert_int_equal(here.wanted, 1);
	give_owner();
	run();
	assert_int_equal(here.room_count, 2);
	tell_room(here.rooms[1], FAIL_NONE);
	tell_room(here.rooms[0], FAIL_PERM);
	assert_int_equal(here.answered, 2);
	assert_int_equal(here.last.class, FAIL_PERM);
}

static void
a_refused_owner_is_a_temporary_failure_and_wanted_again(void **state)
{
	(void)state;
	ask_for_room();
	here.asks_again = true;
	ask_refuse_owner(here.ask, STR("virtual"));
	assert_int_equal(here.answered, 1);
	assert_int_equal(here.last.class, FAIL_TEMP);
	assert_int_equal(here.wanted, 2);
	give_owner();
	run();
	assert_int_equal(here.room_count, 1);
}

static void
a_dead_deliver_answers_what_it_held(void **state)
{
	struct msg_SESSION_GIVES_JOB job = { .fd = -1, .body = STR("x"), .size = 1 };

	(void)state;
	give_owner();
	ask_for_room();
	ask_job(here.ask, STR("virtual"), 7, &job, on_answer, &here);
	run();
	assert_int_equal(here.job_count, 1);
	assert_int_equal(here.jobs[0], job.id);
	wire_free(&here.deliver);
	run();
	assert_int_equal(here.answered, 2);
	assert_int_equal(here.last.class, FAIL_TEMP);
	/* The next question asks for a new one. */
	ask_for_room();
	assert_int_equal(here.wanted, 1);
}

static void
a_replaced_link_answers_what_went_through_the_old_one(void **state)
{
	(void)state;
	give_owner();
	ask_for_room();
	run();
	here.asks_again = true;
	give_owner();
	run();
	assert_int_equal(here.answered, 1);
	assert_int_equal(here.last.class, FAIL_TEMP);
	assert_int_equal(here.room_count, 2);
	tell_room(here.rooms[1], FAIL_NONE);
	assert_int_equal(here.answered, 2);
	assert_int_equal(here.wanted, 0);
}

static void
a_retired_link_closes_when_nothing_is_open(void **state)
{
	struct msg_SESSION_GIVES_JOB job = { .fd = -1, .body = STR("x"), .size = 1 };
	struct rec_outcome outcome = { 0 };
	struct msg_DELIVER_ANSWERS_JOB m = { .outcomes = { &outcome, 1 } };

	(void)state;
	give_owner();
	ask_job(here.ask, STR("virtual"), 7, &job, on_answer, &here);
	run();
	ask_retire_owner(here.ask, STR("virtual"));
	run();
	assert_int_equal(here.gone, 0);
	m.id = job.id;
	wire_send(here.deliver, MSG_DELIVER_ANSWERS_JOB, &m);
	run();
	assert_int_equal(here.outcomes, 1);
	assert_int_equal(here.gone, 1);
	ask_for_room();
	assert_int_equal(here.wanted, 1);
}

static void
what_was_seen_is_told_to_its_owner(void **state)
{
	(void)state;
	ask_saw(here.ask, STR("virtual"), 5);
	give_owner();
	ask_saw(here.ask, STR("virtual"), 6);
	run();
	assert_int_equal(here.seen_count, 1);
	assert_int_equal(here.seen[0], 6);
}

static void
a_forgotten_question_is_not_answered(void **state)
{
	(void)state;
	ask_for_room();
	ask_forget(here.ask, &here);
	give_owner();
	run();
	assert_int_equal(here.room_count, 0);
	ask_for_room();
	run();
	ask_forget(here.ask, &here);
	/* It stays open on the link, so that this is not retired too early. */
	ask_retire_owner(here.ask, STR("virtual"));
	run();
	assert_int_equal(here.gone, 0);
	tell_room(here.rooms[0], FAIL_NONE);
	assert_int_equal(here.answered, 0);
	assert_int_equal(here.gone, 1);
}

static void
a_wrong_answer_is_not_taken(void **state)
{
	struct msg_SESSION_GIVES_JOB job = { .fd = -1, .body = STR("x"), .size = 1 };

	(void)state;
	give_owner();
	ask_job(here.ask, STR("virtual"), 7, &job, on_answer, &here);
	run();
	/* An answer to a question about room, with a job's number. */
	tell_room(job.id, FAIL_NONE);
	tell_room(99, FAIL_NONE);
	assert_int_equal(here.answered, 0);
}

#define LINKED(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LINKED(directory_is_heard),
		LINKED(a_dead_directory_is_a_temporary_failure),
		LINKED(an_owner_is_wanted_once_and_asked_when_it_is_there),
		LINKED(a_refused_owner_is_a_temporary_failure_and_wanted_again),
		LINKED(a_dead_deliver_answers_what_it_held),
		LINKED(a_replaced_link_answers_what_went_through_the_old_one),
		LINKED(a_retired_link_closes_when_nothing_is_open),
		LINKED(what_was_seen_is_told_to_its_owner),
		LINKED(a_forgotten_question_is_not_answered),
		LINKED(a_wrong_answer_is_not_taken),
	};

	return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}

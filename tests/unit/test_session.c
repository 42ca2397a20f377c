/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A session over a real socket: when an answer counts as read, how replies are
 * written, and how connections end.  Directory and deliver are those of
 * session_world.h. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/session_world.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "session/server.h"
#include "session/session.h"

#define TO_ALICE                                                               \
	"LHLO c\r\nMAIL FROM:<s@example.net>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n"
#define BODY "Subject: x\r\n\r\nx\r\n.\r\n"

struct here {
	struct loop *loop;
	struct server server;
	int client;
	char got[8192];
};

static int
begin(void **state)
{
	static struct here here;
	struct sockaddr_storage from = { .ss_family = AF_UNIX };
	int fds[2];

	memset(&here, 0, sizeof here);
	memset(&world, 0, sizeof world);
	log_set_level(LOG_L_ERROR);
	here.loop = loop_new();
	server_init(&here.server, here.loop, NULL);
	server_set_conf(&here.server, conf_defaults());
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	here.client = fds[0];
	session_open(&here.server, fds[1], &from, COMMAND_LMTP);
	*state = &here;
	return 0;
}

static int
end(void **state)
{
	struct here *here = *state;
	size_t i;

	if (here->client != -1)
		close(here->client);
	server_fini(&here->server);
	loop_free(&here->loop);
	for (i = 0; i < WORLD_JOBS_MAX; i++) {
		buf_fini(&world.jobs[i].text);
		buf_fini(&world.jobs[i].who);
	}
	return 0;
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

/* Lets the server do all that it can do now. */
static void
run(struct here *here)
{
	struct watch w = { 0 };

	loop_timer(here->loop, &w, CLOCK_SECOND / 50, stop, here->loop);
	loop_run(here->loop);
}

static void
say(struct here *here, const char *text)
{
	assert_int_equal(send(here->client, text, strlen(text), 0), (ssize_t)strlen(text));
	run(here);
}

/* What came, at one read(2). */
static const char *
hear(struct here *here)
{
	ssize_t n = recv(here->client, here->got, sizeof here->got - 1, 0);

	here->got[n > 0 ? n : 0] = '\0';
	return here->got;
}

static void
the_next_command_shows_that_the_answer_was_read(void **state)
{
	struct here *here = *state;

	say(here, TO_ALICE);
	hear(here);
	say(here, BODY);
	assert_int_equal(world.job_count, 1);
	assert_non_null(strstr(hear(here), "250 2.0.0"));
	assert_int_equal(world.seen_count, 0);
	say(here, "NOOP\r\n");
	assert_int_equal(world.seen_count, 1);
	assert_int_equal(world.seen[0], 1);
}

static void
an_orderly_close_shows_it_too(void **state)
{
	struct here *here = *state;

	say(here, TO_ALICE);
	hear(here);
	say(here, BODY);
	hear(here);
	close(here->client);
	here->client = -1;
	run(here);
	assert_int_equal(world.seen_count, 1);
	assert_int_equal(here->server.session_count, 0);
}

static void
a_close_with_the_answer_unread_shows_nothing(void **state)
{
	struct here *here = *state;

	say(here, TO_ALICE);
	hear(here);
	say(here, BODY);
	close(here->client);
	here->client = -1;
	run(here);
	assert_int_equal(world.job_count, 1);
	assert_int_equal(world.seen_count, 0);
	assert_int_equal(here->server.session_count, 0);
}

/* RFC 2920 3.1: the commands were sent without having seen the answer. */
static void
a_pipelined_command_shows_nothing(void **state)
{
	struct here *here = *state;

	world.is_lazy = true;
	say(here, TO_ALICE);
	while (world_can_answer())
		;
	run(here);
	hear(here);
	say(here, BODY);
	say(here, "NOOP\r\nNOOP\r\n");
	assert_true(world_can_answer());
	run(here);
	assert_int_equal(world.job_count, 1);
	assert_int_equal(world.seen_count, 0);
	assert_non_null(strstr(hear(here), "250 2.0.0"));
	say(here, "NOOP\r\n");
	assert_int_equal(world.seen_count, 1);
}

/* QUIT was pipelined; only the client's own close says that it read on. */
static void
after_a_pipelined_quit_the_close_counts(void **state)
{
	struct here *here = *state;

	say(here, TO_ALICE);
	hear(here);
	say(here, BODY "QUIT\r\n");
	assert_int_equal(world.seen_count, 0);
	assert_non_null(strstr(hear(here), "221 2.0.0"));
	assert_int_equal(here->server.session_count, 1);
	close(here->client);
	here->client = -1;
	run(here);
	assert_int_equal(world.seen_count, 1);
	assert_int_equal(here->server.session_count, 0);
}

static void
a_close_that_came_before_the_answer_shows_nothing(void **state)
{
	struct here *here = *state;

	say(here, TO_ALICE);
	hear(here);
	world.is_lazy = true;
	say(here, BODY);
	shutdown(here->client, SHUT_WR);
	run(here);
	assert_int_equal(here->server.session_count, 1);
	assert_true(world_can_answer());
	run(here);
	assert_non_null(strstr(hear(here), "250 2.0.0"));
	assert_int_equal(world.seen_count, 0);
	assert_int_equal(here->server.session_count, 0);
}

static void
half_a_message_is_no_message(void **state)
{
	struct here *here = *state;

	say(here, TO_ALICE "Subject: x\r\n\r\nno end\r\n");
	close(here->client);
	here->client = -1;
	run(here);
	assert_int_equal(world.job_count, 0);
	assert_int_equal(here->server.session_count, 0);
	assert_int_equal(here->server.budget.used, 0);
}

/* RFC 2920 3.2: the replies to a pipelined group in one packet. */
static void
replies_to_a_group_are_one_write(void **state)
{
	struct here *here = *state;

	world.is_lazy = true;
	run(here);
	hear(here);
	say(here, TO_ALICE);
	while (world_can_answer())
		run(here);
	hear(here);
	assert_non_null(strstr(here->got, "250 LIMITS"));
	assert_non_null(strstr(here->got, "354"));
}

static void
replies_that_are_not_read_stop_the_reading(void **state)
{
	struct here *here = *state;
	char lines[6 * 10000];
	size_t i;
	ssize_t n = 1;
	int round;

	for (i = 0; i < sizeof lines; i += 6)
		memcpy(lines + i, "NOOP\r\n", 6);
	for (round = 0; round < 200 && n > 0; round++) {
		n = send(here->client, lines, sizeof lines, 0);
		run(here);
	}
	/* It came to a stop, and goes on when we read. */
	assert_int_equal(n, -1);
	for (round = 0; round < 100; round++) {
		while (recv(here->client, lines, sizeof lines, 0) > 0)
			;
		run(here);
	}
	assert_true(send(here->client, "\r\nQUIT\r\n", 8, 0) == 8);
	run(here);
	assert_non_null(strstr(hear(here), "221"));
}

/* Another client of the same server, under what its settings are now. */
static int
connect_another(struct here *here)
{
	struct sockaddr_storage from = { .ss_family = AF_UNIX };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	session_open(&here->server, fds[1], &from, COMMAND_LMTP);
	return fds[0];
}

static void
a_silent_client_is_told_and_left(void **state)
{
	struct here *here = *state;

	close(here->client);
	here->server.conf->conf->session_timeout = CLOCK_SECOND / 100;
	here->client = connect_another(here);
	hear(here);
	run(here);
	run(here);
	assert_non_null(strstr(hear(here), "421 4.4.2"));
	close(here->client);
	here->client = -1;
	run(here);
	assert_int_equal(here->server.session_count, 0);
}

static void
a_waiting_client_is_not_timed_out(void **state)
{
	struct here *here = *state;
	int i;

	close(here->client);
	here->server.conf->conf->session_timeout = CLOCK_SECOND / 5;
	here->client = connect_another(here);
	world.is_lazy = true;
	say(here, "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<alice>\r\n");
	for (i = 0; i < 20; i++)
		run(here);
	while (world_can_answer())
		;
	run(here);
	hear(here);
	assert_non_null(strstr(here->got, "250 2.1.5"));
	assert_null(strstr(here->got, "421"));
}

static void
an_idle_session_is_told_of_the_stop(void **state)
{
	struct here *here = *state;

	session_stop_all(&here->server);
	run(here);
	assert_non_null(strstr(hear(here), "421 4.3.2"));
	/* Nothing is obeyed any more. */
	say(here, TO_ALICE BODY);
	assert_int_equal(world.job_count, 0);
	assert_string_equal(hear(here), "");
}

/* A listener block as master would send it. */
static struct conf *
conf_with_listener(void)
{
	struct rec_setting settings[] = {
		{ STR("listener"), STR("door"), STR_EMPTY, STR_EMPTY },
		{ STR("listener"), STR("door"), STR("address"), STR("unix:/nowhere") },
		{ STR(""), STR(""), STR("connection_limit"), STR("2") },
	};
	struct msg_MASTER_GIVES_CONF m = { .settings = { settings, 3 } };
	struct fail why = FAIL_EMPTY;
	struct conf *conf = NULL;

	if (conf_from_settings(&m, &conf, &why) == -1)
		fail_msg("%s", why.log);
	return conf;
}

static void
connections_beyond_the_limit_are_refused(void **state)
{
	struct here *here = *state;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const socklen_t short_len = sizeof(sa_family_t);
	socklen_t len = sizeof at;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int clients[2], i;

	/* A name that the kernel chooses, in the abstract space. */
	assert_int_equal(bind(listener, (struct sockaddr *)&at, short_len), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	server_set_conf(&here->server, conf_with_listener());
	server_add_listener(&here->server, STR("nobody"), dup(listener));
	server_add_listener(&here->server, STR("door"), listener);
	for (i = 0; i < 2; i++) {
		clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&at, len), 0);
		run(here);
		recv(clients[i], here->got, sizeof here->got, 0);
		assert_memory_equal(here->got, i == 0 ? "220 " : "421 ", 4);
	}
	close(clients[0]);
	close(clients[1]);
	run(here);
	assert_int_equal(here->server.session_count, 1);
}

static void
stopping_finishes_the_transaction_first(void **state)
{
	struct here *here = *state;

	say(here, TO_ALICE);
	hear(here);
	server_stop(&here->server);
	assert_int_equal(here->server.session_count, 1);
	say(here, BODY);
	hear(here);
	assert_non_null(strstr(here->got, "250 2.0.0"));
	assert_non_null(strstr(here->got, "421 4.3.2"));
	close(here->client);
	here->client = -1;
	/* Returns because the last session has ended. */
	loop_run(here->loop);
	assert_int_equal(here->server.session_count, 0);
	assert_int_equal(world.seen_count, 1);
}

#define SESSION(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION(the_next_command_shows_that_the_answer_was_read),
		SESSION(an_orderly_close_shows_it_too),
		SESSION(a_close_with_the_answer_unread_shows_nothing),
		SESSION(a_pipelined_command_shows_nothing),
		SESSION(after_a_pipelined_quit_the_close_counts),
		SESSION(a_close_that_came_before_the_answer_shows_nothing),
		SESSION(half_a_message_is_no_message),
		SESSION(replies_to_a_group_are_one_write),
		SESSION(replies_that_are_not_read_stop_the_reading),
		SESSION(a_silent_client_is_told_and_left),
		SESSION(a_waiting_client_is_not_timed_out),
		SESSION(an_idle_session_is_told_of_the_stop),
		SESSION(connections_beyond_the_limit_are_refused),
		SESSION(stopping_finishes_the_transaction_first),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}

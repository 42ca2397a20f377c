/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Conversations: what the client says, and what becomes of the mail, by what
 * the remote replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/relay_world.h"

#define MAIL "MAIL FROM:<a@example.org>\r\n"
#define RCPT "RCPT TO:<b@example.net>\r\n"
#define BODY "Subject: x\r\n\r\n..y\r\n.\r\n"

/* Lines by turns: what the client must have said, what the remote says then. */
#define TURNS_MAX 16

struct talk {
	const char *name;
	bool is_lmtp, is_hung_up; /* the remote closes at the end */
	unsigned mails;
	const char *turns[TURNS_MAX];
	unsigned done, given_back, gone;
	enum client_end how;
	enum fail_class class;
	unsigned subject, detail;
};

#define EHLO_PLAIN "", "220 mx\r\n", "EHLO door.example.org\r\n", "250 mx\r\n"
#define EHLO_PIPED "", "220 mx\r\n", "EHLO door.example.org\r\n", "250-mx\r\n250 PIPELINING\r\n"
#define READY EHLO_PLAIN

static const struct talk talks[] = {
	{ .name = "step by step", .mails = 1, .turns = { READY, MAIL, "250 ok\r\n", RCPT,
	    "250 ok\r\n", "DATA\r\n", "354 go\r\n", BODY, "250 2.0.0 taken\r\n", "" }, .done = 1 },
	{ .name = "piped", .mails = 1, .turns = { EHLO_PIPED, MAIL RCPT "DATA\r\n",
	    "250 ok\r\n250 ok\r\n354 go\r\n", BODY, "250 2.0.0 taken\r\n", "" }, .done = 1 },
	{ .name = "lmtp", .is_lmtp = true, .mails = 1, .turns = { "", "220 mx\r\n",
	    "LHLO door.example.org\r\n", "250-mx\r\n250 PIPELINING\r\n", MAIL RCPT "DATA\r\n",
	    "250 ok\r\n250 ok\r\n354 go\r\n", BODY, "550 5.2.2 full\r\n", "" }, .done = 1,
	    .class = FAIL_PERM, .subject = 2, .detail = 2 },
	{ .name = "two mails, no RSET between", .mails = 2, .turns = { EHLO_PIPED,
	    MAIL RCPT "DATA\r\n", "250 ok\r\n250 ok\r\n354 go\r\n", BODY, "250 ok\r\n",
	    MAIL RCPT "DATA\r\n", "250 ok\r\n250 ok\r\n354 go\r\n", BODY, "250 ok\r\n", "" },
	    .done = 2 },
	{ .name = "the greeting comes in two lines", .mails = 1, .turns = { "", "220-mx\r\n", "",
	    "220 mx\r\n", "EHLO door.example.org\r\n", "250 mx\r\n", MAIL, "550 5.7.1 no\r\n",
	    "" }, .done = 1, .class = FAIL_PERM, .subject = 7, .detail = 1 },
	{ .name = "no EHLO", .mails = 1, .turns = { "", "220 mx\r\n", "EHLO door.example.org\r\n",
	    "502 what?\r\n", "HELO door.example.org\r\n", "250 mx\r\n", MAIL, "451 no\r\n", "" },
	    .done = 1, .class = FAIL_TEMP },
	{ .name = "neither", .mails = 1, .turns = { "", "220 mx\r\n", "EHLO door.example.org\r\n",
	    "502 what?\r\n", "HELO door.example.org\r\n", "502 what?\r\n", "" }, .gone = 1,
	    .how = CLIENT_NO_WAY },
	{ .name = "lmtp has no HELO", .is_lmtp = true, .mails = 1, .turns = { "", "220 mx\r\n",
	    "LHLO door.example.org\r\n", "500 what?\r\n", "" }, .gone = 1, .how = CLIENT_NO_WAY },
	{ .name = "no service", .mails = 1, .turns = { "", "554 no\r\n", "" }, .gone = 1,
	    .how = CLIENT_NO_WAY },
	{ .name = "busy", .mails = 1, .turns = { "", "421 later\r\n", "" }, .gone = 1,
	    .how = CLIENT_NO_WAY },
	{ .name = "garbage for a greeting", .mails = 1, .turns = { "", "SSH-2.0-x\r\n", "" },
	    .gone = 1, .how = CLIENT_NO_WAY },
	/* Refusals, step by step and piped. */
	{ .name = "RCPT refused", .mails = 2, .turns = { READY, MAIL, "250 ok\r\n", RCPT,
	    "550 5.1.1 unknown\r\n", "RSET\r\n", "250 ok\r\n", MAIL }, .done = 1,
	    .class = FAIL_PERM, .subject = 1, .detail = 1 },
	{ .name = "MAIL refused, piped", .mails = 2, .turns = { EHLO_PIPED, MAIL RCPT "DATA\r\n",
	    "550 5.7.1 no\r\n503 no\r\n503 no\r\n", "RSET\r\n", "250 ok\r\n",
	    MAIL RCPT "DATA\r\n" }, .done = 1, .class = FAIL_PERM, .subject = 7, .detail = 1 },
	{ .name = "RCPT refused, piped", .mails = 1, .turns = { EHLO_PIPED, MAIL RCPT "DATA\r\n",
	    "250 ok\r\n450 4.2.1 later\r\n554 no\r\n", "RSET\r\n", "250 ok\r\n", "" }, .done = 1,
	    .class = FAIL_TEMP, .subject = 2, .detail = 1 },
	{ .name = "RCPT refused, and yet 354", .mails = 2, .turns = { EHLO_PIPED,
	    MAIL RCPT "DATA\r\n", "250 ok\r\n550 5.1.1 no\r\n354 go\r\n", ".\r\n", "554 none\r\n",
	    MAIL RCPT "DATA\r\n" }, .done = 1, .class = FAIL_PERM, .subject = 1, .detail = 1 },
	{ .name = "and takes nothing for nobody", .mails = 1, .turns = { EHLO_PIPED,
	    MAIL RCPT "DATA\r\n", "250 ok\r\n550 5.1.1 no\r\n354 go\r\n", ".\r\n", "250 ok\r\n",
	    "" }, .done = 1, .class = FAIL_PERM, .subject = 1, .detail = 1, .gone = 1,
	    .how = CLIENT_IS_OVER },
	{ .name = "DATA refused", .mails = 1, .turns = { READY, MAIL, "250 ok\r\n", RCPT,
	    "250 ok\r\n", "DATA\r\n", "451 4.3.2 no\r\n", "RSET\r\n", "250 ok\r\n", "" },
	    .done = 1, .class = FAIL_TEMP, .subject = 3, .detail = 2 },
	{ .name = "RSET refused", .mails = 1, .turns = { READY, MAIL, "250 ok\r\n", RCPT,
	    "550 no\r\n", "RSET\r\n", "500 no\r\n", "" }, .done = 1, .class = FAIL_PERM,
	    .gone = 1, .how = CLIENT_IS_OVER },
	/* Replies that have no place. */
	{ .name = "354 to MAIL", .mails = 1, .turns = { READY, MAIL, "354 go\r\n", "" }, .done = 1,
	    .class = FAIL_TEMP, .subject = 5, .gone = 1, .how = CLIENT_LOST },
	{ .name = "250 to DATA", .mails = 1, .turns = { READY, MAIL, "250 ok\r\n", RCPT,
	    "250 ok\r\n", "DATA\r\n", "250 ok\r\n", "" }, .done = 1, .class = FAIL_TEMP,
	    .subject = 5, .gone = 1, .how = CLIENT_LOST },
	{ .name = "354 to the end", .mails = 1, .turns = { READY, MAIL, "250 ok\r\n", RCPT,
	    "250 ok\r\n", "DATA\r\n", "354 go\r\n", BODY, "354 more\r\n", "" }, .done = 1,
	    .class = FAIL_TEMP, .subject = 5, .gone = 1, .how = CLIENT_LOST },
	{ .name = "unasked, while idle", .turns = { READY, "", "250 hello\r\n", "" }, .gone = 1,
	    .how = CLIENT_IS_OVER },
	{ .name = "farewell, while idle", .turns = { READY, "", "421 bye\r\n", "" }, .gone = 1,
	    .how = CLIENT_IS_OVER },
	/* The connection's end. */
	{ .name = "hung up at once", .is_hung_up = true, .mails = 1, .turns = { "" }, .gone = 1,
	    .how = CLIENT_NO_WAY },
	{ .name = "hung up while idle", .is_hung_up = true, .turns = { READY, "" }, .gone = 1,
	    .how = CLIENT_IS_OVER },
	{ .name = "hung up behind MAIL", .is_hung_up = true, .mails = 1, .turns = { READY, MAIL },
	    .done = 1, .class = FAIL_TEMP, .subject = 4, .detail = 2, .gone = 1,
	    .how = CLIENT_LOST },
	{ .name = "the first mail of a connection is not given back", .mails = 1, .turns = { READY,
	    MAIL, "421 4.3.2 bye\r\n", "" }, .done = 1, .class = FAIL_TEMP, .subject = 3,
	    .detail = 2, .gone = 1, .how = CLIENT_LOST },
	{ .name = "a second mail of which nothing was heard is", .is_hung_up = true, .mails = 2,
	    .turns = { READY, MAIL, "550 no\r\n", MAIL }, .done = 1, .class = FAIL_PERM,
	    .given_back = 1, .gone = 1, .how = CLIENT_LOST },
	{ .name = "421 to the second MAIL gives it back", .mails = 2, .turns = { READY, MAIL,
	    "550 no\r\n", MAIL, "421 bye\r\n", "" }, .done = 1, .class = FAIL_PERM,
	    .given_back = 1, .gone = 1, .how = CLIENT_LOST },
	{ .name = "421 to RCPT", .mails = 1, .turns = { READY, MAIL, "250 ok\r\n", RCPT,
	    "421 4.7.0 bye\r\n", "" }, .done = 1, .class = FAIL_TEMP, .subject = 7, .gone = 1,
	    .how = CLIENT_LOST },
	{ .name = "421 to the end", .mails = 1, .turns = { READY, MAIL, "250 ok\r\n", RCPT,
	    "250 ok\r\n", "DATA\r\n", "354 go\r\n", BODY, "421 4.7.0 bye\r\n", "" }, .done = 1,
	    .class = FAIL_TEMP, .subject = 7, .gone = 1, .how = CLIENT_LOST },
	{ .name = "hung up behind the end", .is_hung_up = true, .mails = 1, .turns = { READY, MAIL,
	    "250 ok\r\n", RCPT, "250 ok\r\n", "DATA\r\n", "354 go\r\n", BODY }, .done = 1,
	    .class = FAIL_TEMP, .subject = 4, .detail = 2, .gone = 1, .how = CLIENT_LOST },
};

static void
run_talk(const struct talk *t)
{
	size_t i;

	world_begin(t->is_lmtp);
	for (i = 0; i < t->mails; i++)
		world_give("b@example.net", STR("Subject: x\n\n.y\n"), 0);
	world_settle();
	for (i = 0; i < TURNS_MAX && t->turns[i] != NULL; i++) {
		if (i % 2 == 1) {
			world_reply(str_of(t->turns[i]));
			continue;
		}
		if (!str_is_equal(buf_str(&world.said), str_of(t->turns[i])))
			fail_msg("%s, turn %zu: `%s`, not `%s`", t->name, i,
			    buf_cstr(&world.said), t->turns[i]);
		buf_clear(&world.said);
	}
	if (t->is_hung_up)
		world_hang_up();
	if (world.done != t->done || world.given_back != t->given_back || world.gone != t->gone ||
	    (t->gone > 0 && world.how != t->how))
		fail_msg("%s: %u done, %u back, %u gone, %d: %s", t->name, world.done,
		    world.given_back, world.gone, world.how, world.why.log);
	if (t->done > 0 && (world.fail.class != t->class || world.fail.subject != t->subject ||
	    world.fail.detail != t->detail))
		fail_msg("%s: %d %u.%u %s", t->name, world.fail.class, world.fail.subject,
		    world.fail.detail, world.fail.log);
	world_end();
}

static void
each_conversation_ends_as_it_must(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof talks / sizeof talks[0]; i++)
		run_talk(&talks[i]);
}

static void
a_large_message_waits_for_its_reader(void **state)
{
	struct buf text = BUF_EMPTY;

	(void)state;
	buf_add_cstr(&text, "Subject: x\n\n");
	while (text.n < 8 * 1024 * 1024)
		buf_add_cstr(&text, ".0123456789012345678901234567890123456789\n");
	world_begin(false);
	world_give("b@example.net", buf_str(&text), 0);
	world_reply(STR("220 mx\r\n"));
	world_reply(STR("250-mx\r\n250 PIPELINING\r\n"));
	buf_clear(&world.said);
	world_reply(STR("250 ok\r\n250 ok\r\n354 go\r\n"));
	assert_true(str_has_suffix(buf_str(&world.said), STR("\r\n.\r\n")));
	assert_true(world.said.n > text.n);
	world_reply(STR("250 ok\r\n"));
	assert_int_equal(world.done, 1);
	assert_int_equal(world.fail.class, FAIL_NONE);
	world_end();
	buf_fini(&text);
}

static void
a_chunk_is_said_as_it_is(void **state)
{
	static const struct str text = STR("MIME-Version: 1.0\nContent-Type: x/y\n\n.\0\r\nz");

	(void)state;
	world_begin(false);
	world_give("b@example.net", text, 2);
	world_reply(STR("220 mx\r\n"));
	world_reply(STR("250-mx\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250-DSN\r\n250 PIPELINING\r\n"));
	assert_true(str_has_suffix(buf_str(&world.said),
	    STR("MAIL FROM:<a@example.org> BODY=BINARYMIME\r\n")));
	world_reply(STR("250 ok\r\n"));
	buf_clear(&world.said);
	world_reply(STR("250 ok\r\n"));
	assert_true(str_is_equal(buf_str(&world.said), STR("BDAT 48 LAST\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: x/y\r\n\r\n.\0\r\r\nz\r\n")));
	world_reply(STR("250 ok\r\n"));
	assert_int_equal(world.done, 1);
	assert_int_equal(world.fail.class, FAIL_NONE);
	assert_true(world.is_dsn_passed);
	world_end();
}

static void
too_many_lines_end_the_connection_alone(void **state)
{
	struct buf lines = BUF_EMPTY;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_add_cstr(&lines, "250-x\r\n");
	world_begin(false);
	world_give("b@example.net", STR("\nx\n"), 0);
	world_reply(STR("220 mx\r\n"));
	world_reply(buf_str(&lines));
	assert_int_equal(world.gone, 1);
	assert_int_equal(world.how, CLIENT_NO_WAY);
	assert_int_equal(world.done, 0);
	world_end();
	buf_fini(&lines);
}

static void
a_retired_client_says_quit_when_it_is_idle(void **state)
{
	(void)state;
	world_begin(false);
	world_give("b@example.net", STR("\nx\n"), 0);
	world_reply(STR("220 mx\r\n"));
	world_reply(STR("250 mx\r\n"));
	client_retire(world.client);
	buf_clear(&world.said);
	world_reply(STR("550 no\r\n"));
	assert_string_equal(buf_cstr(&world.said), "QUIT\r\n");
	world_reply(STR("221 bye\r\n"));
	assert_int_equal(world.gone, 1);
	assert_int_equal(world.how, CLIENT_IS_OVER);
	world_end();
}

static void
a_mail_that_nobody_waits_for_ends_before_its_dot(void **state)
{
	(void)state;
	world_begin(false);
	world_give("b@example.net", STR("\nx\n"), 0);
	world_reply(STR("220 mx\r\n"));
	world_reply(STR("250 mx\r\n"));
	client_drop_mail(world.client);
	assert_int_equal(world.gone, 1);
	assert_int_equal(world.done, 1);
	assert_int_equal(world.given_back, 0);
	world_end();
}

static void
silence_ends_at_its_time(void **state)
{
	static const char *const replies[] = { "220 mx\r\n", "250 mx\r\n", "250 ok\r\n",
		"250 ok\r\n", "354 go\r\n" };
	size_t i, j;

	(void)state;
	for (i = 0; i <= sizeof replies / sizeof replies[0]; i++) {
		world_begin(false);
		world.config.timeout = CLOCK_SECOND / 100;
		world.config.end_timeout = CLOCK_SECOND / 100;
		world.config.connect_timeout = CLOCK_SECOND / 100;
		world_give("b@example.net", STR("\nx\n"), 0);
		for (j = 0; j < i; j++)
			world_reply(str_of(replies[j]));
		/* Half a reply is none. */
		world_reply(STR("250-"));
		loop_timer(world.loop, &world.timer, CLOCK_SECOND / 20, world_stop, world.loop);
		loop_run(world.loop);
		assert_int_equal(world.gone, 1);
		assert_int_equal(world.how, i < 2 ? CLIENT_NO_WAY : CLIENT_LOST);
		assert_int_equal(world.done, i < 2 ? 0 : 1);
		if (world.done > 0)
			assert_int_equal(world.fail.class, FAIL_TEMP);
		world_end();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_conversation_ends_as_it_must),
		cmocka_unit_test(a_large_message_waits_for_its_reader),
		cmocka_unit_test(a_chunk_is_said_as_it_is),
		cmocka_unit_test(too_many_lines_end_the_connection_alone),
		cmocka_unit_test(a_retired_client_says_quit_when_it_is_idle),
		cmocka_unit_test(a_mail_that_nobody_waits_for_ends_before_its_dot),
		cmocka_unit_test(silence_ends_at_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Conversations: what a client says, what it is told, and what deliver gets.
 * Directory and deliver are those of session_world.h. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/session_world.h"

#include "base/log.h"

#define HELLO "LHLO c.example.net\r\n"
#define MAIL "MAIL FROM:<s@example.net>\r\n"
#define TO(name) "RCPT TO:<" name "@example.org>\r\n"

static int
begin(void **state)
{
	(void)state;
	log_set_level(LOG_L_ERROR);
	world_begin(COMMAND_LMTP);
	return 0;
}

static int
begin_lda(void **state)
{
	(void)state;
	log_set_level(LOG_L_ERROR);
	world_begin(COMMAND_LDA);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	world_end();
	return 0;
}

/* The codes of the replies given since the last look: "250 250-2.1.0 ...":
 * each with its enhanced code when it has one; lines that go on are passed
 * over. */
static const char *
codes(void)
{
	static struct buf text;
	struct str rest = buf_str(&world.dialog.out), line;

	buf_clear(&text);
	while (str_can_split(&rest, '\n', &line)) {
		struct str enhanced = str_from(line, 4);
		ptrdiff_t space = str_find_byte(enhanced, ' ');

		if (line.n < 4 || line.p[3] == '-')
			continue;
		enhanced = str_sub(enhanced, 0, space == -1 ? 0 : (size_t)space);
		buf_addf(&text, "%s%.3s", text.n > 0 ? " " : "", line.p);
		if (enhanced.n == 5 && enhanced.p[1] == '.' && enhanced.p[3] == '.')
			buf_addf(&text, "-%.5s", enhanced.p);
	}
	buf_clear(&world.dialog.out);
	return buf_cstr(&text);
}

static void
say(const char *text, const char *want)
{
	const char *got;

	world_say(str_of(text));
	got = codes();
	if (strcmp(got, want) != 0)
		fail_msg("to %.60s...\n  got  %s\n  want %s", text, got, want);
}

static void
greet(void)
{
	codes();
	say(HELLO, "250");
}

static void
assert_content(size_t job, const char *want)
{
	struct str text = str_from(buf_str(&world.jobs[job].text), world.jobs[job].trace_len);

	if (!str_is_equal(text, str_of(want)))
		fail_msg("got \"%.*s\"", STR_ARG(text));
}

static void
the_greeting_names_every_extension(void **state)
{
	static const char want[] = "220 door.example.org LMTP Doorstep\r\n"
				   "250-door.example.org\r\n250-PIPELINING\r\n"
				   "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DELIVERBY\r\n"
				   "250-SIZE 52428800\r\n250-CHUNKING\r\n250-BINARYMIME\r\n"
				   "250 LIMITS RCPTMAX=1000 MAILMAX=10000\r\n";

	(void)state;
	world_say(STR(HELLO));
	assert_int_equal(world.dialog.out.n, strlen(want));
	assert_memory_equal(world.dialog.out.p, want, strlen(want));
}

static void
a_message_gets_a_trace_and_loses_its_dots(void **state)
{
	static const char trace[] = "Received: from c.example.net ([192.0.2.1])\n"
				    "\tby door.example.org (Doorstep) with LMTP id s1.1\n"
				    "\tfor <alice@example.org>;\n\t";
	const struct world_job *j = &world.jobs[0];
	struct str text;

	(void)state;
	greet();
	say(MAIL TO("alice") "DATA\r\n", "250-2.1.0 250-2.1.5 354");
	say("Subject: x\r\n\r\n..\r\n.y\r\na\nb\r\n.\r\n", "250-2.0.0");
	assert_int_equal(world.job_count, 1);
	assert_false(j->is_fd);
	assert_content(0, "Subject: x\n\n.\ny\na\nb\n");
	text = buf_str(&j->text);
	assert_true(str_has_prefix(text, str_of(trace)));
	assert_int_equal(text.p[j->trace_len - 1], '\n');
	assert_string_equal(buf_cstr(&world.jobs[0].who), "alice<alice@example.org>() ");
}

static void
each_recipient_gets_a_reply_in_order(void **state)
{
	(void)state;
	greet();
	say(MAIL TO("alice") TO("nobody") TO("broken") TO("late") TO("full") TO("gone"),
	    "250-2.1.0 250-2.1.5 550-5.1.1 451-4.3.0 250-2.1.5 552-5.2.2 250-2.1.5");
	say("DATA\r\nx\r\n.\r\n", "354 250-2.0.0 552-5.2.2 451-4.3.0");
	assert_int_equal(world.job_count, 2);
	assert_true(strstr(buf_cstr(&world.jobs[0].text), "\tfor <") == NULL);
}

static void
the_same_recipient_twice_is_one_copy_and_two_replies(void **state)
{
	(void)state;
	greet();
	say(MAIL TO("alice") TO("alice") TO("alice+x") "DATA\r\n",
	    "250-2.1.0 250-2.1.5 250-2.1.5 250-2.1.5 354");
	say(".\r\n", "250-2.0.0 250-2.0.0 250-2.0.0");
	assert_int_equal(world.job_count, 1);
	assert_string_equal(buf_cstr(&world.jobs[0].who),
	    "alice<alice@example.org>() alice<alice+x@example.org>() ");
}

static void
an_alias_is_as_bad_as_its_worst_target(void **state)
{
	(void)state;
	greet();
	say(MAIL TO("team") TO("alice") "DATA\r\n", "250-2.1.0 250-2.1.5 250-2.1.5 354");
	say("x\r\n.\r\n", "250-2.0.0 250-2.0.0");
	assert_int_equal(world.job_count, 2);
	assert_int_equal(world.dialog.unseen_count, 2);
	dialog_saw(&world.dialog);
	assert_int_equal(world.seen_count, 2);
}

/* The success of one owner's job hidden behind the failure of another's. */
static void
a_hidden_success_is_not_acknowledged(void **state)
{
	struct transaction t = { 0 };
	struct command mail = { 0 }, rcpt = { 0 };
	const struct rec_target both[] = { world_target("alice", "virtual", 1),
		world_target("gone", "uid.2", 2) };
	const struct transaction_client client = { STR("unix"), STR("c") };
	const struct answer good = ANSWER_GOOD;
	const struct answer bad = ANSWER_FAIL(FAIL_TEMP, 3, 0, "no");
	const struct rec_outcome delivered = { .index = 0 };

	(void)state;
	transaction_begin(&t, &mail);
	rcpt.path.text = STR("team");
	transaction_add(&t, &rcpt, STR_EMPTY, both, 2);
	rcpt.path.text = STR("alice");
	transaction_add(&t, &rcpt, STR_EMPTY, both, 1);
	body_init(&t.body, DATA_DOTTED, 0, &world.budget);
	transaction_make_jobs(&t, &client, 0);
	assert_int_equal(t.job_count, 2);
	transaction_take_outcomes(&t, 0, &good, &delivered, 1);
	transaction_take_outcomes(&t, 1, &bad, NULL, 0);
	transaction_settle(&t);
	assert_int_equal(transaction_answer(&t, 0).class, FAIL_TEMP);
	assert_int_equal(transaction_answer(&t, 1).class, FAIL_NONE);
	assert_false(t.jobs[0].can_acknowledge);
	assert_true(t.jobs[1].can_acknowledge);
	transaction_fini(&t);
}

static void
recipients_beyond_one_packet_make_more_jobs(void **state)
{
	struct transaction t = { 0 };
	struct command mail = { 0 }, rcpt = { 0 };
	const struct transaction_client client = { STR("unix"), STR("c") };
	struct rec_target one = world_target("", "virtual", 1);
	char name[400];
	size_t i;

	(void)state;
	transaction_begin(&t, &mail);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "%0350zu", i);
		one.user = str_of(name);
		rcpt.path.text = str_of(name);
		transaction_add(&t, &rcpt, STR_EMPTY, &one, 1);
	}
	body_init(&t.body, DATA_DOTTED, 0, &world.budget);
	buf_reserve(&t.body.bytes, WIRE_INLINE_MAX);
	memset(t.body.bytes.p, 'x', WIRE_INLINE_MAX);
	buf_grew(&t.body.bytes, WIRE_INLINE_MAX);
	transaction_make_jobs(&t, &client, 0);
	assert_true(t.job_count > 1);
	for (i = 0; i < t.job_count; i++)
		assert_true(wire_can_carry(MSG_SESSION_GIVES_JOB, &t.jobs[i].message));
	transaction_fini(&t);
}

static void
without_a_recipient_there_is_no_data(void **state)
{
	(void)state;
	greet();
	say("DATA\r\n", "503-5.5.1");
	say(MAIL "DATA\r\n", "250-2.1.0 503-5.5.1");
	say(TO("nobody") "DATA\r\n", "550-5.1.1 503-5.5.1");
	say(TO("alice") "DATA\r\n.\r\n", "250-2.1.5 354 250-2.0.0");
}

static void
the_transaction_is_empty_after_the_message(void **state)
{
	(void)state;
	greet();
	say(MAIL TO("late") "DATA\r\nx\r\n.\r\n", "250-2.1.0 250-2.1.5 354 552-5.2.2");
	say("DATA\r\n", "503-5.5.1");
	say(TO("alice"), "503-5.5.1");
	say(MAIL TO("alice") "RSET\r\nDATA\r\n", "250-2.1.0 250-2.1.5 250-2.0.0 503-5.5.1");
	say(MAIL TO("alice") HELLO TO("alice"), "250-2.1.0 250-2.1.5 250 503-5.5.1");
}

static void
chunks_are_put_together(void **state)
{
	(void)state;
	greet();
	say("MAIL FROM:<> BODY=BINARYMIME\r\n" TO("alice"), "250-2.1.0 250-2.1.5");
	say("BDAT 2\r\na\r", "250-2.0.0");
	say("BDAT 4\r\n\n.\r\nBDAT 0\r\n", "250-2.0.0 250-2.0.0");
	say(TO("bob") "DATA\r\n", "503-5.5.1 503-5.5.1");
	say("MAIL FROM:<>\r\n" TO("alice") "BDAT 2\r\na\rBDAT 5 LAST\r\n\n.\r\n\r",
	    "250-2.1.0 250-2.1.5 250-2.0.0 250-2.0.0");
	assert_int_equal(world.job_count, 1);
	assert_content(0, "a\n.\n\r");
}

static void
binarymime_needs_chunks(void **state)
{
	(void)state;
	greet();
	say("MAIL FROM:<> BODY=BINARYMIME\r\n" TO("alice") "DATA\r\n" TO("alice"),
	    "250-2.1.0 250-2.1.5 503-5.5.1 503-5.5.1");
}

static void
a_refused_chunk_is_swallowed(void **state)
{
	(void)state;
	greet();
	say("BDAT 6\r\nQUIT\r\nNOOP\r\n", "503-5.5.1 250-2.0.0");
	/* RFC 2033 4.3: zero replies to LAST when no RCPT has succeeded. */
	say(MAIL "BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", "250-2.1.0 503-5.5.1 250-2.0.0");
	say(TO("alice"), "503-5.5.1");
}

static void
a_chunk_of_unknown_size_ends_the_session(void **state)
{
	(void)state;
	greet();
	say(MAIL TO("alice") "BDAT x\r\nNOOP\r\n", "250-2.1.0 250-2.1.5 501-5.5.4");
	assert_true(world.dialog.is_over);
}

static void
too_large_is_said_at_mail_in_data_and_in_chunks(void **state)
{
	(void)state;
	world.conf->message_size_limit = 10;
	greet();
	say("MAIL FROM:<> SIZE=11\r\n", "552-5.3.4");
	say("MAIL FROM:<> SIZE=10\r\n" TO("alice") TO("bob") "DATA\r\n0123456\r\n.\r\n",
	    "250-2.1.0 250-2.1.5 250-2.1.5 354 250-2.0.0 250-2.0.0");
	say(MAIL TO("alice") TO("bob") "DATA\r\n012345678\r\nx\r\n.\r\nNOOP\r\n",
	    "250-2.1.0 250-2.1.5 250-2.1.5 354 552-5.3.4 552-5.3.4 250-2.0.0");
	say(MAIL TO("alice") "BDAT 6\r\n012345BDAT 6\r\n012345BDAT 2 LAST\r\n01NOOP\r\n",
	    "250-2.1.0 250-2.1.5 250-2.0.0 552-5.3.4 503-5.5.1 250-2.0.0");
	say(MAIL TO("alice") TO("bob") "BDAT 11 LAST\r\n01234567890NOOP\r\n",
	    "250-2.1.0 250-2.1.5 250-2.1.5 552-5.3.4 552-5.3.4 250-2.0.0");
	assert_int_equal(world.budget.used, 0);
	assert_int_equal(world.job_count, 1);
}

static void
memory_for_messages_is_limited(void **state)
{
	(void)state;
	world.budget.limit = 1000;
	greet();
	say("MAIL FROM:<> SIZE=1001\r\n", "452-4.3.1");
	say(MAIL TO("alice") "DATA\r\n", "250-2.1.0 250-2.1.5 354");
	world.budget.used += 900;
	say("x\r\n.\r\n", "452-4.3.1");
	assert_int_equal(world.budget.used, 900);
}

static void
a_large_message_goes_by_memfd(void **state)
{
	struct buf text = BUF_EMPTY;
	int i;

	(void)state;
	greet();
	say(MAIL TO("alice") "DATA\r\n", "250-2.1.0 250-2.1.5 354");
	for (i = 0; i < 3000; i++)
		buf_addf(&text, "line %d of a message that is large\r\n", i);
	for (i = 0; (size_t)i < text.n; i += 1000)
		world_say(str_sub(buf_str(&text), (size_t)i, 1000));
	say(".\r\n", "250-2.0.0");
	assert_true(world.jobs[0].is_fd);
	assert_int_equal(world.jobs[0].text.n - world.jobs[0].trace_len, text.n - 3000);
	buf_fini(&text);
}

static void
every_split_of_the_input_is_the_same_conversation(void **state)
{
	static const char script[] = HELLO MAIL TO("alice") TO("nobody") TO("team")
	    "DATA\r\n..a\r\nb\n.\n\r\n.\r\n" MAIL TO("bob") "BDAT 3\r\n\r\n.BDAT 2 LAST\r\n\r\n"
	    "NOPE\r\nBDAT 4\r\nQUITVRFY x\r\nHELP\r\nQUIT\r\nNOOP\r\n";
	static const char want[] = "220 250 250-2.1.0 250-2.1.5 550-5.1.1 250-2.1.5 354 250-2.0.0 "
				   "250-2.0.0 250-2.1.0 250-2.1.5 250-2.0.0 250-2.0.0 500-5.5.2 "
				   "503-5.5.1 252-2.5.0 214-2.0.0 221-2.0.0";
	struct str in = str_of(script);
	size_t cut, step;

	(void)state;
	world_end();
	for (cut = 0; cut <= in.n + 1; cut++) {
		begin(NULL);
		world.is_lazy = cut % 2 == 1;
		step = cut > in.n ? 1 : in.n;
		world_say(str_sub(in, 0, cut > in.n ? 0 : cut));
		for (in = str_from(in, cut > in.n ? 0 : cut); in.n > 0; in = str_from(in, step))
			world_say(str_sub(in, 0, step));
		assert_string_equal(codes(), want);
		assert_content(0, ".a\nb\n.\n\n");
		in = str_of(script);
		if (cut <= in.n)
			world_end();
	}
}

static void
long_lines_and_bare_lf_are_refused_and_swallowed(void **state)
{
	char line[6000];

	(void)state;
	codes();
	memset(line, 'x', sizeof line);
	world_say((struct str){ line, 5000 });
	assert_int_equal(world.in.n, 0);
	say("\r\nNOOP\r\n", "500-5.5.2 250-2.0.0");
	say("NOOP\nNOOP\r\n", "500-5.5.2 250-2.0.0");
	say("NO\rOP\r\n\r\n", "500-5.5.2 500-5.5.2");
}

static void
a_line_without_an_end_ends_the_session(void **state)
{
	char line[4096];
	int i;

	(void)state;
	codes();
	memset(line, 'x', sizeof line);
	for (i = 0; i < 300 && !world.dialog.is_over; i++)
		world_say((struct str){ line, sizeof line });
	assert_string_equal(codes(), "421-4.7.0");
}

static void
limits_end_the_session(void **state)
{
	(void)state;
	world.conf->error_limit = 3;
	greet();
	say("NOPE\r\nNOPE\r\nNOPE\r\nNOOP\r\n", "500-5.5.2 500-5.5.2 500-5.5.2 421-4.7.0");
	world_end();
	begin(NULL);
	world.conf->transaction_limit = 1;
	world.conf->recipient_limit = 2;
	greet();
	say(MAIL TO("alice") TO("nobody") TO("bob") TO("carol"),
	    "250-2.1.0 250-2.1.5 550-5.1.1 250-2.1.5 452-4.5.3");
	say("RSET\r\n" MAIL, "250-2.0.0 421-4.7.0");
	assert_true(world.dialog.is_over);
}

static void
unknown_recipients_are_no_errors_of_the_session(void **state)
{
	int i;

	(void)state;
	greet();
	say(MAIL, "250-2.1.0");
	for (i = 0; i < 100; i++)
		say(TO("nobody"), "550-5.1.1");
}

static void
stopping_waits_for_the_transaction(void **state)
{
	(void)state;
	greet();
	say(MAIL TO("alice") "DATA\r\n", "250-2.1.0 250-2.1.5 354");
	dialog_stop(&world.dialog);
	assert_string_equal(codes(), "");
	say("x\r\n.\r\nNOOP\r\n", "250-2.0.0 421-4.3.2");
	assert_int_equal(world.job_count, 1);
	assert_true(world.dialog.is_over);
}

static void
stopping_ends_an_idle_session_at_once(void **state)
{
	(void)state;
	greet();
	dialog_stop(&world.dialog);
	assert_string_equal(codes(), "421-4.3.2");
}

static void
a_local_client_delivers_to_itself_only(void **state)
{
	(void)state;
	greet();
	say("MAIL FROM:<root>\r\nRCPT TO:<alice>\r\nRCPT TO:<carol> XMAILBOX=a+20b\r\n",
	    "250-2.1.0 550-5.7.1 250-2.1.5");
	say("RCPT TO:<team> XUSERONLY\r\n", "550-5.1.1");
	say("DATA\r\n.\r\n", "354 250-2.0.0");
	assert_string_equal(buf_cstr(&world.jobs[0].who), "carol<carol>(a b) ");
}

static void
smtputf8_shows_in_the_trace(void **state)
{
	(void)state;
	greet();
	say("MAIL FROM:<\303\274@example.net> SMTPUTF8\r\n" TO("alice") "DATA\r\n.\r\n",
	    "250-2.1.0 250-2.1.5 354 250-2.0.0");
	assert_non_null(strstr(buf_cstr(&world.jobs[0].text), "with UTF8LMTP id"));
	say(MAIL "RCPT TO:<\303\274@example.org>\r\n", "250-2.1.0 553-5.6.7");
}

#define CONVERSATION(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONVERSATION(the_greeting_names_every_extension),
		CONVERSATION(a_message_gets_a_trace_and_loses_its_dots),
		CONVERSATION(each_recipient_gets_a_reply_in_order),
		CONVERSATION(the_same_recipient_twice_is_one_copy_and_two_replies),
		CONVERSATION(an_alias_is_as_bad_as_its_worst_target),
		CONVERSATION(a_hidden_success_is_not_acknowledged),
		CONVERSATION(recipients_beyond_one_packet_make_more_jobs),
		CONVERSATION(without_a_recipient_there_is_no_data),
		CONVERSATION(the_transaction_is_empty_after_the_message),
		CONVERSATION(chunks_are_put_together),
		CONVERSATION(binarymime_needs_chunks),
		CONVERSATION(a_refused_chunk_is_swallowed),
		CONVERSATION(a_chunk_of_unknown_size_ends_the_session),
		CONVERSATION(too_large_is_said_at_mail_in_data_and_in_chunks),
		CONVERSATION(memory_for_messages_is_limited),
		CONVERSATION(a_large_message_goes_by_memfd),
		CONVERSATION(every_split_of_the_input_is_the_same_conversation),
		CONVERSATION(long_lines_and_bare_lf_are_refused_and_swallowed),
		CONVERSATION(a_line_without_an_end_ends_the_session),
		CONVERSATION(limits_end_the_session),
		CONVERSATION(unknown_recipients_are_no_errors_of_the_session),
		CONVERSATION(stopping_waits_for_the_transaction),
		CONVERSATION(stopping_ends_an_idle_session_at_once),
		CONVERSATION(smtputf8_shows_in_the_trace),
		cmocka_unit_test_setup_teardown(a_local_client_delivers_to_itself_only, begin_lda, end),
	};

	return cmocka_run_group_tests_name("dialog", tests, NULL, NULL);
}

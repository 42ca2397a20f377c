/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * What a stranger may write cannot forge, break or hide a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

static int ends[2];

/* What was logged since the last look. */
static struct str
logged(void)
{
	static char text[4 * LOG_LINE_MAX];
	ssize_t n = read(ends[0], text, sizeof text);

	return (struct str){ text, n < 0 ? 0 : (size_t)n };
}

/* Takes `LEVEL program[pid]: ` off. */
static struct str
without_prefix(struct str line)
{
	return str_from(line, (size_t)str_find(line, STR(": ")) + 2);
}

static int
start(void **state)
{
	(void)state;
	if (pipe2(ends, O_NONBLOCK) == -1)
		return -1;
	log_init("tester", ends[1], LOG_L_INFO);
	return 0;
}

static void
a_line_names_level_program_and_pid(void **state)
{
	char want[100];

	(void)state;
	snprintf(want, sizeof want, "WARN tester[%d]: disk is 7 %% full\n", (int)getpid());
	log_warn("disk is %d %% full", 7);
	assert_true(str_is_equal(logged(), str_of(want)));
}

static void
strange_bytes_are_escaped(void **state)
{
	static const struct {
		const char *said, *written;
	} cases[] = {
		{ "plain \"quoted\" \\ text", "plain \"quoted\" \\ text" },
		{ "a\r\nERROR b", "a\\x0d\\x0aERROR b" },
		{ "\x1b[2J\t\x7f", "\\x1b[2J\\x09\\x7f" },
		{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xa8",
		    "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xa8" },
		{ "\xc2\x9b", "\\xc2\\x9b" },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
		{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
		{ "\xc0\x8a", "\\xc0\\x8a" },
		{ "\xe0\x80\x8a", "\\xe0\\x80\\x8a" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xff\x80z", "\\xff\\x80z" },
		{ "\xe2\x82", "\\xe2\\x82" },
	};
	struct str got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		log_info("%s", cases[i].said);
		got = without_prefix(logged());
		assert_true(str_has_suffix(got, STR("\n")));
		assert_true(str_is_equal(str_sub(got, 0, got.n - 1), str_of(cases[i].written)));
	}
}

static void
a_nul_does_not_end_a_line(void **state)
{
	(void)state;
	log_line(LOG_L_ERROR, STR("a\0b"));
	assert_true(str_is_equal(without_prefix(logged()), STR("a\\x00b\n")));
}

static void
a_long_line_is_cut_between_characters(void **state)
{
	char text[3 * LOG_LINE_MAX];
	struct str got;
	size_t shift, i;

	(void)state;
	for (shift = 0; shift < 4; shift++) {
		memset(text, 'a', shift);
		for (i = shift; i + 3 <= sizeof text; i += 3)
			memcpy(text + i, "\xe2\x82\xac", 3);
		log_line(LOG_L_INFO, (struct str){ text, i });
		got = logged();
		assert_true(got.n <= LOG_LINE_MAX && got.n > LOG_LINE_MAX - 8);
		assert_true(str_has_suffix(got, STR("\xe2\x82\xac...\n")));
	}
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	log_info("%s", text);
	got = logged();
	assert_int_equal(got.n, LOG_LINE_MAX);
	assert_true(str_has_suffix(got, STR("a...\n")));
}

static void
lesser_levels_are_silent(void **state)
{
	(void)state;
	log_debug("not seen");
	log_line(LOG_L_DEBUG, STR("not seen"));
	assert_int_equal(logged().n, 0);
	log_set_level(LOG_L_ERROR);
	log_warn("not seen");
	assert_int_equal(logged().n, 0);
	log_set_level(LOG_L_DEBUG);
	log_debug("seen");
	assert_true(str_is_equal(without_prefix(logged()), STR("seen\n")));
	log_set_level(LOG_L_INFO);
}

static void
a_pair_is_quoted_when_it_must_be(void **state)
{
	struct buf line = BUF_EMPTY;

	(void)state;
	log_pair(&line, "plain", STR("a@b.example"));
	log_pair(&line, "empty", STR(""));
	log_pair(&line, "space", STR("a b"));
	log_pair(&line, "forged", STR("x\" to=\"y\\"));
	log_pair(&line, "is", STR("a=b"));
	log_pair(&line, "control", STR("a\nb"));
	log_pair(&line, "utf8", STR("\xc3\xbc\xc3"));
	log_pair_number(&line, "least", INT64_MIN);
	log_pair_number(&line, "zero", 0);
	assert_string_equal(buf_cstr(&line),
	    "plain=a@b.example empty=\"\" space=\"a b\" forged=\"x\\\" to=\\\"y\\\\\" is=\"a=b\""
	    " control=\"a\\x0ab\" utf8=\"\xc3\xbc\\xc3\" least=-9223372036854775808 zero=0");
	buf_fini(&line);
}

static void
syslog_gets_facility_and_severity(void **state)
{
	char got[200];
	char want[200];
	ssize_t n;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	log_use_syslog(pair[0]);
	log_error("no\nway");
	n = recv(pair[1], got, sizeof got, 0);
	snprintf(want, sizeof want, "<19>tester[%d]: no\\x0away", (int)getpid());
	assert_true(n > 0);
	assert_true(str_is_equal((struct str){ got, (size_t)n }, str_of(want)));
	log_use_syslog(-1);
	close(pair[0]);
	close(pair[1]);
	(void)logged();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_names_level_program_and_pid),
		cmocka_unit_test(strange_bytes_are_escaped),
		cmocka_unit_test(a_nul_does_not_end_a_line),
		cmocka_unit_test(a_long_line_is_cut_between_characters),
		cmocka_unit_test(lesser_levels_are_silent),
		cmocka_unit_test(a_pair_is_quoted_when_it_must_be),
		cmocka_unit_test(syslog_gets_facility_and_severity),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}

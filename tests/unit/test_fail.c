/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A failure keeps its class, code and words; a bug ends the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/xalloc.h"

static void
the_enhanced_code_follows_the_class(void **state)
{
	static const struct {
		enum fail_class class;
		const char *want;
	} cases[] = {
		{ FAIL_TEMP, "4.7.28" },
		{ FAIL_PERM, "5.7.28" },
		{ FAIL_POLICY, "5.7.28" },
		{ FAIL_OURS, "4.7.28" },
	};
	struct fail why = FAIL_EMPTY;
	char code[12];
	size_t i;

	(void)state;
	fail_enhanced(&why, code);
	assert_string_equal(code, "2.0.0");
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(fail_set(&why, cases[i].class, 7, 28, 0, "t", "l"), -1);
		fail_enhanced(&why, code);
		assert_string_equal(code, cases[i].want);
	}
	why.subject = 255;
	why.detail = 255;
	fail_enhanced(&why, code);
	assert_string_equal(code, "4.255.255");
}

static void
errors_of_the_system_have_their_codes(void **state)
{
	static const struct {
		int errnum;
		const char *code, *log;
	} cases[] = {
		{ ENOSPC, "4.3.1", "cannot write /x: No space left on device" },
		{ EDQUOT, "4.2.2", "cannot write /x: Disk quota exceeded" },
		{ EACCES, "4.3.0", "cannot write /x: Permission denied" },
		{ 9999, "4.3.0", "cannot write /x: error 9999" },
	};
	struct fail why;
	char code[12];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		why = FAIL_EMPTY;
		assert_int_equal(fail_errno(&why, cases[i].errnum, "write", "/x"), -1);
		fail_enhanced(&why, code);
		assert_string_equal(code, cases[i].code);
		assert_string_equal(why.log, cases[i].log);
		assert_int_equal(why.errnum, cases[i].errnum);
		assert_null(strstr(why.text, "/x"));
	}
}

static void
long_words_are_cut(void **state)
{
	char words[2 * FAIL_LOG_MAX];
	struct fail why;

	(void)state;
	memset(words, 'a', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	fail_set(&why, FAIL_TEMP, 3, 0, EIO, words, "%s", words);
	assert_int_equal(strlen(why.text), FAIL_TEXT_MAX - 1);
	assert_int_equal(strlen(why.log), FAIL_LOG_MAX - 1);
}

static void
words_for_the_client_are_one_line(void **state)
{
	struct fail why;

	(void)state;
	fail_set(&why, FAIL_PERM, 5, 1, 0, "no\r\n250 yes\x7f", "x");
	assert_string_equal(why.text, "no  250 yes ");
}

static void
nobody_need_listen(void **state)
{
	(void)state;
	assert_int_equal(fail_set(NULL, FAIL_PERM, 1, 1, 0, "t", "l"), -1);
	assert_int_equal(fail_errno(NULL, EIO, "read", "x"), -1);
}

/* Runs fn in a process of its own and gives what wait says, and its last words. */
static int
run_apart(void (*fn)(void), char *said, size_t room)
{
	struct rlimit no_core = { 0, 0 };
	int ends[2];
	int status;
	ssize_t n;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		setrlimit(RLIMIT_CORE, &no_core);
		dup2(ends[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(ends[1]);
	n = read(ends[0], said, room - 1);
	said[n < 0 ? 0 : n] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
meet_bug(void)
{
	int two = 2;

	BUG_ON(two == 2);
}

static void
a_bug_names_its_place_and_aborts(void **state)
{
	char said[500];
	int status = run_apart(meet_bug, said, sizeof said);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(said, "bug: (two == 2) at "));
	assert_non_null(strstr(said, "test_fail.c:"));
}

static void
ask_too_much(void)
{
	(void)xrealloc(NULL, SIZE_MAX / 2, 3);
}

static void
without_memory_the_program_ends_with_111(void **state)
{
	char said[500];
	int status = run_apart(ask_too_much, said, sizeof said);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), XALLOC_EXIT);
	assert_non_null(strstr(said, "out of memory"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_enhanced_code_follows_the_class),
		cmocka_unit_test(errors_of_the_system_have_their_codes),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(words_for_the_client_are_one_line),
		cmocka_unit_test(nobody_need_listen),
		cmocka_unit_test(a_bug_names_its_place_and_aborts),
		cmocka_unit_test(without_memory_the_program_ends_with_111),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

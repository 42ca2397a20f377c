/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Programs: which may be run, and one from its start to its end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "deliver/program.h"

/* ---- names and arguments ---- */

static void
names_are_of_files_in_the_directory(void **state)
{
	static const char *const good[] = { "a", "spam-learn", "x.sh", "-x", "a b", "\xc3\xa4" };
	static const char *const bad[] = { "", ".", "..", ".hidden", "/bin/sh", "a/b", "../a", "a\n",
		"a\x7f", "\x1b[2J" };
	char longest[PROGRAM_NAME_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(program_is_name(str_of(good[i])));
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(program_is_name(str_of(bad[i])));
	assert_false(program_is_name((struct str){ "a\0b", 3 }));
	memset(longest, 'a', sizeof longest);
	assert_true(program_is_name((struct str){ longest, PROGRAM_NAME_MAX }));
	assert_false(program_is_name((struct str){ longest, PROGRAM_NAME_MAX + 1 }));
}

static void
arguments_are_lines_within_limits(void **state)
{
	struct buf many = BUF_EMPTY;
	int i;

	(void)state;
	assert_true(program_are_arguments(STR_EMPTY));
	assert_true(program_are_arguments(STR("\n")));
	assert_true(program_are_arguments(STR("a\n\n$(b) ; c\n")));
	assert_false(program_are_arguments(STR("a")));
	assert_false(program_are_arguments(STR("a\nb")));
	assert_false(program_are_arguments(STR("a\tb\n")));
	assert_false(program_are_arguments((struct str){ "a\0b\n", 4 }));
	for (i = 0; i < PROGRAM_ARGUMENTS_MAX; i++)
		buf_add_cstr(&many, "x\n");
	assert_true(program_are_arguments(buf_str(&many)));
	buf_add_cstr(&many, "x\n");
	assert_false(program_are_arguments(buf_str(&many)));
	buf_clear(&many);
	for (i = 0; i < PROGRAM_ARGUMENT_MAX; i++)
		buf_add_byte(&many, 'x');
	buf_add_byte(&many, '\n');
	assert_true(program_are_arguments(buf_str(&many)));
	many.p[many.n - 1] = 'x';
	buf_add_byte(&many, '\n');
	assert_false(program_are_arguments(buf_str(&many)));
	buf_fini(&many);
}

/* ---- files ---- */

struct world {
	char dir[64];
	struct loop *loop;
	struct program *program;
	struct watch child, limit;
	enum program_end end;
	bool is_over;
};

static void
write_program(const struct world *w, const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static int
open_world(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	snprintf(w->dir, sizeof w->dir, "/tmp/doorstep-program.XXXXXX");
	if (mkdtemp(w->dir) == NULL || chmod(w->dir, 0755) == -1)
		return -1;
	w->loop = loop_new();
	*state = w;
	return 0;
}

static int
close_world(void **state)
{
	struct world *w = *state;
	char command[128];

	program_free(&w->program);
	loop_unwatch(&w->child);
	loop_unwatch(&w->limit);
	loop_free(&w->loop);
	snprintf(command, sizeof command, "rm -rf %s", w->dir);
	if (system(command) != 0)
		return -1;
	free(w);
	return 0;
}

/* NULL: it may be run. */
static const char *
find_reason(const struct world *w, const char *name, bool is_own)
{
	static struct fail why;
	struct buf path = BUF_EMPTY;
	int rc;

	why = (struct fail)FAIL_EMPTY;
	rc = program_find(w->dir, str_of(name), is_own, &path, &why);
	buf_fini(&path);
	return rc == 0 ? NULL : why.log;
}

static void
only_files_that_are_safe_are_run(void **state)
{
	struct world *w = *state;
	char link[128];

	write_program(w, "good", "", 0755);
	write_program(w, "plain", "", 0644);
	write_program(w, "open", "", 0757);
	snprintf(link, sizeof link, "%s/link", w->dir);
	assert_int_equal(symlink("good", link), 0);
	assert_null(find_reason(w, "good", true));
	assert_non_null(strstr(find_reason(w, "link", true), "no regular file"));
	assert_non_null(strstr(find_reason(w, "open", true), "chmod o-w"));
	assert_non_null(strstr(find_reason(w, "plain", true), "may not execute it"));
	assert_non_null(strstr(find_reason(w, "gone", true), "No such file"));
	assert_non_null(strstr(find_reason(w, "../good", true), "name that it may have"));
	/* What the runner could change is not the site's. */
	assert_non_null(strstr(find_reason(w, "good", false), "belongs to the owner of the mail"));
	assert_int_equal(chmod(w->dir, 0777), 0);
	assert_non_null(strstr(find_reason(w, "good", true), "everybody may write"));
}

/* As somebody else than the owner of the files, when we can be. */
static void
files_of_root_are_run_by_users(void **state)
{
	struct world *w = *state;
	const char *good, *shared;
	char path[128];

	if (geteuid() != 0)
		skip();
	write_program(w, "good", "", 0755);
	write_program(w, "shared", "", 0775);
	snprintf(path, sizeof path, "%s/shared", w->dir);
	assert_int_equal(chown(path, 0, 65534), 0);
	assert_int_equal(setegid(65534), 0);
	assert_int_equal(seteuid(65534), 0);
	good = find_reason(w, "good", false);
	assert_null(good);
	shared = find_reason(w, "shared", false);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	assert_non_null(shared);
	assert_non_null(strstr(shared, "may write to it"));
}

/* ---- runs ---- */

static void
ended(struct program *program, enum program_end end, void *arg)
{
	struct world *w = arg;

	(void)program;
	assert_false(w->is_over);
	w->is_over = true;
	w->end = end;
	loop_stop(w->loop);
}

static void
look(int number, short what, void *arg)
{
	struct world *w = arg;

	(void)number;
	(void)what;
	if (w->program != NULL)
		program_check(w->program);
}

static void
give_up(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop);
}

static enum program_end
run(struct world *w, const char *text, struct program_order order, const char *output)
{
	static const char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
	struct fail why = FAIL_EMPTY;
	char path[128];

	write_program(w, "run", text, 0755);
	snprintf(path, sizeof path, "%s/run", w->dir);
	order.path = path;
	order.environment = environment;
	order.who = "somebody";
	if (order.timeout == 0)
		order.timeout = 20 * CLOCK_SECOND;
	w->is_over = false;
	if (!loop_is_set(&w->child))
		loop_signal(w->loop, &w->child, SIGCHLD, look, w);
	loop_timer(w->loop, &w->limit, 30 * CLOCK_SECOND, give_up, w);
	w->program = program_start(w->loop, &order, ended, w, &why);
	if (w->program == NULL)
		return PROGRAM_NOT_RUN;
	while (!w->is_over)
		loop_run(w->loop);
	loop_unwatch(&w->limit);
	assert_true(w->is_over);
	if (output != NULL) {
		assert_int_equal(program_output(w->program).n, strlen(output));
		assert_memory_equal(program_output(w->program).p, output, strlen(output));
	}
	program_free(&w->program);
	return w->end;
}

static void
input_and_arguments_arrive_as_they_are(void **state)
{
	static const struct str input[] = { { "a\n", 2 }, { "", 0 }, { "b\r\nc\n\n", 6 }, { "d", 1 } };
	struct program_order order = { .input = input, .input_count = 4, .output_max = 100 };
	struct world *w = *state;

	assert_int_equal(run(w, "cat", order, "a\nb\r\nc\n\nd"), PROGRAM_SUCCEEDED);
	order.is_crlf = true;
	assert_int_equal(run(w, "cat", order, "a\r\nb\r\nc\r\n\r\nd"), PROGRAM_SUCCEEDED);
	order.arguments = STR("one\n\n$(x) *\n");
	assert_int_equal(run(w, "printf '<%s>' \"$#\" \"$@\"", order, "<3><one><><$(x) *>"),
	    PROGRAM_SUCCEEDED);
}

/* CR at the end of one piece and LF at the start of the next is one end. */
static void
line_ends_go_over_pieces(void **state)
{
	static const struct str input[] = { { "a\r", 2 }, { "\nb", 2 } };
	struct program_order order = { .input = input, .input_count = 2, .output_max = 100,
		.is_crlf = true };

	assert_int_equal(run(*state, "cat", order, "a\r\nb"), PROGRAM_SUCCEEDED);
}

static void
large_inputs_are_fed_while_output_is_read(void **state)
{
	struct buf large = BUF_EMPTY;
	struct str input;
	struct program_order order = { .input = &input, .input_count = 1,
		.output_max = (size_t)8 << 20 };
	struct world *w = *state;
	int i;

	for (i = 0; i < 400000; i++)
		buf_addf(&large, "line %d\n", i);
	input = buf_str(&large);
	assert_int_equal(run(w, "cat", order, buf_cstr(&large)), PROGRAM_SUCCEEDED);
	/* It need not read it. */
	assert_int_equal(run(w, "echo x", order, "x\n"), PROGRAM_SUCCEEDED);
	order.output_max = 1000;
	assert_int_equal(run(w, "cat", order, NULL), PROGRAM_FAILED);
	buf_fini(&large);
}

static void
an_end_is_what_it_is(void **state)
{
	struct program_order order = { .output_max = 100 };
	struct world *w = *state;

	assert_int_equal(run(w, "exit 0", order, ""), PROGRAM_SUCCEEDED);
	assert_int_equal(run(w, "echo x; exit 1", order, "x\n"), PROGRAM_FAILED);
	assert_int_equal(run(w, "kill -9 $$", order, ""), PROGRAM_FAILED);
	order.timeout = CLOCK_SECOND / 10;
	assert_int_equal(run(w, "sleep 100 & sleep 100", order, ""), PROGRAM_FAILED);
	order.timeout = 0;
	/* Whoever has left its group is not waited for. */
	assert_int_equal(run(w, "setsid sleep 2 & echo x", order, "x\n"), PROGRAM_SUCCEEDED);
	order.output_max = 0;
	assert_int_equal(run(w, "echo x", order, ""), PROGRAM_SUCCEEDED);
}

static void
what_cannot_be_executed_is_told_at_once(void **state)
{
	struct program_order order = { .output_max = 100, .path = "/nowhere/x", .who = "somebody",
		.timeout = CLOCK_SECOND };
	static const char *const environment[] = { NULL };
	struct world *w = *state;
	struct fail why = FAIL_EMPTY;

	order.environment = environment;
	assert_null(program_start(w->loop, &order, ended, w, &why));
	assert_int_equal(why.errnum, ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_of_files_in_the_directory),
		cmocka_unit_test(arguments_are_lines_within_limits),
		cmocka_unit_test_setup_teardown(only_files_that_are_safe_are_run, open_world,
		    close_world),
		cmocka_unit_test_setup_teardown(files_of_root_are_run_by_users, open_world, close_world),
		cmocka_unit_test_setup_teardown(input_and_arguments_arrive_as_they_are, open_world,
		    close_world),
		cmocka_unit_test_setup_teardown(line_ends_go_over_pieces, open_world, close_world),
		cmocka_unit_test_setup_teardown(large_inputs_are_fed_while_output_is_read, open_world,
		    close_world),
		cmocka_unit_test_setup_teardown(an_end_is_what_it_is, open_world, close_world),
		cmocka_unit_test_setup_teardown(what_cannot_be_executed_is_told_at_once, open_world,
		    close_world),
	};

	/* As every child of master does (ipc/child.c). */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* DATA and BDAT content, whatever way the reads are split. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/data.h"

struct sample {
	const char *in, *out;
	size_t rest;	/* bytes behind the end */
	uint64_t wire_size;
};

/* What never ends: the end does not come, all is content. */
static const struct sample endless[] = {
	{ .in = "a\n.\nb", .out = "a\n.\nb", .wire_size = 5 },
	{ .in = "a\r.\rb", .out = "a\r.\rb", .wire_size = 5 },
	{ .in = "a\n.\r\nb", .out = "a\n.\nb", .wire_size = 6 },
	{ .in = "a\r\n.\nb", .out = "a\n\nb", .wire_size = 5 },
	{ .in = "a\r\n.\rb", .out = "a\n\rb", .wire_size = 5 },
	{ .in = "a\r\r\n.x", .out = "a\r\nx", .wire_size = 5 },
	{ .in = "\n.\r\n", .out = "\n.\n", .wire_size = 4 },
	{ .in = ".\n.\r\n", .out = "\n.\n", .wire_size = 4 },
	{ .in = ".\r\r\n..\r\n", .out = "\r\n.\n", .wire_size = 6 },
	{ .in = "a.\r\n", .out = "a.\n", .wire_size = 4 },
	{ .in = "\r\n\r\n", .out = "\n\n", .wire_size = 4 },
};

static const struct sample ended[] = {
	{ .in = ".\r\n", .out = "", .wire_size = 0 },
	{ .in = ".\r\nQUIT\r\n", .out = "", .rest = 6, .wire_size = 0 },
	{ .in = "a\r\n.\r\n", .out = "a\n", .wire_size = 3 },
	{ .in = "..\r\n.\r\n", .out = ".\n", .wire_size = 3 },
	{ .in = "...\r\n..a\r\n.\r\n.\r\n", .out = "..\n.a\n", .rest = 3, .wire_size = 8 },
	{ .in = ".a\r\n.\r\n", .out = "a\n", .wire_size = 3 },
	{ .in = "a\r\r\n.\r\n", .out = "a\r\n", .wire_size = 4 },
	{ .in = "a\n.\n\r\n.\r\n", .out = "a\n.\n\n", .wire_size = 6 },
	{ .in = "\r\n.\r\n.\r\n", .out = "\n", .rest = 3, .wire_size = 2 },
};

/* Feeds `in` cut at two places and into single bytes. */
static void
check_split(const struct sample *s, size_t first, size_t second, size_t step)
{
	struct str in = str_of(s->in);
	size_t cuts[] = { first, second, in.n };
	struct buf out = BUF_EMPTY;
	struct data d;
	size_t at = 0, i = 0, n;

	data_init(&d, DATA_DOTTED);
	while (at < in.n && !data_is_ended(&d)) {
		while (i < 2 && cuts[i] <= at)
			i++;
		n = step != 0 ? step : cuts[i] - at;
		n = data_take(&d, str_sub(in, at, n), &out);
		assert_true(n > 0);
		at += n;
	}
	assert_int_equal(in.n - at, s->rest);
	if (!data_is_ended(&d) && d.place == DATA_AT_CR)
		fail_msg("%s: a CR is left over", s->in);
	assert_int_equal(out.n, strlen(s->out));
	assert_memory_equal(out.p == NULL ? "" : out.p, s->out, out.n);
	assert_int_equal(d.size, out.n);
	assert_int_equal(d.wire_size, s->wire_size);
	buf_fini(&out);
}

static void
check_sample(const struct sample *s)
{
	size_t n = strlen(s->in), i, k;

	for (i = 1; i <= n; i++)
		for (k = i; k <= n; k++)
			check_split(s, i, k, 0);
	check_split(s, 0, 0, 1);
}

static void
only_crlf_dot_crlf_ends(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof endless / sizeof *endless; i++) {
		struct data d;

		check_sample(&endless[i]);
		data_init(&d, DATA_DOTTED);
		data_take(&d, str_of(endless[i].in), NULL);
		assert_false(data_is_ended(&d));
	}
}

static void
the_end_is_found_at_every_split(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof ended / sizeof *ended; i++) {
		struct data d;

		check_sample(&ended[i]);
		data_init(&d, DATA_DOTTED);
		data_take(&d, str_of(ended[i].in), NULL);
		assert_true(data_is_ended(&d));
	}
}

static void
nothing_is_taken_after_the_end(void **state)
{
	struct data d;
	struct buf out = BUF_EMPTY;

	(void)state;
	data_init(&d, DATA_DOTTED);
	assert_int_equal(data_take(&d, STR(".\r\n"), &out), 3);
	assert_int_equal(data_take(&d, STR("more"), &out), 0);
	assert_int_equal(out.n, 0);
}

static void
dots_in_chunks_are_content(void **state)
{
	static const char in[] = ".\r\n..\r\n.\r\n\0x\r";
	struct data d;
	struct buf out = BUF_EMPTY;

	(void)state;
	data_init(&d, DATA_CHUNKED);
	assert_int_equal(data_take(&d, (struct str){ in, sizeof in - 1 }, &out), sizeof in - 1);
	assert_false(data_is_ended(&d));
	data_end(&d, &out);
	assert_true(data_is_ended(&d));
	assert_int_equal(out.n, 10);
	assert_memory_equal(out.p, ".\n..\n.\n\0x\r", 10 + 0);
	assert_int_equal(d.wire_size, sizeof in - 1);
	buf_fini(&out);
}

static void
a_crlf_split_over_chunks_is_one_line_end(void **state)
{
	struct data d;
	struct buf out = BUF_EMPTY;

	(void)state;
	data_init(&d, DATA_CHUNKED);
	data_take(&d, STR("a\r"), &out);
	assert_int_equal(out.n, 1);
	data_take(&d, STR("\nb"), &out);
	data_end(&d, &out);
	assert_int_equal(out.n, 3);
	assert_memory_equal(out.p, "a\nb", 3);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_crlf_dot_crlf_ends),
		cmocka_unit_test(the_end_is_found_at_every_split),
		cmocka_unit_test(nothing_is_taken_after_the_end),
		cmocka_unit_test(dots_in_chunks_are_content),
		cmocka_unit_test(a_crlf_split_over_chunks_is_one_line_end),
	};

	return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}

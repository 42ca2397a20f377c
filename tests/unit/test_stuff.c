/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A message on its way into DATA: every case whole and byte by byte. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/stuff.h"

static const struct {
	struct str in, out;
} cases[] = {
	{ STR(""), STR(".\r\n") },
	{ STR("a"), STR("a\r\n.\r\n") },
	{ STR("a\n"), STR("a\r\n.\r\n") },
	{ STR("a\r\n"), STR("a\r\n.\r\n") },
	{ STR("\n"), STR("\r\n.\r\n") },
	{ STR("a\r"), STR("a\r\r\n.\r\n") },
	{ STR("a\rb\n"), STR("a\rb\r\n.\r\n") },
	{ STR("a\r\r\n"), STR("a\r\r\n.\r\n") },
	{ STR("\r."), STR("\r.\r\n.\r\n") },
	{ STR("."), STR("..\r\n.\r\n") },
	{ STR(".\n.a\n..\n"), STR("..\r\n..a\r\n...\r\n.\r\n") },
	{ STR("a.\n"), STR("a.\r\n.\r\n") },
	{ STR("a\n.\nb\n"), STR("a\r\n..\r\nb\r\n.\r\n") },
	{ STR("From "), STR(".\r\n") },
	{ STR("From me\na\n"), STR("a\r\n.\r\n") },
	{ STR("From me\r\n.a\n"), STR("..a\r\n.\r\n") },
	{ STR("From me\nFrom you\n"), STR("From you\r\n.\r\n") },
	{ STR("a\nFrom me\n"), STR("a\r\nFrom me\r\n.\r\n") },
	{ STR("From"), STR("From\r\n.\r\n") },
	{ STR("From:a\n"), STR("From:a\r\n.\r\n") },
	{ STR("FromFrom \n"), STR("FromFrom \r\n.\r\n") },
	{ STR("Fr\nFrom a\n"), STR("Fr\r\nFrom a\r\n.\r\n") },
	{ STR("\0\n"), STR("\0\r\n.\r\n") },
};

static void
run(size_t step)
{
	size_t i, at;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stuff stuff = STUFF_EMPTY;
		struct buf out = BUF_EMPTY;

		for (at = 0; at < cases[i].in.n; at += step)
			stuff_take(&stuff, str_sub(cases[i].in, at, step), &out);
		stuff_end(&stuff, &out);
		assert_int_equal(out.n, cases[i].out.n);
		assert_memory_equal(out.p, cases[i].out.p, out.n);
		buf_fini(&out);
	}
}

static void
text_becomes_data(void **state)
{
	(void)state;
	run(1000);
}

static void
chunks_of_any_size_give_the_same(void **state)
{
	(void)state;
	run(1);
	run(2);
	run(3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_data),
		cmocka_unit_test(chunks_of_any_size_give_the_same),
	};

	return cmocka_run_group_tests_name("stuff", tests, NULL, NULL);
}

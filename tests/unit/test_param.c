/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Parameters of MIME fields, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/charset.h"
#include "mail/limits.h"
#include "mail/param.h"

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}

/* `count` times `text`: what costs quadratic time does not end here. */
static void
add_times(struct buf *out, const char *text, size_t count)
{
	while (count-- > 0)
		buf_add_cstr(out, text);
}


struct lookup {
	const char *text, *name, *want; /* want NULL: there is none */
};

static void
check(const struct lookup *cases, size_t n)
{
	struct charset_set *set = charset_set_new();
	struct buf out = BUF_EMPTY;

	for (size_t i = 0; i < n; i++) {
		struct arena a = ARENA_EMPTY;
		struct param_list list;

		buf_clear(&out);
		param_parse(str_of(cases[i].text), &a, &list);
		if (param_has_value(&list, str_of(cases[i].name), set, &out) != (cases[i].want != NULL))
			fail_msg("%s of %s: got \"%.*s\"", cases[i].name, cases[i].text,
			    STR_ARG(buf_str(&out)));
		if (cases[i].want != NULL)
			assert_str(buf_str(&out), cases[i].want);
		arena_fini(&a);
	}
	buf_fini(&out);
	charset_set_free(&set);
}

static void
plain_values_are_found(void **state)
{
	static const struct lookup cases[] = {
		{ "text/plain; charset=us-ascii", "Charset", "us-ascii" },
		{ ";charset=us-ascii (Plain text)", "charset", "us-ascii" },
		{ "; a = \"b; \\\"c\\\"\" ; d=e", "a", "b; \"c\"" },
		{ "; a = \"b; \\\"c\\\"\" ; d=e", "d", "e" },
		{ "; name=foo bar.txt; x", "name", "foo bar.txt" },
		{ "; a=b\n\tc=d; e=f", "a", "b" },
		{ "; a=\"x\r\n y\"", "a", "x y" },
		{ "; a; =b; c d; e=f", "e", "f" },
		{ "; a=1; A=2", "a", "1" },
		{ "; a=", "a", "" },
		{ "; a=\"open; b=c", "a", "open; b=c" },
		{ "; a=\"open\\", "a", "open" },
		{ "; (c; b=1) a=2", "a", "2" },
		{ "; a=1", "b", NULL },
		{ "a=1", "a", NULL },
		{ "", "a", NULL },
		{ "; name=\"=?utf-8?q?=c3=a9.txt?=\"", "name", "\303\251.txt" },
		{ "; name=\"na\357ve\"", "name", "na\303\257ve" },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

static void
pieces_are_put_together(void **state)
{
	static const struct lookup cases[] = {
		{ "; URL*0=\"ftp://\";\n URL*1=\"cs.utk.edu/pub\"", "url", "ftp://cs.utk.edu/pub" },
		{ "; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "title",
		    "This is ***fun***" },
		{ "; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20;"
		  " title*2=\"isn't it!\"", "title", "This is even more ***fun*** isn't it!" },
		{ "; a*1=b; a*0=a; a*2=c", "a", "abc" },
		{ "; a*0=a; a*2=c", "a", "a" },
		{ "; a*1=b", "a", NULL },
		{ "; a*0*=utf-8''%c3; a*1*=%a9; a*1=x", "a", "\303\251" },
		{ "; a*=koi8-r''%d0; a=x", "a", "\320\277" },
		{ "; a=x; a*=utf-8''y; a*0=z", "a", "y" },
		{ "; a*=x-none''%c3%a9", "a", "\303\251" },
		{ "; a*=''%c3%a9", "a", "\303\251" },
		{ "; a*=no%20quotes", "a", "no quotes" },
		{ "; a*=utf-8'%41", "a", "utf-8'A" },
		{ "; a*=utf-8''%4%zz%", "a", "%4%zz%" },
		{ "; a*=utf-8''x%0d%0aBcc:%20y%00", "a", "x  Bcc: y\357\277\275" },
		{ "; a*99999999999999999999=x; a*=y", "a", "y" },
		{ "; a**=x; a*0**=y; a*-1=z", "a", NULL },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

static void
plain_value_is_given_byte_for_byte(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct param_list list;

	(void)state;
	param_parse(STR("; b=\"a\\\"\377\"; c=\"=?utf-8?q?a?=\""), &a, &list);
	assert_str(param_plain(&list, STR("B"), &a), "a\"\377");
	assert_str(param_plain(&list, STR("c"), &a), "=?utf-8?q?a?=");
	assert_int_equal(param_plain(&list, STR("d"), &a).n, 0);
	arena_fini(&a);
}

static void
parameters_beyond_the_limit_are_left_out(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct buf text = BUF_EMPTY, out = BUF_EMPTY;
	struct param_list list;

	(void)state;
	for (int i = 0; i < 200000; i++)
		buf_addf(&text, ";a*%d*=\"x\"", i);
	param_parse(buf_str(&text), &a, &list);
	assert_int_equal(list.n, LIMITS_PARAMS);
	assert_int_equal(list.limits, LIMITS_MET_PARAMS);
	assert_true(param_has_value(&list, STR("a"), NULL, &out));
	assert_int_equal(out.n, LIMITS_PARAMS);
	buf_fini(&out);
	buf_fini(&text);
	arena_fini(&a);
}

static void
hostile_fields_take_linear_time(void **state)
{
	static const char *const units[] = { ";", "; (", ";a=\"", ";a=", "(;", "; a=( ", "\\" };
	struct buf text = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct arena a = ARENA_EMPTY;
		struct param_list list;

		buf_clear(&text);
		add_times(&text, units[i], 500000 / strlen(units[i]));
		param_parse(buf_str(&text), &a, &list);
		assert_true(list.n <= LIMITS_PARAMS);
		arena_fini(&a);
	}
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_values_are_found),
		cmocka_unit_test(pieces_are_put_together),
		cmocka_unit_test(plain_value_is_given_byte_for_byte),
		cmocka_unit_test(parameters_beyond_the_limit_are_left_out),
		cmocka_unit_test(hostile_fields_take_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

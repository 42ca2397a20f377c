/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The tree of parts, of sound messages and of others. */
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
#include "mail/mime.h"

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


/* For each part: depth, type/subtype, `*` for a leaf, <body>. */
static void
describe(struct str message, struct buf *out)
{
	struct arena a = ARENA_EMPTY;
	struct mime m;

	mime_parse(message, &a, &m);
	for (uint32_t i = 0; i < m.count; i++) {
		const struct mime_part *part = &m.parts[i];
		struct str body = mime_part_body(&m, part);

		buf_addf(out, "%s%u %.*s/%.*s", i == 0 ? "" : "|", part->depth, STR_ARG(part->type),
		    STR_ARG(part->subtype));
		if (part->is_leaf)
			buf_addf(out, " <%.*s>", STR_ARG(body));
	}
	arena_fini(&a);
}

struct tree {
	const char *message, *want;
};

static void
check(const struct tree *cases, size_t n)
{
	struct buf out = BUF_EMPTY;

	for (size_t i = 0; i < n; i++) {
		buf_clear(&out);
		describe(str_of(cases[i].message), &out);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}

#define MULTI(boundary) "Content-Type: multipart/mixed; boundary=\"" boundary "\"\n\n"

static void
multiparts_are_taken_apart(void **state)
{
	static const struct tree cases[] = {
		{ "Subject: x\n\nbody\n", "0 text/plain <body\n>" },
		{ MULTI("b") "preamble\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n\n--b--\nend\n",
		    "0 multipart/mixed|1 text/plain <one>|1 text/html <two\n>" },
		{ "content-type: Multipart/Mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
		    "0 Multipart/Mixed|1 text/plain <one>" },
		{ MULTI("b c") "--b c \t\n\none\n--b c--  \n",
		    "0 multipart/mixed|1 text/plain <one>" },
		{ MULTI("o") "--o\n" MULTI("i") "--i\n\none\n--i--\nepilogue\n--o\n\ntwo\n--o--\n",
		    "0 multipart/mixed|1 multipart/mixed|2 text/plain <one>|1 text/plain <two>" },
		{ MULTI("b") "--b\n\n--b--\n", "0 multipart/mixed|1 text/plain <>" },
		{ MULTI("b") "--b\n\n\n--b--\n", "0 multipart/mixed|1 text/plain <>" },
		{ MULTI("b") "--b\n\none", "0 multipart/mixed|1 text/plain <one>" },
		{ "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\none\n--b--\n",
		    "0 multipart/digest|1 message/rfc822|2 text/plain <one>" },
		{ "Content-Type: message/rfc822\n\n" MULTI("b") "--b\n\none\n--b--\n",
		    "0 message/rfc822|1 multipart/mixed|2 text/plain <one>" },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

static void
outer_boundary_ends_everything_inside(void **state)
{
	static const struct tree cases[] = {
		{ MULTI("o") "--o\n" MULTI("i") "--i\n\none\n--o\n\ntwo\n--o--\n",
		    "0 multipart/mixed|1 multipart/mixed|2 text/plain <one>|1 text/plain <two>" },
		{ MULTI("o") "--o\n" MULTI("i") "--i\nContent-Type: text/html\n--o--\n",
		    "0 multipart/mixed|1 multipart/mixed|2 text/html <>" },
		{ MULTI("o") "--o\nContent-Type: message/rfc822\n\nSubject: x\n--o\n\ntwo\n--o--\n",
		    "0 multipart/mixed|1 message/rfc822|2 text/plain <>|1 text/plain <two>" },
		/* A boundary that begins like another one. */
		{ MULTI("b") "--b\n" MULTI("bb") "--bb\n\none\n--bb--\n--b\n\ntwo\n--b--\n",
		    "0 multipart/mixed|1 multipart/mixed|2 text/plain <one>|1 text/plain <two>" },
		{ MULTI("b") "--b\n" MULTI("b") "--b\n\none\n--b--\n--b\n\ntwo\n--b--\n",
		    "0 multipart/mixed|1 multipart/mixed|2 text/plain <one>|1 text/plain <two>" },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

static void
what_is_malformed_is_a_leaf(void **state)
{
	static const struct tree cases[] = {
		{ "", "0 text/plain <>" },
		{ "no header at all", "0 text/plain <>" },
		{ "\nbody", "0 text/plain <body>" },
		{ "Content-Type: text\n\nx", "0 text/plain <x>" },
		{ "Content-Type: /html\n\nx", "0 text/plain <x>" },
		{ "Content-Type: text/html\nContent-Type: text/plain\n\nx", "0 text/html <x>" },
		{ "Content-Type: (c) text / (d) html\n\nx", "0 text/html <x>" },
		{ "Content-Type: multipart/mixed\n\n--\n\nx", "0 multipart/mixed <--\n\nx>" },
		{ MULTI("") "--\n\nx", "0 multipart/mixed <--\n\nx>" },
		{ MULTI("b") "nothing\n", "0 multipart/mixed <nothing\n>" },
		{ MULTI("b") "--b--\n\nx\n", "0 multipart/mixed <--b--\n\nx\n>" },
		{ "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3Vi\n",
		    "0 message/rfc822 <U3Vi\n>" },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

static void
fields_of_a_part_are_read(void **state)
{
	static const char text[] =
	    "Content-Type: application/pdf; name=\"a.pdf\"\nContent-Transfer-Encoding: BASE64\n"
	    "Content-Disposition: ATTACHMENT; filename*0*=utf-8''%c3%a9;\n filename*1=\".pdf\"\n\nx";
	struct arena a = ARENA_EMPTY;
	struct buf name = BUF_EMPTY;
	struct mime m;

	(void)state;
	mime_parse(str_of(text), &a, &m);
	assert_int_equal(m.count, 1);
	assert_int_equal(m.leaves, 1);
	assert_true(mime_part_is(&m.parts[0], STR("Application"), STR("PDF")));
	assert_int_equal(m.parts[0].encoding, TRANSFER_BASE64);
	assert_str(m.parts[0].disposition, "ATTACHMENT");
	assert_true(mime_part_has_filename(&m.parts[0], NULL, &name));
	assert_str(buf_str(&name), "\303\251.pdf");
	assert_str(param_plain(&m.parts[0].params, STR("name"), &a), "a.pdf");
	assert_int_equal(mime_part_header(&m, &m.parts[0]).n, sizeof text - 2);
	buf_fini(&name);
	arena_fini(&a);
}

static void
nesting_beyond_the_limit_is_content(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct mime m;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addf(&text, "Content-Type: multipart/mixed; boundary=b%d.\n\n--b%d.\n", i, i);
	buf_add_cstr(&text, "\ninnermost\n");
	mime_parse(buf_str(&text), &a, &m);
	assert_int_equal(m.count, LIMITS_DEPTH);
	assert_int_equal(m.limits, LIMITS_MET_DEPTH);
	assert_int_equal(m.leaves, 1);
	assert_true(m.parts[m.count - 1].is_leaf);
	assert_int_equal(m.parts[m.count - 1].depth, LIMITS_DEPTH - 1);
	buf_clear(&text);
	arena_empty(&a);
	add_times(&text, "Content-Type: message/rfc822\n\n", 1000);
	mime_parse(buf_str(&text), &a, &m);
	assert_int_equal(m.count, LIMITS_DEPTH);
	assert_int_equal(m.limits, LIMITS_MET_DEPTH);
	buf_fini(&text);
	arena_fini(&a);
}

static void
parts_beyond_the_limit_are_counted_only(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct mime m;

	(void)state;
	buf_add_cstr(&text, MULTI("b"));
	add_times(&text, "--b\n\nx\n", 100000);
	buf_add_cstr(&text, "--b--\n");
	mime_parse(buf_str(&text), &a, &m);
	assert_int_equal(m.count, LIMITS_PARTS);
	assert_int_equal(m.leaves, 100000);
	assert_int_equal(m.limits, LIMITS_MET_PARTS);
	assert_str(mime_part_body(&m, &m.parts[m.count - 1]), "x");
	buf_fini(&text);
	arena_fini(&a);
}

static void
overlong_boundary_is_not_looked_for(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct mime m;

	(void)state;
	buf_add_cstr(&text, "Content-Type: multipart/mixed; boundary=");
	add_times(&text, "b", LIMITS_BOUNDARY + 1);
	buf_add_cstr(&text, "\n\n--");
	add_times(&text, "b", LIMITS_BOUNDARY + 1);
	buf_add_cstr(&text, "\n\nx");
	mime_parse(buf_str(&text), &a, &m);
	assert_int_equal(m.count, 1);
	assert_int_equal(m.limits, LIMITS_MET_BOUNDARY);
	buf_fini(&text);
	arena_fini(&a);
}

static void
lines_like_boundaries_in_deep_nesting_take_linear_time(void **state)
{
	static const char *const lines[] = { "--\n", "--b\n", "--bbbbbbbbbbbbbbbbbbbbbbbbbb\n" };
	struct buf text = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct arena a = ARENA_EMPTY;
		struct mime m;

		buf_clear(&text);
		for (int level = 0; level < LIMITS_DEPTH; level++)
			buf_addf(&text,
			    "Content-Type: multipart/mixed; boundary=bbbbbbbbbbbbbbbbbbb%d.\n\n"
			    "--bbbbbbbbbbbbbbbbbbb%d.\n", level, level);
		buf_add_cstr(&text, "\n");
		add_times(&text, lines[i], 10000000 / strlen(lines[i]));
		mime_parse(buf_str(&text), &a, &m);
		assert_int_equal(m.count, LIMITS_DEPTH);
		arena_fini(&a);
	}
	buf_fini(&text);
}

static void
arena_without_room_is_noted(void **state)
{
	struct arena a;
	struct buf text = BUF_EMPTY;
	struct mime m;

	(void)state;
	arena_init_limit(&a, 16384);
	buf_add_cstr(&text, MULTI("b"));
	add_times(&text, "--b\nContent-Type: a/b; c=d\n\nx\n", 500);
	mime_parse(buf_str(&text), &a, &m);
	assert_true(m.count >= 1 && m.count < 500);
	assert_int_equal(m.leaves, 500);
	assert_true((m.limits & LIMITS_MET_MEMORY) != 0);
	buf_fini(&text);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multiparts_are_taken_apart),
		cmocka_unit_test(outer_boundary_ends_everything_inside),
		cmocka_unit_test(what_is_malformed_is_a_leaf),
		cmocka_unit_test(fields_of_a_part_are_read),
		cmocka_unit_test(nesting_beyond_the_limit_is_content),
		cmocka_unit_test(parts_beyond_the_limit_are_counted_only),
		cmocka_unit_test(overlong_boundary_is_not_looked_for),
		cmocka_unit_test(lines_like_boundaries_in_deep_nesting_take_linear_time),
		cmocka_unit_test(arena_without_room_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Headers as senders write them: what is a field, where the header ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/header.h"
#include "mail/limits.h"

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


static struct header
parse(const char *text, struct arena *a)
{
	struct header h;

	header_parse(str_of(text), a, &h);
	return h;
}

static void
fields_are_found_by_name_in_any_case_and_in_order(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct header h = parse("Received: one\nSubject:hi\nreceived: two\nRECEIVED : three\n\nx", &a);
	const struct header_field *field = header_first(&h, STR("rEceived"));

	(void)state;
	assert_str(field->value, " one");
	assert_int_equal(field->line, 1);
	field = header_next(&h, field);
	assert_str(field->value, " two");
	field = header_next(&h, field);
	assert_str(field->value, " three");
	assert_str(field->name, "RECEIVED");
	assert_int_equal(field->line, 4);
	assert_null(header_next(&h, field));
	assert_str(header_value(&h, STR("subject"), &a), "hi");
	assert_null(header_first(&h, STR("Subjec")));
	assert_int_equal(h.count, 4);
	arena_fini(&a);
}

struct size {
	const char *text;
	size_t size;
	unsigned seen;
	bool is_ended;
};

static void
header_ends_at_the_first_empty_line_and_only_there(void **state)
{
	static const struct size cases[] = {
		{ "", 0, 0, false },
		{ "\n", 1, 0, true },
		{ "\r\nbody", 2, 0, true },
		{ "A: b\n\n body\nC: d\n", 6, 1, true },
		{ "A: b\r\n\r\n\tbody\r\nC: d\r\n", 8, 1, true },
		{ "\nA: b\n\n", 1, 0, true },
		{ "A: b\n\nbody: x\n", 6, 1, true },
		{ "A: b\r\n\r\nbody", 8, 1, true },
		{ "A: b\n c\n\n", 9, 1, true },
		{ "A: b", 4, 1, false },
		{ "A: b\n", 5, 1, false },
		{ "A: b\n \nC: d\n\n", 13, 2, true }, /* a blank line continues */
		{ "no field\nA: b\n\n", 15, 1, true },
		{ "From joe Tue Nov 24 21:10:55 2026\nA: b\n\n", 40, 1, true },
		{ ">From joe 21:10\n\tcontinued: yes\nA: b\n\n", 38, 1, true },
		{ ":x\nA: b\n\n", 9, 1, true },
		{ " folded: x\n y: z\nA: b\n\n", 23, 1, true },
		{ "a b: c\nA: b\n\n", 13, 1, true },
		{ "\303\244: c\nA: b\n\n", 12, 1, true },
		{ "A:\n\n", 4, 1, true },
		{ "\r\r\nA: b\n\n", 9, 1, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena a = ARENA_EMPTY;
		struct header h = parse(cases[i].text, &a);

		if (h.size != cases[i].size || h.seen != cases[i].seen ||
		    h.is_ended != cases[i].is_ended)
			fail_msg("%zu: size %zu, seen %u, ended %d", i, h.size, h.seen, h.is_ended);
		assert_int_equal(header_size(str_of(cases[i].text)), cases[i].size);
		if (cases[i].seen > 0)
			assert_non_null(header_first(&h, STR("a")));
		arena_fini(&a);
	}
}

static void
folds_go_and_their_blanks_stay(void **state)
{
	static const struct {
		const char *raw, *want;
	} cases[] = {
		{ " plain ", "plain" },
		{ " a\n b", "a b" },
		{ " a\r\n\tb\r\n  c", "a\tb  c" },
		{ "\n a\n ", "a" },
		{ "", "" },
		{ "\n\n", "" },
		{ "a\rb", "a\rb" },
	};
	struct arena a = ARENA_EMPTY;
	struct buf out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_str(header_unfold(str_of(cases[i].raw), &a), cases[i].want);
		buf_clear(&out);
		header_add_unfolded(&out, str_of(cases[i].raw));
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
	arena_fini(&a);
}

static void
raw_value_ends_before_its_line_end(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct header h = parse("A: x\r\n y\r\nB:\nC:z", &a);

	(void)state;
	assert_str(h.fields[0].value, " x\r\n y");
	assert_str(h.fields[1].value, "");
	assert_int_equal(h.fields[1].line, 3);
	assert_str(h.fields[2].value, "z");
	arena_fini(&a);
}

static void
fields_beyond_the_limit_are_counted_only(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct header h;

	(void)state;
	add_times(&text, "X: y\n", 100000);
	buf_add_cstr(&text, "Last: z\n\nbody");
	header_parse(buf_str(&text), &a, &h);
	assert_int_equal(h.count, LIMITS_HEADER_FIELDS);
	assert_int_equal(h.seen, 100001);
	assert_int_equal(h.size, text.n - 4);
	assert_int_equal(h.limits, LIMITS_MET_FIELDS);
	assert_null(header_first(&h, STR("Last")));
	buf_fini(&text);
	arena_fini(&a);
}

static void
one_line_of_fifty_megabytes_is_cut(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct buf text = BUF_EMPTY;
	struct header h;

	(void)state;
	buf_add_cstr(&text, "A: ");
	add_times(&text, "0123456789012345678901234567890123456789", 50000000 / 40);
	buf_add_cstr(&text, "\nB: c\n\n");
	header_parse(buf_str(&text), &a, &h);
	assert_int_equal(h.size, text.n);
	assert_int_equal(h.seen, 2);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.fields[0].value.n, LIMITS_HEADER_BYTES - 2);
	assert_int_equal(h.limits, LIMITS_MET_BYTES);
	buf_fini(&text);
	arena_fini(&a);
}

static void
arena_without_room_leaves_the_size(void **state)
{
	struct arena a;
	struct buf text = BUF_EMPTY;
	struct header h;

	(void)state;
	arena_init_limit(&a, 4096);
	add_times(&text, "X: y\n", 5000);
	header_parse(buf_str(&text), &a, &h);
	assert_int_equal(h.limits, LIMITS_MET_MEMORY);
	assert_int_equal(h.size, text.n);
	assert_int_equal(h.count, 0);
	assert_null(header_first(&h, STR("X")));
	buf_fini(&text);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_found_by_name_in_any_case_and_in_order),
		cmocka_unit_test(header_ends_at_the_first_empty_line_and_only_there),
		cmocka_unit_test(folds_go_and_their_blanks_stay),
		cmocka_unit_test(raw_value_ends_before_its_line_end),
		cmocka_unit_test(fields_beyond_the_limit_are_counted_only),
		cmocka_unit_test(one_line_of_fifty_megabytes_is_cut),
		cmocka_unit_test(arena_without_room_leaves_the_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Whatever a value holds, one field comes of it, or none; and bodies that
 * any system takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "mail/address.h"
#include "mail/build.h"
#include "mail/encode.h"
#include "mail/header.h"
#include "mail/path.h"
#include "mail/word.h"

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}

/* One field of that name, or nothing; each line short; no control bytes. */
static void
assert_at_most_one_field(const struct buf *out, const char *name)
{
	struct header_cursor cursor;
	struct header_field field;
	struct str rest = buf_str(out), line;
	size_t count = 0;

	assert_true(buf_is_ok(out));
	header_cursor_init(&cursor, buf_str(out));
	while (header_has_field(&cursor, &field)) {
		assert_str(field.name, name);
		count++;
	}
	assert_true(count <= 1 && !cursor.is_ended);
	assert_true(count == 1 || out->n == 0);
	while (str_can_split(&rest, '\n', &line)) {
		assert_true(line.n <= 998);
		assert_false(str_has_control(line));
		assert_true(str_trim(line).n > 0);
	}
	assert_true(path_is_utf8(buf_str(out)));
}

static void
values_are_written_as_they_should_be(void **state)
{
	static const struct {
		const char *value, *text, *structured;
	} cases[] = {
		{ "", "", "" },
		{ " \t\r\n ", "", "" },
		{ "a b", "X: a b\n", "X: a b\n" },
		{ " a  b ", "X: a  b\n", "X: a b\n" },
		{ "a\r\nBcc: x", "X: =?utf-8?B?YSAgQmNjOiB4?=\n", "X: a Bcc: x\n" },
		{ "a\n\nbody", "X: =?utf-8?B?YSAgYm9keQ==?=\n", "X: a body\n" },
		{ "\303\251", "X: =?utf-8?B?w6k=?=\n", "X: \303\251\n" },
		{ "\351", "X: =?utf-8?B?77+9?=\n", "X: \357\277\275\n" },
		{ "a\001b", "X: =?utf-8?B?YQFi?=\n", "X: a?b\n" },
		{ "=?utf-8?q?x?=", "X: =?utf-8?B?PT91dGYtOD9xP3g/PQ==?=\n", "X: =?utf-8?q?x?=\n" },
	};
	struct buf out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		build_text(&out, STR("X"), str_of(cases[i].value));
		assert_str(buf_str(&out), cases[i].text);
		buf_clear(&out);
		build_value(&out, STR("X"), str_of(cases[i].value));
		assert_str(buf_str(&out), cases[i].structured);
	}
	buf_fini(&out);
}

static void
names_that_are_none_write_nothing(void **state)
{
	static const char *const names[] = { "", "a b", "a:", "a\n", "\303\251", " a",
		"a-name-of-eighty-bytes-is-too-long-a-name-of-eighty-bytes-is-too-long-and-longer" };
	struct buf out = BUF_EMPTY;
	const struct build_address joe = { .path = STR("joe@a.example") };
	const struct str id = STR("<a@b>");

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct str name = str_of(names[i]);

		build_text(&out, name, STR("x"));
		build_value(&out, name, STR("x"));
		build_date(&out, name, 0, 0);
		build_addresses(&out, name, &joe, 1);
		build_ids(&out, name, &id, 1);
		build_parameter(&out, name, STR("x"), STR("y"), STR("z"));
		assert_int_equal(out.n, 0);
	}
	buf_fini(&out);
}

static void
a_parameter_stays_inside_its_quotes(void **state)
{
	struct buf out = BUF_EMPTY;

	(void)state;
	build_parameter(&out, STR("Auto-Submitted"), STR("auto-notified"), STR("owner-email"),
	    STR("\"a\\ b\"@xxxxxxxxxxxxxxxx\r\nBcc: y"));
	assert_str(buf_str(&out), "Auto-Submitted: auto-notified;"
	    " owner-email=\"\\\"a\\\\ b\\\"@xxxxxxxxxxxxxxxx Bcc:\n"
	    " y\"\n");
	buf_fini(&out);
}

static void
addresses_are_checked_quoted_and_folded(void **state)
{
	static const struct build_address list[] = {
		{ STR_EMPTY, { "joe@a.example", 13 } },
		{ { "Joe \"the\" Doe", 13 }, { "joe@b.example", 13 } },
		{ { "J\303\266", 3 }, { "j\303\266@b.example", 13 } },
		{ { "bad", 3 }, { "no domain", 9 } },
		{ { "bad", 3 }, { "x@y.example>\nBcc: <z@a.example", 30 } },
		{ { "bad", 3 }, { "a@b c", 5 } },
		{ { "bad", 3 }, { "root", 4 } },
		{ { "a\nBcc: x@y", 10 }, { "\"a b\"@c.example", 15 } },
	};
	struct buf out = BUF_EMPTY;

	(void)state;
	build_addresses(&out, STR("To"), list, sizeof list / sizeof *list);
	assert_str(buf_str(&out), "To: joe@a.example, \"Joe \\\"the\\\" Doe\" <joe@b.example>,"
	    " =?utf-8?B?SsO2?=\n"
	    " <j\303\266@b.example>, =?utf-8?B?YSBCY2M6IHhAeQ==?= <\"a b\"@c.example>\n");
	assert_at_most_one_field(&out, "To");
	buf_clear(&out);
	build_addresses(&out, STR("To"), list + 3, 4);
	assert_int_equal(out.n, 0);
	buf_fini(&out);
}

static void
ids_are_found_in_anything(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
		{ "<a@b>", "<a@b>" },
		{ "x <a@b>, (c) <d>\n <e@f>", "<a@b><d><e@f>" },
		{ "<a b> <<c> <> <d@e", "<c>" },
		{ "<\303\251@a> <b>", "<b>" },
		{ "", "" },
		{ "<<<<", "" },
	};
	struct buf out = BUF_EMPTY;
	struct str rest, id;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		rest = str_of(cases[i].value);
		while (build_can_take_id(&rest, &id))
			buf_add_str(&out, id);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}

/* `count` times `text`. */
static void
add_times(struct buf *out, const char *text, size_t count)
{
	while (count-- > 0)
		buf_add_cstr(out, text);
}

static void
values_of_a_megabyte_make_one_field(void **state)
{
	char blanks[1500] = "a";
	const char *const units[] = { "a", " ", "a ", "\n", "\r\nBcc: x\r\n\r\n", "\303\251",
		"\200", "\377 ", "=?", "\"", "\\", "<a@b>", "<", blanks, "\001", "(" };
	struct buf text = BUF_EMPTY, out = BUF_EMPTY;

	(void)state;
	memset(blanks + 1, ' ', sizeof blanks - 2);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct build_address address = { .path = STR("joe@a.example") };

		buf_clear(&text);
		add_times(&text, units[i], ((size_t)1 << 20) / strlen(units[i]));
		buf_clear(&out);
		build_text(&out, STR("Subject"), buf_str(&text));
		assert_at_most_one_field(&out, "Subject");
		buf_clear(&out);
		build_value(&out, STR("Subject"), buf_str(&text));
		assert_at_most_one_field(&out, "Subject");
		buf_clear(&out);
		address.display = buf_str(&text);
		build_addresses(&out, STR("Subject"), &address, 1);
		assert_at_most_one_field(&out, "Subject");
		assert_true(out.n > 0);
		buf_clear(&out);
		address.path = buf_str(&text);
		build_addresses(&out, STR("Subject"), &address, 1);
		assert_int_equal(out.n, 0);
		build_ids(&out, STR("Subject"), &address.path, 1);
		assert_int_equal(out.n, 0);
	}
	buf_fini(&text);
	buf_fini(&out);
}

/* ---- bodies ---- */

static void
bodies_are_encoded_as_they_need(void **state)
{
	static const struct {
		const char *text;
		enum transfer_encoding encoding;
		const char *want;
	} cases[] = {
		{ "", TRANSFER_7BIT, "" },
		{ "a\r\nb\rc\n\nd", TRANSFER_7BIT, "a\nb\nc\n\nd\n" },
		{ "a tab\there", TRANSFER_7BIT, "a tab\there\n" },
		{ "Gr\303\274\303\237e an alle, bis bald \n", TRANSFER_QUOTED_PRINTABLE,
		    "Gr=C3=BC=C3=9Fe an alle, bis bald=20\n" },
		{ "From here = \303\251\r\n.\r\n", TRANSFER_QUOTED_PRINTABLE,
		    "=46rom here =3D =C3=A9\n=2E\n" },
		{ "\316\261\316\262\316\263", TRANSFER_BASE64, "zrHOss6zDQo=\n" },
	};
	struct buf out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		assert_int_equal(encode_choose(str_of(cases[i].text)), cases[i].encoding);
		encode_add(&out, str_of(cases[i].text), cases[i].encoding);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}

static void
long_bodies_come_back(void **state)
{
	static const char *const units[] = { "x", "x ", "= ", "\303\251", "a\303\251aaaaaaaaaaaaaaaaa",
		".", "From ", "line\n" };

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct buf text = BUF_EMPTY, out = BUF_EMPTY, again = BUF_EMPTY, lines = BUF_EMPTY;
		enum transfer_encoding encoding;
		struct str rest, line;

		add_times(&text, units[i], 3000);
		buf_add_cstr(&text, "end\n");
		encoding = encode_choose(buf_str(&text));
		encode_add(&out, buf_str(&text), encoding);
		assert_int_equal(encode_choose(buf_str(&out)), TRANSFER_7BIT);
		rest = buf_str(&out);
		while (str_can_split(&rest, '\n', &line))
			assert_true(line.n <= 76);
		transfer_add_decoded(&again, buf_str(&out), encoding);
		encode_add_lines(&lines, buf_str(&again));
		assert_true(str_is_equal(buf_str(&lines), buf_str(&text)));
		buf_fini(&text);
		buf_fini(&out);
		buf_fini(&again);
		buf_fini(&lines);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_written_as_they_should_be),
		cmocka_unit_test(names_that_are_none_write_nothing),
		cmocka_unit_test(a_parameter_stays_inside_its_quotes),
		cmocka_unit_test(addresses_are_checked_quoted_and_folded),
		cmocka_unit_test(ids_are_found_in_anything),
		cmocka_unit_test(values_of_a_megabyte_make_one_field),
		cmocka_unit_test(bodies_are_encoded_as_they_need),
		cmocka_unit_test(long_bodies_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* aliases(5): what a name's members are, as written. */

#include "tests/unit/directory_setup.h"

#include "directory/alias.h"

/* Members of a name, joined by |; "-" unknown, "!" broken. */
static struct str
members_of(struct place *place, struct alias_file *file, const char *name)
{
	struct str rest, member;
	struct buf text = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	enum alias_result result = alias_find(file, str_of(name), &rest, &why);
	struct str joined;

	if (result != ALIAS_FOUND)
		return str_of(result == ALIAS_UNKNOWN ? "-" : "!");
	while (alias_has_member(&rest, &place->arena, &member)) {
		buf_add_str(&text, member);
		buf_add_byte(&text, '|');
	}
	joined = arena_str(&place->arena, buf_str(&text));
	buf_fini(&text);
	return joined;
}

static void
members_are_found_by_name(void **state)
{
	static const struct {
		const char *text, *name, *members;
	} cases[] = {
		{ "a: b\n", "a", "b|" },
		{ "a: b", "a", "b|" },
		{ "a: b, c,d\n", "a", "b|c|d|" },
		{ "a:\n", "a", "" },
		{ "a: ,, b ,\n", "a", "b|" },
		{ "a : b\n", "a", "b|" },
		{ "a: b\r\nc: d\r\n", "a", "b|" },
		{ "a: b\n", "b", "-" },
		{ "A: b\n", "a", "b|" },
		{ "a: B\n", "A", "B|" },
		{ "a@x.example: b\n", "a@x.example", "b|" },
		{ "a: b@x.example\n", "a", "b@x.example|" },
		/* continued */
		{ "a: b,\n c,\n\td\n", "a", "b|c|d|" },
		{ "a:\n  b\n", "a", "b|" },
		{ "a: b,\n c\nd: e\n", "d", "e|" },
		{ "a: b,\n\n c\n", "a", "b|c|" },
		/* comments */
		{ "# a: b\n", "# a", "-" },
		{ "a: b,\n# no, x\n c\n", "a", "b|c|" },
		{ "a: b,\n  # no, \"x\n c\n", "a", "b|c|" },
		{ "a: b,\n# no\nc: d\n", "c", "d|" },
		{ "a: b\n# no, x\n , c\n", "a", "b|c|" },
		{ "a: b, #c\n", "a", "b|#c|" },
		/* quotes */
		{ "\"a b\": c\n", "a b", "c|" },
		{ "\"a:b\": c\n", "a:b", "c|" },
		{ "a: \"b, c\", d\n", "a", "b, c|d|" },
		{ "a: \"b\\\"c\", d\n", "a", "b\"c|d|" },
		{ "a: \"b c\"@x.example\n", "a", "b c@x.example|" },
		{ "a: \"\", b\n", "a", "b|" },
		{ "a: \"b\n", "a", "b|" },
		{ "\"a: b\nc: d\n", "c", "d|" },
		/* left for the caller to understand */
		{ "a: \\a\n", "a", "\\a|" },
		{ "a: :include:/x/y\n", "a", ":include:/x/y|" },
		{ "a: |\"cat >x, y\"\n", "a", "|cat >x, y|" },
		/* broken lines leave the others alone */
		{ "no colon\na: b\n", "a", "b|" },
		{ ": b\na: c\n", "a", "c|" },
		{ " a: b\nc: d\n", "c", "d|" },
		{ "a: b\na: c\n", "a", "b|" },
		{ "", "a", "-" },
		{ "\n\n", "a", "-" },
	};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct alias_file *file =
		    alias_open(write_text(place, "aliases", str_of(cases[i].text)));
		struct str members = members_of(place, file, cases[i].name);

		if (!str_is_equal(members, str_of(cases[i].members)))
			fail_msg("%s: %s: %.*s", cases[i].text, cases[i].name, STR_ARG(members));
		alias_close(&file);
		assert_null(file);
	}
}

static void
file_that_changes_is_read_again(void **state)
{
	struct place *place = *state;
	struct str path = write_text(place, "aliases", STR("a: b\n"));
	struct alias_file *file = alias_open(path);

	assert_str_equal(members_of(place, file, "a"), "b|");
	write_text(place, "aliases", STR("a: c\nd: e\n"));
	assert_str_equal(members_of(place, file, "a"), "c|");
	assert_str_equal(members_of(place, file, "d"), "e|");
	alias_close(&file);
}

static void
missing_file_is_broken_until_it_is_there(void **state)
{
	struct place *place = *state;
	struct alias_file *file = alias_open(path_of(place, "later"));
	struct str path;

	assert_str_equal(members_of(place, file, "a"), "!");
	path = write_text(place, "later", STR("a: b\n"));
	assert_str_equal(members_of(place, file, "a"), "b|");
	assert_int_equal(unlink(path.p), 0);
	assert_str_equal(members_of(place, file, "a"), "!");
	write_text(place, "later", STR("a: b\n"));
	assert_str_equal(members_of(place, file, "a"), "b|");
	alias_close(&file);
}

static void
directory_in_its_place_is_broken(void **state)
{
	struct place *place = *state;
	struct alias_file *file = alias_open(str_of(place->path));

	assert_str_equal(members_of(place, file, "a"), "!");
	alias_close(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_name),
		cmocka_unit_test(file_that_changes_is_read_again),
		cmocka_unit_test(missing_file_is_broken_until_it_is_there),
		cmocka_unit_test(directory_in_its_place_is_broken),
	};

	return cmocka_run_group_tests_name("alias", tests, open_place, close_place);
}

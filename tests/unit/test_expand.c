/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Dovecot's letters in path patterns. */

#include "tests/unit/directory_setup.h"

#include "directory/expand.h"
#include "directory/lookup.h"

static void
letters_stand_for_parts_of_the_name(void **state)
{
	static const struct {
		const char *pattern, *local, *domain, *home;
		const char *result; /* NULL: refused */
	} cases[] = {
		{ "", "a", "x.example", "/h", "" },
		{ "/plain", "a", "x.example", "", "/plain" },
		{ "/m/%d/%n", "a", "x.example", "", "/m/x.example/a" },
		{ "/m/%u", "a", "x.example", "", "/m/a@x.example" },
		{ "/m/%u%d", "a", "", "", "/m/a" },
		{ "%h/M", "a", "x.example", "/h", "/h/M" },
		{ "~", "a", "x.example", "/h", "/h" },
		{ "~/M", "a", "x.example", "/h", "/h/M" },
		{ "maildir:~/M", "a", "x.example", "/h", "maildir:/h/M" },
		{ "maildir:~/M:INDEX=~/i", "a", "x.example", "/h", "maildir:/h/M:INDEX=~/i" },
		{ "100%%", "a", "x.example", "", "100%" },
		{ "%%n", "a", "x.example", "", "%n" },
		/* no home's place */
		{ "/m/~a", "a", "x.example", "/h", "/m/~a" },
		{ "~a/M", "a", "x.example", "/h", "~a/M" },
		/* values are not patterns */
		{ "/m/%n", "%d", "x.example", "", "/m/%d" },
		{ "%n/M", "~", "x.example", "/h", "~/M" },
		{ "/m/%x", "a", "x.example", "", NULL },
		{ "/m/%", "a", "x.example", "", NULL },
		{ "~/M", "a", "x.example", "", NULL },
		{ "%h", "a", "x.example", "", NULL },
	};
	struct place *place = *state;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct expand_values values = { str_of(cases[i].local), str_of(cases[i].domain),
			str_of(cases[i].home) };
		struct fail why = FAIL_EMPTY;
		struct str out = STR("untouched");
		int rc = expand_pattern(str_of(cases[i].pattern), &values, &place->arena, &out,
		    &why);

		if (cases[i].result == NULL) {
			assert_int_equal(rc, -1);
			assert_int_equal(why.class, FAIL_TEMP);
		} else if (rc == -1 || !str_is_equal(out, str_of(cases[i].result)))
			fail_msg("%s: %.*s", cases[i].pattern, STR_ARG(out));
	}
}

static void
path_has_a_limit(void **state)
{
	struct place *place = *state;
	char home[LOOKUP_PATH_MAX + 1];
	struct expand_values values = { .home = { home, LOOKUP_PATH_MAX } };
	struct fail why = FAIL_EMPTY;
	struct str out;

	memset(home, 'h', sizeof home);
	assert_int_equal(expand_pattern(STR("~"), &values, &place->arena, &out, &why), 0);
	assert_int_equal(out.n, LOOKUP_PATH_MAX);
	values.home.n++;
	assert_int_equal(expand_pattern(STR("~"), &values, &place->arena, &out, &why), -1);
	assert_int_equal(why.class, FAIL_TEMP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_stand_for_parts_of_the_name),
		cmocka_unit_test(path_has_a_limit),
	};

	return cmocka_run_group_tests_name("expand", tests, open_place, close_place);
}

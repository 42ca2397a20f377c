/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Mailbox names: one encoded form each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/mutf7.h"

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}


static void
names_are_encoded_as_in_rfc_9051(void **state)
{
	static const struct {
		const char *name, *encoded;
	} cases[] = {
		{ "", "" },
		{ "INBOX", "INBOX" },
		{ "a&b", "a&-b" },
		{ "~peter/mail/\345\217\260\345\214\227/\346\227\245\346\234\254\350\252\236",
		    "~peter/mail/&U,BTFw-/&ZeVnLIqe-" },
		{ "Entw\303\274rfe", "Entw&APw-rfe" },
		{ "\360\237\230\200", "&2D3eAA-" },
		{ "\303\251&\303\251", "&AOk-&-&AOk-" },
		{ "\001", "&AAE-" },
		{ "\177", "&AH8-" },
		{ "\357\277\277", "&,,8-" },
	};
	struct buf out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		assert_true(mutf7_is_encoded(&out, str_of(cases[i].name)));
		assert_str(buf_str(&out), cases[i].encoded);
		buf_clear(&out);
		assert_true(mutf7_is_decoded(&out, str_of(cases[i].encoded)));
		assert_str(buf_str(&out), cases[i].name);
	}
	buf_fini(&out);
}

static void
other_forms_are_refused_and_leave_the_buffer_alone(void **state)
{
	static const char *const cases[] = {
		"&", "a&b", "&AOk", "&AGE-", "&ACY-", "&AOk-&AOk-", "&AOl-", "&AOkA-", "&AO-", "&A-",
		"&2D0-", "&3gA-", "&3gDYPQ-", "&2D0AYQ-", "&AO/-", "&AO=-", "\303\251", "a\001", "&AAA-",
		"a\177", "&AOk A-", "&AOkAYQ-",
	};
	struct buf out = BUF_EMPTY;

	(void)state;
	buf_add_cstr(&out, "kept");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (mutf7_is_decoded(&out, str_of(cases[i])))
			fail_msg("taken: %s", cases[i]);
		assert_str(buf_str(&out), "kept");
	}
	buf_fini(&out);
}

static void
names_that_are_not_utf8_are_refused(void **state)
{
	static const struct str cases[] = { { "a\377", 2 }, { "\303", 1 }, { "\300\200", 2 },
		{ "\355\240\200", 3 }, { "a\0b", 3 }, { "\364\220\200\200", 4 } };
	struct buf out = BUF_EMPTY;

	(void)state;
	buf_add_cstr(&out, "kept");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_false(mutf7_is_encoded(&out, cases[i]));
		assert_str(buf_str(&out), "kept");
	}
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_encoded_as_in_rfc_9051),
		cmocka_unit_test(other_forms_are_refused_and_leave_the_buffer_alone),
		cmocka_unit_test(names_that_are_not_utf8_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

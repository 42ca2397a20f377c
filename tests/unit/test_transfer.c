/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Transfer encodings, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/transfer.h"

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}


struct pair {
	const char *text, *want;
};

static void
check(enum transfer_encoding encoding, const struct pair *cases, size_t n)
{
	struct buf out = BUF_EMPTY;

	for (size_t i = 0; i < n; i++) {
		buf_clear(&out);
		transfer_add_decoded(&out, str_of(cases[i].text), encoding);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}

static void
base64_is_decoded_as_far_as_it_goes(void **state)
{
	static const struct pair cases[] = {
		{ "", "" },
		{ "Zm9vYmFy", "foobar" },
		{ "Zm9vYmE=", "fooba" },
		{ "Zm9vYg==", "foob" },
		{ "Zm9v\r\nYmFy\r\n", "foobar" },
		{ "Zm9vYg", "foob" },
		{ "Zm9vY", "foo" },
		{ "Zg==Zm8=Zm9v", "ffofoo" },
		{ "Z-m*9!v", "foo" },
		{ "====", "" },
	};

	(void)state;
	check(TRANSFER_BASE64, cases, sizeof cases / sizeof *cases);
}

static void
quoted_printable_is_decoded_as_far_as_it_goes(void **state)
{
	static const struct pair cases[] = {
		{ "", "" },
		{ "a=3Db=c3=A9", "a=b\303\251" },
		{ "soft=\nbreak", "softbreak" },
		{ "soft=\r\nbreak\r\n", "softbreak\r\n" },
		{ "soft= \t\nbreak", "softbreak" },
		{ "trailing  \t\nblank", "trailing\nblank" },
		{ "kept=20\nblank", "kept \nblank" },
		{ "bad=zz =4 =", "bad=zz =4 " },
		{ "==41", "=A" },
		{ "\n\n=\n", "\n\n" },
		{ "end ", "end" },
	};

	(void)state;
	check(TRANSFER_QUOTED_PRINTABLE, cases, sizeof cases / sizeof *cases);
}

static void
other_encodings_leave_bytes_alone(void **state)
{
	static const struct pair cases[] = { { "a=3D \n", "a=3D \n" } };

	(void)state;
	check(TRANSFER_7BIT, cases, 1);
	check(TRANSFER_UNKNOWN, cases, 1);
}

static void
names_are_known_in_any_dress(void **state)
{
	static const struct {
		const char *value;
		enum transfer_encoding encoding;
	} cases[] = {
		{ "", TRANSFER_7BIT },
		{ " 7bit", TRANSFER_7BIT },
		{ "8BIT", TRANSFER_8BIT },
		{ "binary", TRANSFER_BINARY },
		{ " Base64 ", TRANSFER_BASE64 },
		{ " (a (b)) base64 (c)", TRANSFER_BASE64 },
		{ "\n quoted-printable;", TRANSFER_QUOTED_PRINTABLE },
		{ "x-uuencode", TRANSFER_UNKNOWN },
		{ "base 64", TRANSFER_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(transfer_encoding_of(str_of(cases[i].value)), cases[i].encoding);
}

static void
bytes_are_encoded_with_padding(void **state)
{
	static const struct pair cases[] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "\377\376\375\374", "//79/A==" } };
	struct buf out = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&out);
		transfer_encode_base64(&out, str_of(cases[i].text));
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_is_decoded_as_far_as_it_goes),
		cmocka_unit_test(quoted_printable_is_decoded_as_far_as_it_goes),
		cmocka_unit_test(other_encodings_leave_bytes_alone),
		cmocka_unit_test(names_are_known_in_any_dress),
		cmocka_unit_test(bytes_are_encoded_with_padding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

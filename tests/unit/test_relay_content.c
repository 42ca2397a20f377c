/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A message on its way out: line ends, dots, and what is converted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "relay/content.h"
#include "relay/downgrade.h"

enum where { IN_MEMORY, IN_SEALED_FILE, IN_FILE, WHERES };

static void
place(struct content *c, struct str text, enum where where)
{
	char path[] = "/tmp/test_relay_content.XXXXXX";
	struct fail why;
	int fd = -1;

	if (where == IN_SEALED_FILE) {
		assert_int_equal(file_sealed(text, &fd, &why), 0);
	} else if (where == IN_FILE) {
		fd = mkstemp(path);
		assert_int_not_equal(fd, -1);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(file_write_all(fd, text, path, &why), 0);
	}
	content_init(c, text, fd, text.n);
}

static int
say_all(struct content *c, bool is_dotted, struct buf *out)
{
	struct content_facts facts;
	struct content_saying s;
	struct fail why = FAIL_EMPTY;

	assert_int_equal(content_scan(c, &facts, &why), 0);
	content_begin(&s, &facts, is_dotted);
	while (!s.is_over)
		if (content_say(c, &s, out, &why) == -1)
			return -1;
	assert_int_equal(s.said, facts.wire_size);
	return 0;
}

static const struct {
	const char *in, *dotted, *chunk;
} samples[] = {
	{ "", ".\r\n", "" },
	{ "\n", "\r\n.\r\n", "\r\n" },
	{ "a\n", "a\r\n.\r\n", "a\r\n" },
	{ "a", "a\r\n.\r\n", "a\r\n" },
	{ ".", "..\r\n.\r\n", ".\r\n" },
	{ ".\n", "..\r\n.\r\n", ".\r\n" },
	{ "a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n" },
	{ "a\n..b\n.c.\n", "a\r\n...b\r\n..c.\r\n.\r\n", "a\r\n..b\r\n.c.\r\n" },
	{ "a.\n\n.", "a.\r\n\r\n..\r\n.\r\n", "a.\r\n\r\n.\r\n" },
};

static void
lines_end_in_crlf_and_dots_are_stuffed(void **state)
{
	size_t i;
	int where;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		for (where = IN_MEMORY; where < WHERES; where++) {
			struct buf dotted = BUF_EMPTY, chunk = BUF_EMPTY;
			struct content c;

			place(&c, str_of(samples[i].in), (enum where)where);
			assert_int_equal(say_all(&c, true, &dotted), 0);
			assert_int_equal(say_all(&c, false, &chunk), 0);
			assert_string_equal(buf_cstr(&dotted), samples[i].dotted);
			assert_string_equal(buf_cstr(&chunk), samples[i].chunk);
			content_fini(&c);
			buf_fini(&dotted);
			buf_fini(&chunk);
		}
	}
}

/* Dots and line ends at every distance from the windows' edges. */
static void
windows_do_not_show(void **state)
{
	struct buf text = BUF_EMPTY, first = BUF_EMPTY, out = BUF_EMPTY;
	int where;
	unsigned i;

	(void)state;
	for (i = 0; text.n < 3 * CONTENT_WINDOW; i++)
		buf_addf(&text, "%.*s.\n..\n", (int)(i % 7), "abcdefg");
	for (where = IN_MEMORY; where < WHERES; where++) {
		struct content c;

		place(&c, buf_str(&text), (enum where)where);
		buf_clear(&out);
		assert_int_equal(say_all(&c, true, &out), 0);
		if (where == IN_MEMORY)
			buf_add_str(&first, buf_str(&out));
		assert_true(str_is_equal(buf_str(&first), buf_str(&out)));
		assert_int_equal(str_find(buf_str(&out), STR("\r\n.\r\n")), out.n - 5);
		content_fini(&c);
	}
	buf_fini(&text);
	buf_fini(&first);
	buf_fini(&out);
}

static void
facts_are_found(void **state)
{
	static const struct {
		struct str in;
		unsigned facts; /* header 8-bit, body 8-bit, NUL, CR */
	} cases[] = {
		{ STR("A: b\n\nc\n"), 0 },
		{ STR("A: \303\244\n\nc\n"), 1 },
		{ STR("A: b\n\n\303\244\n"), 2 },
		{ STR("A: b\n\n\303"), 2 },
		{ STR("A: b\n\n\0\n"), 4 },
		{ STR("A: b\r\n\nc"), 8 },
		{ STR("A: \377\0\r\n\n\200"), 15 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct content_facts f;
		struct content c;
		struct fail why;

		place(&c, cases[i].in, IN_MEMORY);
		assert_int_equal(content_scan(&c, &f, &why), 0);
		assert_int_equal((unsigned)f.has_8bit_header | (unsigned)f.has_8bit_body << 1 |
		    (unsigned)f.has_nul << 2 | (unsigned)f.has_cr << 3, cases[i].facts);
		assert_false(f.has_long);
		content_fini(&c);
	}
}

static bool
is_long(size_t n)
{
	struct buf text = BUF_EMPTY;
	struct content_facts f;
	struct content c;
	struct fail why;

	buf_add_cstr(&text, "A: b\n\n");
	while (n-- > 0)
		buf_add_byte(&text, 'x');
	place(&c, buf_str(&text), IN_MEMORY);
	assert_int_equal(content_scan(&c, &f, &why), 0);
	content_fini(&c);
	buf_fini(&text);
	return f.has_long;
}

static void
a_long_line_is_one_of_more_than_998_bytes(void **state)
{
	(void)state;
	assert_false(is_long(998));
	assert_true(is_long(999));
}

/* The owner of the file writes it anew between the look and the saying. */
static void
a_message_that_changes_does_not_end(void **state)
{
	static const char *const other[] = { "A: b\n\ncccccccc\n", "A: b\n\nc\nd\ne\nf\ng\n",
		"A: b\n\ncc\rcccccc\n", "A: b" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof other / sizeof other[0]; i++) {
		struct content_facts facts;
		struct content_saying s;
		struct buf out = BUF_EMPTY;
		struct content c;
		struct fail why;
		int rc = 0;

		place(&c, STR("A: b\n\ncc\nccccc\n"), IN_FILE);
		assert_int_equal(content_scan(&c, &facts, &why), 0);
		buf_fini(&c.window);
		assert_int_equal(ftruncate(c.fd, 0), 0);
		assert_int_equal(file_pwrite_all(c.fd, str_of(other[i]), 0, "x", &why), 0);
		content_begin(&s, &facts, true);
		while (rc == 0 && !s.is_over)
			rc = content_say(&c, &s, &out, &why);
		assert_int_equal(rc, -1);
		assert_false(str_has_suffix(buf_str(&out), STR(".\r\n")));
		content_fini(&c);
		buf_fini(&out);
	}
}

#define X100 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X1000 X100 X100 X100 X100 X100 X100 X100 X100 X100 X100
#define MULTI "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"

static const struct {
	struct str in;
	const char *out; /* NULL: refused */
	unsigned detail;
	bool is_8bit_ok;
} conversions[] = {
	/* Nobody said that it is MIME (RFC 1428 3). */
	{ STR("Subject: x\n\ncaf\303\251\n"), "Subject: x\nMIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=unknown-8bit\n"
	    "Content-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9\n", 0, false },
	{ STR("MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n"
	    "Content-Type: text/plain; charset=utf-8\nSubject: x\n\n\303\251=\n.\n"),
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nSubject: x\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n=C3=A9=3D\n=2E\n", 0, false },
	/* Folded, and the last field. */
	{ STR("MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding:\n 8bit\n\n"
	    "\303\251"), "MIME-Version: 1.0\nContent-Type: text/plain\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n=C3=A9\n", 0, false },
	/* No text: base64 over CRLF lines; a NUL or CR makes text that too. */
	{ STR("MIME-Version: 1.0\nContent-Type: application/x\n\n\377\n"), "MIME-Version: 1.0\n"
	    "Content-Type: application/x\nContent-Transfer-Encoding: base64\n\n/w0K\n", 0, false },
	{ STR("MIME-Version: 1.0\nContent-Type: text/plain\n\na\0b"), "MIME-Version: 1.0\n"
	    "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nYQBi\n", 0, true },
	{ STR("MIME-Version: 1.0\nContent-Type: text/plain\n\na\rb"), "MIME-Version: 1.0\n"
	    "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nYQ1i\n", 0, true },
	/* Only the part that needs it; the others byte for byte. */
	{ STR(MULTI "pre\n--b\n\nplain\n--b\nContent-Type: text/x\n\n\303\251\n\n--b\n"
	    "Content-Type: image/x\n\n\377\n--b--\nepi\n"),
	    MULTI "pre\n--b\n\nplain\n--b\nContent-Type: text/x\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n=C3=A9\n\n--b\nContent-Type: image/x\n"
	    "Content-Transfer-Encoding: base64\n\n/w==\n--b--\nepi\n", 0, false },
	/* What a signature covers stays, and so the message does not go. */
	{ STR("MIME-Version: 1.0\nContent-Type: multipart/signed; boundary=b\n\n--b\n\n\303\251\n"
	    "--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"), NULL, 2, false },
	{ STR("MIME-Version: 1.0\nContent-Type: multipart/signed; boundary=a\n\n--a\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\303\251\n--b--\n--a--\n"),
	    NULL, 2, false },
	{ STR("Subject: \303\251\n\nx\n"), NULL, 3, false },
	{ STR("Subject: " X1000 "\n\nx\n"), NULL, 3, true },
	{ STR("Subject: a\rb\n\nx\n"), NULL, 3, true },
	{ STR(MULTI "\303\251\n--b\n\nx\n--b--\n"), NULL, 3, false },
	{ STR("MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n\303\251\n"), NULL,
	    3, false },
	{ STR("MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n" X1000 "\n"), NULL, 3, true },
};

static void
parts_are_encoded_or_the_message_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof conversions / sizeof conversions[0]; i++) {
		struct fail why = FAIL_EMPTY;
		struct content c;
		struct str out;
		int rc;

		place(&c, conversions[i].in, i % 2 == 0 ? IN_MEMORY : IN_FILE);
		rc = downgrade(&c, conversions[i].is_8bit_ok, &why);
		assert_int_equal(content_whole(&c, &out, &why), 0);
		if (conversions[i].out != NULL) {
			if (rc == -1 || !str_is_equal(out, str_of(conversions[i].out)))
				fail_msg("%zu: %s\n%.*s", i, why.log, STR_ARG(out));
		} else {
			assert_int_equal(rc, -1);
			assert_int_equal(why.class, FAIL_PERM);
			assert_int_equal(why.subject, 6);
			assert_int_equal(why.detail, conversions[i].detail);
			assert_true(str_is_equal(out, conversions[i].in));
		}
		content_fini(&c);
	}
}

static void
a_long_line_is_broken_softly(void **state)
{
	struct fail why = FAIL_EMPTY;
	struct content_facts facts;
	struct content c;
	struct str out;

	(void)state;
	place(&c, STR("MIME-Version: 1.0\nContent-Type: text/html\n\n" X1000 "\n"), IN_MEMORY);
	assert_int_equal(downgrade(&c, true, &why), 0);
	assert_int_equal(content_scan(&c, &facts, &why), 0);
	assert_false(facts.has_long);
	assert_int_equal(content_whole(&c, &out, &why), 0);
	assert_true(str_find(out, STR("x=\nx")) != -1);
	content_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_in_crlf_and_dots_are_stuffed),
		cmocka_unit_test(windows_do_not_show),
		cmocka_unit_test(facts_are_found),
		cmocka_unit_test(a_long_line_is_one_of_more_than_998_bytes),
		cmocka_unit_test(a_message_that_changes_does_not_end),
		cmocka_unit_test(parts_are_encoded_or_the_message_is_refused),
		cmocka_unit_test(a_long_line_is_broken_softly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

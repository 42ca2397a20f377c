/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Bodies of parts: as they came, decoded, as text; and what lies around them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/host.h"

struct fixture {
	struct arena arena;
	struct buf scratch;
	struct charset_set *charsets;
	struct host host;
};

static void
begin(struct fixture *f, struct str text)
{
	memset(f, 0, sizeof *f);
	arena_init_limit(&f->arena, HOST_MEMORY_MAX);
	f->charsets = charset_set_new();
	charset_preload(f->charsets);
	host_init(&f->host, text, &f->arena, f->charsets, &f->scratch);
}

static void
end(struct fixture *f)
{
	host_fini(&f->host);
	charset_set_free(&f->charsets);
	arena_fini(&f->arena);
	buf_fini(&f->scratch);
}

static void
assert_str(struct str got, const char *want)
{
	if (want == NULL ? got.p != NULL : got.p == NULL || !str_is_equal(got, str_of(want)))
		fail_msg("got %s\"%.*s\", not \"%s\"", got.p == NULL ? "nothing " : "", STR_ARG(got),
		    want == NULL ? "nothing" : want);
}

struct sample {
	const char *text; /* of a message */
	uint32_t part;
	enum host_body kind;
	const char *want;
};

static void
check(const struct sample *samples, size_t count)
{
	struct fixture f;

	for (size_t i = 0; i < count; i++) {
		begin(&f, str_of(samples[i].text));
		assert_str(host_body(&f.host, samples[i].part, samples[i].kind), samples[i].want);
		/* The second time it is the kept one. */
		assert_str(host_body(&f.host, samples[i].part, samples[i].kind), samples[i].want);
		end(&f);
	}
}

#define CHECK(samples) check(samples, sizeof(samples) / sizeof *(samples))

#define LATIN "Content-Type: text/plain; charset=iso-8859-1\n"
#define BASE64 "Content-Transfer-Encoding: base64\n"
#define QUOTED "Content-Transfer-Encoding: quoted-printable\n"
#define HTML "Content-Type: text/html; charset=utf-8\n"

static void
test_raw_is_as_it_came(void **state)
{
	static const struct sample samples[] = {
		{ "A: b\n\nbody\n", 0, HOST_BODY_RAW, "body\n" },
		{ "A: b\n\n", 0, HOST_BODY_RAW, "" },
		/* RFC 5173 4 */
		{ "A: b\n", 0, HOST_BODY_RAW, NULL },
		{ "", 0, HOST_BODY_RAW, NULL },
		{ "\n", 0, HOST_BODY_RAW, "" },
		{ BASE64 "\nYQ==\n", 0, HOST_BODY_RAW, "YQ==\n" },
		{ "A: b\n\nbody\n", 0, HOST_BODY_HEADER, "A: b\n\n" },
		{ "A: b\n\nbody\n", 0, HOST_BODY_ALL, "A: b\n\nbody\n" },
		{ "A: b\n\nbody\n", 1, HOST_BODY_RAW, NULL },
	};

	(void)state;
	CHECK(samples);
}

static void
test_decoded_is_utf8(void **state)
{
	static const struct sample samples[] = {
		{ "\nplain\n", 0, HOST_BODY_DECODED, "plain\n" },
		{ "\n\xe4", 0, HOST_BODY_DECODED, "\xc3\xa4" },
		{ "\n\xc3\xa4", 0, HOST_BODY_DECODED, "\xc3\xa4" },
		{ LATIN "\n\xe4", 0, HOST_BODY_DECODED, "\xc3\xa4" },
		{ LATIN "\n\xc3\xa4", 0, HOST_BODY_DECODED, "\xc3\x83\xc2\xa4" },
		{ LATIN QUOTED "\n=E4=\nb=\n", 0, HOST_BODY_DECODED, "\xc3\xa4" "b" },
		{ LATIN BASE64 "\n5A==", 0, HOST_BODY_DECODED, "\xc3\xa4" },
		{ "Content-Type: text/plain; charset=\"koi8-r\"\n\n\xc1", 0, HOST_BODY_DECODED,
		    "\xd0\xb0" },
		{ "Content-Type: text/plain; charset=utf-8\n\na\xff", 0, HOST_BODY_DECODED,
		    "a\xef\xbf\xbd" },
		{ "Content-Type: text/plain; charset=x-lie\n\na\xe4", 0, HOST_BODY_DECODED,
		    "a\xc3\xa4" },
		{ "Content-Type: image/gif\n\n\xe4", 0, HOST_BODY_DECODED, "\xe4" },
		{ "Content-Type: image/gif\n" BASE64 "\n5A!!==", 0, HOST_BODY_DECODED, "\xe4" },
		{ "Content-Transfer-Encoding: x-own\n\nYQ==", 0, HOST_BODY_DECODED, "YQ==" },
	};

	(void)state;
	CHECK(samples);
}

static void
test_text_is_what_a_reader_sees(void **state)
{
	static const struct sample samples[] = {
		{ LATIN "\n\xe4 <b>", 0, HOST_BODY_TEXT, "\xc3\xa4 <b>" },
		{ HTML "\n<p>a &auml; b</p>", 0, HOST_BODY_TEXT, "a \xc3\xa4 b" },
		{ HTML BASE64 "\nPGI+YTwvYj4=", 0, HOST_BODY_TEXT, "a" },
		{ "Content-Type: text/calendar\n\nx", 0, HOST_BODY_TEXT, "x" },
		{ "Content-Type: image/gif\n\nx", 0, HOST_BODY_TEXT, NULL },
		{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n", 0, HOST_BODY_TEXT,
		    NULL },
		{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n", 1, HOST_BODY_TEXT,
		    "x" },
	};

	(void)state;
	CHECK(samples);
}

/* RFC 5703 7: "If the transfer encoding or character set is unrecognized by
 * the implementation ..., an empty string will result." */
static void
test_nothing_is_extracted_of_the_unknown(void **state)
{
	static const struct sample samples[] = {
		{ LATIN "\n\xe4", 0, HOST_BODY_EXTRACT, "\xc3\xa4" },
		{ HTML "\n<b>x", 0, HOST_BODY_EXTRACT, "x" },
		{ "Content-Type: text/plain; charset=x-lie\n\na", 0, HOST_BODY_EXTRACT, NULL },
		{ "Content-Type: text/html; charset=x-lie\n\na", 0, HOST_BODY_EXTRACT, NULL },
		{ "Content-Transfer-Encoding: x-own\n\na", 0, HOST_BODY_EXTRACT, NULL },
		{ "Content-Type: text/plain; charset=x-lie\n\na", 0, HOST_BODY_TEXT, "a" },
	};

	(void)state;
	CHECK(samples);
}

/* The example of RFC 5173 5.2. */
#define EXAMPLE \
	"From: Whomever\n" \
	"Content-Type: multipart/mixed; boundary=outer\n" \
	"\n" \
	"& This is a multi-part message in MIME format.\n" \
	"&\n" \
	"--outer\n" \
	"Content-Type: multipart/alternative; boundary=inner\n" \
	"\n" \
	"& This is a nested multi-part message in MIME format.\n" \
	"&\n" \
	"--inner\n" \
	"Content-Type: text/plain; charset=\"us-ascii\"\n" \
	"\n" \
	"$ Hello\n" \
	"$\n" \
	"--inner\n" \
	"Content-Type: text/html; charset=\"us-ascii\"\n" \
	"\n" \
	"% <html><body>Hello</body></html>\n" \
	"%\n" \
	"--inner--\n" \
	"&\n" \
	"& This is the end of the inner MIME multipart.\n" \
	"&\n" \
	"--outer\n" \
	"Content-Type: message/rfc822\n" \
	"\n" \
	"! From: Someone Else\n" \
	"! Subject: hello request\n" \
	"\n" \
	"$ Please say Hello\n" \
	"$\n" \
	"--outer--\n" \
	"&\n" \
	"& This is the end of the outer MIME multipart.\n"

static void
test_the_example_of_rfc5173(void **state)
{
	static const struct sample samples[] = {
		{ EXAMPLE, 0, HOST_BODY_PROLOGUE,
		    "& This is a multi-part message in MIME format.\n&" },
		{ EXAMPLE, 0, HOST_BODY_EPILOGUE,
		    "&\n& This is the end of the outer MIME multipart.\n" },
		{ EXAMPLE, 1, HOST_BODY_PROLOGUE,
		    "& This is a nested multi-part message in MIME format.\n&" },
		{ EXAMPLE, 1, HOST_BODY_EPILOGUE,
		    "&\n& This is the end of the inner MIME multipart.\n&" },
		{ EXAMPLE, 2, HOST_BODY_DECODED, "$ Hello\n$" },
		{ EXAMPLE, 3, HOST_BODY_TEXT, "% Hello %" },
		{ EXAMPLE, 3, HOST_BODY_PROLOGUE, NULL },
		{ EXAMPLE, 5, HOST_BODY_HEADER, "! From: Someone Else\n! Subject: hello request\n\n" },
		{ EXAMPLE, 5, HOST_BODY_DECODED, "$ Please say Hello\n$" },
		{ EXAMPLE, 4, HOST_BODY_RAW,
		    "! From: Someone Else\n! Subject: hello request\n\n$ Please say Hello\n$" },
	};

	(void)state;
	CHECK(samples);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static void
test_multiparts_that_are_not_in_order(void **state)
{
	static const struct sample samples[] = {
		{ MIXED "--b\n\nx\n--b--\n", 0, HOST_BODY_PROLOGUE, "" },
		{ MIXED "--b\n\nx\n--b--\n", 0, HOST_BODY_EPILOGUE, "" },
		{ MIXED "--b\n\nx\n--b--", 0, HOST_BODY_EPILOGUE, "" },
		{ MIXED "--b\n\nx\n", 0, HOST_BODY_EPILOGUE, NULL },
		{ MIXED "\n--b\n\nx\n", 0, HOST_BODY_PROLOGUE, "" },
		{ MIXED "--b\n--b--\nend", 0, HOST_BODY_EPILOGUE, "end" },
		{ MIXED "--b\nA: x\n--b--\nend", 0, HOST_BODY_EPILOGUE, "end" },
		{ MIXED "--b\n\n--b--\nend", 0, HOST_BODY_EPILOGUE, "end" },
		{ MIXED "no part\n", 0, HOST_BODY_PROLOGUE, "no part\n" },
		{ MIXED "no part\n", 0, HOST_BODY_EPILOGUE, NULL },
		{ "Content-Type: multipart/mixed\n\nno boundary", 0, HOST_BODY_PROLOGUE, "no boundary" },
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\nfront\r\n--b\r\n\r\nx\r\n"
		  "--b--  \r\nbehind\r\n", 0, HOST_BODY_PROLOGUE, "front" },
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\nfront\r\n--b\r\n\r\nx\r\n"
		  "--b--  \r\nbehind\r\n", 0, HOST_BODY_EPILOGUE, "behind\r\n" },
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\nfront\r\n--b\r\n\r\nx\r\n"
		  "--b--  \r\nbehind\r\n", 1, HOST_BODY_DECODED, "x" },
	};

	(void)state;
	CHECK(samples);
}

static void
test_what_is_read_as_it_came_is_not_copied(void **state)
{
	static const char text[] = "Content-Type: text/plain; charset=UTF-8\n\nabc \xc3\xa4\n";
	struct fixture f;
	struct str body;

	(void)state;
	begin(&f, str_of(text));
	body = host_body(&f.host, 0, HOST_BODY_DECODED);
	assert_ptr_equal(body.p, text + strlen(text) - 7);
	assert_int_equal(f.host.original.kept, 0);
	end(&f);
}

/* A message of several parts, each of n bytes of text that must be converted. */
static void
add_parts(struct buf *text, const char *type, size_t parts, size_t n)
{
	buf_add_cstr(text, MIXED);
	for (size_t i = 0; i < parts; i++) {
		buf_addf(text, "--b\nContent-Type: %s; charset=iso-8859-1\n\n", type);
		memset(buf_reserve(text, n), '\xe4', n);
		buf_grew(text, n);
		buf_add_cstr(text, "\n");
	}
}

static void
test_bodies_are_cut_at_their_ceilings(void **state)
{
	struct buf text = BUF_EMPTY;
	struct fixture f;
	size_t total = 0;

	(void)state;
	add_parts(&text, "text/plain", 5, (size_t)10 << 20);
	begin(&f, buf_str(&text));
	for (uint32_t i = 1; i <= 5; i++) {
		struct str body = host_body(&f.host, i, HOST_BODY_TEXT);

		assert_true(body.n <= HOST_PART_MAX);
		/* Between two characters. */
		assert_int_equal(body.n % 2, 0);
		assert_true(host_body(&f.host, i, HOST_BODY_RAW).n >= (size_t)10 << 20);
		total += body.n;
	}
	assert_int_equal(total, HOST_BODIES_MAX);
	assert_true(f.arena.used <= HOST_BODIES_MAX + ((size_t)1 << 20));
	end(&f);
	buf_clear(&text);
	add_parts(&text, "text/html", 5, (size_t)10 << 20);
	begin(&f, buf_str(&text));
	for (uint32_t i = 1; i <= 5; i++)
		host_body(&f.host, i, HOST_BODY_TEXT);
	assert_true(f.arena.used <= HOST_BODIES_MAX + ((size_t)1 << 20));
	end(&f);
	buf_fini(&text);
}

static void
test_decoded_bodies_go_with_their_message(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, STR(LATIN "\n\xe4"));
	assert_str(host_body(&f.host, 0, HOST_BODY_TEXT), "\xc3\xa4");
	assert_true(host_is_adopted(&f.host, STR(LATIN "\n\xf6")));
	assert_str(host_body(&f.host, 0, HOST_BODY_TEXT), "\xc3\xb6");
	assert_true(host_is_adopted(&f.host, STR(LATIN "\n\xfc")));
	assert_str(host_body(&f.host, 0, HOST_BODY_TEXT), "\xc3\xbc");
	host_restore(&f.host);
	assert_str(host_body(&f.host, 0, HOST_BODY_TEXT), "\xc3\xa4");
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_is_as_it_came),
		cmocka_unit_test(test_decoded_is_utf8),
		cmocka_unit_test(test_text_is_what_a_reader_sees),
		cmocka_unit_test(test_nothing_is_extracted_of_the_unknown),
		cmocka_unit_test(test_the_example_of_rfc5173),
		cmocka_unit_test(test_multiparts_that_are_not_in_order),
		cmocka_unit_test(test_what_is_read_as_it_came_is_not_copied),
		cmocka_unit_test(test_bodies_are_cut_at_their_ceilings),
		cmocka_unit_test(test_decoded_bodies_go_with_their_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

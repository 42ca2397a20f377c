/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What scripts may ask about a message: fields, addresses, values of MIME
 * fields, and texts that take its place. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "filter/host.h"

struct fixture {
	struct arena arena;
	struct buf scratch, text;
	struct charset_set *charsets;
	struct host host;
};

static void
begin(struct fixture *f, struct str text)
{
	memset(f, 0, sizeof *f);
	arena_init_limit(&f->arena, HOST_MEMORY_MAX);
	f->charsets = charset_set_new();
	host_init(&f->host, text, &f->arena, f->charsets, &f->scratch);
}

static void
end(struct fixture *f)
{
	host_fini(&f->host);
	charset_set_free(&f->charsets);
	arena_fini(&f->arena);
	buf_fini(&f->scratch);
	buf_fini(&f->text);
}

static void
assert_str(struct str got, const char *want)
{
	if (!str_is_equal(got, str_of(want)))
		fail_msg("got \"%.*s\", not \"%s\"", STR_ARG(got), want);
}

#define NESTED \
	"From: outer@example.org\n" \
	"Subject: =?utf-8?q?=C3=A4?=\n" \
	"Content-Type: multipart/mixed; boundary=b\n" \
	"\n" \
	"--b\n" \
	"Content-Type: message/rfc822\n" \
	"\n" \
	"From: inner@example.org, second@example.org\n" \
	"subject: one\n" \
	"SUBJECT: two\n" \
	" folded\n" \
	"\n" \
	"text\n" \
	"--b--\n"

/* ---- fields ---- */

static void
test_fields_are_those_of_the_part(void **state)
{
	struct fixture f;
	struct host_fields *fields;

	(void)state;
	begin(&f, STR(NESTED));
	assert_int_equal(host_part_count(&f.host), 3);
	fields = host_fields(&f.host, 0, STR("subject"));
	assert_int_equal(fields->n, 1);
	assert_str(host_field(&f.host, fields, 0), "\xc3\xa4");
	assert_str(host_field_raw(fields, 0), " =?utf-8?q?=C3=A4?=");
	assert_null(host_fields(&f.host, 1, STR("subject")));
	fields = host_fields(&f.host, 2, STR("Subject"));
	assert_int_equal(fields->n, 2);
	assert_str(host_field(&f.host, fields, 0), "one");
	assert_str(host_field(&f.host, fields, 1), "two folded");
	assert_str(host_field_raw(fields, 1), " two\n folded");
	assert_ptr_equal(host_fields(&f.host, 2, STR("SUBJECT")), fields);
	assert_null(host_fields(&f.host, 3, STR("subject")));
	assert_null(host_fields(&f.host, UINT32_MAX, STR("subject")));
	end(&f);
}

static void
test_addresses_are_those_of_one_field(void **state)
{
	struct fixture f;
	struct host_fields *fields;
	struct host_addresses found;

	(void)state;
	begin(&f, STR("To: a@b, \"x y\" <c@d>\nTo: list: e@f;, broken @ @\nTo:\n\n"));
	fields = host_fields(&f.host, 0, STR("to"));
	assert_int_equal(fields->n, 3);
	found = host_field_addresses(&f.host, fields, 0);
	assert_int_equal(found.n, 2);
	assert_str(found.at[1].all, "c@d");
	assert_str(found.at[1].domain, "d");
	found = host_field_addresses(&f.host, fields, 1);
	assert_int_equal(found.n, 2);
	assert_true(found.at[0].is_valid);
	assert_false(found.at[1].is_valid);
	assert_int_equal(host_field_addresses(&f.host, fields, 2).n, 0);
	assert_int_equal(host_header_addresses(&f.host, STR("to")).n, 4);
	assert_int_equal(host_header(&f.host, STR("to")).n, 3);
	found = host_text_addresses(&f.host, STR("One <one@example.org>, two@example.org"));
	assert_int_equal(found.n, 2);
	assert_str(found.at[0].local, "one");
	assert_int_equal(host_text_addresses(&f.host, STR("")).n, 0);
	end(&f);
}

/* ---- values of MIME fields ---- */

static void
test_values_of_mime_fields(void **state)
{
	static const struct {
		const char *raw;
		enum host_mime what;
		const char *param, *want; /* NULL: there is none */
	} samples[] = {
		{ " Text/Plain; charset=utf-8", HOST_MIME_TYPE, "", "Text" },
		{ " Text/Plain; charset=utf-8", HOST_MIME_SUBTYPE, "", "Plain" },
		{ " Text / (c) Plain ; charset=utf-8", HOST_MIME_CONTENT_TYPE, "", "Text/Plain" },
		{ " Text/Plain; Charset=utf-8", HOST_MIME_PARAM, "charset", "utf-8" },
		{ " Text/Plain; charset=utf-8", HOST_MIME_PARAM, "name", NULL },
		{ " attachment; filename=\"a b\"", HOST_MIME_TYPE, "", "attachment" },
		{ " attachment; filename=\"a b\"", HOST_MIME_CONTENT_TYPE, "", "attachment" },
		{ " attachment; filename=\"a b\"", HOST_MIME_SUBTYPE, "", NULL },
		{ " attachment; filename=\"a \\\"b\"", HOST_MIME_PARAM, "FileName", "a \"b" },
		{ " attachment; filename*=utf-8'de'%c3%a4", HOST_MIME_PARAM, "filename", "\xc3\xa4" },
		{ " attachment; filename*1=b; filename*0=a", HOST_MIME_PARAM, "filename", "ab" },
		{ " attachment;\n filename*0*=iso-8859-1''%e4;\n filename*1=.txt", HOST_MIME_PARAM,
		    "filename", "\xc3\xa4.txt" },
		{ " attachment; filename=\"=?utf-8?q?=c3=a4?=\"", HOST_MIME_PARAM, "filename",
		    "\xc3\xa4" },
		{ "; x=y", HOST_MIME_TYPE, "", NULL },
		{ "; x=y", HOST_MIME_PARAM, "x", "y" },
		{ "", HOST_MIME_CONTENT_TYPE, "", NULL },
		{ "(never closed", HOST_MIME_TYPE, "", NULL },
		{ "a/", HOST_MIME_SUBTYPE, "", NULL },
	};
	struct fixture f;
	struct str value;

	(void)state;
	begin(&f, STR(""));
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		bool has = host_has_mime_value(&f.host, str_of(samples[i].raw), samples[i].what,
		    str_of(samples[i].param), &value);

		if (has != (samples[i].want != NULL))
			fail_msg("%s: %s", samples[i].raw, has ? "found" : "not found");
		if (has)
			assert_str(value, samples[i].want);
	}
	end(&f);
}

/* ---- dates, conversions ---- */

static void
test_dates_and_zones(void **state)
{
	struct fixture f;
	struct date date;

	(void)state;
	begin(&f, STR(""));
	assert_true(host_has_date(STR(" Tue, 24 Nov 2026 21:10:55 +0130 (x)"), &date));
	assert_int_equal(date.seconds, 1795549255);
	assert_int_equal(date.offset, 90);
	assert_true(date.has_zone);
	assert_false(host_has_date(STR("yesterday"), &date));
	setenv("TZ", "EET-2EEST,M3.5.0,M10.5.0", 1);
	tzset();
	assert_int_equal(host_local_zone(1737000000), 120);
	assert_int_equal(host_local_zone(1752600000), 180);
	assert_int_equal(host_local_zone(INT64_MAX), 0);
	assert_int_equal(host_local_zone(INT64_MIN), 0);
	end(&f);
}

static void
test_conversions(void **state)
{
	struct fixture f;
	struct str html;

	(void)state;
	begin(&f, STR(""));
	assert_str(host_convert(&f.host, STR("<p>a &lt; b"), false), "a < b");
	html = host_convert(&f.host, STR("a < b\n"), true);
	assert_true(str_find(html, STR("<p>a &lt; b</p>")) >= 0);
	end(&f);
}

/* ---- other texts ---- */

static void
test_a_text_takes_the_place_of_the_message(void **state)
{
	struct fixture f;
	struct str text;
	const struct str pieces[] = { STR("Subject: new\n"), STR(""), STR("\nbody") };

	(void)state;
	begin(&f, STR(NESTED));
	assert_int_equal(f.host.version, 0);
	assert_true(host_is_joined(&f.host, pieces, 3, &text));
	assert_str(text, "Subject: new\n\nbody");
	assert_true(host_is_adopted(&f.host, text));
	assert_int_equal(f.host.version, 1);
	assert_int_equal(host_part_count(&f.host), 1);
	assert_str(host_field(&f.host, host_fields(&f.host, 0, STR("subject")), 0), "new");
	assert_null(host_fields(&f.host, 0, STR("from")));
	assert_str(host_body(&f.host, 0, HOST_BODY_RAW), "body");
	assert_true(host_is_adopted(&f.host, STR("From: x\n\n")));
	assert_int_equal(f.host.version, 2);
	assert_null(host_fields(&f.host, 0, STR("subject")));
	assert_str(f.host.base, NESTED);
	assert_true(host_is_based(&f.host, STR("To: x\n\n")));
	assert_int_equal(f.host.version, 0);
	assert_str(f.host.base, "To: x\n\n");
	assert_non_null(host_fields(&f.host, 0, STR("to")));
	host_restore(&f.host);
	assert_int_equal(f.host.version, 0);
	assert_str(f.host.base, NESTED);
	assert_int_equal(host_part_count(&f.host), 3);
	assert_str(host_field(&f.host, host_fields(&f.host, 0, STR("subject")), 0), "\xc3\xa4");
	end(&f);
}

static void
test_texts_have_a_ceiling(void **state)
{
	struct fixture f;
	struct str text;
	struct buf large = BUF_EMPTY;

	(void)state;
	begin(&f, STR("x: y\n\n"));
	buf_reserve(&large, HOST_TEXTS_MAX / 2 + 1);
	memset(large.p, 'a', HOST_TEXTS_MAX / 2 + 1);
	buf_grew(&large, HOST_TEXTS_MAX / 2 + 1);
	for (int i = 0; i < 3; i++) {
		struct str piece = buf_str(&large);

		assert_true(host_is_joined(&f.host, &piece, 1, &text));
		assert_false(host_is_joined(&f.host, &piece, 1, &text));
		host_restore(&f.host);
	}
	buf_fini(&large);
	end(&f);
}

static void
test_edits_are_made_in_the_header(void **state)
{
	static const struct host_edit first = { HOST_EDIT_ADD_FIRST, { "N", 1 }, { "1", 1 }, 0 };
	static const struct host_edit second = { HOST_EDIT_ADD_FIRST, { "N", 1 }, { "2\n  x", 5 }, 0 };
	static const struct host_edit last = { HOST_EDIT_ADD_LAST, { "L", 1 }, { "", 0 }, 0 };
	static const struct host_edit gone = { HOST_EDIT_DELETE, { "b", 1 }, { "", 0 }, 0 };
	static const struct host_edit gone_too = { HOST_EDIT_DELETE, { "b", 1 }, { "", 0 }, 1 };
	static const struct host_edit none = { HOST_EDIT_DELETE, { "b", 1 }, { "", 0 }, 2 };
	static const struct host_edit a = { HOST_EDIT_DELETE, { "A", 1 }, { "", 0 }, 0 };
	const struct {
		const char *text, *want;
		struct host_edit edits[4];
		size_t n;
	} samples[] = {
		{ "A: 1\nB: 2\n\nbody\n", "N: 1\nA: 1\nB: 2\n\nbody\n", { first }, 1 },
		{ "A: 1\n\nbody", "N: 2\n  x\nN: 1\nA: 1\nL: \n\nbody", { first, last, second }, 3 },
		{ "A: 1\nB: 2\n x\nC: 3\nB: 4\n\nb", "A: 1\nC: 3\n\nb", { gone_too, gone, gone }, 3 },
		{ "A: 1\nB: 2\nC: 3\nB: 4\n\nb", "A: 1\nB: 2\nC: 3\n\nb", { gone_too, none }, 2 },
		{ "A: 1\r\nB: 2\r\n\r\nb\r\n", "N: 2\r\n  x\r\nA: 1\r\nL: \r\n\r\nb\r\n",
		    { second, last, gone }, 3 },
		{ "A: 1\nb", "N: 1\nA: 1\nb\nL: \n", { first, last }, 2 },
		{ "", "N: 1\nL: \n", { first, last }, 2 },
		{ "\n", "N: 1\nL: \n\n", { first, last }, 2 },
		{ "\r\nbody", "N: 1\r\nL: \r\n\r\nbody", { first, last }, 2 },
		{ "\nbody", "L: \n\nbody", { last }, 1 },
		{ "A: 1", "", { a }, 1 },
		{ "A: 1", "L: \n", { a, last }, 2 },
		{ "A: 1\n", "L: \n", { a, last }, 2 },
		{ "A: 1\nX: 2", "A: 1\nX: 2\nL: \n", { last }, 1 },
		{ "no field\nA: 1\n\n", "no field\n\n", { a }, 1 },
		{ "A: 1\n\nb: 2\n", "A: 1\n\nb: 2\n", { gone }, 1 },
		{ "A: 1\n\n", "A: 1\n\n", { none }, 0 },
	};
	struct fixture f;
	struct str text;

	(void)state;
	begin(&f, STR(""));
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		assert_true(host_is_rendered(&f.host, str_of(samples[i].text), samples[i].edits,
		    samples[i].n, &text));
		if (!str_is_equal(text, str_of(samples[i].want)))
			fail_msg("%zu: got \"%.*s\"", i, STR_ARG(text));
	}
	end(&f);
}

/* ---- hostile ---- */

static double
cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* All that can be asked. */
static void
ask_all(struct host *host)
{
	static const char *const names[] = { "a", "from", "content-type", "content-disposition" };
	struct str value;

	for (uint32_t part = 0; part < host_part_count(host); part++) {
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			struct host_fields *fields = host_fields(host, part, str_of(names[i]));

			for (size_t k = 0; fields != NULL && k < fields->n; k++) {
				host_field(host, fields, k);
				host_field_addresses(host, fields, k);
				host_has_mime_value(host, host_field_raw(fields, k), HOST_MIME_PARAM,
				    STR("name"), &value);
				host_has_mime_value(host, host_field_raw(fields, k), HOST_MIME_TYPE,
				    STR(""), &value);
			}
		}
		for (int kind = HOST_BODY_RAW; kind <= HOST_BODY_ALL; kind++)
			host_body(host, part, (enum host_body)kind);
	}
}

static double
measure(const char *front, const char *piece, const char *back, size_t count)
{
	struct fixture f;
	struct buf text = BUF_EMPTY;
	double from;

	buf_add_cstr(&text, front);
	while (count-- > 0)
		buf_add_cstr(&text, piece);
	buf_add_cstr(&text, back);
	from = cpu_now();
	begin(&f, buf_str(&text));
	ask_all(&f.host);
	assert_true(f.arena.used <= HOST_MEMORY_MAX);
	assert_true(f.host.original.kept <= HOST_BODIES_MAX);
	end(&f);
	buf_fini(&text);
	return cpu_now() - from;
}

static void
test_hostile_messages_cost_linear_time(void **state)
{
	static const struct {
		const char *name, *front, *piece, *back;
	} samples[] = {
		{ "no end of the header", "", "a: b\n", "" },
		{ "no line end", "a: ", "b", "" },
		{ "many names", "", "content-type: text/plain; name=x\n", "\n" },
		{ "one long line", "from: ", "a@b, ", "\n\n" },
		{ "one folded field", "from: a\n", " \n", "\n" },
		{ "open comments", "from: ", "(", "\n\n" },
		{ "encoded words", "a: ", "=?utf-8?q?=41?= ", "\n\n" },
		{ "broken words", "a: ", "=?utf-8?q?", "\n\n" },
		{ "parameters", "content-type: text/plain", "; name*1=a", "\n\nx" },
		{ "parameters in order", "content-type: a/b", ";name*0*=a", "\n\nx" },
		{ "open quote", "content-type: text/plain; name=\"", "a\\", "\n\nx" },
		{ "delimiters", "content-type: multipart/mixed; boundary=b\n\n", "--b\n", "" },
		{ "parts", "content-type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", "--b--\n" },
		{ "messages", "", "content-type: message/rfc822\n\n", "a: b\n\n" },
		{ "multiparts", "", "content-type: multipart/mixed; boundary=b\n\n--b\n", "" },
		{ "base64", "content-transfer-encoding: base64\n\n", "QUJD\n", "" },
		{ "broken base64", "content-transfer-encoding: base64\n\n", "Q=!", "" },
		{ "quoted", "content-transfer-encoding: quoted-printable\n\n", "=4=\n= ", "" },
		{ "html", "content-type: text/html\n\n", "<p", "" },
		{ "charset", "content-type: text/plain; charset=utf-8\n\n", "\xff\xc3", "" },
		{ "other charset", "content-type: text/plain; charset=utf-16\n\n", "\xd8\x01", "" },
		{ "no such charset", "content-type: text/html; charset=x-lie\n\n", "\xe4<b>", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		double small = measure(samples[i].front, samples[i].piece, samples[i].back, 4000);
		double large = measure(samples[i].front, samples[i].piece, samples[i].back, 100000);

		/* Twenty-five times the size: 625 times if it were quadratic. */
		if (large > 150 * (small + 1e6))
			fail_msg("%s: %.0f ns, then %.0f ns", samples[i].name, small, large);
	}
}

static void
test_a_thousand_levels_are_not_too_deep(void **state)
{
	struct buf text = BUF_EMPTY;
	struct fixture f;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addf(&text, "Content-Type: multipart/mixed; boundary=b%04d\n\n--b%04d\n", i, i);
	buf_add_cstr(&text, "\nthe end");
	begin(&f, buf_str(&text));
	ask_all(&f.host);
	assert_int_equal(host_part_count(&f.host), 100);
	end(&f);
	buf_fini(&text);
}

static void
test_a_header_line_of_fifty_megabytes_costs_no_more_than_its_limit(void **state)
{
	struct buf text = BUF_EMPTY;
	struct fixture f;
	struct host_fields *fields;
	const size_t size = (size_t)50 << 20;

	(void)state;
	buf_add_cstr(&text, "Subject: first\nA: ");
	memset(buf_reserve(&text, size), 'x', size);
	buf_grew(&text, size);
	buf_add_cstr(&text, "\nFrom: behind@example.org\n\nbody");
	begin(&f, buf_str(&text));
	fields = host_fields(&f.host, 0, STR("a"));
	assert_int_equal(fields->n, 1);
	assert_true(host_field(&f.host, fields, 0).n <= (size_t)1 << 20);
	assert_str(host_field(&f.host, host_fields(&f.host, 0, STR("subject")), 0), "first");
	assert_str(host_body(&f.host, 0, HOST_BODY_RAW), "body");
	ask_all(&f.host);
	assert_true(f.arena.used < (size_t)8 << 20);
	end(&f);
	buf_fini(&text);
}

static void
test_no_memory_is_an_answer_too(void **state)
{
	struct fixture f;
	struct buf text = BUF_EMPTY;

	(void)state;
	for (int i = 0; i < 50; i++)
		buf_add_cstr(&text, "Subject: =?utf-8?q?=C3=A4?=\nFrom: a@b, c@d\n");
	buf_add_cstr(&text, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 50; i++)
		buf_add_cstr(&text, "--b\nContent-Type: text/html\n\n<b>\xe4</b>\n");
	for (size_t max = 64; max < 64000; max += 997) {
		begin(&f, STR(""));
		host_fini(&f.host);
		arena_fini(&f.arena);
		arena_init_limit(&f.arena, max);
		host_init(&f.host, buf_str(&text), &f.arena, f.charsets, &f.scratch);
		ask_all(&f.host);
		assert_true(f.arena.used <= max);
		end(&f);
	}
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_are_those_of_the_part),
		cmocka_unit_test(test_addresses_are_those_of_one_field),
		cmocka_unit_test(test_values_of_mime_fields),
		cmocka_unit_test(test_dates_and_zones),
		cmocka_unit_test(test_conversions),
		cmocka_unit_test(test_a_text_takes_the_place_of_the_message),
		cmocka_unit_test(test_texts_have_a_ceiling),
		cmocka_unit_test(test_edits_are_made_in_the_header),
		cmocka_unit_test(test_hostile_messages_cost_linear_time),
		cmocka_unit_test(test_a_thousand_levels_are_not_too_deep),
		cmocka_unit_test(test_a_header_line_of_fifty_megabytes_costs_no_more_than_its_limit),
		cmocka_unit_test(test_no_memory_is_an_answer_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

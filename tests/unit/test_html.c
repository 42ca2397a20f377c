/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * HTML as a person reads it, sound and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mail/html.h"

struct sample {
	const char *html, *text;
};

static void
check(const struct sample *samples, size_t count)
{
	struct buf out = BUF_EMPTY;

	for (size_t i = 0; i < count; i++) {
		buf_clear(&out);
		html_add_text(&out, str_of(samples[i].html));
		if (!str_is_equal(buf_str(&out), str_of(samples[i].text)))
			fail_msg("\"%s\" became \"%.*s\", not \"%s\"", samples[i].html,
			    STR_ARG(buf_str(&out)), samples[i].text);
	}
	buf_fini(&out);
}

#define CHECK(samples) check(samples, sizeof(samples) / sizeof *(samples))

static void
test_markup_goes_and_text_stays(void **state)
{
	static const struct sample samples[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "<b>bo</b>ld", "bold" },
		{ "<html><head><title>No</title><style>p{}</style></head><body>Yes</body></html>", "Yes" },
		{ "<a href=\"http://x/\">link</a> text", "link text" },
		{ "<a href='a>b'>quoted</a>", "quoted" },
		{ "<a href=a>b</a>", "b" },
		{ "<a b = \"<p>\" c>d", "d" },
		{ "x<!-- no -->y", "xy" },
		{ "x<!-- no --!>y", "xy" },
		{ "x<!-->y", "xy" },
		{ "x<!--->y", "xy" },
		{ "x<!-- a > b -- c -->y", "xy" },
		{ "<!DOCTYPE html>x", "x" },
		{ "<?xml version=\"1.0\"?>x", "x" },
		{ "x<![CDATA[hidden]]>y", "xy" },
		{ "x</>y", "xy" },
		{ "<script>a < b && </b> c</script>x", "x" },
		{ "<SCRIPT>a</scripture></SCRIPT >x", "x" },
		{ "<style><!-- p { } --></style>x", "x" },
		{ "<noscript>seen</noscript>", "seen" },
		{ "<unknown>seen</unknown>", "seen" },
		{ "<img src=x alt=\"a &amp; b\">!", "a & b!" },
		{ "<img src=x>", "" },
	};

	(void)state;
	CHECK(samples);
}

static void
test_blocks_make_lines(void **state)
{
	static const struct sample samples[] = {
		{ "a<br>b", "a\nb" },
		{ "a<br/><br />b", "a\n\nb" },
		{ "<p>a</p><p>b</p>", "a\n\nb" },
		{ "<p>a<p>b", "a\n\nb" },
		{ "<div>a</div><div>b</div>c", "a\nb\nc" },
		{ "<div><div><div>a</div></div></div>b", "a\nb" },
		{ "<div>a<br></div>b", "a\nb" },
		{ "<ul><li>a</li><li>b</li></ul>c", "a\nb\n\nc" },
		{ "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc" },
		{ "<h1>a</h1>b", "a\n\nb" },
		{ "a<hr>b", "a\nb" },
		{ "<br><br>a<br><br>", "a" },
	};

	(void)state;
	CHECK(samples);
}

static void
test_white_space_is_one_blank(void **state)
{
	static const struct sample samples[] = {
		{ "  a \r\n\t b  ", "a b" },
		{ "a <b> b</b>", "a b" },
		{ "a <br> b", "a\nb" },
		{ "<pre>\n a\r\n  b\n</pre>c", " a\n  b\n\nc" },
		{ "<pre>a\n\nb</pre>", "a\n\nb" },
		{ "<pre><pre></pre>a  b</pre></pre>c  d", "a  b\n\nc d" },
		{ "a&nbsp;&nbsp;b", "a  b" },
		{ "a\xc2\xa0" "b", "a b" },
		{ "vi\xc2\xad" "ag&shy;ra&#8203;\xef\xbb\xbf!", "viagra!" },
		{ "\xe2\x82\xac\xc3\xa4\xe4\xff", "\xe2\x82\xac\xc3\xa4\xe4\xff" },
	};

	(void)state;
	CHECK(samples);
}

static void
test_references_are_undone(void **state)
{
	static const struct sample samples[] = {
		{ "&lt;b&gt; &amp;amp; &quot;&apos;", "<b> &amp; \"'" },
		{ "&auml;&Auml;&euro;", "\xc3\xa4\xc3\x84\xe2\x82\xac" },
		{ "&#65;&#x42;&#X43;", "ABC" },
		{ "&#65&#x42 c", "AB c" },
		{ "&#128;&#150;", "\xe2\x82\xac\xe2\x80\x93" },
		{ "&#0;&#xd800;&#x110000;&#99999999999999999999;",
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "&#27;&#127;", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "&ltb &notit; &copy2", "<b \xc2\xacit; \xc2\xa9" "2" },
		{ "&alpha &euro &nothing; &; & &# &#x &#x;", "&alpha &euro \xc2\xaching; &; & &# &#x &#x;" },
		{ "&unknown; AT&T", "&unknown; AT&T" },
		{ "&lt", "<" },
		{ "&abcdefghijklmnopqrstuvwxyz;", "&abcdefghijklmnopqrstuvwxyz;" },
		{ "a&#10;b&#13;c&#9;d", "a b c d" },
		{ "&lpar;&commat;&NewLine;&ThinSpace;", "(@ &ThinSpace;" },
	};

	(void)state;
	CHECK(samples);
}

static void
test_what_is_never_closed_ends_with_the_text(void **state)
{
	static const struct sample samples[] = {
		{ "a<", "a<" },
		{ "a < b > c", "a < b > c" },
		{ "a<1", "a<1" },
		{ "a<b", "a" },
		{ "a</b", "a" },
		{ "a<img alt=\"b", "a" },
		{ "a<img alt=\"b>c", "a" },
		{ "a<!-- b", "a" },
		{ "a<!--", "a" },
		{ "a<!", "a" },
		{ "a</", "a" },
		{ "a<script>b", "a" },
		{ "a<script>b</script", "a" },
		{ "a<title>b", "a" },
		{ "a<pre>b", "a\n\nb" },
		{ "</div></p></pre>a", "a" },
		{ "<p", "" },
		{ "a<b =x>c", "ac" },
		{ "a<b /x / = y>c", "ac" },
	};

	(void)state;
	CHECK(samples);
}

static void
test_nul_is_a_byte_like_others(void **state)
{
	static const char html[] = "a\0<b\0>c<i a=\"\0\">d";
	struct buf out = BUF_EMPTY;

	(void)state;
	html_add_text(&out, (struct str){ html, sizeof html - 1 });
	assert_true(str_is_equal(buf_str(&out), (struct str){ "a\0cd", 4 }));
	buf_fini(&out);
}

static void
test_it_appends(void **state)
{
	struct buf out = BUF_EMPTY;

	(void)state;
	buf_add_cstr(&out, "x");
	html_add_text(&out, STR("<p> a"));
	assert_true(str_is_equal(buf_str(&out), STR("xa")));
	buf_fini(&out);
}

/* Nanoseconds of CPU for `count` times `piece`. */
static double
measure(const char *piece, size_t count)
{
	struct buf html = BUF_EMPTY, out = BUF_EMPTY;
	struct timespec from, to;

	for (size_t i = 0; i < count; i++)
		buf_add_cstr(&html, piece);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	html_add_text(&out, buf_str(&html));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_true(buf_is_ok(&out));
	assert_true(out.n <= 3 * html.n + 16);
	buf_fini(&out);
	buf_fini(&html);
	return (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
}

static void
test_time_is_linear_whatever_comes(void **state)
{
	static const char *const pieces[] = { "<b>", "<div>", "<pre>", "<", "</", "<!", "<!--", "-",
		"<a b=\"", "<a b=", "<script>", "</script", "<title>", "&", "&#", "&#x", "&amp", "<p><br>",
		"</p>", "<img alt='", "\xe2", "<?", " ", "<!-->", "<![CDATA[", "<li>&#", "<style></" };

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		double small = measure(pieces[i], 20000), large = measure(pieces[i], 1000000);

		/* Fifty times the size: 2 500 times if it were quadratic. */
		if (large > 600 * (small + 200000))
			fail_msg("\"%s\": %.0f ns, then %.0f ns", pieces[i], small, large);
	}
}

static void
test_text_becomes_a_document(void **state)
{
	static const struct sample samples[] = {
		{ "", "" },
		{ "a\n", "<p>a</p>\n" },
		{ "a\r\nb\r\n\r\n\r\nc", "<p>a<br>\nb</p>\n<p>c</p>\n" },
		{ "<b> & \"c\"", "<p>&lt;b&gt; &amp; \"c\"</p>\n" },
		{ "  a  b\tc", "<p>&nbsp;&nbsp;a &nbsp;b\tc</p>\n" },
	};
	struct buf out = BUF_EMPTY, back = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		const char *body;

		buf_clear(&out);
		buf_clear(&back);
		html_add_document(&out, str_of(samples[i].html));
		body = strstr(buf_cstr(&out), "<body>\n");
		assert_non_null(body);
		assert_true(str_has_prefix(str_of(body + 7), str_of(samples[i].text)));
		assert_string_equal(body + 7 + strlen(samples[i].text), "</body>\n</html>\n");
	}
	buf_clear(&out);
	html_add_document(&out, STR("a <b> &amp;\n  c\n\nd"));
	html_add_text(&back, buf_str(&out));
	assert_string_equal(buf_cstr(&back), "a <b> &amp;\n  c\n\nd");
	buf_fini(&out);
	buf_fini(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_markup_goes_and_text_stays),
		cmocka_unit_test(test_blocks_make_lines),
		cmocka_unit_test(test_white_space_is_one_blank),
		cmocka_unit_test(test_references_are_undone),
		cmocka_unit_test(test_what_is_never_closed_ends_with_the_text),
		cmocka_unit_test(test_nul_is_a_byte_like_others),
		cmocka_unit_test(test_it_appends),
		cmocka_unit_test(test_time_is_linear_whatever_comes),
		cmocka_unit_test(test_text_becomes_a_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

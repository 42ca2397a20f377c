/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Messages that mean harm, met by scripts that look at all of them: what the
 * script is to do is done or the message is kept, and none costs more than its
 * limit. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "filter/answer.h"
#include "filter/engine.h"
#include "ipc/actions.h"

/* The worst of them needs a second. */
#define SECONDS_MAX 60

struct fixture {
	struct answerer self;
	struct msg_FILTER_ANSWERS answer;
};

static void
begin(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->self.engine = &engine_own;
	f->self.delimiters = "+";
	f->self.charsets = charset_set_new();
	f->self.cache = cache_new(f->self.engine);
	arena_init_limit(&f->self.arena, HOST_MEMORY_MAX);
}

static void
end(struct fixture *f)
{
	arena_fini(&f->self.arena);
	buf_fini(&f->self.scratch);
	buf_fini(&f->self.made);
	cache_free(&f->self.cache);
	charset_set_free(&f->self.charsets);
}

static double
cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What a script is to do with a message: its actions and its error. */
static void
run(const char *script, struct str message, struct buf *out)
{
	static const char *const names[] = { "keep", "implicit", "fileinto", "discard",
		"redirect", "reject", "send" };
	struct fixture f;
	struct rec_script_ref ref = { .id = 1 };
	struct rec_filter_rcpt rcpt = { .address = STR("a@example.org") };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1, .wire_size = message.n };
	const struct rec_filter_outcome *outcome;
	double from = cpu_now();

	buf_clear(out);
	begin(&f);
	cache_give(f.self.cache, 1, str_of(script));
	if (cache_find(f.self.cache, 1)->compiled == NULL)
		fail_msg("%.*s", STR_ARG(cache_find(f.self.cache, 1)->errors));
	rcpt.scripts.at = &ref;
	rcpt.scripts.n = 1;
	question.recipients.at = &rcpt;
	question.recipients.n = 1;
	answer_question(&f.self, &question, message, &f.answer);
	assert_true(f.self.arena.used <= HOST_MEMORY_MAX);
	assert_int_equal(f.answer.outcomes.n, 1);
	outcome = &f.answer.outcomes.at[0];
	for (size_t i = 0; i < outcome->actions.n; i++)
		buf_addf(out, "%s %.*s;", names[outcome->actions.at[i].kind],
		    STR_ARG(outcome->actions.at[i].target));
	buf_add_str(out, outcome->error);
	end(&f);
	if (cpu_now() - from > SECONDS_MAX)
		fail_msg("%.1f s of processor time", cpu_now() - from);
}

/* ---- all that may be asked ---- */

#define REQUIRE \
    "require [\"fileinto\", \"body\", \"mime\", \"foreverypart\", \"extracttext\", \"variables\"," \
    "\"relational\", \"comparator-i;ascii-numeric\", \"comparator-i;unicode-casemap\", \"regex\"," \
    "\"date\", \"index\", \"subaddress\", \"editheader\", \"replace\", \"enclose\", \"convert\"," \
    "\"duplicate\"];\n"

static const char header_script[] = REQUIRE
    "if header :matches [\"subject\", \"x\", \"a\"] \"*nev?r*th?re*\" { discard; }\n"
    "if header :comparator \"i;unicode-casemap\" :contains [\"subject\", \"x\"] \"NEVER\" { discard; }\n"
    "if header :regex \"subject\" \"nev(e|r)+there\" { discard; }\n"
    "if header :count \"eq\" :comparator \"i;ascii-numeric\" \"x\" \"7777777\" { discard; }\n"
    "if header :index 3 :last :is \"x\" \"never\" { discard; }\n"
    "if address :detail :contains [\"from\", \"to\", \"cc\"] \"never\" { discard; }\n"
    "if address :count \"gt\" :comparator \"i;ascii-numeric\" [\"from\", \"to\"] \"90000000\" { discard; }\n"
    "if date :is \"date\" \"year\" \"1066\" { discard; }\n"
    "if exists [\"subject\", \"never-there\"] { discard; }\n"
    "addheader \"X-Seen\" \"yes\"; deleteheader \"x\";\n"
    "fileinto \"Through\";\n";

static const char parts_script[] = REQUIRE
    "if header :mime :anychild :param \"name\" :contains [\"content-type\", \"content-disposition\"]"
    " \"never\" { discard; }\n"
    "if header :mime :anychild :subtype :is \"content-type\" \"never\" { discard; }\n"
    "if address :mime :anychild :contains \"from\" \"never\" { discard; }\n"
    "if body :raw :contains \"never there\" { discard; }\n"
    "if body :content \"text\" :contains \"never there\" { discard; }\n"
    "if body :text :matches \"*never?there*\" { discard; }\n"
    "foreverypart { extracttext :first 100 \"t\"; if string :contains \"${t}\" \"never\" { discard; } }\n"
    "fileinto \"Through\";\n";

static const char change_script[] = REQUIRE
    "foreverypart { if header :mime :type :is \"content-type\" \"text\" { replace \"gone\"; } }\n"
    "convert \"text/html\" \"text/plain\" \"\";\n"
    "enclose :subject \"x\" \"y\";\n"
    "fileinto \"Through\";\n";

/* ---- messages ---- */

/* front, n times piece, back. */
struct sample {
	const char *name, *front, *piece;
	size_t n;
	const char *back;
	/* Of the scripts above; NULL: through. */
	const char *header, *parts;
};

static void
check(const char *name, const char *script, struct str message, const char *expected)
{
	struct buf out = BUF_EMPTY;

	run(script, message, &out);
	if (strcmp(buf_cstr(&out), expected == NULL ? "fileinto Through;" : expected) != 0)
		fail_msg("%s: %s", name, buf_cstr(&out));
	buf_fini(&out);
}

/* Changes may be too large, and then nothing is changed; kept it is in any case. */
static void
check_change(const char *name, struct str message)
{
	struct buf out = BUF_EMPTY;

	run(change_script, message, &out);
	if (strcmp(buf_cstr(&out), "fileinto Through;") != 0 &&
	    strncmp(buf_cstr(&out), "implicit ;", 10) != 0)
		fail_msg("%s: %s", name, buf_cstr(&out));
	buf_fini(&out);
}

static void
run_samples(const struct sample *samples, size_t count)
{
	struct rusage usage;

	for (size_t i = 0; i < count; i++) {
		const struct sample *s = &samples[i];
		struct buf text = BUF_EMPTY;

		buf_add_cstr(&text, s->front);
		for (size_t k = 0; k < s->n; k++)
			buf_add_cstr(&text, s->piece);
		buf_add_cstr(&text, s->back);
		check(s->name, header_script, buf_str(&text), s->header);
		check(s->name, parts_script, buf_str(&text), s->parts);
		check_change(s->name, buf_str(&text));
		buf_fini(&text);
	}
	getrusage(RUSAGE_SELF, &usage);
	assert_true(usage.ru_maxrss < 1024L * 1024); /* KiB; the sanitizers' too */
}

#define RUN(samples) run_samples(samples, sizeof(samples) / sizeof(samples)[0])
#define MIXED "content-type: multipart/mixed; boundary=b\n\n"

static void
headers_without_end_and_of_any_size(void **state)
{
	static const struct sample samples[] = {
		{ "empty", "", "", 0, "", NULL, NULL },
		{ "no end of the header", "subject: x", "", 0, "", NULL, NULL },
		{ "no end of many fields", "", "x: y\n", 100000, "", NULL, NULL },
		{ "no header", "\n", "text\n", 1000, "", NULL, NULL },
		{ "no field at all", "", "this is no field\n", 100000, "\nbody\n", NULL, NULL },
		{ "100 000 fields", "from: a@b\n", "x: y\n", 100000, "\nbody\n", NULL, NULL },
		{ "100 000 subjects", "", "subject: =?utf-8?q?=41?=\n", 100000, "\nb\n", NULL, NULL },
		{ "100 000 senders", "", "from: a+b@example.org, c@d\n", 100000, "\nb\n", NULL, NULL },
		{ "a line of 50 MB", "subject: ", "xxxxxxxxxx", 5 << 20, "\n\nbody\n", NULL, NULL },
		{ "a sender of 6 MB", "from: ", "aaaaa@b, ", 50 << 14, "\n\nbody\n", NULL, NULL },
		{ "a name of 5 MB", "", "xxxxxxxxxx", 5 << 17, ": y\n\nbody\n", NULL, NULL },
		{ "folds", "subject: x\n", " \n\t\n", 100000, " y\n\nbody\n", NULL, NULL },
		{ "colons", "", ":\n: :\n \n", 100000, "\nbody\n", NULL, NULL },
		{ "carriage returns", "subject: x", "\r", 100000, "\n\nbody\n", NULL, NULL },
	};

	(void)state;
	RUN(samples);
}

static void
parts_in_any_number_and_depth(void **state)
{
	static const struct sample samples[] = {
		{ "100 000 parts", MIXED, "--b\ncontent-type: text/plain\n\nx\n", 100000, "--b--\n", NULL,
		    NULL },
		{ "100 000 empty parts", MIXED, "--b\n", 100000, "--b--\n", NULL, NULL },
		{ "100 000 ends", MIXED, "--b--\n", 100000, "", NULL, NULL },
		{ "1 000 multiparts of one boundary", "", "content-type: multipart/mixed; boundary=b\n\n--b\n",
		    1000, "x\n", NULL, NULL },
		{ "100 000 messages", "", "content-type: message/rfc822\n\n", 100000, "", NULL, NULL },
		{ "no boundary", "content-type: multipart/mixed\n\n", "--\n", 100000, "", NULL, NULL },
		{ "an empty boundary", "content-type: multipart/mixed; boundary=\"\"\n\n", "--\n", 100000, "",
		    NULL, NULL },
		{ "a boundary of 1 MB", "content-type: multipart/mixed; boundary=", "b", 1 << 20,
		    "\n\n--b\n\nx\n", NULL, NULL },
		{ "digests", "content-type: multipart/digest; boundary=b\n\n", "--b\n\nsubject: x\n\n", 100000,
		    "", NULL, NULL },
	};
	struct buf text = BUF_EMPTY;

	(void)state;
	RUN(samples);
	for (int i = 0; i < 1000; i++)
		buf_addf(&text, "Content-Type: multipart/mixed; boundary=b%04d\n\n--b%04d\n", i, i);
	buf_add_cstr(&text, "\nthe end");
	check("1 000 deep", header_script, buf_str(&text), NULL);
	check("1 000 deep", parts_script, buf_str(&text), NULL);
	check_change("1 000 deep", buf_str(&text));
	buf_fini(&text);
}

static void
parameters_of_rfc_2231_in_any_number(void **state)
{
	static const struct sample samples[] = {
		{ "100 000 plain", "content-type: text/plain", "; name=x", 100000, "\n\nx\n", NULL, NULL },
		{ "100 000 pieces", "content-type: text/plain", ";\n name*1*=%41", 100000, "\n\nx\n", NULL,
		    NULL },
		{ "100 000 first pieces", "content-disposition: attachment", "; name*0*=utf-8''%c3%a4", 100000,
		    "\n\nx\n", NULL, NULL },
		{ "numbers without end", "content-type: text/plain; name*", "9", 100000, "=x\n\nx\n", NULL,
		    NULL },
		{ "stars", "content-type: text/plain; name", "*", 100000, "=x\n\nx\n", NULL, NULL },
		{ "percent signs", "content-type: text/plain; name*=utf-8''", "%", 100000, "\n\nx\n", NULL,
		    NULL },
		{ "quotes", "content-type: text/plain; name*=", "'", 100000, "\n\nx\n", NULL, NULL },
		{ "an open string", "content-type: text/plain; name=\"", "\\", 100000, "\n\nx\n", NULL, NULL },
		{ "semicolons", "content-type: text/plain", ";", 100000, "\n\nx\n", NULL, NULL },
		{ "in every part", MIXED, "--b\ncontent-type: a/b; name*0=x; name*1=y; name*2=z\n\n", 20000, "",
		    NULL, NULL },
	};
	struct buf text = BUF_EMPTY;

	(void)state;
	RUN(samples);
	buf_add_cstr(&text, "content-type: text/plain");
	for (int i = 0; i < 100000; i++)
		buf_addf(&text, ";\n name*%d=a", i);
	buf_add_cstr(&text, "\n\nx\n");
	check("100 000 in order", parts_script, buf_str(&text), NULL);
	buf_fini(&text);
}

#define TEXT(charset) "content-type: text/plain; charset=" charset "\n\n"
#define HTML(charset) "content-type: text/html; charset=" charset "\n\n<p>"

static void
charsets_that_lie(void **state)
{
	static const struct sample samples[] = {
		{ "unknown", TEXT("x-none"), "\xe4\xc3\xa4", 100000, "\n", NULL, NULL },
		{ "unknown html", HTML("\"\""), "\xe4<b>", 100000, "\n", NULL, NULL },
		{ "a path", TEXT("../../../etc/passwd//IGNORE"), "x", 1000, "\n", NULL, NULL },
		{ "a long name", "content-type: text/plain; charset=", "x", 100000, "\n\nx\n", NULL, NULL },
		{ "wrong", TEXT("us-ascii"), "\xff\xfe\xc3\xa4", 100000, "\n", NULL, NULL },
		{ "no utf-8", TEXT("utf-8"), "\xc0\xaf\xed\xa0\x80\xf8\x88", 100000, "\n", NULL, NULL },
		{ "truncated utf-8", TEXT("utf-8"), "\xe2\x82", 100001, "", NULL, NULL },
		{ "truncated utf-16", TEXT("utf-16"), "\xd8", 100001, "", NULL, NULL },
		{ "half a surrogate", TEXT("utf-16be"), "\xd8\x01", 100000, "", NULL, NULL },
		{ "truncated gb18030", TEXT("gb18030"), "\x81\x30\x81", 100001, "", NULL, NULL },
		{ "shifts", TEXT("iso-2022-jp"), "\x1b$B\x1b(J\x1b$", 100000, "", NULL, NULL },
		{ "utf-7", TEXT("utf-7"), "+-+AAAA-+2AA-+", 100000, "", NULL, NULL },
		{ "utf-7 that never ends", TEXT("utf-7"), "+A", 100001, "", NULL, NULL },
		{ "utf-7 that is markup", HTML("utf-7"), "+ADw-b+AD4-", 100000, "", NULL, NULL },
		{ "ebcdic", TEXT("ibm037"), "\x40\xff\x15", 100000, "", NULL, NULL },
		{ "words of other charsets", "subject:", " =?x-no?q?=FF?= =?utf-8?b?w6Q=?=\n", 10000, "\n", NULL,
		    NULL },
		{ "words that are cut", "subject:", " =?utf-8?q?=C3?=\n", 10000, " =?utf-8?q?=A4?=\n\n", NULL,
		    NULL },
		{ "words in words", "subject: ", "=?utf-8?q?", 100000, "?=\n\n", NULL, NULL },
		{ "words of one open base64", "subject: ", "=?utf-8?b?A", 100000, "\n\n", NULL, NULL },
		{ "utf-7 words", "subject: ", "=?utf-7?q?+2AA-+?= ", 10000, "\n\n", NULL, NULL },
		{ "a new charset each", "subject: ", "=?iso-8859-15*de?q?=A4?=\n =?x-no?b?/w==?=\n ", 10000,
		    "x\n\n", NULL, NULL },
		{ "several in one body", MIXED, "--b\n" TEXT("koi8-r") "\xc1\n--b\n" TEXT("utf-7") "+\n", 500,
		    "--b--\n", NULL, NULL },
	};

	(void)state;
	RUN(samples);
}

#define BASE64 "content-type: text/plain\ncontent-transfer-encoding: base64\n\n"
#define QUOTED "content-type: text/html\ncontent-transfer-encoding: quoted-printable\n\n"

static void
encodings_of_any_shape(void **state)
{
	static const struct sample samples[] = {
		{ "one line", BASE64, "QUJD", 200000, "", NULL, NULL },
		{ "one byte a line", BASE64, "Q\n", 200000, "", NULL, NULL },
		{ "padding", BASE64, "=", 200000, "", NULL, NULL },
		{ "padding in between", BASE64, "QQ==", 200000, "", NULL, NULL },
		{ "cut", BASE64, "Q", 200001, "", NULL, NULL },
		{ "not of its alphabet", BASE64, "\xff!\1Q", 200000, "", NULL, NULL },
		{ "binary inside", BASE64, "AAAA", 200000, "", NULL, NULL },
		{ "of a multipart", "content-transfer-encoding: base64\n" MIXED, "--b\n\nQUJD\n", 10000, "", NULL,
		    NULL },
		{ "equal signs", QUOTED, "=", 200000, "", NULL, NULL },
		{ "bad digits", QUOTED, "=G1=4\n=", 200000, "", NULL, NULL },
		{ "soft line ends", QUOTED, "=\n", 200000, "", NULL, NULL },
		{ "unknown", "content-transfer-encoding: x-none\n\n", "QUJD", 200000, "", NULL, NULL },
		{ "uuencode", "content-transfer-encoding: x-uuencode\n\nbegin 644 x\n", "M", 200000, "", NULL,
		    NULL },
		{ "many encodings", "", "content-transfer-encoding: base64\n", 100000, "\nQUJD\n", NULL, NULL },
		{ "comments of html", "content-type: text/html\n\n", "<!--", 200000, "", NULL, NULL },
		{ "references of html", "content-type: text/html\n\n", "&#99999999;&", 200000, "", NULL, NULL },
		{ "open tags of html", "content-type: text/html\n\n", "<a b='", 200000, "", NULL, NULL },
	};

	(void)state;
	RUN(samples);
}

static void
addresses_that_never_end(void **state)
{
	static const struct sample samples[] = {
		{ "open comments", "from: a@b ", "(", 200000, "\n\n", NULL, NULL },
		{ "comments that only end", "from: ", ")", 200000, "\n\n", NULL, NULL },
		{ "an open string", "from: \"", "a\\", 200000, "\n\n", NULL, NULL },
		{ "an open angle", "to: ", "<a@b", 200000, "\n\n", NULL, NULL },
		{ "an open literal", "to: a@[", "1\\", 200000, "\n\n", NULL, NULL },
		{ "an open group", "to: ", "a:", 200000, "\n\n", NULL, NULL },
		{ "groups in groups", "to: ", "a: b@c;", 100000, "\n\n", NULL, NULL },
		{ "routes", "to: <", "@a,", 300000, ":b@c>\n\n", NULL, NULL },
		{ "commas", "cc: ", ",", 200000, "\n\n", NULL, NULL },
		{ "at signs", "cc: ", "@", 200000, "\n\n", NULL, NULL },
		{ "dots", "cc: a", ".", 200000, "@b\n\n", NULL, NULL },
		{ "details", "cc: a", "+", 200000, "@b\n\n", NULL, NULL },
		{ "a long domain", "from: a@", "b.", 200000, "c\n\n", NULL, NULL },
		{ "names of other charsets", "from: ", "=?utf-7?q?+?= <a@b>, ", 20000, "c@d\n\n", NULL, NULL },
	};

	(void)state;
	RUN(samples);
}

/* Of so many loops only so many are done. */
static void
loops_in_loops_end(void **state)
{
	struct buf text = BUF_EMPTY, out = BUF_EMPTY;

	(void)state;
	buf_add_cstr(&text, MIXED);
	for (int i = 0; i < 100000; i++)
		buf_add_cstr(&text, "--b\n\nx\n");
	run("require [\"foreverypart\", \"mime\"]; foreverypart { foreverypart { foreverypart {"
	    "if header :mime :anychild :contains \"x\" \"y\" { discard; } } } }", buf_str(&text), &out);
	assert_string_equal(buf_cstr(&out), "implicit ;");
	buf_clear(&text);
	for (int i = 0; i < 20; i++)
		buf_addf(&text, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	run("require [\"foreverypart\", \"fileinto\"]; foreverypart { foreverypart { foreverypart {"
	    "foreverypart { foreverypart { foreverypart { foreverypart { discard; } } } } } } }",
	    buf_str(&text), &out);
	assert_string_equal(buf_cstr(&out),
	    "implicit ;`foreverypart` nests too deep: 6 may be in each other");
	buf_fini(&text);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_without_end_and_of_any_size),
		cmocka_unit_test(parts_in_any_number_and_depth),
		cmocka_unit_test(parameters_of_rfc_2231_in_any_number),
		cmocka_unit_test(charsets_that_lie),
		cmocka_unit_test(encodings_of_any_shape),
		cmocka_unit_test(addresses_that_never_end),
		cmocka_unit_test(loops_in_loops_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

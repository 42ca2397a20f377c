/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Scripts that look into the parts of a message and change them (RFC 5173,
 * 5703, 6558), on the host of src/filter: what the message is then, byte for
 * byte, and what it costs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/engine_message.h"
#include "filter/memory.h"

#define REQUIRES "require [\"body\", \"mime\", \"foreverypart\", \"extracttext\", \"replace\", " \
	"\"enclose\", \"convert\", \"variables\", \"editheader\", \"fileinto\", \"copy\", " \
	"\"relational\", \"comparator-i;ascii-numeric\"];\n"

struct fixture {
	struct arena arena;
	struct buf scratch, errors, out;
	struct charset_set *charsets;
	struct host host;
	struct run run;
	struct sieve_host asked;
	struct sieve_program *program;
	struct sieve_result result;
};

static bool
has_envelope(void *arg, enum sieve_envelope part, struct sieve_address *out)
{
	(void)arg;
	*out = (struct sieve_address){ .all = sieve_text_of("user@example.org"), .is_valid = true };
	return part == SIEVE_ENVELOPE_TO;
}

static void
begin(struct fixture *f, const char *script, struct str message)
{
	static const struct sieve_profile profile = { .engine = "doorstep" };
	struct buf source = BUF_EMPTY;

	memset(f, 0, sizeof *f);
	buf_add_cstr(&source, REQUIRES);
	buf_add_cstr(&source, script);
	f->program = sieve_compile((struct sieve_text){ source.p, source.n }, &profile,
	    &memory_sieve, memory_add_text, &f->errors);
	if (f->program == NULL)
		fail_msg("%.*s", STR_ARG(buf_str(&f->errors)));
	buf_fini(&source);
	arena_init_limit(&f->arena, HOST_MEMORY_MAX);
	f->charsets = charset_set_new();
	host_init(&f->host, message, &f->arena, f->charsets, &f->scratch);
	f->host.wire_size = message.n;
	f->host.now = 1795554655;
	f->run.host = &f->host;
	f->asked = (struct sieve_host){ .envelope = has_envelope, .arg = &f->run };
	engine_message_fill(&f->asked, &f->run);
}

static void
run(struct fixture *f)
{
	const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;

	sieve_run(f->program, &f->asked, &limits, SIEVE_TEXT_EMPTY, &memory_sieve, &f->result);
}

static void
end(struct fixture *f)
{
	sieve_result_fini(&f->result);
	sieve_program_free(&f->program);
	host_fini(&f->host);
	charset_set_free(&f->charsets);
	arena_fini(&f->arena);
	buf_fini(&f->scratch);
	buf_fini(&f->errors);
	buf_fini(&f->out);
}

static struct str
version(struct fixture *f, unsigned number)
{
	struct str text = STR_EMPTY;

	assert_true(number < f->result.version_count);
	assert_true(engine_message_is_rendered(&f->host, &f->result.versions[number], &text));
	return text;
}

/* The message that the implicit keep stores. */
static void
expect(const char *script, const char *message, const char *expected)
{
	struct fixture f;
	struct str text;

	begin(&f, script, str_of(message));
	run(&f);
	if (f.result.error.n > 0)
		fail_msg("%s: %.*s", script, SIEVE_TEXT_ARG(f.result.error));
	text = version(&f, f.result.keep_version);
	if (!str_is_equal(text, str_of(expected)))
		fail_msg("%s\ngot:\n%.*s\nexpected:\n%s", script, STR_ARG(text), expected);
	end(&f);
}

static void
expect_error(const char *script, const char *message, const char *error)
{
	struct fixture f;

	begin(&f, script, str_of(message));
	run(&f);
	if (!str_is_equal(engine_str(f.result.error), str_of(error)))
		fail_msg("%s: got \"%.*s\"", script, SIEVE_TEXT_ARG(f.result.error));
	/* RFC 5228 2.10.6, RFC 5293 7: the message as it came. */
	assert_true(f.result.is_keep_due);
	assert_int_equal(f.result.keep_version, 0);
	assert_true(str_is_equal(version(&f, 0), str_of(message)));
	end(&f);
}

#define MIXED "From: a@example.org\nSubject: S\nContent-Type: multipart/mixed; boundary=b\n\n"

/* ---- replace ---- */

static void
the_whole_message_is_replaced(void **state)
{
	(void)state;
	expect("replace \"new\";", "From: a@b\nContent-Type: text/html\nX: y\n\n<p>old\n",
	    "From: a@b\nX: y\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nnew\n");
	expect("replace :subject \"n\" :from \"J\xc3\xb6 <j@b>, \\\"k, l\\\" <k@b>\" \"new\";",
	    "From: a@b\nMIME-version: 1.0\nsubject: s\n folded\n\nold\n",
	    "Original-From: a@b\nMIME-version: 1.0\nOriginal-subject: s\n folded\nSubject: n\n"
	    "From: =?utf-8?b?SsO2?= <j@b>,\n \"k, l\" <k@b>\n"
	    "Content-Type: text/plain; charset=utf-8\n\nnew\n");
	expect("replace \"two\r\nlines\r\n\";", "A: b\r\n\r\nold\r\n",
	    "A: b\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
	    "two\r\nlines\r\n");
	expect("replace \"\";", "A: b", "A: b\nMIME-Version: 1.0\n"
					"Content-Type: text/plain; charset=utf-8\n\n");
	expect("replace \"x\";", "",
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nx\n");
	expect("replace :mime \"Content-Type: a/b\r\nSubject: no\r\n\r\nbody\";",
	    "Subject: s\nContent-Language: de\n\nold",
	    "Subject: s\nMIME-Version: 1.0\nContent-Type: a/b\n\nbody\n");
}

static void
a_part_is_replaced(void **state)
{
	(void)state;
	expect("foreverypart { if header :mime \"x\" \"1\" { replace \"new\"; } }",
	    MIXED "--b\nX: 1\n\nold\n--b\nX: 2\n\nsecond\n--b--\n",
	    MIXED "--b\nContent-Type: text/plain; charset=utf-8\n\nnew\n--b\nX: 2\n\nsecond\n--b--\n");
	/* A part without a body has no line end of its own. */
	expect("foreverypart { if header :mime \"x\" \"1\" { replace \"new\"; } }",
	    MIXED "--b\nX: 1\n--b--\n",
	    MIXED "--b\nContent-Type: text/plain; charset=utf-8\n\nnew\n--b--\n");
	expect("foreverypart { if header :mime \"x\" \"1\" { replace :mime \"A: b\"; } }",
	    MIXED "--b\nX: 1\n\nold\n--b--\n", MIXED "--b\nA: b\n\n\n--b--\n");
	/* A message in the message keeps its own fields. */
	expect("foreverypart { if header :mime \"x\" \"1\" { replace \"new\"; } }",
	    "Content-Type: message/rfc822\n\nX: 1\nContent-Type: a/b\n\nold\n",
	    "Content-Type: message/rfc822\n\nX: 1\nMIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=utf-8\n\nnew\n");
	/* All of them, one after the other, each with an earlier change in it. */
	expect("foreverypart { if header :mime \"x\" [\"1\", \"2\"] { replace \"\"; } }",
	    MIXED "--b\nX: 1\n\na\n--b\nX: 2\n\nb\n--b--\n",
	    MIXED "--b\nContent-Type: text/plain; charset=utf-8\n\n\n--b\n"
		  "Content-Type: text/plain; charset=utf-8\n\n\n--b--\n");
}

static void
no_line_of_a_text_is_a_delimiter(void **state)
{
	(void)state;
	expect("foreverypart { if header :mime \"x\" \"1\" { replace \"--b\r\nX: 3\"; } }",
	    MIXED "--b\nX: 1\n\nold\n--b--\n",
	    MIXED "--b\nContent-Type: text/plain; charset=utf-8\n"
		  "Content-Transfer-Encoding: quoted-printable\n\n=2D-b\nX: 3\n--b--\n");
	expect("replace \"\xc3\xa4 = \r\nFrom x\r\n.\r\n"
	       "1234567890123456789012345678901234567890123456789012345678901234567890123--b\";",
	    "A: b\n\n",
	    "A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n=C3=A4 =3D=20\n=46rom x\n=2E\n"
	    "1234567890123456789012345678901234567890123456789012345678901234567890123--=\nb\n");
	expect_error("foreverypart { if header :mime \"x\" \"1\" "
		     "{ replace :mime \"A: b\r\n\r\n--b\r\nX: 3\r\n\r\n\"; } }",
	    MIXED "--b\nX: 1\n\nold\n--b--\n",
	    "`replace :mime`: a line of the text is the boundary of what it is put into");
}

static void
changes_are_upon_changes(void **state)
{
	(void)state;
	expect("addheader \"X-New\" \"1\"; deleteheader \"Old\"; replace \"new\"; "
	       "addheader :last \"X-Last\" \"2\";",
	    "A: b\nOld: 1\n\nold\n",
	    "X-New: 1\nA: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "X-Last: 2\n\nnew\n");
	/* A text of 3 bytes in 60 of header, with CRLF. */
	expect("replace \"new\"; if not size :over 70 { discard; }"
	       "if not size :under 90 { discard; }",
	    "A: b\n\nold\n",
	    "A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nnew\n");
	expect_error("replace \"new\"; fileinto \"${no}\";", "A: b\n\nold\n",
	    "a folder must have a name");
	expect_error("replace :from \"${no}\" \"new\";", "A: b\n\nold\n",
	    "`replace :from`: expected one or more addresses");
}

static void
a_loop_does_not_go_into_what_a_script_has_put_there(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f,
	    "set \"n\" \"\"; foreverypart { set \"n\" \"${n}x\"; if header :mime \"x\" \"1\" {"
	    "replace :mime \"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nX: 1\r\n\r\n"
	    "--c\r\nX: 1\r\n\r\n--c--\r\n\"; } } addheader \"N\" \"${n}\";",
	    STR(MIXED "--b\nX: 1\n\nold\n--b\nX: 2\n\n\n--b--\n"));
	run(&f);
	assert_int_equal(f.result.error.n, 0);
	assert_true(str_has_prefix(version(&f, f.result.keep_version), STR("N: xxx\n")));
	end(&f);
}

/* ---- enclose ---- */

static void
a_message_is_enclosed(void **state)
{
	struct fixture f;
	struct str text, old = STR("From: a@b\nSubject: s\nX: 1\n\n\xc3\xa4");

	(void)state;
	begin(&f,
	    "fileinto :copy \"before\"; enclose :headers [\"x\", \"content-type\"] \"Hello\"; "
	    "redirect :copy \"c@d\"; replace \"gone\"; redirect :copy \"e@f\";", old);
	run(&f);
	assert_int_equal(f.result.error.n, 0);
	assert_int_equal(f.result.action_count, 3);
	assert_true(str_is_equal(version(&f, f.result.actions[0].version), old));
	/* RFC 5703 6: redirect sends the message as it was. */
	assert_true(str_is_equal(version(&f, f.result.actions[1].version), old));
	assert_true(str_is_equal(version(&f, f.result.actions[2].version), old));
	assert_int_equal(str_find(version(&f, f.result.keep_version), old), -1);
	end(&f);

	begin(&f, "enclose :headers [\"x\", \"content-type\"] \"--Hello\";", old);
	run(&f);
	text = version(&f, f.result.keep_version);
	assert_true(str_has_prefix(text, STR("X: 1\nSubject: s\nFrom: user@example.org\nDate: ")));
	assert_true(str_find(text, STR("\n\n=2D-Hello\n--=_enclosed_")) > 0);
	assert_true(str_find(text, STR("\nContent-Type: message/rfc822\n"
				       "Content-Transfer-Encoding: 8bit\n\nFrom: a@b\n")) > 0);
	assert_true(str_find(text, old) > 0);
	end(&f);
}

static void
loops_end_when_the_message_is_another(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f,
	    "set \"n\" \"\"; foreverypart { foreverypart { set \"n\" \"${n}x\"; enclose \"E\"; } }"
	    "addheader \"N\" \"${n}\";",
	    STR(MIXED "--b\n\na\n--b\n\nb\n--b--\n"));
	run(&f);
	assert_int_equal(f.result.error.n, 0);
	assert_true(str_has_prefix(version(&f, f.result.keep_version), STR("N: x\n")));
	end(&f);
}

/* ---- convert ---- */

#define HTML "Content-Type: text/html; charset=iso-8859-1\nContent-MD5: x\nContent-ID: <i>\n"

static void
parts_are_converted(void **state)
{
	(void)state;
	expect("convert \"text/html\" \"text/plain\" \"charset=utf-8\";",
	    "A: b\n" HTML "\n<p>\xe4 &lt; b</p>\n",
	    "A: b\nContent-ID: <i>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n=C3=A4 < b\n");
	expect("convert \"text/html\" \"text/plain\" \"charset=utf-8\";",
	    MIXED "--b\n" HTML "\n<b>1</b>\n--b\nX: 1\n\nx\n--b\n" HTML "\n<b>2</b>\n--b--\n",
	    MIXED "--b\nContent-ID: <i>\nContent-Type: text/plain; charset=utf-8\n\n1\n--b\nX: 1\n\nx\n"
		  "--b\nContent-ID: <i>\nContent-Type: text/plain; charset=utf-8\n\n2\n--b--\n");
	/* RFC 6558 2: all or none. */
	expect("if convert \"text/html\" \"text/plain\" \"charset=utf-8\" { discard; }",
	    MIXED "--b\n" HTML "\n<b>1</b>\n--b\nContent-Type: text/html; charset=x-lie\n\nx\n--b--\n",
	    MIXED "--b\n" HTML "\n<b>1</b>\n--b\nContent-Type: text/html; charset=x-lie\n\nx\n--b--\n");
	expect("if convert \"text/html\" \"text/plain\" \"charset=latin1\" { discard; }",
	    HTML "\n<b>1</b>\n", HTML "\n<b>1</b>\n");
	expect("if convert \"text/html\" \"image/png\" \"\" { discard; }", HTML "\n<b>1</b>\n",
	    HTML "\n<b>1</b>\n");
	expect("if not convert \"image/png\" \"text/html\" \"\" { discard; }", HTML "\n<b>1</b>\n",
	    HTML "\n<b>1</b>\n");
}

static void
too_much_is_not_converted(void **state)
{
	struct buf text = BUF_EMPTY;
	struct fixture f;

	(void)state;
	buf_add_cstr(&text, HTML "\n");
	for (size_t i = 0; i < SIEVE_CONVERT_MAX; i++)
		buf_add_cstr(&text, "x");
	buf_add_cstr(&text, "xx");
	begin(&f, "if convert \"text/html\" \"text/plain\" \"\" { discard; }", buf_str(&text));
	run(&f);
	assert_int_equal(f.result.error.n, 0);
	assert_int_equal(f.result.action_count, 0);
	assert_int_equal(f.result.keep_version, 0);
	end(&f);
	buf_fini(&text);
}

/* ---- hostile ---- */

static void
add_parts(struct buf *out, size_t count, const char *part)
{
	buf_add_cstr(out, MIXED);
	while (count-- > 0) {
		buf_add_cstr(out, "--b\n");
		buf_add_cstr(out, part);
	}
	buf_add_cstr(out, "--b--\n");
}

/* What a script costs ends with an error or not, but within its limits. */
static uint64_t
count_steps(const char *script, struct str message)
{
	struct fixture f;
	uint64_t steps;

	begin(&f, script, message);
	run(&f);
	steps = f.result.steps;
	assert_true(f.host.texts_size <= HOST_TEXTS_MAX);
	assert_true(f.result.error.n == 0 || (f.result.is_keep_due && f.result.keep_version == 0));
	end(&f);
	return steps;
}

static void
cost_is_bounded_whatever_the_message(void **state)
{
	static const char *const scripts[] = {
		"foreverypart { foreverypart { foreverypart { if header :mime :anychild :param "
		"[\"a\", \"b\", \"name\"] :matches [\"content-type\", \"x\"] \"*?*?*z\" { discard; } } } }",
		"foreverypart { if exists :mime \"content-type\" { replace \"\"; } }",
		"foreverypart { if address :mime :anychild :contains \"x\" \"q\" { discard; } "
		"extracttext :upper \"t\"; }",
		"if body :text :matches \"*a?a?b*\" { discard; } if body :raw :contains \"\xff\" { stop; }"
		"if body :content [\"\", \"text/html\"] :count \"gt\" \"5\" { discard; }",
		"convert \"text/plain\" \"text/html\" \"\"; convert \"text/html\" \"text/plain\" \"\";"
		"enclose \"x\"; enclose \"y\"; foreverypart { break; }",
	};
	static const char *const parts[] = { "Content-Type: text/plain; name=x\n\naaaa\n", "\n\n", "" };

	(void)state;
	for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
		for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
			struct buf text = BUF_EMPTY;

			add_parts(&text, 100000, parts[k]);
			assert_true(count_steps(scripts[i], buf_str(&text)) <=
			    SIEVE_STEPS_MAX + (text.n + HOST_PART_MAX) / 16);
			buf_fini(&text);
		}
}

static void
parameters_cost_the_length_of_their_field(void **state)
{
	static const char script[] = "if header :mime :param \"name\" \"content-type\" \"q\" {stop;}";
	uint64_t steps[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct buf text = BUF_EMPTY;

		buf_add_cstr(&text, "Content-Type: text/plain");
		for (int k = 0; k < (i == 0 ? 1000 : 10000); k++)
			buf_addf(&text, ";\n name*%d*=%%41", k);
		buf_add_cstr(&text, "\n\n");
		steps[i] = count_steps(script, buf_str(&text));
		buf_fini(&text);
	}
	assert_true(steps[1] < 12 * steps[0]);
}

/* Many changes of a message of some megabytes need the room of two of them. */
static void
texts_that_nothing_needs_make_way(void **state)
{
	struct buf text = BUF_EMPTY, part = BUF_EMPTY;
	struct fixture f;

	(void)state;
	buf_add_cstr(&part, "X: 1\n\n");
	for (int i = 0; i < 100000; i++)
		buf_add_cstr(&part, "a line that takes some room to be stored in\n");
	add_parts(&text, 10, buf_cstr(&part));
	begin(&f, "foreverypart { if header :mime \"x\" \"1\" { replace \"new\"; } }", buf_str(&text));
	run(&f);
	assert_int_equal(f.result.error.n, 0);
	assert_true(version(&f, f.result.keep_version).n < 2000);
	assert_true(f.host.texts_size < 2000);
	end(&f);
	buf_fini(&part);
	buf_fini(&text);
}

/* ---- no memory ---- */

struct failing {
	unsigned left, held;
	bool has_failed;
};

static void *
get(void *arg, size_t n)
{
	struct failing *memory = arg;

	if (memory->left == 0) {
		memory->has_failed = true;
		return NULL;
	}
	memory->left--;
	memory->held++;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	struct failing *memory = arg;

	memory->held -= p != NULL;
	free(p);
}

static void
no_memory_is_an_error_and_keeps_the_message(void **state)
{
	static const char script[] =
	    "if body :matches \"*?\r\n*\" { set \"a\" \"b\"; } foreverypart { extracttext \"t\"; "
	    "if header :mime :anychild :param \"name\" \"content-type\" [\"x\", \"${t}\"] { stop; } "
	    "if header :mime \"x\" \"1\" { replace \"\xc3\xa4${t}\"; } } addheader \"a\" \"b\";"
	    "convert \"text/plain\" \"text/html\" \"\"; enclose :subject \"s\" :headers \"x\" \"text\";";
	const struct sieve_limits limits = SIEVE_LIMITS_DEFAULT;
	struct fixture f;
	struct failing memory = { 0, 0, true };
	const struct sieve_alloc alloc = { get, give, &memory };
	const struct str message =
	    STR("Subject: s\n" MIXED "--b\nX: 1\n\na\n--b\nX: 2\nContent-Type: text/plain\n\nb\n--b--\n");

	(void)state;
	for (unsigned n = 0; memory.has_failed; n++) {
		memory = (struct failing){ .left = n };
		begin(&f, script, message);
		sieve_run(f.program, &f.asked, &limits, SIEVE_TEXT_EMPTY, &alloc, &f.result);
		if (memory.has_failed != (f.result.error.n > 0))
			fail_msg("%u: %.*s", n, SIEVE_TEXT_ARG(f.result.error));
		if (memory.has_failed)
			assert_int_equal(f.result.keep_version, 0);
		end(&f);
		assert_int_equal(memory.held, 0);
		assert_true(n < 10000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_message_is_replaced),
		cmocka_unit_test(a_part_is_replaced),
		cmocka_unit_test(no_line_of_a_text_is_a_delimiter),
		cmocka_unit_test(changes_are_upon_changes),
		cmocka_unit_test(a_loop_does_not_go_into_what_a_script_has_put_there),
		cmocka_unit_test(a_message_is_enclosed),
		cmocka_unit_test(loops_end_when_the_message_is_another),
		cmocka_unit_test(parts_are_converted),
		cmocka_unit_test(too_much_is_not_converted),
		cmocka_unit_test(cost_is_bounded_whatever_the_message),
		cmocka_unit_test(parameters_cost_the_length_of_their_field),
		cmocka_unit_test(texts_that_nothing_needs_make_way),
		cmocka_unit_test(no_memory_is_an_error_and_keeps_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

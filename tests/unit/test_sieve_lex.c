/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Tokens of scripts: strings, numbers, comments, places. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sieve/lex.h"
#include "sieve/limit.h"

static void *
get(void *arg, size_t n)
{
	(void)arg;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	(void)arg;
	free(p);
}

static const struct sieve_alloc host = { get, give, NULL };

struct setup {
	struct sieve_arena arena;
	struct sieve_errors errors;
	struct sieve_lexer lexer;
};

static void
begin(struct setup *s, const char *script, size_t n)
{
	sieve_arena_init(&s->arena, &host, SIEVE_TREE_MEMORY_MAX);
	sieve_errors_init(&s->errors, &s->arena, (struct sieve_text){ script, n });
	sieve_lex_init(&s->lexer, (struct sieve_text){ script, n }, &s->errors);
}

/* All tokens as `word` `:tag` `123` `"string"` and signs, a blank between. */
static void
print_tokens(const char *script, char *out, size_t size, unsigned *errors)
{
	static const char *const forms[] = {
		[SIEVE_TOKEN_IDENTIFIER] = "%.*s ",
		[SIEVE_TOKEN_TAG] = ":%.*s ",
		[SIEVE_TOKEN_STRING] = "\"%.*s\" ",
	};
	struct setup s;
	struct sieve_token token;
	size_t n = 0;

	begin(&s, script, strlen(script));
	out[0] = '\0';
	while ((token = sieve_lex_next(&s.lexer)).kind != SIEVE_TOKEN_END && n + 80 < size) {
		if (token.kind == SIEVE_TOKEN_SIGN)
			n += (size_t)snprintf(out + n, size - n, "%c ", token.sign);
		else if (token.kind == SIEVE_TOKEN_NUMBER)
			n += (size_t)snprintf(out + n, size - n, "%llu ",
			    (unsigned long long)token.number);
		else
			n += (size_t)snprintf(out + n, size - n, forms[token.kind],
			    SIEVE_TEXT_ARG(token.text));
	}
	if (n > 0)
		out[n - 1] = '\0';
	*errors = s.errors.count;
	sieve_arena_fini(&s.arena);
}

struct sample {
	const char *script, *tokens;
	unsigned errors;
};

static const struct sample samples[] = {
	{ "", "", 0 },
	{ "keep;", "keep ;", 0 },
	{ "\xef\xbb\xbfkeep;", "keep ;", 0 },
	{ "if(a,b){}", "if ( a , b ) { }", 0 },
	{ "x:is\t[\"a\" , \"b\"]", "x :is [ \"a\" , \"b\" ]", 0 },
	{ "10 10K 10k 2M 1G 0", "10 10240 10240 2097152 1073741824 0", 0 },
	{ "18446744073709551615", "18446744073709551615", 0 },
	{ "18446744073709551616", "0", 1 },
	{ "17179869183G", "18446744072635809792", 0 },
	{ "17179869184G", "0", 1 },
	{ "18014398509481984K", "0", 1 },
	{ "12ab;", "12 ;", 1 },
	/* RFC 5228 2.4.2 */
	{ "\"a\\\"b\"", "\"a\"b\"", 0 },
	{ "\"a\\\\\"", "\"a\\\"", 0 },
	{ "\"\\a\\*\"", "\"a*\"", 0 },
	{ "\"a\nb\"", "\"a\r\nb\"", 0 },
	{ "\"a\r\nb\"", "\"a\r\nb\"", 0 },
	{ "\"open", "\"open\"", 1 },
	{ "\"open\\\"", "\"open\"\"", 1 },
	{ "\"open\\", "\"open\\\"", 1 },
	/* RFC 5228 8.1: multi-line */
	{ "text:\na\n.\n;", "\"a\r\n\" ;", 0 },
	{ "TEXT: # c\r\na\r\n.\r\n;", "\"a\r\n\" ;", 0 },
	{ "text:\n..a\n.b\n.\n;", "\".a\r\n.b\r\n\" ;", 0 },
	{ "text:\n.\n;", "\"\" ;", 0 },
	{ "text:\na\n.", "\"a\r\n\"", 0 },
	{ "text:\na\n", "\"a\r\n\"", 1 },
	{ "text:\n.\ra\n.\n", "\".\ra\r\n\"", 0 },
	{ "text: x", "\"\" x", 1 },
	/* comments */
	{ "a # b\nc", "a c", 0 },
	{ "a /* b * / c */ d", "a d", 0 },
	{ "a /* b", "a", 1 },
	{ "a /*/ b", "a", 1 },
	{ "\"a /* b */ # c\"", "\"a /* b */ # c\"", 0 },
	/* what is no token */
	{ "a ? b", "a b", 1 },
	{ "a \xc3\xbc\xc3\xa4 b", "a b", 1 },
	{ ": a", ": a", 1 },
};

static void
scripts_are_cut_into_tokens(void **state)
{
	char out[512];
	unsigned errors;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		print_tokens(samples[i].script, out, sizeof out, &errors);
		if (strcmp(out, samples[i].tokens) != 0 || errors != samples[i].errors)
			fail_msg("sample %zu: `%s` with %u errors", i, out, errors);
	}
}

static void
tokens_know_their_line_and_rule(void **state)
{
	static const char script[] = "# rule:[Lists [a]]\nif /* x\ny */\ntrue \"a\nb\" {";
	static const unsigned lines[] = { 2, 4, 4, 5 };
	struct setup s;
	struct sieve_token token;
	size_t i;

	(void)state;
	begin(&s, script, sizeof script - 1);
	for (i = 0; i < 4; i++) {
		token = sieve_lex_next(&s.lexer);
		assert_int_equal(token.line, lines[i]);
		assert_int_equal(token.rule.n, i == 0 ? 9 : 0);
		if (i == 0)
			assert_memory_equal(token.rule.p, "Lists [a]", 9);
	}
	sieve_arena_fini(&s.arena);
}

static void
nul_and_overlong_strings_are_errors(void **state)
{
	static const char with_nul[] = "\"a\0b\"";
	size_t n = SIEVE_STRING_MAX + 3;
	char *script = malloc(n);
	struct setup s;

	(void)state;
	begin(&s, with_nul, sizeof with_nul - 1);
	sieve_lex_next(&s.lexer);
	assert_int_equal(s.errors.count, 1);
	sieve_arena_fini(&s.arena);

	assert_non_null(script);
	memset(script, 'a', n);
	script[0] = script[n - 1] = '"';
	begin(&s, script, n);
	assert_int_equal(sieve_lex_next(&s.lexer).text.n, SIEVE_STRING_MAX);
	assert_int_equal(s.errors.count, 1);
	sieve_arena_fini(&s.arena);
	free(script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_are_cut_into_tokens),
		cmocka_unit_test(tokens_know_their_line_and_rule),
		cmocka_unit_test(nul_and_overlong_strings_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Bytes of a script to tokens, RFC 5228 2 and 8.1.  Knows no grammar and no
 * word of the language but `text:`. */

#include "lex.h"

#include <string.h>

#include "limit.h"

void
sieve_lex_init(struct sieve_lexer *lexer, struct sieve_text script, struct sieve_errors *errors)
{
	*lexer = (struct sieve_lexer){
		.script = script,
		.line = 1,
		.arena = errors->arena,
		.errors = errors,
	};
	/* A byte order mark is what some editors leave in front. */
	if (script.n >= 3 && memcmp(script.p, "\xef\xbb\xbf", 3) == 0)
		lexer->at = 3;
}

static int
peek(const struct sieve_lexer *lexer, size_t ahead)
{
	if (lexer->at + ahead >= lexer->script.n)
		return -1;
	return (unsigned char)lexer->script.p[lexer->at + ahead];
}

static int
take(struct sieve_lexer *lexer)
{
	int c = peek(lexer, 0);

	if (c == -1)
		return -1;
	lexer->at++;
	if (c == '\n')
		lexer->line++;
	return c;
}

static bool
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Rule names as Roundcube and others write them: `# rule:[Name]`. */
static void
note_rule(struct sieve_lexer *lexer, struct sieve_text comment)
{
	static const char mark[] = "rule:[";
	const char *p = comment.p, *end = comment.p + comment.n, *close;

	while (p < end && is_space((unsigned char)*p))
		p++;
	if ((size_t)(end - p) < sizeof mark - 1 || memcmp(p, mark, sizeof mark - 1) != 0)
		return;
	p += sizeof mark - 1;
	for (close = end; close > p && close[-1] != ']'; close--)
		;
	if (close == p)
		return;
	lexer->rule = (struct sieve_text){ p, (size_t)(close - 1 - p) };
}

/* RFC 5228 2.1: "NUL (US-ASCII 0) is never permitted in scripts". */
static void
check_comment(struct sieve_lexer *lexer, size_t from)
{
	const char *p = lexer->script.p;
	const char *nul = memchr(p + from, '\0', lexer->at - from);

	if (nul != NULL)
		sieve_error_add(lexer->errors, (size_t)(nul - p), "this comment holds a NUL byte");
}

static void
pass_hash_comment(struct sieve_lexer *lexer)
{
	size_t from = lexer->at + 1;

	while (peek(lexer, 0) != -1 && peek(lexer, 0) != '\n')
		lexer->at++;
	check_comment(lexer, from);
	note_rule(lexer, (struct sieve_text){ lexer->script.p + from, lexer->at - from });
}

static void
pass_bracket_comment(struct sieve_lexer *lexer)
{
	size_t from = lexer->at;

	lexer->at += 2;
	while (peek(lexer, 0) != -1) {
		if (peek(lexer, 0) == '*' && peek(lexer, 1) == '/') {
			check_comment(lexer, from);
			lexer->at += 2;
			return;
		}
		take(lexer);
	}
	sieve_error_add(lexer->errors, from, "this comment is never closed: expected `*/`");
	lexer->is_unclosed = true;
}

static void
pass_space(struct sieve_lexer *lexer)
{
	for (;;) {
		if (is_space(peek(lexer, 0)))
			take(lexer);
		else if (peek(lexer, 0) == '#')
			pass_hash_comment(lexer);
		else if (peek(lexer, 0) == '/' && peek(lexer, 1) == '*')
			pass_bracket_comment(lexer);
		else
			return;
	}
}

static struct sieve_text
take_word(struct sieve_lexer *lexer)
{
	size_t from = lexer->at;

	while (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0)))
		lexer->at++;
	if (lexer->at - from > SIEVE_IDENTIFIER_MAX)
		sieve_error_add(lexer->errors, from, "this word is longer than %d characters",
		    SIEVE_IDENTIFIER_MAX);
	return (struct sieve_text){ lexer->script.p + from, lexer->at - from };
}

static unsigned
shift_of(int unit)
{
	switch (unit) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	default:
		return 0;
	}
}

/* RFC 5228 2.4.1: digits and at most one of K, M, G behind them. */
static void
take_number(struct sieve_lexer *lexer, struct sieve_token *token)
{
	const uint64_t max = SIEVE_NUMBER_MAX;
	uint64_t number = 0, digit;
	bool is_large = false;
	unsigned shift;

	token->kind = SIEVE_TOKEN_NUMBER;
	while (is_digit(peek(lexer, 0))) {
		digit = (uint64_t)(take(lexer) - '0');
		if (number > (max - digit) / 10)
			is_large = true;
		else
			number = number * 10 + digit;
	}
	shift = shift_of(peek(lexer, 0));
	if (shift != 0)
		lexer->at++;
	if (is_large || number > max >> shift)
		sieve_error_add(lexer->errors, token->offset, "this number is too large");
	else
		token->number = number << shift;
	if (is_letter(peek(lexer, 0)) || is_digit(peek(lexer, 0))) {
		sieve_error_add(lexer->errors, lexer->at,
		    "a number may end in K, M or G, and a space must follow it");
		take_word(lexer);
	}
}

/* Room for a string that takes at most n script bytes; a lone LF becomes CRLF
 * (RFC 5228 8.1), so twice as much. */
static char *
begin_string(struct sieve_lexer *lexer, size_t n)
{
	return sieve_arena_get(lexer->arena, 2 * n + 1);
}

static char *
add_line_end(char *out)
{
	*out++ = '\r';
	*out++ = '\n';
	return out;
}

static void
end_string(struct sieve_lexer *lexer, struct sieve_token *token, const char *from, const char *to)
{
	token->kind = SIEVE_TOKEN_STRING;
	if (from == NULL) /* no memory: told at the end */
		return;
	token->text = (struct sieve_text){ from, (size_t)(to - from) };
	if (token->text.n > SIEVE_STRING_MAX) {
		sieve_error_add(lexer->errors, token->offset,
		    "this string has more than %zu bytes", SIEVE_STRING_MAX);
		token->text.n = SIEVE_STRING_MAX;
	}
	if (memchr(token->text.p, '\0', token->text.n) != NULL)
		sieve_error_add(lexer->errors, token->offset, "this string holds a NUL byte");
}

/* From the opening quote; how many script bytes to the closing one. */
static size_t
measure_quoted(const struct sieve_lexer *lexer)
{
	size_t i = 1;

	while (peek(lexer, i) != -1 && peek(lexer, i) != '"')
		i += peek(lexer, i) == '\\' && peek(lexer, i + 1) != -1 ? 2 : 1;
	return i;
}

static void
take_quoted(struct sieve_lexer *lexer, struct sieve_token *token)
{
	size_t end = lexer->at + measure_quoted(lexer);
	char *from = begin_string(lexer, end - lexer->at), *out = from;
	int c;

	take(lexer);
	while (lexer->at < end) {
		c = take(lexer);
		/* RFC 5228 2.4.2: an escape before any other character is that
		 * character. */
		if (c == '\\' && lexer->at < end)
			c = take(lexer);
		if (out == NULL)
			continue;
		if (c == '\r' && peek(lexer, 0) == '\n')
			continue;
		if (c == '\n')
			out = add_line_end(out);
		else
			*out++ = (char)c;
	}
	if (take(lexer) == -1) {
		sieve_error_add(lexer->errors, token->offset,
		    "this string is never closed: expected `\"`");
		lexer->is_unclosed = true;
	}
	end_string(lexer, token, from, out);
}

/* RFC 5228 8.1: blanks and one comment may stand behind `text:`. */
static bool
can_begin_multi_line(struct sieve_lexer *lexer)
{
	while (peek(lexer, 0) == ' ' || peek(lexer, 0) == '\t')
		lexer->at++;
	if (peek(lexer, 0) == '#')
		while (peek(lexer, 0) != -1 && peek(lexer, 0) != '\n')
			lexer->at++;
	if (peek(lexer, 0) == '\r' && peek(lexer, 1) == '\n')
		lexer->at++;
	if (peek(lexer, 0) != '\n') {
		sieve_error_add(lexer->errors, lexer->at,
		    "the text must begin on the line after `text:`");
		return false;
	}
	take(lexer);
	return true;
}

/* Whether the line at p is the `.` that ends a text. */
static bool
is_end_dot(const char *p, const char *end)
{
	if (p == end || *p++ != '.')
		return false;
	return p == end || *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n');
}

/* A line into out, dot-unstuffed. */
static char *
take_text_line(struct sieve_lexer *lexer, char *out)
{
	int c;

	if (peek(lexer, 0) == '.' && peek(lexer, 1) == '.')
		lexer->at++;
	while ((c = take(lexer)) != -1 && c != '\n') {
		if (out != NULL && !(c == '\r' && peek(lexer, 0) == '\n'))
			*out++ = (char)c;
	}
	return out == NULL ? NULL : add_line_end(out);
}

static size_t
measure_text(const struct sieve_lexer *lexer)
{
	const char *p = lexer->script.p + lexer->at, *end = lexer->script.p + lexer->script.n;
	const char *line = p, *next;

	while (line < end && !is_end_dot(line, end)) {
		next = memchr(line, '\n', (size_t)(end - line));
		line = next == NULL ? end : next + 1;
	}
	return (size_t)(line - p) + 2;
}

static void
take_multi_line(struct sieve_lexer *lexer, struct sieve_token *token)
{
	char *from, *out;

	lexer->at++; /* the colon */
	token->text = SIEVE_TEXT_EMPTY;
	if (!can_begin_multi_line(lexer)) {
		token->kind = SIEVE_TOKEN_STRING;
		return;
	}
	from = out = begin_string(lexer, measure_text(lexer));
	while (peek(lexer, 0) != -1 &&
	    !is_end_dot(lexer->script.p + lexer->at, lexer->script.p + lexer->script.n))
		out = take_text_line(lexer, out);
	if (peek(lexer, 0) == -1) {
		sieve_error_add(lexer->errors, token->offset,
		    "this text is never closed: expected a line with a single `.`");
		lexer->is_unclosed = true;
	}
	lexer->at += peek(lexer, 0) == '.';
	end_string(lexer, token, from, out);
}

static void
take_identifier(struct sieve_lexer *lexer, struct sieve_token *token)
{
	token->kind = SIEVE_TOKEN_IDENTIFIER;
	token->text = take_word(lexer);
	if (sieve_text_is(token->text, "text") && peek(lexer, 0) == ':')
		take_multi_line(lexer, token);
}

static void
take_tag(struct sieve_lexer *lexer, struct sieve_token *token)
{
	token->kind = SIEVE_TOKEN_TAG;
	lexer->at++;
	token->text = take_word(lexer);
	if (token->text.n == 0 || is_digit((unsigned char)token->text.p[0]))
		sieve_error_add(lexer->errors, token->offset,
		    "expected a word behind `:`, as in `:is`");
}

static void
pass_garbage(struct sieve_lexer *lexer)
{
	size_t from = lexer->at;
	int c = take(lexer);

	if (c > ' ' && c < 0x7f)
		sieve_error_add(lexer->errors, from, "`%c` has no place outside a string", c);
	else
		sieve_error_add(lexer->errors, from,
		    "byte 0x%02x has no place outside a string", (unsigned)c);
	/* One report for a run of them: text in a foreign script, a binary. */
	while (peek(lexer, 0) >= 0x7f || peek(lexer, 0) == 0)
		lexer->at++;
}

static bool
is_at_token(const struct sieve_lexer *lexer)
{
	int c = peek(lexer, 0);

	return c == -1 || c == '"' || c == ':' || is_letter(c) || is_digit(c) ||
	    (c != 0 && strchr("()[]{},;", c) != NULL);
}

struct sieve_token
sieve_lex_next(struct sieve_lexer *lexer)
{
	struct sieve_token token = { .kind = SIEVE_TOKEN_END, .text = SIEVE_TEXT_EMPTY };
	int c;

	pass_space(lexer);
	while (!is_at_token(lexer)) {
		pass_garbage(lexer);
		pass_space(lexer);
	}
	token.offset = lexer->at;
	token.line = lexer->line;
	token.rule = lexer->rule;
	lexer->rule = SIEVE_TEXT_EMPTY;
	c = peek(lexer, 0);
	if (c == '"') {
		take_quoted(lexer, &token);
	} else if (c == ':') {
		take_tag(lexer, &token);
	} else if (is_letter(c)) {
		take_identifier(lexer, &token);
	} else if (is_digit(c)) {
		take_number(lexer, &token);
	} else if (c != -1) {
		token.kind = SIEVE_TOKEN_SIGN;
		token.sign = (char)take(lexer);
	}
	token.end = lexer->at;
	return token;
}

const char *
sieve_lex_describe(const struct sieve_token *token)
{
	static const char *const names[] = {
		[SIEVE_TOKEN_END] = "the end of the script",
		[SIEVE_TOKEN_IDENTIFIER] = "a word",
		[SIEVE_TOKEN_TAG] = "a tag",
		[SIEVE_TOKEN_NUMBER] = "a number",
		[SIEVE_TOKEN_STRING] = "a string",
	};
	static const char signs[][4] = { "`(`", "`)`", "`[`", "`]`", "`{`", "`}`", "`,`", "`;`" };
	size_t i;

	for (i = 0; token->kind == SIEVE_TOKEN_SIGN && i < sizeof signs / sizeof signs[0]; i++)
		if (signs[i][1] == token->sign)
			return signs[i];
	return token->kind == SIEVE_TOKEN_SIGN ? "a sign" : names[token->kind];
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Tokens to a tree, RFC 5228 8.2.  Knows the grammar and no word but those
 * that begin a command without arguments. */

#include "parse.h"

#include "lex.h"
#include "limit.h"

struct parser {
	struct sieve_lexer lexer;
	struct sieve_token token; /* the one to be looked at */
	struct sieve_errors *errors;
	struct sieve_tree *tree;
	size_t last_end; /* of the token before */
	unsigned blocks, tests;
};

static struct sieve_node *parse_block(struct parser *parser, struct sieve_node *parent);
static bool can_parse_node(struct parser *parser, struct sieve_node *node);

static void
advance(struct parser *parser)
{
	parser->last_end = parser->token.end;
	parser->token = sieve_lex_next(&parser->lexer);
}

static bool
is_sign(const struct parser *parser, char sign)
{
	return parser->token.kind == SIEVE_TOKEN_SIGN && parser->token.sign == sign;
}

/* What is missing at the end has been told by what was never closed. */
static bool
is_told(const struct parser *parser)
{
	return parser->lexer.is_unclosed && parser->token.kind == SIEVE_TOKEN_END;
}

static void
complain(struct parser *parser, const char *expected)
{
	if (is_told(parser))
		return;
	if (parser->token.kind == SIEVE_TOKEN_IDENTIFIER)
		sieve_error_add(parser->errors, parser->token.offset, "expected %s, not `%.*s`",
		    expected, SIEVE_TEXT_ARG(parser->token.text));
	else
		sieve_error_add(parser->errors, parser->token.offset, "expected %s, not %s",
		    expected, sieve_lex_describe(&parser->token));
}

/* To behind the end of the command that went wrong: its `;`, or its block. */
static void
recover(struct parser *parser)
{
	unsigned depth = 0;

	while (parser->token.kind != SIEVE_TOKEN_END) {
		if (is_sign(parser, ';') && depth == 0) {
			advance(parser);
			return;
		}
		if (is_sign(parser, '}')) {
			if (depth == 0)
				return;
			depth--;
			advance(parser);
			if (depth == 0)
				return;
			continue;
		}
		if (is_sign(parser, '{'))
			depth++;
		advance(parser);
	}
}

static struct sieve_string *
take_string(struct parser *parser)
{
	struct sieve_string *string = sieve_arena_get(parser->errors->arena, sizeof *string);

	if (string != NULL) {
		string->offset = parser->token.offset;
		string->text = parser->token.text;
	}
	advance(parser);
	return string;
}

static bool
can_parse_list(struct parser *parser, struct sieve_argument *argument)
{
	struct sieve_string **tail = &argument->strings;

	argument->is_list = true;
	do {
		advance(parser); /* `[` or `,` */
		if (parser->token.kind != SIEVE_TOKEN_STRING) {
			complain(parser, "a string");
			return false;
		}
		if (++argument->string_count > SIEVE_STRINGS_MAX) {
			sieve_error_add(parser->errors, parser->token.offset,
			    "a list may have %d strings", SIEVE_STRINGS_MAX);
			return false;
		}
		*tail = take_string(parser);
		if (*tail == NULL)
			return false;
		tail = &(*tail)->next;
	} while (is_sign(parser, ','));
	if (!is_sign(parser, ']')) {
		complain(parser, "`,` or `]`");
		return false;
	}
	advance(parser);
	return true;
}

static bool
is_at_argument(const struct parser *parser)
{
	enum sieve_token_kind kind = parser->token.kind;

	return kind == SIEVE_TOKEN_NUMBER || kind == SIEVE_TOKEN_TAG ||
	    kind == SIEVE_TOKEN_STRING || is_sign(parser, '[');
}

static bool
can_parse_argument(struct parser *parser, struct sieve_argument *argument)
{
	argument->offset = parser->token.offset;
	if (is_sign(parser, '[')) {
		argument->kind = SIEVE_ARGUMENT_STRINGS;
		return can_parse_list(parser, argument);
	}
	if (parser->token.kind == SIEVE_TOKEN_STRING) {
		argument->kind = SIEVE_ARGUMENT_STRINGS;
		argument->string_count = 1;
		argument->strings = take_string(parser);
		return argument->strings != NULL;
	}
	argument->kind = parser->token.kind == SIEVE_TOKEN_TAG ? SIEVE_ARGUMENT_TAG
							       : SIEVE_ARGUMENT_NUMBER;
	argument->number = parser->token.number;
	argument->tag = parser->token.text;
	advance(parser);
	return true;
}

static bool
can_parse_arguments(struct parser *parser, struct sieve_node *node)
{
	struct sieve_argument **tail = &node->arguments;
	unsigned count = 0;

	while (is_at_argument(parser)) {
		if (++count > SIEVE_ARGUMENTS_MAX) {
			sieve_error_add(parser->errors, parser->token.offset,
			    "`%.*s` has more than %d arguments", SIEVE_TEXT_ARG(node->name),
			    SIEVE_ARGUMENTS_MAX);
			return false;
		}
		*tail = sieve_arena_get(parser->errors->arena, sizeof **tail);
		if (*tail == NULL || !can_parse_argument(parser, *tail))
			return false;
		tail = &(*tail)->next;
	}
	return true;
}

static struct sieve_node *
begin_node(struct parser *parser, struct sieve_node *parent)
{
	struct sieve_node *node = sieve_arena_get(parser->errors->arena, sizeof *node);

	if (node == NULL)
		return NULL;
	node->parent = parent;
	node->offset = parser->token.offset;
	node->line = parser->token.line;
	node->rule = parser->token.rule;
	node->name = parser->token.text;
	return node;
}

static struct sieve_node *
parse_test(struct parser *parser, struct sieve_node *parent)
{
	struct sieve_node *test;

	if (parser->token.kind != SIEVE_TOKEN_IDENTIFIER) {
		complain(parser, "a test");
		return NULL;
	}
	test = begin_node(parser, parent);
	return test != NULL && can_parse_node(parser, test) ? test : NULL;
}

static bool
can_parse_test_list(struct parser *parser, struct sieve_node *node)
{
	struct sieve_node **tail = &node->tests;
	unsigned count = 0;

	node->has_test_list = true;
	do {
		advance(parser); /* `(` or `,` */
		if (++count > SIEVE_TESTS_MAX) {
			sieve_error_add(parser->errors, parser->token.offset,
			    "a test list may have %d tests", SIEVE_TESTS_MAX);
			return false;
		}
		*tail = parse_test(parser, node);
		if (*tail == NULL)
			return false;
		tail = &(*tail)->next;
	} while (is_sign(parser, ','));
	if (!is_sign(parser, ')')) {
		complain(parser, "`,` or `)`");
		return false;
	}
	advance(parser);
	return true;
}

/* The arguments and tests behind a name; tests nest, so this recurses. */
static bool
can_parse_node(struct parser *parser, struct sieve_node *node)
{
	bool is_fine = true;

	advance(parser);
	if (!can_parse_arguments(parser, node))
		return false;
	if (parser->token.kind == SIEVE_TOKEN_IDENTIFIER || is_sign(parser, '(')) {
		if (parser->tests == SIEVE_TEST_DEPTH_MAX) {
			sieve_error_add(parser->errors, parser->token.offset,
			    "tests are nested more than %d deep", SIEVE_TEST_DEPTH_MAX);
			return false;
		}
		parser->tests++;
		if (is_sign(parser, '('))
			is_fine = can_parse_test_list(parser, node);
		else
			is_fine = (node->tests = parse_test(parser, node)) != NULL;
		parser->tests--;
	}
	node->end = parser->last_end;
	return is_fine;
}

/* A missing `;` is seen at the next command; blame the place it is missing. */
static void
complain_end(struct parser *parser, const struct sieve_node *node)
{
	if (is_told(parser))
		return;
	sieve_error_add(parser->errors, parser->last_end,
	    node->tests != NULL ? "expected `{` behind the test of `%.*s`, not %s"
				: "expected `;` or `{` to end `%.*s`, not %s",
	    SIEVE_TEXT_ARG(node->name), sieve_lex_describe(&parser->token));
}

static void
parse_command(struct parser *parser, struct sieve_node *node)
{
	if (!can_parse_node(parser, node)) {
		node->is_broken = true;
		recover(parser);
		return;
	}
	if (is_sign(parser, ';')) {
		advance(parser);
		return;
	}
	if (!is_sign(parser, '{')) {
		complain_end(parser, node);
		node->is_broken = true;
		recover(parser);
		return;
	}
	node->has_block = true;
	if (parser->blocks == SIEVE_BLOCK_DEPTH_MAX) {
		sieve_error_add(parser->errors, parser->token.offset,
		    "blocks are nested more than %d deep", SIEVE_BLOCK_DEPTH_MAX);
		recover(parser);
		return;
	}
	parser->blocks++;
	advance(parser);
	node->block = parse_block(parser, node);
	parser->blocks--;
	if (is_sign(parser, '}'))
		advance(parser);
	else if (!is_told(parser))
		sieve_error_add(parser->errors, parser->last_end,
		    "expected `}`: the block of `%.*s` in line %u is never closed",
		    SIEVE_TEXT_ARG(node->name), node->line);
}

/* Two `keep` without `;` between parse as a command with a test `keep`; the
 * checker tells.  Here a command must begin with a word. */
static bool
can_begin_command(struct parser *parser)
{
	if (parser->token.kind == SIEVE_TOKEN_IDENTIFIER)
		return true;
	if (is_sign(parser, '}') && parser->blocks == 0) {
		sieve_error_add(parser->errors, parser->token.offset,
		    "this `}` closes nothing");
		advance(parser);
		return false;
	}
	complain(parser, "a command");
	recover(parser);
	return false;
}

/* Commands up to the end of the script or a `}`. */
static struct sieve_node *
parse_block(struct parser *parser, struct sieve_node *parent)
{
	struct sieve_node *first = NULL, *before = NULL, **tail = &first;

	while (parser->token.kind != SIEVE_TOKEN_END && !parser->errors->arena->is_out) {
		if (is_sign(parser, '}') && parser->blocks > 0)
			break;
		if (!can_begin_command(parser))
			continue;
		if (++parser->tree->command_count > SIEVE_COMMANDS_MAX) {
			sieve_error_add(parser->errors, parser->token.offset,
			    "a script may have %d commands", SIEVE_COMMANDS_MAX);
			parser->token.kind = SIEVE_TOKEN_END;
			break;
		}
		*tail = begin_node(parser, parent);
		if (*tail == NULL)
			break;
		(*tail)->before = before;
		before = *tail;
		parse_command(parser, *tail);
		tail = &(*tail)->next;
	}
	return first;
}

void
sieve_parse(struct sieve_text script, struct sieve_errors *errors, struct sieve_tree *out)
{
	struct parser parser = { .errors = errors, .tree = out };

	*out = (struct sieve_tree){ .script = script };
	if (script.n > SIEVE_SCRIPT_MAX) {
		sieve_error_add(errors, 0, "the script has more than %zu bytes", SIEVE_SCRIPT_MAX);
		return;
	}
	sieve_lex_init(&parser.lexer, script, errors);
	advance(&parser);
	out->commands = parse_block(&parser, NULL);
	if (errors->arena->is_out)
		sieve_error_add(errors, 0, "the script needs more memory than a script may have");
}

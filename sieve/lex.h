/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_LEX_H
#define SIEVE_LEX_H

#include "error.h"

/* RFC 5228 8.1. */
enum sieve_token_kind {
	SIEVE_TOKEN_END,	/* of the script */
	SIEVE_TOKEN_IDENTIFIER, /* text: as written */
	SIEVE_TOKEN_TAG,	/* text: without its colon */
	SIEVE_TOKEN_NUMBER,	/* number: with its K, M or G worked out */
	SIEVE_TOKEN_STRING,	/* text: escapes and dot-stuffing undone, line ends CRLF */
	SIEVE_TOKEN_SIGN,	/* sign: one of ( ) [ ] { } , ; */
};

struct sieve_token {
	enum sieve_token_kind kind;
	size_t offset, end;  /* in the script */
	unsigned line;
	struct sieve_text text;
	uint64_t number;
	char sign;
	struct sieve_text rule; /* `# rule:[NAME]` comment before it, or empty */
};

struct sieve_lexer {
	struct sieve_text script;
	size_t at;
	unsigned line;
	struct sieve_arena *arena;
	struct sieve_errors *errors;
	struct sieve_text rule; /* seen, and not yet handed out */
	bool is_unclosed; /* what was never closed has taken the rest of the script */
};

void sieve_lex_init(struct sieve_lexer *lexer, struct sieve_text script,
    struct sieve_errors *errors);

/*
 * The next token.  What is no token is reported and passed over, so the
 * result is always one; strings live in the arena or point into the script.
 */
struct sieve_token sieve_lex_next(struct sieve_lexer *lexer);

/* "`;`", "a string", "the end of the script": for messages. */
const char *sieve_lex_describe(const struct sieve_token *token);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_PROGRAM_H
#define SIEVE_PROGRAM_H

#include "match.h"
#include "registry.h"
#include "sieve.h"

/*
 * What a checked tree is compiled to: operations in a row, with jumps in place
 * of blocks and test lists.  It holds copies of all it needs and is never
 * changed.
 */
enum sieve_piece_kind {
	SIEVE_PIECE_TEXT,
	SIEVE_PIECE_VARIABLE, /* index: of its slot */
	SIEVE_PIECE_MATCHED,  /* index: as in ${1} */
};

struct sieve_piece {
	enum sieve_piece_kind kind;
	unsigned index;
	struct sieve_text text;
};

/* A string: text, or the pieces that it is made of when it is looked at. */
struct sieve_template {
	struct sieve_text text;
	const struct sieve_piece *pieces; /* NULL: constant */
	unsigned piece_count;
};

struct sieve_list {
	const struct sieve_template *at;
	unsigned n;
	bool is_constant;
};

/* A command or test with all its arguments. */
struct sieve_call {
	const struct sieve_word *word;
	unsigned line;
	uint32_t needs; /* extensions that an ihave must have found first */
	struct sieve_text rule;
	uint16_t given; /* bits of the tag groups */
	uint8_t codes[SIEVE_GROUP_COUNT];
	uint8_t comparator, relation;
	struct sieve_list arguments[SIEVE_POSITIONAL_MAX];
	struct sieve_list flags;
	uint64_t number; /* behind :over, :under */
};

enum sieve_op_kind {
	SIEVE_OP_CALL,	     /* target: of the call */
	SIEVE_OP_FAIL,	     /* likewise: its rule is the error */
	SIEVE_OP_JUMP,	     /* target: of the operation */
	SIEVE_OP_JUMP_TRUE,  /* when the last test was */
	SIEVE_OP_JUMP_FALSE,
	SIEVE_OP_NOT,
	SIEVE_OP_STOP,
};

struct sieve_op {
	enum sieve_op_kind kind;
	unsigned target;
};

struct sieve_program {
	const struct sieve_alloc *host;
	struct sieve_arena arena;
	struct sieve_op *ops;
	struct sieve_call *calls;
	unsigned op_count, call_count;
	struct sieve_text *variables; /* names by slot */
	unsigned variable_count;
	bool has_variables; /* the extension: matches set ${1} */
	uint32_t required;  /* extensions, as bits of the registry's indexes */
	uint32_t available; /* to ihave */
};

#endif

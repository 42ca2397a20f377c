/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_PROGRAM_H
#define SIEVE_PROGRAM_H

#include "match.h"
#include "regex.h"
#include "registry.h"
#include "sieve.h"

/*
 * What checked trees are compiled to: operations in a row, with jumps in place
 * of blocks and test lists.  It holds copies of all it needs and is never
 * changed.
 */
enum sieve_piece_kind {
	SIEVE_PIECE_TEXT,
	SIEVE_PIECE_VARIABLE, /* index: of its slot */
	SIEVE_PIECE_GLOBAL,   /* likewise, among those that scripts share (RFC 6609 3.4) */
	SIEVE_PIECE_MATCHED,  /* index: as in ${1} */
	SIEVE_PIECE_SPACE,    /* index: of the extension; text: what is behind its dot */
};

struct sieve_piece {
	enum sieve_piece_kind kind;
	unsigned index;
	struct sieve_text text;
};

/* What a constant key becomes for the match of its call, so that it need not
 * be done in every run. */
struct sieve_prepared {
	const struct sieve_regex *regex; /* of :regex */
	struct sieve_text folded;	 /* of i;unicode-casemap, else */
};

/* A string: text, or the pieces that it is made of when it is looked at. */
struct sieve_template {
	struct sieve_text text; /* as in the script, even when there are pieces */
	const struct sieve_piece *pieces; /* NULL: constant */
	unsigned piece_count;
	const struct sieve_prepared *prepared; /* NULL: it is no such key */
};

struct sieve_list {
	const struct sieve_template *at;
	unsigned n;
	bool is_constant;
};

/* What stands behind a tag. */
struct sieve_tagged {
	enum sieve_group group;
	uint64_t number;
	struct sieve_list list;
};

/* A command or test with all its arguments. */
struct sieve_call {
	const struct sieve_word *word;
	unsigned line;
	sieve_set needs; /* extensions that an ihave must have found first */
	struct sieve_text rule; /* of a command */
	sieve_groups given;
	uint8_t codes[SIEVE_GROUP_COUNT];
	uint8_t comparator, relation;
	uint8_t tagged_count;
	const struct sieve_tagged *tagged;
	struct sieve_list arguments[SIEVE_POSITIONAL_MAX];
	uint64_t numbers[SIEVE_POSITIONAL_MAX];
	unsigned unit;	 /* of include: SIEVE_NO_UNIT when there is no such script */
};
#define SIEVE_NO_UNIT ((unsigned)-1)

static inline bool
sieve_call_has(const struct sieve_call *call, enum sieve_group group)
{
	return (call->given & UINT64_C(1) << group) != 0;
}

/* NULL: not given, or a tag that nothing follows. */
static inline const struct sieve_tagged *
sieve_call_value(const struct sieve_call *call, enum sieve_group group)
{
	unsigned i;

	for (i = 0; i < call->tagged_count; i++)
		if (call->tagged[i].group == group)
			return &call->tagged[i];
	return NULL;
}

enum sieve_op_kind {
	SIEVE_OP_CALL,	     /* target: of the call */
	SIEVE_OP_ENTER,	     /* likewise: of a block; a jump to its end follows */
	SIEVE_OP_REPEAT,     /* likewise: is the block to be run again? */
	SIEVE_OP_FAIL,	     /* likewise: its rule is the error */
	SIEVE_OP_JUMP,	     /* target: of the operation */
	SIEVE_OP_JUMP_TRUE,  /* when the last test was */
	SIEVE_OP_JUMP_FALSE,
	SIEVE_OP_NOT,
	SIEVE_OP_STOP,
	SIEVE_OP_RETURN,
};

struct sieve_op {
	enum sieve_op_kind kind;
	unsigned target;
};

/* One script: the main one is the first, the others it includes. */
struct sieve_unit {
	struct sieve_unit *next;
	struct sieve_text name;
	enum sieve_location location;
	unsigned index;
	struct sieve_text source; /* only while it is compiled */
	struct sieve_op *ops;
	struct sieve_call *calls;
	unsigned op_count, call_count;
	struct sieve_text *variables; /* names by slot */
	unsigned variable_count;
	bool has_variables;  /* the extension: matches set ${1} */
	sieve_set required;
	sieve_set available; /* to ihave */
	/* Of variables that the unit has declared global (RFC 6609 3.4.1). */
	struct sieve_text *globals;
	unsigned global_count;
};

struct sieve_program {
	const struct sieve_alloc *host;
	struct sieve_arena arena;
	struct sieve_unit *units; /* a list */
	unsigned unit_count;
	struct sieve_text *globals; /* names by slot */
	unsigned global_count;
	const struct sieve_settings *settings;
	struct sieve_regex_pool *regexes; /* NULL: there are none */
};

#endif

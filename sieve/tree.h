/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_TREE_H
#define SIEVE_TREE_H

#include "error.h"
#include "settings.h"

/*
 * A script as the grammar sees it (RFC 5228 8.2), and, in `bound`, as the
 * checker has understood it.  All of it lives in one arena.
 */
struct sieve_word;
struct sieve_tag;

enum sieve_argument_kind {
	SIEVE_ARGUMENT_NUMBER,
	SIEVE_ARGUMENT_TAG,
	SIEVE_ARGUMENT_STRINGS, /* one string, or a list in brackets */
};

struct sieve_string {
	struct sieve_string *next;
	size_t offset;
	struct sieve_text text;
	bool has_references; /* to variables, RFC 5229 3 */
};

struct sieve_argument {
	struct sieve_argument *next;
	enum sieve_argument_kind kind;
	size_t offset;
	uint64_t number;
	struct sieve_text tag;
	struct sieve_string *strings;
	unsigned string_count;
	bool is_list; /* written in brackets */
};

/* Of each group a command or test takes one tag at most. */
enum sieve_group {
	SIEVE_GROUP_COMPARATOR,
	SIEVE_GROUP_MATCH,
	SIEVE_GROUP_PART, /* of an address */
	SIEVE_GROUP_SIZE,
	SIEVE_GROUP_FLAGS,
	SIEVE_GROUP_COPY,
	SIEVE_GROUP_CASE,  /* the modifiers of RFC 5229 4.1, by precedence */
	SIEVE_GROUP_FIRST,
	SIEVE_GROUP_QUOTE,
	SIEVE_GROUP_ENCODE,
	SIEVE_GROUP_LENGTH,
	SIEVE_GROUP_INDEX, /* RFC 5260 6 */
	SIEVE_GROUP_LAST,
	SIEVE_GROUP_ZONE,	 /* RFC 5260 4 */
	SIEVE_GROUP_CREATE,	 /* RFC 5490 3.2 */
	SIEVE_GROUP_SPECIAL_USE, /* RFC 8579 4 */
	SIEVE_GROUP_MAILBOX_ID,	 /* RFC 9042 4 */
	SIEVE_GROUP_FCC,	 /* RFC 8580 3 */
	SIEVE_GROUP_LIST,	 /* of redirect, RFC 6134 2.4 */
	SIEVE_GROUP_MIME,	 /* RFC 5703 4 */
	SIEVE_GROUP_MIME_PART,
	SIEVE_GROUP_ANY_CHILD,
	SIEVE_GROUP_DSN_NOTIFY, /* RFC 6009 */
	SIEVE_GROUP_DSN_RET,
	SIEVE_GROUP_BY_TIME,
	SIEVE_GROUP_BY_MODE,
	SIEVE_GROUP_BY_TRACE,
	SIEVE_GROUP_OWN, /* and more: of one word alone, numbered by its file */
	SIEVE_GROUP_COUNT = SIEVE_GROUP_OWN + 8
};

#define SIEVE_POSITIONAL_MAX 3

/* Filled by the checker for a node without errors. */
struct sieve_bound {
	const struct sieve_tag *const *tags; /* by group; NULL: not given */
	const struct sieve_argument *const *values; /* behind the tag, likewise */
	bool has_room; /* tags and values are the node's own */
	const struct sieve_argument *positional[SIEVE_POSITIONAL_MAX];
};

/* A command or a test: the grammar is the same but for what ends it. */
struct sieve_node {
	struct sieve_node *next, *parent;
	const struct sieve_node *before; /* the command or test in front of it, or NULL */
	size_t offset, end; /* of its text: up to the `;`, the `{` or the last argument */
	unsigned line;
	struct sieve_text name, rule;
	struct sieve_argument *arguments;
	struct sieve_node *tests;
	struct sieve_node *block; /* first command of it */
	bool has_block, has_test_list;
	bool is_broken; /* a syntax error in it was reported; not to be looked into */
	const struct sieve_word *word; /* NULL: unknown */
	struct sieve_text fault; /* not empty: reaching it is a run-time error (RFC 5463 4) */
	sieve_set needs; /* that an ihave must find first */
	struct sieve_bound bound;
};

struct sieve_tree {
	struct sieve_text script;
	struct sieve_node *commands;
	unsigned command_count;
	sieve_set required;
};

#endif

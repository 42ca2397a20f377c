/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_REGISTRY_H
#define SIEVE_REGISTRY_H

#include "tree.h"

/*
 * The words of the language as data.  One file an RFC (ext_*.c) declares one
 * struct sieve_extension with its commands, tests, tags and comparators; the
 * checker knows nothing else about them.
 */
struct sieve_checker;
struct sieve_interp;
struct sieve_call;

enum sieve_value {
	SIEVE_VALUE_NONE,
	SIEVE_VALUE_NUMBER,
	SIEVE_VALUE_STRING,  /* exactly one */
	SIEVE_VALUE_STRINGS, /* one or a list */
	SIEVE_VALUE_VARIABLE, /* exactly one, which names a variable; behind a tag */
};

struct sieve_tag {
	const char *name; /* without its colon */
	enum sieve_group group;
	enum sieve_value value; /* what must follow it */
	unsigned code; /* which of its group it is; 0 is the default */
};

enum sieve_word_kind { SIEVE_COMMAND, SIEVE_TEST };
enum sieve_tests { SIEVE_TESTS_NONE, SIEVE_TESTS_ONE, SIEVE_TESTS_LIST };

typedef uint64_t sieve_groups;
#define SIEVE_GROUP_BIT(group) (UINT64_C(1) << SIEVE_GROUP_##group)
#define SIEVE_OWN(n) ((enum sieve_group)(SIEVE_GROUP_OWN + (n)))
#define SIEVE_OWN_BIT(n) (UINT64_C(1) << SIEVE_OWN(n))
#define SIEVE_GROUPS_MATCH (SIEVE_GROUP_BIT(COMPARATOR) | SIEVE_GROUP_BIT(MATCH))
#define SIEVE_GROUPS_INDEX (SIEVE_GROUP_BIT(INDEX) | SIEVE_GROUP_BIT(LAST))

/* Codes of tags; 0 is what holds when none is given. */
enum sieve_address_part { SIEVE_PART_ALL, SIEVE_PART_LOCAL, SIEVE_PART_DOMAIN, SIEVE_PART_USER,
	SIEVE_PART_DETAIL };
enum sieve_size { SIEVE_SIZE_NONE, SIEVE_SIZE_OVER, SIEVE_SIZE_UNDER };
enum sieve_case { SIEVE_CASE_NONE, SIEVE_CASE_LOWER, SIEVE_CASE_UPPER };
enum sieve_quote { SIEVE_QUOTE_NONE, SIEVE_QUOTE_WILDCARD, SIEVE_QUOTE_REGEX };

/* What makes a word more than its name, for who runs or translates it. */
enum sieve_meaning {
	SIEVE_MEANS_NOTHING,
	SIEVE_MEANS_REQUIRE,
	SIEVE_MEANS_IF,
	SIEVE_MEANS_ELSIF,
	SIEVE_MEANS_ELSE,
	SIEVE_MEANS_STOP,
	SIEVE_MEANS_KEEP,
	SIEVE_MEANS_DISCARD,
	SIEVE_MEANS_REDIRECT,
	SIEVE_MEANS_FILEINTO,
	SIEVE_MEANS_SETFLAG,
	SIEVE_MEANS_ADDFLAG,
	SIEVE_MEANS_REMOVEFLAG,
	SIEVE_MEANS_HASFLAG,
	SIEVE_MEANS_ALLOF,
	SIEVE_MEANS_ANYOF,
	SIEVE_MEANS_NOT,
	SIEVE_MEANS_TRUE,
	SIEVE_MEANS_FALSE,
	SIEVE_MEANS_HEADER,
	SIEVE_MEANS_ADDRESS,
	SIEVE_MEANS_ENVELOPE,
	SIEVE_MEANS_EXISTS,
	SIEVE_MEANS_SIZE,
	SIEVE_MEANS_SET,
	SIEVE_MEANS_STRING,
	SIEVE_MEANS_IHAVE,
	SIEVE_MEANS_ERROR,
	SIEVE_MEANS_RETURN,
	SIEVE_MEANS_INCLUDE,
	SIEVE_MEANS_GLOBAL,
};

struct sieve_word {
	const char *name;
	enum sieve_word_kind kind;
	enum sieve_meaning meaning;
	sieve_groups groups; /* bits of the tag groups that it takes */
	sieve_groups needed; /* those without which it makes no sense */
	const struct sieve_tag *tags; /* its own, found first; ends with name NULL, or NULL */
	enum sieve_value positional[SIEVE_POSITIONAL_MAX];
	const char *names[SIEVE_POSITIONAL_MAX]; /* of the positional ones, for messages */
	unsigned optional; /* that many positional ones, from the front, may be left out */
	unsigned trailing; /* likewise from the end; not both */
	enum sieve_tests tests;
	bool has_block;
	/* What a table cannot say: NULL or a check once everything is bound. */
	void (*check)(struct sieve_checker *checker, const struct sieve_node *node);
	/* Does it, or says whether it is true; NULL: compiled to jumps. */
	void (*run)(struct sieve_interp *in, const struct sieve_call *call);
	bool (*is_true)(struct sieve_interp *in, const struct sieve_call *call);
	bool is_first_variable; /* the first positional argument names variables */
	/* Of a command with a block that is no `if`: whether to go into it (a
	 * loop is then on the interpreter's stack), and whether to go through it
	 * once more.  NULL: once. */
	bool (*can_enter)(struct sieve_interp *in, const struct sieve_call *call);
	bool (*can_repeat)(struct sieve_interp *in, const struct sieve_call *call);
};

struct sieve_extension {
	const char *name;	/* for require; NULL: the base language */
	const char *rfc;
	const struct sieve_word *words;	    /* ends with name NULL, or NULL */
	const struct sieve_tag *tags;	    /* likewise */
	const char *const *comparators;	    /* ends with NULL, or NULL */
	bool is_preloaded;		    /* needs no require */
	const struct sieve_extension *implied; /* required together with it; or NULL */
	/* NULL, or changes how every string is read; then ihave cannot ask for it
	 * (RFC 5463 4). */
	void (*read)(struct sieve_checker *checker, struct sieve_string *string);
	/* Of variables, RFC 5229 3: `${space.name}`, read by `variable`.  NULL: none. */
	const char *space;
	struct sieve_text (*variable)(struct sieve_interp *in, struct sieve_text name);
};

extern const struct sieve_extension sieve_ext_core, sieve_ext_fileinto, sieve_ext_envelope,
    sieve_ext_imap4flags, sieve_ext_relational, sieve_ext_regex, sieve_ext_subaddress,
    sieve_ext_numeric, sieve_ext_octet, sieve_ext_casemap, sieve_ext_unicode, sieve_ext_copy,
    sieve_ext_encoded, sieve_ext_variables, sieve_ext_ihave, sieve_ext_include,
    sieve_ext_reject, sieve_ext_ereject, sieve_ext_vacation, sieve_ext_vacation_seconds,
    sieve_ext_fcc, sieve_ext_enotify, sieve_ext_redirect_dsn, sieve_ext_redirect_deliverby,
    sieve_ext_pipe, sieve_ext_filter, sieve_ext_execute;

extern const struct sieve_extension sieve_ext_date, sieve_ext_index, sieve_ext_editheader,
    sieve_ext_environment, sieve_ext_vnd_environment, sieve_ext_debug, sieve_ext_duplicate,
    sieve_ext_mailbox, sieve_ext_mboxmetadata, sieve_ext_servermetadata, sieve_ext_special_use,
    sieve_ext_mailboxid, sieve_ext_extlists, sieve_ext_envelope_dsn,
    sieve_ext_envelope_deliverby, sieve_ext_spamtest, sieve_ext_spamtestplus,
    sieve_ext_virustest;

extern const struct sieve_extension sieve_ext_testsuite;
extern const struct sieve_extension sieve_ext_body, sieve_ext_mime, sieve_ext_foreverypart;
extern const struct sieve_extension sieve_ext_extracttext, sieve_ext_replace, sieve_ext_enclose;
extern const struct sieve_extension sieve_ext_convert;

/* All that have descriptors, ending with NULL. */
extern const struct sieve_extension *const sieve_registry[];
#define SIEVE_EXTENSIONS_MAX 64 /* as many as a sieve_set has bits */

/* Known by name only, so that a message can say more than "unknown". */
struct sieve_future {
	const char *extension;
	const char *rfc;
	const char *words; /* its commands and tests, one space between */
	const char *tags;  /* likewise */
};
extern const struct sieve_future sieve_futures[]; /* ends with extension NULL */

int sieve_registry_find(struct sieve_text extension); /* index in sieve_registry, or -1 */
sieve_set sieve_registry_set(int index); /* it, and what it implies */
const struct sieve_word *sieve_registry_word(struct sieve_text name, enum sieve_word_kind kind,
    int *extension_out);
/* Of all tags of a name, the one that the word takes; *extension_out is -1
 * when it is the word's own.  NULL: it takes none. */
const struct sieve_tag *sieve_registry_tag(const struct sieve_word *word, struct sieve_text name,
    int *extension_out);
/* -1: no extension has this namespace of variables. */
int sieve_registry_space(struct sieve_text name);
/* -1: no such comparator; else the index of its extension. */
int sieve_registry_comparator(struct sieve_text name);
const struct sieve_future *sieve_registry_future(struct sieve_text extension);
const struct sieve_future *sieve_registry_future_word(struct sieve_text word);
const struct sieve_future *sieve_registry_future_tag(struct sieve_text tag);

/* The nearest known name, or NULL: none is near enough to be meant. */
const char *sieve_registry_near_word(struct sieve_text name, enum sieve_word_kind kind);
const char *sieve_registry_near_tag(const struct sieve_word *word, struct sieve_text name);
const char *sieve_registry_near_extension(struct sieve_text name);

#endif

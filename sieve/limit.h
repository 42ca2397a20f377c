/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_LIMIT_H
#define SIEVE_LIMIT_H

/*
 * Every limit of the library.  Not called limits.h: with -Isieve that would
 * hide the system's header of this name.
 */
#define SIEVE_SCRIPT_MAX ((size_t)1 << 20) /* bytes, as Pigeonhole's */
#define SIEVE_BLOCK_DEPTH_MAX 32	   /* blocks in blocks: the parser recurses */
#define SIEVE_TEST_DEPTH_MAX 32		   /* tests in tests: likewise */
#define SIEVE_ARGUMENTS_MAX 32		   /* of one command or test */
#define SIEVE_TESTS_MAX 256		   /* in one test list */
#define SIEVE_STRINGS_MAX 16384		   /* in one string list */
#define SIEVE_STRING_MAX ((size_t)64 * 1024) /* bytes of one string: no header or name is longer */
#define SIEVE_IDENTIFIER_MAX 32		   /* Pigeonhole's; the longest known word has 25 */
#define SIEVE_NUMBER_MAX INT64_MAX	   /* RFC 5228 2.4.1 asks for 31 bits at least */
#define SIEVE_COMMANDS_MAX 8192		   /* in one script */
#define SIEVE_ERRORS_MAX 30		   /* told in one pass; more help nobody */
#define SIEVE_LINE_SHOWN_MAX 120	   /* of the offending line, in an error */
#define SIEVE_RULE_MAX 80		   /* bytes of a rule's name */
#define SIEVE_MAILBOX_MAX 1024		   /* bytes of a folder's name */
#define SIEVE_FLAGS_MAX 1024		   /* bytes of a list of flags */
#define SIEVE_REASON_MAX 400		   /* bytes of what `error` says */
#define SIEVE_VARIABLES_MAX 255		   /* in one script; RFC 5229 6 asks for 128 */
#define SIEVE_VARIABLE_SIZE_MAX 4096	   /* bytes of a value; it is cut, RFC 5229 6 */
#define SIEVE_CAPTURES_MAX 32		   /* ${1} to ${32}; RFC 5229 6 asks for 9 */

/* What a run may cost when the host does not say. */
#define SIEVE_STEPS_MAX ((uint64_t)10 * 1000 * 1000) /* about a second */
#define SIEVE_RUN_MEMORY_MAX ((size_t)16 << 20)
#define SIEVE_ACTIONS_MAX 32 /* Pigeonhole's */
#define SIEVE_REDIRECTS_MAX 4 /* likewise */

/* Memory for the tree of one script: 64 bytes for each of its bytes, which a
 * script of nothing but `;` would not reach, and this much to begin with. */
#define SIEVE_TREE_MEMORY_MAX ((size_t)80 << 20)

#endif

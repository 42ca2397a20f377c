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

/* Memory for the tree of one script: 64 bytes for each of its bytes, which a
 * script of nothing but `;` would not reach, and this much to begin with. */
#define SIEVE_TREE_MEMORY_MAX ((size_t)80 << 20)

#endif

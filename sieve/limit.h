/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_LIMIT_H
#define SIEVE_LIMIT_H

/*
 * Every limit of the library.  Not called limits.h: with -Isieve that would
 * hide the system's header of this name.
 */
#define SIEVE_SCRIPT_MAX ((size_t)16 << 20) /* bytes; the host has its own, 1 MiB as Pigeonhole */
#define SIEVE_BLOCK_DEPTH_MAX 32	   /* blocks in blocks: the parser recurses */
#define SIEVE_TEST_DEPTH_MAX 32		   /* tests in tests: likewise */
#define SIEVE_ARGUMENTS_MAX 32		   /* of one command or test */
#define SIEVE_TESTS_MAX 131072		   /* in one test list; Pigeonhole's end is memory */
#define SIEVE_STRINGS_MAX 131072	   /* in one string list; likewise */
#define SIEVE_STRING_MAX ((size_t)1 << 20) /* bytes of one string, as Pigeonhole's */
#define SIEVE_IDENTIFIER_MAX 32		   /* Pigeonhole's; the longest known word has 25 */
#define SIEVE_NUMBER_MAX UINT64_MAX	   /* RFC 5228 2.4.1 asks for 31 bits at least */
#define SIEVE_COMMANDS_MAX 131072	   /* in one script; likewise */
#define SIEVE_ERRORS_MAX 30		   /* told in one pass; more help nobody */
#define SIEVE_LINE_SHOWN_MAX 120	   /* of the offending line, in an error */
#define SIEVE_RULE_MAX 80		   /* bytes of a rule's name */
#define SIEVE_MAILBOX_MAX 1024		   /* bytes of a folder's name */
#define SIEVE_LOCAL_PART_MAX 64		   /* bytes; RFC 5321 4.5.3.1.1 */
#define SIEVE_LABEL_MAX 63		   /* of a domain; RFC 1035 2.3.4 */
#define SIEVE_DOMAIN_MAX 255		   /* RFC 5321 4.5.3.1.2 */
#define SIEVE_ADDRESS_MAX 384		   /* of both, and more than may be in either */
#define SIEVE_FLAGS_MAX 1024		   /* bytes of a list of flags */
#define SIEVE_TRACED_MAX 200		   /* bytes of a value in a trace */
#define SIEVE_LIST_VALUE_MAX 1024	   /* bytes of what a list is asked for; Pigeonhole's */
#define SIEVE_LOGGED_MAX 1024		   /* bytes of what `debug_log` says */
#define SIEVE_REASON_MAX 400		   /* bytes of what `error` says */
#define SIEVE_VARIABLES_MAX 255		   /* in one script; RFC 5229 6 asks for 128 */
#define SIEVE_VARIABLE_SIZE_MAX 4096	   /* bytes of a value; it is cut, RFC 5229 6 */
#define SIEVE_CAPTURES_MAX 32		   /* ${1} to ${32}; RFC 5229 6 asks for 9 */

#define SIEVE_LOOP_DEPTH_MAX 6 /* blocks of loops in each other; Pigeonhole has 4 */
#define SIEVE_INCLUDES_MAX 255 /* scripts that one may include, directly or not; Pigeonhole's */
#define SIEVE_INCLUDE_DEPTH_MAX 10	 /* likewise */
#define SIEVE_SCRIPT_NAME_MAX 512	 /* bytes; RFC 5804 1.6: at least 128 characters */
#define SIEVE_HEADER_SIZE_MAX 2048	 /* bytes of a field that is added; Pigeonhole's */
#define SIEVE_EDITS_MAX 16384		 /* of one header: whoever sends many fields shall not win */
#define SIEVE_CONVERT_MAX ((size_t)1 << 20) /* bytes of text that one `convert` may make */
#define SIEVE_VERSIONS_MAX 40		 /* of one message: one for each action */
#define SIEVE_MARKS_MAX 32		 /* of one run */
#define SIEVE_MARK_MAX 1024		 /* bytes of one */
#define SIEVE_VACATION_MIN (24 * 3600)	 /* seconds; Pigeonhole's, RFC 5230 4.1 */
#define SIEVE_VACATION_MAX (60 * 24 * 3600)
#define SIEVE_VACATION_DEFAULT (7 * 24 * 3600)
#define SIEVE_DUPLICATE_DEFAULT (7 * 24 * 3600) /* RFC 7352 3.1 has this one */
#define SIEVE_DUPLICATE_MAX (90 * 24 * 3600)	/* Cyrus's */
#define SIEVE_NOTIFICATIONS_MAX 10		/* of one run; Pigeonhole's */
#define SIEVE_MAILTO_RECIPIENTS_MAX 8		/* likewise, of one notification */
#define SIEVE_MAILTO_FIELDS_MAX 16		/* likewise */
#define SIEVE_PROGRAM_NAME_MAX 128		/* bytes; Pigeonhole's, as the next */
#define SIEVE_PROGRAM_ARGUMENT_MAX 1024
#define SIEVE_PROGRAM_ARGUMENTS_MAX 32

/* What a run may cost when the host does not say. */
/* Some four seconds, in which it does what Pigeonhole does in its 30. */
#define SIEVE_STEPS_MAX ((uint64_t)40 * 1000 * 1000)
#define SIEVE_RUN_MEMORY_MAX ((size_t)16 << 20)
#define SIEVE_QUESTION_STEPS 1000 /* for what the host has to ask others: 40 000 are many */
#define SIEVE_ACTIONS_MAX 32 /* Pigeonhole's */
#define SIEVE_REDIRECTS_MAX 4 /* likewise */

/* Regular expressions.  Steps are charged for what these allow. */
#define SIEVE_REGEX_MAX ((size_t)16 * 1024) /* bytes of one; PCRE2 ends at 64 KiB compiled */
#define SIEVE_REGEX_DEPTH_MAX 100	    /* parentheses in parentheses: PCRE2 recurses */
#define SIEVE_REGEX_MATCH_MAX 2097152	    /* PCRE2's steps from one place of a value */
#define SIEVE_REGEX_FRAMES_MAX 100000	    /* points to come back to, in each other */
#define SIEVE_REGEX_HEAP_MAX ((size_t)16 << 20) /* for those */
#define SIEVE_REGEX_RUN_MAX ((size_t)32 << 20)	/* all of a run; the heap grows by copying */
#define SIEVE_REGEX_PROGRAM_MAX ((size_t)4 << 20) /* compiled ones of a script */
#define SIEVE_REGEX_KEPT_MAX 8 /* of those that variables made, in a run */

/* Memory for the tree of one script: 80 bytes for each byte of one of 1 MiB,
 * which 100 000 tests do not reach. */
#define SIEVE_TREE_MEMORY_MAX ((size_t)80 << 20)

#endif

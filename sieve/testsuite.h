/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_TESTSUITE_H
#define SIEVE_TESTSUITE_H

#include "sieve.h"

/*
 * What a script that tests scripts (vnd.dovecot.testsuite) asks of its host.
 * It is run by sieve_run as any other; the host runs the scripts under test
 * by sieve_run too, from within these calls.
 *
 * All functions must be there.  Texts that they return stay until the outer
 * run is over, and so must results and all that they borrow from.
 */
enum sieve_testsuite_object {
	SIEVE_TESTSUITE_MESSAGE,
	SIEVE_TESTSUITE_FROM,
	SIEVE_TESTSUITE_TO, /* and the original one */
	SIEVE_TESTSUITE_ORIGINAL_TO,
	SIEVE_TESTSUITE_AUTH,
};

/* What a script has left when it was run. */
struct sieve_testsuite_outcome {
	const struct sieve_result *result;
	/* By version of the message: its text; p NULL: as it was set. */
	struct sieve_text texts[SIEVE_VERSIONS_MAX];
};

struct sieve_testsuite {
	/* Blocks.  A failure while `depth` is above 0 is one of the script that
	 * is being tested. */
	void (*begin)(void *arg, unsigned line, struct sieve_text name);
	void (*end)(void *arg);
	void (*fail)(void *arg, unsigned line, struct sieve_text reason);

	/* The message, then what tests ask is answered about this one. */
	void (*set)(void *arg, enum sieve_testsuite_object object, struct sieve_text value);
	/* One that was sent, or is in a mailbox; from 0.  flags: its own. */
	bool (*load)(void *arg, bool is_sent, struct sieve_text mailbox, uint64_t number,
	    struct sieve_text *flags_out);
	/* The result is empty: the message is as it was set; what was sent is
	 * forgotten unless the result makes way for another one.  Returns the
	 * flags that the message has. */
	struct sieve_text (*reset)(void *arg, bool is_sink_kept);

	bool (*compile)(void *arg, struct sieve_text path);
	/* message: as the script is to find it; p NULL: as it was set.  Afterwards
	 * the message is as the script has left it.  False: an error, which was
	 * logged; *out is not filled. */
	bool (*run)(void *arg, struct sieve_text message, struct sieve_text flags,
	    struct sieve_testsuite_outcome *out);
	bool (*multiscript)(void *arg, const struct sieve_text *paths, size_t n);
	/* Does what the actions from the number `done` on ask for, and the
	 * implicit keep. */
	bool (*execute)(void *arg, const struct sieve_result *result, size_t done);

	/* Of the log; false: there are no more. */
	bool (*error)(void *arg, size_t i, struct sieve_text *out);
	void (*log)(void *arg, struct sieve_text error);

	void (*config)(void *arg, struct sieve_text name, struct sieve_text value, bool is_set);
	/* extension empty: all.  The settings with their defaults filled in. */
	const struct sieve_settings *(*reload)(void *arg, struct sieve_text extension);
	bool (*make_mailbox)(void *arg, struct sieve_text name);
	bool (*set_metadata)(void *arg, struct sieve_text mailbox, struct sieve_text annotation,
	    struct sieve_text value);
	void (*print)(void *arg, struct sieve_text line);

	struct sieve_text path; /* ${tst.path} */
	unsigned depth;
	size_t done; /* private: actions that were executed */
	void *arg;
};

/* How many blocks a program has. */
unsigned sieve_testsuite_count(const struct sieve_program *program);

#endif

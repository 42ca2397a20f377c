/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_SIEVE_H
#define SIEVE_SIEVE_H

#include "alloc.h"
#include "limit.h"
#include "profile.h"

/*
 * Sieve (RFC 5228) as a library: a script becomes a program, a program run on
 * a message becomes a list of actions.  The library performs none of them.  It
 * does no I/O, reads no clock, has no globals, never exits, and has no memory
 * but what the host gives it; so any number of programs may be compiled and
 * run at once, one program by several threads too.
 *
 *	program = sieve_compile(source, &profile, &memory, print, stdout);
 *	sieve_run(program, &host, &limits, SIEVE_TEXT_EMPTY, &memory, &result);
 *	if (result.error.n > 0) ... store in the inbox, tell the user ...
 *	else ... do result.actions, and keep if result.is_keep_due ...
 *	sieve_result_fini(&result);
 *	sieve_program_free(&program);
 */
struct sieve_program;

/* ---- what the host answers ---- */

struct sieve_address {
	struct sieve_text local, domain; /* without quotes */
	struct sieve_text all;		 /* as one string; empty: the null sender */
	bool is_valid; /* false: only `all` matches (RFC 5228 2.7.4) */
};

enum sieve_envelope {
	SIEVE_ENVELOPE_FROM,
	SIEVE_ENVELOPE_TO,
};

/*
 * The message as tests see it.  What is answered must stay as it is until
 * sieve_run returns.  Fields are unfolded, trimmed and decoded to UTF-8 (RFC
 * 5228 2.7.2); of a name, all there are, in their order.  The list that
 * `fields` and `addresses` return is only handed back; NULL is fine.
 */
struct sieve_host {
	const void *(*fields)(void *arg, struct sieve_text name, size_t *count_out);
	struct sieve_text (*field)(void *arg, const void *fields, size_t i);
	const void *(*addresses)(void *arg, struct sieve_text name, size_t *count_out);
	struct sieve_address (*address)(void *arg, const void *addresses, size_t i);
	struct sieve_address (*envelope)(void *arg, enum sieve_envelope part);
	uint64_t size;		/* of the message, RFC 5228 5.9 */
	const char *delimiters; /* between user and detail, RFC 5233; or "" */
	void *arg;
};

/* ---- what comes of it ---- */

enum sieve_action_kind {
	SIEVE_KEEP,	/* store in the inbox */
	SIEVE_FILEINTO, /* store in `target` */
	SIEVE_REDIRECT, /* send on to `target`, one address */
	SIEVE_DISCARD,	/* nothing, said by the script */
};

/* One that the script asked for, in its order.  Two may store in the same
 * mailbox under two names; RFC 5228 2.10.3 leaves it to the host to see that. */
struct sieve_action {
	enum sieve_action_kind kind;
	bool is_copy; /* RFC 3894: leaves the implicit keep as it was */
	unsigned line;
	struct sieve_text target, rule; /* rule: how a person knows the command */
	struct sieve_text flags; /* RFC 5232, as they were then; one space between */
};

struct sieve_result {
	const struct sieve_action *actions;
	size_t action_count;
	bool is_keep_due;	  /* nothing has cancelled the implicit keep */
	struct sieve_text flags;  /* the variable at the end: the implicit keep's */
	struct sieve_text error;  /* not empty: no actions, the keep is due (RFC 5228 2.10.6) */
	unsigned error_line;
	uint64_t steps;
	struct sieve_arena memory; /* of all this; private */
};

/* What one run may cost.  A step is a command, a comparison, or some 64 bytes
 * looked at. */
struct sieve_limits {
	uint64_t steps;
	size_t memory;
	unsigned actions, redirects;
};
#define SIEVE_LIMITS_DEFAULT ((struct sieve_limits){ SIEVE_STEPS_MAX, SIEVE_RUN_MEMORY_MAX, \
    SIEVE_ACTIONS_MAX, SIEVE_REDIRECTS_MAX })

/* ---- the calls ---- */

/*
 * Owned by the caller; keeps nothing of source.  NULL: the script has errors,
 * all of which were written to sink as error.h shows.  memory must outlive it.
 */
typedef void (*sieve_error_sink)(void *arg, const char *p, size_t n);
struct sieve_program *sieve_compile(struct sieve_text source, const struct sieve_profile *profile,
    const struct sieve_alloc *memory, sieve_error_sink sink, void *arg);
void sieve_program_free(struct sieve_program **program); /* legal on NULL */

/*
 * flags: what the flag variable holds at first, from a script before this one.
 * Always fills *out, which is to be given to sieve_result_fini; it borrows
 * from the program.
 */
void sieve_run(const struct sieve_program *program, const struct sieve_host *host,
    const struct sieve_limits *limits, struct sieve_text flags, const struct sieve_alloc *memory,
    struct sieve_result *out);
void sieve_result_fini(struct sieve_result *result);

#endif

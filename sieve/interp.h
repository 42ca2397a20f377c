/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_INTERP_H
#define SIEVE_INTERP_H

#include "program.h"

/* A variable or a ${1}: room that is used again, so that no script can take
 * more memory by setting one often. */
struct sieve_slot {
	char *p;
	size_t n, cap;
};

/* One run, as commands and tests see it. */
struct sieve_interp {
	const struct sieve_program *program;
	const struct sieve_host *host;
	const struct sieve_limits *limits;
	struct sieve_result *result;
	struct sieve_arena *arena;   /* until the end of the run */
	struct sieve_arena scratch;  /* until the end of the command or test */
	const struct sieve_call *call; /* that is running */
	struct sieve_slot *variables;  /* by index */
	struct sieve_slot captures[SIEVE_CAPTURES_MAX + 1];
	unsigned capture_count;
	struct sieve_action *actions; /* room for as many as may be */
	unsigned redirect_count;
	uint32_t enabled; /* extensions: required, or found by ihave */
	bool is_true;	  /* what the last test said */
	bool is_over;	  /* failed, or stopped */
};

/* Ends the run with an error; only the first counts. */
void sieve_interp_fail(struct sieve_interp *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Counts the cost of what is about to be done; false: too much, the run failed. */
bool sieve_interp_can_spend(struct sieve_interp *in, uint64_t steps);

/* A string with its variables' values: in scratch, or in the program. */
struct sieve_text sieve_interp_text(struct sieve_interp *in, const struct sieve_template *string);
/* All of a list, so that it may be looked at often. */
struct sieve_list sieve_interp_list(struct sieve_interp *in, struct sieve_list list);

struct sieve_text sieve_interp_variable(const struct sieve_interp *in, unsigned index);
/* Copies; what is too long is cut between two characters (RFC 5229 6). */
void sieve_interp_set(struct sieve_interp *in, struct sieve_slot *slot, struct sieve_text value);

#endif

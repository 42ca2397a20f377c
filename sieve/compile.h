/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_COMPILE_H
#define SIEVE_COMPILE_H

#include "check.h"
#include "program.h"

/*
 * Between the files of the compiler.  Errors go to compiler->errors; without
 * memory what is made is empty, and the program's arena says so.
 */
struct sieve_compiler {
	struct sieve_program *program;
	struct sieve_unit *unit;
	const struct sieve_profile *profile;
	struct sieve_errors *errors;
	const struct sieve_tree *tree;
	unsigned op_cap, call_cap;
	size_t offset; /* of what is compiled, for errors */
};

/* The index of a name in a table of `max`; it is added when it is not there. */
unsigned sieve_compile_name(struct sieve_compiler *compiler, struct sieve_text *names,
    unsigned *count, unsigned max, struct sieve_text name);
/* The strings of an argument, in the program's arena; NULL: none. */
struct sieve_list sieve_compile_list(struct sieve_compiler *compiler,
    const struct sieve_argument *argument, bool are_variables);
/* The keys of a test, which are its last argument: constant ones are made ready
 * for the match type and the comparator of the call. */
void sieve_compile_keys(struct sieve_compiler *compiler, const struct sieve_argument *argument,
    struct sieve_call *call, struct sieve_list *keys);

#endif

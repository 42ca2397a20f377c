/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_ERROR_H
#define SIEVE_ERROR_H

#include "sieve.h"

/*
 * What is wrong with a script, in the order of places.  Offsets are turned
 * into lines and columns when an error is added; columns count characters
 * (UTF-8), from 1.
 */
struct sieve_error {
	struct sieve_error *next;
	size_t offset;
	unsigned line, column;
	struct sieve_text text;
	bool is_warning;
};

struct sieve_errors {
	struct sieve_arena *arena;
	struct sieve_text script;
	struct sieve_text name; /* in front of each error; empty: of the main script */
	struct sieve_error *first;
	unsigned count; /* of all but warnings; SIEVE_ERRORS_MAX are kept */
	unsigned warning_count; /* likewise */
};

void sieve_errors_init(struct sieve_errors *errors, struct sieve_arena *a,
    struct sieve_text script);
void sieve_error_add(struct sieve_errors *errors, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What is no error: it does not count as one. */
void sieve_error_warn(struct sieve_errors *errors, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void sieve_error_find_place(struct sieve_text script, size_t offset, unsigned *line_out,
    unsigned *column_out);
/* The line at an offset, without its end. */
struct sieve_text sieve_error_find_line(struct sieve_text script, size_t offset);

/*
 * For people, lines ending in LF:
 *	3:4: unknown command `fileint`; did you mean `fileinto`?
 *	    fileint "x";
 *	    ^
 * A warning has `warning: ` in front of its text.
 * Bytes that are no text are shown as `?`.  add(arg, bytes) is called piece
 * by piece.
 */
void sieve_errors_write(const struct sieve_errors *errors, sieve_error_sink add, void *arg);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_LOOP_H
#define SIEVE_LOOP_H

#include "check.h"
#include "interp.h"

/* Loops over the parts of a message, RFC 5703 3, as other commands see them. */

/* A command that must stand in one; a script that others include may be in
 * one of theirs. */
bool sieve_loop_is_around(const struct sieve_checker *checker, const struct sieve_node *node);
/* Whether one is running. */
bool sieve_loop_is_inside(struct sieve_interp *in);
/* The part that the loop is at was replaced: it goes on behind all that is in
 * it now. */
void sieve_loop_skip(struct sieve_interp *in);
/* The message is another one: all loops are over once their blocks are. */
void sieve_loop_end(struct sieve_interp *in);

#endif

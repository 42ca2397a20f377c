/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_PARSE_H
#define SIEVE_PARSE_H

#include "tree.h"

/*
 * Script to tree.  Syntax errors go to `errors`, with what was expected; the
 * parser then goes on behind the next `;` or block, so that one pass finds
 * what there is.  The tree, in errors' arena, is whole only if none came.
 */
void sieve_parse(struct sieve_text script, struct sieve_errors *errors, struct sieve_tree *out);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_RULE_H
#define SIEVE_RULE_H

#include "tree.h"

/*
 * How a person knows a command: the name of the rule that it stands in, as
 * mail programs write it in a comment, else its own text, on one line and cut.
 */
struct sieve_text sieve_rule_make(struct sieve_arena *a, struct sieve_text script,
    const struct sieve_node *node);

#endif

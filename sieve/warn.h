/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_WARN_H
#define SIEVE_WARN_H

#include "check.h"

/*
 * What is no error in a checked tree without errors, but hardly meant: commands
 * that are never reached, tests that are always the same, extensions that are
 * required and not used.
 */
void sieve_warn(const struct sieve_tree *tree, struct sieve_errors *errors);

#endif

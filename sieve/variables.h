/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_VARIABLES_H
#define SIEVE_VARIABLES_H

#include "check.h"

/* Complains unless the string is a constant that may name a variable. */
void sieve_variables_check_name(struct sieve_checker *checker, const struct sieve_string *string);

#endif

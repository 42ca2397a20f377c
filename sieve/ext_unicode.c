/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* i;unicode-casemap, RFC 5051: unicode.c folds, compare.c and compile.c see to
 * it that it is done once. */

#include "check.h"

static const char *const comparators[] = { "i;unicode-casemap", NULL };

const struct sieve_extension sieve_ext_unicode = {
	.name = "comparator-i;unicode-casemap",
	.rfc = "RFC 5051",
	.comparators = comparators,
};

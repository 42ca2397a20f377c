/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_PLAN_TEST_H
#define DOORSTEP_FILTER_PLAN_TEST_H

#include "base/buf.h"
#include "filter/flags.h"
#include "filter/plan.h"

/* A plan in the making. */
struct plan_maker {
	struct plan *plan;
	struct sieve_errors *errors;
	struct buf out; /* the canonical script */
	unsigned line;	/* of its end */
};

/* Appends a test, with all tests in it. */
void plan_add_test(struct plan_maker *maker, const struct sieve_node *node);

/* Of one list in the canonical script: libsieve's parser takes some 3 000
 * before its stack is full.  Longer lists are compared by us. */
#define PLAN_KEYS_MAX 256
/* Bytes of one string in it; libsieve is quadratic in it (8 MB: 30 s). */
#define PLAN_KEY_SIZE_MAX 1024
/* Of a regular expression: bytes, groups in groups, and the states that it
 * comes to when its repeats are written out. */
#define PLAN_REGEX_SIZE_MAX 1024
#define PLAN_REGEX_DEPTH_MAX 32
#define PLAN_REGEX_STATES_MAX 10000

#endif

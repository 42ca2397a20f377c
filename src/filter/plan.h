/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_PLAN_H
#define DOORSTEP_FILTER_PLAN_H

#include "filter/probe.h"
#include "sieve/check.h"

/*
 * A checked script made ready for libsieve: a canonical script in which every
 * test is `header`, `exists` or `size` on pseudo headers `@N`, and every
 * action is `fileinto "@N"`; and what the numbers stand for.  Its lines are
 * those of the user's script.
 */
struct plan {
	struct arena arena;
	char *script; /* canonical; in the arena */
	struct probe *probes;
	size_t probe_count, probe_cap;
	struct run_step *steps;
	size_t step_count, step_cap;
};

struct plan *plan_new(void); /* owned, empty */
void plan_free(struct plan **plan);

/* What is put in front of every name and number. */
#define PLAN_MARK '@'

/* A byte that no canonical string may hold, as the byte that stands for it in
 * keys and values alike; any other comes back as it is. */
char plan_map_byte(char c);

/*
 * Fills an empty plan from a tree without errors.  What libsieve cannot run
 * is added to errors, with its place.
 */
void plan_make(struct plan *plan, const struct sieve_tree *tree, struct sieve_errors *errors);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DIRECTORY_EXPAND_H
#define DOORSTEP_DIRECTORY_EXPAND_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

/* What stands for %u (local@domain), %n, %d, %h and a leading ~ in a pattern. */
struct expand_values {
	struct str local, domain, home;
};

/* The expanded pattern, in the arena.  -1: an unknown % letter, ~ without a
 * home, or longer than LOOKUP_PATH_MAX.  Parts of the name that are no path
 * component have been refused before (source_is_name). */
int expand_pattern(struct str pattern, const struct expand_values *values, struct arena *a,
    struct str *out, struct fail *why);

#endif

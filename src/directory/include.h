/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DIRECTORY_INCLUDE_H
#define DOORSTEP_DIRECTORY_INCLUDE_H

#include "base/arena.h"
#include "base/fail.h"

/* An `:include:/path` list of aliases(5): members one a line, as one list with
 * commas, in the arena.  -1: FAIL_TEMP, unreadable. */
int include_read(struct str path, struct arena *a, struct str *members_out, struct fail *why);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_FLAGS_H
#define DOORSTEP_FILTER_FLAGS_H

#include "base/arena.h"
#include "base/str.h"

/*
 * Lists of IMAP flags as RFC 5232 2 has them: no duplicates (case does not
 * count), order as first given, one string with one space between.  A list
 * never passes FILTER_FLAGS_MAX; what would not fit is left out.
 * Which flags a store takes is not decided here.
 */
struct str flags_add(struct arena *a, struct str flags, struct str more);
struct str flags_remove(struct arena *a, struct str flags, struct str less);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_BUG_H
#define DOORSTEP_BASE_BUG_H

#include <stdbool.h>

/*
 * Our own mistake, or a peer process that breaks the grammar between us.
 * Always compiled in: logs the condition and its place, then aborts.  master
 * starts the process anew and what it was doing is answered 4xx.
 */
#define BUG_ON(condition)                                                      \
	do {                                                                   \
		if (__builtin_expect(!!(condition), 0))                        \
			bug_die(#condition, __FILE__, __LINE__);               \
	} while (0)

_Noreturn void bug_die(const char *condition, const char *file, int line);

#endif

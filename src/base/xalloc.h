/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_XALLOC_H
#define DOORSTEP_BASE_XALLOC_H

#include <stddef.h>

#include "base/str.h"

/*
 * Memory for programs: never NULL.  Without memory the program ends with
 * XALLOC_EXIT; whoever waits for its answer gives a temporary failure, and
 * nothing acknowledged is lost (doc/delivery.md).  libdoorstep and sieve/ may
 * not use this: they return failure.
 */
#define XALLOC_EXIT 111

void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size); /* zeroed, overflow-checked */
void *xrealloc(void *p, size_t count, size_t size);
char *xstrdup(const char *cstr);
char *xstrndup(struct str s); /* s as a terminated string; a NUL inside stays */

/* Grows an array so that `need` elements fit; doubles. */
#define XGROW(array, cap, need)                                                \
	do {                                                                   \
		if ((need) > (cap)) {                                          \
			(cap) = (need) > 2 * (cap) ? (need) : 2 * (cap);       \
			(array) = xrealloc((array), (cap), sizeof *(array));   \
		}                                                              \
	} while (0)

#endif

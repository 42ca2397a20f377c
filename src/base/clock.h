/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_CLOCK_H
#define DOORSTEP_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND INT64_C(1000000)

int64_t clock_monotonic(void); /* microseconds since some start, never backwards */
int64_t clock_wall(void);      /* microseconds since the epoch */

#endif

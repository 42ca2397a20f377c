/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The two clocks, in microseconds.  Knows no calendar. */
#include "base/clock.h"

#include <time.h>

#include "base/bug.h"

static int64_t
read_clock(clockid_t id)
{
	struct timespec now;

	BUG_ON(clock_gettime(id, &now) == -1);
	return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

int64_t
clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The end of a process that met its own mistake. */
#include "base/bug.h"

#include <stdlib.h>

#include "base/log.h"

_Noreturn void
bug_die(const char *condition, const char *file, int line)
{
	log_error("bug: (%s) at %s:%d; this is a mistake in the program, please report it",
	    condition, file, line);
	abort();
}

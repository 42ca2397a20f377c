/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Memory and text for sieve/. */

#include "filter/memory.h"

#include <stdlib.h>

#include "base/buf.h"

static void *
get(void *arg, size_t n)
{
	(void)arg;
	return malloc(n);
}

static void
give(void *arg, void *p)
{
	(void)arg;
	free(p);
}

const struct sieve_alloc memory_sieve = { get, give, NULL };

void
memory_add_text(void *arg, const char *p, size_t n)
{
	buf_add(arg, p, n);
}

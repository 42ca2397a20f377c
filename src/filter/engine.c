/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Which engines there are. */

#include "filter/engine.h"

#include <stddef.h>

static const struct engine *const engines[] = { &engine_libsieve };

const struct engine *
engine_find(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof engines / sizeof engines[0]; i++)
		if (str_is_equal(name, str_of(engines[i]->name)))
			return engines[i];
	return NULL;
}

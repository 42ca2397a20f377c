/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Which engines there are. */

#include "filter/engine.h"

#include <stddef.h>

#include "config.h"

static const struct engine *const engines[] = {
#if HAVE_LIBSIEVE
	&engine_libsieve,
#endif
	&engine_own,
	&engine_none,
};

const struct engine *
engine_find(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof engines / sizeof engines[0]; i++)
		if (str_is_equal(name, str_of(engines[i]->name)))
			return engines[i];
	return NULL;
}

/* ---- no engine ---- */

static struct engine_script *
compile(struct str text, struct engine_world *world, struct buf *errors)
{
	(void)text;
	(void)world;
	buf_add_cstr(errors, "1:1: this Doorstep was built without the Sieve engine that "
			     "sieve_engine names\n");
	return NULL;
}

static void
free_script(struct engine_script **script)
{
	*script = NULL;
}

static void
run(const struct engine_script *script, struct run *run)
{
	(void)script;
	(void)run;
}

const struct engine engine_none = {
	.name = "none",
	.compile = compile,
	.free = free_script,
	.run = run,
};

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_ENGINE_H
#define DOORSTEP_FILTER_ENGINE_H

#include "base/buf.h"
#include "base/str.h"
#include "filter/ask.h"
#include "filter/run.h"

/*
 * What runs scripts.  Every engine takes its syntax and its errors from
 * sieve/; a script that compiles is one that it can run.
 */
struct engine_script;
struct engine_settings;

/* What compiling may look at beside the script. */
struct engine_world {
	struct asker *asker; /* NULL: nobody */
	uint64_t script;     /* its id */
	struct arena arena;  /* of what was told, until it is compiled */
	const struct engine_settings *settings; /* NULL: defaults */
	bool is_global; /* the script is one of the site's */
	bool has_asked; /* what came of it depends on more than the text */
};

struct engine {
	const char *name; /* as sieve_engine has it */
	/* Owned, perhaps with warnings in *errors; or NULL, with every error for
	 * people there.  The text must live as long as the script. */
	struct engine_script *(*compile)(struct str text, struct engine_world *world,
	    struct buf *errors);
	void (*free)(struct engine_script **script); /* legal on NULL */
	/* Tells run each command; a failure ends in run_fail. */
	void (*run)(const struct engine_script *script, struct run *run);
	/* What it was compiled to, for people; NULL: the engine cannot. */
	void (*dump)(const struct engine_script *script, struct buf *out);
};

extern const struct engine engine_libsieve; /* unless built without */
extern const struct engine engine_own;	    /* sieve/ */
extern const struct engine engine_none;	    /* compiles nothing, and says why */

const struct engine *engine_find(struct str name); /* NULL: not in this build */

#endif

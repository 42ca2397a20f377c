/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_CACHE_H
#define DOORSTEP_FILTER_CACHE_H

#include "filter/engine.h"

/*
 * The scripts that deliver has given, compiled.  Deliver decides how long each
 * is kept.  Scripts of the same text share one compiled form.
 */
struct cache;

struct cache_script {
	struct engine_script *compiled; /* NULL: it has errors */
	struct str errors;		/* all, as sieve_errors_write has them */
	struct str warnings;		/* of one without errors */
	uint32_t error_line;		/* of the first */
	struct str error;		/* its text */
};

struct cache *cache_new(const struct engine *engine); /* owned */
/* For scripts that include others; borrowed. */
void cache_set_asker(struct cache *cache, struct asker *asker);
/* Of scripts that are given from now on; borrowed.  NULL: defaults. */
void cache_set_settings(struct cache *cache, const struct engine_settings *settings);
void cache_free(struct cache **cache);
/* An id that was given before is replaced.  The text is copied. */
void cache_give(struct cache *cache, uint64_t id, struct str text);
/* One of the site's, which may use what users' scripts may not. */
void cache_give_global(struct cache *cache, uint64_t id, struct str text);
void cache_drop(struct cache *cache, uint64_t id);
const struct cache_script *cache_find(const struct cache *cache, uint64_t id); /* NULL: none */

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Compiled scripts by deliver's numbers.  Knows nothing of what is in them. */

#include "filter/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/table.h"
#include "base/xalloc.h"

/* What is told of a script's errors: some thirty, each with its line. */
#define ERRORS_MAX ((size_t)32 * 1024)

struct entry {
	struct cache_script script;
	struct buf text, errors;
	uint64_t hash;
	size_t holders; /* ids */
	bool is_global;
	bool is_shared; /* other scripts of this text come to the same */
};

struct cache {
	const struct engine *engine;
	struct asker *asker;
	const struct engine_settings *settings;
	struct table by_id, by_hash;
};

struct cache *
cache_new(const struct engine *engine)
{
	struct cache *cache = xcalloc(1, sizeof *cache);

	*cache = (struct cache){ engine, NULL, NULL, TABLE_EMPTY, TABLE_EMPTY };
	return cache;
}

void
cache_set_asker(struct cache *cache, struct asker *asker)
{
	cache->asker = asker;
}

void
cache_set_settings(struct cache *cache, const struct engine_settings *settings)
{
	cache->settings = settings;
}

static struct str
key_of(const uint64_t *number)
{
	return (struct str){ (const char *)number, sizeof *number };
}

static void
release(struct cache *cache, struct entry *entry)
{
	if (entry == NULL || --entry->holders > 0)
		return;
	if (table_get(&cache->by_hash, key_of(&entry->hash)) == entry)
		table_remove(&cache->by_hash, key_of(&entry->hash));
	cache->engine->free(&entry->script.compiled);
	buf_fini(&entry->text);
	buf_fini(&entry->errors);
	free(entry);
}

void
cache_free(struct cache **cache_ptr)
{
	struct cache *cache = *cache_ptr;
	struct str key;
	size_t cursor = 0;
	void *entry;

	if (cache == NULL)
		return;
	while (table_has_next(&cache->by_id, &cursor, &key, &entry))
		release(cache, entry);
	table_fini(&cache->by_id);
	table_fini(&cache->by_hash);
	free(cache);
	*cache_ptr = NULL;
}

/* Takes `LINE:COLUMN: text` of the first error apart; the place of one in an
 * included script stays with its text. */
static void
note_first_error(struct entry *entry)
{
	struct str rest = buf_str(&entry->errors), line, number, column;
	uint64_t value = 0;

	entry->script.errors = rest;
	if (!str_can_split(&rest, '\n', &line))
		return;
	entry->script.error = line;
	if (!str_can_split(&line, ':', &number) || !str_can_split(&line, ':', &column) ||
	    !str_is_number(number, UINT32_MAX, &value))
		return;
	entry->script.error_line = (uint32_t)value;
	entry->script.error = str_trim(line);
}

static struct entry *
compile(struct cache *cache, uint64_t id, struct str text, uint64_t hash, bool is_global)
{
	struct engine_world world = { .asker = cache->asker, .script = id,
		.settings = cache->settings, .is_global = is_global };
	struct entry *entry = xcalloc(1, sizeof *entry);

	arena_init(&world.arena);
	asker_begin(cache->asker);

	entry->hash = hash;
	entry->is_global = is_global;
	entry->errors = BUF_LIMIT(ERRORS_MAX);
	buf_add_str(&entry->text, text);
	entry->script.compiled = cache->engine->compile(buf_str(&entry->text), &world,
	    &entry->errors);
	entry->is_shared = !world.has_asked;
	arena_fini(&world.arena);
	if (entry->script.compiled == NULL) {
		/* What was cut off by the limit is no loss; being empty would be. */
		entry->errors.bad = false;
		note_first_error(entry);
	} else {
		/* More than fits is warned of no more. */
		entry->errors.bad = false;
		entry->script.warnings = buf_str(&entry->errors);
	}
	return entry;
}

static void
give(struct cache *cache, uint64_t id, struct str text, bool is_global)
{
	uint64_t hash = hash_seeded(text) + is_global;
	struct entry *entry = table_get(&cache->by_hash, key_of(&hash));

	if (entry == NULL || entry->is_global != is_global ||
	    !str_is_equal(buf_str(&entry->text), text)) {
		entry = compile(cache, id, text, hash, is_global);
		if (entry->is_shared)
			table_put(&cache->by_hash, key_of(&hash), entry);
	}
	entry->holders++;
	release(cache, table_put(&cache->by_id, key_of(&id), entry));
}

void
cache_give(struct cache *cache, uint64_t id, struct str text)
{
	give(cache, id, text, false);
}

void
cache_give_global(struct cache *cache, uint64_t id, struct str text)
{
	give(cache, id, text, true);
}

void
cache_drop(struct cache *cache, uint64_t id)
{
	release(cache, table_remove(&cache->by_id, key_of(&id)));
}

const struct cache_script *
cache_find(const struct cache *cache, uint64_t id)
{
	const struct entry *entry = table_get(&cache->by_id, key_of(&id));

	return entry == NULL ? NULL : &entry->script;
}

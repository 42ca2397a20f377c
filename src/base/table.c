/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Byte strings to pointers, by open addressing.  Never looks at a value. */
#include "base/table.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"

#define FIRST_CAP 16 /* caps are powers of two */

struct table_slot {
	char *key; /* NULL: never used; gone_key: removed, a search goes on */
	size_t n;
	uint64_t hash;
	void *value;
};

/* Only its address means something. */
static char gone_key[1];

static bool
is_live(const struct table_slot *slot)
{
	return slot->key != NULL && slot->key != gone_key;
}

void
table_fini(struct table *t)
{
	size_t i;

	for (i = 0; i < t->cap; i++) {
		if (is_live(&t->slots[i]))
			free(t->slots[i].key);
	}
	free(t->slots);
	*t = TABLE_EMPTY;
}

/* The key's slot, or NULL. */
static struct table_slot *
find(const struct table *t, struct str key, uint64_t hash)
{
	struct table_slot *slot;
	size_t at;

	if (t->cap == 0)
		return NULL;
	for (at = hash & (t->cap - 1);; at = (at + 1) & (t->cap - 1)) {
		slot = &t->slots[at];
		if (slot->key == NULL)
			return NULL;
		if (slot->key != gone_key && slot->hash == hash &&
		    str_is_equal((struct str){ slot->key, slot->n }, key))
			return slot;
	}
}

void *
table_get(const struct table *t, struct str key)
{
	const struct table_slot *slot = find(t, key, hash_seeded(key));

	return slot == NULL ? NULL : slot->value;
}

/* The first slot from the hash on that holds no entry. */
static struct table_slot *
find_room(const struct table *t, uint64_t hash)
{
	size_t at = hash & (t->cap - 1);

	while (is_live(&t->slots[at]))
		at = (at + 1) & (t->cap - 1);
	return &t->slots[at];
}

/* Twice the entries at least: removed slots go, and there is room to grow. */
static void
rebuild(struct table *t)
{
	struct table fresh = TABLE_EMPTY;
	size_t i;

	fresh.cap = FIRST_CAP;
	while (fresh.cap < 2 * (t->used + 1))
		fresh.cap *= 2;
	fresh.slots = xcalloc(fresh.cap, sizeof *fresh.slots);
	fresh.used = t->used;
	for (i = 0; i < t->cap; i++) {
		if (is_live(&t->slots[i]))
			*find_room(&fresh, t->slots[i].hash) = t->slots[i];
	}
	free(t->slots);
	*t = fresh;
}

/* Three quarters at most hold or held something, so every search ends. */
static bool
is_full(const struct table *t)
{
	return 4 * (t->used + t->gone + 1) > 3 * t->cap;
}

void *
table_put(struct table *t, struct str key, void *value)
{
	uint64_t hash = hash_seeded(key);
	struct table_slot *slot = find(t, key, hash);
	void *old;

	if (slot != NULL) {
		old = slot->value;
		slot->value = value;
		return old;
	}
	if (is_full(t))
		rebuild(t);
	slot = find_room(t, hash);
	if (slot->key == gone_key)
		t->gone--;
	*slot = (struct table_slot){ xstrndup(key), key.n, hash, value };
	t->used++;
	return NULL;
}

void *
table_remove(struct table *t, struct str key)
{
	struct table_slot *slot = find(t, key, hash_seeded(key));
	struct table_slot *next;

	if (slot == NULL)
		return NULL;
	free(slot->key);
	next = &t->slots[((size_t)(slot - t->slots) + 1) & (t->cap - 1)];
	t->used--;
	/* No search passes over the last of a run, so no mark is needed there. */
	if (next->key == NULL) {
		slot->key = NULL;
	} else {
		slot->key = gone_key;
		t->gone++;
	}
	return slot->value;
}

size_t
table_count(const struct table *t)
{
	return t->used;
}

bool
table_has_next(const struct table *t, size_t *cursor, struct str *key_out, void **value_out)
{
	const struct table_slot *slot;

	while (*cursor < t->cap) {
		slot = &t->slots[(*cursor)++];
		if (!is_live(slot))
			continue;
		if (key_out != NULL)
			*key_out = (struct str){ slot->key, slot->n };
		*value_out = slot->value;
		return true;
	}
	return false;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_TABLE_H
#define DOORSTEP_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * A hash table from byte strings to pointers.  Keys are copied; values are
 * the caller's.  The hash is SipHash-1-3 with a random key per process, so no
 * stranger can choose keys that collide.
 */
struct table_slot;
struct table {
	struct table_slot *slots;
	size_t used, cap, gone;
};

#define TABLE_EMPTY ((struct table){ NULL, 0, 0, 0 })

void table_fini(struct table *t); /* frees keys and slots, not the values */
void *table_get(const struct table *t, struct str key); /* NULL when absent */
void *table_put(struct table *t, struct str key, void *value); /* returns the value it replaced */
void *table_remove(struct table *t, struct str key);	  /* returns the removed value */
size_t table_count(const struct table *t);

/* Visits every entry: start with *cursor 0; false at the end.  key_out may be
 * NULL.  The table may lose the entry just visited, but not gain any, during a
 * visit. */
bool table_has_next(const struct table *t, size_t *cursor, struct str *key_out, void **value_out);

#endif

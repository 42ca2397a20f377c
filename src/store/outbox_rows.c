/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Rows of the outbox as they are known: LMDB under what is not checkpointed.
 * Does not know when one is due, nor what sending is. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/outbox.h"
#include "store/store_private.h"

/* Rows that one step of a walk looks at: their texts are not touched. */
#define WALK_ROWS 256
/* In front of the name of a text whose row was lost with the index. */
#define LOST "lost-"

static struct str
key_of(unsigned char out[FORMAT_KEY_MAX], uint64_t id)
{
	return (struct str){ (const char *)out, format_key_outbox(out, id) };
}

static uint64_t
id_of(struct str key)
{
	return format_number((const unsigned char *)key.p, 8);
}

int
store_outbox_get(struct store *s, uint64_t id, struct arena *a, struct disk_outbox_row *out,
    struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];

	return overlay_get(&s->overlay, INDEX_OUTBOX, key_of(key, id), a, disk_outbox_row_fields,
	    out, sizeof *out, why);
}

void
store_outbox_tried(struct store *s, uint64_t id, const struct disk_outbox_row *row)
{
	unsigned char key[FORMAT_KEY_MAX];
	struct disk_outbox_row known;
	struct fail why = FAIL_EMPTY;
	struct arena a;

	arena_init(&a);
	if (store_outbox_get(s, id, &a, &known, &why) == 0)
		overlay_put(&s->overlay, INDEX_OUTBOX, key_of(key, id), disk_outbox_row_fields,
		    row);
	arena_fini(&a);
}

/* ---- walking ---- */

struct pass {
	struct store *store;
	struct index_txn *txn;
	struct arena arena; /* of one row */
	store_outbox_fn fn;
	void *arg;
	size_t bad;
};

static void
give(struct pass *p, struct str key, struct str bytes)
{
	struct disk_outbox_row row;

	if (key.n == 8 && pack_is_read(disk_outbox_row_fields, bytes, false, &row, sizeof row, &p->arena))
		p->fn(p->arg, id_of(key), &row);
	else
		p->bad++;
	arena_empty(&p->arena);
}

/* As it is now, which may be newer than LMDB's. */
static void
give_changed(struct pass *p, uint64_t id)
{
	struct disk_outbox_row row;
	struct fail why;

	if (store_outbox_get(p->store, id, &p->arena, &row, &why) == 0)
		p->fn(p->arg, id, &row);
	arena_empty(&p->arena);
}

/* One that no checkpoint has brought into LMDB; those that are there were
 * given when the walk came by. */
static void
give_new(void *arg, struct str key, bool is_gone, struct str bytes)
{
	struct pass *p = arg;
	struct str stored;
	struct fail why;

	if (!is_gone && index_get(p->txn, INDEX_OUTBOX, key, &stored, &why) == 1)
		give(p, key, bytes);
}

static int
walk_stored(struct pass *p, uint64_t *from, struct fail *why)
{
	unsigned char first[FORMAT_KEY_MAX];
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct str key, value;
	size_t count = 0;
	int rc = index_walk_table(p->txn, INDEX_OUTBOX, key_of(first, *from), &walk, why);

	while (rc == 0 && count++ < WALK_ROWS && (rc = index_next(&walk, &key, &value, why)) == 0) {
		if (key.n == 8)
			*from = id_of(key) + 1;
		if (overlay_has_change(&p->store->overlay, INDEX_OUTBOX, key))
			give_changed(p, id_of(key));
		else
			give(p, key, value);
	}
	index_walk_end(&walk);
	return rc;
}

int
store_outbox_walk(struct store *s, uint64_t *from, store_outbox_fn fn, void *arg,
    struct fail *why)
{
	struct pass p = { .store = s, .fn = fn, .arg = arg };
	int rc;

	if (index_begin(s->index, &p.txn, why) == -1)
		return -1;
	arena_init(&p.arena);
	rc = walk_stored(&p, from, why);
	/* In the transaction that has met the end: a row is in it or in memory. */
	if (rc == 1)
		overlay_each(&s->overlay, INDEX_OUTBOX, give_new, &p);
	arena_fini(&p.arena);
	index_end(&p.txn);
	if (p.bad > 0)
		log_error("%s: %zu rows of the outbox cannot be read", s->dir, p.bad);
	return rc;
}

/* ---- opening and closing ---- */

static void
count_change(void *arg, struct str key, bool is_gone, struct str bytes)
{
	(void)key;
	(void)bytes;
	*(size_t *)arg += !is_gone;
}

bool
outbox_is_empty(struct store *s)
{
	struct index_txn *txn = NULL;
	struct fail why = FAIL_EMPTY;
	uint64_t stored = 1;
	size_t changed = 0;

	if (index_begin(s->index, &txn, &why) == 0) {
		if (index_count(txn, INDEX_OUTBOX, &stored, &why) == -1)
			stored = 1;
		index_end(&txn);
	}
	overlay_each(&s->overlay, INDEX_OUTBOX, count_change, &changed);
	return stored == 0 && changed == 0;
}

static void
collect(void *arg, uint64_t id, const struct disk_outbox_row *row)
{
	(void)id;
	if (row->file.n > 0)
		table_put(arg, row->file, arg);
}

static int
collect_all(struct store *s, struct table *files, struct fail *why)
{
	uint64_t from = 0;
	int rc;

	while ((rc = store_outbox_walk(s, &from, collect, files, why)) == 0)
		continue;
	return rc == 1 ? 0 : -1;
}

static void
drop_text(struct store *s, const char *name, bool had_rows_lost)
{
	struct buf path = BUF_EMPTY, aside = BUF_EMPTY;

	if (had_rows_lost) {
		buf_addf(&path, "%s/outbox/%s", s->dir, name);
		buf_addf(&aside, "%s/outbox/" LOST "%s", s->dir, name);
		if (rename(buf_cstr(&path), buf_cstr(&aside)) == 0)
			log_error("%s: the text of outgoing mail whose row was lost with the index",
			    buf_cstr(&aside));
	} else {
		/* Its record was never written, or its row is done. */
		outbox_unlink(s->dir, str_of(name));
	}
	buf_fini(&path);
	buf_fini(&aside);
}

void
outbox_sweep(struct store *s, bool had_rows_lost)
{
	struct table files = TABLE_EMPTY;
	struct buf path = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	const struct dirent *entry;
	DIR *dir;

	buf_addf(&path, "%s/outbox", s->dir);
	dir = opendir(buf_cstr(&path));
	s->has_outbox = dir != NULL;
	if (dir != NULL && collect_all(s, &files, &why) == -1)
		log_error("%s", why.log);
	else
		while (dir != NULL && (entry = readdir(dir)) != NULL)
			if (entry->d_name[0] != '.' && strncmp(entry->d_name, LOST, strlen(LOST)) != 0 &&
			    table_get(&files, str_of(entry->d_name)) == NULL)
				drop_text(s, entry->d_name, had_rows_lost);
	if (dir != NULL)
		closedir(dir);
	table_fini(&files);
	buf_fini(&path);
}

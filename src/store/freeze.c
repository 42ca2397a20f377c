/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Bringing what is committed into LMDB.  The part that runs in a thread sees
 * the frozen changes only. */
#include <stdlib.h>

#include "base/bug.h"
#include "base/xalloc.h"
#include "store/store_private.h"

/* Changes in the order of their keys: neighbours share pages. */
struct ordered {
	struct str key; /* table number and key */
	const struct change *change;
};

struct store_frozen {
	struct index *index;
	struct changes changes;
	struct disk_meta meta;
};

struct store_frozen *
store_freeze(struct store *s)
{
	struct store_frozen *frozen;
	uint64_t settled = store_settled_upto(s);

	bool is_due = s->is_fresh || settled != s->saved_settled ||
	    overlay_has_changes(&s->overlay);

	if (s->frozen != NULL || !is_due)
		return NULL;
	frozen = xcalloc(1, sizeof *frozen);
	frozen->index = s->index;
	frozen->meta = (struct disk_meta){ FORMAT_VERSION, s->committed, settled, s->created };
	overlay_freeze(&s->overlay, &frozen->changes);
	s->frozen = frozen;
	return frozen;
}

static int
by_key(const void *left, const void *right)
{
	return str_compare(((const struct ordered *)left)->key,
	    ((const struct ordered *)right)->key);
}

static struct ordered *
sort(const struct changes *changes, size_t *count_out)
{
	size_t count = table_count(&changes->rows), cursor = 0, i = 0;
	struct ordered *ordered = xcalloc(count + 1, sizeof *ordered);
	void *change;

	while (i < count && table_has_next(&changes->rows, &cursor, &ordered[i].key, &change))
		ordered[i++].change = change;
	qsort(ordered, i, sizeof *ordered, by_key);
	*count_out = i;
	return ordered;
}

struct write {
	const struct store_frozen *frozen;
	const struct ordered *rows;
	size_t count;
};

static int
write_row(struct index_txn *txn, const struct ordered *row, struct fail *why)
{
	enum index_table table = (enum index_table)row->key.p[0];
	struct str key = str_from(row->key, 1);
	struct str value = { row->change->bytes, row->change->n };

	if (row->change->is_gone)
		return index_delete(txn, table, key, why);
	return index_put(txn, table, key, value, why);
}

static int
write_all(struct index_txn *txn, void *arg, struct fail *why)
{
	const struct write *w = arg;
	struct buf meta = BUF_EMPTY;
	int rc;

	for (size_t i = 0; i < w->count; i++)
		if (write_row(txn, &w->rows[i], why) == -1)
			return -1;
	pack_add(disk_meta_fields, &w->frozen->meta, &meta);
	rc = index_put(txn, INDEX_META, STR("meta"), buf_str(&meta), why);
	buf_fini(&meta);
	return rc;
}

int
store_checkpoint(struct store_frozen *frozen, struct fail *why)
{
	struct write w = { .frozen = frozen };
	struct ordered *rows = sort(&frozen->changes, &w.count);
	int rc;

	w.rows = rows;
	rc = index_write(frozen->index, write_all, &w, why);
	free(rows);
	return rc;
}

void
store_thawed(struct store *s, struct store_frozen **frozen_ptr, int result)
{
	struct store_frozen *frozen = *frozen_ptr;

	BUG_ON(frozen != s->frozen);
	s->frozen = NULL;
	s->overlay.frozen = NULL;
	if (result == -1) {
		overlay_take_back(&s->overlay, &frozen->changes);
	} else {
		s->is_fresh = false;
		s->saved_rows = frozen->meta.rows_upto;
		s->saved_settled = frozen->meta.settled_upto;
		journal_free_upto(s->journal, s->saved_rows < s->saved_settled ?
						  s->saved_rows :
						  s->saved_settled);
		journal_clear_voids(s->journal);
	}
	changes_fini(&frozen->changes);
	free(frozen);
	*frozen_ptr = NULL;
}

int
freeze_now(struct store *s, struct fail *why)
{
	struct store_frozen *frozen = store_freeze(s);
	int rc = 0;

	if (frozen == NULL)
		return 0;
	rc = store_checkpoint(frozen, why);
	store_thawed(s, &frozen, rc);
	return rc;
}

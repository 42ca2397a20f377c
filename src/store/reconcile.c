/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The difference between index and disk, as records for the journal.  Writes
 * nothing and decides no uid. */

#include "store/reconcile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"
#include "store/maildir_name.h"

/* A message row as far as files can differ from it. */
struct row {
	struct str file, flags;
	uint64_t size, wire_size;
	int64_t received;
	uint32_t uid;
};

struct diffing {
	struct reconcile *out;
	struct index_txn *txn;
	struct str user, root;
	uint64_t user_id;
	struct arena rows;	/* of the folder at hand */
	struct row *at;		/* its messages, sorted by file */
	size_t row_count, row_cap;
	struct disk_found *found; /* its changes */
	size_t found_count, found_cap;
	struct fail *why;
};

static int
compare_rows(const void *a, const void *b)
{
	return str_compare(((const struct row *)a)->file, ((const struct row *)b)->file);
}

static int
load_rows(struct diffing *d, uint64_t mailbox_id)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct disk_message_row row;
	struct arena scratch = ARENA_EMPTY;
	uint32_t uid;
	int rc;

	d->row_count = 0;
	arena_empty(&d->rows);
	if (index_walk_messages(d->txn, mailbox_id, 0, &walk, d->why) == -1)
		return -1;
	while ((rc = index_next_message(&walk, &scratch, &uid, &row, d->why)) == 0) {
		XGROW(d->at, d->row_cap, d->row_count + 1);
		d->at[d->row_count++] = (struct row){
			.file = arena_str(&d->rows, row.file),
			.flags = arena_str(&d->rows, row.flags),
			.size = row.size,
			.wire_size = row.wire_size,
			.received = row.received,
			.uid = uid,
		};
		arena_empty(&scratch);
	}
	index_walk_end(&walk);
	arena_fini(&scratch);
	if (d->row_count > 0)
		qsort(d->at, d->row_count, sizeof *d->at, compare_rows);
	return rc == -1 ? -1 : 0;
}

static struct disk_found *
add_found(struct diffing *d)
{
	XGROW(d->found, d->found_cap, d->found_count + 1);
	memset(&d->found[d->found_count], 0, sizeof *d->found);
	return &d->found[d->found_count++];
}

static void
add_gone(struct diffing *d, const struct row *row)
{
	struct disk_found *found = add_found(d);

	found->uid = row->uid;
	found->is_gone = 1;
	found->file = arena_str(&d->out->arena, row->file);
	found->size = row->size;
	found->wire_size = row->wire_size;
	d->out->gone++;
}

static void
add_flagged(struct diffing *d, const struct row *row, const struct reconcile_file *file)
{
	struct disk_found *found = add_found(d);
	struct buf flags = BUF_EMPTY;

	maildir_name_add_merged(&flags, file->letters, row->flags);
	found->uid = row->uid;
	found->file = arena_str(&d->out->arena, file->base);
	found->flags = arena_str(&d->out->arena, buf_str(&flags));
	found->size = row->size;
	found->wire_size = row->wire_size;
	found->received = row->received;
	d->out->flagged++;
	buf_fini(&flags);
}

/* A file that nobody told us of.  Its internal date is its mtime, as IMAP
 * servers keep it; one that has vanished meanwhile is left for the next time. */
static void
add_adopted(struct diffing *d, struct str path, const struct reconcile_file *file)
{
	struct buf full = BUF_EMPTY, flags = BUF_EMPTY;
	struct disk_found *found;
	struct stat st;

	buf_addf(&full, "%.*s/%s/%.*s", STR_ARG(path), file->is_in_cur ? "cur" : "new",
	    STR_ARG(file->entry));
	if (lstat(buf_cstr(&full), &st) == 0 && S_ISREG(st.st_mode)) {
		maildir_name_add_merged(&flags, file->letters, STR_EMPTY);
		found = add_found(d);
		found->file = arena_str(&d->out->arena, file->base);
		found->flags = arena_str(&d->out->arena, buf_str(&flags));
		found->size = file->has_size ? file->size : (uint64_t)st.st_size;
		found->wire_size = file->wire_size;
		found->received = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
		d->out->adopted++;
	}
	buf_fini(&full);
	buf_fini(&flags);
}

/* Both are sorted by base name. */
static void
merge(struct diffing *d, const struct reconcile_folder *folder)
{
	size_t i = 0, j = 0;

	while (i < d->row_count || j < folder->file_count) {
		const struct row *row = i < d->row_count ? &d->at[i] : NULL;
		const struct reconcile_file *file = j < folder->file_count ? &folder->files[j] : NULL;
		int order = row == NULL ? 1 : file == NULL ? -1 : str_compare(row->file, file->base);

		if (order < 0) {
			if (folder->is_steady)
				add_gone(d, row);
			i++;
		} else if (order > 0) {
			add_adopted(d, folder->path, file);
			j++;
		} else {
			if (!maildir_name_has_flags(file->letters, row->flags))
				add_flagged(d, row, file);
			i++;
			j++;
		}
	}
}

static struct disk_rescan *
add_rescan(struct diffing *d, struct str mailbox, struct str path, uint32_t uidvalidity)
{
	struct reconcile *out = d->out;
	struct disk_rescan *rescan;

	XGROW(out->rescans, out->rescan_cap, out->rescan_count + 1);
	rescan = &out->rescans[out->rescan_count++];
	*rescan = (struct disk_rescan){
		.user = arena_str(&out->arena, d->user),
		.root = arena_str(&out->arena, d->root),
		.mailbox = arena_str(&out->arena, mailbox),
		.path = arena_str(&out->arena, path),
		.uidvalidity = uidvalidity,
	};
	return rescan;
}

/* In parts; only the last says that the folder has been compared. */
static void
add_rescans(struct diffing *d, const struct reconcile_folder *folder,
    const struct disk_mailbox_row *row)
{
	struct disk_found *all = NULL;
	size_t done = 0;

	if (d->found_count > 0) {
		all = arena_array(&d->out->arena, d->found_count, sizeof *all);
		memcpy(all, d->found, d->found_count * sizeof *all);
	}
	do {
		struct disk_rescan *rescan = add_rescan(d, folder->name, folder->path,
		    row->uidvalidity);
		size_t left = d->found_count - done;

		rescan->messages.n = left < RECONCILE_PART_MAX ? left : RECONCILE_PART_MAX;
		rescan->messages.at = rescan->messages.n > 0 ? all + done : NULL;
		done += rescan->messages.n;
		if (done == d->found_count) {
			rescan->new_mtime = folder->new_mtime;
			rescan->cur_mtime = folder->cur_mtime;
		}
	} while (done < d->found_count);
}

static int
diff_folder(struct diffing *d, const struct reconcile_folder *folder)
{
	uint64_t mailbox_id = format_mailbox_id(d->user_id, folder->name);
	struct arena scratch = ARENA_EMPTY;
	struct disk_mailbox_row row = { .uidvalidity = 0 };
	bool is_known = false;
	int rc = 1;

	if (d->txn != NULL)
		rc = index_mailbox(d->txn, d->user_id, mailbox_id, &scratch, &row, d->why);
	is_known = rc == 0;
	d->row_count = 0;
	d->found_count = 0;
	if (is_known)
		rc = load_rows(d, mailbox_id);
	if (rc != -1) {
		merge(d, folder);
		/* New times alone save the next listing; zeros would save nothing. */
		if (!is_known || d->found_count > 0 ||
		    (folder->new_mtime != 0 && folder->cur_mtime != 0 &&
			(folder->new_mtime != row.new_mtime || folder->cur_mtime != row.cur_mtime)))
			add_rescans(d, folder, &row);
		d->out->listed++;
		d->out->files += folder->file_count;
		rc = 0;
	}
	arena_fini(&scratch);
	return rc;
}

static bool
is_scanned(const struct reconcile_scan *scan, struct str mailbox)
{
	for (size_t i = 0; i < scan->folder_count; i++)
		if (str_is_equal(scan->folders[i].name, mailbox))
			return true;
	return false;
}

/* Folders that the index knows and the disk does not. */
static int
diff_gone(struct diffing *d, const struct reconcile_scan *scan, struct str mailbox)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct disk_mailbox_row row;
	struct arena scratch = ARENA_EMPTY;
	uint64_t id;
	int rc;

	if (index_walk_mailboxes(d->txn, d->user_id, &walk, d->why) == -1)
		return -1;
	while ((rc = index_next_mailbox(&walk, &scratch, &id, &row, d->why)) == 0) {
		if ((mailbox.n == 0 || str_is_equal(mailbox, row.name)) &&
		    !is_scanned(scan, row.name)) {
			add_rescan(d, row.name, row.path, row.uidvalidity)->is_gone = 1;
			d->out->gone += row.messages;
		}
		arena_empty(&scratch);
	}
	index_walk_end(&walk);
	arena_fini(&scratch);
	return rc == -1 ? -1 : 0;
}

int
reconcile_diff(struct index *index, struct str user, struct str root, struct str mailbox,
    const struct reconcile_scan *scan, struct reconcile *out, struct fail *why)
{
	struct diffing d = { .out = out, .user = user, .root = root,
		.user_id = format_user_id(user), .why = why };
	int rc = 0;

	*out = RECONCILE_EMPTY;
	if (index != NULL)
		rc = index_begin(index, &d.txn, why);
	out->folders = scan->folder_count;
	for (size_t i = 0; rc == 0 && i < scan->folder_count; i++)
		if (scan->folders[i].is_listed)
			rc = diff_folder(&d, &scan->folders[i]);
	if (rc == 0 && d.txn != NULL)
		rc = diff_gone(&d, scan, mailbox);
	index_end(&d.txn);
	free(d.at);
	free(d.found);
	arena_fini(&d.rows);
	if (rc == -1)
		reconcile_fini(out);
	return rc;
}

int
reconcile_run(struct index *index, struct str user, struct str root, struct str mailbox,
    bool is_forced, struct reconcile *out, struct fail *why)
{
	struct reconcile_scan scan = RECONCILE_SCAN_EMPTY;
	int rc = -1;

	*out = RECONCILE_EMPTY;
	if (reconcile_scan(index, user, root, mailbox, is_forced, &scan, why) == 0)
		rc = reconcile_diff(index, user, root, mailbox, &scan, out, why);
	reconcile_scan_fini(&scan);
	return rc;
}

void
reconcile_fini(struct reconcile *r)
{
	free(r->rescans);
	arena_fini(&r->arena);
	*r = RECONCILE_EMPTY;
}

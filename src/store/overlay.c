/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The writer's memory over LMDB: rows not yet checkpointed, users, mailboxes,
 * unacknowledged marks.  Knows neither the journal nor files. */
#include "store/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/xalloc.h"

#define KEY_MAX (1 + FORMAT_KEY_MAX)

static struct str
full_key(char out[KEY_MAX], enum index_table table, struct str key)
{
	BUG_ON(key.n > FORMAT_KEY_MAX);
	out[0] = (char)table;
	memcpy(out + 1, key.p, key.n);
	return (struct str){ out, 1 + key.n };
}

static struct str
id_key(unsigned char out[FORMAT_KEY_MAX], uint64_t id)
{
	return (struct str){ (const char *)out, format_key_user(out, id) };
}

void
changes_fini(struct changes *changes)
{
	size_t cursor = 0;
	struct str key;
	void *change;

	while (table_has_next(&changes->rows, &cursor, &key, &change))
		free(change);
	table_fini(&changes->rows);
	changes->rows = TABLE_EMPTY;
}

void
overlay_init(struct overlay *o, struct index *index)
{
	*o = (struct overlay){ .index = index };
	TAILQ_INIT(&o->used);
	TAILQ_INIT(&o->unacked_list);
}

static void
free_user(struct overlay *o, struct overlay_user *user)
{
	unsigned char key[FORMAT_KEY_MAX];
	struct overlay_mailbox *mailbox;

	table_remove(&o->users, id_key(key, user->user.id));
	TAILQ_REMOVE(&o->used, user, entry);
	while ((mailbox = TAILQ_FIRST(&user->mailboxes)) != NULL) {
		TAILQ_REMOVE(&user->mailboxes, mailbox, entry);
		free((void *)(uintptr_t)mailbox->mailbox.name.p);
		free((void *)(uintptr_t)mailbox->mailbox.path.p);
		free(mailbox);
	}
	table_fini(&user->by_id);
	free((void *)(uintptr_t)user->user.name.p);
	free((void *)(uintptr_t)user->user.root.p);
	free(user);
}

void
overlay_fini(struct overlay *o)
{
	struct overlay_unacked *unacked;

	while (!TAILQ_EMPTY(&o->used))
		free_user(o, TAILQ_FIRST(&o->used));
	while ((unacked = TAILQ_FIRST(&o->unacked_list)) != NULL) {
		TAILQ_REMOVE(&o->unacked_list, unacked, entry);
		free(unacked);
	}
	table_fini(&o->users);
	table_fini(&o->unacked);
	changes_fini(&o->changes);
}

/* ---- rows ---- */

static void
set_change(struct overlay *o, enum index_table table, struct str key, bool is_gone,
    struct str bytes)
{
	char full[KEY_MAX];
	struct change *change = xmalloc(sizeof *change + bytes.n);

	change->is_gone = is_gone;
	change->n = bytes.n;
	if (bytes.n > 0)
		memcpy(change->bytes, bytes.p, bytes.n);
	free(table_put(&o->changes.rows, full_key(full, table, key), change));
}

void
overlay_put(struct overlay *o, enum index_table table, struct str key,
    const struct pack_field *fields, const void *row)
{
	struct buf packed = BUF_EMPTY;

	pack_add(fields, row, &packed);
	BUG_ON(!buf_is_ok(&packed));
	set_change(o, table, key, false, buf_str(&packed));
	buf_fini(&packed);
}

void
overlay_delete(struct overlay *o, enum index_table table, struct str key)
{
	set_change(o, table, key, true, STR_EMPTY);
}

static const struct change *
find_change(const struct overlay *o, enum index_table table, struct str key)
{
	char full[KEY_MAX];
	struct str k = full_key(full, table, key);
	const struct change *change = table_get(&o->changes.rows, k);

	if (change == NULL && o->frozen != NULL)
		change = table_get(&o->frozen->rows, k);
	return change;
}

static int
decode(struct overlay *o, struct str bytes, struct arena *a, const struct pack_field *fields,
    void *out, size_t out_size, struct fail *why)
{
	(void)o;
	if (pack_is_read(fields, arena_str(a, bytes), false, out, out_size, a))
		return 0;
	return fail_set(why, FAIL_OURS, 3, 0, 0, "mail store is damaged",
	    "a row of the index cannot be read: `doorstep index rebuild` makes it again");
}

int
overlay_get(struct overlay *o, enum index_table table, struct str key, struct arena *a,
    const struct pack_field *fields, void *out, size_t out_size, struct fail *why)
{
	int rc;
	struct str bytes;
	struct index_txn *txn = NULL;
	const struct change *change = find_change(o, table, key);

	if (change != NULL && change->is_gone)
		return 1;
	if (change != NULL)
		return decode(o, (struct str){ change->bytes, change->n }, a, fields, out,
		    out_size, why);
	if (index_begin(o->index, &txn, why) == -1)
		return -1;
	rc = index_get(txn, table, key, &bytes, why);
	if (rc == 0)
		rc = decode(o, bytes, a, fields, out, out_size, why);
	index_end(&txn);
	return rc;
}

bool
overlay_has_change(const struct overlay *o, enum index_table table, struct str key)
{
	return find_change(o, table, key) != NULL;
}

static void
each_of(const struct overlay *o, const struct changes *changes, enum index_table table,
    overlay_fn fn, void *arg)
{
	size_t cursor = 0;
	struct str key;
	void *found;

	while (table_has_next(&changes->rows, &cursor, &key, &found)) {
		const struct change *change = found;

		if (key.p[0] != (char)table)
			continue;
		/* The newer word of two. */
		if (changes == &o->changes || table_get(&o->changes.rows, key) == NULL)
			fn(arg, str_from(key, 1), change->is_gone,
			    (struct str){ change->bytes, change->n });
	}
}

void
overlay_each(const struct overlay *o, enum index_table table, overlay_fn fn, void *arg)
{
	each_of(o, &o->changes, table, fn, arg);
	if (o->frozen != NULL)
		each_of(o, o->frozen, table, fn, arg);
}

/* Deletes the keys of one table that begin with the mailbox's id, those that
 * are only in memory too. */
static void
wipe_changes(struct overlay *o, const struct changes *changes, enum index_table table,
    struct str prefix, struct table *keys)
{
	char full[KEY_MAX];
	size_t cursor = 0;
	struct str key, begin = full_key(full, table, prefix);
	void *change;

	(void)o;
	while (table_has_next(&changes->rows, &cursor, &key, &change))
		if (str_has_prefix(key, begin))
			table_put(keys, str_from(key, 1), keys);
}

static int
wipe_table(struct overlay *o, enum index_table table, struct str prefix, struct fail *why)
{
	int rc;
	struct index_txn *txn = NULL;
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct table keys = TABLE_EMPTY;
	struct str key, value;
	size_t cursor = 0;
	void *unused;

	if (index_begin(o->index, &txn, why) == -1)
		return -1;
	rc = index_walk_table(txn, table, prefix, &walk, why);
	while (rc == 0 && (rc = index_next(&walk, &key, &value, why)) == 0 &&
	    str_has_prefix(key, prefix))
		table_put(&keys, key, &keys);
	index_walk_end(&walk);
	index_end(&txn);
	wipe_changes(o, &o->changes, table, prefix, &keys);
	if (o->frozen != NULL)
		wipe_changes(o, o->frozen, table, prefix, &keys);
	while (rc != -1 && table_has_next(&keys, &cursor, &key, &unused))
		overlay_delete(o, table, key);
	table_fini(&keys);
	return rc == -1 ? -1 : 0;
}

int
overlay_wipe(struct overlay *o, uint64_t mailbox_id, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	struct str prefix = id_key(key, mailbox_id);

	if (wipe_table(o, INDEX_MESSAGES, prefix, why) == -1)
		return -1;
	return wipe_table(o, INDEX_NAMES, prefix, why);
}

/* ---- users and mailboxes ---- */

static int
collides(struct str name, struct str other, struct fail *why)
{
	return fail_set(why, FAIL_OURS, 3, 0, 0, "mail store refuses this name",
	    "\"%.*s\" and \"%.*s\" have the same id: one of them must be renamed",
	    (int)(name.n > 150 ? 150 : name.n), name.p, (int)(other.n > 150 ? 150 : other.n),
	    other.p);
}

static struct str
keep(struct str s)
{
	return (struct str){ xstrndup(s), s.n };
}

static int
load_user(struct overlay *o, struct overlay_user *user, struct str name, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	struct disk_user_row row;
	struct arena a;
	int rc;

	arena_init(&a);
	rc = overlay_get(o, INDEX_USERS, id_key(key, user->user.id), &a, disk_user_row_fields,
	    &row, sizeof row, why);
	if (rc == 0 && !str_is_equal(row.name, name))
		rc = collides(name, row.name, why);
	if (rc == 0) {
		user->user.bytes = row.bytes;
		user->user.messages = row.messages;
		user->uidvalidity = row.uidvalidity;
		user->user.is_known = true;
	}
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

static struct overlay_user *
new_user(struct overlay *o, uint64_t id, struct str name, struct str root, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	struct overlay_user *user = xcalloc(1, sizeof *user);

	user->user.id = id;
	TAILQ_INIT(&user->mailboxes);
	if (load_user(o, user, name, why) == -1) {
		free(user);
		return NULL;
	}
	user->user.name = keep(name);
	user->user.root = keep(root);
	table_put(&o->users, id_key(key, id), user);
	TAILQ_INSERT_TAIL(&o->used, user, entry);
	return user;
}

struct store_user *
overlay_find_user(struct overlay *o, struct str name, struct str root, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	uint64_t id = format_user_id(name);
	struct overlay_user *user = table_get(&o->users, id_key(key, id));

	if (user == NULL) {
		user = new_user(o, id, name, root, why);
		return user == NULL ? NULL : &user->user;
	}
	if (!str_is_equal(user->user.name, name)) {
		collides(name, user->user.name, why);
		return NULL;
	}
	/* The mail may have moved: the newest answer of directory counts. */
	if (root.n > 0 && !str_is_equal(user->user.root, root)) {
		free((void *)(uintptr_t)user->user.root.p);
		user->user.root = keep(root);
	}
	TAILQ_REMOVE(&o->used, user, entry);
	TAILQ_INSERT_TAIL(&o->used, user, entry);
	return &user->user;
}

static int
load_mailbox(struct overlay *o, struct store_mailbox *mailbox, struct str name, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	size_t n = format_key_mailbox(key, mailbox->user->id, mailbox->id);
	struct disk_mailbox_row row;
	struct arena a;
	int rc;

	arena_init(&a);
	rc = overlay_get(o, INDEX_MAILBOXES, (struct str){ (const char *)key, n }, &a,
	    disk_mailbox_row_fields, &row, sizeof row, why);
	if (rc == 0 && !str_is_equal(row.name, name))
		rc = collides(name, row.name, why);
	if (rc == 0) {
		mailbox->uidvalidity = row.uidvalidity;
		mailbox->uidnext = row.uidnext;
		mailbox->modseq = row.modseq;
		mailbox->messages = row.messages;
		mailbox->bytes = row.bytes;
		mailbox->new_mtime = row.new_mtime;
		mailbox->cur_mtime = row.cur_mtime;
		mailbox->is_known = true;
	}
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

static struct overlay_mailbox *
new_mailbox(struct overlay *o, struct overlay_user *user, uint64_t id, struct str name,
    struct str path, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	struct overlay_mailbox *mailbox = xcalloc(1, sizeof *mailbox);

	mailbox->mailbox.id = id;
	mailbox->mailbox.user = &user->user;
	mailbox->mailbox.uidnext = 1;
	if (load_mailbox(o, &mailbox->mailbox, name, why) == -1) {
		free(mailbox);
		return NULL;
	}
	mailbox->mailbox.name = keep(name);
	mailbox->mailbox.path = keep(path);
	table_put(&user->by_id, id_key(key, id), mailbox);
	TAILQ_INSERT_TAIL(&user->mailboxes, mailbox, entry);
	return mailbox;
}

struct store_mailbox *
overlay_find_mailbox(struct overlay *o, struct store_user *store_user, struct str name,
    struct str path, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	uint64_t id = format_mailbox_id(store_user->id, name);
	struct overlay_user *user = (struct overlay_user *)store_user;
	struct overlay_mailbox *mailbox = table_get(&user->by_id, id_key(key, id));

	if (mailbox == NULL) {
		mailbox = new_mailbox(o, user, id, name, path, why);
		return mailbox == NULL ? NULL : &mailbox->mailbox;
	}
	if (!str_is_equal(mailbox->mailbox.name, name)) {
		collides(name, mailbox->mailbox.name, why);
		return NULL;
	}
	if (path.n > 0 && !str_is_equal(mailbox->mailbox.path, path)) {
		free((void *)(uintptr_t)mailbox->mailbox.path.p);
		mailbox->mailbox.path = keep(path);
	}
	return &mailbox->mailbox;
}

void
overlay_touch(struct store_mailbox *store_mailbox)
{
	struct overlay_mailbox *mailbox = (struct overlay_mailbox *)store_mailbox;
	struct overlay_user *user = (struct overlay_user *)store_mailbox->user;

	mailbox->is_dirty = user->is_dirty = true;
	mailbox->is_gone = false;
	mailbox->mailbox.is_known = user->user.is_known = true;
}

void
overlay_bury(struct store_mailbox *store_mailbox)
{
	struct overlay_mailbox *mailbox = (struct overlay_mailbox *)store_mailbox;

	overlay_touch(store_mailbox);
	mailbox->is_gone = true;
	store_mailbox->is_known = false;
	store_mailbox->uidvalidity = 0;
	store_mailbox->uidnext = 1;
	store_mailbox->modseq = 0;
	store_mailbox->messages = store_mailbox->bytes = 0;
	store_mailbox->new_mtime = store_mailbox->cur_mtime = 0;
}

/* RFC 9051 2.3.1.1: seconds are usual; strictly ascending whatever the clock
 * does, and also when a folder is deleted and made again. */
void
overlay_give_uidvalidity(struct store_mailbox *mailbox)
{
	struct overlay_user *user = (struct overlay_user *)mailbox->user;
	uint32_t now = (uint32_t)(clock_wall() / CLOCK_SECOND);

	user->uidvalidity = now > user->uidvalidity ? now : user->uidvalidity + 1;
	mailbox->uidvalidity = user->uidvalidity;
	mailbox->uidnext = 1;
}

void
overlay_forget_idle(struct overlay *o, size_t keep_count)
{
	struct overlay_user *user = TAILQ_FIRST(&o->used), *next;
	size_t count = table_count(&o->users);

	for (; user != NULL && count > keep_count; user = next) {
		next = TAILQ_NEXT(user, entry);
		if (user->is_dirty || user->user.pending_messages > 0)
			continue;
		free_user(o, user);
		count--;
	}
}

/* ---- unacknowledged deliveries ---- */

static void
remember_unacked(struct overlay *o, struct str digest, int64_t expires)
{
	struct overlay_unacked *unacked = table_get(&o->unacked, digest);

	if (unacked == NULL) {
		unacked = xcalloc(1, sizeof *unacked);
		memcpy(unacked->digest, digest.p, sizeof unacked->digest);
		table_put(&o->unacked, digest, unacked);
	} else {
		TAILQ_REMOVE(&o->unacked_list, unacked, entry);
	}
	unacked->expires = expires;
	TAILQ_INSERT_TAIL(&o->unacked_list, unacked, entry);
}

int
overlay_load_unacked(struct overlay *o, struct fail *why)
{
	int rc;
	struct index_txn *txn = NULL;
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct str key, value;
	struct disk_mark_row row;
	struct arena a;

	if (index_begin(o->index, &txn, why) == -1)
		return -1;
	arena_init(&a);
	rc = index_walk_table(txn, INDEX_UNACKED, STR_EMPTY, &walk, why);
	while (rc == 0 && (rc = index_next(&walk, &key, &value, why)) == 0) {
		rc = decode(o, value, &a, disk_mark_row_fields, &row, sizeof row, why);
		if (rc == 0 && key.n == 32)
			remember_unacked(o, key, row.expires);
		arena_empty(&a);
	}
	arena_fini(&a);
	index_walk_end(&walk);
	index_end(&txn);
	return rc == -1 ? -1 : 0;
}

void
overlay_add_unacked(struct overlay *o, struct str digest, int64_t expires, uint64_t seq)
{
	struct disk_mark_row row = { expires, seq };

	remember_unacked(o, digest, expires);
	overlay_put(o, INDEX_UNACKED, digest, disk_mark_row_fields, &row);
}

bool
overlay_has_unacked(const struct overlay *o, struct str digest, int64_t now)
{
	const struct overlay_unacked *unacked = table_get(&o->unacked, digest);

	return unacked != NULL && unacked->expires > now;
}

bool
overlay_can_drop_unacked(struct overlay *o, struct str digest)
{
	struct overlay_unacked *unacked = table_remove(&o->unacked, digest);

	if (unacked == NULL)
		return false;
	/* digest may point into what is freed here. */
	overlay_delete(o, INDEX_UNACKED, digest);
	TAILQ_REMOVE(&o->unacked_list, unacked, entry);
	free(unacked);
	return true;
}

/* ---- freezing ---- */

bool
overlay_has_changes(const struct overlay *o)
{
	const struct overlay_user *user;

	if (table_count(&o->changes.rows) > 0)
		return true;
	TAILQ_FOREACH(user, &o->used, entry)
		if (user->is_dirty)
			return true;
	return false;
}

static void
freeze_mailbox(struct overlay *o, struct overlay_mailbox *entry)
{
	unsigned char key[FORMAT_KEY_MAX];
	const struct store_mailbox *m = &entry->mailbox;
	struct disk_mailbox_row row = { m->name, m->path, m->uidvalidity, m->uidnext, m->modseq,
		m->messages, m->bytes, m->new_mtime, m->cur_mtime };
	size_t n = format_key_mailbox(key, m->user->id, m->id);
	struct str k = { (const char *)key, n };

	if (!entry->is_dirty)
		return;
	if (entry->is_gone)
		overlay_delete(o, INDEX_MAILBOXES, k);
	else
		overlay_put(o, INDEX_MAILBOXES, k, disk_mailbox_row_fields, &row);
	entry->is_dirty = false;
}

static void
freeze_user(struct overlay *o, struct overlay_user *entry)
{
	unsigned char key[FORMAT_KEY_MAX];
	const struct store_user *u = &entry->user;
	struct disk_user_row row = { u->name, u->root, u->bytes, u->messages,
		entry->uidvalidity };
	struct overlay_mailbox *mailbox;

	if (!entry->is_dirty)
		return;
	overlay_put(o, INDEX_USERS, id_key(key, u->id), disk_user_row_fields, &row);
	TAILQ_FOREACH(mailbox, &entry->mailboxes, entry)
		freeze_mailbox(o, mailbox);
	entry->is_dirty = false;
}

void
overlay_freeze(struct overlay *o, struct changes *out)
{
	struct overlay_user *user;

	BUG_ON(o->frozen != NULL);
	TAILQ_FOREACH(user, &o->used, entry)
		freeze_user(o, user);
	*out = o->changes;
	o->changes = CHANGES_EMPTY;
	o->frozen = out;
}

void
overlay_take_back(struct overlay *o, struct changes *older)
{
	size_t cursor = 0;
	struct str key;
	void *change;

	while (table_has_next(&older->rows, &cursor, &key, &change))
		if (table_get(&o->changes.rows, key) == NULL)
			table_put(&o->changes.rows, key, change);
		else
			free(change);
	table_fini(&older->rows);
	older->rows = TABLE_EMPTY;
}

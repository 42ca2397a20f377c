/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* LMDB behind plain calls: opening, transactions, rows, and what each of its
 * errors means to an operator.  Does not know what changes a row. */
#include "store/index.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "store/index_check.h"

#define TABLES (INDEX_OUTBOX + 1)
#define MAP_FIRST ((size_t)64 << 20)
/* A file up to this size is checked page by page at every start of its writer:
 * it takes some milliseconds. */
#define CHECK_ALWAYS ((uint64_t)64 << 20)
/* Rows of one copy are a few hundred bytes to some KiB; a map beyond this is
 * not growth but damage. */
#define MAP_MAX ((size_t)1 << 42)

/* Of a row of meta, decoded. */
#define META_MAX ((size_t)16 * 1024)

static const char *const table_names[TABLES] = {
	[INDEX_META] = FORMAT_TABLE_META,
	[INDEX_USERS] = FORMAT_TABLE_USERS,
	[INDEX_MAILBOXES] = FORMAT_TABLE_MAILBOXES,
	[INDEX_MESSAGES] = FORMAT_TABLE_MESSAGES,
	[INDEX_NAMES] = FORMAT_TABLE_NAMES,
	[INDEX_MARKS] = FORMAT_TABLE_MARKS,
	[INDEX_UNACKED] = FORMAT_TABLE_UNACKED,
	[INDEX_OUTBOX] = FORMAT_TABLE_OUTBOX,
};

struct index {
	char *dir;
	MDB_env *env;
	MDB_dbi tables[TABLES];
	bool can_write;
	/* The map may only be replaced while no transaction of this process is
	 * open: readers are counted, and begin under this lock. */
	pthread_mutex_t lock;
	pthread_cond_t is_quiet;
	size_t open_txns;
};

struct index_txn {
	struct index *index;
	MDB_txn *txn;
	int error; /* LMDB's last, for index_write's retry */
};

/* ---- what goes wrong ---- */

static int
add_reader(const char *line, void *arg)
{
	struct buf *out = arg;

	buf_add_cstr(out, line);
	return 0;
}

/* "pid thread txnid" lines of mdb_reader_list, on one line. */
static int
readers_full(struct index *index, struct fail *why)
{
	struct buf list = BUF_LIMIT(4096);
	int rc;

	mdb_reader_list(index->env, add_reader, &list);
	for (size_t i = 0; i < list.n; i++)
		if (list.p[i] == '\n')
			list.p[i] = ';';
	rc = fail_set(why, FAIL_TEMP, 3, 0, 0, "mail store is busy",
	    "%s: all %u reader slots are taken (MDB_READERS_FULL). Who holds them: %.*s",
	    index->dir, INDEX_READERS_MAX, (int)(list.n > 300 ? 300 : list.n),
	    list.p == NULL ? "" : list.p);
	buf_fini(&list);
	return rc;
}

static int
damaged(const char *dir, const char *what, struct fail *why)
{
	return fail_set(why, FAIL_OURS, 3, 0, 0, "mail store is damaged",
	    "%s: the index is damaged: %s. No mail is lost by it: `doorstep index rebuild` makes "
	    "it again from the mailboxes",
	    dir, what);
}

static bool
is_damage(int error)
{
	return error == MDB_CORRUPTED || error == MDB_INVALID || error == MDB_PAGE_NOTFOUND ||
	    error == MDB_CURSOR_FULL || error == MDB_PAGE_FULL || error == MDB_PANIC ||
	    error == MDB_VERSION_MISMATCH || error == MDB_BAD_VALSIZE ||
	    error == MDB_INCOMPATIBLE || error == MDB_BAD_DBI;
}

static int
lmdb_fail(struct index *index, int error, const char *what, struct fail *why)
{
	if (error == MDB_READERS_FULL)
		return readers_full(index, why);
	if (error == MDB_MAP_RESIZED)
		return fail_set(why, FAIL_TEMP, 3, 0, 0, "mail store is busy",
		    "%s: %s: the map has grown while a transaction of this process is open: end it "
		    "and try again",
		    index->dir, what);
	if (error == MDB_MAP_FULL)
		return fail_set(why, FAIL_TEMP, 3, 1, 0, "mail store is full",
		    "%s: %s: the map is full (MDB_MAP_FULL) and could not grow", index->dir,
		    what);
	if (is_damage(error))
		return damaged(index->dir, mdb_strerror(error), why);
	if (error > 0)
		return fail_errno(why, error, what, index->dir);
	return fail_set(why, FAIL_TEMP, 3, 0, 0, "mail store is not available", "%s: %s: %s",
	    index->dir, what, mdb_strerror(error));
}

/* ---- opening ---- */

static struct index *
new_index(const char *dir, enum index_mode mode)
{
	struct index *index = calloc(1, sizeof *index);

	if (index == NULL)
		return NULL;
	index->dir = strdup(dir);
	index->can_write = mode == INDEX_WRITE;
	pthread_mutex_init(&index->lock, NULL);
	pthread_cond_init(&index->is_quiet, NULL);
	if (index->dir == NULL || mdb_env_create(&index->env) != 0) {
		index_close(&index);
		return NULL;
	}
	return index;
}

void
index_close(struct index **index)
{
	if (*index == NULL)
		return;
	if ((*index)->env != NULL)
		mdb_env_close((*index)->env);
	pthread_cond_destroy(&(*index)->is_quiet);
	pthread_mutex_destroy(&(*index)->lock);
	free((*index)->dir);
	free(*index);
	*index = NULL;
}

/* LMDB aborts after this: the last word says where to look.  The writer's next
 * start finds its lock file not empty and checks every page. */
static void
last_word(MDB_env *env, const char *text)
{
	const char *dir = "?";

	mdb_env_get_path(env, &dir);
	log_error("%s: the index is damaged: %s. `doorstep index rebuild` makes it again from the "
		  "mailboxes",
	    dir, text);
}

/* The map must hold what is there already, and have room to grow. */
static int
open_env(struct index *index, uint64_t file_size, struct fail *why)
{
	size_t map = MAP_FIRST;
	int error;
	unsigned flags = MDB_NOTLS | (index->can_write ? 0 : MDB_RDONLY);

	while (map < 2 * file_size && map < MAP_MAX)
		map *= 2;
	mdb_env_set_assert(index->env, last_word);
	mdb_env_set_maxdbs(index->env, FORMAT_TABLES);
	mdb_env_set_maxreaders(index->env, INDEX_READERS_MAX);
	if (index->can_write)
		mdb_env_set_mapsize(index->env, map);
	error = mdb_env_open(index->env, index->dir, flags, 0640);
	if (error != 0)
		return lmdb_fail(index, error, "open the index", why);
	/* Slots of processes that died without giving theirs back. */
	mdb_reader_check(index->env, NULL);
	return 0;
}

static int
open_tables(struct index *index, struct fail *why)
{
	MDB_txn *txn = NULL;
	int error = mdb_txn_begin(index->env, NULL, index->can_write ? 0 : MDB_RDONLY, &txn);
	unsigned flags = index->can_write ? MDB_CREATE : 0;

	if (error != 0)
		return lmdb_fail(index, error, "open the tables", why);
	for (int i = 0; error == 0 && i < TABLES; i++)
		error = mdb_dbi_open(txn, table_names[i], flags, &index->tables[i]);
	if (error != 0) {
		mdb_txn_abort(txn);
		if (error == MDB_NOTFOUND)
			return damaged(index->dir, "a table is missing", why);
		return lmdb_fail(index, error, "open the tables", why);
	}
	error = mdb_txn_commit(txn);
	return error == 0 ? 0 : lmdb_fail(index, error, "open the tables", why);
}

static int
check_version(struct index *index, struct fail *why)
{
	int rc;
	struct index_txn *txn = NULL;
	struct arena a;
	struct disk_meta meta;

	/* One with a limit fails where others end the program; see index.h. */
	arena_init_limit(&a, META_MAX);
	rc = index_begin(index, &txn, why);
	if (rc == 0)
		rc = index_meta(txn, &a, &meta, why);
	if (rc == 0 && meta.version > FORMAT_VERSION)
		rc = fail_set(why, FAIL_OURS, 3, 0, 0, "mail store is of a newer version",
		    "%s: the index is of version %u, this program knows %u: install the newer "
		    "program again",
		    index->dir, meta.version, FORMAT_VERSION);
	index_end(&txn);
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

static int
check_file(const char *dir, bool is_thorough, uint64_t *size_out, struct fail *why)
{
	int rc = 0;
	char what[INDEX_CHECK_MAX];
	struct buf path = BUF_EMPTY;

	buf_addf(&path, "%s/data.mdb", dir);
	if (!index_check(buf_cstr(&path), is_thorough, size_out, what))
		rc = damaged(dir, what, why);
	buf_fini(&path);
	return rc;
}

int
index_open(const char *dir, enum index_mode mode, bool is_thorough, struct index **out,
    struct fail *why)
{
	uint64_t size = 0;
	struct index *index = NULL;
	struct stat st;
	bool is_alone = mode == INDEX_WRITE; /* a reader must not check beside a writer */

	if (mode == INDEX_WRITE && file_make_dirs(dir, 0750, why) == -1)
		return -1;
	if (stat(dir, &st) == -1)
		return fail_errno(why, errno, "open the index", dir);
	if (check_file(dir, false, &size, why) == -1)
		return -1;
	if ((is_thorough || (is_alone && size <= CHECK_ALWAYS)) &&
	    check_file(dir, true, &size, why) == -1)
		return -1;
	index = new_index(dir, mode);
	if (index == NULL)
		return fail_set(why, FAIL_TEMP, 3, 0, ENOMEM, "out of memory", "%s: no memory", dir);
	if (open_env(index, size, why) == -1 || open_tables(index, why) == -1 ||
	    check_version(index, why) == -1) {
		index_close(&index);
		return -1;
	}
	*out = index;
	return 0;
}

/* ---- transactions ---- */

static void
finish(struct index *index)
{
	pthread_mutex_lock(&index->lock);
	if (--index->open_txns == 0)
		pthread_cond_broadcast(&index->is_quiet);
	pthread_mutex_unlock(&index->lock);
}

/* The writer's process has made the map larger: takes its size over, which
 * needs a moment without transactions of ours. */
static int
follow_map(struct index *index)
{
	int error = MDB_MAP_RESIZED;

	pthread_mutex_lock(&index->lock);
	if (index->open_txns == 1)
		error = mdb_env_set_mapsize(index->env, 0);
	pthread_mutex_unlock(&index->lock);
	return error;
}

static int
start(struct index *index, unsigned flags, struct index_txn *txn)
{
	int error;

	pthread_mutex_lock(&index->lock);
	index->open_txns++;
	pthread_mutex_unlock(&index->lock);
	error = mdb_txn_begin(index->env, NULL, flags, &txn->txn);
	if (error == MDB_MAP_RESIZED && (error = follow_map(index)) == 0)
		error = mdb_txn_begin(index->env, NULL, flags, &txn->txn);
	/* A reader that was killed keeps its slot until somebody looks. */
	if (error == MDB_READERS_FULL && mdb_reader_check(index->env, NULL) == 0)
		error = mdb_txn_begin(index->env, NULL, flags, &txn->txn);
	if (error != 0)
		finish(index);
	return error;
}

int
index_begin(struct index *index, struct index_txn **out, struct fail *why)
{
	int error;
	struct index_txn *txn = calloc(1, sizeof *txn);

	*out = NULL;
	if (txn == NULL)
		return fail_set(why, FAIL_TEMP, 3, 0, ENOMEM, "out of memory", "%s: no memory",
		    index->dir);
	txn->index = index;
	error = start(index, MDB_RDONLY, txn);
	if (error != 0) {
		free(txn);
		return lmdb_fail(index, error, "read the index", why);
	}
	*out = txn;
	return 0;
}

void
index_end(struct index_txn **txn)
{
	if (*txn == NULL)
		return;
	mdb_txn_abort((*txn)->txn);
	finish((*txn)->index);
	free(*txn);
	*txn = NULL;
}

/* ---- rows ---- */

static MDB_val
val(struct str s)
{
	return (MDB_val){ s.n, (void *)(uintptr_t)s.p };
}

static struct str
str_of_val(MDB_val v)
{
	return (struct str){ v.mv_data, v.mv_size };
}

static struct str
key_str(const unsigned char *key, size_t n)
{
	return (struct str){ (const char *)key, n };
}

int
index_get(struct index_txn *txn, enum index_table table, struct str key, struct str *value_out,
    struct fail *why)
{
	MDB_val k = val(key), v;
	int error = mdb_get(txn->txn, txn->index->tables[table], &k, &v);

	txn->error = error;
	if (error == MDB_NOTFOUND)
		return 1;
	if (error != 0)
		return lmdb_fail(txn->index, error, table_names[table], why);
	*value_out = str_of_val(v);
	return 0;
}

static int
decode(struct index_txn *txn, enum index_table table, struct str value, struct arena *a,
    const struct pack_field *fields, void *out, size_t out_size, struct fail *why)
{
	struct buf what = BUF_EMPTY;

	value = arena_str(a, value);
	/* The arena's limit or the system's: an empty row would look like one
	 * whose fields are not known yet. */
	if (value.p == NULL)
		return fail_set(why, FAIL_TEMP, 3, 0, ENOMEM, "out of memory",
		    "%s: no memory for a row of table %s", txn->index->dir, table_names[table]);
	if (pack_is_read(fields, value, false, out, out_size, a))
		return 0;
	buf_addf(&what, "a row of table %s cannot be read", table_names[table]);
	damaged(txn->index->dir, buf_cstr(&what), why);
	buf_fini(&what);
	return -1;
}

static int
get_row(struct index_txn *txn, enum index_table table, struct str key, struct arena *a,
    const struct pack_field *fields, void *out, size_t out_size, struct fail *why)
{
	struct str value;
	int rc = index_get(txn, table, key, &value, why);

	return rc != 0 ? rc : decode(txn, table, value, a, fields, out, out_size, why);
}

int
index_meta(struct index_txn *txn, struct arena *a, struct disk_meta *out, struct fail *why)
{
	return get_row(txn, INDEX_META, STR("meta"), a, disk_meta_fields, out, sizeof *out, why);
}

int
index_user(struct index_txn *txn, uint64_t user_id, struct arena *a, struct disk_user_row *out,
    struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	size_t n = format_key_user(key, user_id);

	return get_row(txn, INDEX_USERS, key_str(key, n), a, disk_user_row_fields, out,
	    sizeof *out, why);
}

int
index_mailbox(struct index_txn *txn, uint64_t user_id, uint64_t mailbox_id, struct arena *a,
    struct disk_mailbox_row *out, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	size_t n = format_key_mailbox(key, user_id, mailbox_id);

	return get_row(txn, INDEX_MAILBOXES, key_str(key, n), a, disk_mailbox_row_fields, out,
	    sizeof *out, why);
}

int
index_message(struct index_txn *txn, uint64_t mailbox_id, uint32_t uid, struct arena *a,
    struct disk_message_row *out, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	size_t n = format_key_message(key, mailbox_id, uid);

	return get_row(txn, INDEX_MESSAGES, key_str(key, n), a, disk_message_row_fields, out,
	    sizeof *out, why);
}

int
index_name(struct index_txn *txn, uint64_t mailbox_id, struct str file, uint32_t *uid_out,
    struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	size_t n = format_key_name(key, mailbox_id, file);
	struct disk_name_row row;
	struct arena a;
	int rc;

	arena_init(&a);
	rc = get_row(txn, INDEX_NAMES, key_str(key, n), &a, disk_name_row_fields, &row,
	    sizeof row, why);
	if (rc == 0)
		*uid_out = row.uid;
	arena_fini(&a);
	return rc;
}

int
index_mark(struct index_txn *txn, enum index_table table, const unsigned char key[32],
    struct disk_mark_row *out, struct fail *why)
{
	struct arena a;
	int rc;

	arena_init(&a);
	rc = get_row(txn, table, key_str(key, 32), &a, disk_mark_row_fields, out, sizeof *out,
	    why);
	arena_fini(&a);
	return rc;
}

int
index_count(struct index_txn *txn, enum index_table table, uint64_t *count_out, struct fail *why)
{
	MDB_stat stat;
	int error = mdb_stat(txn->txn, txn->index->tables[table], &stat);

	*count_out = error == 0 ? stat.ms_entries : 0;
	return error == 0 ? 0 : lmdb_fail(txn->index, error, table_names[table], why);
}

/* ---- walking ---- */

static int
begin_walk(struct index_txn *txn, enum index_table table, struct str from, size_t prefix_len,
    struct index_walk *walk, struct fail *why)
{
	MDB_cursor *cursor = NULL;
	int error = mdb_cursor_open(txn->txn, txn->index->tables[table], &cursor);

	*walk = INDEX_WALK_EMPTY;
	if (error != 0)
		return lmdb_fail(txn->index, error, table_names[table], why);
	walk->txn = txn;
	walk->table = table;
	walk->cursor = cursor;
	walk->prefix_len = prefix_len;
	walk->key_len = from.n < sizeof walk->key ? from.n : sizeof walk->key;
	if (walk->key_len > 0)
		memcpy(walk->key, from.p, walk->key_len);
	return 0;
}

int
index_walk_users(struct index_txn *txn, struct index_walk *walk, struct fail *why)
{
	return begin_walk(txn, INDEX_USERS, STR_EMPTY, 0, walk, why);
}

int
index_walk_mailboxes(struct index_txn *txn, uint64_t user_id, struct index_walk *walk,
    struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	size_t n = format_key_mailbox(key, user_id, 0);

	return begin_walk(txn, INDEX_MAILBOXES, key_str(key, n), 8, walk, why);
}

int
index_walk_messages(struct index_txn *txn, uint64_t mailbox_id, uint32_t from_uid,
    struct index_walk *walk, struct fail *why)
{
	unsigned char key[FORMAT_KEY_MAX];
	size_t n = format_key_message(key, mailbox_id, from_uid);

	return begin_walk(txn, INDEX_MESSAGES, key_str(key, n), 8, walk, why);
}

int
index_walk_table(struct index_txn *txn, enum index_table table, struct str from,
    struct index_walk *walk, struct fail *why)
{
	return begin_walk(txn, table, from, 0, walk, why);
}

void
index_walk_end(struct index_walk *walk)
{
	if (walk->cursor != NULL)
		mdb_cursor_close(walk->cursor);
	*walk = INDEX_WALK_EMPTY;
}

int
index_next(struct index_walk *walk, struct str *key_out, struct str *value_out, struct fail *why)
{
	MDB_val k = val(key_str(walk->key, walk->key_len)), v;
	MDB_cursor_op first = walk->key_len > 0 ? MDB_SET_RANGE : MDB_FIRST;
	int error = mdb_cursor_get(walk->cursor, &k, &v, walk->is_begun ? MDB_NEXT : first);

	walk->is_begun = true;
	if (error == MDB_NOTFOUND)
		return 1;
	if (error != 0)
		return lmdb_fail(walk->txn->index, error, table_names[walk->table], why);
	if (k.mv_size < walk->prefix_len || memcmp(k.mv_data, walk->key, walk->prefix_len) != 0)
		return 1;
	*key_out = str_of_val(k);
	*value_out = str_of_val(v);
	return 0;
}

/* The id that a row's key ends with, and the row. */
static int
next_row(struct index_walk *walk, size_t key_len, size_t id_len, uint64_t *id_out,
    struct arena *a, const struct pack_field *fields, void *out, size_t out_size,
    struct fail *why)
{
	struct str key, value;
	int rc = index_next(walk, &key, &value, why);

	if (rc != 0)
		return rc;
	if (key.n != key_len)
		return damaged(walk->txn->index->dir, "a key has a wrong length", why);
	*id_out = format_number((const unsigned char *)key.p + key_len - id_len, id_len);
	return decode(walk->txn, walk->table, value, a, fields, out, out_size, why);
}

int
index_next_user(struct index_walk *walk, struct arena *a, uint64_t *user_id_out,
    struct disk_user_row *out, struct fail *why)
{
	return next_row(walk, 8, 8, user_id_out, a, disk_user_row_fields, out, sizeof *out, why);
}

int
index_next_mailbox(struct index_walk *walk, struct arena *a, uint64_t *mailbox_id_out,
    struct disk_mailbox_row *out, struct fail *why)
{
	return next_row(walk, 16, 8, mailbox_id_out, a, disk_mailbox_row_fields, out, sizeof *out,
	    why);
}

int
index_next_message(struct index_walk *walk, struct arena *a, uint32_t *uid_out,
    struct disk_message_row *out, struct fail *why)
{
	uint64_t uid = 0;
	int rc = next_row(walk, 12, 4, &uid, a, disk_message_row_fields, out, sizeof *out, why);

	*uid_out = (uint32_t)uid;
	return rc;
}

/* ---- writing ---- */

/* Waits for a moment without transactions of this process, then doubles.  It
 * does not keep new readers out while it waits: one that begins a second
 * transaction while holding a first would wait for itself. */
static int
grow(struct index *index, struct fail *why)
{
	int error = 0;
	MDB_envinfo info;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += INDEX_GROW_WAIT_SECONDS;
	pthread_mutex_lock(&index->lock);
	while (index->open_txns > 0 && error == 0)
		error = pthread_cond_timedwait(&index->is_quiet, &index->lock, &until);
	if (index->open_txns == 0) {
		mdb_env_info(index->env, &info);
		error = info.me_mapsize >= MAP_MAX ?
		    MDB_MAP_FULL :
		    mdb_env_set_mapsize(index->env, 2 * info.me_mapsize);
	}
	pthread_mutex_unlock(&index->lock);
	if (error == ETIMEDOUT)
		return fail_set(why, FAIL_TEMP, 3, 0, 0, "mail store is busy",
		    "%s: the map is full and a reader of this process stays: tried again later",
		    index->dir);
	return error == 0 ? 0 : lmdb_fail(index, error, "grow the map", why);
}

/* One try: 0 committed, 1 the map is full, -1 *why. */
static int
write_once(struct index *index, index_write_fn fn, void *arg, struct fail *why)
{
	struct index_txn txn = { .index = index };
	int rc, error = start(index, 0, &txn);

	if (error != 0)
		return lmdb_fail(index, error, "write the index", why);
	rc = fn(&txn, arg, why);
	error = txn.error;
	if (rc == -1) {
		mdb_txn_abort(txn.txn);
	} else {
		/* Synced when this returns: the journal's segments are used again on
		 * the strength of it (delivery.md, state 6). */
		error = mdb_txn_commit(txn.txn);
		if (error != 0)
			rc = lmdb_fail(index, error, "commit a checkpoint", why);
	}
	finish(index);
	return rc == -1 && error == MDB_MAP_FULL ? 1 : rc;
}

int
index_write(struct index *index, index_write_fn fn, void *arg, struct fail *why)
{
	int rc;

	while ((rc = write_once(index, fn, arg, why)) == 1)
		if (grow(index, why) == -1)
			return -1;
	if (rc == 0 && why != NULL)
		*why = FAIL_EMPTY;
	return rc;
}

int
index_put(struct index_txn *txn, enum index_table table, struct str key, struct str value,
    struct fail *why)
{
	MDB_val k = val(key), v = val(value);

	txn->error = mdb_put(txn->txn, txn->index->tables[table], &k, &v, 0);
	return txn->error == 0 ? 0 : lmdb_fail(txn->index, txn->error, table_names[table], why);
}

int
index_delete(struct index_txn *txn, enum index_table table, struct str key, struct fail *why)
{
	MDB_val k = val(key);

	txn->error = mdb_del(txn->txn, txn->index->tables[table], &k, NULL);
	if (txn->error == 0 || txn->error == MDB_NOTFOUND)
		return 0;
	return lmdb_fail(txn->index, txn->error, table_names[table], why);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Rows of an index without a writer: saved from a damaged one, and counted.
 * Knows no mailbox and no journal. */

#include "store/rebuild_salvage.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/pack.h"
#include "base/xalloc.h"
#include "store/index.h"

/* Rows that one transaction takes over: what is lost when the next is bad. */
#define SALVAGE_ROWS 64
/* A walk through damaged pages may go in circles. */
#define SALVAGE_SECONDS 600
#define VALUE_MAX ((size_t)1 << 20)

/* ---- saving ---- */

struct row {
	struct buf key, value;
};

struct rows {
	enum index_table table;
	struct row at[SALVAGE_ROWS];
	size_t count;
};

static int
put_rows(struct index_txn *txn, void *arg, struct fail *why)
{
	struct rows *rows = arg;

	for (size_t i = 0; i < rows->count; i++)
		if (index_put(txn, rows->table, buf_str(&rows->at[i].key),
			buf_str(&rows->at[i].value), why) == -1)
			return -1;
	return 0;
}

/* Keys of another length than the table's are damage, as are rows that do not
 * decode; both would only be found later. */
static bool
is_sane(enum index_table table, struct str key, struct str value)
{
	static const struct {
		size_t key_len, size;
		const struct pack_field *fields;
	} kinds[] = {
		[INDEX_META] = { 4, sizeof(struct disk_meta), disk_meta_fields },
		[INDEX_USERS] = { 8, sizeof(struct disk_user_row), disk_user_row_fields },
		[INDEX_MAILBOXES] = { 16, sizeof(struct disk_mailbox_row), disk_mailbox_row_fields },
		[INDEX_MESSAGES] = { 12, sizeof(struct disk_message_row), disk_message_row_fields },
		[INDEX_NAMES] = { 24, sizeof(struct disk_name_row), disk_name_row_fields },
		[INDEX_MARKS] = { 32, sizeof(struct disk_mark_row), disk_mark_row_fields },
		[INDEX_UNACKED] = { 32, sizeof(struct disk_mark_row), disk_mark_row_fields },
		[INDEX_OUTBOX] = { 8, sizeof(struct disk_outbox_row), disk_outbox_row_fields },
	};
	struct arena a = ARENA_EMPTY;
	union {
		struct disk_meta meta;
		struct disk_user_row user;
		struct disk_mailbox_row mailbox;
		struct disk_message_row message;
		struct disk_name_row name;
		struct disk_mark_row mark;
		struct disk_outbox_row outbox;
	} row;
	bool is_fine;

	if (key.n != kinds[table].key_len || value.n > VALUE_MAX)
		return false;
	arena_init(&a);
	is_fine = pack_is_read(kinds[table].fields, value, false, &row, kinds[table].size, &a);
	arena_fini(&a);
	return is_fine;
}

static void
take(struct rows *rows, struct str key, struct str value)
{
	struct row *row = &rows->at[rows->count++];

	buf_clear(&row->key);
	buf_clear(&row->value);
	buf_add_str(&row->key, key);
	buf_add_str(&row->value, value);
}

/* In the child: counts in shared memory, so that its death loses nothing. */
static void
copy_table(struct index *from, struct index *to, enum index_table table, size_t *saved)
{
	struct rows *rows = xcalloc(1, sizeof *rows);
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct index_txn *txn = NULL;
	struct str key, value;
	struct fail why;
	int rc;

	rows->table = table;
	rc = index_begin(from, &txn, &why);
	if (rc == 0)
		rc = index_walk_table(txn, table, STR_EMPTY, &walk, &why);
	while (rc == 0) {
		rc = index_next(&walk, &key, &value, &why);
		if (rc == 0 && is_sane(table, key, value))
			take(rows, key, value);
		if (rows->count == SALVAGE_ROWS || (rc != 0 && rows->count > 0)) {
			if (index_write(to, put_rows, rows, &why) == -1)
				break;
			*saved += rows->count;
			rows->count = 0;
		}
	}
}

static void
copy_in_child(const char *from_dir, const char *to_dir, enum index_table table, size_t *saved)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM };
	const struct rlimit no_core = { 0, 0 };
	struct index *from = NULL, *to = NULL;
	struct fail why;

	/* Whoever caught them in the parent would go on here. */
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
		signal(deadly[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &no_core);
	alarm(SALVAGE_SECONDS);
	if (index_open(to_dir, INDEX_WRITE, false, &to, &why) == 0 &&
	    index_open(from_dir, INDEX_READ, false, &from, &why) == 0)
		copy_table(from, to, table, saved);
	_exit(0);
}

int
rebuild_salvage(const char *damaged_dir, const char *new_dir, size_t *saved_out, struct fail *why)
{
	struct index *index = NULL;
	size_t *saved = mmap(NULL, sizeof *saved, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	*saved_out = 0;
	if (saved == MAP_FAILED)
		return fail_errno(why, errno, "get memory for", new_dir);
	/* Meta last: without it the journal is not replayed over what is there. */
	for (int table = INDEX_OUTBOX; table >= INDEX_META; table--) {
		pid = fork();
		if (pid == 0)
			copy_in_child(damaged_dir, new_dir, (enum index_table)table, saved);
		while (pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			continue;
	}
	*saved_out = *saved;
	munmap(saved, sizeof *saved);
	/* Sound, and there, whatever the children came to. */
	if (index_open(new_dir, INDEX_WRITE, true, &index, why) == -1)
		return -1;
	index_close(&index);
	return 0;
}

/* ---- counting ---- */

struct change {
	enum index_table table;
	unsigned char key[FORMAT_KEY_MAX];
	size_t key_len;
	struct buf value;
};

struct counting {
	struct index_txn *txn;
	struct change *changes;
	size_t change_count, change_cap;
	struct fail *why;
};

static void
add_change(struct counting *c, enum index_table table, uint64_t user_id, uint64_t mailbox_id,
    const struct pack_field *fields, const void *row)
{
	struct change *change;

	XGROW(c->changes, c->change_cap, c->change_count + 1);
	change = &c->changes[c->change_count++];
	*change = (struct change){ .table = table };
	change->key_len = table == INDEX_USERS ?
			      format_key_user(change->key, user_id) :
			      format_key_mailbox(change->key, user_id, mailbox_id);
	pack_add(fields, row, &change->value);
}

static int
count_messages(struct counting *c, uint64_t mailbox_id, uint64_t *messages, uint64_t *bytes)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct arena a = ARENA_EMPTY;
	struct disk_message_row row;
	uint32_t uid;
	int rc = index_walk_messages(c->txn, mailbox_id, 0, &walk, c->why);

	*messages = 0;
	*bytes = 0;
	while (rc == 0 && (rc = index_next_message(&walk, &a, &uid, &row, c->why)) == 0) {
		++*messages;
		*bytes += row.size;
		arena_empty(&a);
	}
	index_walk_end(&walk);
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

static int
count_mailboxes(struct counting *c, uint64_t user_id, struct disk_user_row *sum)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct arena a = ARENA_EMPTY;
	struct disk_mailbox_row row;
	uint64_t id, messages, bytes;
	int rc = index_walk_mailboxes(c->txn, user_id, &walk, c->why);

	while (rc == 0 && (rc = index_next_mailbox(&walk, &a, &id, &row, c->why)) == 0) {
		rc = count_messages(c, id, &messages, &bytes);
		sum->messages += messages;
		sum->bytes += bytes;
		if (rc == 0 && (messages != row.messages || bytes != row.bytes)) {
			row.messages = messages;
			row.bytes = bytes;
			add_change(c, INDEX_MAILBOXES, user_id, id, disk_mailbox_row_fields, &row);
		}
		arena_empty(&a);
	}
	index_walk_end(&walk);
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

static int
count_users(struct counting *c)
{
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct arena a = ARENA_EMPTY;
	struct disk_user_row row, sum;
	uint64_t id;
	int rc = index_walk_users(c->txn, &walk, c->why);

	while (rc == 0 && (rc = index_next_user(&walk, &a, &id, &row, c->why)) == 0) {
		sum = row;
		sum.messages = 0;
		sum.bytes = 0;
		rc = count_mailboxes(c, id, &sum);
		if (rc == 0 && (sum.messages != row.messages || sum.bytes != row.bytes))
			add_change(c, INDEX_USERS, id, 0, disk_user_row_fields, &sum);
		arena_empty(&a);
	}
	index_walk_end(&walk);
	arena_fini(&a);
	return rc == -1 ? -1 : 0;
}

static int
put_changes(struct index_txn *txn, void *arg, struct fail *why)
{
	struct counting *c = arg;

	for (size_t i = 0; i < c->change_count; i++) {
		struct change *change = &c->changes[i];

		if (index_put(txn, change->table,
			(struct str){ (const char *)change->key, change->key_len },
			buf_str(&change->value), why) == -1)
			return -1;
	}
	return 0;
}

int
rebuild_recount(const char *store_dir, size_t *changed_out, struct fail *why)
{
	struct counting c = { .why = why };
	struct index *index = NULL;
	struct buf dir = BUF_EMPTY;
	int rc;

	buf_addf(&dir, "%s/index", store_dir);
	rc = index_open(buf_cstr(&dir), INDEX_WRITE, false, &index, why);
	if (rc == 0)
		rc = index_begin(index, &c.txn, why);
	if (rc == 0)
		rc = count_users(&c);
	index_end(&c.txn);
	if (rc == 0 && c.change_count > 0)
		rc = index_write(index, put_changes, &c, why);
	*changed_out = c.change_count;
	for (size_t i = 0; i < c.change_count; i++)
		buf_fini(&c.changes[i].value);
	free(c.changes);
	index_close(&index);
	buf_fini(&dir);
	return rc;
}

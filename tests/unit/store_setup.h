/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_TESTS_STORE_SETUP_H
#define DOORSTEP_TESTS_STORE_SETUP_H

/*
 * A store and a Maildir in a directory of their own, and deliveries through
 * them step by step, as deliver does it.  For the tests of store/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "store/index.h"
#include "store/maildir.h"
#include "store/store.h"

#define SETUP_UNUSED __attribute__((unused))
#define SETUP_USER "alice@example.org"
#define SETUP_NONE_SENT ((struct store_sent){ 0, 0 })

struct setup {
	char dir[64], store_dir[80], root[80];
	struct store_options options;
	struct store *store;
	struct arena arena;
};

static int
setup_remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void __attribute__((nonnull))
setup_init(struct setup *t)
{
	const char *tmp = getenv("TMPDIR");

	/* Kills and torn files are the same in memory, only faster. */
	if (tmp == NULL || strlen(tmp) >= 40)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	memset(t, 0, sizeof *t);
	/* What is logged is wanted here; TEST_LOG=1 shows it. */
	log_init("test", getenv("TEST_LOG") != NULL ? 2 : open("/dev/null", O_WRONLY | O_CLOEXEC),
	    LOG_L_DEBUG);
	snprintf(t->dir, sizeof t->dir, "%s/store-XXXXXX", tmp);
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->store_dir, sizeof t->store_dir, "%s/owner", t->dir);
	snprintf(t->root, sizeof t->root, "%s/Maildir", t->dir);
	t->options = (struct store_options){ t->store_dir, (uint64_t)1 << 20, 4,
		5 * 86400 * CLOCK_SECOND };
	arena_init(&t->arena);
}

static void
setup_open(struct setup *t)
{
	struct fail why = FAIL_EMPTY;

	if (store_open(&t->options, &t->store, &why) == -1)
		fail_msg("%s", why.log);
}

SETUP_UNUSED static void
setup_begin(struct setup *t)
{
	setup_init(t);
	setup_open(t);
}

SETUP_UNUSED static void
setup_end(struct setup *t)
{
	store_close(&t->store);
	arena_fini(&t->arena);
	nftw(t->dir, setup_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The folder of that name: INBOX is the root. */
static struct str
setup_path(struct setup *t, const char *mailbox)
{
	if (strcmp(mailbox, "INBOX") == 0)
		return arena_printf(&t->arena, "%s", t->root);
	return arena_printf(&t->arena, "%s/.%s", t->root, mailbox);
}

/* A delivery with `copies` copies to one mailbox; number makes it unlike any
 * other, and is its digest. */
SETUP_UNUSED static struct disk_delivery
setup_delivery(struct setup *t, const char *mailbox, unsigned number, size_t copies, size_t size)
{
	struct disk_delivery d = { .received = clock_wall(), .sender = STR("bob@example.net") };
	char *body = arena_alloc(&t->arena, size + 32), *key = arena_zalloc(&t->arena, 32);
	struct disk_copy *c;
	struct buf name = BUF_EMPTY;

	memset(body, 'x', size + 32);
	body[snprintf(body, 32, "Subject: %u\n\n", number)] = 'x';
	d.body = (struct str){ body, size };
	d.subject = arena_printf(&t->arena, "%u", number);
	d.copies.at = arena_array(&t->arena, copies, sizeof *d.copies.at);
	d.copies.n = copies;
	for (size_t i = 0; i < copies; i++) {
		c = &d.copies.at[i];
		c->user = STR(SETUP_USER);
		c->root = str_of(t->root);
		c->mailbox = str_of(mailbox);
		c->path = setup_path(t, mailbox);
		c->prefix = arena_printf(&t->arena, "Delivered-To: %zu\n", i);
		c->size = c->prefix.n + size;
		c->wire_size = c->size + 3;
		buf_clear(&name);
		maildir_add_name(&name, "test", clock_wall(), c->size, c->wire_size);
		c->file = arena_str(&t->arena, buf_str(&name));
		c->action = STR("keep");
	}
	buf_fini(&name);
	snprintf(key, 32, "digest-%u", number);
	d.unacked.at = arena_array(&t->arena, 1, sizeof *d.unacked.at);
	d.unacked.n = 1;
	d.unacked.at[0] = (struct disk_mark){ { key, 32 }, d.received + 86400 * CLOCK_SECOND };
	return d;
}

SETUP_UNUSED static void
setup_digest(unsigned number, unsigned char out[32])
{
	memset(out, 0, 32);
	snprintf((char *)out, 32, "digest-%u", number);
}

/* One delivery through prepare, write, commit; returns its sequence. */
SETUP_UNUSED static uint64_t
setup_commit(struct setup *t, struct disk_delivery *d)
{
	struct fail why = FAIL_EMPTY;
	uint64_t seq = 0;
	struct store_batch *batch = store_batch_new(t->store);

	assert_int_equal(store_prepare(batch, d, &seq, &why), 0);
	assert_int_equal(store_write(batch, &why), 0);
	store_committed(&batch);
	assert_null(batch);
	return seq;
}

SETUP_UNUSED static int
setup_place(const struct disk_delivery *d, size_t i)
{
	const struct disk_copy *c = &d->copies.at[i];
	struct maildir *m = NULL;
	struct fail why = FAIL_EMPTY;
	struct iovec iov[] = {
		{ (void *)(uintptr_t)c->prefix.p, c->prefix.n },
		{ (void *)(uintptr_t)d->body.p, d->body.n },
	};
	int rc = maildir_open(c->root, c->path, true, false, NULL, &m, &why);

	if (rc == 0)
		rc = maildir_place(m, c->file, c->flags, iov, 2, false, NULL, &why);
	maildir_close(&m);
	return rc;
}

/* All the way to placed. */
SETUP_UNUSED static uint64_t
setup_deliver(struct setup *t, struct disk_delivery *d)
{
	uint64_t seq = setup_commit(t, d);

	for (size_t i = 0; i < d->copies.n; i++)
		assert_int_equal(setup_place(d, i), 0);
	store_placed(t->store, seq);
	return seq;
}

SETUP_UNUSED static void
setup_checkpoint(struct setup *t)
{
	struct fail why = FAIL_EMPTY;
	struct store_frozen *frozen = store_freeze(t->store);

	if (frozen == NULL)
		return;
	assert_int_equal(store_checkpoint(frozen, &why), 0);
	store_thawed(t->store, &frozen, 0);
}

/* Files in new/ and cur/ of a folder. */
SETUP_UNUSED static size_t
setup_count_files(struct setup *t, const char *mailbox)
{
	static const char *const subs[] = { "new", "cur" };
	size_t count = 0;
	DIR *dir;
	const struct dirent *entry;
	struct str path;

	for (size_t i = 0; i < 2; i++) {
		path = arena_printf(&t->arena, "%s/%s", setup_path(t, mailbox).p, subs[i]);
		dir = opendir(path.p);
		while (dir != NULL && (entry = readdir(dir)) != NULL)
			count += entry->d_name[0] != '.';
		if (dir != NULL)
			closedir(dir);
	}
	return count;
}

/* Message rows of a mailbox in LMDB. */
SETUP_UNUSED static size_t
setup_count_rows(struct setup *t, const char *mailbox)
{
	struct index_txn *txn = NULL;
	struct index_walk walk = INDEX_WALK_EMPTY;
	struct fail why = FAIL_EMPTY;
	struct disk_message_row row;
	size_t count = 0;
	uint32_t uid;
	uint64_t id = format_mailbox_id(format_user_id(STR(SETUP_USER)), str_of(mailbox));

	assert_int_equal(index_begin(store_index(t->store), &txn, &why), 0);
	assert_int_equal(index_walk_messages(txn, id, 0, &walk, &why), 0);
	while (index_next_message(&walk, &t->arena, &uid, &row, &why) == 0)
		count++;
	index_walk_end(&walk);
	index_end(&txn);
	return count;
}

SETUP_UNUSED static struct store_user *
setup_user(struct setup *t)
{
	struct fail why = FAIL_EMPTY;
	struct store_user *user = store_user(t->store, STR(SETUP_USER), str_of(t->root), &why);

	assert_non_null(user);
	return user;
}

SETUP_UNUSED static struct store_mailbox *
setup_mailbox(struct setup *t, const char *mailbox)
{
	struct fail why = FAIL_EMPTY;
	struct store_mailbox *found = store_mailbox(t->store, setup_user(t), str_of(mailbox),
	    setup_path(t, mailbox), &why);

	assert_non_null(found);
	return found;
}

#endif

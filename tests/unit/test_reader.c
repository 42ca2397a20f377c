/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* libdoorstep over a store that the writer has left. */

#include "store_setup.h"

#include "doorstep.h"

struct seen {
	size_t count;
	uint32_t last;
	char names[256];
	struct doorstep_snapshot *now;
	uint64_t mailbox_id;
};

/* Two messages in INBOX, one in Lists, all in LMDB; the writer is gone. */
static int
begin(void **state)
{
	struct setup *t = calloc(1, sizeof *t);
	static const char *const mailboxes[] = { "INBOX", "INBOX", "Lists" };

	setup_begin(t);
	for (unsigned i = 0; i < 3; i++) {
		struct disk_delivery d = setup_delivery(t, mailboxes[i], i + 1, 1, 100);

		setup_deliver(t, &d);
	}
	setup_checkpoint(t);
	store_close(&t->store);
	*state = t;
	return 0;
}

static int
end(void **state)
{
	setup_end(*state);
	free(*state);
	return 0;
}

static struct doorstep *
open_store(struct setup *t)
{
	struct doorstep *store = NULL;
	struct doorstep_error error;

	if (doorstep_open(t->store_dir, &store, &error) == -1)
		fail_msg("%s", error.text);
	return store;
}

static int
see_mailbox(const struct doorstep_mailbox *mailbox, void *arg)
{
	struct seen *seen = arg;
	size_t n = strlen(seen->names);

	seen->count++;
	snprintf(seen->names + n, sizeof seen->names - n, "%s=%llu ", mailbox->name,
	    (unsigned long long)mailbox->messages);
	return 0;
}

static int
see_message(const struct doorstep_message *message, void *arg)
{
	struct seen *seen = arg;

	assert_int_equal(message->size, strlen("Delivered-To: 0\n") + 100);
	assert_string_equal(message->action, "keep");
	seen->count++;
	seen->last = message->uid;
	return message->uid == 1 ? 0 : 7;
}

static void
mailboxes_are_listed_with_counts(void **state)
{
	struct setup *t = *state;
	struct doorstep *store = open_store(t);
	struct doorstep_snapshot *now = NULL;
	struct doorstep_user user;
	struct seen seen = { .count = 0 };

	assert_int_equal(doorstep_begin(store, &now, NULL), 0);
	assert_int_equal(doorstep_each_mailbox(now, SETUP_USER, see_mailbox, &seen, NULL), 0);
	assert_int_equal(seen.count, 2);
	assert_non_null(strstr(seen.names, "INBOX=2 "));
	assert_non_null(strstr(seen.names, "Lists=1 "));
	assert_int_equal(doorstep_find_user(now, SETUP_USER, &user, NULL), 0);
	assert_int_equal(user.messages, 3);
	assert_string_equal(user.root, t->root);
	assert_int_equal(doorstep_find_user(now, "nobody", &user, NULL), 1);
	assert_int_equal(doorstep_each_mailbox(now, "nobody", see_mailbox, &seen, NULL), 0);
	assert_int_equal(seen.count, 2);
	doorstep_end(&now);
	doorstep_close(&store);
}

static void
messages_come_by_uid_until_told_to_stop(void **state)
{
	struct doorstep *store = open_store(*state);
	struct doorstep_snapshot *now = NULL;
	struct doorstep_mailbox inbox;
	struct seen seen = { .count = 0 };

	assert_int_equal(doorstep_begin(store, &now, NULL), 0);
	assert_int_equal(doorstep_find_mailbox(now, SETUP_USER, "INBOX", &inbox, NULL), 0);
	assert_int_equal(doorstep_each_message(now, inbox.id, 1, UINT32_MAX, see_message, &seen,
			     NULL), 7);
	assert_int_equal(seen.count, 2);
	seen.count = 0;
	assert_int_equal(doorstep_each_message(now, inbox.id, 1, 1, see_message, &seen, NULL), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(doorstep_each_message(now, inbox.id, 3, UINT32_MAX, see_message, &seen,
			     NULL), 0);
	assert_int_equal(seen.count, 1);
	doorstep_end(&now);
	doorstep_close(&store);
}

static void
found_message_lives_as_long_as_the_snapshot(void **state)
{
	struct doorstep *store = open_store(*state);
	struct doorstep_snapshot *now = NULL;
	struct doorstep_mailbox inbox;
	struct doorstep_message one, two;

	assert_int_equal(doorstep_begin(store, &now, NULL), 0);
	assert_int_equal(doorstep_find_mailbox(now, SETUP_USER, "INBOX", &inbox, NULL), 0);
	assert_int_equal(doorstep_find_message(now, inbox.id, 1, &one, NULL), 0);
	assert_int_equal(doorstep_find_message(now, inbox.id, 2, &two, NULL), 0);
	assert_int_equal(doorstep_find_message(now, inbox.id, 3, &two, NULL), 1);
	assert_string_equal(one.subject, "1");
	assert_string_equal(two.subject, "2");
	assert_string_equal(two.sender, "bob@example.net");
	doorstep_end(&now);
	doorstep_close(&store);
}

static void
message_is_fetched_wherever_its_reader_put_it(void **state)
{
	struct setup *t = *state;
	struct doorstep *store = open_store(t);
	struct doorstep_snapshot *now = NULL;
	struct doorstep_mailbox inbox;
	struct doorstep_message one;
	char letters[DOORSTEP_LETTERS_MAX], text[16];
	struct str from, to;
	int fd;

	assert_int_equal(doorstep_begin(store, &now, NULL), 0);
	assert_int_equal(doorstep_find_mailbox(now, SETUP_USER, "INBOX", &inbox, NULL), 0);
	assert_int_equal(doorstep_find_message(now, inbox.id, 1, &one, NULL), 0);
	assert_int_equal(doorstep_fetch(store, t->root, inbox.path, one.file, &fd, letters, NULL), 0);
	assert_int_equal(read(fd, text, 13), 13);
	assert_memory_equal(text, "Delivered-To:", 13);
	assert_string_equal(letters, "");
	close(fd);
	from = arena_printf(&t->arena, "%s/new/%s", t->root, one.file);
	to = arena_printf(&t->arena, "%s/cur/%s:2,FR", t->root, one.file);
	assert_int_equal(rename(from.p, to.p), 0);
	assert_int_equal(doorstep_fetch(store, t->root, inbox.path, one.file, &fd, letters, NULL), 0);
	assert_string_equal(letters, "FR");
	close(fd);
	assert_int_equal(unlink(to.p), 0);
	assert_int_equal(doorstep_fetch(store, t->root, inbox.path, one.file, &fd, letters, NULL), 1);
	assert_int_equal(doorstep_fetch(store, t->root, "/etc", "passwd", &fd, NULL, NULL), -1);
	doorstep_end(&now);
	doorstep_close(&store);
}

static void
user_is_found_among_the_stores(void **state)
{
	struct setup *t = *state;
	struct doorstep *store = NULL;
	struct doorstep_error error = { .code = DOORSTEP_OK };

	assert_int_equal(mkdir(arena_printf(&t->arena, "%s/uid.7", t->dir).p, 0700), 0);
	assert_int_equal(doorstep_open_user(t->dir, SETUP_USER, &store, &error), 0);
	assert_string_equal(doorstep_directory(store), t->store_dir);
	doorstep_close(&store);
	assert_int_equal(doorstep_open_user(t->dir, "nobody", &store, &error), -1);
	assert_int_equal(error.code, DOORSTEP_NOT_FOUND);
	assert_null(store);
	assert_int_equal(doorstep_open_user("/nowhere", SETUP_USER, &store, &error), -1);
	assert_int_equal(error.code, DOORSTEP_NOT_FOUND);
	assert_int_equal(doorstep_open("/nowhere", &store, &error), -1);
	assert_int_equal(error.code, DOORSTEP_NOT_FOUND);
}

static void
damage_is_told_and_no_crash(void **state)
{
	struct setup *t = *state;
	struct doorstep *store = NULL;
	struct doorstep_error error = { .code = DOORSTEP_OK };
	struct str path = arena_printf(&t->arena, "%s/index/data.mdb", t->store_dir);
	char junk[2 * 4096];
	FILE *f = fopen(path.p, "r+");

	assert_non_null(f);
	memset(junk, 0x5a, sizeof junk);
	assert_int_equal(fwrite(junk, sizeof junk, 1, f), 1);
	fclose(f);
	assert_int_equal(doorstep_open(t->store_dir, &store, &error), -1);
	assert_int_equal(error.code, DOORSTEP_DAMAGED);
	assert_non_null(strstr(error.text, "index rebuild"));
	assert_int_equal(doorstep_open_user(t->dir, SETUP_USER, &store, &error), -1);
	assert_int_equal(error.code, DOORSTEP_DAMAGED);
	assert_int_equal(truncate(path.p, 100), 0);
	assert_int_equal(doorstep_open(t->store_dir, &store, &error), -1);
	assert_int_equal(error.code, DOORSTEP_DAMAGED);
}

#define IN_STORE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_STORE(mailboxes_are_listed_with_counts),
		IN_STORE(messages_come_by_uid_until_told_to_stop),
		IN_STORE(found_message_lives_as_long_as_the_snapshot),
		IN_STORE(message_is_fetched_wherever_its_reader_put_it),
		IN_STORE(user_is_found_among_the_stores),
		IN_STORE(damage_is_told_and_no_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

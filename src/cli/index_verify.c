/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * doorstep index verify: the index compared with the mailboxes and with itself.
 * Changes nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include "base/xalloc.h"
#include "cli/index.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "doorstep.h"
#include "store/index.h"
#include "store/reconcile.h"

/* A delivery between journal and LMDB looks like a stranger's file: what differs
 * must still differ after that long. */
#define AGAIN_NS 1500000000L

struct verifying {
	const struct conf *conf;
	const char *user; /* NULL: all */
	const char *owner;
	struct progress progress;
	struct index *index;
	struct str name, root; /* of the user at hand */
	size_t differences;
};

static void
say(struct verifying *v, struct str mailbox, const char *what, struct str file)
{
	struct buf text = BUF_EMPTY;

	progress_fini(&v->progress);
	buf_addf(&text, "%.*s %.*s: %s %.*s", STR_ARG(v->name), STR_ARG(mailbox), what,
	    STR_ARG(file));
	print_text(stdout, buf_cstr(&text));
	putchar('\n');
	buf_fini(&text);
	v->differences++;
}

static void
say_rescan(struct verifying *v, const struct disk_rescan *rescan)
{
	if (rescan->is_gone != 0)
		say(v, rescan->mailbox, "the folder is gone", STR_EMPTY);
	else if (rescan->uidvalidity == 0)
		say(v, rescan->mailbox, "the folder is not in the index", STR_EMPTY);
	for (size_t i = 0; i < rescan->messages.n; i++) {
		const struct disk_found *found = &rescan->messages.at[i];

		if (found->is_gone != 0)
			say(v, rescan->mailbox, "in the index, but not on disk:", found->file);
		else if (found->uid == 0)
			say(v, rescan->mailbox, "on disk, but not in the index:", found->file);
		else
			say(v, rescan->mailbox, "flags differ:", found->file);
	}
}

static bool
has_differences(const struct reconcile *found)
{
	for (size_t i = 0; i < found->rescan_count; i++)
		if (found->rescans[i].is_gone != 0 || found->rescans[i].uidvalidity == 0 ||
		    found->rescans[i].messages.n > 0)
			return true;
	return false;
}

/* ---- the index with itself ---- */

struct summing {
	struct verifying *v;
	struct doorstep_snapshot *now;
	struct doorstep_error *error;
	uint64_t messages, bytes;	 /* of the user's mailbox rows */
	uint64_t row_messages, row_bytes; /* of one mailbox's message rows */
};

static int
sum_message(const struct doorstep_message *message, void *arg)
{
	struct summing *s = arg;

	s->row_messages++;
	s->row_bytes += message->size;
	return 0;
}

static int
sum_mailbox(const struct doorstep_mailbox *mailbox, void *arg)
{
	struct summing *s = arg;

	s->row_messages = 0;
	s->row_bytes = 0;
	if (doorstep_each_message(s->now, mailbox->id, 1, UINT32_MAX, sum_message, s, s->error) == -1)
		return -1;
	s->messages += mailbox->messages;
	s->bytes += mailbox->bytes;
	if (s->row_messages != mailbox->messages || s->row_bytes != mailbox->bytes)
		say(s->v, str_of(mailbox->name), "counters are not the sum of the messages",
		    STR_EMPTY);
	return 0;
}

static int
check_sums(const char *dir, struct verifying *v, const char *name, struct doorstep_error *error)
{
	struct doorstep *store = NULL;
	struct summing s = { .v = v, .error = error };
	struct doorstep_user user;
	int rc = doorstep_open(dir, &store, error);

	if (rc == 0)
		rc = doorstep_begin(store, &s.now, error);
	if (rc == 0)
		rc = doorstep_find_user(s.now, name, &user, error);
	if (rc == 0)
		rc = doorstep_each_mailbox(s.now, name, sum_mailbox, &s, error);
	if (rc == 0 && (s.messages != user.messages || s.bytes != user.bytes))
		say(v, STR("quota"), "counters are not the sum of the mailboxes", STR_EMPTY);
	doorstep_end(&s.now);
	doorstep_close(&store);
	return rc == -1 ? -1 : 0;
}

/* ---- the index with the disk ---- */

static int
compare_once(struct verifying *v, const char *index_dir, struct reconcile *found,
    struct fail *why)
{
	struct index *index = NULL;
	int rc = index_open(index_dir, INDEX_READ, false, &index, why);

	if (rc == 0)
		rc = reconcile_run(index, v->name, v->root, STR_EMPTY, true, found, why);
	index_close(&index);
	return rc;
}

static int
compare(struct verifying *v, const char *index_dir, struct fail *why)
{
	const struct timespec wait = { AGAIN_NS / 1000000000L, AGAIN_NS % 1000000000L };
	struct reconcile found = RECONCILE_EMPTY;
	int rc = compare_once(v, index_dir, &found, why);

	if (rc == 0 && has_differences(&found) && owners_has_daemon(v->conf)) {
		reconcile_fini(&found);
		nanosleep(&wait, NULL);
		rc = compare_once(v, index_dir, &found, why);
	}
	for (size_t i = 0; rc == 0 && i < found.rescan_count; i++)
		say_rescan(v, &found.rescans[i]);
	reconcile_fini(&found);
	return rc;
}

struct names {
	char **name, **root;
	size_t count, cap, root_cap;
	const char *only;
};

static int
add_name(const struct doorstep_user *user, void *arg)
{
	struct names *names = arg;

	if (names->only != NULL && !str_is_equal(str_of(names->only), str_of(user->name)))
		return 0;
	XGROW(names->name, names->cap, names->count + 1);
	XGROW(names->root, names->root_cap, names->count + 1);
	names->name[names->count] = xstrdup(user->name);
	names->root[names->count++] = xstrdup(user->root);
	return 0;
}

static int
list_names(const char *dir, struct names *names, struct doorstep_error *error)
{
	struct doorstep *store = NULL;
	struct doorstep_snapshot *now = NULL;
	int rc = doorstep_open(dir, &store, error);

	if (rc == 0)
		rc = doorstep_begin(store, &now, error);
	if (rc == 0)
		rc = doorstep_each_user(now, add_name, names, error);
	doorstep_end(&now);
	doorstep_close(&store);
	return rc;
}

static int
verify_users(struct verifying *v, const char *dir, const struct names *names)
{
	struct doorstep_error error = { .code = DOORSTEP_OK };
	struct buf index_dir = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	int status = EX_OK;

	buf_addf(&index_dir, "%s/index", dir);
	progress_init(&v->progress, "users");
	for (size_t i = 0; i < names->count; i++) {
		v->name = str_of(names->name[i]);
		v->root = str_of(names->root[i]);
		if (compare(v, buf_cstr(&index_dir), &why) == -1) {
			fprintf(stderr, "doorstep: %s: %s\n", names->name[i], why.log);
			status = EX_TEMPFAIL;
		} else if (check_sums(dir, v, names->name[i], &error) == -1) {
			fprintf(stderr, "doorstep: %s: %s\n", names->name[i], error.text);
			status = EX_TEMPFAIL;
		}
		progress_show(&v->progress, i + 1, names->count);
	}
	progress_fini(&v->progress);
	buf_fini(&index_dir);
	if (status == EX_OK)
		printf("%s: %zu users, %zu differences\n", v->owner, names->count, v->differences);
	return status != EX_OK ? status : v->differences > 0 ? 1 : EX_OK;
}

static int
verify_store(const char *dir, const char *owner, void *arg)
{
	struct verifying *v = arg;
	struct names names = { .only = v->user };
	struct doorstep_error error = { .code = DOORSTEP_OK };
	int status;

	v->owner = owner;
	if (list_names(dir, &names, &error) == -1) {
		status = error.code == DOORSTEP_NOT_FOUND ? OWNERS_NOT_HERE :
							    owners_failed(&error);
	} else if (v->user != NULL && names.count == 0)
		status = OWNERS_NOT_HERE;
	else
		status = verify_users(v, dir, &names);
	for (size_t i = 0; i < names.count; i++) {
		free(names.name[i]);
		free(names.root[i]);
	}
	free(names.name);
	free(names.root);
	return status;
}

int
index_verify(const struct conf *conf, const struct owners_user *user)
{
	struct verifying v = { .conf = conf, .user = user == NULL ? NULL : user->name };

	if (user == NULL)
		return owners_run_all(conf, verify_store, &v);
	if (user->owner != NULL)
		index_sync(conf, user->owner);
	return owners_run_user(conf, user, verify_store, &v);
}

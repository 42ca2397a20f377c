/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* doorstep sieve filter: a script for mail that is stored already.  First what
 * it would do to each message, then, when that is wanted, the doing: files are
 * moved in the Maildir, and deliver finds out as with any other reader. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "cli/index.h"
#include "cli/owners.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/sieve_job.h"
#include "doorstep.h"
#include "ipc/pieces.h"
#include "store/maildir.h"

/* A message that the script does something to, and what. */
struct task {
	char *file, *sender, *address, *title;
	uint32_t uid;
	struct arena arena; /* of the outcome */
	struct rec_filter_outcome outcome;
	/* Of the message, when a version of it is stored, and what was made for it. */
	struct str text, made;
	bool is_changed;
};

struct work {
	struct sieve_job *job;
	struct doorstep *store;
	char *root, *path, *name; /* of the mailbox */
	struct maildir *from;	  /* open while it is done */
	struct task *tasks;
	size_t count, cap, changed, done, failed;
	struct fail *why;
};

/* ---- which messages ---- */

static int
note_message(const struct doorstep_message *message, void *arg)
{
	struct work *work = arg;
	struct task *task;

	XGROW(work->tasks, work->cap, work->count + 1);
	task = &work->tasks[work->count++];
	memset(task, 0, sizeof *task);
	task->uid = message->uid;
	task->file = xstrdup(message->file);
	task->sender = xstrdup(message->sender);
	task->address = xstrdup(message->address[0] == '\0' ? work->job->user : message->address);
	task->title = xstrdup(message->subject);
	arena_init(&task->arena);
	return 0;
}

/* 0, or -1 with *error: the snapshot is not held longer than this. */
static int
list_messages(struct work *work, const char *user, struct doorstep_error *error)
{
	struct doorstep_snapshot *now = NULL;
	struct doorstep_user found;
	struct doorstep_mailbox mailbox;
	int rc;

	if (doorstep_begin(work->store, &now, error) == -1)
		return -1;
	rc = doorstep_find_user(now, user, &found, error);
	if (rc == 0)
		rc = doorstep_find_mailbox(now, user, work->job->mailbox, &mailbox, error);
	if (rc == 0) {
		work->root = xstrdup(found.root);
		work->path = xstrdup(mailbox.path);
		work->name = xstrdup(mailbox.name);
		rc = doorstep_each_message(now, mailbox.id, 1, UINT32_MAX, note_message, work, error);
	}
	doorstep_end(&now);
	return rc;
}

/* ---- what the script says ---- */

static bool
is_here(const struct work *work, const struct rec_action *action)
{
	struct str target = action->kind == FILTER_FILEINTO ? action->target : STR("INBOX");

	return str_is_equal_nocase(target, str_of(work->name));
}

static bool
is_stored(const struct rec_action *action)
{
	return action->kind == FILTER_KEEP || action->kind == FILTER_FILEINTO ||
	    action->kind == FILTER_DISCARD;
}

/* What is neither to be moved nor flagged nor changed is left alone; so is what
 * a script failed on, and what it would refuse or send. */
static bool
has_effect(const struct work *work, const struct rec_filter_outcome *outcome)
{
	bool has = outcome->error.n == 0;
	size_t i;

	for (i = 0; has && i < outcome->actions.n; i++)
		has = is_stored(&outcome->actions.at[i]);
	if (!has || outcome->actions.n == 0)
		return false;
	return outcome->actions.n > 1 || !is_here(work, &outcome->actions.at[0]) ||
	    outcome->actions.at[0].kind == FILTER_DISCARD ||
	    outcome->actions.at[0].flags.n > 0 || outcome->actions.at[0].version > 0;
}

/* The answer of the filter lives until the next one. */
static void
keep_outcome(struct task *task, const struct rec_filter_outcome *from)
{
	struct arena *a = &task->arena;
	struct rec_filter_outcome *to = &task->outcome;
	size_t i, j, n;

	to->error = arena_str(a, from->error);
	to->actions.n = from->actions.n;
	to->actions.at = arena_array(a, from->actions.n, sizeof *to->actions.at);
	for (i = 0; i < from->actions.n; i++) {
		to->actions.at[i] = from->actions.at[i];
		to->actions.at[i].target = arena_str(a, from->actions.at[i].target);
		to->actions.at[i].flags = arena_str(a, from->actions.at[i].flags);
		to->actions.at[i].rule = arena_str(a, from->actions.at[i].rule);
		to->actions.at[i].special_use = STR_EMPTY;
	}
	to->versions.n = from->versions.n;
	to->versions.at = arena_array(a, from->versions.n, sizeof *to->versions.at);
	for (i = 0; i < from->versions.n; i++) {
		n = from->versions.at[i].pieces.n;
		to->versions.at[i].pieces.n = n;
		to->versions.at[i].pieces.at = arena_array(a, n, sizeof(struct rec_piece));
		for (j = 0; j < n; j++)
			to->versions.at[i].pieces.at[j] = from->versions.at[i].pieces.at[j];
	}
}

/* 1: the file is gone; 0 with its text in the job. */
static int
read_message(struct work *work, const struct task *task, struct fail *why)
{
	struct sieve_job *job = work->job;
	struct doorstep_error error;
	int fd = -1, rc;

	rc = doorstep_fetch(work->store, work->root, work->path, task->file, &fd, NULL, &error);
	if (rc == -1)
		return fail_set(why, FAIL_TEMP, 3, 0, 0, "", "%s", error.text);
	if (rc == 1)
		return 1;
	buf_fini(&job->message);
	job->message = BUF_LIMIT((size_t)job->conf->message_size_limit + 65536);
	rc = file_read_all(fd, &job->message, task->file, why);
	file_close(&fd);
	return rc;
}

static int
try_message(struct work *work, struct task *task, struct fail *why)
{
	struct sieve_job *job = work->job;
	const struct rec_filter_outcome *outcome;
	int rc = read_message(work, task, why);

	if (rc != 0)
		return rc == 1 ? 0 : -1;
	job->sender = task->sender;
	job->recipient = task->address;
	outcome = sieve_job_ask(job, why);
	if (outcome == NULL)
		return -1;
	keep_outcome(task, outcome);
	task->is_changed = has_effect(work, &task->outcome);
	if (task->is_changed && task->outcome.versions.n > 0) {
		task->text = arena_str(&task->arena, buf_str(&job->message));
		task->made = arena_str(&task->arena, job->made);
	}
	work->changed += task->is_changed;
	return 0;
}

static void
show(const struct work *work, const struct task *task)
{
	struct buf out = BUF_EMPTY;
	size_t i;

	if (!task->is_changed && task->outcome.error.n == 0 && task->outcome.actions.n < 2 &&
	    (task->outcome.actions.n == 0 || is_stored(&task->outcome.actions.at[0]) ||
		task->outcome.actions.at[0].kind == FILTER_IMPLICIT_KEEP))
		return;
	buf_addf(&out, "%u ", task->uid);
	sieve_print_plain(&out, str_sub(str_of(task->title), 0, 60));
	buf_add_byte(&out, '\n');
	if (task->outcome.error.n > 0) {
		buf_add_cstr(&out, "    left alone: ");
		sieve_print_plain(&out, task->outcome.error);
		buf_add_byte(&out, '\n');
	}
	for (i = 0; i < task->outcome.actions.n && task->outcome.error.n == 0; i++) {
		buf_add_cstr(&out, task->is_changed ? "    " : "    left alone: ");
		sieve_print_action(&out, &task->outcome.actions.at[i]);
	}
	(void)work;
	fwrite(buf_cstr(&out), 1, out.n, stdout);
	buf_fini(&out);
}

/* ---- doing it ---- */

static int
open_folder(const struct work *work, struct str target, struct maildir **out, struct fail *why)
{
	struct buf path = BUF_EMPTY, name = BUF_EMPTY;
	bool was_made;
	int rc = maildir_path(str_of(work->root), target, &path, &name, why);

	if (rc == 0)
		rc = maildir_open(str_of(work->root), buf_str(&path), true, true, &was_made, out, why);
	buf_fini(&path);
	buf_fini(&name);
	return rc;
}

/* A changed message is a new one: RFC 9051 2.3.1.1, what a uid stands for never
 * changes. */
static int
store_version(const struct work *work, struct maildir *to, const struct task *task,
    const struct rec_action *action, struct fail *why)
{
	const struct rec_version *version = &task->outcome.versions.at[action->version - 1];
	struct str pieces[FILTER_PIECES_MAX];
	struct iovec iov[FILTER_PIECES_MAX];
	uint64_t size = 0, lines = 0;
	struct buf name = BUF_EMPTY;
	size_t i;
	int rc;

	if (!pieces_are_found(version, task->text, task->made, pieces))
		return fail_set(why, FAIL_OURS, 3, 0, 0, "", "the filter process made a message "
		    "that cannot be");
	for (i = 0; i < version->pieces.n; i++) {
		iov[i] = (struct iovec){ (void *)(uintptr_t)pieces[i].p, pieces[i].n };
		size += pieces[i].n;
		lines += str_count_byte(pieces[i], '\n');
	}
	maildir_add_name(&name, work->job->conf->hostname, clock_wall(), size, size + lines);
	rc = maildir_place(to, buf_str(&name), action->flags, iov, (int)i, true, NULL,
	    why);
	buf_fini(&name);
	return rc;
}

/* Its flags as they are, and those of the action.  Letters of keywords are each
 * folder's own.  How many keywords no letter can hold goes to *left_out. */
static void
add_new_name(const struct work *work, const struct maildir *to, struct buf *out, struct str old,
    struct str flags, size_t *left_out)
{
	ptrdiff_t colon = str_find_byte(old, ':');
	struct str base = str_sub(old, 0, colon == -1 ? old.n : (size_t)colon);
	struct buf all = BUF_EMPTY;

	if (colon != -1 && str_has_prefix(str_from(old, (size_t)colon), STR(":2,")))
		maildir_add_all_flags(work->from, &all, str_from(old, (size_t)colon + 3));
	buf_addf(&all, "%s%.*s", all.n > 0 ? " " : "", STR_ARG(flags));
	buf_add_cstr(out, "cur/");
	buf_add_str(out, base);
	buf_add_cstr(out, ":2,");
	*left_out = maildir_add_all_letters(to, out, buf_str(&all));
	buf_fini(&all);
}

static bool
is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

static int
link_file(const struct work *work, const char *from, const char *dir, const char *name,
    struct fail *why)
{
	struct buf source = BUF_EMPTY, target = BUF_EMPTY;
	int rc = 0, errnum;

	buf_addf(&source, "%s/%s", work->path, from);
	buf_addf(&target, "%s/%s", dir, name);
	if (link(buf_cstr(&source), buf_cstr(&target)) == -1) {
		errnum = errno;
		/* A run that was interrupted has come as far as this. */
		if (errnum != EEXIST || !is_same_file(buf_cstr(&source), buf_cstr(&target)))
			rc = fail_errno(why, errnum, "link the message to", buf_cstr(&target));
	}
	buf_fini(&source);
	buf_fini(&target);
	return rc;
}

static int
store(const struct work *work, const struct task *task, const struct rec_action *action,
    const char *rel, struct fail *why)
{
	struct maildir *to = NULL;
	struct buf name = BUF_EMPTY;
	struct str file = str_of(rel);
	size_t left = 0;
	int rc;

	rc = open_folder(work, action->kind == FILTER_FILEINTO ? action->target : STR("INBOX"), &to,
	    why);
	if (rc == 0 && action->version > 0) {
		rc = store_version(work, to, task, action, why);
	} else if (rc == 0) {
		file = str_from(file, (size_t)str_find_last_byte(file, '/') + 1);
		add_new_name(work, to, &name, file, action->flags, &left);
		rc = link_file(work, rel, to->path, buf_cstr(&name), why);
		if (rc == 0)
			rc = maildir_sync_dirs(to, why);
	}
	if (rc == 0 && left > 0)
		fprintf(stderr, "doorstep: message %u: %zu keywords are dropped: %s holds no more "
		    "than 26\n", task->uid, left, to->path);
	maildir_close(&to);
	buf_fini(&name);
	return rc;
}

/* The file in its mailbox, as `new/NAME` or `cur/NAME:2,FLAGS`.  1: gone. */
static int
find_file(const struct work *work, const struct task *task, struct buf *rel, struct fail *why)
{
	uint64_t size;

	return maildir_find(work->from, str_of(task->file), rel, &size, why);
}

static int
remove_file(const struct work *work, const char *rel, struct fail *why)
{
	struct buf path = BUF_EMPTY;
	int rc = 0;

	buf_addf(&path, "%s/%s", work->path, rel);
	if (unlink(buf_cstr(&path)) == -1 && errno != ENOENT)
		rc = fail_errno(why, errno, "remove", buf_cstr(&path));
	buf_fini(&path);
	return rc;
}

/* Where the message is, and with these flags: to be stored there again would be
 * to remove it. */
static bool
is_as_it_is(const struct work *work, const struct rec_action *action, struct str rel)
{
	struct buf name = BUF_EMPTY;
	size_t left;
	bool is_same;

	if (!is_here(work, action) || action->version > 0)
		return false;
	add_new_name(work, work->from, &name,
	    str_from(rel, (size_t)str_find_last_byte(rel, '/') + 1), action->flags, &left);
	is_same = action->flags.n == 0 || str_is_equal(buf_str(&name), rel);
	buf_fini(&name);
	return is_same;
}

/* Copies first; the message goes from its place only when all are there. */
static int
do_task(const struct work *work, const struct task *task, struct fail *why)
{
	struct buf rel = BUF_EMPTY;
	bool stays = false;
	size_t i;
	int rc = find_file(work, task, &rel, why);

	for (i = 0; rc == 0 && i < task->outcome.actions.n; i++) {
		const struct rec_action *action = &task->outcome.actions.at[i];

		if (action->kind == FILTER_DISCARD)
			continue;
		if (is_as_it_is(work, action, buf_str(&rel)))
			stays = true;
		else
			rc = store(work, task, action, buf_cstr(&rel), why);
	}
	if (rc == 0 && !stays)
		rc = remove_file(work, buf_cstr(&rel), why);
	buf_fini(&rel);
	return rc == 1 ? 0 : rc;
}

static bool
is_wanted(const struct work *work)
{
	char answer[16];

	if (work->job->is_yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		printf("nothing was changed: this was a dry run; --yes does it\n");
		return false;
	}
	printf("Do this to %zu messages? [y/N] ", work->changed);
	fflush(stdout);
	return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int
do_tasks(struct work *work)
{
	struct fail why = FAIL_EMPTY;
	size_t i;

	if (maildir_open(str_of(work->root), str_of(work->path), false, false, NULL, &work->from,
		&why) == -1) {
		fprintf(stderr, "doorstep: %s\n", why.log);
		return EX_TEMPFAIL;
	}
	for (i = 0; i < work->count; i++) {
		if (!work->tasks[i].is_changed)
			continue;
		why = (struct fail)FAIL_EMPTY;
		if (do_task(work, &work->tasks[i], &why) == 0) {
			work->done++;
			continue;
		}
		work->failed++;
		fprintf(stderr, "doorstep: message %u stays where it is: %s\n", work->tasks[i].uid,
		    why.log);
	}
	printf("%zu messages filtered, %zu failed\n", work->done, work->failed);
	return work->failed == 0 ? EX_OK : EX_TEMPFAIL;
}

/* ---- the verb ---- */

static void
end(struct work *work)
{
	size_t i;

	for (i = 0; i < work->count; i++) {
		free(work->tasks[i].file);
		free(work->tasks[i].sender);
		free(work->tasks[i].address);
		free(work->tasks[i].title);
		arena_fini(&work->tasks[i].arena);
	}
	maildir_close(&work->from);
	free(work->tasks);
	free(work->root);
	free(work->path);
	free(work->name);
	doorstep_close(&work->store);
}

static int
try_all(struct work *work, struct fail *why)
{
	struct progress progress;
	size_t i;
	int rc = 0;

	progress_init(&progress, "messages");
	for (i = 0; rc == 0 && i < work->count; i++) {
		rc = try_message(work, &work->tasks[i], why);
		progress_show(&progress, i + 1, work->count);
	}
	progress_fini(&progress);
	return rc;
}

struct context {
	struct sieve_job *job;
	const char *user;
};

/* As the owner of the mail. */
static int
filter_store(const char *dir, const char *owner, void *arg)
{
	struct context *context = arg;
	struct work work = { .job = context->job };
	struct doorstep_error error = { .code = DOORSTEP_OK };
	struct fail why = FAIL_EMPTY;
	size_t i;
	int rc, status = EX_OK;

	(void)owner;
	if (doorstep_open(dir, &work.store, &error) == -1)
		return owners_failed(&error);
	rc = list_messages(&work, context->user, &error);
	if (rc == 1) {
		end(&work);
		return OWNERS_NOT_HERE;
	}
	if (rc == -1) {
		status = owners_failed(&error);
	} else if (sieve_job_start(work.job, &why) == -1 || try_all(&work, &why) == -1) {
		fprintf(stderr, "doorstep: %s\n", why.log);
		status = EX_SOFTWARE;
	} else {
		for (i = 0; i < work.count; i++)
			show(&work, &work.tasks[i]);
		printf("%zu of %zu messages would be changed\n", work.changed, work.count);
		if (work.changed > 0 && is_wanted(&work))
			status = do_tasks(&work);
	}
	run_filter_stop(&work.job->filter);
	end(&work);
	return status;
}

int
sieve_filter_run(struct sieve_job *job, struct fail *why)
{
	struct context context = { job, NULL };
	struct owners_user user;
	int status;

	(void)why;
	owners_look_up(job->conf, job->user, &user);
	context.user = user.name;
	/* Rows of what has just come are not in the index yet. */
	index_sync(job->conf, user.owner);
	fflush(stdout);
	status = owners_run_user(job->conf, &user, filter_store, &context);
	owners_user_fini(&user);
	return status;
}

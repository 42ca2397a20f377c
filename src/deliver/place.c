/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Makes a job's files and takes them back when one cannot be made.  Knows
 * Maildir and the store's void, nothing of batches. */

#include "deliver/place.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/file.h"
#include "base/log.h"
#include "deliver/deliver.h"
#include "deliver/outgoing.h"
#include "ipc/actions.h"

static bool
is_open(const struct job_rcpt *rcpt)
{
	return !rcpt->is_settled && rcpt->copy_count > 0;
}

void
place_name_files(struct job *job)
{
	struct buf name = BUF_EMPTY;
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].copy_count; j++) {
			struct job_copy *copy = &job->rcpts[i].copies[j];

			buf_clear(&name);
			maildir_add_name(&name, job->deliver->conf->hostname, job->received,
			    copy->size, copy->wire_size);
			copy->file = arena_str(&job->arena, buf_str(&name));
		}
	buf_fini(&name);
}

/* What a script has made of the message, from where its pieces are. */
static int
write_changed(struct job_copy *copy, struct fail *why)
{
	struct iovec iov[1 + FILTER_PIECES_MAX];
	size_t i;

	iov[0] = (struct iovec){ (void *)(uintptr_t)copy->prefix.p, copy->prefix.n };
	for (i = 0; i < copy->piece_count; i++)
		iov[1 + i] = (struct iovec){ (void *)(uintptr_t)copy->pieces[i].p,
			copy->pieces[i].n };
	return maildir_write_tmp_parts(copy->box->maildir, copy->file, iov, 1 + (int)i, why);
}

static int
write_copy(const struct job *job, struct job_copy *copy, struct fail *why)
{
	if (copy->is_changed)
		return write_changed(copy, why);
	return maildir_write_tmp(copy->box->maildir, copy->file, copy->prefix,
	    job->stored.p == job->body.p ? job->body_fd : -1, job->stored, job->stored.n, why);
}

static void
write_rcpt(struct job_rcpt *rcpt)
{
	struct fail why = FAIL_EMPTY;
	size_t j;

	for (j = 0; j < rcpt->copy_count; j++) {
		if (write_copy(rcpt->job, &rcpt->copies[j], &why) == 0)
			continue;
		job_refuse(rcpt, &why);
		return;
	}
}

void
place_write_files(struct job *job)
{
	size_t i;

	for (i = 0; i < job->rcpt_count; i++)
		if (is_open(&job->rcpts[i]))
			write_rcpt(&job->rcpts[i]);
}

void
place_drop_files(struct job *job)
{
	size_t i, j;

	for (i = 0; job->is_file && i < job->rcpt_count; i++)
		for (j = 0; j < job->rcpts[i].copy_count; j++)
			maildir_unlink_tmp(job->rcpts[i].copies[j].box->maildir,
			    job->rcpts[i].copies[j].file);
}

static int
show(struct job *job, struct job_copy *copy, int *fd_out, struct fail *why)
{
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)copy->prefix.p, copy->prefix.n },
		{ (void *)(uintptr_t)job->stored.p, job->stored.n },
	};

	if (job->is_file)
		return maildir_show_tmp(copy->box->maildir, copy->file, copy->flags, why);
	return maildir_place(copy->box->maildir, copy->file, copy->flags, iov, 2, false, fd_out,
	    why);
}

static int
place_copy(struct job_rcpt *rcpt, struct job_copy *copy, struct fail *why)
{
	struct deliver *d = rcpt->job->deliver;
	struct box *again = NULL;
	int fd = -1;

	if (show(rcpt->job, copy, &fd, why) == -1) {
		/* The folder was removed since it was opened: make it anew. */
		if (why->errnum != ENOENT || rcpt->job->is_file ||
		    boxes_take(d->boxes, copy->box->root, copy->box->name, true, false, &again,
			why) == -1)
			return -1;
		boxes_give(d->boxes, &copy->box);
		copy->box = again;
		if (show(rcpt->job, copy, &fd, why) == -1)
			return -1;
	}
	copy->is_placed = true;
	settle_add(d->settle, fd, copy->box);
	rescans_watch(d->rescans, rcpt->user, copy->box);
	return 0;
}

/* Where a copy is visible, relative to new/ or cur/. */
static void
find_place(const struct job_copy *copy, struct buf *name, int *dir_fd)
{
	struct buf letters = BUF_EMPTY;

	(void)maildir_add_all_letters(copy->box->maildir, &letters, copy->flags);
	buf_clear(name);
	buf_add_str(name, copy->file);
	*dir_fd = copy->box->maildir->new_fd;
	if (letters.n > 0) {
		*dir_fd = copy->box->maildir->cur_fd;
		buf_add_cstr(name, ":2,");
		buf_add_str(name, buf_str(&letters));
	}
	buf_fini(&letters);
}

/* Makes a copy invisible again.  A large one goes back to tmp/: until the void
 * is durable the record stands, and the file is all there is of it. */
static void
unplace(struct job_rcpt *rcpt, struct job_copy *copy)
{
	struct buf name = BUF_EMPTY, tmp = BUF_EMPTY;
	int dir_fd, rc;

	if (!copy->is_placed)
		return;
	copy->is_placed = false;
	find_place(copy, &name, &dir_fd);
	buf_add_str(&tmp, copy->file);
	rc = rcpt->job->is_file
	    ? renameat(dir_fd, buf_cstr(&name), copy->box->maildir->tmp_fd, buf_cstr(&tmp))
	    : unlinkat(dir_fd, buf_cstr(&name), 0);
	if (rc == -1)
		log_warn("copy %.*s of a recipient that is answered 4xx could not be taken back",
		    STR_ARG(copy->file));
	buf_fini(&name);
	buf_fini(&tmp);
}

/* One of its copies cannot be made: the recipient gets none of them and sends
 * nothing, the record says so durably, and only then 4xx is answered (delivery.md). In this
 * order: a crash before the void makes the copy from the record, and the
 * client's retry meets its mark; a crash after it finds nothing to double. */
static void
void_rcpt(struct job_rcpt *rcpt, uint32_t first_copy, struct fail *why)
{
	const struct store_sent none = { 0, 0 };
	struct store_sent sent = { rcpt->first_outgoing, (uint32_t)rcpt->outgoing_count };
	struct job *job = rcpt->job;
	struct fail void_why;
	size_t j;

	for (j = 0; j < rcpt->copy_count; j++) {
		struct job_copy *copy = &rcpt->copies[j];

		unplace(rcpt, copy);
		/* The first takes back what the recipient has beside copies. */
		if (store_void(job->deliver->store, job->seq, first_copy + (uint32_t)j,
			j == 0 ? rcpt->digest : NULL, j == 0 ? sent : none, &void_why) == -1) {
			log_error("%.*s: %s", STR_ARG(job->trace_id), void_why.log);
			continue;
		}
		if (j == 0)
			outgoing_drop(rcpt);
		if (job->is_file)
			maildir_unlink_tmp(copy->box->maildir, copy->file);
	}
	/* The disk's word is final for the record, never for the sender. */
	why->class = FAIL_TEMP;
	job_refuse(rcpt, why);
}

void
place_job(struct job *job)
{
	struct fail why = FAIL_EMPTY;
	uint32_t copy = 0;
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++) {
		struct job_rcpt *rcpt = &job->rcpts[i];

		if (!is_open(rcpt))
			continue;
		for (j = 0; j < rcpt->copy_count; j++)
			if (place_copy(rcpt, &rcpt->copies[j], &why) == -1) {
				void_rcpt(rcpt, copy, &why);
				break;
			}
		copy += (uint32_t)rcpt->copy_count;
		BUG_ON(rcpt->user->in_flight < rcpt->copy_count);
		rcpt->user->in_flight -= (unsigned)rcpt->copy_count;
	}
}

void
place_sync_folders(struct job *job)
{
	struct fail why;
	size_t i, j;

	for (i = 0; i < job->rcpt_count; i++)
		for (j = 0; is_open(&job->rcpts[i]) && j < job->rcpts[i].copy_count; j++) {
			/* Another host may read at once (durability = fsync): the name
			 * must be on disk before the answer, not only in the journal.
			 * On failure the record stands, and so does its unacknowledged
			 * mark: 4xx cannot double it. */
			if (maildir_sync_dirs(job->rcpts[i].copies[j].box->maildir, &why) == -1)
				job_refuse(&job->rcpts[i], &why);
		}
}

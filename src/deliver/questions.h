/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_QUESTIONS_H
#define DOORSTEP_DELIVER_QUESTIONS_H

#include "deliver/job.h"
#include "ipc/actions.h"

/*
 * What scripts want to know in the middle of their run: answered at once, as
 * the owner of the mail, from the disk and the store.  A filter is not
 * believed: names are checked, and users other than the job's are none.
 */

/* Bytes of a file of lists or metadata: it is read for each question. */
#define QUESTIONS_FILE_MAX ((size_t)256 * 1024)

/* job: what the filter works on; NULL while it compiles a script. */
void questions_answer(struct deliver *d, const struct job *job, struct wire *wire,
    const struct msg_FILTER_ASKS *asked);

/* An answer, whatever its length. */
void questions_tell(struct wire *wire, uint64_t id, enum filter_answer answer, struct str text);

/* The key of a mark in the store, from a user and what a script made of it. */
void questions_mark_key(struct deliver *d, struct str user, struct str id,
    unsigned char key[32]);

/* The folder of the recipient that is there and has a special use (RFC 6154), as
 * mailbox_special_use says; use with or without its backslash.  Of several the
 * named one, where it is one of them (RFC 8579 4).  Empty: none. */
struct str questions_special_use(const struct job_rcpt *rcpt, struct str use, struct str named);

/* A path of the config for a user: `~/` is the home; empty when there is none. */
void questions_add_path(struct buf *out, const char *path, struct str home);

#endif

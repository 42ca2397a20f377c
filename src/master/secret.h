/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MASTER_SECRET_H
#define DOORSTEP_MASTER_SECRET_H

#include "base/buf.h"
#include "base/fail.h"

/* Of a password; no server takes a longer one. */
#define SECRET_MAX ((size_t)1024)

/*
 * The first line of a file, without its line end, into out.  A link in the
 * path's last part, what is no regular file, and what is empty or too long are
 * refused; a file that others can read is used, with a line in the log.
 */
int secret_read(const char *path, struct buf *out, struct fail *why);
void secret_forget(struct buf *secret); /* overwrites and frees */

#endif

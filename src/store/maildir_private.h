/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_MAILDIR_PRIVATE_H
#define DOORSTEP_STORE_MAILDIR_PRIVATE_H

#include "base/fail.h"

/* Between the maildir*.c files only. */

/* A system call on a mailbox failed: disk and quota as fail_errno says, anything
 * else is the mailbox's own trouble (4.2.0).  Returns -1. */
int maildir_private_fail(struct fail *why, int errnum, const char *what, const char *path);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_READER_H
#define DOORSTEP_STORE_READER_H

#include <limits.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/fail.h"
#include "doorstep.h"
#include "store/index.h"

/* Inside libdoorstep (reader.c, reader_rows.c) only; everybody else includes
 * include/doorstep.h. */

/* What find functions may keep in one snapshot, and one row take: rows are a few
 * KiB at most, more is damage. */
#define READER_KEPT_MAX ((size_t)64 << 20)
#define READER_ROW_MAX ((size_t)4 << 20)

struct doorstep {
	struct index *index;
	char *dir;
	uid_t owner; /* of the directory, and of the mail */
};

struct doorstep_snapshot {
	struct doorstep *store;
	struct index_txn *txn;
	struct arena kept;
};

/* Each fills *error (NULL is allowed) and returns -1. */
int reader_fail(struct doorstep_error *error, const struct fail *why);
int reader_set(struct doorstep_error *error, enum doorstep_code code, const char *format,
    const char *name) __attribute__((format(printf, 3, 0)));
int reader_no_memory(struct doorstep_error *error);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DIRECTORY_TEXT_FILE_H
#define DOORSTEP_DIRECTORY_TEXT_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fail.h"

/*
 * A text file of the administrator's that is read as a whole and read again
 * when it has changed (identity, size, times): users, aliases.
 */
struct text_file {
	char *path;
	struct buf text;
	struct stat identity;
	bool is_loaded;
};

/* A file of users may be large, but not without bound. */
#define TEXT_FILE_MAX ((size_t)256 * 1024 * 1024)

void text_file_init(struct text_file *f, struct str path);
void text_file_fini(struct text_file *f);

/* Looks at the file.  0: text is what it holds now, and *has_changed_out says
 * whether that differs from the last time.  -1: unreadable; an earlier text is
 * forgotten, so that nobody answers from it. */
int text_file_refresh(struct text_file *f, bool *has_changed_out, struct fail *why);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_FILE_H
#define DOORSTEP_BASE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/fail.h"

/*
 * Files, with EINTR and short counts taken care of.  All return 0, or -1 with
 * *why filled; `path` arguments named `name` are for the message only.
 * Every file is opened with O_CLOEXEC.
 */
void file_close(int *fd); /* closes and sets -1; legal on -1 */

int file_open(int *fd_out, int dir_fd, const char *path, int flags, mode_t mode, struct fail *why);
int file_write_all(int fd, struct str bytes, const char *name, struct fail *why);
int file_pwrite_all(int fd, struct str bytes, int64_t offset, const char *name, struct fail *why);
/* iov is used up. */
int file_writev_all(int fd, struct iovec *iov, int count, const char *name, struct fail *why);
/* Reads exactly n bytes at offset; a shorter file is a failure. */
int file_pread_all(int fd, void *out, size_t n, int64_t offset, const char *name, struct fail *why);
/* Appends the whole of fd (from its position) to out, within out->max. */
int file_read_all(int fd, struct buf *out, const char *name, struct fail *why);

/*
 * Whether two looks at a path met the same file with the same content, as far
 * as stat(2) tells: a change sets the ctime, which nobody can set back.
 */
bool file_is_same(const struct stat *a, const struct stat *b);

/* Durable when these return 0 (fdatasync, fsync of a directory). */
int file_sync_data(int fd, const char *name, struct fail *why);
int file_sync(int fd, const char *name, struct fail *why);
int file_sync_dir(const char *path, struct fail *why);

/* mkdir -p with this mode for what is made; an existing directory is fine. */
int file_make_dirs(const char *path, mode_t mode, struct fail *why);

/* A memfd with these bytes, sealed against write, shrink and grow. */
int file_sealed(struct str bytes, int *fd_out, struct fail *why);
/*
 * Room that another process is to fill: a memfd of n zero bytes that can
 * neither grow nor shrink.  file_seal ends the writing; it fails, and nothing
 * in it is to be believed, while somebody has it mapped for writing.
 */
int file_space(size_t n, int *fd_out, struct fail *why);
int file_seal(int fd, struct fail *why);
/* Whether fd is a memfd that can neither shrink nor be written. */
bool file_is_sealed(int fd);
/* Maps n bytes of a sealed memfd for reading; NULL with *why on failure. */
const char *file_map(int fd, size_t n, struct fail *why);
void file_unmap(const char *p, size_t n);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Files at the system's edge, with interrupted calls and short counts taken
 * care of.  Does not know what is in them, nor which must be durable. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define READ_CHUNK ((size_t)4096)
#define SEALS_NEEDED (F_SEAL_WRITE | F_SEAL_SHRINK)

void
file_close(int *fd)
{
	int saved = errno;

	if (*fd == -1)
		return;
	/* Not again after EINTR: Linux has closed it, and the number may be
	 * another file's by now. */
	close(*fd);
	*fd = -1;
	errno = saved;
}

int
file_open(int *fd_out, int dir_fd, const char *path, int flags, mode_t mode, struct fail *why)
{
	int fd;

	do
		fd = openat(dir_fd, path, flags | O_CLOEXEC, mode);
	while (fd == -1 && errno == EINTR);
	if (fd == -1)
		return fail_errno(why, errno, (flags & O_CREAT) != 0 ? "create" : "open", path);
	*fd_out = fd;
	return 0;
}

/* A write of nothing is no progress: a device that does it would hold us. */
static bool
is_failed_write(ssize_t done)
{
	if (done == 0)
		errno = EIO;
	return done == 0 || (done == -1 && errno != EINTR);
}

int
file_write_all(int fd, struct str bytes, const char *name, struct fail *why)
{
	ssize_t done;

	while (bytes.n > 0) {
		done = write(fd, bytes.p, bytes.n);
		if (is_failed_write(done))
			return fail_errno(why, errno, "write", name);
		if (done > 0)
			bytes = str_from(bytes, (size_t)done);
	}
	return 0;
}

int
file_pwrite_all(int fd, struct str bytes, int64_t offset, const char *name, struct fail *why)
{
	ssize_t done;

	while (bytes.n > 0) {
		done = pwrite(fd, bytes.p, bytes.n, offset);
		if (is_failed_write(done))
			return fail_errno(why, errno, "write", name);
		if (done > 0) {
			bytes = str_from(bytes, (size_t)done);
			offset += done;
		}
	}
	return 0;
}

/* Passes over the parts that are written; gives how many are written whole. */
static int
advance(struct iovec *iov, int count, size_t done)
{
	int i;

	for (i = 0; i < count && done >= iov[i].iov_len; i++)
		done -= iov[i].iov_len;
	if (i < count) {
		iov[i].iov_base = (char *)iov[i].iov_base + done;
		iov[i].iov_len -= done;
	}
	return i;
}

int
file_writev_all(int fd, struct iovec *iov, int count, const char *name, struct fail *why)
{
	ssize_t done;
	int whole;

	for (;;) {
		/* Empty parts first: a write of only those is no failure. */
		whole = advance(iov, count, 0);
		iov += whole;
		count -= whole;
		if (count == 0)
			return 0;
		done = writev(fd, iov, count < IOV_MAX ? count : IOV_MAX);
		if (is_failed_write(done))
			return fail_errno(why, errno, "write", name);
		if (done > 0) {
			whole = advance(iov, count, (size_t)done);
			iov += whole;
			count -= whole;
		}
	}
}

int
file_pread_all(int fd, void *out, size_t n, int64_t offset, const char *name, struct fail *why)
{
	char *to = out;
	ssize_t got;

	while (n > 0) {
		got = pread(fd, to, n, offset);
		if (got == 0)
			return fail_set(why, FAIL_TEMP, 3, 0, 0, "Local error, try again later",
			    "%s ends at byte %lld: %zu bytes more were expected", name,
			    (long long)offset, n);
		if (got == -1 && errno != EINTR)
			return fail_errno(why, errno, "read", name);
		if (got > 0) {
			to += got;
			n -= (size_t)got;
			offset += got;
		}
	}
	return 0;
}

static int
refuse_length(struct fail *why, const char *name, size_t max)
{
	return fail_set(why, FAIL_TEMP, 3, 0, 0, "Local error, try again later",
	    "%s does not fit into %zu bytes", name, max);
}

/* As much as there is room for without growing, but a chunk at least. */
static size_t
next_chunk(const struct buf *out, size_t max)
{
	size_t chunk = out->cap - out->n < READ_CHUNK ? READ_CHUNK : out->cap - out->n;

	return chunk < max - out->n ? chunk : max - out->n;
}

int
file_read_all(int fd, struct buf *out, const char *name, struct fail *why)
{
	size_t max = out->max == 0 ? BUF_MAX_DEFAULT : out->max;
	char probe;
	size_t chunk;
	char *to;
	ssize_t got;

	for (;;) {
		chunk = out->n < max ? next_chunk(out, max) : 0;
		/* Full: one byte more tells a file that fits from one that does not. */
		to = chunk > 0 ? buf_reserve(out, chunk) : &probe;
		if (to == NULL)
			return refuse_length(why, name, max);
		got = read(fd, to, chunk > 0 ? chunk : 1);
		if (got == 0)
			return 0;
		if (got == -1 && errno != EINTR)
			return fail_errno(why, errno, "read", name);
		if (got > 0 && chunk == 0)
			return refuse_length(why, name, max);
		if (got > 0)
			buf_grew(out, (size_t)got);
	}
}

int
file_sync_data(int fd, const char *name, struct fail *why)
{
	/* Not again after a failure: the kernel has dropped the dirty pages and
	 * would call the next attempt a success. */
	if (fdatasync(fd) == -1)
		return fail_errno(why, errno, "sync", name);
	return 0;
}

int
file_sync(int fd, const char *name, struct fail *why)
{
	/* Once only, as above. */
	if (fsync(fd) == -1)
		return fail_errno(why, errno, "sync", name);
	return 0;
}

bool
file_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

int
file_sync_dir(const char *path, struct fail *why)
{
	int fd = -1;
	int rc = -1;

	if (file_open(&fd, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, why) == -1)
		goto out;
	/* What makes names durable: links and renames in it. */
	rc = file_sync(fd, path, why);
out:
	file_close(&fd);
	return rc;
}

static int
make_dir(const char *path, mode_t mode, struct fail *why)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return fail_errno(why, errno, "make directory", path);
	if (stat(path, &st) == -1)
		return fail_errno(why, errno, "look at", path);
	if (!S_ISDIR(st.st_mode))
		return fail_errno(why, ENOTDIR, "make directory", path);
	return 0;
}

int
file_make_dirs(const char *path, mode_t mode, struct fail *why)
{
	struct buf part = BUF_LIMIT(PATH_MAX);
	int rc = -1;
	size_t i;

	for (i = 0; path[i] != '\0'; i++) {
		if (path[i] == '/' && i > 0 && path[i - 1] != '/') {
			if (!buf_is_ok(&part)) {
				fail_errno(why, ENAMETOOLONG, "make directory", path);
				goto out;
			}
			if (make_dir(buf_cstr(&part), mode, why) == -1)
				goto out;
		}
		buf_add_byte(&part, path[i]);
	}
	rc = make_dir(path, mode, why);
out:
	buf_fini(&part);
	return rc;
}

int
file_sealed(struct str bytes, int *fd_out, struct fail *why)
{
	static const int seals = SEALS_NEEDED | F_SEAL_GROW | F_SEAL_SEAL;
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int rc = -1;

	if (fd == -1) {
		fail_errno(why, errno, "create", "a memory file");
		goto out;
	}
	if (file_write_all(fd, bytes, "a memory file", why) == -1)
		goto out;
	if (lseek(fd, 0, SEEK_SET) == -1 || fcntl(fd, F_ADD_SEALS, seals) == -1) {
		fail_errno(why, errno, "seal", "a memory file");
		goto out;
	}
	*fd_out = fd;
	fd = -1;
	rc = 0;
out:
	file_close(&fd);
	return rc;
}

int
file_space(size_t n, int *fd_out, struct fail *why)
{
	int fd = memfd_create("space", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return fail_errno(why, errno, "create", "a memory file");
	if (ftruncate(fd, (off_t)n) == -1 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == -1) {
		fail_errno(why, errno, "size", "a memory file");
		file_close(&fd);
		return -1;
	}
	*fd_out = fd;
	return 0;
}

int
file_seal(int fd, struct fail *why)
{
	if (fcntl(fd, F_ADD_SEALS, SEALS_NEEDED | F_SEAL_GROW | F_SEAL_SEAL) == -1)
		return fail_errno(why, errno, "seal", "a memory file");
	return 0;
}

bool
file_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals != -1 && (seals & SEALS_NEEDED) == SEALS_NEEDED;
}

const char *
file_map(int fd, size_t n, struct fail *why)
{
	struct stat st;
	void *p;

	/* Whoever sent it could otherwise change the bytes after they were
	 * checked, or cut them off and kill the reader with SIGBUS. */
	if (!file_is_sealed(fd) || fstat(fd, &st) == -1 || st.st_size < 0 ||
	    (uint64_t)st.st_size < n) {
		fail_set(why, FAIL_OURS, 3, 0, 0, "Local error, try again later",
		    "a message of %zu bytes came in a file that is not sealed or too short", n);
		return NULL;
	}
	if (n == 0)
		return "";
	p = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED) {
		fail_errno(why, errno, "map", "a message");
		return NULL;
	}
	return p;
}

void
file_unmap(const char *p, size_t n)
{
	if (p != NULL && n > 0)
		munmap((void *)(uintptr_t)p, n);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Files: whole reads and writes, directories, sealed memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char dir[] = "/tmp/test_file.XXXXXX";

static int
enter_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : chdir(dir);
}

static int
leave_dir(void **state)
{
	(void)state;
	rmdir("a/b/c");
	rmdir("a/b");
	rmdir("a");
	unlink("f");
	return chdir("/") == -1 ? -1 : rmdir(dir);
}

static int
new_file(void)
{
	int fd = -1;

	assert_int_equal(file_open(&fd, AT_FDCWD, "f", O_RDWR | O_CREAT | O_TRUNC, 0600, NULL), 0);
	return fd;
}

static void
an_opened_file_does_not_survive_exec(void **state)
{
	struct fail why = FAIL_EMPTY;
	int fd = new_file();

	(void)state;
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	file_close(&fd);
	assert_int_equal(fd, -1);
	file_close(&fd);
	assert_int_equal(file_open(&fd, AT_FDCWD, "none", O_RDONLY, 0, &why), -1);
	assert_int_equal(why.errnum, ENOENT);
	assert_string_equal(why.log, "cannot open none: No such file or directory");
}

static void
what_is_written_is_read(void **state)
{
	struct iovec iov[] = { { (char[]){ "" }, 0 }, { (char[]){ "ab" }, 2 },
		{ (char[]){ "" }, 0 }, { (char[]){ "cd" }, 2 }, { (char[]){ "" }, 0 } };
	struct buf out = BUF_EMPTY;
	char part[3];
	int fd = new_file();

	(void)state;
	assert_int_equal(file_writev_all(fd, iov, 5, "f", NULL), 0);
	assert_int_equal(file_write_all(fd, STR("ef"), "f", NULL), 0);
	assert_int_equal(file_pwrite_all(fd, STR("XY"), 1, "f", NULL), 0);
	assert_int_equal(file_sync_data(fd, "f", NULL), 0);
	assert_int_equal(file_sync(fd, "f", NULL), 0);
	assert_int_equal(file_sync_dir(".", NULL), 0);
	assert_int_equal(file_pread_all(fd, part, 3, 2, "f", NULL), 0);
	assert_memory_equal(part, "Yde", 3);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	buf_add_byte(&out, '>');
	assert_int_equal(file_read_all(fd, &out, "f", NULL), 0);
	assert_string_equal(buf_cstr(&out), ">aXYdef");
	buf_fini(&out);
	file_close(&fd);
}

/* A pipe takes less than is asked: the rest must follow. */
static void
short_counts_are_made_whole(void **state)
{
	static char big[300000];
	struct iovec iov[2000];
	struct buf out = BUF_EMPTY;
	int ends[2];
	pid_t child;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof big; i++)
		big[i] = (char)(i % 251);
	for (i = 0; i < 2000; i++)
		iov[i] = (struct iovec){ big + i * 150, 150 };
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0)
		_exit(file_writev_all(ends[1], iov, 2000, "pipe", NULL) == -1);
	close(ends[1]);
	assert_int_equal(file_read_all(ends[0], &out, "pipe", NULL), 0);
	assert_int_equal(out.n, sizeof big);
	assert_memory_equal(out.p, big, sizeof big);
	buf_fini(&out);
	close(ends[0]);
}

static void
a_shorter_file_is_a_failure(void **state)
{
	struct fail why = FAIL_EMPTY;
	char part[4];
	int fd = new_file();

	(void)state;
	assert_int_equal(file_write_all(fd, STR("abc"), "f", NULL), 0);
	assert_int_equal(file_pread_all(fd, part, 4, 0, "f", &why), -1);
	assert_int_equal(why.class, FAIL_TEMP);
	assert_string_equal(why.log, "f ends at byte 3: 1 bytes more were expected");
	file_close(&fd);
}

static void
a_file_of_exactly_the_limit_fits(void **state)
{
	struct fail why = FAIL_EMPTY;
	struct buf out = BUF_LIMIT(6);
	int fd = new_file();

	(void)state;
	assert_int_equal(file_write_all(fd, STR("abcdef"), "f", NULL), 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(file_read_all(fd, &out, "f", &why), 0);
	assert_int_equal(out.n, 6);
	buf_clear(&out);
	assert_int_equal(file_write_all(fd, STR("g"), "f", NULL), 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(file_read_all(fd, &out, "f", &why), -1);
	assert_string_equal(why.log, "f does not fit into 6 bytes");
	buf_fini(&out);
	file_close(&fd);
}

static void
directories_are_made_down_to_the_last(void **state)
{
	struct fail why = FAIL_EMPTY;
	struct stat st;
	int fd = new_file();

	(void)state;
	file_close(&fd);
	assert_int_equal(file_make_dirs("a//b/c/", 0700, &why), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(file_make_dirs("a/b/c", 0755, &why), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(file_make_dirs(dir, 0755, &why), 0);
	assert_int_equal(file_make_dirs("f", 0700, &why), -1);
	assert_int_equal(why.errnum, ENOTDIR);
	assert_int_equal(file_make_dirs("f/g", 0700, &why), -1);
	assert_int_equal(why.errnum, ENOTDIR);
}

static void
a_sealed_file_can_be_read_and_nothing_else(void **state)
{
	struct fail why = FAIL_EMPTY;
	const char *p;
	int fd = -1;

	(void)state;
	assert_int_equal(file_sealed(STR("message"), &fd, &why), 0);
	assert_true(file_is_sealed(fd));
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(pwrite(fd, "X", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 2), -1);
	assert_int_equal(ftruncate(fd, 20), -1);
	p = file_map(fd, 7, &why);
	assert_non_null(p);
	assert_memory_equal(p, "message", 7);
	file_unmap(p, 7);
	assert_null(file_map(fd, 8, &why));
	assert_int_equal(why.class, FAIL_OURS);
	p = file_map(fd, 0, &why);
	assert_non_null(p);
	file_unmap(p, 0);
	file_close(&fd);
}

static void
a_file_that_can_change_is_not_mapped(void **state)
{
	static const int too_few[] = { F_SEAL_WRITE, F_SEAL_SHRINK | F_SEAL_GROW,
		F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE };
	struct fail why = FAIL_EMPTY;
	int fd = new_file();
	size_t i;

	(void)state;
	assert_int_equal(file_write_all(fd, STR("abc"), "f", NULL), 0);
	assert_false(file_is_sealed(fd));
	assert_null(file_map(fd, 3, &why));
	file_close(&fd);
	assert_false(file_is_sealed(fd));
	for (i = 0; i < 3; i++) {
		fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		assert_int_equal(ftruncate(fd, 10), 0);
		assert_int_equal(fcntl(fd, F_ADD_SEALS, too_few[i]), 0);
		assert_false(file_is_sealed(fd));
		assert_null(file_map(fd, 10, &why));
		file_close(&fd);
	}
}

/* Size and mtime are the same in both: only the ctime tells. */
static void
a_file_changed_behind_its_mtime_is_another(void **state)
{
	struct timespec times[2] = { { 0 } };
	struct stat before, after;
	int fd = new_file();

	(void)state;
	assert_int_equal(file_write_all(fd, STR("one"), "f", NULL), 0);
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(fstat(fd, &before), 0);
	assert_int_equal(stat("f", &after), 0);
	assert_true(file_is_same(&before, &after));
	usleep(20 * 1000);
	assert_int_equal(file_pwrite_all(fd, STR("two"), 0, "f", NULL), 0);
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(stat("f", &after), 0);
	assert_int_equal(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
	assert_false(file_is_same(&before, &after));
	file_close(&fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_opened_file_does_not_survive_exec),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(short_counts_are_made_whole),
		cmocka_unit_test(a_shorter_file_is_a_failure),
		cmocka_unit_test(a_file_of_exactly_the_limit_fits),
		cmocka_unit_test(a_file_changed_behind_its_mtime_is_another),
		cmocka_unit_test(directories_are_made_down_to_the_last),
		cmocka_unit_test(a_sealed_file_can_be_read_and_nothing_else),
		cmocka_unit_test(a_file_that_can_change_is_not_mapped),
	};

	return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Maildir names, folders and files, in a directory of their own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/maildir.h"
#include "store/maildir_name.h"

#define FILE_NAME STR("1700000000.M1P2Q3.host,S=5,W=6")

struct place {
	char dir[64];
	struct buf root;
};

static int
begin(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	snprintf(p->dir, sizeof p->dir, "/tmp/doorstep-maildir-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	buf_addf(&p->root, "%s/home/Maildir", p->dir);
	*state = p;
	return 0;
}

static int
end(void **state)
{
	struct place *p = *state;
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", p->dir);
	assert_int_equal(system(command), 0);
	buf_fini(&p->root);
	free(p);
	return 0;
}

static bool
is_there(const struct place *p, const char *rel, mode_t type)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof path, "%.*s/%s", (int)p->root.n, p->root.p, rel);
	return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static void
write_text(const struct place *p, const char *rel, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%.*s/%s", (int)p->root.n, p->root.p, rel);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
assert_text(const struct place *p, const char *rel, const char *text)
{
	char path[512], got[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%.*s/%s", (int)p->root.n, p->root.p, rel);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(got, 1, sizeof got - 1, f);
	got[n] = '\0';
	fclose(f);
	assert_string_equal(got, text);
}

static struct maildir *
open_named(const struct place *p, const char *name, bool create)
{
	struct buf path = BUF_EMPTY, canonical = BUF_EMPTY;
	struct maildir *m = NULL;
	struct fail why = FAIL_EMPTY;

	assert_int_equal(maildir_path(buf_str(&p->root), str_of(name), &path, &canonical, &why), 0);
	if (maildir_open(buf_str(&p->root), buf_str(&path), create, true, NULL, &m, &why) == -1)
		assert_null(m);
	buf_fini(&path);
	buf_fini(&canonical);
	return m;
}

static void
folder_names_become_directories(void **state)
{
	static const struct {
		const char *name, *path, *canonical;
	} cases[] = {
		{ "INBOX", "/m", "INBOX" },
		{ "inBox", "/m", "INBOX" },
		{ "Lists", "/m/.Lists", "Lists" },
		{ "Lists/doorstep", "/m/.Lists.doorstep", "Lists.doorstep" },
		{ "Lists.doorstep", "/m/.Lists.doorstep", "Lists.doorstep" },
		{ "inbox/foo", "/m/.INBOX.foo", "INBOX.foo" },
		{ "Entw\303\274rfe", "/m/.Entw&APw-rfe", "Entw\303\274rfe" },
		{ "a&b", "/m/.a&-b", "a&b" },
		{ "inboxes", "/m/.inboxes", "inboxes" },
		{ "\303\205", "/m/.&AMU-", "\303\205" },
		{ "\302\240", "/m/.&AKA-", "\302\240" },
	};
	struct buf path = BUF_EMPTY, canonical = BUF_EMPTY, back = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(maildir_path(STR("/m/"), str_of(cases[i].name), &path, &canonical,
				     NULL), 0);
		assert_string_equal(buf_cstr(&path), cases[i].path);
		assert_string_equal(buf_cstr(&canonical), cases[i].canonical);
		if (path.n > 3) {
			assert_true(maildir_name_is_folder(str_from(buf_str(&path), 3), &back));
			assert_string_equal(buf_cstr(&back), cases[i].canonical);
		}
	}
	buf_fini(&path);
	buf_fini(&canonical);
	buf_fini(&back);
}

static void
bad_folder_names_are_permanent_failures(void **state)
{
	char deep[2 * MAILDIR_DEPTH_MAX + 2], longest[MAILDIR_NAME_MAX + 2];
	const struct str cases[] = { STR(""), STR("."), STR(".."), STR("a..b"), STR("/a"), STR("a/"),
		STR("../../etc"), STR("a\0b"), STR("a\nb"), STR("a\x7f"), STR("\xff"),
		STR("a\xc2\x85"), STR("\xc2\x9f""b"),
		STR("\xc0\xaf"), { deep, sizeof deep - 1 }, { longest, sizeof longest - 1 } };
	struct buf path = BUF_EMPTY, canonical = BUF_EMPTY;
	struct fail why;

	(void)state;
	for (size_t i = 0; i < sizeof deep; i++)
		deep[i] = i % 2 == 0 ? 'a' : '.';
	memset(longest, 'x', sizeof longest);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		why = FAIL_EMPTY;
		assert_int_equal(maildir_path(STR("/m"), cases[i], &path, &canonical, &why), -1);
		assert_int_equal(why.class, FAIL_PERM);
	}
	buf_fini(&path);
	buf_fini(&canonical);
}

/* 255 bytes of name, but 4 bytes of Asia become more in modified UTF-7. */
static void
encoded_name_must_fit_a_directory_entry(void **state)
{
	struct buf name = BUF_EMPTY, path = BUF_EMPTY, canonical = BUF_EMPTY;

	(void)state;
	while (name.n + 2 <= MAILDIR_NAME_MAX)
		buf_add_cstr(&name, "\303\274");
	assert_int_equal(maildir_path(STR("/m"), buf_str(&name), &path, &canonical, NULL), -1);
	buf_fini(&name);
	buf_fini(&path);
	buf_fini(&canonical);
}

static void
entries_that_are_no_folders_are_passed_over(void **state)
{
	const struct str cases[] = { STR("."), STR(".."), STR("cur"), STR(".a."), STR(".a..b"),
		STR(".&bad"), STR("..a") };
	struct buf name = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_false(maildir_name_is_folder(cases[i], &name));
	buf_fini(&name);
}

static void
file_names_are_taken_apart(void **state)
{
	static const struct {
		const char *file, *base, *letters;
		uint64_t size, wire_size, seconds;
		bool has_size;
	} cases[] = {
		{ "1700000000.M1P2.h,S=10,W=12:2,FS", "1700000000.M1P2.h,S=10,W=12", "FS", 10, 12,
		    1700000000, true },
		{ "1700000000.M1P2.h", "1700000000.M1P2.h", "", 0, 0, 1700000000, false },
		{ "x,S=", "x,S=", "", 0, 0, 0, false },
		{ "x,S=-1,W=99999999999999999999", "x,S=-1,W=99999999999999999999", "", 0, 0, 0,
		    false },
		{ "x:2,", "x", "", 0, 0, 0, false },
	};
	struct maildir_name name;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(maildir_name_is_read(str_of(cases[i].file), &name));
		assert_true(str_is_equal(name.base, str_of(cases[i].base)));
		assert_true(str_is_equal(name.letters, str_of(cases[i].letters)));
		assert_int_equal(name.has_size, cases[i].has_size);
		if (name.has_size)
			assert_int_equal(name.size, cases[i].size);
		if (name.has_wire_size)
			assert_int_equal(name.wire_size, cases[i].wire_size);
		assert_int_equal(name.seconds, cases[i].seconds);
	}
	assert_false(maildir_name_is_read(STR(".hidden"), &name));
	assert_false(maildir_name_is_read(STR(":2,S"), &name));
}

static void
flags_and_letters_are_one_another(void **state)
{
	struct buf out = BUF_EMPTY;

	(void)state;
	maildir_add_letters(&out, STR("\\seen $label \\Flagged \\Draft"));
	assert_string_equal(buf_cstr(&out), "DFS");
	buf_clear(&out);
	maildir_add_flags(&out, STR("DFSa"));
	assert_string_equal(buf_cstr(&out), "\\Draft \\Flagged \\Seen");
	buf_clear(&out);
	maildir_name_add_merged(&out, STR("R"), STR("\\Seen $label"));
	assert_string_equal(buf_cstr(&out), "\\Answered $label");
	assert_true(maildir_name_has_flags(STR("SFb"), STR("$x \\Flagged \\Seen")));
	assert_false(maildir_name_has_flags(STR(""), STR("\\Seen")));
	buf_fini(&out);
}

/* What dovecot-keywords holds then. */
static void
expect_letters(struct maildir *m, const char *flags, const char *want, size_t want_left,
    const char *want_file)
{
	char file[2048] = "", path[512];
	struct buf out = BUF_EMPTY;
	FILE *f;

	assert_int_equal(maildir_add_all_letters(m, &out, str_of(flags)), want_left);
	assert_string_equal(buf_cstr(&out), want);
	snprintf(path, sizeof path, "%s/dovecot-keywords", m->path);
	f = fopen(path, "r");
	if (f != NULL) {
		file[fread(file, 1, sizeof file - 1, f)] = '\0';
		fclose(f);
	}
	if (want_file != NULL)
		assert_string_equal(file, want_file);
	buf_fini(&out);
	snprintf(path, sizeof path, "%s/dovecot-uidlist.lock", m->path);
	assert_int_equal(access(path, F_OK), -1);
}

static void
write_keywords(const struct maildir *m, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", m->path, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
keywords_have_the_letters_of_the_folder(void **state)
{
	struct str root = buf_str(&((struct place *)*state)->root);
	struct maildir *m = NULL;
	struct fail why = FAIL_EMPTY;
	struct buf out = BUF_EMPTY;
	char lock[512];

	assert_int_equal(maildir_open(root, root, true, false, NULL, &m, &why), 0);
	expect_letters(m, "\\Seen \\Flagged", "FS", 0, "");
	expect_letters(m, "one \\Seen two", "Sab", 0, "0 one\n1 two\n");
	expect_letters(m, "TWO three", "bc", 0, "0 one\n1 two\n2 three\n");
	maildir_add_all_flags(m, &out, STR("FScaz"));
	assert_string_equal(buf_cstr(&out), "\\Flagged \\Seen three one");
	/* A list with holes, and without a line end; others' lines stay. */
	write_keywords(m, "dovecot-keywords", "1 b\n25 z\n26 no\nbad\n3 d");
	expect_letters(m, "z d new next", "acdz", 0, "1 b\n25 z\n26 no\nbad\n3 d\n0 new\n2 next\n");
	/* Full: what finds no letter is told. */
	write_keywords(m, "dovecot-keywords", "0 a\n1 b\n2 c\n3 d\n4 e\n5 f\n6 g\n7 h\n8 i\n"
	    "9 j\n10 k\n11 l\n12 m\n13 n\n14 o\n15 p\n16 q\n17 r\n18 s\n19 t\n20 u\n21 v\n"
	    "22 w\n23 x\n24 y\n");
	expect_letters(m, "last more a", "az", 1, NULL);
	/* Somebody else's lock is left alone; known keywords need none. */
	snprintf(lock, sizeof lock, "%s/dovecot-keywords.lock", m->path);
	write_keywords(m, "dovecot-keywords", "0 a\n");
	write_keywords(m, "dovecot-keywords.lock", "");
	expect_letters(m, "a new", "a", 1, "0 a\n");
	assert_int_equal(access(lock, F_OK), 0);
	assert_int_equal(unlink(lock), 0);
	maildir_close(&m);
	buf_fini(&out);
}

static void
new_names_differ_and_keep_to_the_grammar(void **state)
{
	struct buf a = BUF_EMPTY, b = BUF_EMPTY;
	struct maildir_name name;

	(void)state;
	maildir_add_name(&a, "h/o:s,t", INT64_C(1700000000123456), 7, 9);
	maildir_add_name(&b, "h/o:s,t", INT64_C(1700000000123456), 7, 9);
	assert_string_not_equal(buf_cstr(&a), buf_cstr(&b));
	assert_null(strpbrk(buf_cstr(&a), "/:"));
	assert_non_null(strstr(buf_cstr(&a), "h\\057o\\072s\\054t,S=7,W=9"));
	assert_true(maildir_name_is_read(buf_str(&a), &name));
	assert_int_equal(name.seconds, 1700000000);
	assert_int_equal(name.size, 7);
	assert_int_equal(name.wire_size, 9);
	buf_fini(&a);
	buf_fini(&b);
}

static void
folder_is_made_with_root_and_subscribed(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "Entw\303\274rfe/Alt", false);

	assert_null(m);
	assert_false(is_there(p, ".", S_IFDIR));
	m = open_named(p, "Entw\303\274rfe/Alt", true);
	assert_non_null(m);
	assert_true(is_there(p, ".Entw&APw-rfe.Alt/new", S_IFDIR));
	assert_true(is_there(p, ".Entw&APw-rfe.Alt/maildirfolder", S_IFREG));
	assert_text(p, "subscriptions", "V\t2\n\nEntw&APw-rfe\tAlt\n");
	assert_int_equal(maildir_sync_dirs(m, NULL), 0);
	maildir_close(&m);
	assert_null(m);
	m = open_named(p, "Entw\303\274rfe/Alt", false);
	assert_non_null(m);
	maildir_close(&m);
}

static void
old_subscriptions_keep_their_format(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);

	maildir_close(&m);
	write_text(p, "subscriptions", "Lists.a\nSent");
	m = open_named(p, "Lists/b", true);
	maildir_close(&m);
	assert_text(p, "subscriptions", "Lists.a\nSent\nLists.b\n");
	m = open_named(p, "Lists/a", true);
	maildir_close(&m);
	assert_text(p, "subscriptions", "Lists.a\nSent\nLists.b\n");
	assert_false(is_there(p, "subscriptions.lock", S_IFREG));
}

static void
held_lock_costs_the_subscription_not_the_folder(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);

	maildir_close(&m);
	write_text(p, "subscriptions", "a\n");
	write_text(p, "subscriptions.lock", "");
	m = open_named(p, "b", true);
	assert_non_null(m);
	assert_text(p, "subscriptions", "a\n");
	maildir_close(&m);
}

static void
links_below_the_root_are_not_followed(void **state)
{
	static const char *const names[] = { ".evil", ".half/new" };
	struct place *p = *state;
	struct maildir *m = open_named(p, "half", true);
	char path[512], command[600];

	maildir_close(&m);
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%.*s/%s", (int)p->root.n, p->root.p, names[i]);
		snprintf(command, sizeof command, "rm -rf '%s'", path);
		assert_int_equal(system(command), 0);
		assert_int_equal(symlink("/tmp", path), 0);
	}
	assert_null(open_named(p, "evil", true));
	assert_null(open_named(p, "half", true));
}

static void
paths_outside_the_root_are_refused(void **state)
{
	static const char *const outside[] = { "/tmp", "/tmp/.x", "%s/..", "%s/x", "%s/.a/../..",
		"%s.other" };
	struct place *p = *state;
	char path[512];
	struct maildir *m = open_named(p, "INBOX", true);
	struct fail why;

	maildir_close(&m);
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
		if (outside[i][0] == '%')
			snprintf(path, sizeof path, "%s%s", buf_cstr(&p->root), outside[i] + 2);
		else
			snprintf(path, sizeof path, "%s", outside[i]);
		assert_int_equal(maildir_open(buf_str(&p->root), str_of(path), true, true, NULL, &m,
				     &why), -1);
		assert_int_equal(why.class, FAIL_OURS);
	}
}

static void
mode_follows_the_root(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);
	struct stat st;

	maildir_close(&m);
	assert_int_equal(chmod(buf_cstr(&p->root), 0770), 0);
	m = open_named(p, "team", true);
	assert_non_null(m);
	assert_int_equal(fstat(m->new_fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0770);
	assert_int_equal(m->file_mode, 0660);
	maildir_close(&m);
}

static int
place_text(struct maildir *m, struct str flags, const char *text, bool sync, int *fd_out)
{
	struct iovec iov[2] = { { (char *)text, 2 }, { (char *)text + 2, strlen(text) - 2 } };

	return maildir_place(m, FILE_NAME, flags, iov, 2, sync, fd_out, NULL);
}

static void
message_goes_to_new_or_with_flags_to_cur(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);
	struct buf rel = BUF_EMPTY;
	uint64_t size;
	int fd;

	assert_int_equal(place_text(m, STR(""), "Hello", false, &fd), 0);
	assert_true(fd != -1);
	close(fd);
	assert_text(p, "new/1700000000.M1P2Q3.host,S=5,W=6", "Hello");
	assert_int_equal(maildir_find(m, FILE_NAME, &rel, &size, NULL), 0);
	assert_string_equal(buf_cstr(&rel), "new/1700000000.M1P2Q3.host,S=5,W=6");
	assert_int_equal(size, 5);
	assert_int_equal(unlinkat(m->new_fd, "1700000000.M1P2Q3.host,S=5,W=6", 0), 0);
	assert_int_equal(maildir_find(m, FILE_NAME, &rel, &size, NULL), 1);
	assert_int_equal(place_text(m, STR("\\Seen \\Flagged"), "Hello", true, NULL), 0);
	assert_text(p, "cur/1700000000.M1P2Q3.host,S=5,W=6:2,FS", "Hello");
	assert_int_equal(maildir_find(m, FILE_NAME, &rel, &size, NULL), 0);
	assert_string_equal(buf_cstr(&rel), "cur/1700000000.M1P2Q3.host,S=5,W=6:2,FS");
	assert_int_equal(unlinkat(m->cur_fd, "1700000000.M1P2Q3.host,S=5,W=6:2,FS", 0), 0);
	assert_int_equal(place_text(m, STR("$label"), "Hello", true, NULL), 0);
	assert_text(p, "cur/1700000000.M1P2Q3.host,S=5,W=6:2,a", "Hello");
	buf_fini(&rel);
	maildir_close(&m);
}

static void
file_is_never_replaced(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);

	assert_int_equal(place_text(m, STR_EMPTY, "first", false, NULL), 0);
	assert_int_equal(place_text(m, STR_EMPTY, "other", false, NULL), -1);
	assert_text(p, "new/1700000000.M1P2Q3.host,S=5,W=6", "first");
	assert_false(is_there(p, "tmp/1700000000.M1P2Q3.host,S=5,W=6", S_IFREG));
	maildir_close(&m);
}

static void
leftover_in_tmp_is_no_obstacle(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);

	write_text(p, "tmp/1700000000.M1P2Q3.host,S=5,W=6", "half");
	assert_int_equal(place_text(m, STR_EMPTY, "whole", false, NULL), 0);
	assert_text(p, "new/1700000000.M1P2Q3.host,S=5,W=6", "whole");
	maildir_close(&m);
}

static void
large_message_waits_in_tmp_until_it_is_shown(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);
	int fd = memfd_create("body", MFD_CLOEXEC);

	assert_int_equal(write(fd, "body", 4), 4);
	assert_int_equal(maildir_write_tmp(m, FILE_NAME, STR("head "), fd, STR_EMPTY, 4, NULL), 0);
	assert_false(is_there(p, "new/1700000000.M1P2Q3.host,S=5,W=6", S_IFREG));
	assert_int_equal(maildir_show_tmp(m, FILE_NAME, STR_EMPTY, NULL), 0);
	assert_text(p, "new/1700000000.M1P2Q3.host,S=5,W=6", "head body");
	assert_int_equal(maildir_write_tmp(m, STR("two"), STR("head "), -1, STR("text"), 4, NULL), 0);
	maildir_unlink_tmp(m, STR("two"));
	assert_int_equal(maildir_show_tmp(m, STR("two"), STR_EMPTY, NULL), -1);
	close(fd);
	maildir_close(&m);
}

static void
body_shorter_than_told_is_not_shown(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);
	int fd = memfd_create("body", MFD_CLOEXEC);
	struct fail why = FAIL_EMPTY;

	assert_int_equal(write(fd, "body", 4), 4);
	assert_int_equal(maildir_place_fd(m, FILE_NAME, STR_EMPTY, STR("h"), fd, 5, false, &why), -1);
	assert_int_equal(why.class, FAIL_OURS);
	assert_false(is_there(p, "tmp/1700000000.M1P2Q3.host,S=5,W=6", S_IFREG));
	assert_int_equal(maildir_place_fd(m, FILE_NAME, STR("\\Seen"), STR("h"), fd, 4, true, &why), 0);
	assert_text(p, "cur/1700000000.M1P2Q3.host,S=5,W=6:2,S", "hbody");
	close(fd);
	maildir_close(&m);
}

static void
names_that_are_paths_are_no_messages(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);
	struct buf rel = BUF_EMPTY;
	struct iovec iov = { (char *)"x", 1 };
	uint64_t size;

	assert_int_equal(maildir_place(m, STR("../new/x"), STR_EMPTY, &iov, 1, false, NULL, NULL), -1);
	assert_int_equal(maildir_place(m, STR("a\0b"), STR_EMPTY, &iov, 1, false, NULL, NULL), -1);
	assert_int_equal(maildir_find(m, STR("../tmp"), &rel, &size, NULL), 1);
	buf_fini(&rel);
	maildir_close(&m);
}

static void
times_tell_of_changes_and_of_nothing_there(void **state)
{
	struct place *p = *state;
	struct maildir *m = open_named(p, "INBOX", true);
	int64_t new_mtime = 0, cur_mtime = 0;

	assert_int_equal(maildir_mtimes(buf_str(&p->root), &new_mtime, &cur_mtime), 0);
	assert_true(new_mtime > INT64_C(1600000000) * 1000000000);
	assert_int_equal(maildir_mtimes(STR("/nowhere"), &new_mtime, &cur_mtime), -1);
	assert_int_equal(errno, ENOENT);
	maildir_close(&m);
}

#define IN_PLACE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folder_names_become_directories),
		cmocka_unit_test(bad_folder_names_are_permanent_failures),
		cmocka_unit_test(encoded_name_must_fit_a_directory_entry),
		cmocka_unit_test(entries_that_are_no_folders_are_passed_over),
		cmocka_unit_test(file_names_are_taken_apart),
		cmocka_unit_test(flags_and_letters_are_one_another),
		IN_PLACE(keywords_have_the_letters_of_the_folder),
		cmocka_unit_test(new_names_differ_and_keep_to_the_grammar),
		IN_PLACE(folder_is_made_with_root_and_subscribed),
		IN_PLACE(old_subscriptions_keep_their_format),
		IN_PLACE(held_lock_costs_the_subscription_not_the_folder),
		IN_PLACE(links_below_the_root_are_not_followed),
		IN_PLACE(paths_outside_the_root_are_refused),
		IN_PLACE(mode_follows_the_root),
		IN_PLACE(message_goes_to_new_or_with_flags_to_cur),
		IN_PLACE(file_is_never_replaced),
		IN_PLACE(leftover_in_tmp_is_no_obstacle),
		IN_PLACE(large_message_waits_in_tmp_until_it_is_shown),
		IN_PLACE(body_shorter_than_told_is_not_shown),
		IN_PLACE(names_that_are_paths_are_no_messages),
		IN_PLACE(times_tell_of_changes_and_of_nothing_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

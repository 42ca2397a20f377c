/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * What master decides without starting anything: who may be an owner, and
 * which sockets survive a reload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/net.h"
#include "base/xalloc.h"
#include "conf/params.h"
#include "master/listen.h"
#include "master/owners.h"

static char dir[] = "/tmp/test_master.XXXXXX";

/* main.c is not linked: these would end or reload the program. */
int
master_reload(struct master *m, struct buf *errors)
{
	(void)m;
	(void)errors;
	return -1;
}

void
master_stop(struct master *m)
{
	(void)m;
}

void
master_check_stop(struct master *m)
{
	(void)m;
}

void
master_check_ready(struct master *m)
{
	(void)m;
}

static void
an_owner_has_exactly_one_name(void **state)
{
	static const struct {
		const char *name;
		int rc;
		uid_t uid;
	} cases[] = { { "virtual", 0, 77 }, { "uid.5", 0, 5 }, { "uid.0", 0, 0 },
		{ "uid.4294967294", 0, 4294967294U }, { "uid.4294967295", -1, 0 },
		{ "uid.05", -1, 0 }, { "uid.00", -1, 0 }, { "uid.", -1, 0 }, { "uid.-1", -1, 0 },
		{ "uid.5/..", -1, 0 }, { "uid", -1, 0 }, { "", -1, 0 }, { "../etc", -1, 0 },
		{ "virtual/x", -1, 0 }, { "Virtual", -1, 0 } };
	struct master m = { .virtual_owner = { 77, 77 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uid_t uid = 0;

		assert_int_equal(owners_parse(&m, str_of(cases[i].name), &uid), cases[i].rc);
		if (cases[i].rc == 0)
			assert_int_equal(uid, cases[i].uid);
	}
}

/* A session may lie: nothing of this starts a process, root or not. */
static void
root_serves_no_owner_that_a_session_made_up(void **state)
{
	static const struct {
		const char *owner;
		uid_t uid;
		const char *why;
	} cases[] = {
		{ "uid.0", 0, "owner uid.0: its uid is below first_valid_uid" },
		{ "uid.1", 1, "owner uid.1: its uid is below first_valid_uid" },
		{ "uid.1000", 0, "owner uid.1000: its uid is another" },
		{ "virtual", 0, "owner virtual: its uid is another" },
		{ "uid.700", 700, "owner uid.700: its uid is one of ours" },
		{ "uid.701", 701, "owner uid.701: its uid is one of ours" },
		{ "uid.4000000000", 4000000000U,
		    "owner uid.4000000000: there is no account with its uid" },
		{ "../../root", 0, "owner ../../root: is no owner's name" },
	};
	struct master m = { .conf = conf_defaults(), .is_root = true, .service = { 700, 700 },
		.auth = { 701, 701 }, .virtual_owner = { 702, 702 } };
	size_t i;

	(void)state;
	TAILQ_INIT(&m.children);
	TAILQ_INIT(&m.wants);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fail why = FAIL_EMPTY;

		assert_null(owners_need(&m, cases[i].owner, cases[i].uid, &why));
		assert_string_equal(why.log, cases[i].why);
		assert_true(TAILQ_EMPTY(&m.children));
	}
	conf_free(&m.conf);
}

static void
add_listener(struct conf *conf, const char *name)
{
	struct conf_listener *l = params_add_listener(conf, str_of(name));

	free(l->address);
	l->address = xcalloc(1, sizeof dir + 32);
	snprintf(l->address, sizeof dir + 32, "unix:%s/%s", dir, name);
}

static bool
has_file(const char *name)
{
	char path[sizeof dir + 32];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return lstat(path, &st) == 0;
}

static bool
can_connect(const char *name)
{
	char text[sizeof dir + 32];
	struct net_address address;
	int fd = -1;
	bool can;

	snprintf(text, sizeof text, "unix:%s/%s", dir, name);
	assert_int_equal(net_parse(str_of(text), &address, NULL), 0);
	can = net_connect(&address, &fd, NULL) == 0;
	file_close(&fd);
	return can;
}

static void
a_reload_keeps_the_sockets_that_stay(void **state)
{
	struct conf *before = conf_defaults(), *after = conf_defaults(), *bad = conf_defaults();
	struct listeners *old = NULL, *new = NULL, *none = NULL;
	struct fail why = FAIL_EMPTY;

	(void)state;
	add_listener(before, "stays");
	add_listener(before, "goes");
	add_listener(after, "stays");
	add_listener(after, "comes");
	add_listener(bad, "stays");
	add_listener(bad, "no/such/directory");
	assert_int_equal(listeners_open(before, NULL, &old, &why), 0);
	assert_int_equal(listeners_open(bad, old, &none, &why), -1);
	assert_null(none);
	assert_true(can_connect("stays"));
	assert_int_equal(listeners_open(after, old, &new, &why), 0);
	listeners_close(&old, new);
	assert_true(can_connect("stays"));
	assert_true(can_connect("comes"));
	assert_false(has_file("goes"));
	listeners_close(&new, NULL);
	assert_false(has_file("stays"));
	assert_false(has_file("comes"));
	conf_free(&before);
	conf_free(&after);
	conf_free(&bad);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_owner_has_exactly_one_name),
		cmocka_unit_test(root_serves_no_owner_that_a_session_made_up),
		cmocka_unit_test(a_reload_keeps_the_sockets_that_stay),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

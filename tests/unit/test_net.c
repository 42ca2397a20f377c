/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Addresses and sockets, on the loopback and in a directory of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/net.h"

#define NOBODY ((uid_t)-1), ((gid_t)-1)

static char dir[] = "/tmp/test_net.XXXXXX";

static int
enter_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
leave_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void
only_numeric_addresses_are_taken(void **state)
{
	static const struct {
		const char *text;
		int want, family;
	} cases[] = {
		{ "unix:/run/doorstep/lmtp", 0, AF_UNIX },
		{ "inet:127.0.0.1:24", 0, AF_INET },
		{ "inet:[::1]:24", 0, AF_INET6 },
		{ "inet:[fe80::1%lo]:24", 0, AF_INET6 },
		{ "inet:*:65535", 0, AF_INET6 },
		{ "inet:*:65536", -1, 0 },
		{ "inet:*:", -1, 0 },
		{ "inet:*", -1, 0 },
		{ "inet:", -1, 0 },
		{ "inet:::1:24", -1, 0 },
		{ "inet:[127.0.0.1]:24", -1, 0 },
		{ "inet:[::1:24", -1, 0 },
		{ "inet:[]:24", -1, 0 },
		{ "inet:[:24", -1, 0 },
		{ "inet:localhost:24", -1, 0 },
		{ "inet:127.1:24", -1, 0 },
		{ "inet:[fe80::1%none]:24", -1, 0 },
		{ "unix:relative", -1, 0 },
		{ "unix:", -1, 0 },
		{ "127.0.0.1:24", -1, 0 },
		{ "", -1, 0 },
	};
	struct net_address at;
	struct fail why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		why = FAIL_EMPTY;
		assert_int_equal(net_parse(str_of(cases[i].text), &at, &why), cases[i].want);
		if (cases[i].want == 0)
			assert_int_equal(at.addr.ss_family, cases[i].family);
		else
			assert_non_null(strstr(why.log, "write unix:/path, inet:127.0.0.1:24"));
	}
}

static void
a_path_must_fit_and_hold_no_nul(void **state)
{
	const size_t room = sizeof ((struct sockaddr_un *)NULL)->sun_path;
	char text[200] = "unix:/";
	struct net_address at;

	(void)state;
	memset(text + 6, 'a', sizeof text - 6);
	assert_int_equal(net_parse((struct str){ text, 5 + room - 1 }, &at, NULL), 0);
	assert_int_equal(net_parse((struct str){ text, 5 + room }, &at, NULL), -1);
	assert_int_equal(net_parse(STR("unix:/a\0b"), &at, NULL), -1);
	assert_int_equal(net_parse(STR("inet:127.0.0.1\0:24"), &at, NULL), -1);
}

static void
parse(const char *text, struct net_address *out)
{
	assert_int_equal(net_parse(str_of(text), out, NULL), 0);
}

static void
read_port(int fd, struct net_address *out)
{
	out->len = sizeof out->addr;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&out->addr, &out->len), 0);
}

static void
a_tcp_listener_is_reached(void **state)
{
	static const char *const places[] = { "inet:127.0.0.1:0", "inet:[::1]:0" };
	struct net_address at;
	int fd, client;
	uid_t uid;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		parse(places[i], &at);
		if (net_listen(&at, 0, NOBODY, &fd, NULL) == -1 && i == 1)
			continue;
		assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
		assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		read_port(fd, &at);
		assert_int_equal(net_connect(&at, &client, NULL), 0);
		assert_true((fcntl(client, F_GETFL) & O_NONBLOCK) == 0);
		assert_false(net_has_peer_uid(client, &uid));
		file_close(&client);
		file_close(&fd);
	}
}

static void
a_star_listens_for_ipv4_too(void **state)
{
	struct net_address at, in4;
	struct net_address any;
	int fd, client;

	(void)state;
	parse("inet:*:0", &any);
	assert_int_equal(net_listen(&any, 0, NOBODY, &fd, NULL), 0);
	read_port(fd, &at);
	parse("inet:127.0.0.1:1", &in4);
	/* The port lies at the same place in both families. */
	((struct sockaddr_in *)&in4.addr)->sin_port = ((struct sockaddr_in *)&at.addr)->sin_port;
	assert_int_equal(net_connect(&in4, &client, NULL), 0);
	file_close(&client);
	file_close(&fd);
}

static void
a_refused_connection_says_where(void **state)
{
	struct net_address at;
	struct fail why = FAIL_EMPTY;
	int fd = -1;

	(void)state;
	parse("inet:127.0.0.1:1", &at);
	assert_int_equal(net_connect(&at, &fd, &why), -1);
	assert_string_equal(why.log, "cannot connect to inet:127.0.0.1:1: Connection refused");
	assert_int_equal(fd, -1);
}

static void
a_unix_socket_has_its_mode_and_its_peer(void **state)
{
	struct net_address at;
	struct stat st;
	struct buf text = BUF_EMPTY;
	int fd, client;
	uid_t uid;

	(void)state;
	buf_addf(&text, "unix:%s/s", dir);
	parse(buf_cstr(&text), &at);
	assert_int_equal(net_listen(&at, 0606, NOBODY, &fd, NULL), 0);
	assert_int_equal(stat(buf_cstr(&text) + 5, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0606);
	assert_int_equal(net_connect(&at, &client, NULL), 0);
	assert_true(net_has_peer_uid(client, &uid));
	assert_int_equal(uid, geteuid());
	file_close(&client);
	file_close(&fd);
	unlink(buf_cstr(&text) + 5);
	buf_fini(&text);
}

static void
only_a_dead_listeners_file_is_replaced(void **state)
{
	struct net_address at;
	struct fail why = FAIL_EMPTY;
	struct buf text = BUF_EMPTY;
	int first = -1;
	int second = -1;

	(void)state;
	buf_addf(&text, "unix:%s/s", dir);
	parse(buf_cstr(&text), &at);
	assert_int_equal(net_listen(&at, 0600, NOBODY, &first, NULL), 0);
	assert_int_equal(net_listen(&at, 0600, NOBODY, &second, &why), -1);
	assert_int_equal(why.errnum, EADDRINUSE);
	file_close(&first);
	assert_int_equal(net_listen(&at, 0600, NOBODY, &second, NULL), 0);
	file_close(&second);
	unlink(buf_cstr(&text) + 5);
	/* Somebody's file in the way stays. */
	assert_int_equal(file_open(&first, AT_FDCWD, buf_cstr(&text) + 5, O_CREAT, 0600, NULL), 0);
	assert_int_equal(net_listen(&at, 0600, NOBODY, &second, &why), -1);
	assert_int_equal(why.errnum, EEXIST);
	assert_int_equal(unlink(buf_cstr(&text) + 5), 0);
	file_close(&first);
	buf_fini(&text);
}

static void
a_pair_keeps_packets_apart(void **state)
{
	char got[10];
	int fds[2];

	(void)state;
	assert_int_equal(net_pair(fds, NULL), 0);
	assert_int_equal(send(fds[0], "ab", 2, 0), 2);
	assert_int_equal(send(fds[0], "c", 1, 0), 1);
	assert_true(net_unsent(fds[0]) > 0);
	assert_int_equal(recv(fds[1], got, sizeof got, 0), 2);
	assert_int_equal(recv(fds[1], got, sizeof got, 0), 1);
	assert_int_equal(net_unsent(fds[0]), 0);
	assert_int_equal(recv(fds[1], got, sizeof got, 0), -1);
	assert_int_equal(errno, EAGAIN);
	file_close(&fds[0]);
	file_close(&fds[1]);
	assert_int_equal(net_unsent(-1), -1);
}

static void
literals_are_those_of_rfc_5321(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "inet:192.0.2.7:25", "192.0.2.7" },
		{ "inet:[2001:db8::1]:25", "IPv6:2001:db8::1" },
		{ "inet:[::ffff:192.0.2.7]:25", "192.0.2.7" },
		{ "unix:/a", "unix" },
	};
	struct net_address at;
	struct buf out = BUF_EMPTY;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		parse(cases[i].text, &at);
		buf_clear(&out);
		net_add_literal(&out, &at.addr);
		assert_string_equal(buf_cstr(&out), cases[i].want);
	}
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_numeric_addresses_are_taken),
		cmocka_unit_test(a_path_must_fit_and_hold_no_nul),
		cmocka_unit_test(a_tcp_listener_is_reached),
		cmocka_unit_test(a_star_listens_for_ipv4_too),
		cmocka_unit_test(a_refused_connection_says_where),
		cmocka_unit_test(a_unix_socket_has_its_mode_and_its_peer),
		cmocka_unit_test(only_a_dead_listeners_file_is_replaced),
		cmocka_unit_test(a_pair_keeps_packets_apart),
		cmocka_unit_test(literals_are_those_of_rfc_5321),
	};

	return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}

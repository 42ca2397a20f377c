/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * What a sandboxed process can still do, seen from outside: each case is a
 * child that enters the sandbox and does one thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/net.h"
#include "config.h"
#include "ipc/drop.h"
#include "ipc/sanitize.h"
#include "ipc/wire.h"

#define DID_IT 7

/* Status of a child that enters and then runs `deed`, which returns whether it went. */
static int
status_of(enum role role, bool (*deed)(void))
{
	struct fail why = FAIL_EMPTY;
	pid_t pid = fork();
	int status = -1;

	assert_true(pid != -1);
	if (pid == 0) {
		if (sandbox_enter(role, &why) == -1)
			_exit(1);
		_exit(deed() ? DID_IT : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool
opens_a_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY) != -1;
}

static bool
makes_a_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) != -1;
}

static bool
makes_a_unix_socket(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) != -1;
}

static bool
makes_a_packet_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0) != -1;
}

static bool
connects(void)
{
	return syscall(SYS_connect, 0, NULL, 0) != -1 || errno == ENOTSOCK || errno == EFAULT;
}

static bool
executes(void)
{
	return execl("/bin/true", "true", (char *)NULL) != -1;
}

static bool
traces(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) != -1;
}

static bool
maps_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0) != MAP_FAILED;
}

static bool
makes_a_memfd(void)
{
	return syscall(SYS_memfd_create, "x", 0) != -1;
}

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

/* What session does all day, with the loop and memfd made inside. */
static bool
works_as_session(void)
{
	struct msg_SESSION_ASKS_ROOM m = { .id = 1, .user = STR("ada") };
	struct buf packet = BUF_EMPTY;
	struct loop *loop = loop_new();
	struct watch timer = { 0 };
	struct arena arena;
	union msg_any out;
	enum msg number;
	int fds[2], fd = -1;

	arena_init(&arena);
	if (net_pair(fds, NULL) == -1 || file_sealed(STR("Subject: x\n"), &fd, NULL) == -1)
		return false;
	(void)net_unsent(fds[0]);
	(void)clock_wall();
	loop_timer(loop, &timer, 1000, stop_loop, loop);
	loop_run(loop);
	loop_unwatch(&timer);
	loop_free(&loop);
	return wire_send_blocking(fds[0], MSG_SESSION_ASKS_ROOM, &m, &packet) == WIRE_OK
	    && wire_recv_blocking(fds[1], &packet, &arena, &number, &out) == WIRE_OK;
}

static bool
works_as_filter(void)
{
	char *large = malloc((size_t)8 << 20);

	if (large == NULL)
		return false;
	memset(large, 1, (size_t)8 << 20);
	free(large);
	return write(STDERR_FILENO, "", 0) == 0 && clock_monotonic() > 0 && role_spec(ROLE_FILTER);
}

static const struct {
	const char *name;
	enum role role;
	bool (*deed)(void);
	bool is_allowed;
} cases[] = {
	{ "session opens", ROLE_SESSION, opens_a_file, false },
	{ "session makes a socket", ROLE_SESSION, makes_a_socket, false },
	{ "session connects", ROLE_SESSION, connects, false },
	{ "session executes", ROLE_SESSION, executes, false },
	{ "session traces", ROLE_SESSION, traces, false },
	{ "session maps code", ROLE_SESSION, maps_code, false },
	{ "session works", ROLE_SESSION, works_as_session, true },
	{ "filter opens", ROLE_FILTER, opens_a_file, false },
	{ "filter makes a socket", ROLE_FILTER, makes_a_socket, false },
	{ "filter executes", ROLE_FILTER, executes, false },
	{ "filter makes a memfd", ROLE_FILTER, makes_a_memfd, false },
	{ "filter works", ROLE_FILTER, works_as_filter, true },
	{ "relay opens", ROLE_RELAY, opens_a_file, false },
	{ "relay makes a socket", ROLE_RELAY, makes_a_socket, true },
	{ "relay makes a unix socket", ROLE_RELAY, makes_a_unix_socket, false },
	{ "relay makes a packet socket", ROLE_RELAY, makes_a_packet_socket, false },
	{ "relay connects", ROLE_RELAY, connects, true },
	{ "relay executes", ROLE_RELAY, executes, false },
	{ "relay maps code", ROLE_RELAY, maps_code, false },
	{ "relay makes a memfd", ROLE_RELAY, makes_a_memfd, true },
	{ "deliver opens", ROLE_DELIVER, opens_a_file, true },
};

static void
what_is_not_allowed_kills_and_the_rest_goes_on(void **state)
{
	bool has_seccomp = HAVE_SECCOMP && !SANITIZE_ADDRESS;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int status;

		if (!cases[i].is_allowed && !has_seccomp)
			continue;
		status = status_of(cases[i].role, cases[i].deed);
		if (cases[i].is_allowed && WIFEXITED(status) && WEXITSTATUS(status) == DID_IT)
			continue;
		if (!cases[i].is_allowed && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
			continue;
		fail_msg("%s: wait status %#x", cases[i].name, (unsigned)status);
	}
}

static bool
has_no_new_privileges(void)
{
	char text[4096];
	ssize_t n;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	n = read(fd, text, sizeof text - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, "NoNewPrivs:\t1") != NULL;
}

static void
a_process_without_a_filter_still_gains_no_privileges(void **state)
{
	int status = status_of(ROLE_DELIVER, has_no_new_privileges);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DID_IT);
}

/* In a child: 0 when dropping to uid:gid went and cannot be taken back. */
static int
drop_status(uid_t uid, gid_t gid)
{
	struct fail why = FAIL_EMPTY;
	pid_t pid = fork();
	int status = -1;

	assert_true(pid != -1);
	if (pid == 0) {
		if (drop_identity(ROLE_SESSION, uid, gid, "/proc/self/fdinfo", &why) == -1)
			_exit(1);
		_exit(geteuid() == uid && setuid(0) == -1 && open("/etc/passwd", O_RDONLY) == -1 ? 0
		    : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
root_drops_for_good_and_never_to_root(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(drop_status(65534, 65534), 0);
	assert_int_equal(drop_status(0, 65534), 1);
	assert_int_equal(drop_status(65534, 0), 1);
	assert_int_equal(drop_status(65534, (gid_t)-1), 1);
}

static void
another_identity_without_root_is_refused(void **state)
{
	struct fail why = FAIL_EMPTY;
	pid_t pid = fork();
	int status = -1;

	(void)state;
	assert_true(pid != -1);
	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) == -1)
			_exit(1);
		_exit(drop_identity(ROLE_SESSION, geteuid() + 1, 1, NULL, &why) == -1
		    && drop_identity(ROLE_SESSION, (uid_t)-1, (gid_t)-1, "/", &why) == 0 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_allowed_kills_and_the_rest_goes_on),
		cmocka_unit_test(a_process_without_a_filter_still_gains_no_privileges),
		cmocka_unit_test(root_drops_for_good_and_never_to_root),
		cmocka_unit_test(another_identity_without_root_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

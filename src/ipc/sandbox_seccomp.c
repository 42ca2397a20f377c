/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The system calls that session, filter and relay may make.  A name is here because
 * something needs it; whatever is not here kills the process. */
#include "ipc/sandbox.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "ipc/sanitize.h"

struct profile {
	const char *const *calls; /* ends with NULL */
	bool has_sockets;	  /* SIOCOUTQ, a few socket options */
	bool has_outward;	  /* streams to the internet: no packets, no unix sockets */
};

/*
 * Common to all: memory, the blocking wire, the log (one write), the clock
 * where it is no vDSO, and the way out.  sigreturn, sigaction and tgkill are
 * for abort in a BUG; fstat, lseek and newfstatat for stdio.
 */
#define CALLS_OF_ALL                                                           \
	"read", "readv", "write", "writev", "pread64", "recvmsg", "sendmsg", "recvfrom",       \
	    "sendto", "poll", "ppoll", "close", "fcntl", "fcntl64", "dup", "fstat",    \
	    "fstat64", "newfstatat", "statx", "lseek", "_llseek", "munmap", "mremap",      \
	    "madvise", "brk", "futex", "futex_time64", "clock_gettime",                    \
	    "clock_gettime64", "gettimeofday", "time", "getrandom", "getpid", "gettid",    \
	    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "tgkill",       \
	    "restart_syscall", "sched_yield", "exit", "exit_group"

#define CALLS_OF_LOOP                                                          \
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl", "epoll_create1", "eventfd2", \
	    "timerfd_create", "timerfd_settime", "timerfd_settime64", "pipe2", "socketpair"

static const char *const session_calls[] = {
	CALLS_OF_ALL, CALLS_OF_LOOP,
	/* clients */
	"accept4", "accept", "getpeername", "getsockname", "getsockopt", "shutdown",
	/* a message on its way, sealed (DESIGN 1), and its spool read back */
	"memfd_create", "ftruncate", "ftruncate64", "pwrite64", "pwritev", "sendfile",
	"sendfile64",
	/* the peer's uid, and libcrypto's check of its own */
	"getuid", "geteuid", "getgid", "getegid", "sysinfo", "clock_nanosleep",
	"clock_nanosleep_time64", "nanosleep", NULL
};

static const char *const filter_calls[] = { CALLS_OF_ALL, NULL };

static const char *const relay_calls[] = {
	CALLS_OF_ALL, CALLS_OF_LOOP,
	/* remotes; socket has a rule of its own */
	"connect", "getpeername", "getsockname", "getsockopt", "shutdown",
	/* a message for sendmail */
	"memfd_create", "ftruncate", "ftruncate64",
	/* libcrypto's random numbers and its check of its own */
	"getuid", "geteuid", "getgid", "getegid", "sysinfo", NULL
};

static const struct profile profiles[] = {
	[ROLE_SANDBOX_NONE] = { NULL, false, false },
	[ROLE_SANDBOX_SESSION] = { session_calls, true, false },
	[ROLE_SANDBOX_FILTER] = { filter_calls, false, false },
	[ROLE_SANDBOX_RELAY] = { relay_calls, true, true },
};

/* A name that this machine's kernel interface lacks is no failure: other
 * machines spell the same call differently (fstat64, futex_time64). */
static int
allow_calls(scmp_filter_ctx filter, const char *const *calls)
{
	int number, rc;

	for (; *calls != NULL; calls++) {
		number = seccomp_syscall_resolve_name(*calls);
		if (number == __NR_SCMP_ERROR || number < 0)
			continue;
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Memory that can be written must not become code: no PROT_EXEC. */
static int
allow_memory(scmp_filter_ctx filter)
{
	static const int numbers[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect) };
	size_t i;
	int rc;

	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (numbers[i] < 0)
			continue;
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, numbers[i], 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ioctl and setsockopt are doors to every driver and protocol (a socket filter
 * is a program): only what a connection needs is open. */
static int
allow_sockets(scmp_filter_ctx filter)
{
	static const unsigned asked[] = { SIOCOUTQ, FIONREAD };
	static const struct {
		unsigned level, option;
	} options[] = { { IPPROTO_TCP, TCP_NODELAY }, { IPPROTO_TCP, TCP_CORK },
		{ SOL_SOCKET, SO_KEEPALIVE }, { SOL_SOCKET, SO_LINGER } };
	size_t i;
	int rc;

	for (i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		    SCMP_A1(SCMP_CMP_EQ, asked[i], 0));
		if (rc < 0)
			return rc;
	}
	for (i = 0; i < sizeof options / sizeof options[0]; i++) {
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
		    SCMP_A1(SCMP_CMP_EQ, options[i].level, 0),
		    SCMP_A2(SCMP_CMP_EQ, options[i].option, 0));
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The type may carry flags in its upper bits (SOCK_CLOEXEC). */
static int
allow_outward(scmp_filter_ctx filter)
{
	static const unsigned families[] = { AF_INET, AF_INET6 };
	size_t i;
	int rc;

	for (i = 0; i < sizeof families / sizeof families[0]; i++) {
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
		    SCMP_A0(SCMP_CMP_EQ, families[i], 0),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
sandbox_load(enum role_sandbox sandbox, struct fail *why)
{
	const struct profile *profile = &profiles[sandbox];
	scmp_filter_ctx filter = NULL;
	int rc = -ENOMEM;

	if (profile->calls == NULL || SANITIZE_ADDRESS)
		return 0;
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		goto out;
	/* Every death is in the audit log with its call's number, so that an
	 * operator can tell a new C library from an attack. */
	rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	if (rc == 0)
		rc = allow_calls(filter, profile->calls);
	if (rc == 0)
		rc = allow_memory(filter);
	if (rc == 0 && profile->has_sockets)
		rc = allow_sockets(filter);
	if (rc == 0 && profile->has_outward)
		rc = allow_outward(filter);
	if (rc == 0)
		rc = seccomp_load(filter);
out:
	if (filter != NULL)
		seccomp_release(filter);
	if (rc != 0)
		return fail_errno(why, -rc, "load the seccomp filter of", "this role");
	return 0;
}

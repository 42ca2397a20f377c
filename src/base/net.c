/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Sockets by numeric address.  Looks no name up, and speaks no protocol. */
#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

#define LISTEN_BACKLOG SOMAXCONN
#define HOST_MAX 64 /* an IPv6 address with its interface */

static int
refuse_syntax(struct fail *why, struct str text, const char *reason)
{
	return fail_set(why, FAIL_PERM, 3, 5, 0, "Bad address",
	    "address `%.*s`: %s; write unix:/path, inet:127.0.0.1:24, inet:[::1]:24 or inet:*:24",
	    (int)(text.n < 200 ? text.n : 200), text.p, reason);
}

static int
parse_unix(struct str text, struct str path, struct net_address *out, struct fail *why)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&out->addr;

	if (!str_has_prefix(path, STR("/")) || str_find_byte(path, '\0') != -1)
		return refuse_syntax(why, text, "the path must be absolute");
	if (path.n >= sizeof un->sun_path)
		return refuse_syntax(why, text, "the path is too long for a socket");
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path.p, path.n);
	out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
	return 0;
}

static bool
is_host4(const char *host, struct net_address *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&out->addr;

	in->sin_family = AF_INET;
	out->len = sizeof *in;
	return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

/* Link-local addresses need their interface: fe80::1%eth0 (RFC 4007 11). */
static bool
is_host6(char *host, struct net_address *out)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->addr;
	char *scope = strchr(host, '%');

	in6->sin6_family = AF_INET6;
	out->len = sizeof *in6;
	if (scope != NULL) {
		*scope++ = '\0';
		in6->sin6_scope_id = if_nametoindex(scope);
		if (in6->sin6_scope_id == 0)
			return false;
	}
	return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1;
}

static bool
is_host(struct str host, struct net_address *out)
{
	char name[HOST_MAX];
	bool is_bracketed = str_has_prefix(host, STR("[")) && str_has_suffix(host, STR("]"));

	if (str_is_equal(host, STR("*"))) {
		out->is_any = true;
		host = STR("[::]");
		is_bracketed = true;
	}
	if (is_bracketed)
		host = str_sub(host, 1, host.n - 2);
	if (host.n >= sizeof name || str_find_byte(host, '\0') != -1)
		return false;
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	return is_bracketed ? is_host6(name, out) : is_host4(name, out);
}

static void
set_port(struct net_address *at, uint16_t port)
{
	if (at->addr.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&at->addr)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)&at->addr)->sin_port = htons(port);
}

static uint16_t
port_of(const struct net_address *at)
{
	if (at->addr.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&at->addr)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&at->addr)->sin_port);
}

static int
parse_inet(struct str text, struct str rest, struct net_address *out, struct fail *why)
{
	ptrdiff_t colon = str_find_last_byte(rest, ':');
	uint64_t port;

	if (colon == -1 || !str_is_number(str_from(rest, (size_t)colon + 1), UINT16_MAX, &port))
		return refuse_syntax(why, text, "no port from 0 to 65535 at its end");
	if (!is_host(str_sub(rest, 0, (size_t)colon), out))
		return refuse_syntax(why, text, "not a numeric address");
	set_port(out, (uint16_t)port);
	return 0;
}

int
net_parse(struct str text, struct net_address *out, struct fail *why)
{
	memset(out, 0, sizeof *out);
	if (str_has_prefix(text, STR("unix:")))
		return parse_unix(text, str_from(text, 5), out, why);
	if (str_has_prefix(text, STR("inet:")))
		return parse_inet(text, str_from(text, 5), out, why);
	return refuse_syntax(why, text, "neither unix: nor inet:");
}

/* As the config file writes it. */
static const char *
describe(const struct net_address *at, struct buf *out)
{
	char host[INET6_ADDRSTRLEN] = "*";
	const void *addr = &((const struct sockaddr_in *)&at->addr)->sin_addr;

	buf_clear(out);
	if (at->addr.ss_family == AF_UNIX) {
		buf_addf(out, "unix:%s", ((const struct sockaddr_un *)&at->addr)->sun_path);
		return buf_cstr(out);
	}
	if (at->addr.ss_family == AF_INET6)
		addr = &((const struct sockaddr_in6 *)&at->addr)->sin6_addr;
	if (!at->is_any)
		inet_ntop(at->addr.ss_family, addr, host, sizeof host);
	if (strchr(host, ':') != NULL)
		buf_addf(out, "inet:[%s]:%u", host, port_of(at));
	else
		buf_addf(out, "inet:%s:%u", host, port_of(at));
	return buf_cstr(out);
}

static int
refuse(struct fail *why, int errnum, const char *what, const struct net_address *at)
{
	struct buf text = BUF_EMPTY;

	fail_errno(why, errnum, what, describe(at, &text));
	buf_fini(&text);
	return -1;
}

/* Removes the file that a dead listener left.  0 when bind may go on. */
static int
clear_stale(const struct net_address *at, struct fail *why)
{
	const char *path = ((const struct sockaddr_un *)&at->addr)->sun_path;
	struct stat st;
	int rc = -1;
	int fd = -1;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : refuse(why, errno, "look at", at);
	if (!S_ISSOCK(st.st_mode))
		return refuse(why, EEXIST, "listen on", at);
	/* Non-blocking: a listener whose queue is full is alive (EAGAIN). */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1) {
		refuse(why, errno, "listen on", at);
		goto out;
	}
	if (connect(fd, (const struct sockaddr *)&at->addr, at->len) == 0 ||
	    errno != ECONNREFUSED) {
		refuse(why, EADDRINUSE, "listen on", at);
		goto out;
	}
	if (unlink(path) == -1 && errno != ENOENT) {
		refuse(why, errno, "remove the stale", at);
		goto out;
	}
	rc = 0;
out:
	file_close(&fd);
	return rc;
}

static int
set_owner(const struct net_address *at, mode_t mode, uid_t uid, gid_t gid, struct fail *why)
{
	const char *path = ((const struct sockaddr_un *)&at->addr)->sun_path;

	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && lchown(path, uid, gid) == -1)
		return refuse(why, errno, "set the owner of", at);
	if (chmod(path, mode) == -1)
		return refuse(why, errno, "set the mode of", at);
	return 0;
}

static int
set_inet_options(int fd, const struct net_address *at)
{
	const int on = 1;
	const int only6 = !at->is_any;

	/* A restart must not wait for the connections of its predecessor. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
		return -1;
	if (at->addr.ss_family != AF_INET6)
		return 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof only6);
}

static int
open_bound(const struct net_address *at, int *fd_out, struct fail *why)
{
	const bool is_unix = at->addr.ss_family == AF_UNIX;
	int rc = -1;
	int fd;

	if (is_unix && clear_stale(at, why) == -1)
		return -1;
	fd = socket(at->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || (!is_unix && set_inet_options(fd, at) == -1) ||
	    bind(fd, (const struct sockaddr *)&at->addr, at->len) == -1) {
		refuse(why, errno, "listen on", at);
		goto out;
	}
	*fd_out = fd;
	fd = -1;
	rc = 0;
out:
	file_close(&fd);
	return rc;
}

/* `*` where the kernel has no IPv6 at all means every IPv4 interface. */
static struct net_address
fall_back(const struct net_address *at)
{
	struct net_address to = { .len = sizeof(struct sockaddr_in) };

	to.addr.ss_family = AF_INET;
	set_port(&to, port_of(at));
	return to;
}

int
net_listen(const struct net_address *at, mode_t mode, uid_t uid, gid_t gid, int *fd_out,
    struct fail *why)
{
	struct fail first = FAIL_EMPTY;
	struct net_address in4;
	int rc = -1;
	int fd = -1;

	if (open_bound(at, &fd, &first) == -1) {
		if (!at->is_any ||
		    (first.errnum != EAFNOSUPPORT && first.errnum != EADDRNOTAVAIL)) {
			if (why != NULL)
				*why = first;
			goto out;
		}
		in4 = fall_back(at);
		if (open_bound(&in4, &fd, why) == -1)
			goto out;
	}
	/* Before listen: nobody can connect while the mode is still the umask's. */
	if (at->addr.ss_family == AF_UNIX && set_owner(at, mode, uid, gid, why) == -1)
		goto out;
	if (listen(fd, LISTEN_BACKLOG) == -1) {
		refuse(why, errno, "listen on", at);
		goto out;
	}
	*fd_out = fd;
	fd = -1;
	rc = 0;
out:
	file_close(&fd);
	return rc;
}

/* An interrupted connect goes on by itself and may not be called again. */
static int
finish_connect(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof error;

	while (poll(&ready, 1, -1) == -1) {
		if (errno != EINTR)
			return -1;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

int
net_connect(const struct net_address *to, int *fd_out, struct fail *why)
{
	int fd = socket(to->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = fd == -1 ? -1 : connect(fd, (const struct sockaddr *)&to->addr, to->len);

	if (fd != -1 && rc == -1 && errno == EINTR)
		rc = finish_connect(fd);
	if (rc == -1) {
		refuse(why, errno, "connect to", to);
		file_close(&fd);
		return -1;
	}
	*fd_out = fd;
	return 0;
}

int
net_pair(int fds_out[2], struct fail *why)
{
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	if (socketpair(AF_UNIX, type, 0, fds_out) == -1)
		return fail_errno(why, errno, "make", "a pair of sockets");
	return 0;
}

static void
add_host6(struct buf *out, const struct in6_addr *addr)
{
	char host[INET6_ADDRSTRLEN];

	/* An IPv4 client of a socket that listens on both: say what it is. */
	if (IN6_IS_ADDR_V4MAPPED(addr)) {
		buf_add_cstr(out, inet_ntop(AF_INET, &addr->s6_addr[12], host, sizeof host));
		return;
	}
	buf_add_str(out, STR("IPv6:"));
	buf_add_cstr(out, inet_ntop(AF_INET6, addr, host, sizeof host));
}

void
net_add_literal(struct buf *out, const struct sockaddr_storage *addr)
{
	char host[INET_ADDRSTRLEN];

	if (addr->ss_family == AF_INET6)
		add_host6(out, &((const struct sockaddr_in6 *)addr)->sin6_addr);
	else if (addr->ss_family == AF_INET)
		buf_add_cstr(out,
		    inet_ntop(AF_INET, &((const struct sockaddr_in *)addr)->sin_addr, host,
			sizeof host));
	else
		buf_add_str(out, STR("unix"));
}

bool
net_has_peer_uid(int fd, uid_t *uid_out)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	int domain = 0;
	socklen_t domain_len = sizeof domain;

	/* A TCP socket answers SO_PEERCRED too, with an empty one. */
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) == -1 || domain != AF_UNIX)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1 || peer.uid == (uid_t)-1)
		return false;
	*uid_out = peer.uid;
	return true;
}

int
net_unsent(int fd)
{
	int unsent;

	return ioctl(fd, SIOCOUTQ, &unsent) == -1 ? -1 : unsent;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_NET_H
#define DOORSTEP_BASE_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/fail.h"

/*
 * Sockets.  An address is written `unix:/path`, `inet:127.0.0.1:24`,
 * `inet:[::1]:24` or `inet:*:24` (all interfaces, IPv6 and IPv4), as in the
 * config file; names are not looked up.
 */
struct net_address {
	struct sockaddr_storage addr;
	socklen_t len;
	bool is_any; /* written `*`: IPv4 too, which [::] alone is not */
};

int net_parse(struct str text, struct net_address *out, struct fail *why);
/* Listening, non-blocking, close-on-exec.  A unix socket's stale file is
 * replaced when nobody listens on it; mode and owner (-1: leave) are set. */
int net_listen(const struct net_address *at, mode_t mode, uid_t uid, gid_t gid, int *fd_out,
    struct fail *why);
int net_connect(const struct net_address *to, int *fd_out, struct fail *why); /* blocking */
int net_pair(int fds_out[2], struct fail *why); /* SOCK_SEQPACKET, non-blocking, cloexec */

/* "127.0.0.1", "IPv6:::1" as RFC 5321 4.1.3 writes it in [ ], or "unix". */
void net_add_literal(struct buf *out, const struct sockaddr_storage *addr);
/* uid of the process at the other end of a unix socket; false elsewhere. */
bool net_has_peer_uid(int fd, uid_t *uid_out);
/* Bytes written but not yet acknowledged by the peer (SIOCOUTQ); -1 unknown. */
int net_unsent(int fd);

#endif

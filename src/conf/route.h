/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CONF_ROUTE_H
#define DOORSTEP_CONF_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/net.h"
#include "base/str.h"

/*
 * One item of relay_host: [smtp:|smtps:|lmtp:] and then a name, an IPv4
 * address, [IPv6], each with or without :PORT, or unix:/PATH.  Without a word
 * in front a host speaks SMTP and a socket LMTP; without a port it is 25, 465
 * (smtps) or 24 (lmtp).
 */
#define ROUTES_MAX 16 /* items of relay_host */

enum route_kind {
	ROUTE_NAME,	/* host is to be looked up: address is not set */
	ROUTE_NUMERIC,	/* address is set */
	ROUTE_UNIX	/* host is the path; address is set */
};

struct route {
	enum route_kind kind;
	bool is_lmtp;
	bool is_tls; /* TLS from the first byte (RFC 8314 3) */
	struct str host; /* borrowed from the text that was parsed; no brackets */
	uint16_t port;	 /* 0 for a socket */
	struct net_address address;
};

/* What is no route is refused: -1 with the reason. */
int route_parse(struct str text, struct route *out, struct buf *reason);

#endif

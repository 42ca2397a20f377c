/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * One way out for mail, as relay_host writes it.  It looks no name up. */
#include "conf/route.h"

#include <string.h>

#include "base/fail.h"

#define NAME_MAX_BYTES 253 /* RFC 1035 2.3.4, without the last dot */

static const struct prefix {
	struct str word;
	bool is_lmtp, is_tls;
	uint16_t port;
} prefixes[] = {
	{ { "smtp:", 5 }, false, false, 25 },
	{ { "smtps:", 6 }, false, true, 465 },
	{ { "lmtp:", 5 }, true, false, 24 },
};

static int
refuse(struct buf *reason, struct str text, const char *what)
{
	buf_addf(reason, "relay_host `%.*s`: %s; write host, host:25, smtps:host:465, [::1]:25, "
	    "lmtp:host:24 or unix:/path", (int)(text.n < 200 ? text.n : 200), text.p, what);
	return -1;
}

static bool
is_name(struct str host)
{
	bool has_letter = false;
	size_t i;

	if (host.n == 0 || host.n > NAME_MAX_BYTES || host.p[0] == '-' || host.p[0] == '.')
		return false;
	for (i = 0; i < host.n; i++) {
		char c = (char)str_lower((unsigned char)host.p[i]);

		if (c >= 'a' && c <= 'z')
			has_letter = true;
		else if (!(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
			return false;
	}
	/* Digits and dots alone are an address with a mistake in it. */
	return has_letter && str_find(host, STR("..")) == -1;
}

/* Takes `:PORT` off the end; the port stays as it is when there is none. */
static int
take_port(struct str *rest, uint16_t *port)
{
	ptrdiff_t colon = str_find_last_byte(*rest, ':');
	uint64_t number;

	if (colon == -1 || str_has_suffix(*rest, STR("]")))
		return 0;
	if (!str_is_number(str_from(*rest, (size_t)colon + 1), UINT16_MAX, &number) || number == 0)
		return -1;
	*port = (uint16_t)number;
	*rest = str_sub(*rest, 0, (size_t)colon);
	return 0;
}

static bool
is_numeric(struct str host, struct route *out)
{
	struct buf text = BUF_EMPTY;
	struct fail why = FAIL_EMPTY;
	bool is;

	/* net_parse takes it for any address. */
	if (str_is_equal(host, STR("*")))
		return false;
	buf_addf(&text, "inet:%.*s:%u", STR_ARG(host), (unsigned)out->port);
	is = net_parse(buf_str(&text), &out->address, &why) == 0;
	buf_fini(&text);
	return is;
}

static int
parse_host(struct str text, struct str rest, struct route *out, struct buf *reason)
{
	if (take_port(&rest, &out->port) == -1)
		return refuse(reason, text, "no port from 1 to 65535");
	out->host = rest;
	if (is_numeric(rest, out)) {
		out->kind = ROUTE_NUMERIC;
		if (str_has_prefix(rest, STR("[")))
			out->host = str_sub(rest, 1, rest.n - 2);
		return 0;
	}
	out->kind = ROUTE_NAME;
	return is_name(rest) ? 0 : refuse(reason, text, "neither a name nor an address");
}

static int
parse_unix(struct str text, struct str rest, struct route *out, struct buf *reason)
{
	struct fail why = FAIL_EMPTY;

	out->kind = ROUTE_UNIX;
	out->port = 0;
	out->host = str_from(rest, 5);
	if (out->is_tls)
		return refuse(reason, text, "there is no TLS on a unix socket");
	if (net_parse(rest, &out->address, &why) == -1)
		return refuse(reason, text, "no path of a socket");
	return 0;
}

int
route_parse(struct str text, struct route *out, struct buf *reason)
{
	struct str rest = text;
	bool has_word = false;
	size_t i;

	memset(out, 0, sizeof *out);
	out->port = 25;
	for (i = 0; i < sizeof prefixes / sizeof prefixes[0] && !has_word; i++) {
		if (!str_has_prefix(text, prefixes[i].word))
			continue;
		has_word = true;
		rest = str_from(text, prefixes[i].word.n);
		out->is_lmtp = prefixes[i].is_lmtp;
		out->is_tls = prefixes[i].is_tls;
		out->port = prefixes[i].port;
	}
	if (!str_has_prefix(rest, STR("unix:")))
		return parse_host(text, rest, out, reason);
	out->is_lmtp = out->is_lmtp || !has_word;
	return parse_unix(text, rest, out, reason);
}

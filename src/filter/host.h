/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_HOST_H
#define DOORSTEP_FILTER_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/mime.h"

/*
 * What tests may ask of a message and its envelope.  A message is parsed once
 * however many recipients it has; what was decoded is kept with it.  All of
 * it lives in the arena and borrows from the message's text.
 */

/* Ceiling of the arena that one message is worked on in. */
#define HOST_MEMORY_MAX ((size_t)96 << 20)

struct host_values {
	const struct str *at;
	size_t n;
};

struct host_address {
	struct str local, domain; /* without quotes; domain may be empty */
	struct str all;		  /* as one string */
	bool is_valid;		  /* false: only `all` matches, RFC 5228 2.7.4 */
};

struct host_addresses {
	const struct host_address *at;
	size_t n;
};

struct host {
	struct arena *arena;
	struct charset_set *charsets;
	struct buf *scratch;
	struct str text, sender;
	uint64_t wire_size; /* RFC 5228 5.9: as it came, with CRLF */
	struct header header;
	struct mime mime;
	struct host_cached **cached; /* private */
	const char *delimiters; /* of RFC 5233, or "" */
};

/* The arena and what is borrowed must outlive the host. */
void host_init(struct host *host, struct str text, struct arena *a, struct charset_set *charsets,
    struct buf *scratch);

/* Values of every field of that name: unfolded, trimmed, encoded words
 * decoded to UTF-8 (RFC 5228 2.7.2).  n 0: there is no such field. */
struct host_values host_header(struct host *host, struct str name);
/* All addresses of every field of that name, groups opened. */
struct host_addresses host_header_addresses(struct host *host, struct str name);
/* Of an envelope: `empty` for the null sender. */
struct host_address host_envelope_address(struct host *host, struct str path);

enum host_part { HOST_ALL, HOST_LOCAL, HOST_DOMAIN, HOST_USER, HOST_DETAIL };

/* False: this address has no such part, and matches nothing. */
bool host_has_part(const struct host *host, const struct host_address *address,
    enum host_part part, struct str *out);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_PATH_H
#define DOORSTEP_MAIL_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/*
 * Addresses of the envelope: Path and Mailbox of RFC 5321 4.1.2, with UTF-8
 * as RFC 6531 3.3 allows it.  (Addresses of message headers are another
 * grammar.)
 */
struct path {
	struct str text;   /* as written, without brackets and source route; empty: <> */
	struct str local;  /* unquoted */
	struct str domain; /* as written, with [ ] of a literal; empty: none was given */
};

/* RFC 5321 4.5.3.1 asks for at least 64 and 255; local parts that carry
 * another address inside (VERP, SRS) are longer in practice. */
#define PATH_LOCAL_MAX 256
#define PATH_DOMAIN_MAX 255
#define PATH_LABEL_MAX 63

/*
 * Takes `<...>` off the front of *rest, the brackets with it.  A source route
 * is checked and dropped (RFC 5321 4.1.1.3, F.2).  False: no such thing
 * there.  out->local lives in the arena when it was quoted, everything else
 * points into *rest.
 */
bool path_can_take(struct str *rest, bool is_utf8, struct arena *a, struct path *out);

/* The whole of text is a Mailbox, or a local part alone. */
bool path_is_mailbox(struct str text, bool is_utf8, struct arena *a, struct path *out);

bool path_is_domain(struct str text, bool is_utf8);
bool path_is_literal(struct str text); /* [192.0.2.1] [IPv6:2001:db8::1] [tag:text] */

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates), no NUL. */
bool path_is_utf8(struct str text);
bool path_is_ascii(struct str text);

#endif

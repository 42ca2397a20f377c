/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_REPLY_H
#define DOORSTEP_MAIL_REPLY_H

#include "base/buf.h"
#include "base/str.h"

/*
 * Replies as SMTP and LMTP write them (RFC 5321 4.2).  The texts of a struct
 * reply are constants: a grammar error is known beforehand.
 */
struct reply {
	int code;	      /* 501 */
	const char *enhanced; /* "5.5.4" (RFC 2034), or "" where none belongs */
	const char *text;     /* one line */
};

#define REPLY_NONE ((struct reply){ 0, "", "" })

/* RFC 5321 4.5.3.1.5: of one reply line, CRLF included. */
#define REPLY_LINE_MAX 512

/*
 * Appends one reply.  A LF in text begins another line of the same reply
 * (`250-`), each with the enhanced code.  Whatever is not printable ASCII
 * becomes `?`, and a line that would be too long is cut: text may come from
 * anybody.
 */
void reply_add(struct buf *out, int code, const char *enhanced, struct str text);
/* The same for a client that has said SMTPUTF8 (RFC 6531 3.5, 3.7.4.1): a line in
 * UTF-8 stays as it is. */
void reply_add_utf8(struct buf *out, int code, const char *enhanced, struct str text);
void reply_add_fixed(struct buf *out, const struct reply *reply);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_RESPONSE_H
#define DOORSTEP_RELAY_RESPONSE_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * One reply of a remote (RFC 5321 4.2), from bytes as they come.  What goes
 * beyond a limit, and what is no reply, is RESPONSE_BROKEN: the connection is
 * of no more use.  RFC 5321 4.5.3.1.5 allows lines of 512 octets; EHLO of the
 * largest servers has some 20 lines.
 */
#define RESPONSE_LINE_MAX 2048
#define RESPONSE_LINES_MAX 200
#define RESPONSE_BYTES_MAX ((size_t)32 * 1024)
#define RESPONSE_TEXT_MAX 400 /* bytes of the text as it is reported and logged */

struct response {
	int code;	  /* 0: nothing was read yet */
	unsigned count;	  /* of lines */
	struct buf lines; /* the text of each behind its code, LF between */
};

#define RESPONSE_EMPTY ((struct response){ 0, 0, BUF_EMPTY })

enum response_result {
	RESPONSE_MORE,	/* the reply is not whole yet */
	RESPONSE_DONE,	/* it is; what follows it was left alone */
	RESPONSE_BROKEN /* see above */
};

/* Takes lines off the front of in.  *used_out: how many bytes were used. */
enum response_result response_take(struct response *r, struct str in, size_t *used_out);
void response_clear(struct response *r); /* for the next one */
void response_fini(struct response *r);

/* The whole reply in one printable line, its code first. */
void response_add_text(const struct response *r, struct buf *out);

/*
 * What it means for a mail: class by the first digit, subject and detail as
 * the remote says them (RFC 2034), 0 when it does not.
 */
void response_judge(const struct response *r, struct fail *out);

#endif

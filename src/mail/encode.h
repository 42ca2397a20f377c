/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_ENCODE_H
#define DOORSTEP_MAIL_ENCODE_H

#include "base/buf.h"
#include "base/str.h"
#include "mail/transfer.h"

/*
 * Text to a Content-Transfer-Encoding (RFC 2045 6), so that what comes out is
 * 7bit: ASCII without NUL, lines that end in LF and hold at most 998 bytes.
 * Lines of text end in LF, CRLF or CR.
 */

/* 7bit when text is that already, else the shorter of the other two. */
enum transfer_encoding encode_choose(struct str text);
const char *encode_name(enum transfer_encoding encoding); /* "quoted-printable" */

/* Appends text, which ends in a line end then; none of that encoding is
 * added to an empty text.  encoding: as encode_choose gave it for this text. */
void encode_add(struct buf *out, struct str text, enum transfer_encoding encoding);

/* LF for each CRLF, CR and LF, and one at the end unless text is empty. */
void encode_add_lines(struct buf *out, struct str text);

/* RFC 2045 6.7, for text: line ends stay.  A blank at a line's end is encoded,
 * and so are "From " and "." where they begin one. */
void encode_add_quoted_printable(struct buf *out, struct str text);
/* RFC 2045 6.8: lines of 76. */
void encode_add_base64(struct buf *out, struct str bytes);

#endif

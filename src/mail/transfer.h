/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_TRANSFER_H
#define DOORSTEP_MAIL_TRANSFER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Content-Transfer-Encoding (RFC 2045 6): whatever comes is decoded as far as
 * it goes, nothing fails.  Linear.
 */
enum transfer_encoding {
	TRANSFER_7BIT, /* also when none was given */
	TRANSFER_8BIT,
	TRANSFER_BINARY,
	TRANSFER_QUOTED_PRINTABLE,
	TRANSFER_BASE64,
	TRANSFER_UNKNOWN, /* RFC 2045 6.4: opaque, decoding gives it as it is */
};

/* Of a raw field value; comments and blanks around the token are allowed. */
enum transfer_encoding transfer_encoding_of(struct str value);

/* Appends the decoded bytes. */
void transfer_add_decoded(struct buf *out, struct str body, enum transfer_encoding encoding);

/* Foreign bytes are passed over; padding ends a group, more may follow. */
void transfer_add_base64(struct buf *out, struct str text);
/* `=` that is no code stays; blanks at line ends go (RFC 2045 6.7). */
void transfer_add_quoted_printable(struct buf *out, struct str text);
/* Whether at this place stand `mark` and two hexadecimal digits of either case:
 * then *out is their octet. */
bool transfer_has_octet(struct str text, size_t at, char mark, char *out);
/* Encodes, without line breaks. */
void transfer_encode_base64(struct buf *out, struct str bytes);

#endif

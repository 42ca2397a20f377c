/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_MIME_H
#define DOORSTEP_MAIL_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "mail/param.h"
#include "mail/transfer.h"

/*
 * The structure of a message (RFC 2045, 2046) that lies in memory.  Nothing
 * is copied or decoded: parts are offsets into the message.
 *
 * Nothing fails: what is malformed is a leaf.  A multipart without (or with
 * an overlong) boundary is a leaf, as is one deeper than LIMITS_DEPTH, and a
 * message/rfc822 that is encoded.  A boundary of an outer part ends all inner
 * ones (RFC 2046 5.1.2), also inside a header.  Linear in the size of the
 * message, whatever its nesting.
 */
#define MIME_NO_PARENT UINT32_MAX

struct mime_part {
	uint32_t parent; /* index, always lower than its own; or MIME_NO_PARENT */
	uint32_t depth;	 /* 0 for the message itself */
	bool is_leaf;	 /* no parts below: its body is content */

	size_t header, header_size; /* the empty line with it */
	size_t body, body_size;	    /* without the line end before the next boundary */

	/* As written; text/plain, or message/rfc822 in a digest, when missing
	 * or malformed (RFC 2045 5.2, RFC 2046 5.1.5).  Compare without case. */
	struct str type, subtype;
	struct param_list params;
	enum transfer_encoding encoding;
	struct str disposition; /* token as written; empty: none given */
	struct param_list disposition_params;
};

struct mime {
	struct str message;
	const struct mime_part *parts; /* in order of their headers; in the arena */
	uint32_t count;		       /* at least 1, but for an arena without room */
	uint32_t leaves;	       /* beyond LIMITS_PARTS too */
	unsigned limits;	       /* enum limits_met */
};

void mime_parse(struct str message, struct arena *a, struct mime *out);

/* Borrowed from the message; the header is for header_parse or header_cursor_init. */
struct str mime_part_header(const struct mime *m, const struct mime_part *part);
struct str mime_part_body(const struct mime *m, const struct mime_part *part);

/* RFC 2045 5.1: takes a token, maybe an empty one, and the blanks around it off
 * the front. */
struct str mime_take_token(struct str *rest);

bool mime_part_is(const struct mime_part *part, struct str type, struct str subtype);

/* Appends the file name (RFC 2183 2.3, else the Content-Type's name) as
 * UTF-8; a hint of the sender, never a path.  False: there is none. */
bool mime_part_has_filename(const struct mime_part *part, struct charset_set *set,
    struct buf *out);

#endif

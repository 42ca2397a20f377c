/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_BUILD_H
#define DOORSTEP_MAIL_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * The header fields of messages that we make: nothing else in the tree writes
 * one.  Each call appends at most one field, whose lines end in LF, hold no
 * other control byte, are folded under 78 bytes where they can be and hold
 * less than 998 in any case; whatever the value was, no second field and no
 * empty line can come of it.  Values may come from anybody.
 *
 * A field whose name is none (header_is_name) or too long, or of whose value
 * nothing may be written, is left out.
 */

#define BUILD_NAME_MAX 76		     /* bytes: of any field that we write */
#define BUILD_TEXT_MAX ((size_t)32 * 1024)   /* bytes of a text; it is cut */
#define BUILD_DISPLAY_MAX 256		     /* bytes of a display name; likewise */
#define BUILD_ID_MAX 512		     /* bytes of a message id, its brackets with it */

/* Unstructured: any text; encoded words when it must be (RFC 2047). */
void build_text(struct buf *out, struct str name, struct str text);

/*
 * Structured, as it is: folded at its blanks, of which runs become one.
 * Control bytes become `?`, what is not UTF-8 U+FFFD.  Without blanks for 900
 * bytes it cannot be folded, and is left out.
 */
void build_value(struct buf *out, struct str name, struct str value);

/* `token; parameter="value"`: value quoted. */
void build_parameter(struct buf *out, struct str name, struct str token, struct str parameter,
    struct str value);

void build_date(struct buf *out, struct str name, int64_t seconds, int zone);

/*
 * An address list.  path: as in an envelope (path.h), UTF-8 allowed; those
 * that are none, or have no domain, are left out.  display: UTF-8, or empty.
 */
struct build_address {
	struct str display, path;
};
void build_addresses(struct buf *out, struct str name, const struct build_address *at, size_t n);

/*
 * Message ids, one after the other; those that are not build_is_id are left
 * out.  Of ASCII only: an id in UTF-8 would make an answer unsendable where
 * SMTPUTF8 is not spoken.
 */
void build_ids(struct buf *out, struct str name, const struct str *ids, size_t n);
bool build_is_id(struct str id);
/* Takes the next id, brackets with it, off the front of a raw value; what is
 * none is passed over. */
bool build_can_take_id(struct str *rest, struct str *out);

/* The end of the header. */
void build_end(struct buf *out);

/* Content-Type and Content-Transfer-Encoding of a text in UTF-8, the end of the
 * header, and the text, in 7bit whatever it is (encode.h). */
#define BUILD_BODY_MAX ((size_t)1 << 20) /* bytes of it; it is cut */
void build_text_part(struct buf *out, struct str text);

#endif

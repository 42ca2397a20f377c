/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_HEADER_H
#define DOORSTEP_MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/*
 * The header of a message or part (RFC 5322 2.2), whatever it looks like.
 *
 * A line ends in LF or CRLF.  The header ends with the first empty line, and
 * only there: a line that is no field does not end it, so that no sender can
 * hide the fields behind it.  Without an empty line all of the text is
 * header.  Such a line (no colon, nothing before the colon, a name with
 * blanks, controls or 8-bit bytes in it, a continuation at the top, an mbox
 * "From " line at the top) is passed over with its continuations.  Blanks
 * between a name and its colon are allowed (RFC 5322 4.5).
 */
struct header_field {
	struct str name;  /* as written */
	struct str value; /* raw: all behind the colon, line ends inside, without the last */
	uint32_t line;	  /* where it begins, from 1 */
	uint32_t next;	  /* private: the next field of this name */
};

/* One pass over the fields without an index: see header_has_field. */
struct header_cursor {
	struct str text;
	size_t at; /* everything before it is done; behind the empty line at the end */
	uint32_t line;
	bool is_ended; /* the empty line was met */
};

/* Everything but what is allocated points into the text that was parsed. */
struct header {
	const struct header_field *fields; /* in order, lives in the arena */
	uint32_t count;			   /* of fields */
	uint32_t seen;			   /* fields there, beyond the limits too */
	size_t size;			   /* bytes, the empty line with it */
	bool is_ended;			   /* an empty line was there */
	unsigned limits;		   /* enum limits_met */
	const uint32_t *buckets;	   /* private */
	uint32_t bucket_mask;		   /* private */
};

/*
 * Fills *out from the front of text (a message, or a part, or just a header).
 * Linear in the header's size; the limits are LIMITS_HEADER_* and the
 * arena's ceiling.  size and seen are exact in any case.
 */
void header_parse(struct str text, struct arena *a, struct header *out);

/*
 * The first field of that name (any case), the following one of the same
 * name, or NULL.  Borrowed from the arena.  Fields of a name come in order.
 */
const struct header_field *header_first(const struct header *h, struct str name);
const struct header_field *header_next(const struct header *h, const struct header_field *field);

/* The first such field unfolded (as header_unfold), or the empty str. */
struct str header_value(const struct header *h, struct str name, struct arena *a);

/* Bytes of the header that text begins with, the empty line included. */
size_t header_size(struct str text);

/* Starts a pass; each field in turn; false at the end of the header. */
void header_cursor_init(struct header_cursor *cursor, struct str text);
bool header_has_field(struct header_cursor *cursor, struct header_field *out);

/*
 * A raw value without its folds (RFC 5322 2.2.3: the line ends go, the blanks
 * behind them stay) and without blanks at both ends.  header_unfold borrows
 * from raw when there is no fold, else lives in the arena (the empty str at
 * its ceiling).  Bytes are not touched otherwise: NUL and 8-bit stay.
 */
struct str header_unfold(struct str raw, struct arena *a);
void header_add_unfolded(struct buf *out, struct str raw);

/* Without the blanks, line ends and comments in front (RFC 5322 3.2.2); an open
 * comment takes the rest. */
struct str header_skip_space(struct str text);
bool header_is_name(struct str name); /* RFC 5322 3.6.8: field-name */

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_DATA_H
#define DOORSTEP_MAIL_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Message content as it comes by DATA or BDAT, turned into what is stored:
 * lines end in LF, stuffed dots are gone.  Takes chunks of any size.
 *
 * Only CRLF ends a line of the protocol (RFC 5321 2.3.8).  So only CRLF.CRLF
 * ends DATA, and a dot is a stuffed one only behind a CRLF or at the very
 * beginning.  A bare LF is content (a reader will see a line end there), a
 * bare CR is content and stays.
 */
enum data_mode {
	DATA_DOTTED,  /* DATA: dots are stuffed, CRLF.CRLF ends it */
	DATA_CHUNKED, /* BDAT: the caller counts; dots are dots */
};

enum data_place {
	DATA_AT_START, /* behind a CRLF, or nothing seen yet */
	DATA_IN_LINE,
	DATA_AT_CR,	/* a CR is held back: of a CRLF, or bare */
	DATA_AT_DOT,	/* a dot began the line and is held back */
	DATA_AT_DOT_CR, /* and a CR after it */
	DATA_AT_END,	/* the end was seen: takes no more */
};

struct data {
	enum data_mode mode;
	enum data_place place;
	uint64_t wire_size; /* octets with CRLF, without stuffing and end (RFC 1870 3) */
	uint64_t size;	    /* bytes given out */
};

void data_init(struct data *d, enum data_mode mode);

/*
 * Takes bytes from `in` and appends content to out (which may be NULL: only
 * count).  Returns how many were used: all of them, or up to and with the end
 * of DATA, when data_is_ended becomes true.
 */
size_t data_take(struct data *d, struct str in, struct buf *out);
bool data_is_ended(const struct data *d);

/* The last chunk of BDAT was taken: a CR that was held back is content. */
void data_end(struct data *d, struct buf *out);

#endif

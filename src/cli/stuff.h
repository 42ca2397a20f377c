/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_STUFF_H
#define DOORSTEP_CLI_STUFF_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * A message as a program hands it over, turned into what DATA carries (RFC 5321
 * 4.5.2): lines end in CRLF, a dot that begins one is doubled, a first line of
 * an mbox ("From ") is dropped.  A bare CR is content and stays.  Takes chunks
 * of any size.
 */
struct stuff {
	size_t matched;	    /* bytes of "From " seen at the very beginning */
	bool is_started;    /* the first line is known not to be mbox's */
	bool is_skipping;   /* in mbox's first line */
	bool is_in_line;    /* something of a line was given out */
	bool is_behind_cr;  /* the last byte was a CR */
};

#define STUFF_EMPTY ((struct stuff){ 0, false, false, false, false })

void stuff_take(struct stuff *s, struct str in, struct buf *out);

/* The line end that a last line may lack, and the end of DATA. */
void stuff_end(struct stuff *s, struct buf *out);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_CONTENT_H
#define DOORSTEP_RELAY_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * A message as it is stored, with LF lines, and the way it is said to a
 * remote: lines that end in CRLF, dots stuffed.  It lies in memory, in a sealed
 * memory file, or in a file of deliver's that is read in windows: that owner
 * could cut it short, and a map of it would kill us.
 */
#define CONTENT_WINDOW ((size_t)64 * 1024)
#define CONTENT_LINE_MAX 998 /* RFC 5321 4.5.3.1.6, without CRLF */

struct content {
	struct str text; /* all of it, when it lies in memory */
	struct buf owned;
	const char *map;
	int fd;
	uint64_t size;
	struct buf window; /* of a file: bytes from window_at */
	uint64_t window_at;
};

#define CONTENT_EMPTY ((struct content){ .fd = -1 })

/* What a look at all of it has found. */
struct content_facts {
	uint64_t wire_size; /* octets with CRLF, without stuffing and end (RFC 1870 3) */
	bool has_8bit_header; /* in the first header */
	bool has_8bit_body;
	bool has_nul;
	bool has_cr;	/* the CR of CRLF is not stored: a bare one */
	bool has_long;	/* a line above CONTENT_LINE_MAX */
};

/* text is copied; fd is taken over (-1: there is none). */
void content_init(struct content *c, struct str text, int fd, uint64_t size);
void content_fini(struct content *c);
/* Puts bytes in the place of what was there; they are taken over. */
void content_replace(struct content *c, struct buf *bytes);
/* The whole of it in memory, borrowed as long as c. */
int content_whole(struct content *c, struct str *out, struct fail *why);

int content_scan(struct content *c, struct content_facts *out, struct fail *why);

/*
 * Says it piece by piece.  is_dotted: for DATA, with the final dot; otherwise
 * for BDAT, exactly facts->wire_size octets.  A message that is no longer what
 * the facts say is a failure: the connection must end before its last octet.
 */
struct content_saying {
	const struct content_facts *facts;
	bool is_dotted, is_in_line, is_over;
	uint64_t at, said;
};

void content_begin(struct content_saying *s, const struct content_facts *facts, bool is_dotted);
/* Appends some more to out: at least CONTENT_WINDOW octets unless it is over then. */
int content_say(struct content *c, struct content_saying *s, struct buf *out, struct fail *why);

#endif

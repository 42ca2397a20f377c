/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_SESSION_BODY_H
#define DOORSTEP_SESSION_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mail/data.h"
#include "session/answer.h"

/*
 * A message while it comes in: in memory up to WIRE_INLINE_MAX, beyond that in
 * a memfd.  A message that broke a limit is still read to its end, and kept
 * no more.
 */

/* Shared by all sessions of the process (message_memory_limit). */
struct body_budget {
	uint64_t used, limit;
};

struct body {
	struct data data;
	struct buf bytes;     /* what is not in fd */
	int fd;		      /* memfd, or -1 */
	uint64_t size;	      /* bytes kept: the trace and the content */
	uint64_t limit;	      /* of the content, as on the wire; 0 none */
	struct answer answer; /* good, or why it is refused */
	struct body_budget *budget;
};

/* All zero is an empty body; init opens nothing. */
void body_init(struct body *b, enum data_mode mode, uint64_t limit, struct body_budget *budget);
void body_fini(struct body *b);

/* Our trace field, in front of the content. */
void body_add_trace(struct body *b, struct str trace);
/* Takes content, dotted or chunked; returns the bytes used. */
size_t body_take(struct body *b, struct str in);
bool body_is_ended(const struct body *b);
void body_end(struct body *b); /* after the last chunk */

/*
 * Makes it ready to be given away: in bytes when it is small, else in a
 * sealed fd.  A failure is in b->answer.
 */
void body_seal(struct body *b);

#endif

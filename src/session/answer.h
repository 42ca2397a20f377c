/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_SESSION_ANSWER_H
#define DOORSTEP_SESSION_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * What another process said about a recipient or a message, until it is said
 * to the client.  Nowhere but here does a failure get its reply code.
 */
struct answer {
	enum fail_class class;
	unsigned char subject, detail; /* RFC 3463 */
	struct str text;	       /* for the client, LF between lines; borrowed */
	bool is_utf8;		       /* the client can read a text in UTF-8 */
};

#define ANSWER_GOOD ((struct answer){ FAIL_NONE, 0, 0, STR_EMPTY, false })
#define ANSWER_FAIL(class, subject, detail, literal)                           \
	((struct answer){ class, subject, detail, STR(literal), false })

/* From a message's fields; a class that does not exist is our own doubt. */
struct answer answer_of(uint8_t class, uint8_t subject, uint8_t detail, struct str text);

/*
 * 250 for success; TEMP and OURS 451 (452 for x.2.2 and x.3.1: full); PERM 550
 * (552 for x.2.2 and x.3.4: too large); POLICY 550 (x.7.1) or 554.
 */
int answer_code(const struct answer *answer);
/* about: the address that it is about, or empty. */
void answer_add(struct buf *out, const struct answer *answer, struct str about);

/* Temporary is worse than permanent, that is worse than success: a client
 * that tries again loses nothing, one that gives up does. */
bool answer_is_worse(const struct answer *answer, const struct answer *than);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_AUTH_H
#define DOORSTEP_RELAY_AUTH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "relay/capability.h"

/*
 * AUTH as a client (RFC 4954): SCRAM-SHA-256 and -SHA-1 (RFC 5802, 7677)
 * before PLAIN (RFC 4616) before LOGIN; the last two only where nobody else can
 * read.  Names and passwords are used as they are written, without SASLprep.
 * Nothing here is ever logged.
 */
#define AUTH_CHALLENGE_MAX ((size_t)8192) /* of a server's message, encoded */
#define AUTH_ITERATIONS_MAX 1000000	  /* of SCRAM: about half a second */

struct auth {
	enum auth_mechanism mechanism;
	unsigned step;
	struct str user, password; /* borrowed */
	struct buf first, nonce;   /* SCRAM: client-first-message-bare, our nonce */
	unsigned char proof[32];   /* SCRAM: what the server must prove in the end */
};

#define AUTH_EMPTY ((struct auth){ .step = 0 })

/* The AUTH line.  -1: the remote offers nothing that may be used. */
int auth_begin(struct auth *auth, unsigned mechanisms, bool is_private, struct str user,
    struct str password, struct buf *line, struct fail *why);
/* The answer to a challenge (the text of a 334).  -1: it makes no sense, or
 * the remote is not who knows the password. */
int auth_continue(struct auth *auth, struct str challenge, struct buf *line, struct fail *why);
/* Whether the remote has proved itself where the mechanism asks for it: false at
 * a 235 that came too early. */
bool auth_is_over(const struct auth *auth);
void auth_fini(struct auth *auth);

#endif

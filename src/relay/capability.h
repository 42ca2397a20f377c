/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_CAPABILITY_H
#define DOORSTEP_RELAY_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* What a remote can, as its reply to EHLO or LHLO says (RFC 5321 4.1.1.1). */
enum capability {
	CAN_PIPELINING = 1,   /* RFC 2920 */
	CAN_8BITMIME = 2,     /* RFC 6152 */
	CAN_CHUNKING = 4,     /* RFC 3030 */
	CAN_BINARYMIME = 8,   /* RFC 3030 */
	CAN_SMTPUTF8 = 16,    /* RFC 6531 */
	CAN_DSN = 32,	      /* RFC 3461 */
	CAN_STARTTLS = 64,    /* RFC 3207 */
	CAN_REQUIRETLS = 128, /* RFC 8689 */
	CAN_DELIVERBY = 256,  /* RFC 2852 */
	CAN_SIZE = 512,	      /* RFC 1870 */
	CAN_AUTH = 1024,      /* RFC 4954 */
};

enum auth_mechanism {
	AUTH_PLAIN = 1,
	AUTH_LOGIN = 2,
	AUTH_SCRAM_SHA_1 = 4,
	AUTH_SCRAM_SHA_256 = 8,
};

struct capabilities {
	unsigned can;	     /* enum capability */
	unsigned mechanisms; /* enum auth_mechanism: those that we know */
	uint64_t size;	     /* largest message, 0: it names none */
};

/* lines: as response.h gives them.  What is unknown or malformed is passed over. */
void capability_parse(struct str lines, struct capabilities *out);

#endif

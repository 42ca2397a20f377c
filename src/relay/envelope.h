/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_ENVELOPE_H
#define DOORSTEP_RELAY_ENVELOPE_H

#include "base/buf.h"
#include "relay/capability.h"
#include "relay/content.h"
#include "relay/mail.h"

/* What can be said over one connection. */
struct terms {
	struct capabilities capabilities;
	bool is_encrypted; /* TLS */
	bool is_verified;  /* and the remote is who it should be */
};

/* How a mail is said to a remote that has these terms. */
struct plan {
	struct content_facts facts; /* of what is sent: after a conversion */
	bool is_chunked;	    /* BDAT and BODY=BINARYMIME (RFC 3030) */
	bool is_8bit;		    /* BODY=8BITMIME */
	bool is_utf8;		    /* SMTPUTF8 */
	bool is_dsn_passed;
	bool is_converted;
};

/*
 * Looks the message over and decides; converts it when the remote cannot take
 * it as it is (downgrade.h).  -1: it cannot be said to this remote, or at all;
 * *why has the class and the code for the report.
 */
int envelope_plan(struct mail *mail, const struct terms *terms, struct plan *out,
    struct fail *why);

/* Whether sender and recipient can stand in a command: nothing that deliver
 * says may become a line of its own (RFC 5321 4.1.2). */
int envelope_check(const struct mail *mail, struct fail *why);

/* Each a whole line. */
void envelope_add_mail(const struct mail *mail, const struct terms *terms,
    const struct plan *plan, struct buf *out);
void envelope_add_rcpt(const struct mail *mail, const struct terms *terms, struct buf *out);

#endif

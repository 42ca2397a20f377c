/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_COMPOSE_H
#define DOORSTEP_FILTER_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mail/header.h"
#include "sieve/sieve.h"

struct charset_set;

/*
 * The messages that a script's actions ask for: redirect, vacation, reject,
 * notify.  Each is made whole here, with its envelope, or not at all; nothing
 * is sent, stored or remembered, and no clock is read: the same input gives
 * the same bytes, its Message-ID with them, however often it is tried.
 *
 * The header of each is written by mail/build.h alone, but for that of a
 * redirect, which is the message's own with one field in front.  Lines end in
 * LF.  A copy for a folder (RFC 8580) is the same text: made, then rest.
 */

/* Own addresses that are looked for in a message: more than this are passed over. */
#define COMPOSE_ADDRESSES_MAX 4096
/* Of a subject, in code points (RFC 3834 3.1.5); Pigeonhole's. */
#define COMPOSE_SUBJECT_MAX 256
/* Ids in a References field: the first, and the last ones (RFC 5322 3.6.4). */
#define COMPOSE_REFERENCES_MAX 40
/* Received fields of a message that is redirected: RFC 5321 6.3. */
#define COMPOSE_HOPS_MAX 100

enum compose_answer {
	COMPOSE_DONE,	/* *out is filled */
	COMPOSE_SILENT, /* no message may be sent, and that is all: out->why says why not */
	COMPOSE_FAILED, /* it cannot be made: the action has failed, for out->why */
};

/* Who a message that we send is from, in its envelope.  A message whose
 * cause came from <> comes from <>, whatever is set. */
enum compose_source {
	COMPOSE_FROM_DEFAULT, /* redirect: the sender; notify: RFC 5436 2.7 */
	COMPOSE_FROM_SENDER,
	COMPOSE_FROM_RECIPIENT,
	COMPOSE_FROM_ORIGINAL_RECIPIENT, /* else the recipient */
	COMPOSE_FROM_USER,		 /* user_email, else the recipient */
	COMPOSE_FROM_POSTMASTER,
	COMPOSE_FROM_ADDRESS, /* as set */
};

/* All zero: as the comments say. */
struct compose_settings {
	enum compose_source redirect_from, notify_from;
	struct str redirect_from_address, notify_from_address;
	struct str vacation_subject;  /* when there is no other; empty: Automated reply */
	struct str vacation_template; /* %{subject} or %$ in it; empty: Auto: %{subject} */
	bool is_vacation_from_recipient; /* MAIL FROM; false: <>, RFC 5230 5.1 */
	bool is_original_recipient_foreign; /* what the client gave as ORCPT is not the user's */
	bool is_recipient_unchecked; /* answer too when no field names the user, RFC 5230 4.5 */
	bool is_to_from_header;	     /* To: by Sender or From, not by the envelope */
};

/* False: no such value (sender, recipient, orig_recipient, user_email,
 * postmaster, <address>).  address borrows from value. */
bool compose_can_parse_source(struct str value, enum compose_source *source, struct str *address);

struct compose_env {
	/* The message as it came, before any edit (RFC 5293 7). */
	struct str text;
	/* Likewise; but for vacation and notify as the script has left it
	 * (action->version): they look at its fields as a test does. */
	const struct header *header;
	struct charset_set *charsets;
	bool is_utf8; /* it came with SMTPUTF8 */

	/* Addresses as in an envelope; the sender empty: <>.  What has no
	 * domain gets hostname. */
	struct str sender, recipient;
	struct str original_recipient; /* empty: unknown */
	struct str user_email;	       /* of the user; empty: the recipient is */
	const struct str *aliases;     /* others that are known to be the user's */
	size_t alias_count;
	struct str postmaster; /* empty: postmaster@hostname */
	struct str hostname;
	struct str envelope_id; /* ENVID, decoded; empty: none */

	/* What tells this delivery to this recipient from every other one, and
	 * stays when it is tried again. */
	struct str seed;
	int64_t now; /* seconds since the epoch */
	int zone;    /* minutes east */
	bool is_full_returned; /* RET=FULL: reports return all of the message */

	const struct compose_settings *settings; /* NULL: defaults */
	/* Is that mark standing?  NULL: none is. */
	bool (*is_marked)(void *arg, struct str mark);
	void *arg;
	struct arena *arena; /* what out borrows lives here; it may have a ceiling */
};

struct compose_message {
	struct buf made; /* the message, or what stands in front of rest */
	struct str rest; /* borrowed from what was given */
	struct str from; /* MAIL FROM; empty: <> */
	const struct str *to; /* RCPT TO: one transaction */
	size_t to_count;
	bool is_utf8;	   /* it needs SMTPUTF8 */
	bool is_8bit;	   /* BODY=8BITMIME */
	struct str notify; /* NOTIFY of all recipients; empty: as the original's, or none */
	const struct sieve_redirect *redirect; /* more of the kind; or NULL */
	/* To be remembered once the delivery is committed; seconds 0: not. */
	struct str mark;
	uint64_t mark_seconds;
	struct str why; /* constant, or in the arena */
};

#define COMPOSE_EMPTY ((struct compose_message){ .made = BUF_EMPTY })
void compose_fini(struct compose_message *message); /* legal on COMPOSE_EMPTY */

/* Each wants *out empty, and fills it; what it has in any case is to be given
 * to compose_fini. */

/* RFC 5230 with RFC 6131 and 3834.  The mark: one answer to a sender in that time. */
enum compose_answer compose_vacation(const struct compose_env *env,
    const struct sieve_action *action, struct compose_message *out);

/*
 * text: the message as the script has left it (action->version), borrowed by
 * out.  FAILED for a loop too: then the message is to be kept, for nobody else
 * will.  The mark: the same message to the same address.
 */
enum compose_answer compose_redirect(const struct compose_env *env,
    const struct sieve_action *action, struct str text, struct compose_message *out);

/* For how long a second copy of one message is not redirected again; Pigeonhole's. */
#define COMPOSE_REDIRECT_SECONDS (12 * 3600)

/*
 * RFC 5436: actions[i], whose method is mailto.  Those in front of it in the
 * list are of the same run: who gets one of them gets no second one.
 */
enum compose_answer compose_notify(const struct compose_env *env,
    const struct sieve_action *actions, size_t i, struct compose_message *out);

/*
 * When the refusal cannot be said in the protocol: a failure MDN for reject
 * (RFC 5429 2.2.1), a DSN for ereject.  SILENT for mail from <>.
 */
enum compose_answer compose_reject(const struct compose_env *env,
    const struct sieve_action *action, struct compose_message *out);

/* May the reason be said in a reply without loss (RFC 5429 2.2)?  has_utf8:
 * the client asked for SMTPUTF8. */
bool compose_is_sayable(struct str reason, bool has_utf8);

#endif

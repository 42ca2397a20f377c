/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_SESSION_TRANSACTION_H
#define DOORSTEP_SESSION_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/table.h"
#include "ipc/wire.h"
#include "mail/command.h"
#include "session/answer.h"
#include "session/body.h"

/*
 * One mail transaction: from MAIL to the replies of its message.
 *
 * A recipient is an accepted RCPT and gets one reply (RFC 2033 4.2).  A
 * delivery is one user to whom a copy goes: a recipient that is an alias has
 * several, and recipients that come to the same user share one.  A job is
 * what one owner's deliver is given of it.
 */

/* Recipients behind aliases together; guards against an alias bomb. */
#define TRANSACTION_DELIVERIES_MAX 10000
/* Of the recipients in one job; with a body of WIRE_INLINE_MAX and the rest of
 * the envelope it stays below WIRE_PACKET_MAX. */
#define TRANSACTION_JOB_BYTES ((size_t)80 * 1024)
/* Of a user's or an owner's name, from directory. */
#define TRANSACTION_NAME_MAX 1024

struct delivery {
	struct str owner, user; /* from directory */
	uint32_t uid;		/* of the owner */
	struct str address, orcpt, orcpt_type, mailbox;
	uint32_t notify;
	size_t job; /* index */
	struct answer answer; /* of deliver */
};

struct recipient {
	struct str address;
	size_t *deliveries; /* indexes */
	size_t delivery_count;
};

struct job {
	struct str owner;
	uint32_t uid;
	struct msg_SESSION_GIVES_JOB message;
	size_t bytes;		/* of its recipients, packed */
	bool can_acknowledge;	/* see transaction_settle */
};

struct transaction {
	struct arena arena; /* everything below but the arrays */
	struct str sender, envid, auth;
	enum command_by by;
	bool is_by_traced;
	int64_t by_end; /* when its time is over; seconds since the epoch */
	uint64_t size; /* announced; 0 not */
	enum command_ret ret;
	enum command_body body_type;
	bool is_utf8;
	struct recipient *recipients;
	size_t recipient_count, recipient_cap;
	struct delivery *deliveries;
	size_t delivery_count, delivery_cap;
	struct table merged; /* which delivery a user has */
	struct job *jobs;
	size_t job_count, job_cap;
	struct str trace_id;
	struct body body;
};

void transaction_fini(struct transaction *t); /* it is empty and usable again */

/* MAIL was accepted: the strings are copied. */
void transaction_begin(struct transaction *t, const struct command *mail);

/* RCPT was accepted, and these are its users.  detail: the subaddress, which
 * keeps deliveries to one user apart. */
void transaction_add(struct transaction *t, const struct command *rcpt, struct str detail,
    const struct rec_target *targets, size_t count);

/* Who connected, for the jobs. */
struct transaction_client {
	struct str literal, helo;
};

/* One job for each owner (several when its recipients fill more than one
 * packet), from the sealed body. */
void transaction_make_jobs(struct transaction *t, const struct transaction_client *client,
    size_t trace_len);

/* deliver's word on one job: outcomes, or an answer for the whole of it. */
void transaction_take_outcomes(struct transaction *t, size_t job, const struct answer *all,
    const struct rec_outcome *outcomes, size_t count);

/* The reply to a recipient: the worst of its deliveries. */
struct answer transaction_answer(const struct transaction *t, size_t recipient);

/*
 * All jobs are answered.  A job whose success is hidden from the client,
 * because a recipient has failed elsewhere too, may not be acknowledged: the
 * client will try again, and the mark must stand to know the copy (DESIGN 4).
 */
void transaction_settle(struct transaction *t);

#endif

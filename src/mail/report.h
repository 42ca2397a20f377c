/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_REPORT_H
#define DOORSTEP_MAIL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * The multipart/report (RFC 6522) that tells a sender what became of a
 * message: for people, for programs, and of the message what is needed to
 * know it again.  7bit, unless is_utf8 allows more (RFC 6533).
 */
enum report_kind {
	REPORT_DISPOSITION, /* RFC 8098: deleted, by a rule, told by it */
	REPORT_DELIVERY,    /* RFC 3464 */
};

enum report_action { REPORT_FAILED, REPORT_DELAYED, REPORT_DELIVERED, REPORT_RELAYED };

/* Addresses as in an envelope, UTF-8 allowed.  What is empty or 0 is left out. */
struct report_rcpt {
	struct str original_type; /* of ORCPT; empty: by the address */
	struct str original, final;
	/* Of REPORT_DELIVERY: */
	enum report_action action;
	struct str status;	/* 5.7.1 */
	struct str remote_mta;	/* host name */
	struct str diagnostic;	/* the reply, 550 with it; lines are joined */
	int64_t last_attempt, retry_until;
};

struct report {
	enum report_kind kind;
	struct str text;     /* for people */
	struct str hostname; /* who reports */
	struct str envelope_id;
	struct str message_id; /* of the original, or empty */
	int64_t arrival;
	int zone;
	const struct report_rcpt *rcpts; /* one, of REPORT_DISPOSITION */
	size_t rcpt_count;
	struct str original; /* the message, or just its header */
	bool is_whole;	     /* return all of it, if that may be */
	bool is_utf8;	     /* the report goes out with SMTPUTF8 */
};

#define REPORT_HEADER_MAX ((size_t)32 * 1024) /* of the original, that is returned */
#define REPORT_WHOLE_MAX ((size_t)256 * 1024) /* more than this: only the header */
#define REPORT_DIAGNOSTIC_MAX 800

/* Appends MIME-Version and Content-Type, the end of the header, and the body.
 * The fields in front are the caller's. */
void report_add(struct buf *out, const struct report *report);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_OUTBOX_REPORT_H
#define DOORSTEP_DELIVER_OUTBOX_REPORT_H

#include <stdbool.h>

#include "base/buf.h"
#include "store/format.h"

/*
 * What a sender is told of a message that waited in the outbox: it failed, or
 * it went on to where no success will be reported from (RFC 3461, 3464).
 */
struct outbox_report {
	uint64_t id;
	const struct disk_outbox_row *row;
	struct str original; /* the message, as much of it as is needed */
	bool is_failed;	     /* else it was relayed */
	bool is_expired;
	struct str status, remote, reply; /* of the last attempt */
	int64_t now;			  /* microseconds since the epoch */
	struct str hostname;
};

/* RFC 3461 4.1 and 5.2: never to <>, never against NOTIFY, never of a report. */
bool outbox_report_is_wanted(const struct disk_outbox_row *row, bool is_failed,
    bool is_dsn_passed);
/* RFC 3461 4.3: all of it only when it was asked for; RFC 8689 5: nor then. */
bool outbox_report_is_whole(const struct disk_outbox_row *row);
/* The sender as an address with a domain. */
void outbox_report_add_recipient(struct buf *out, const struct outbox_report *report);
/* Appends the message, the same bytes whenever it is made. */
void outbox_report_add(struct buf *out, const struct outbox_report *report);

#endif

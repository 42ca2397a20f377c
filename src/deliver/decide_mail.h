/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_DECIDE_MAIL_H
#define DOORSTEP_DELIVER_DECIDE_MAIL_H

#include "deliver/job.h"

/*
 * What a filter wants sent, checked and added to the recipient's outgoing rows.
 * A filter that a message has taken over must not become a way to send
 * anything to anybody: an answer goes to the sender only, from nobody or from
 * an address of this delivery; how many there may be is bounded.
 *
 * action: its `mail` is in the outcome; cause, script, rule and line of the row
 * are as `row` has them.  True: it will be sent with the commit, or was sent
 * already (its mark stands).  False: it cannot be; *why_out is a constant or
 * lives as long as deliver's settings.
 */
bool decide_can_send(struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome,
    const struct rec_action *action, const struct job_outgoing *row, const char **why_out);

/* The mail of this action was to be sent by one before it, and was not: a copy of
 * it is not stored either (RFC 8580 3). */
bool decide_is_unsent(const struct job_rcpt *rcpt, const struct rec_action *action);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_DECIDE_H
#define DOORSTEP_DELIVER_DECIDE_H

#include "deliver/job.h"

/*
 * From what filter proposes for a recipient to the copies that are made:
 * folder names are checked and opened (and made), flags cleaned, limits kept.
 * Whatever cannot be done as proposed ends in the inbox with a line in the
 * log; only when the inbox itself cannot be had is the recipient refused TEMP.
 * outcome NULL: filter has no answer; implicit keep.
 */
void decide_copies(struct job_rcpt *rcpt, const struct rec_filter_outcome *outcome);

/* A copy of the message as it came in the inbox, whatever was decided.  -1: the
 * recipient is refused. */
int decide_keep(struct job_rcpt *rcpt);

/* Refuses recipients that the message has already been delivered to once (a
 * loop): delivered_to is FILTER_ANSWERS'. */
void decide_loop(struct job_rcpt *rcpt, struct str delivered_to);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_REPORT_H
#define DOORSTEP_RELAY_REPORT_H

#include "relay/mail.h"

/* To whoever gave the mail, and one line to the log when a remote has decided
 * (that none could be reached is logged once a minute, by remote.c). */
void relay_report(struct wire *wire, const struct mail *mail, const struct outcome *outcome);

#endif

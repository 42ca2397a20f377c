/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_REPORT_H
#define DOORSTEP_DELIVER_REPORT_H

#include "deliver/job.h"

/* The log line of each recipient (DESIGN 9): everything that answers "what
 * happened to this message", in logfmt. */
void report_job(const struct job *job);

#endif

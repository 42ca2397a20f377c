/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MASTER_OWNERS_H
#define DOORSTEP_MASTER_OWNERS_H

#include "base/fail.h"
#include "master/children.h"

/* Delivers and their filters: who is started for whom, and when it goes. */

/* Messages of children. */
void owners_asked(struct child *session, const struct msg_SESSION_ASKS_OWNER *asked);
void owners_idle(struct child *deliver);
void owners_report(struct child *deliver, const struct msg_DELIVER_REPORTS_FILTER *report);

/* Lifecycle, from children.c. */
void owners_started(struct child *deliver);
void owners_ended(struct child *c, int status); /* a deliver or a session */

/* The deliver of an owner, started if it was not there; NULL with *why.  Never
 * trusts: name and uid must agree and be allowed. */
struct child *owners_need(struct master *m, const char *owner, uid_t uid, struct fail *why);
/* "uid.N" or "virtual" as an id; -1 when it is neither. */
int owners_parse(const struct master *m, struct str owner, uid_t *uid_out);

/* Starts the deliver of virtual users if the config has any. */
void owners_start_virtual(struct master *m);

#endif

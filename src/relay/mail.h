/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_MAIL_H
#define DOORSTEP_RELAY_MAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/fail.h"
#include "ipc/wire.h"
#include "relay/content.h"

/* One row of a deliver's outbox, from DELIVER_GIVES_MAIL to RELAY_REPORTS_MAIL. */
struct mail {
	TAILQ_ENTRY(mail) entry; /* of whoever has it: see queue.h */
	struct peer *peer;	 /* who gave it (main.c); NULL: gone, nobody waits for it */
	struct arena arena;
	struct msg_DELIVER_GIVES_MAIL said; /* strings in the arena; text and fd are in content */
	struct content content;
	int64_t since;	    /* clock_monotonic */
	bool is_second_try; /* a connection was lost under it before a word was said */
};

TAILQ_HEAD(mails, mail);

/* How it went, for the report. */
struct outcome {
	struct fail fail;	/* log: the remote's reply, or what went wrong */
	const char *remote;	/* borrowed; empty: none was reached */
	bool is_dsn_passed;
};

/* Takes the descriptor out of the message. */
struct mail *mail_new(const union msg_any *any, struct peer *peer);
void mail_free(struct mail **mail); /* legal on NULL */

#endif

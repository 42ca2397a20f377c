/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * How a mail went, for deliver and for the log. */
#include "relay/report.h"

#include "base/clock.h"
#include "base/log.h"

static void
log_outcome(const struct mail *mail, const struct outcome *outcome)
{
	const struct msg_DELIVER_GIVES_MAIL *said = &mail->said;
	static const char *const words[] = { [FAIL_NONE] = "sent", [FAIL_TEMP] = "deferred",
		[FAIL_PERM] = "refused", [FAIL_POLICY] = "refused", [FAIL_OURS] = "deferred" };
	struct buf line = BUF_EMPTY;
	char enhanced[12];

	fail_enhanced(&outcome->fail, enhanced);
	log_pair(&line, "relay", str_of(words[outcome->fail.class]));
	log_pair(&line, "cause", said->cause);
	log_pair(&line, "trace", said->trace_id);
	log_pair(&line, "user", said->user);
	log_pair(&line, "from", said->sender);
	log_pair(&line, "to", said->recipient);
	log_pair(&line, "remote", str_of(outcome->remote));
	log_pair(&line, "status", str_of(enhanced));
	log_pair(&line, "reply", str_of(outcome->fail.log));
	log_pair_number(&line, "size", (int64_t)said->size);
	log_pair_number(&line, "us", clock_monotonic() - mail->since);
	log_line(outcome->remote[0] == '\0' && outcome->fail.class != FAIL_PERM ? LOG_L_DEBUG
	    : LOG_L_INFO, buf_str(&line));
	buf_fini(&line);
}

void
relay_report(struct wire *wire, const struct mail *mail, const struct outcome *outcome)
{
	enum fail_class class = outcome->fail.class;
	struct msg_RELAY_REPORTS_MAIL message = { .id = mail->said.id,
		.subject = outcome->fail.subject, .detail = outcome->fail.detail,
		.remote = str_of(outcome->remote), .reply = str_of(outcome->fail.log),
		.is_dsn_passed = outcome->is_dsn_passed };

	/* Our own doubt is never the end of a mail. */
	message.class = class == FAIL_OURS ? FAIL_TEMP : class == FAIL_POLICY ? FAIL_PERM : class;
	log_outcome(mail, outcome);
	wire_send(wire, MSG_RELAY_REPORTS_MAIL, &message);
}

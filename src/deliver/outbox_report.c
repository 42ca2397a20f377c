/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Delivery status notifications for rows of the outbox.  Only writes them, and
 * reads nothing of the message: that is for processes that can do nothing. */

#include "deliver/outbox_report.h"

#include "base/clock.h"
#include "mail/build.h"
#include "mail/path.h"
#include "mail/report.h"

#define NOTIFY_NEVER 1
#define NOTIFY_SUCCESS 2
#define NOTIFY_FAILURE 4
#define RET_FULL 1

bool
outbox_report_is_wanted(const struct disk_outbox_row *row, bool is_failed, bool is_dsn_passed)
{
	if (row->sender.n == 0 || str_is_equal(row->cause, STR("dsn")) ||
	    (row->notify & NOTIFY_NEVER) != 0)
		return false;
	/* Without NOTIFY it is a failure that is told (RFC 3461 4.1). */
	if (is_failed)
		return row->notify == 0 || (row->notify & NOTIFY_FAILURE) != 0;
	return (row->notify & NOTIFY_SUCCESS) != 0 && !is_dsn_passed;
}

bool
outbox_report_is_whole(const struct disk_outbox_row *row)
{
	return row->ret == RET_FULL && row->requiretls == 0;
}

static void
add_complete(struct buf *out, struct str address, struct str hostname)
{
	buf_add_str(out, address);
	if (str_find_byte(address, '@') == -1) {
		buf_add_byte(out, '@');
		buf_add_str(out, hostname);
	}
}

void
outbox_report_add_recipient(struct buf *out, const struct outbox_report *report)
{
	add_complete(out, report->row->sender, report->hostname);
}

static void
add_head(struct buf *out, const struct outbox_report *r, struct str to)
{
	struct build_address from = { .display = STR("Mail Delivery System") };
	struct build_address sender = { .path = to };
	struct buf text = BUF_EMPTY;
	struct str made;

	build_date(out, STR("Date"), r->now / CLOCK_SECOND, 0);
	buf_addf(&text, "MAILER-DAEMON@%.*s", STR_ARG(r->hostname));
	from.path = buf_str(&text);
	build_addresses(out, STR("From"), &from, 1);
	build_addresses(out, STR("To"), &sender, 1);
	build_text(out, STR("Subject"), r->is_failed ? STR("Undelivered mail returned to sender")
	    : STR("Mail was relayed"));
	buf_clear(&text);
	/* The same for each attempt to send it: it is made once. */
	buf_addf(&text, "<outbox.%llx.%llx@%.*s>", (unsigned long long)r->id,
	    (unsigned long long)r->row->created, STR_ARG(r->hostname));
	made = buf_str(&text);
	build_ids(out, STR("Message-ID"), &made, 1);
	/* RFC 3834 5: nothing answers it. */
	build_value(out, STR("Auto-Submitted"), STR("auto-replied"));
	buf_fini(&text);
}

static void
add_text(struct buf *out, const struct outbox_report *r)
{
	buf_addf(out, "This is the mail system at host %.*s.\n\n", STR_ARG(r->hostname));
	if (r->is_failed)
		buf_add_cstr(out, "Your message could not be handed on to\n\n");
	else
		buf_add_cstr(out, "Your message has been handed on to\n\n");
	buf_addf(out, "    %.*s\n\n", STR_ARG(r->row->recipient));
	if (!r->is_failed)
		buf_add_cstr(out, "through a mail system that does not report whether it has\n"
				  "arrived. You may hear no more of it.\n");
	else if (r->is_expired)
		buf_add_cstr(out, "It has been tried again and again, and is not tried any more. The "
				  "last reason was:\n\n");
	else
		buf_add_cstr(out, "It is not tried again. The reason was:\n\n");
	if (!r->is_failed)
		return;
	if (r->remote.n > 0)
		buf_addf(out, "    %.*s said:\n", STR_ARG(r->remote));
	buf_addf(out, "    %.*s\n", STR_ARG(r->reply));
}

void
outbox_report_add(struct buf *out, const struct outbox_report *r)
{
	const struct disk_outbox_row *row = r->row;
	ptrdiff_t semicolon = str_find_byte(row->orcpt, ';');
	struct report_rcpt rcpt = {
		.final = row->recipient,
		.action = r->is_failed ? REPORT_FAILED : REPORT_RELAYED,
		.status = r->status,
		.remote_mta = r->remote,
		.diagnostic = r->remote.n > 0 ? r->reply : STR_EMPTY,
		.last_attempt = r->now / CLOCK_SECOND,
	};
	struct buf text = BUF_EMPTY, to = BUF_EMPTY;
	struct report report = {
		.kind = REPORT_DELIVERY,
		.hostname = r->hostname,
		.envelope_id = row->envid,
		.arrival = row->created / CLOCK_SECOND,
		.rcpts = &rcpt,
		.rcpt_count = 1,
		.original = r->original,
		.is_whole = outbox_report_is_whole(row),
		/* RFC 6533: what must go out with SMTPUTF8 anyway. */
		.is_utf8 = !path_is_ascii(row->sender),
	};

	if (semicolon != -1) {
		rcpt.original_type = str_sub(row->orcpt, 0, (size_t)semicolon);
		rcpt.original = str_from(row->orcpt, (size_t)semicolon + 1);
	}
	outbox_report_add_recipient(&to, r);
	add_text(&text, r);
	report.text = buf_str(&text);
	add_head(out, r, buf_str(&to));
	report_add(out, &report);
	buf_fini(&to);
	buf_fini(&text);
}

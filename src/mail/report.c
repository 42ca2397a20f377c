/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Reports on messages, as programs read them.  Does not know whether one may
 * be sent, nor to whom. */
#include "mail/report.h"

#include "base/hash.h"
#include "mail/build.h"
#include "mail/charset.h"
#include "mail/encode.h"
#include "mail/header.h"
#include "mail/path.h"

/* ---- values ---- */

/* RFC 6533 3: utf-8-addr-xtext. */
static void
add_unitext(struct buf *out, struct str address)
{
	unsigned long code;

	while (address.n > 0) {
		size_t n = charset_take_utf8(address, &code);

		if (n == 0)
			break;
		if (code > ' ' && code < 127 && code != '\\' && code != '+' && code != '=')
			buf_add_byte(out, (char)code);
		else
			buf_addf(out, "\\x{%02lX}", code);
		address = str_from(address, n);
	}
}

static void
add_address(struct buf *out, const struct report *report, struct str name, struct str type,
    struct str address)
{
	bool is_ascii = path_is_ascii(address);
	struct buf value = BUF_EMPTY;

	if (address.n == 0)
		return;
	if (type.n == 0)
		type = is_ascii ? STR("rfc822") : STR("utf-8");
	buf_add_str(&value, type);
	buf_add(&value, "; ", 2);
	if (is_ascii || report->is_utf8)
		buf_add_str(&value, address);
	else
		add_unitext(&value, address);
	build_value(out, name, buf_str(&value));
	buf_fini(&value);
}

static void
add_typed(struct buf *out, const char *name, const char *type, struct str text)
{
	struct buf value = BUF_EMPTY;

	if (text.n == 0)
		return;
	buf_add_cstr(&value, type);
	buf_add(&value, "; ", 2);
	buf_add_str(&value, text);
	build_value(out, str_of(name), buf_str(&value));
	buf_fini(&value);
}

/* RFC 3464 2.3.6: a Diagnostic-Code is ASCII, but in a report in UTF-8. */
static void
add_diagnostic(struct buf *out, const struct report *report, struct str text)
{
	struct buf plain = BUF_EMPTY;

	text = charset_cut_utf8(text, REPORT_DIAGNOSTIC_MAX);
	for (size_t i = 0; i < text.n; i++)
		buf_add_byte(&plain, (unsigned char)text.p[i] < 0x80 || report->is_utf8 ? text.p[i] : '?');
	add_typed(out, "Diagnostic-Code", "smtp", buf_str(&plain));
	buf_fini(&plain);
}

/* ---- what programs read ---- */

/* RFC 8098 3.1. */
static void
add_disposition(struct buf *out, const struct report *report)
{
	const struct report_rcpt *rcpt = report->rcpts;
	struct buf agent = BUF_EMPTY;

	buf_add_str(&agent, report->hostname);
	buf_add_cstr(&agent, "; Doorstep");
	build_value(out, STR("Reporting-UA"), buf_str(&agent));
	add_address(out, report, STR("Original-Recipient"), rcpt->original_type, rcpt->original);
	add_address(out, report, STR("Final-Recipient"), STR_EMPTY, rcpt->final);
	build_ids(out, STR("Original-Message-ID"), &report->message_id, 1);
	/* RFC 5429 2.2.1 says which of them. */
	build_value(out, STR("Disposition"),
	    STR("automatic-action/MDN-sent-automatically; deleted"));
	buf_fini(&agent);
}

/* RFC 3464 2.3. */
static void
add_delivery_of(struct buf *out, const struct report *report, const struct report_rcpt *rcpt)
{
	static const char *const actions[] = {
		[REPORT_FAILED] = "failed",
		[REPORT_DELAYED] = "delayed",
		[REPORT_DELIVERED] = "delivered",
		[REPORT_RELAYED] = "relayed",
	};

	add_address(out, report, STR("Original-Recipient"), rcpt->original_type, rcpt->original);
	add_address(out, report, STR("Final-Recipient"), STR_EMPTY, rcpt->final);
	build_value(out, STR("Action"), str_of(actions[rcpt->action]));
	build_value(out, STR("Status"), rcpt->status);
	add_typed(out, "Remote-MTA", "dns", rcpt->remote_mta);
	add_diagnostic(out, report, rcpt->diagnostic);
	if (rcpt->last_attempt != 0)
		build_date(out, STR("Last-Attempt-Date"), rcpt->last_attempt, report->zone);
	if (rcpt->retry_until != 0)
		build_date(out, STR("Will-Retry-Until"), rcpt->retry_until, report->zone);
}

static void
add_delivery(struct buf *out, const struct report *report)
{
	build_value(out, STR("Original-Envelope-Id"), report->envelope_id);
	add_typed(out, "Reporting-MTA", "dns", report->hostname);
	if (report->arrival != 0)
		build_date(out, STR("Arrival-Date"), report->arrival, report->zone);
	for (size_t i = 0; i < report->rcpt_count; i++) {
		build_end(out);
		add_delivery_of(out, report, &report->rcpts[i]);
	}
}

static void
add_fields_part(struct buf *out, const struct report *report)
{
	struct buf fields = BUF_EMPTY;
	bool is_ascii, is_mdn = report->kind == REPORT_DISPOSITION;

	if (is_mdn)
		add_disposition(&fields, report);
	else
		add_delivery(&fields, report);
	is_ascii = path_is_ascii(buf_str(&fields));
	/* RFC 6533 4.4: the old types when nothing is lost by it. */
	build_value(out, STR("Content-Type"),
	    is_mdn ? (is_ascii ? STR("message/disposition-notification")
			       : STR("message/global-disposition-notification"))
		   : (is_ascii ? STR("message/delivery-status")
			       : STR("message/global-delivery-status")));
	if (!is_ascii)
		build_value(out, STR("Content-Transfer-Encoding"), STR("8bit"));
	build_end(out);
	buf_add_str(out, buf_str(&fields));
	out->bad = out->bad || fields.bad;
	buf_fini(&fields);
}

/* ---- what comes back ---- */

/* RFC 2046 5.2.1: a message in a message cannot be encoded. */
static bool
has_short_lines(struct str text)
{
	struct str rest = text, line;

	while (str_can_split(&rest, '\n', &line))
		if (line.n > 998)
			return false;
	return str_find_byte(text, '\0') == -1;
}

static void
add_whole(struct buf *out, const struct report *report)
{
	struct str head = str_sub(report->original, 0, header_size(report->original));
	bool is_global = report->is_utf8 && !path_is_ascii(head) && path_is_utf8(head);

	build_value(out, STR("Content-Type"),
	    is_global ? STR("message/global") : STR("message/rfc822"));
	if (!path_is_ascii(report->original))
		build_value(out, STR("Content-Transfer-Encoding"), STR("8bit"));
	build_end(out);
	encode_add_lines(out, report->original);
}

/* The header, cut at a line. */
static struct str
cut_header(struct str text)
{
	struct str head = str_sub(text, 0, header_size(text));
	ptrdiff_t end;

	if (head.n <= REPORT_HEADER_MAX)
		return head;
	head = str_sub(head, 0, REPORT_HEADER_MAX);
	end = str_find_last_byte(head, '\n');
	return end == -1 ? head : str_sub(head, 0, (size_t)end + 1);
}

static void
add_header(struct buf *out, const struct report *report)
{
	struct str head = cut_header(report->original);
	bool is_global = report->is_utf8 && !path_is_ascii(head) && path_is_utf8(head);
	/* RFC 6522 4: quoted-printable when it is not plain. */
	enum transfer_encoding encoding = encode_choose(head) == TRANSFER_7BIT
	    ? TRANSFER_7BIT : TRANSFER_QUOTED_PRINTABLE;

	build_value(out, STR("Content-Type"),
	    is_global ? STR("message/global-headers") : STR("text/rfc822-headers"));
	build_value(out, STR("Content-Transfer-Encoding"), str_of(encode_name(encoding)));
	build_end(out);
	encode_add(out, head, encoding);
}

/* ---- all of it ---- */

/* Of all that is in the report: nobody can put the hash of a text into it. */
static void
add_boundary(struct buf *out, const struct report *report)
{
	const struct str parts[] = { report->original, report->text };
	unsigned char digest[HASH_SHA256_SIZE];

	hash_short_sha256(parts, 2, digest);
	buf_add(out, "=_", 2);
	buf_add_hex(out, digest, 16);
}

static void
add_delimiter(struct buf *out, const struct buf *boundary)
{
	buf_add_cstr(out, "\n--");
	buf_add_str(out, buf_str(boundary));
}

static void
add_content_type(struct buf *out, const struct report *report, const struct buf *boundary)
{
	struct buf value = BUF_EMPTY;

	buf_addf(&value, "multipart/report; report-type=%s; boundary=\"%.*s\"",
	    report->kind == REPORT_DISPOSITION ? "disposition-notification" : "delivery-status",
	    STR_ARG(buf_str(boundary)));
	build_value(out, STR("MIME-Version"), STR("1.0"));
	build_value(out, STR("Content-Type"), buf_str(&value));
	buf_fini(&value);
}

void
report_add(struct buf *out, const struct report *report)
{
	struct buf boundary = BUF_EMPTY, body = BUF_EMPTY;

	add_boundary(&boundary, report);
	add_delimiter(&body, &boundary);
	buf_add_byte(&body, '\n');
	build_text_part(&body, report->text);
	add_delimiter(&body, &boundary);
	buf_add_byte(&body, '\n');
	add_fields_part(&body, report);
	add_delimiter(&body, &boundary);
	buf_add_byte(&body, '\n');
	if (report->is_whole && report->original.n <= REPORT_WHOLE_MAX &&
	    has_short_lines(report->original))
		add_whole(&body, report);
	else
		add_header(&body, report);
	add_delimiter(&body, &boundary);
	buf_add_cstr(&body, "--\n");
	add_content_type(out, report, &boundary);
	if (!path_is_ascii(buf_str(&body)))
		build_value(out, STR("Content-Transfer-Encoding"), STR("8bit"));
	build_end(out);
	buf_add_str(out, buf_str(&body));
	out->bad = out->bad || body.bad;
	buf_fini(&boundary);
	buf_fini(&body);
}

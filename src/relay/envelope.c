/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * MAIL and RCPT with their parameters, and whether a remote can take a mail at
 * all.  It knows no connection and no reply. */
#include "relay/envelope.h"

#include "mail/path.h"
#include "mail/xtext.h"
#include "relay/downgrade.h"

#define ENVID_MAX 100 /* RFC 3461 4.4, as it is encoded */
#define ORCPT_MAX 500 /* RFC 3461 4.2 */

static bool
can(const struct terms *terms, enum capability what)
{
	return (terms->capabilities.can & (unsigned)what) != 0;
}

/* ---- what deliver said ---- */

static bool
is_path(const struct mail *mail, struct str text)
{
	struct arena a;
	struct path path;
	bool is;

	(void)mail;
	arena_init(&a);
	is = !str_has_control(text) && path_is_mailbox(text, true, &a, &path);
	arena_fini(&a);
	return is;
}

int
envelope_check(const struct mail *mail, struct fail *why)
{
	const struct msg_DELIVER_GIVES_MAIL *said = &mail->said;

	if (said->sender.n > 0 && !is_path(mail, said->sender))
		return fail_set(why, FAIL_PERM, 1, 7, 0, "", "the sender is no address");
	if (!is_path(mail, said->recipient))
		return fail_set(why, FAIL_PERM, 1, 3, 0, "", "the recipient is no address");
	return 0;
}

/* ---- can it be said? ---- */

static int
check_tls(const struct mail *mail, const struct terms *terms, struct fail *why)
{
	if (mail->said.requiretls == 0)
		return 0;
	/* RFC 8689 4.2.1 */
	if (!terms->is_encrypted || !terms->is_verified)
		return fail_set(why, FAIL_PERM, 7, 10, 0, "",
		    "the mail requires TLS to a verified remote (REQUIRETLS), which this is not");
	if (!can(terms, CAN_REQUIRETLS))
		return fail_set(why, FAIL_PERM, 7, 30, 0, "",
		    "the mail requires TLS all the way (REQUIRETLS), which the remote does not offer");
	return 0;
}

/* RFC 2852 4.1.4: what must be returned when it is late (by-mode R) may not go
 * where nobody looks at the clock; what is only to be told of may. */
static int
check_deliver_by(const struct mail *mail, const struct terms *terms, struct fail *why)
{
	struct str by = mail->said.by, mode;

	if (by.n == 0 || can(terms, CAN_DELIVERBY) || !str_can_split(&by, ';', &mode))
		return 0;
	if (by.n == 0 || (by.p[0] != 'R' && by.p[0] != 'r'))
		return 0;
	return fail_set(why, FAIL_PERM, 3, 3, 0, "",
	    "the mail must be returned when it is late, and the remote does not offer DELIVERBY");
}

/* A message that came with SMTPUTF8 needs it only for what is not ASCII. */
static int
check_utf8(const struct mail *mail, const struct terms *terms, struct plan *plan,
    struct fail *why)
{
	const struct msg_DELIVER_GIVES_MAIL *said = &mail->said;
	bool has_address = !path_is_ascii(said->sender) || !path_is_ascii(said->recipient);

	plan->is_utf8 = has_address || (said->smtputf8 != 0 && plan->facts.has_8bit_header);
	if (!plan->is_utf8 || can(terms, CAN_SMTPUTF8))
		return 0;
	/* RFC 6531 3.4 */
	if (has_address)
		return fail_set(why, FAIL_PERM, 6, 7, 0, "",
		    "an address is not ASCII, and the remote does not offer SMTPUTF8");
	return fail_set(why, FAIL_PERM, 6, 9, 0, "",
	    "the header needs SMTPUTF8, which the remote does not offer");
}

static int
check_size(const struct terms *terms, const struct plan *plan, struct fail *why)
{
	uint64_t most = terms->capabilities.size;

	if (!can(terms, CAN_SIZE) || most == 0 || plan->facts.wire_size <= most)
		return 0;
	return fail_set(why, FAIL_PERM, 3, 4, 0, "",
	    "the message has %llu bytes, and the remote takes %llu",
	    (unsigned long long)plan->facts.wire_size, (unsigned long long)most);
}

/* Octets and lines: as it is, by BDAT, or converted (RFC 6152 3, RFC 3030 3). */
static int
settle_content(struct mail *mail, const struct terms *terms, struct plan *plan, struct fail *why)
{
	struct content_facts *facts = &plan->facts;
	bool is_8bit = facts->has_8bit_header || facts->has_8bit_body;
	bool is_odd = facts->has_nul || facts->has_cr || facts->has_long;

	if (is_odd && can(terms, CAN_BINARYMIME) && can(terms, CAN_CHUNKING)) {
		plan->is_chunked = true;
		return 0;
	}
	if (!is_odd && (!is_8bit || can(terms, CAN_8BITMIME))) {
		plan->is_8bit = is_8bit;
		return 0;
	}
	if (downgrade(&mail->content, can(terms, CAN_8BITMIME), why) == -1)
		return -1;
	plan->is_converted = true;
	if (content_scan(&mail->content, facts, why) == -1)
		return -1;
	plan->is_8bit = facts->has_8bit_header || facts->has_8bit_body;
	return 0;
}

int
envelope_plan(struct mail *mail, const struct terms *terms, struct plan *out, struct fail *why)
{
	*out = (struct plan){ .is_chunked = false };
	if (envelope_check(mail, why) == -1 || check_tls(mail, terms, why) == -1
	    || check_deliver_by(mail, terms, why) == -1)
		return -1;
	if (content_scan(&mail->content, &out->facts, why) == -1)
		return -1;
	if (check_utf8(mail, terms, out, why) == -1 || check_size(terms, out, why) == -1
	    || settle_content(mail, terms, out, why) == -1)
		return -1;
	out->is_dsn_passed = can(terms, CAN_DSN) && mail->said.notify != 0;
	/* A conversion makes it longer. */
	return out->is_converted ? check_size(terms, out, why) : 0;
}

/* ---- the commands ---- */

/* A parameter whose encoded value would be too long is left out: it is a
 * request, and the mail goes without it. */
static void
add_parameter(struct buf *out, const char *name, const struct buf *value, size_t max)
{
	if (!buf_is_ok(value) || value->n == 0 || value->n > max)
		return;
	buf_addf(out, " %s=%.*s", name, (int)value->n, value->p);
}

static void
add_envid(struct buf *out, struct str envid)
{
	struct buf value = BUF_EMPTY;

	/* RFC 3461 4.4: printable ASCII, then xtext. */
	if (path_is_ascii(envid) && !str_has_control(envid))
		xtext_add(&value, envid);
	add_parameter(out, "ENVID", &value, ENVID_MAX);
	buf_fini(&value);
}

static bool
is_by_value(struct str by)
{
	static const struct str allowed = STR("0123456789-;NRTnrt");
	size_t i;

	for (i = 0; i < by.n; i++)
		if (str_find_byte(allowed, by.p[i]) == -1)
			return false;
	return by.n > 0 && by.n <= 20;
}

void
envelope_add_mail(const struct mail *mail, const struct terms *terms, const struct plan *plan,
    struct buf *out)
{
	const struct msg_DELIVER_GIVES_MAIL *said = &mail->said;

	buf_addf(out, "MAIL FROM:<%.*s>", STR_ARG(said->sender));
	if (can(terms, CAN_SIZE))
		buf_addf(out, " SIZE=%llu", (unsigned long long)plan->facts.wire_size);
	if (plan->is_chunked)
		buf_add_cstr(out, " BODY=BINARYMIME");
	else if (plan->is_8bit && can(terms, CAN_8BITMIME))
		buf_add_cstr(out, " BODY=8BITMIME");
	if (plan->is_utf8)
		buf_add_cstr(out, " SMTPUTF8");
	if (said->requiretls != 0)
		buf_add_cstr(out, " REQUIRETLS");
	if (can(terms, CAN_DELIVERBY) && is_by_value(said->by))
		buf_addf(out, " BY=%.*s", STR_ARG(said->by));
	if (can(terms, CAN_DSN)) {
		if (said->ret == 1 || said->ret == 2)
			buf_addf(out, " RET=%s", said->ret == 1 ? "FULL" : "HDRS");
		add_envid(out, said->envid);
	}
	buf_add_cstr(out, "\r\n");
}

/* RFC 3461 4.1: NEVER stands alone. */
static void
add_notify(struct buf *out, uint32_t notify)
{
	static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY" };
	const char *between = " NOTIFY=";
	unsigned i;

	if ((notify & 1) != 0) {
		buf_add_cstr(out, " NOTIFY=NEVER");
		return;
	}
	for (i = 0; i < 3; i++) {
		if ((notify & (2u << i)) == 0)
			continue;
		buf_addf(out, "%s%s", between, words[i]);
		between = ",";
	}
}

/* utf-8-addr-xtext (RFC 6533 3): good with and without SMTPUTF8. */
static void
add_utf8_address(struct buf *out, struct str address)
{
	size_t i = 0;

	while (i < address.n) {
		unsigned char c = (unsigned char)address.p[i++];
		uint32_t point = c;
		int more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

		if (c > ' ' && c < 127 && c != '\\' && c != '+' && c != '=') {
			buf_add_byte(out, (char)c);
			continue;
		}
		if (more > 0)
			point = c & (0x3fu >> more);
		for (; more > 0 && i < address.n; more--)
			point = point << 6 | ((unsigned char)address.p[i++] & 0x3f);
		buf_addf(out, "\\x{%02X}", point);
	}
}

static bool
is_type(struct str type)
{
	size_t i;

	for (i = 0; i < type.n; i++) {
		unsigned char c = str_lower((unsigned char)type.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
			return false;
	}
	return type.n > 0;
}

static void
add_orcpt(struct buf *out, struct str orcpt)
{
	struct buf value = BUF_EMPTY;
	struct str address = orcpt, type;

	if (!str_can_split(&address, ';', &type) || !is_type(type) || address.n == 0
	    || str_has_control(address) || !path_is_utf8(address))
		return;
	if (path_is_ascii(address) && !str_is_equal_nocase(type, STR("utf-8"))) {
		buf_addf(&value, "%.*s;", STR_ARG(type));
		xtext_add(&value, address);
	} else {
		buf_add_cstr(&value, "utf-8;");
		add_utf8_address(&value, address);
	}
	add_parameter(out, "ORCPT", &value, ORCPT_MAX);
	buf_fini(&value);
}

void
envelope_add_rcpt(const struct mail *mail, const struct terms *terms, struct buf *out)
{
	const struct msg_DELIVER_GIVES_MAIL *said = &mail->said;

	buf_addf(out, "RCPT TO:<%.*s>", STR_ARG(said->recipient));
	if (can(terms, CAN_DSN)) {
		add_notify(out, said->notify);
		add_orcpt(out, said->orcpt);
	}
	buf_add_cstr(out, "\r\n");
}

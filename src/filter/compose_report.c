/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A refusal that could not be said while the client was there (RFC 5429): a
 * disposition notification of the user's, or a bounce of the system's. */

#include "filter/compose_private.h"

#include "mail/charset.h"
#include "mail/path.h"
#include "mail/report.h"

#define REASON_MAX ((size_t)16 * 1024) /* bytes: more than this is no reason */

bool
compose_is_sayable(struct str reason, bool has_utf8)
{
	for (size_t i = 0; i < reason.n; i++) {
		unsigned char c = (unsigned char)reason.p[i];

		if ((c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 127)
			return false;
	}
	return has_utf8 ? path_is_utf8(reason) : path_is_ascii(reason);
}

static void
add_from(const struct compose_env *env, struct compose_message *out, bool is_mdn)
{
	/* RFC 8098 3: an MDN is the recipient's. */
	struct build_address from = { .path = compose_complete(env, env->recipient) };

	if (!is_mdn) {
		from.display = STR("Mail Delivery System");
		from.path = compose_complete(env, STR("MAILER-DAEMON"));
	}
	build_addresses(&out->made, STR("From"), &from, 1);
}

static void
add_subject(const struct compose_env *env, struct compose_message *out)
{
	struct buf subject = BUF_EMPTY;

	buf_add_cstr(&subject, "Rejected: ");
	if (!compose_has_subject(env, &subject))
		buf_add_cstr(&subject, "(no subject)");
	build_text(&out->made, STR("Subject"), buf_str(&subject));
	buf_fini(&subject);
}

/* RFC 5429 2.2.1: the reason, and that a filter has refused. */
static void
add_text(const struct compose_env *env, struct str reason, struct buf *out)
{
	buf_add_cstr(out, "Your message to ");
	buf_add_str(out, compose_complete(env, env->recipient));
	buf_add_cstr(out, "\nwas refused by the recipient's mail filtering program.\n"
	    "The reason given was as follows:\n\n");
	buf_add_str(out, charset_cut_utf8(reason, REASON_MAX));
}

static struct str
find_id(const struct compose_env *env)
{
	const struct header_field *field = header_first(env->header, STR("Message-ID"));
	struct str rest = field == NULL ? STR_EMPTY : field->value, id;

	(void)build_can_take_id(&rest, &id);
	return id;
}

static void
add_report(const struct compose_env *env, struct compose_message *out, bool is_mdn,
    struct str reason)
{
	struct buf text = BUF_EMPTY, diagnostic = BUF_EMPTY;
	struct report_rcpt rcpt = {
		.original = env->original_recipient,
		.final = compose_complete(env, env->recipient),
		.action = REPORT_FAILED,
		.status = STR("5.7.1"),
	};
	struct report report = {
		.kind = is_mdn ? REPORT_DISPOSITION : REPORT_DELIVERY,
		.hostname = env->hostname,
		.envelope_id = env->envelope_id,
		.message_id = find_id(env),
		.arrival = env->now,
		.zone = env->zone,
		.rcpts = &rcpt,
		.rcpt_count = 1,
		.original = env->text,
		.is_whole = env->is_full_returned,
		/* What must go out with SMTPUTF8 anyway. */
		.is_utf8 = !path_is_ascii(env->sender) || (is_mdn && !path_is_ascii(rcpt.final)),
	};

	add_text(env, reason, &text);
	buf_add_cstr(&diagnostic, "550 5.7.1 ");
	buf_add_str(&diagnostic, reason);
	report.text = buf_str(&text);
	rcpt.diagnostic = buf_str(&diagnostic);
	report_add(&out->made, &report);
	buf_fini(&text);
	buf_fini(&diagnostic);
}

enum compose_answer
compose_reject(const struct compose_env *env, const struct sieve_action *action,
    struct compose_message *out)
{
	bool is_mdn = action->kind == SIEVE_REJECT;
	struct build_address to = { .path = compose_complete(env, env->sender) };
	struct str *path;

	/* RFC 8098 2.1, RFC 3464 2: never in answer to a report. */
	if (env->sender.n == 0)
		return compose_stay_silent(out, "the message is from <>");
	path = arena_array(env->arena, 1, sizeof *path);
	if (path == NULL)
		return compose_end(out, true);
	path[0] = to.path;
	out->to = path;
	out->to_count = 1;
	out->notify = STR("NEVER");
	compose_add_date_and_id(env, out, is_mdn ? "reject" : "ereject", action);
	add_subject(env, out);
	add_from(env, out, is_mdn);
	build_addresses(&out->made, STR("To"), &to, 1);
	compose_add_references(env, out, true);
	build_value(&out->made, STR("Auto-Submitted"), STR("auto-replied (rejected)"));
	add_report(env, out, is_mdn, compose_str(action->target));
	return compose_end(out, true);
}

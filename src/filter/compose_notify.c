/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Notifications by mail (RFC 5436), from what their URI says and may say.
 * Knows no other method. */

#include "filter/compose_private.h"

#include "filter/memory.h"
#include "sieve/mailto.h"

#define URI_MEMORY_MAX ((size_t)4 << 20) /* of 10 URIs, each of 64 KiB at most */

/* ---- to whom ---- */

static bool
is_told(const struct sieve_mailto *mailto, struct str path)
{
	for (size_t i = 0; i < mailto->recipient_count; i++)
		if (str_is_equal_nocase(compose_str(mailto->recipients[i]), path))
			return true;
	return false;
}

/* RFC 5436 2.7: no two notifications to an address from one run.  Clears
 * those in `told` that an earlier one goes to. */
static void
drop_told(struct sieve_arena *memory, const struct sieve_action *earlier, size_t n,
    const struct sieve_mailto *mailto, bool is_left[SIEVE_MAILTO_RECIPIENTS_MAX])
{
	struct sieve_mailto other;

	for (size_t i = 0; i < n; i++) {
		if (earlier[i].kind != SIEVE_NOTIFY ||
		    sieve_mailto_parse(memory, earlier[i].target, &other) != NULL)
			continue;
		for (size_t k = 0; k < mailto->recipient_count; k++)
			if (is_told(&other, compose_str(mailto->recipients[k])))
				is_left[k] = false;
	}
}

/* To and Cc, and the envelope. */
static void
add_recipients(const struct compose_env *env, const struct sieve_mailto *mailto,
    const bool is_left[SIEVE_MAILTO_RECIPIENTS_MAX], struct compose_message *out)
{
	struct build_address to[SIEVE_MAILTO_RECIPIENTS_MAX];
	struct str *paths = arena_array(env->arena, SIEVE_MAILTO_RECIPIENTS_MAX, sizeof *paths);
	size_t n = 0, to_count = 0;

	for (size_t i = 0; i < mailto->recipient_count && paths != NULL; i++) {
		if (!is_left[i])
			continue;
		to_count += i < mailto->to_count;
		paths[n] = arena_str(env->arena, compose_str(mailto->recipients[i]));
		to[n] = (struct build_address){ .path = paths[n] };
		n++;
	}
	out->to = paths;
	out->to_count = n;
	/* A message has a To: when all are of Cc, it is that. */
	if (to_count == 0)
		to_count = n;
	build_addresses(&out->made, STR("To"), to, to_count);
	build_addresses(&out->made, STR("Cc"), to + to_count, n - to_count);
}

/* ---- from whom ---- */

static void
add_from(const struct compose_env *env, const struct sieve_notify *notify,
    struct compose_message *out)
{
	const struct compose_settings *set = compose_settings_of(env);
	struct build_address from;

	if (notify->from.n == 0 || !compose_is_mailbox(env, compose_str(notify->from), &from))
		from = (struct build_address){ .path = compose_user(env) };
	build_addresses(&out->made, STR("From"), &from, 1);
	/* RFC 5436 2.7; of <>, <>. */
	if (set->notify_from != COMPOSE_FROM_DEFAULT)
		out->from = compose_source(env, set->notify_from, set->notify_from_address);
	else if (env->sender.n > 0)
		out->from = from.path;
}

/* ---- what ---- */

static void
add_subject(const struct compose_env *env, const struct sieve_notify *notify,
    const struct sieve_mailto *mailto, struct compose_message *out)
{
	struct buf subject = BUF_EMPTY;

	if (notify->message.n > 0)
		buf_add_str(&subject, compose_str(notify->message));
	else if (mailto->subject.p != NULL)
		buf_add_str(&subject, compose_str(mailto->subject));
	else if (!compose_has_subject(env, &subject))
		buf_add_cstr(&subject, "Notification of new message");
	build_text(&out->made, STR("Subject"), compose_cut_subject(buf_str(&subject)));
	buf_fini(&subject);
}

/* RFC 5435 3.4; the fields that mail programs know. */
static void
add_importance(unsigned importance, struct compose_message *out)
{
	static const char *const names[] = { "Normal", "High", "Normal", "Low" };
	static const char *const priorities[] = { "3 (Normal)", "1 (Highest)", "3 (Normal)",
		"5 (Lowest)" };
	size_t i = importance > 3 ? 0 : importance;

	build_value(&out->made, STR("Importance"), str_of(names[i]));
	build_value(&out->made, STR("X-Priority"), str_of(priorities[i]));
}

/*
 * Fields of the URI that are not the script's to write, beside those that
 * mailto.h leaves out: the ones that we write, and what other systems take
 * for their own or answer to.  With `-` at the end: and all that begin so.
 */
static const char *const forbidden[] = { "apparently-to", "arc-", "authentication-results",
	"auto-", "delivered-to", "disposition-notification-", "dkim-", "domainkey-", "errors-to",
	"importance", "list-", "original-", "precedence", "received-spf", "return-receipt-to",
	"x-auto-response-suppress", "x-envelope-", "x-original-to", "x-priority", "x-sieve-" };

static bool
is_forbidden(struct str name)
{
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
		struct str word = str_of(forbidden[i]);

		if (word.p[word.n - 1] == '-' ? str_has_prefix_nocase(name, word)
					      : str_is_equal_nocase(name, word))
			return true;
	}
	return false;
}

static bool
is_repeated(const struct sieve_mailto *mailto, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_is_equal_nocase(compose_str(mailto->fields[k].name),
		    compose_str(mailto->fields[i].name)))
			return true;
	return false;
}

static void
add_field(const struct compose_env *env, struct str name, struct str value,
    struct compose_message *out)
{
	struct buf capital = BUF_EMPTY;
	struct build_address address;

	buf_add_str(&capital, name);
	/* RFC 5436 2.7 suggests it. */
	if (capital.n > 0 && capital.p[0] >= 'a' && capital.p[0] <= 'z')
		capital.p[0] = (char)(capital.p[0] - 'a' + 'A');
	if (!str_is_equal_nocase(name, STR("Reply-To")))
		build_text(&out->made, buf_str(&capital), value);
	else if (compose_is_mailbox(env, value, &address))
		build_addresses(&out->made, buf_str(&capital), &address, 1);
	buf_fini(&capital);
}

static void
add_fields(const struct compose_env *env, const struct sieve_mailto *mailto,
    struct compose_message *out)
{
	for (size_t i = 0; i < mailto->field_count; i++) {
		struct str name = compose_str(mailto->fields[i].name);

		if (!is_forbidden(name) && !is_repeated(mailto, i))
			add_field(env, name, compose_str(mailto->fields[i].value), out);
	}
}

static void
add_message(const struct compose_env *env, const struct sieve_action *action,
    const struct sieve_mailto *mailto, const bool is_left[SIEVE_MAILTO_RECIPIENTS_MAX],
    struct compose_message *out)
{
	/* RFC 5436 2.7.1: above all that a mail system may have written. */
	build_parameter(&out->made, STR("Auto-Submitted"), STR("auto-notified"),
	    STR("owner-email"), compose_user(env));
	compose_add_date_and_id(env, out, "notify", action);
	add_subject(env, action->notify, mailto, out);
	add_from(env, action->notify, out);
	add_recipients(env, mailto, is_left, out);
	compose_add_references(env, out, false);
	add_importance(action->notify->importance, out);
	build_value(&out->made, STR("X-Auto-Response-Suppress"), STR("All"));
	add_fields(env, mailto, out);
	compose_add_text_body(out, mailto->body.p != NULL ? compose_str(mailto->body)
	    : STR("Notification of new message.\n"));
}

enum compose_answer
compose_notify(const struct compose_env *env, const struct sieve_action *actions, size_t i,
    struct compose_message *out)
{
	bool is_left[SIEVE_MAILTO_RECIPIENTS_MAX];
	struct sieve_arena memory;
	struct sieve_mailto mailto;
	enum compose_answer answer;
	size_t n = 0;

	/* RFC 5436 2.7: no notification of a notification. */
	if (compose_is_auto_submitted(env))
		return compose_stay_silent(out, "the message was sent by a program (RFC 5436 2.7)");
	sieve_arena_init(&memory, &memory_sieve, URI_MEMORY_MAX);
	if (sieve_mailto_parse(&memory, actions[i].target, &mailto) != NULL || memory.is_out) {
		answer = compose_fail(out, "the method is not a mailto URI");
		goto out;
	}
	for (size_t k = 0; k < SIEVE_MAILTO_RECIPIENTS_MAX; k++)
		is_left[k] = k < mailto.recipient_count;
	drop_told(&memory, actions, i, &mailto, is_left);
	for (size_t k = 0; k < SIEVE_MAILTO_RECIPIENTS_MAX; k++)
		n += is_left[k];
	if (n == 0) {
		answer = compose_stay_silent(out, "there is nobody who was not notified already");
		goto out;
	}
	add_message(env, &actions[i], &mailto, is_left, out);
	answer = compose_end(out, true);
out:
	sieve_arena_fini(&memory);
	return answer;
}

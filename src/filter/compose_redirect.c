/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A message sent on (RFC 5228 4.2): the text that came or that the script made,
 * one field in front, and no loops.  Does not decide what becomes of a message
 * that cannot be sent on. */

#include "filter/compose_private.h"

#include "mail/address.h"

#define TRACE_FIELD "X-Sieve-Redirected-From"

/* ---- loops ---- */

static size_t
count_own(const struct compose_env *env, const struct compose_owns *owns, struct str name)
{
	const struct header_field *field = header_first(env->header, name);
	struct address_list list;
	struct address address;
	size_t n = 0;

	for (; field != NULL; field = header_next(env->header, field)) {
		address_list_init(&list, field->value, env->arena);
		if (address_has_next(&list, &address) && address.kind == ADDRESS_MAILBOX &&
		    compose_has_own(owns, address.local, address.domain) != NULL)
			n++;
	}
	return n;
}

static const char *
why_looping(const struct compose_env *env)
{
	struct compose_owns owns = compose_find_own(env, NULL, 0);
	const struct header_field *field = header_first(env->header, STR("Received"));
	size_t hops = 0;

	if (owns.n == 0)
		return "the user has no valid address";
	if (count_own(env, &owns, STR(TRACE_FIELD)) > 0)
		return "the message was redirected by this user already: a loop";
	/* One may be of the system in front of us. */
	if (count_own(env, &owns, STR("Delivered-To")) > 1)
		return "the message was delivered to this user already: a loop";
	for (; field != NULL; field = header_next(env->header, field))
		hops++;
	if (hops >= COMPOSE_HOPS_MAX)
		return "the message has come through too many systems: a loop (RFC 5321 6.3)";
	return NULL;
}

/* ---- the message ---- */

/* Behind the line end of what ends at `at`. */
static size_t
pass_line_end(struct str text, size_t at)
{
	if (at < text.n && text.p[at] == '\r')
		at++;
	return at < text.n && text.p[at] == '\n' ? at + 1 : at;
}

/* Offset of the first line that does not continue another one: what is in
 * front would become part of our field. */
static size_t
skip_continuation(struct str text, size_t size)
{
	size_t at = 0;

	while (at < size && (text.p[at] == ' ' || text.p[at] == '\t')) {
		ptrdiff_t end = str_find_byte(str_sub(text, at, size - at), '\n');

		at = end == -1 ? size : at + (size_t)end + 1;
	}
	return at;
}

/*
 * The header as it is, without Return-Path: that is written at final delivery,
 * and ours is not the last one (RFC 5321 4.4).
 */
static void
add_header(struct buf *out, struct str text, size_t size)
{
	struct header_cursor cursor;
	struct header_field field;
	size_t done = skip_continuation(text, size);

	header_cursor_init(&cursor, str_sub(text, 0, size));
	while (header_has_field(&cursor, &field)) {
		size_t begin = (size_t)(field.name.p - text.p);
		size_t end = (size_t)(field.value.p - text.p) + field.value.n;

		if (!str_is_equal_nocase(field.name, STR("Return-Path")))
			continue;
		buf_add_str(out, str_sub(text, done, begin - done));
		done = pass_line_end(text, end);
	}
	buf_add_str(out, str_sub(text, done, size - done));
}

/* False: the user's address cannot be written, so the loop could not end. */
static bool
can_add_message(const struct compose_env *env, struct str text, struct compose_message *out)
{
	struct build_address own = { .path = compose_user(env) };
	size_t size = header_size(text);

	build_addresses(&out->made, STR(TRACE_FIELD), &own, 1);
	if (out->made.n == 0)
		return false;
	add_header(&out->made, text, size);
	out->rest = str_from(text, size);
	return true;
}

/* ---- marks ---- */

/* A second copy of a message is one with its Message-ID, and sent on by
 * somebody in between by the same hand (RFC 5322 3.6.6).  No id: none. */
static struct str
make_mark(const struct compose_env *env, struct str target)
{
	const struct header_field *field = header_first(env->header, STR("Message-ID"));
	const struct header_field *resent = header_first(env->header, STR("Resent-Message-ID"));
	struct str id, resent_id = STR_EMPTY, rest;

	if (field == NULL)
		return STR_EMPTY;
	rest = field->value;
	if (!build_can_take_id(&rest, &id))
		return STR_EMPTY;
	if (resent != NULL) {
		rest = resent->value;
		(void)build_can_take_id(&rest, &resent_id);
	}
	return compose_mark(env, "redirect",
	    (const struct str[]){ compose_user(env), id, resent_id, target }, 4);
}

/* RFC 6009 6.1 and 7.1: then the owner MUST be who gets them, whatever is set. */
static bool
wants_reports(const struct sieve_action *action)
{
	const struct sieve_redirect *redirect = action->redirect;

	return redirect != NULL &&
	    (redirect->notify.n > 0 || redirect->ret.n > 0 || redirect->has_by_time);
}

enum compose_answer
compose_redirect(const struct compose_env *env, const struct sieve_action *action,
    struct str text, struct compose_message *out)
{
	const struct compose_settings *set = compose_settings_of(env);
	struct build_address target;
	struct str *to = arena_array(env->arena, 1, sizeof *to);
	const char *why = why_looping(env);

	if (why != NULL)
		return compose_fail(out, why);
	if (!compose_is_mailbox(env, compose_str(action->target), &target))
		return compose_fail(out, "the address to redirect to is not valid");
	if (to == NULL)
		return compose_end(out, false);
	to[0] = target.path;
	out->to = to;
	out->to_count = 1;
	out->mark = make_mark(env, target.path);
	out->mark_seconds = out->mark.n == 0 ? 0 : COMPOSE_REDIRECT_SECONDS;
	if (out->mark_seconds > 0 && env->is_marked != NULL && env->is_marked(env->arg, out->mark))
		return compose_stay_silent(out, "the message was sent to that address already");
	out->from = compose_source(env, wants_reports(action) ? COMPOSE_FROM_USER : set->redirect_from,
	    set->redirect_from_address);
	out->redirect = action->redirect;
	out->is_utf8 = env->is_utf8;
	if (!can_add_message(env, text, out))
		return compose_fail(out, "the user has no valid address");
	return compose_end(out, false);
}

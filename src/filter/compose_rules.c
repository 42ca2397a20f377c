/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* To which messages no program may answer (RFC 3834 2, RFC 5230 4.5, 4.6).
 * Knows nothing of the answer. */

#include "filter/compose_private.h"

#include <string.h>

#include "mail/address.h"
#include "mail/path.h"

/* RFC 5230 4.6: fields that only lists have. */
static const char *const list_fields[] = { "List-Id", "List-Help", "List-Subscribe",
	"List-Unsubscribe", "List-Post", "List-Owner", "List-Archive" };

/* RFC 3834 2: those that send what nobody wants an answer to. */
static const char *const precedences[] = { "bulk", "junk", "list", "auto_reply" };

/* [MS-OXCMAIL]: what the sender wants no program to send. */
static const char *const suppressed[] = { "All", "AutoReply", "OOF", "DR" };

/* RFC 5230 4.6, and what senders that nobody reads are called.  Not postmaster,
 * which is read by people. */
static const char *const system_names[] = { "mailer-daemon", "mailer_daemon", "mailerdaemon",
	"listserv", "listproc", "majordomo", "mdaemon", "noreply", "no-reply", "no_reply",
	"donotreply", "do-not-reply", "do_not_reply" };
static const char *const system_prefixes[] = { "owner-", "bounce-", "bounces-",
	"mailer-daemon-" };
static const char *const system_suffixes[] = { "-request", "-owner", "-bounce", "-bounces",
	"-noreply", "-no-reply" };

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool
is_one_of(struct str word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is_equal_nocase(word, str_of(words[i])))
			return true;
	return false;
}

/* Takes the next word of a value (RFC 2045 5.1: token), without what is in
 * parentheses or between words. */
static bool
can_take_word(struct str *rest, struct str *out)
{
	static const char ends[] = " \t\r\n;,()<>@:\\\"/[]?=";
	size_t n;

	for (;;) {
		*rest = header_skip_space(*rest);
		for (n = 0; n < rest->n; n++)
			if (rest->p[n] == '\0' || memchr(ends, rest->p[n], sizeof ends - 1) != NULL)
				break;
		if (n > 0 || rest->n == 0)
			break;
		*rest = str_from(*rest, 1);
	}
	*out = str_sub(*rest, 0, n);
	*rest = str_from(*rest, n);
	return n > 0;
}

/* Is one of the first words of any field of that name among these? */
static bool
has_word(const struct compose_env *env, const char *name, const char *const *words, size_t n,
    size_t words_max)
{
	const struct header_field *field = header_first(env->header, str_of(name));

	for (; field != NULL; field = header_next(env->header, field)) {
		struct str rest = field->value, word;

		for (size_t i = 0; i < words_max && can_take_word(&rest, &word); i++)
			if (is_one_of(word, words, n))
				return true;
	}
	return false;
}

bool
compose_is_auto_submitted(const struct compose_env *env)
{
	const struct header_field *field = header_first(env->header, STR("Auto-Submitted"));
	struct str rest, word;

	for (; field != NULL; field = header_next(env->header, field)) {
		rest = field->value;
		/* An empty one says nothing. */
		if (can_take_word(&rest, &word) && !str_is_equal_nocase(word, STR("no")))
			return true;
	}
	return false;
}

/* A report of any kind: delivery, disposition, abuse. */
static bool
is_report(const struct compose_env *env)
{
	const struct header_field *field = header_first(env->header, STR("Content-Type"));
	struct str value;

	if (field == NULL)
		return false;
	value = header_skip_space(field->value);
	return str_has_prefix_nocase(value, STR("multipart/report"));
}

const char *
compose_why_automatic(const struct compose_env *env)
{
	for (size_t i = 0; i < COUNT(list_fields); i++)
		if (header_first(env->header, str_of(list_fields[i])) != NULL)
			return "the message came by a mailing list (RFC 5230 4.6)";
	if (compose_is_auto_submitted(env))
		return "the message was sent by a program (RFC 5230 4.6, Auto-Submitted)";
	if (has_word(env, "Precedence", precedences, COUNT(precedences), 1))
		return "the message was sent to many (RFC 3834 2, Precedence)";
	if (has_word(env, "X-Auto-Response-Suppress", suppressed, COUNT(suppressed), 16))
		return "the sender wants no automatic answer (X-Auto-Response-Suppress)";
	if (is_report(env))
		return "the message is a report";
	return NULL;
}

static bool
is_system_name(struct str local)
{
	if (is_one_of(local, system_names, COUNT(system_names)))
		return true;
	for (size_t i = 0; i < COUNT(system_prefixes); i++)
		if (str_has_prefix_nocase(local, str_of(system_prefixes[i])))
			return true;
	for (size_t i = 0; i < COUNT(system_suffixes); i++) {
		struct str suffix = str_of(system_suffixes[i]);

		if (local.n >= suffix.n &&
		    str_is_equal_nocase(str_from(local, local.n - suffix.n), suffix))
			return true;
	}
	return false;
}

const char *
compose_why_system(const struct compose_env *env, struct str sender)
{
	struct path parts;
	struct str rest, user;

	if (!path_is_mailbox(sender, true, env->arena, &parts))
		return "the sender is not an address";
	rest = parts.local;
	/* VERP: list-bounces+joe=a.example. */
	(void)str_can_split(&rest, '+', &user);
	return is_system_name(parts.local) || is_system_name(user)
	    ? "the sender is an address that programs use (RFC 5230 4.6)" : NULL;
}

/* ---- RFC 5230 4.5 ---- */

static const char *const named_fields[] = { "To", "Cc", "Bcc", "Resent-To", "Resent-Cc",
	"Resent-Bcc" };

/* The first own address of one field; stops at `wanted`. */
static const struct compose_own *
find_in_field(const struct compose_env *env, const struct compose_owns *owns, struct str value,
    const struct compose_own *wanted)
{
	const struct compose_own *found = NULL, *own;
	struct address_list list;
	struct address address;

	address_list_init(&list, value, env->arena);
	while (address_has_next(&list, &address)) {
		if (address.kind != ADDRESS_MAILBOX)
			continue;
		/* Without a domain it is one of this host (RFC 5321 2.3.5 aside). */
		own = compose_has_own(owns, address.local,
		    address.domain.n > 0 ? address.domain : env->hostname);
		if (own == NULL)
			continue;
		if (own == wanted)
			return own;
		if (found == NULL)
			found = own;
	}
	return found;
}

const struct compose_own *
compose_find_named(const struct compose_env *env, const struct compose_owns *owns,
    struct str first)
{
	const struct compose_own *found = NULL, *own, *wanted = NULL;
	struct path parts;

	if (path_is_mailbox(compose_complete(env, first), true, env->arena, &parts))
		wanted = compose_has_own(owns, parts.local, parts.domain);
	for (size_t i = 0; i < COUNT(named_fields); i++) {
		const struct header_field *field = header_first(env->header,
		    str_of(named_fields[i]));

		for (; field != NULL; field = header_next(env->header, field)) {
			own = find_in_field(env, owns, field->value, wanted);
			if (own != NULL && own == wanted)
				return own;
			if (found == NULL)
				found = own;
		}
	}
	return found;
}

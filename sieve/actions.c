/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The list of actions, RFC 5228 2.10.  Performs none. */

#include "actions.h"

#include <string.h>

#include "flags.h"
#include "message.h"

/* RFC 5232 5: what :flags says, else the variable as it is now. */
static struct sieve_text
find_flags(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_flags flags = { .n = 0 };
	struct sieve_list list;
	unsigned i;

	if ((call->given & SIEVE_GROUP_BIT(FLAGS)) == 0)
		return in->result->flags;
	list = sieve_interp_list(in, sieve_call_value(call, SIEVE_GROUP_FLAGS)->list);
	for (i = 0; i < list.n; i++)
		sieve_flags_add(&flags, list.at[i].text);
	return sieve_arena_copy(in->arena, sieve_flags_text(&flags));
}

/* The same address twice is one message (RFC 5228 4.2 leaves it open). */
static bool
is_redirected(const struct sieve_interp *in, struct sieve_text target)
{
	size_t i;

	for (i = 0; i < in->result->action_count; i++)
		if (in->actions[i].kind == SIEVE_REDIRECT &&
		    sieve_text_is_same(in->actions[i].target, target))
			return true;
	return false;
}

/* RFC 5228 2.10.4. */
static bool
is_too_many(struct sieve_interp *in, enum sieve_action_kind kind)
{
	const struct sieve_limits *limits = in->limits;

	if (in->result->action_count >= limits->actions)
		sieve_interp_fail(in, "too many actions: one message may cause %u",
		    limits->actions);
	else if (kind == SIEVE_REDIRECT && in->redirect_count++ >= limits->redirects)
		sieve_interp_fail(in, "too many redirects: one message may cause %u",
		    limits->redirects);
	return in->is_over;
}

void
sieve_actions_add(struct sieve_interp *in, const struct sieve_call *call,
    enum sieve_action_kind kind, struct sieve_text target)
{
	bool is_copy = sieve_call_has(call, SIEVE_GROUP_COPY);

	/* RFC 5228 2.10.2, RFC 3894 3: a copy does not cancel it. */
	if (!is_copy && !in->is_over)
		in->result->is_keep_due = false;
	if (in->is_over || (kind == SIEVE_REDIRECT && is_redirected(in, target)) ||
	    is_too_many(in, kind))
		return;
	in->actions[in->result->action_count++] = (struct sieve_action){
		.kind = kind,
		.is_copy = is_copy,
		.line = call->line,
		.target = sieve_arena_copy(in->arena, target),
		.rule = call->rule,
		.flags = find_flags(in, call),
		.version = sieve_message_version(in),
	};
	if (in->arena->is_out)
		sieve_interp_fail_memory(in);
}

/* The store has the last word about names; what no store can have is said at
 * once. */
const char *
sieve_actions_mailbox_fault(struct sieve_text name)
{
	size_t i;

	if (name.n == 0)
		return "a folder must have a name";
	if (name.n > SIEVE_MAILBOX_MAX)
		return "a folder name may have 1024 bytes";
	for (i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return "a folder name may not hold control characters";
	return NULL;
}

/* RFC 5321 4.1.2, Mailbox, and UTF-8 in it (RFC 6531). */
static bool
is_local_part(struct sieve_text local)
{
	size_t i;

	if (local.n == 0 || local.n > 64)
		return false;
	if (local.p[0] == '"') {
		for (i = 1; i < local.n && local.p[i] != '"'; i++)
			i += local.p[i] == '\\';
		return local.n >= 2 && i == local.n - 1;
	}
	for (i = 0; i < local.n; i++)
		if (strchr("()<>[]:;@\\,\"", local.p[i]) != NULL ||
		    (local.p[i] == '.' && (i == 0 || i + 1 == local.n || local.p[i - 1] == '.')))
			return false;
	return true;
}

static bool
is_domain(struct sieve_text domain)
{
	bool is_literal = domain.n > 2 && domain.p[0] == '[' && domain.p[domain.n - 1] == ']';
	size_t i;
	char c;

	if (domain.n == 0 || domain.n > 255)
		return false;
	for (i = is_literal; i < domain.n - is_literal; i++) {
		c = (char)sieve_text_lower((unsigned char)domain.p[i]);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
		    (unsigned char)c >= 0x80 || (is_literal && (c == ':' || c == '.')))
			continue;
		if (c != '.' || i == 0 || i + 1 == domain.n || domain.p[i - 1] == '.')
			return false;
	}
	return true;
}

const char *
sieve_actions_address_fault(struct sieve_text address)
{
	size_t at = address.n, i;

	for (i = 0; i < address.n; i++) {
		if ((unsigned char)address.p[i] <= ' ' || address.p[i] == 0x7f)
			return "an address may not hold blanks or control characters";
		if (address.p[i] == '@')
			at = i;
	}
	if (at == address.n || !is_local_part((struct sieve_text){ address.p, at }) ||
	    !is_domain((struct sieve_text){ address.p + at + 1, address.n - at - 1 }))
		return "expected one address, as in \"jane@example.org\"";
	return NULL;
}

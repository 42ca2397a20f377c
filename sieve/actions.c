/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The list of actions, RFC 5228 2.10.  Performs none. */

#include "actions.h"

#include <string.h>

#include "addrspec.h"
#include "flags.h"
#include "message.h"
#include "special_use.h"
#include "unicode.h"

enum {
	STORES = 1 << 0,
	CANCELS = 1 << 1,  /* the implicit keep, when it is no copy */
	DELIVERS = 1 << 2, /* the message goes somewhere */
	ANSWERS = 1 << 3,  /* its sender */
	REFUSES = 1 << 4,
	SENDS = 1 << 5, /* it or something made of it, as it is now */
};

static const struct kind {
	const char *name;
	unsigned is;
} kinds[] = {
	[SIEVE_KEEP] = { "keep", STORES | CANCELS | DELIVERS },
	[SIEVE_FILEINTO] = { "fileinto", STORES | CANCELS | DELIVERS },
	[SIEVE_REDIRECT] = { "redirect", SENDS | CANCELS | DELIVERS },
	[SIEVE_DISCARD] = { "discard", CANCELS },
	[SIEVE_REJECT] = { "reject", CANCELS | REFUSES | ANSWERS },
	[SIEVE_EREJECT] = { "ereject", CANCELS | REFUSES | ANSWERS },
	[SIEVE_VACATION] = { "vacation", SENDS | ANSWERS },
	[SIEVE_NOTIFY] = { "notify", SENDS },
	[SIEVE_PIPE] = { "pipe", SENDS | CANCELS | DELIVERS },
};

static bool
is(const struct sieve_action *action, unsigned what)
{
	return (kinds[action->kind].is & what) != 0;
}

/* ---- what stands beside what ---- */

static bool
is_inbox(const struct sieve_action *action)
{
	return action->kind == SIEVE_KEEP || (action->kind == SIEVE_FILEINTO &&
	    action->special_use.n == 0 && action->mailbox_id.n == 0 &&
	    sieve_text_is(action->target, "INBOX"));
}

/* To the byte: only INBOX has no case, RFC 9051 5.1. */
static bool
is_equal(struct sieve_text a, struct sieve_text b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool
is_list(const struct sieve_action *action)
{
	return action->redirect != NULL && action->redirect->is_list;
}

/* Whether they bring the message to one place. */
static bool
is_same(const struct sieve_action *a, const struct sieve_action *b)
{
	if (is_inbox(a) || is_inbox(b))
		return is_inbox(a) && is_inbox(b);
	if (a->kind != b->kind)
		return false;
	if (a->kind == SIEVE_FILEINTO)
		return is_equal(a->target, b->target) && is_equal(a->special_use, b->special_use) &&
		    is_equal(a->mailbox_id, b->mailbox_id);
	if (a->kind == SIEVE_REDIRECT)
		return is_list(a) == is_list(b) && sieve_text_is_same(a->target, b->target);
	return a->kind == SIEVE_DISCARD;
}

/* The later takes the place of the earlier. */
static void
merge(struct sieve_action *earlier, const struct sieve_action *later)
{
	bool is_keep = earlier->kind == SIEVE_KEEP || later->kind == SIEVE_KEEP;
	bool is_copy = earlier->is_copy && later->is_copy;
	bool is_create = earlier->is_create || later->is_create;

	*earlier = *later;
	earlier->is_copy = is_copy;
	earlier->is_create = is_create;
	if (!is_keep)
		return;
	earlier->kind = SIEVE_KEEP;
	earlier->target = SIEVE_TEXT_EMPTY;
}

/* RFC 5429 2.4: not RECOMMENDED beside what delivers, for then the sender
 * believes what is not so; and it "MUST be incompatible" with vacation, which
 * "can only be executed once" (RFC 5230 4.7), as reject itself. */
static bool
is_conflict(const struct sieve_action *a, const struct sieve_action *b)
{
	return (is(a, REFUSES) && is(b, DELIVERS | ANSWERS)) ||
	    (is(b, REFUSES) && is(a, DELIVERS | ANSWERS)) || (is(a, ANSWERS) && is(b, ANSWERS));
}

static bool
has_conflict(struct sieve_interp *in, const struct sieve_action *action)
{
	const struct sieve_action *other = in->actions;
	size_t i;

	for (i = 0; i < in->result->action_count; i++, other++) {
		if (!is_conflict(action, other))
			continue;
		if (action->kind == other->kind)
			sieve_interp_fail(in, "`%s` may be reached once, but was in line %u already",
			    kinds[action->kind].name, other->line);
		else
			sieve_interp_fail(in, "`%s` cannot stand beside the `%s` of line %u",
			    kinds[action->kind].name, kinds[other->kind].name, other->line);
		return true;
	}
	return false;
}

/* ---- the list ---- */

static unsigned
count(const struct sieve_interp *in, enum sieve_action_kind kind)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < in->result->action_count; i++)
		n += in->actions[i].kind == kind;
	return n;
}

/* RFC 5228 2.10.4, 10; RFC 5435 8. */
static bool
is_too_many_of(struct sieve_interp *in, enum sieve_action_kind kind, unsigned max)
{
	unsigned n = count(in, kind);

	if (n >= max)
		sieve_interp_fail(in, "number of %s actions exceeds policy limit (%u > %u)",
		    kinds[kind].name, n + 1, max);
	return n >= max;
}

static bool
is_too_many(struct sieve_interp *in, enum sieve_action_kind kind)
{
	unsigned max = in->limits->actions;

	if (kind == SIEVE_REDIRECT && is_too_many_of(in, kind, in->limits->redirects))
		return true;
	if (kind == SIEVE_NOTIFY && is_too_many_of(in, kind, in->settings->notifications_max))
		return true;
	if (in->result->action_count < max)
		return false;
	sieve_interp_fail(in, "total number of actions exceeds policy limit (%u > %u)", max + 1,
	    max);
	return true;
}

static struct sieve_action *
find_same(struct sieve_interp *in, const struct sieve_action *action)
{
	size_t i;

	for (i = 0; i < in->result->action_count; i++)
		if (is_same(&in->actions[i], action))
			return &in->actions[i];
	return NULL;
}

void
sieve_actions_append(struct sieve_interp *in, const struct sieve_action *action)
{
	struct sieve_action *same;

	if (in->is_over || has_conflict(in, action))
		return;
	/* RFC 5228 2.10.2, RFC 3894 3: a copy does not cancel it. */
	if (is(action, CANCELS) && !action->is_copy)
		in->result->is_keep_due = false;
	same = find_same(in, action);
	if (same != NULL)
		merge(same, action);
	else if (!is_too_many(in, action->kind))
		in->actions[in->result->action_count++] = *action;
}

void
sieve_actions_reset(struct sieve_interp *in)
{
	in->result->action_count = 0;
	in->result->is_keep_due = true;
}

/* ---- from a command ---- */

/* RFC 5232 2, 5. */
static struct sieve_text
read_flags(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_flags flags = { .n = 0 };
	struct sieve_list list = sieve_interp_list(in, sieve_call_value(call, SIEVE_GROUP_FLAGS)->list);
	unsigned i;

	for (i = 0; i < list.n; i++)
		sieve_flags_add(&flags, list.at[i].text);
	return sieve_interp_keep(in, sieve_flags_text(&flags));
}

static struct sieve_text
read_tagged(struct sieve_interp *in, const struct sieve_call *call, enum sieve_group group)
{
	struct sieve_text text = sieve_interp_tagged(in, call, group);

	return text.n == 0 ? SIEVE_TEXT_EMPTY : sieve_interp_keep(in, text);
}

/* RFC 8580 3.1: the tags of fileinto are those of the copy then. */
static const struct sieve_fcc *
read_fcc(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text mailbox = read_tagged(in, call, SIEVE_GROUP_FCC);
	const char *fault = sieve_actions_mailbox_fault(mailbox);
	struct sieve_text use = read_tagged(in, call, SIEVE_GROUP_SPECIAL_USE);
	struct sieve_fcc *fcc;

	if (fault == NULL && sieve_call_has(call, SIEVE_GROUP_SPECIAL_USE))
		fault = sieve_special_use_fault(use);
	if (fault != NULL && !in->is_over)
		sieve_interp_fail(in, "`:fcc`: %s", fault);
	fcc = sieve_arena_get(in->arena, sizeof *fcc);
	if (fcc == NULL) {
		sieve_interp_fail_memory(in);
		return NULL;
	}
	fcc->mailbox = mailbox;
	fcc->special_use = use;
	fcc->mailbox_id = read_tagged(in, call, SIEVE_GROUP_MAILBOX_ID);
	fcc->is_create = sieve_call_has(call, SIEVE_GROUP_CREATE);
	/* RFC 8580 3.1.1: only what is said; the variable is the message's. */
	fcc->flags = sieve_call_has(call, SIEVE_GROUP_FLAGS) ? read_flags(in, call)
							     : SIEVE_TEXT_EMPTY;
	return fcc;
}

static void
read_store(struct sieve_interp *in, const struct sieve_call *call, struct sieve_action *action)
{
	/* RFC 5232 5: without :flags, the variable as it is now. */
	action->flags = sieve_call_has(call, SIEVE_GROUP_FLAGS) ? read_flags(in, call)
								: in->result->flags;
	action->special_use = read_tagged(in, call, SIEVE_GROUP_SPECIAL_USE);
	action->mailbox_id = read_tagged(in, call, SIEVE_GROUP_MAILBOX_ID);
	action->is_create = sieve_call_has(call, SIEVE_GROUP_CREATE);
}

void
sieve_actions_put(struct sieve_interp *in, const struct sieve_call *call,
    const struct sieve_action *given)
{
	struct sieve_action action = *given;

	action.line = call->line;
	action.rule = call->rule;
	action.is_copy = sieve_call_has(call, SIEVE_GROUP_COPY);
	action.flags = action.special_use = action.mailbox_id = SIEVE_TEXT_EMPTY;
	if (is(&action, STORES))
		read_store(in, call, &action);
	else if (sieve_call_has(call, SIEVE_GROUP_FCC))
		action.fcc = read_fcc(in, call);
	/* RFC 5293 7: reject is about the message as it came. */
	if (is(&action, STORES | SENDS))
		action.version = action.kind == SIEVE_REDIRECT ? sieve_message_sent_version(in)
							       : sieve_message_version(in);
	sieve_actions_append(in, &action);
}

void
sieve_actions_add(struct sieve_interp *in, const struct sieve_call *call,
    enum sieve_action_kind kind, struct sieve_text target)
{
	struct sieve_action action = { .kind = kind, .target = sieve_interp_keep(in, target) };

	sieve_actions_put(in, call, &action);
}

/* ---- what they are about ---- */

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
	/* RFC 5228 4.1: it is UTF-8. */
	if (!sieve_unicode_is_valid(name))
		return "a folder name must be UTF-8: save the script in that charset";
	return NULL;
}

const char *
sieve_actions_address_fault(struct sieve_text address)
{
	struct sieve_addrspec ignored;
	size_t i;

	for (i = 0; i < address.n; i++)
		if (((unsigned char)address.p[i] < ' ' && address.p[i] != '\t') ||
		    address.p[i] == 0x7f)
			return "an address may not hold control characters";
	if (!sieve_addrspec_is_mailbox(address, &ignored))
		return "expected one address, as in \"jane@example.org\"";
	return NULL;
}

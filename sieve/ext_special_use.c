/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* specialuse_exists and :specialuse, RFC 8579. */

#include <string.h>

#include "actions.h"
#include "special_use.h"

/* RFC 6154 6: `use-attr-ext = "\" atom`. */
static bool
is_attribute(struct sieve_text use)
{
	size_t i;

	if (use.n < 2 || use.n > SIEVE_MAILBOX_MAX || use.p[0] != '\\')
		return false;
	for (i = 1; i < use.n; i++)
		if (use.p[i] <= ' ' || use.p[i] >= 0x7f || strchr("(){%*\"\\]", use.p[i]) != NULL)
			return false;
	return true;
}

const char *
sieve_special_use_fault(struct sieve_text use)
{
	return is_attribute(use) ? NULL : "a special use is a word with a \\ in front, as in "
					  "\"\\\\Junk\"";
}

void
sieve_special_use_check(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *value = node->bound.values[SIEVE_GROUP_SPECIAL_USE];

	if (value == NULL)
		return;
	if (!value->strings->has_references && !is_attribute(value->strings->text))
		sieve_error_add(checker->errors, value->offset, "%s",
		    sieve_special_use_fault(value->strings->text));
	if (node->bound.tags[SIEVE_GROUP_MAILBOX_ID] != NULL)
		sieve_error_add(checker->errors, node->offset,
		    "`:specialuse` cannot stand beside `:mailboxid`");
}

/* What is no attribute, no mailbox has. */
static bool
has_uses(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text mailbox = sieve_interp_argument(in, call, 0);
	struct sieve_list uses = sieve_interp_list(in, call->arguments[1]);
	const struct sieve_host *host = in->host;
	unsigned i;

	if (host->has_special_use == NULL ||
	    (call->arguments[0].n > 0 && sieve_actions_mailbox_fault(mailbox) != NULL))
		return false;
	for (i = 0; i < uses.n && sieve_interp_can_spend(in, SIEVE_QUESTION_STEPS); i++)
		if (!is_attribute(uses.at[i].text) ||
		    !host->has_special_use(host->arg, mailbox, uses.at[i].text))
			return false;
	return !in->is_over;
}

static const struct sieve_word words[] = {
	{ .name = "specialuse_exists", .kind = SIEVE_TEST,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS }, .optional = 1,
	    .names = { "a folder name", "special uses" }, .is_true = has_uses },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "specialuse", SIEVE_GROUP_SPECIAL_USE, SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_special_use = {
	.name = "special-use",
	.rfc = "RFC 8579",
	.words = words,
	.tags = tags,
};

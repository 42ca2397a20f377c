/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* :fcc, RFC 8580.  What it says goes into an action by actions.c. */

#include "fcc.h"

#include "actions.h"
#include "special_use.h"

/* RFC 8580 3.2: these are options of :fcc. */
static void
check_options(struct sieve_checker *checker, const struct sieve_node *node)
{
	static const enum sieve_group options[] = { SIEVE_GROUP_FLAGS, SIEVE_GROUP_CREATE,
		SIEVE_GROUP_SPECIAL_USE, SIEVE_GROUP_MAILBOX_ID };
	const struct sieve_tag *tag;
	size_t i;

	for (i = 0; i < sizeof options / sizeof options[0]; i++) {
		tag = node->bound.tags[options[i]];
		if (tag != NULL)
			sieve_error_add(checker->errors, node->offset,
			    "`%s` takes `:%s` beside `:fcc` only", node->word->name, tag->name);
	}
}

void
sieve_fcc_check(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *value = node->bound.values[SIEVE_GROUP_FCC];
	const char *fault;

	if (node->bound.tags[SIEVE_GROUP_FCC] == NULL) {
		check_options(checker, node);
		return;
	}
	fault = sieve_actions_mailbox_fault(value->strings->text);
	if (fault != NULL && !value->strings->has_references)
		sieve_error_add(checker->errors, value->offset, "%s", fault);
	sieve_special_use_check(checker, node);
}

static const struct sieve_tag tags[] = {
	{ "fcc", SIEVE_GROUP_FCC, SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_fcc = {
	.name = "fcc",
	.rfc = "RFC 8580",
	.tags = tags,
};

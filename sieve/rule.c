/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Names of rules, see rule.h. */

#include "rule.h"

#include "limit.h"
#include "registry.h"

/* An `else` belongs to the rule of its `if`. */
static bool
is_branch(const struct sieve_node *node)
{
	return node->word != NULL && (node->word->meaning == SIEVE_MEANS_ELSIF ||
	    node->word->meaning == SIEVE_MEANS_ELSE);
}

static struct sieve_text
find_name(const struct sieve_node *node)
{
	const struct sieve_node *head;

	for (; node != NULL; node = node->parent) {
		for (head = node; head != NULL; head = head->before) {
			if (head->rule.n > 0)
				return head->rule;
			if (!is_branch(head))
				break;
		}
	}
	return SIEVE_TEXT_EMPTY;
}

struct sieve_text
sieve_rule_make(struct sieve_arena *a, struct sieve_text script, const struct sieve_node *node)
{
	struct sieve_text text = find_name(node), line;
	char out[SIEVE_RULE_MAX + 4];
	size_t i, n = 0;
	char c;

	if (text.n == 0)
		text = (struct sieve_text){ script.p + node->offset, node->end - node->offset };
	for (i = 0; i < text.n && n < sizeof out; i++) {
		c = (unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? ' ' : text.p[i];
		if (c != ' ' || (n > 0 && out[n - 1] != ' '))
			out[n++] = c;
	}
	line = sieve_text_cut((struct sieve_text){ out, n }, SIEVE_RULE_MAX);
	while (line.n > 0 && line.p[line.n - 1] == ' ')
		line.n--;
	return sieve_arena_copy(a, line);
}

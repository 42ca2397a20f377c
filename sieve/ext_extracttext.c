/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The text of a part into a variable, RFC 5703 7.  Decodes nothing: the host
 * does. */

#include "entity.h"
#include "loop.h"
#include "message.h"
#include "variables.h"

enum { FIRST = 0 }; /* of the command's own tags */

static void
check_extracttext(struct sieve_checker *checker, const struct sieve_node *node)
{
	if (!sieve_check_has(checker, &sieve_ext_variables)) {
		sieve_error_add(checker->errors, node->offset,
		    "`extracttext` needs require \"variables\" at the top of the script");
		return;
	}
	sieve_variables_check_name(checker, node->bound.positional[0]->strings);
	/* RFC 5703 7: "This SHOULD be flagged as a compilation error." */
	if (!sieve_loop_is_around(checker, node))
		sieve_error_add(checker->errors, node->offset,
		    "`extracttext` stands in no `foreverypart`");
}

/* Characters, not octets. */
static struct sieve_text
take_first(struct sieve_text text, uint64_t count)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (((unsigned char)text.p[i] & 0xc0) == 0x80)
			continue;
		if (count == 0)
			break;
		count--;
	}
	text.n = i;
	return text;
}

static void
run_extracttext(struct sieve_interp *in, const struct sieve_call *call)
{
	const struct sieve_tagged *first = sieve_call_value(call, SIEVE_OWN(FIRST));
	struct sieve_text text = SIEVE_TEXT_EMPTY;

	if (sieve_loop_is_inside(in))
		text = sieve_message_body(in, in->part, SIEVE_BODY_EXTRACT);
	text = sieve_entity_crlf(in, sieve_text_cut(text, SIEVE_STRING_MAX));
	if (first != NULL)
		text = take_first(text, first->number);
	if (!in->is_over)
		sieve_variables_modify(in, call, &text);
	if (in->scratch.is_out)
		sieve_interp_fail_memory(in);
	else
		sieve_interp_set(in, sieve_interp_slot(in, &call->arguments[0].at[0]), text);
}

static const struct sieve_tag tags[] = {
	{ "first", SIEVE_OWN(FIRST), SIEVE_VALUE_NUMBER, 1 },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "extracttext", .kind = SIEVE_COMMAND,
	    .groups = SIEVE_VARIABLES_MODIFIERS | SIEVE_OWN_BIT(FIRST), .tags = tags,
	    .positional = { SIEVE_VALUE_STRING }, .names = { "a variable" },
	    .check = check_extracttext, .run = run_extracttext, .is_first_variable = true },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_extracttext = {
	.name = "extracttext",
	.rfc = "RFC 5703",
	.words = words,
};

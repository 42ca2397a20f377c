/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* IMAP flags, RFC 5232. */

#include "compare.h"
#include "flags.h"
#include "variables.h"

/* RFC 5232 2: names of variables in front need the extension. */
static void
check_variable(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *names = node->bound.positional[0];
	const struct sieve_string *name;

	if (names == NULL)
		return;
	if (!sieve_check_has(checker, &sieve_ext_variables)) {
		sieve_error_add(checker->errors, names->offset,
		    "`%s` with a variable needs require \"variables\" at the top of the script",
		    node->word->name);
		return;
	}
	if (node->word->kind == SIEVE_COMMAND && names->string_count > 1)
		sieve_error_add(checker->errors, names->offset, "`%s` takes one variable",
		    node->word->name);
	for (name = names->strings; name != NULL; name = name->next)
		sieve_variables_check_name(checker, name);
}

/* The flags of the variable that a command is about. */
static struct sieve_text
find_flags(struct sieve_interp *in, const struct sieve_call *call)
{
	if (call->arguments[0].n == 0)
		return in->result->flags;
	return sieve_interp_slot_text(sieve_interp_slot(in, &call->arguments[0].at[0]));
}

static void
put_flags(struct sieve_interp *in, const struct sieve_call *call, const struct sieve_flags *flags)
{
	struct sieve_text text = sieve_flags_text(flags);

	if (call->arguments[0].n == 0)
		in->result->flags = sieve_arena_copy(in->arena, text);
	else
		sieve_interp_set(in, sieve_interp_slot(in, &call->arguments[0].at[0]), text);
	if (in->arena->is_out)
		sieve_interp_fail(in, "%s", "");
}

static void
change_flags(struct sieve_interp *in, const struct sieve_call *call, struct sieve_text before,
    void (*change)(struct sieve_flags *, struct sieve_text))
{
	struct sieve_flags flags = { .n = 0 };
	struct sieve_list list = sieve_interp_list(in, call->arguments[1]);
	unsigned i;

	sieve_flags_add(&flags, before);
	for (i = 0; i < list.n && sieve_interp_can_spend(in, 1 + list.at[i].text.n); i++)
		change(&flags, list.at[i].text);
	put_flags(in, call, &flags);
}

static void
run_setflag(struct sieve_interp *in, const struct sieve_call *call)
{
	change_flags(in, call, SIEVE_TEXT_EMPTY, sieve_flags_add);
}

static void
run_addflag(struct sieve_interp *in, const struct sieve_call *call)
{
	change_flags(in, call, find_flags(in, call), sieve_flags_add);
}

static void
run_removeflag(struct sieve_interp *in, const struct sieve_call *call)
{
	change_flags(in, call, find_flags(in, call), sieve_flags_remove);
}

/* ---- hasflag, RFC 5232 4 ---- */

/* "b A" in a list of flags is the same as "b", "A". */
static struct sieve_list
split_keys(struct sieve_interp *in, struct sieve_list list)
{
	struct sieve_template *keys;
	struct sieve_text rest, key;
	unsigned i, n = 0;

	for (i = 0; i < list.n; i++)
		for (rest = list.at[i].text; sieve_flags_can_take(&rest, &key); n++)
			;
	keys = sieve_arena_get(&in->scratch, n * sizeof *keys);
	if (keys == NULL) {
		sieve_interp_fail(in, "%s", "");
		n = 0;
	}
	for (i = 0, n = 0; keys != NULL && i < list.n; i++)
		for (rest = list.at[i].text; sieve_flags_can_take(&rest, &key); n++)
			keys[n].text = key;
	return (struct sieve_list){ keys, n, true };
}

static bool
has_flag(struct sieve_compare *compare, struct sieve_text list)
{
	struct sieve_flags flags = { .n = 0 };
	struct sieve_text rest, flag;

	/* A variable of the script's may hold anything. */
	if (!sieve_interp_can_spend(compare->in, 1 + list.n))
		return true;
	sieve_flags_add(&flags, list);
	rest = sieve_flags_text(&flags);
	while (sieve_flags_can_take(&rest, &flag))
		if (sieve_compare_is_done(compare, flag))
			return true;
	return false;
}

static bool
is_flagged(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = call->arguments[0];
	struct sieve_compare compare;
	unsigned i;

	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	compare.keys = split_keys(in, compare.keys);
	if (names.n == 0 && has_flag(&compare, in->result->flags))
		return compare.is_true;
	for (i = 0; i < names.n && !in->is_over; i++)
		if (has_flag(&compare, sieve_interp_text(in, &names.at[i])))
			return compare.is_true;
	return sieve_compare_end(&compare);
}

#define FLAG_COMMAND(word, meant, runner) \
	{ .name = word, .kind = SIEVE_COMMAND, .meaning = meant, \
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS }, \
	    .names = { "a variable", "flags" }, .optional = 1, .check = check_variable, \
	    .run = runner, .is_first_variable = true }

static const struct sieve_word words[] = {
	FLAG_COMMAND("setflag", SIEVE_MEANS_SETFLAG, run_setflag),
	FLAG_COMMAND("addflag", SIEVE_MEANS_ADDFLAG, run_addflag),
	FLAG_COMMAND("removeflag", SIEVE_MEANS_REMOVEFLAG, run_removeflag),
	{ .name = "hasflag", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_HASFLAG,
	    .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "variables", "flags" }, .optional = 1, .check = check_variable,
	    .is_true = is_flagged, .is_first_variable = true },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "flags", SIEVE_GROUP_FLAGS, SIEVE_VALUE_STRINGS, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_imap4flags = {
	.name = "imap4flags",
	.rfc = "RFC 5232",
	.words = words,
	.tags = tags,
};

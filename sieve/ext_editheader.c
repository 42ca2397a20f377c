/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* addheader and deleteheader, RFC 5293. */

#include "check.h"
#include "compare.h"
#include "header.h"
#include "message.h"

#define LAST SIEVE_OWN(0) /* of addheader: its :last needs no :index */

enum change { ADD, DELETE };

/* ---- what may not be changed, RFC 5293 6 ---- */

/* The last two may be what replace has left of the old message (RFC 5703 5). */
static const char *const never_deleted[] = { "received", "auto-submitted", "original-subject",
	"original-from" };

static bool
is_protected(const struct sieve_settings *settings, struct sieve_text name, enum change change)
{
	const struct sieve_protected *protected;
	size_t i;

	/* "MUST permit both addition and deletion of the "Subject" header field". */
	if (sieve_text_is(name, "subject"))
		return false;
	for (i = 0; i < sizeof never_deleted / sizeof *never_deleted; i++)
		if (change == DELETE && sieve_text_is(name, never_deleted[i]))
			return true;
	for (i = 0; i < settings->protected_count; i++) {
		protected = &settings->protected[i];
		if (sieve_text_is_same(name, protected->name))
			return change == ADD ? protected->no_add : protected->no_delete;
	}
	return false;
}

/* Silently for the message, not for who looks what the script does. */
static bool
is_ignored(struct sieve_interp *in, struct sieve_text name, enum change change)
{
	if (!is_protected(in->settings, name, change))
		return false;
	SIEVE_TRACE(in, "  \"%.*s\" is protected: ignored", SIEVE_TEXT_ARG(name));
	return true;
}

/* ---- names and values ---- */

/* NULL: it is fine. */
static const char *
find_value_fault(struct sieve_text value, size_t max)
{
	size_t i;

	if (value.n > max)
		return "the value is too long";
	/* RFC 5293 4 would have them encoded too; but nobody means a field with
	 * half of a header in it. */
	for (i = 0; i < value.n; i++)
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
			return "the value may not hold line ends or NUL";
	return NULL;
}

static void
check_name(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = node->bound.positional[0]->strings;

	if (!name->has_references && !sieve_header_is_name(name->text))
		sieve_error_add(checker->errors, name->offset,
		    "\"%.*s\" cannot name a header field", SIEVE_TEXT_ARG(name->text));
}

static void
check_addheader(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_settings *settings = checker->profile->settings;
	const struct sieve_string *value = node->bound.positional[1]->strings;
	size_t max = settings == NULL ? 0 : settings->header_size_max;
	const char *fault =
	    find_value_fault(value->text, max == 0 ? SIEVE_HEADER_SIZE_MAX : max);

	check_name(checker, node);
	if (fault != NULL && !value->has_references)
		sieve_error_add(checker->errors, value->offset, "`addheader`: %s", fault);
}

/* False: the run has failed. */
static bool
is_name(struct sieve_interp *in, struct sieve_text name)
{
	if (!sieve_header_is_name(name))
		sieve_interp_fail(in, "\"%.*s\" cannot name a header field",
		    SIEVE_TEXT_ARG(sieve_text_cut(name, SIEVE_RULE_MAX)));
	return !in->is_over;
}

/* ---- the commands ---- */

static void
run_addheader(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text name = sieve_interp_argument(in, call, 0);
	struct sieve_text value = sieve_interp_argument(in, call, 1);
	const char *fault = find_value_fault(value, in->settings->header_size_max);

	if (!is_name(in, name) || is_ignored(in, name, ADD))
		return;
	if (fault != NULL)
		sieve_interp_fail(in, "`addheader`: %s", fault);
	else if (sieve_interp_can_spend(in, 1 + value.n / 16))
		sieve_message_add_field(in, name, value, sieve_call_has(call, LAST));
}

/* "performed as if by the "header" test": each field by itself. */
static bool
is_match(struct sieve_interp *in, const struct sieve_call *call, struct sieve_list patterns,
    struct sieve_text value)
{
	struct sieve_compare compare;

	sieve_compare_begin(&compare, in, call, patterns);
	compare.can_capture = false; /* RFC 5229 3.2: tests do */
	(void)sieve_compare_is_done(&compare, value);
	return sieve_compare_end(&compare) && !in->is_over;
}

static void
delete_fields(struct sieve_interp *in, const struct sieve_call *call, struct sieve_text name)
{
	struct sieve_fields fields = sieve_message_fields(in, 0, name);
	struct sieve_list patterns = sieve_interp_list(in, call->arguments[1]);
	bool *is_marked = sieve_arena_get(&in->scratch, fields.n + 1);
	size_t i, end;

	if (is_marked == NULL) {
		sieve_interp_fail_memory(in);
		return;
	}
	/* "The counting happens before the <value-patterns> match, if any." */
	sieve_message_select(call, fields.n, &i, &end);
	for (; i < end && sieve_interp_can_spend(in, 1); i++)
		is_marked[i] = call->arguments[1].n == 0 ||
		    is_match(in, call, patterns, sieve_message_field(in, &fields, i));
	if (!in->is_over)
		sieve_message_delete_fields(in, name, &fields, is_marked);
}

static void
run_deleteheader(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text name = sieve_interp_argument(in, call, 0);

	if (is_name(in, name) && !is_ignored(in, name, DELETE))
		delete_fields(in, call, name);
}

static const struct sieve_tag add_tags[] = {
	{ "last", LAST, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

/* Of the word itself: no require "index" is needed for them. */
static const struct sieve_tag delete_tags[] = {
	{ "index", SIEVE_GROUP_INDEX, SIEVE_VALUE_NUMBER, 1 },
	{ "last", SIEVE_GROUP_LAST, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "addheader", .kind = SIEVE_COMMAND, .tags = add_tags,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRING },
	    .names = { "a header name", "its value" }, .check = check_addheader,
	    .run = run_addheader },
	{ .name = "deleteheader", .kind = SIEVE_COMMAND, .tags = delete_tags,
	    .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS },
	    .names = { "a header name", "values" }, .trailing = 1, .check = check_name,
	    .run = run_deleteheader },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_editheader = {
	.name = "editheader",
	.rfc = "RFC 5293",
	.words = words,
};

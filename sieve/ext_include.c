/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* include, return, global: RFC 6609.  Finds no script: the host does. */

#include <string.h>

#include "check.h"
#include "interp.h"
#include "reference.h"

enum { LOCATION, ONCE, OPTIONAL };

/* RFC 5804 1.6, and what would be more than a file's name. */
static const char *
find_fault(struct sieve_text name)
{
	size_t i;

	if (name.n == 0)
		return "a script must have a name";
	if (name.n > SIEVE_SCRIPT_NAME_MAX)
		return "the name of a script is too long";
	for (i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return "the name of a script may not hold control characters";
		if (name.p[i] == '/')
			return "the name of a script may not hold `/`";
		/* U+0080 to U+009F, and the line separators U+2028, U+2029. */
		if ((name.n - i > 1 && memcmp(name.p + i, "\xc2", 1) == 0 &&
			(unsigned char)name.p[i + 1] < 0xa0) ||
		    (name.n - i > 2 && memcmp(name.p + i, "\xe2\x80", 2) == 0 &&
			((unsigned char)name.p[i + 2] & 0xfe) == 0xa8))
			return "the name of a script may not hold control characters";
	}
	return name.p[0] == '.' ? "the name of a script may not begin with `.`" : NULL;
}

static void
check_include(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = node->bound.positional[0]->strings;
	const char *fault = find_fault(name->text);

	/* RFC 6609 3.2: "MUST be a constant string" */
	if (name->has_references)
		sieve_error_add(checker->errors, name->offset,
		    "the name of a script must be a constant string");
	else if (fault != NULL)
		sieve_error_add(checker->errors, name->offset, "%s", fault);
}

static void
check_global(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = node->bound.positional[0]->strings;

	/* RFC 6609 3.4.1: both have to be required. */
	if (!sieve_check_has(checker, &sieve_ext_variables)) {
		sieve_error_add(checker->errors, node->offset,
		    "`global` needs require \"variables\" at the top of the script");
		return;
	}
	for (; name != NULL; name = name->next)
		if (name->has_references || !sieve_reference_is_name(name->text))
			sieve_error_add(checker->errors, name->offset,
			    "\"%.*s\" cannot name a variable: expected letters, digits and `_`",
			    SIEVE_TEXT_ARG(name->text));
}

static const struct sieve_unit *
find_unit(const struct sieve_interp *in, unsigned index)
{
	const struct sieve_unit *unit = in->program->units;

	while (unit->index != index)
		unit = unit->next;
	return unit;
}

static bool
is_running(const struct sieve_interp *in, const struct sieve_unit *unit)
{
	const struct sieve_frame *frame;

	for (frame = in->frame; frame != NULL; frame = frame->parent)
		if (frame->unit == unit)
			return true;
	return false;
}

static void
run_include(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text name = call->arguments[0].at[0].text;
	const struct sieve_unit *unit;

	if (call->unit == SIEVE_NO_UNIT) {
		/* RFC 6609 3.2: an error "during execution" only. */
		if (!sieve_call_has(call, SIEVE_OWN(OPTIONAL)))
			sieve_interp_fail(in, "script \"%.*s\" does not exist",
			    SIEVE_TEXT_ARG(name));
		return;
	}
	unit = find_unit(in, call->unit);
	if (sieve_call_has(call, SIEVE_OWN(ONCE)) && in->was_included[unit->index])
		return;
	if (is_running(in, unit))
		sieve_interp_fail(in, "script \"%.*s\" includes itself", SIEVE_TEXT_ARG(name));
	else if (in->frame->depth >= in->settings->include_depth_max)
		sieve_interp_fail(in, "scripts include each other too deep: %u may",
		    in->settings->include_depth_max);
	else
		sieve_interp_include(in, unit);
}

static const struct sieve_tag include_tags[] = {
	{ "personal", SIEVE_OWN(LOCATION), SIEVE_VALUE_NONE, SIEVE_PERSONAL },
	{ "global", SIEVE_OWN(LOCATION), SIEVE_VALUE_NONE, SIEVE_GLOBAL },
	{ "once", SIEVE_OWN(ONCE), SIEVE_VALUE_NONE, 1 },
	{ "optional", SIEVE_OWN(OPTIONAL), SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "include", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_INCLUDE,
	    .tags = include_tags, .positional = { SIEVE_VALUE_STRING },
	    .names = { "the name of a script" }, .check = check_include, .run = run_include },
	{ .name = "return", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_RETURN },
	{ .name = "global", .kind = SIEVE_COMMAND, .meaning = SIEVE_MEANS_GLOBAL,
	    .positional = { SIEVE_VALUE_STRINGS }, .names = { "variables" },
	    .check = check_global },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_include = {
	.name = "include",
	.rfc = "RFC 6609",
	.words = words,
	.space = "global",
};

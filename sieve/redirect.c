/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* redirect, RFC 5228 4.2, and its tags.  Sends nothing. */

#include "redirect.h"

#include "actions.h"
#include "addrspec.h"
#include "lists.h"
#include "rfc3339.h"

/* RFC 2852 4: nine digits. */
#define BY_TIME_MAX 999999999

#define ESMTP_GROUPS (SIEVE_REDIRECT_GROUPS & ~SIEVE_GROUP_BIT(COPY))

static const char bad_list[] = "expected the name of a list, as in \":addrbook:default\"";
static const char bad_time[] =
    "`:bytimeabsolute` wants a time, as in \"2026-12-24T18:00:00+01:00\"";
static const char no_time[] = "`:bytimerelative` may have 9 digits";

/* ---- values ---- */

static bool
is_condition(struct sieve_text word)
{
	return sieve_text_is(word, "SUCCESS") || sieve_text_is(word, "FAILURE") ||
	    sieve_text_is(word, "DELAY");
}

/* RFC 3461 4.1 */
static const char *
find_notify_fault(struct sieve_text value)
{
	struct sieve_text word = { value.p, 0 };
	size_t i;

	if (sieve_text_is(value, "NEVER"))
		return NULL;
	for (i = 0; i <= value.n; i++) {
		if (i < value.n && value.p[i] != ',') {
			word.n++;
			continue;
		}
		if (!is_condition(word))
			return "`:notify` wants \"NEVER\", or some of \"SUCCESS,FAILURE,DELAY\"";
		word = (struct sieve_text){ value.p + i + 1, 0 };
	}
	return NULL;
}

static const char *
find_ret_fault(struct sieve_text value)
{
	return sieve_text_is(value, "FULL") || sieve_text_is(value, "HDRS")
	    ? NULL
	    : "`:ret` wants \"FULL\" or \"HDRS\"";
}

static const char *
find_mode_fault(struct sieve_text value)
{
	return sieve_text_is(value, "notify") || sieve_text_is(value, "return")
	    ? NULL
	    : "`:bymode` wants \"notify\" or \"return\"";
}

/* ---- the check ---- */

static void
check_value(struct sieve_checker *checker, const struct sieve_node *node, enum sieve_group group,
    const char *(*find_fault)(struct sieve_text))
{
	const struct sieve_argument *value = node->bound.values[group];
	const char *fault;

	if (value == NULL || value->strings->has_references)
		return;
	fault = find_fault(value->strings->text);
	if (fault != NULL)
		sieve_error_add(checker->errors, value->offset, "%s", fault);
}

static const char *
find_time_fault(struct sieve_text value)
{
	int64_t ignored;

	return sieve_rfc3339_is_time(value, &ignored) ? NULL : bad_time;
}

static void
check_times(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_bound *bound = &node->bound;
	const struct sieve_argument *value = bound->values[SIEVE_GROUP_BY_TIME];

	/* RFC 6009 7: "It is an error" */
	if (value == NULL && (bound->tags[SIEVE_GROUP_BY_MODE] != NULL ||
	    bound->tags[SIEVE_GROUP_BY_TRACE] != NULL))
		sieve_error_add(checker->errors, node->offset,
		    "`:bymode` and `:bytrace` stand beside `:bytimerelative` or `:bytimeabsolute`");
	if (value == NULL)
		return;
	if (bound->tags[SIEVE_GROUP_BY_TIME]->code == SIEVE_BY_TIME_ABSOLUTE)
		check_value(checker, node, SIEVE_GROUP_BY_TIME, find_time_fault);
	else if (value->number > BY_TIME_MAX)
		sieve_error_add(checker->errors, value->offset, "%s", no_time);
}

static void
check_target(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *target = node->bound.positional[0]->strings;
	bool is_list = node->bound.tags[SIEVE_GROUP_LIST] != NULL;
	const char *fault = NULL;
	struct sieve_text ignored;

	if (target->has_references)
		return;
	if (!is_list)
		fault = sieve_actions_address_fault(target->text);
	else if (!sieve_lists_is_name(checker->errors->arena, target->text, &ignored))
		fault = bad_list;
	if (fault != NULL)
		sieve_error_add(checker->errors, target->offset, "%s", fault);
}

void
sieve_redirect_check(struct sieve_checker *checker, const struct sieve_node *node)
{
	check_target(checker, node);
	check_value(checker, node, SIEVE_GROUP_DSN_NOTIFY, find_notify_fault);
	check_value(checker, node, SIEVE_GROUP_DSN_RET, find_ret_fault);
	check_value(checker, node, SIEVE_GROUP_BY_MODE, find_mode_fault);
	check_times(checker, node);
}

/* ---- the run ---- */

static struct sieve_text
read_value(struct sieve_interp *in, const struct sieve_call *call, enum sieve_group group,
    const char *(*find_fault)(struct sieve_text))
{
	struct sieve_text value = SIEVE_TEXT_EMPTY;
	const char *fault = NULL;

	if (sieve_call_has(call, group)) {
		value = sieve_interp_keep(in, sieve_interp_tagged(in, call, group));
		fault = find_fault(value);
	}
	if (fault != NULL)
		sieve_interp_fail(in, "`redirect`: %s", fault);
	return value;
}

/* RFC 6009 7: the default is "return". */
static void
read_time(struct sieve_interp *in, const struct sieve_call *call, struct sieve_redirect *out)
{
	int64_t at = 0;

	out->has_by_time = true;
	out->is_by_trace = sieve_call_has(call, SIEVE_GROUP_BY_TRACE);
	out->by_mode = read_value(in, call, SIEVE_GROUP_BY_MODE, find_mode_fault);
	out->by_mode = sieve_text_of(sieve_text_is(out->by_mode, "notify") ? "notify" : "return");
	out->by_time = (int64_t)sieve_call_value(call, SIEVE_GROUP_BY_TIME)->number;
	if (call->codes[SIEVE_GROUP_BY_TIME] == SIEVE_BY_TIME_RELATIVE)
		return;
	if (!sieve_rfc3339_is_time(sieve_interp_tagged(in, call, SIEVE_GROUP_BY_TIME), &at))
		sieve_interp_fail(in, "`redirect`: %s", bad_time);
	out->by_time = at - in->host->now;
	/* A time that is past stays so, as RFC 2852 4 has it. */
	if (out->by_time > BY_TIME_MAX)
		out->by_time = BY_TIME_MAX;
	if (out->by_time < -BY_TIME_MAX)
		out->by_time = -BY_TIME_MAX;
}

static const struct sieve_redirect *
read_tags(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_redirect *out;

	if ((call->given & ESMTP_GROUPS) == 0)
		return NULL;
	out = sieve_arena_get(in->arena, sizeof *out);
	if (out == NULL) {
		sieve_interp_fail_memory(in);
		return NULL;
	}
	out->is_list = sieve_call_has(call, SIEVE_GROUP_LIST);
	out->notify = read_value(in, call, SIEVE_GROUP_DSN_NOTIFY, find_notify_fault);
	out->ret = read_value(in, call, SIEVE_GROUP_DSN_RET, find_ret_fault);
	if (sieve_call_has(call, SIEVE_GROUP_BY_TIME))
		read_time(in, call, out);
	return out;
}

/* The bare address, or the name of a list as the host knows it. */
static struct sieve_text
read_target(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text text = sieve_interp_argument(in, call, 0);
	struct sieve_addrspec address;
	const char *fault;

	if (sieve_call_has(call, SIEVE_GROUP_LIST)) {
		(void)sieve_lists_can_find(in, text, &text);
		return sieve_interp_keep(in, text);
	}
	fault = sieve_actions_address_fault(text);
	if (fault == NULL && sieve_addrspec_is_mailbox(text, &address))
		return sieve_interp_keep(in, sieve_addrspec_text(&address));
	sieve_interp_fail(in, "`redirect`: %s", fault);
	return SIEVE_TEXT_EMPTY;
}

void
sieve_redirect_run(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_action action = { .kind = SIEVE_REDIRECT };

	action.target = read_target(in, call);
	action.redirect = read_tags(in, call);
	sieve_actions_put(in, call, &action);
}

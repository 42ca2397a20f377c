/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* notify and its tests, RFC 5435, with the method of RFC 5436.  Other methods
 * are the host's. */

#include <string.h>

#include "actions.h"
#include "addrspec.h"
#include "compare.h"
#include "fcc.h"
#include "mailto.h"

enum { FROM, IMPORTANCE, OPTIONS, MESSAGE };

static const char bad_from[] =
    "`:from` wants addresses, as in \"Jane Doe <jane@example.org>\"";

/* ---- checks ---- */

/* RFC 5435 3.2: what is no such URI "MUST cause an error".  A scheme that is
 * not supported is one when it is reached; who has asked before may know
 * better than to reach it. */
static void
check_method(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *uri = node->bound.positional[0]->strings;
	const struct sieve_profile *profile = checker->profile;
	struct sieve_mailto mailto;
	const char *fault = NULL;

	if (uri->has_references)
		return;
	if (sieve_mailto_is(uri->text))
		fault = sieve_mailto_parse(checker->errors->arena, uri->text, &mailto);
	else if (!checker->has_method_test &&
	    (profile->is_method == NULL || !profile->is_method(profile->arg, uri->text)))
		fault = "unknown method of notification; known is \"mailto:\"";
	if (fault != NULL)
		sieve_error_add(checker->errors, uri->offset, "%s", fault);
}

/* RFC 5435 3.4 */
static void
check_importance(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *value = node->bound.values[SIEVE_OWN(IMPORTANCE)];
	struct sieve_text text;

	if (value == NULL)
		return;
	text = sieve_check_string(value);
	if (text.n != 1 || text.p[0] < '1' || text.p[0] > '3')
		sieve_error_add(checker->errors, value->offset,
		    "`:importance` wants \"1\" (high), \"2\" or \"3\" (low)");
}

static void
check_notify(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *from = node->bound.values[SIEVE_OWN(FROM)];
	const struct sieve_string *uri = node->bound.positional[0]->strings;

	check_method(checker, node);
	check_importance(checker, node);
	/* RFC 5435 3.3: what it is depends on the method. */
	if (from != NULL && !from->strings->has_references && sieve_mailto_is(uri->text) &&
	    !sieve_addrspec_is_list(from->strings->text))
		sieve_error_add(checker->errors, from->offset, "%s", bad_from);
	sieve_fcc_check(checker, node);
}

static void
check_test(struct sieve_checker *checker, const struct sieve_node *node)
{
	(void)node;
	checker->has_method_test = true;
}

/* ---- methods ---- */

static bool
has_capability(struct sieve_interp *in, struct sieve_text uri, struct sieve_text capability,
    struct sieve_text *out)
{
	const struct sieve_host *host = in->host;

	return host->method_capability != NULL &&
	    host->method_capability(host->arg, uri, capability, out);
}

/* NULL, or what is wrong with it; mailto is filled, in the arena, if it is one. */
static const char *
find_method_fault(struct sieve_interp *in, struct sieve_arena *a, struct sieve_text uri,
    struct sieve_mailto *mailto)
{
	struct sieve_text ignored;
	const char *fault;

	*mailto = (struct sieve_mailto){ .recipient_count = 0 };
	if (!sieve_interp_can_spend(in, 1 + uri.n / 16))
		return NULL;
	if (!sieve_mailto_is(uri))
		/* RFC 5435 5: all methods have this one. */
		return has_capability(in, uri, sieve_text_of("online"), &ignored)
		    ? NULL
		    : "unknown method of notification";
	fault = sieve_mailto_parse(a, uri, mailto);
	if (a->is_out)
		sieve_interp_fail_memory(in);
	return fault;
}

/* ---- notify ---- */

static bool
is_notified(const struct sieve_interp *in, struct sieve_text address)
{
	const struct sieve_notify *notify;
	size_t i, j;

	for (i = 0; i < in->result->action_count; i++) {
		notify = in->actions[i].notify;
		for (j = 0; notify != NULL && j < notify->recipient_count; j++)
			if (sieve_text_is_same(notify->recipients[j], address))
				return true;
	}
	return false;
}

/* RFC 5436 2.7: "SHOULD NOT sent duplicate notifications to the same address
 * from the same script invocation". */
static void
take_recipients(struct sieve_interp *in, const struct sieve_mailto *mailto,
    struct sieve_notify *notify)
{
	struct sieve_text *texts;
	size_t i;

	texts = sieve_arena_get(in->arena, (mailto->recipient_count + 1) * sizeof *texts);
	if (texts == NULL) {
		sieve_interp_fail_memory(in);
		return;
	}
	for (i = 0; i < mailto->recipient_count; i++)
		if (!is_notified(in, mailto->recipients[i]))
			texts[notify->recipient_count++] = mailto->recipients[i];
	notify->recipients = texts;
}

static void
log_text(struct sieve_interp *in, const char *text)
{
	if (in->host->log != NULL)
		in->host->log(in->host->arg, in->call->line, sieve_text_of(text));
}

/* RFC 8580 6: "An error occurs if the FCC extension is used with a
 * notification method that doesn't support it." */
static void
demand_fcc(struct sieve_interp *in, struct sieve_text uri)
{
	struct sieve_text answer = SIEVE_TEXT_EMPTY;

	if (!has_capability(in, uri, sieve_text_of("fcc"), &answer) ||
	    !sieve_text_is(answer, "yes"))
		sieve_interp_fail(in, "`:fcc`: of this method no copy can be filed");
}

static void
put_mailto(struct sieve_interp *in, const struct sieve_call *call,
    const struct sieve_mailto *mailto, const struct sieve_action *action,
    struct sieve_notify *notify)
{
	take_recipients(in, mailto, notify);
	if (sieve_call_has(call, SIEVE_OWN(FROM)) && !sieve_addrspec_is_list(notify->from))
		sieve_interp_fail(in, "%s", bad_from);
	/* RFC 5436 2.5 */
	if (notify->option_count > 0)
		log_text(in, "`:options` mean nothing to \"mailto:\"");
	if (notify->recipient_count > 0)
		sieve_actions_put(in, call, action);
	else
		log_text(in, mailto->recipient_count == 0
			? "`notify`: there is no recipient"
			: "`notify`: all recipients are notified already");
}

static void
read_notify(struct sieve_interp *in, const struct sieve_call *call, struct sieve_notify *notify)
{
	const struct sieve_tagged *options = sieve_call_value(call, SIEVE_OWN(OPTIONS));

	notify->from = sieve_interp_keep(in, sieve_interp_tagged(in, call, SIEVE_OWN(FROM)));
	notify->message = sieve_interp_keep(in, sieve_interp_tagged(in, call, SIEVE_OWN(MESSAGE)));
	notify->importance = 2;
	if (sieve_call_has(call, SIEVE_OWN(IMPORTANCE)))
		notify->importance =
		    (unsigned)(sieve_interp_tagged(in, call, SIEVE_OWN(IMPORTANCE)).p[0] - '0');
	if (options != NULL)
		notify->options = sieve_interp_keep_list(in, options->list, &notify->option_count);
}

static void
run_notify(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_notify *notify = sieve_arena_get(in->arena, sizeof *notify);
	struct sieve_action action = { .kind = SIEVE_NOTIFY, .notify = notify };
	struct sieve_mailto mailto;
	const char *fault;

	if (notify == NULL) {
		sieve_interp_fail_memory(in);
		return;
	}
	action.target = sieve_interp_keep(in, sieve_interp_argument(in, call, 0));
	fault = find_method_fault(in, in->arena, action.target, &mailto);
	if (fault != NULL)
		sieve_interp_fail(in, "`notify`: %s", fault);
	read_notify(in, call, notify);
	if (sieve_mailto_is(action.target)) {
		put_mailto(in, call, &mailto, &action, notify);
		return;
	}
	if (sieve_call_has(call, SIEVE_GROUP_FCC))
		demand_fcc(in, action.target);
	sieve_actions_put(in, call, &action);
}

/* ---- tests ---- */

/* RFC 5435 4: "exactly the same validation" */
static bool
is_valid(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list uris = call->arguments[0];
	struct sieve_mailto ignored;
	unsigned i;

	for (i = 0; i < uris.n; i++)
		if (find_method_fault(in, &in->scratch, sieve_interp_text(in, &uris.at[i]),
			&ignored) != NULL || in->is_over)
			return false;
	return true;
}

/* RFC 5436 2.2, RFC 8580 6.1: what the host cannot say better. */
static bool
has_mailto_capability(struct sieve_text capability, struct sieve_text *out)
{
	bool is_fcc = sieve_text_is(capability, "fcc");

	*out = sieve_text_of(is_fcc ? "yes" : "maybe");
	return is_fcc || sieve_text_is(capability, "online");
}

/* RFC 5435 5: what is not valid or not known fails, and is no error. */
static bool
is_capable(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text uri = sieve_interp_argument(in, call, 0), value;
	struct sieve_text capability = sieve_interp_argument(in, call, 1);
	struct sieve_compare compare;
	struct sieve_mailto ignored;

	if (find_method_fault(in, &in->scratch, uri, &ignored) != NULL || in->is_over)
		return false;
	if (!has_capability(in, uri, capability, &value) &&
	    (!sieve_mailto_is(uri) || !has_mailto_capability(capability, &value)))
		return false;
	sieve_compare_begin(&compare, in, call, call->arguments[2]);
	/* "The count ... is 0, if the returned information is the empty string" */
	if (compare.match == SIEVE_MATCH_COUNT && value.n == 0)
		return sieve_compare_end(&compare);
	if (sieve_compare_is_done(&compare, value))
		return compare.is_true;
	return sieve_compare_end(&compare);
}

static const struct sieve_tag notify_tags[] = {
	{ "from", SIEVE_OWN(FROM), SIEVE_VALUE_STRING, 1 },
	{ "importance", SIEVE_OWN(IMPORTANCE), SIEVE_VALUE_STRING, 1 },
	{ "options", SIEVE_OWN(OPTIONS), SIEVE_VALUE_STRINGS, 1 },
	{ "message", SIEVE_OWN(MESSAGE), SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "notify", .kind = SIEVE_COMMAND, .tags = notify_tags,
	    .groups = SIEVE_FCC_GROUPS, .positional = { SIEVE_VALUE_STRING },
	    .names = { "a method" }, .check = check_notify, .run = run_notify },
	{ .name = "valid_notify_method", .kind = SIEVE_TEST,
	    .positional = { SIEVE_VALUE_STRINGS }, .names = { "methods" },
	    .check = check_test, .is_true = is_valid },
	{ .name = "notify_method_capability", .kind = SIEVE_TEST, .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS },
	    .names = { "a method", "a capability", "keys" }, .check = check_test,
	    .is_true = is_capable },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "encodeurl", SIEVE_GROUP_ENCODE, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_enotify = {
	.name = "enotify",
	.rfc = "RFC 5435",
	.words = words,
	.tags = tags,
};

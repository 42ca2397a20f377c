/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* vacation, RFC 5230, and its :seconds, RFC 6131.  Whether and how an answer
 * is sent is the host's. */

#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "addrspec.h"
#include "fcc.h"
#include "header.h"

enum { PERIOD, SUBJECT, FROM, ADDRESSES, MIME, HANDLE };
enum period { PERIOD_DAYS = 1, PERIOD_SECONDS };

#define DAY 86400

static const char bad_from[] =
    "`:from` wants addresses, as in \"Jane Doe <jane@example.org>\"";

/* ---- the reason as a MIME entity, RFC 5230 4.4 ---- */

/* Takes a line off the front, without its end. */
static struct sieve_text
take_line(struct sieve_text *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	struct sieve_text line = *rest;

	if (end != NULL)
		line.n = (size_t)(end - rest->p);
	rest->p += line.n + (end != NULL);
	rest->n -= line.n + (end != NULL);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool
is_field(struct sieve_text line)
{
	const char *colon = memchr(line.p, ':', line.n);

	return colon != NULL &&
	    sieve_header_is_name((struct sieve_text){ line.p, (size_t)(colon - line.p) });
}

static bool
is_ascii(struct sieve_text line)
{
	size_t i;

	for (i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] >= 0x80 || line.p[i] == '\0' || line.p[i] == '\r')
			return false;
	return true;
}

static const char *
find_mime_fault(struct sieve_text entity)
{
	struct sieve_text line;
	bool is_first = true;

	for (; entity.n > 0; is_first = false) {
		line = take_line(&entity);
		if (line.n == 0)
			break;
		/* RFC 5230 5: "SHOULD reject" */
		if (!is_ascii(line))
			return "the header of a `:mime` reason may hold ASCII characters only";
		if (!is_field(line) && (is_first || strchr(" \t", line.p[0]) == NULL))
			return "a `:mime` reason begins with header fields and an empty line";
	}
	return NULL;
}

/* ---- checks ---- */

static void
check_addresses(struct sieve_checker *checker, const struct sieve_argument *argument)
{
	const struct sieve_string *string = argument == NULL ? NULL : argument->strings;
	const char *fault;

	for (; string != NULL; string = string->next) {
		fault = sieve_actions_address_fault(string->text);
		if (fault != NULL && !string->has_references)
			sieve_error_add(checker->errors, string->offset, "%s", fault);
	}
}

static void
check_vacation(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_argument *from = node->bound.values[SIEVE_OWN(FROM)];
	const struct sieve_string *reason = node->bound.positional[0]->strings;
	const char *fault = find_mime_fault(reason->text);

	if (from != NULL && !from->strings->has_references &&
	    !sieve_addrspec_is_list(from->strings->text))
		sieve_error_add(checker->errors, from->offset, "%s", bad_from);
	check_addresses(checker, node->bound.values[SIEVE_OWN(ADDRESSES)]);
	if (node->bound.tags[SIEVE_OWN(MIME)] != NULL && fault != NULL && !reason->has_references)
		sieve_error_add(checker->errors, reason->offset, "%s", fault);
	sieve_fcc_check(checker, node);
}

/* ---- the run ---- */

/* RFC 5230 4.1, RFC 6131 2.  A site's least period holds for both; without
 * one, days are at least one and seconds may be none. */
static uint64_t
find_period(const struct sieve_interp *in, const struct sieve_call *call)
{
	const struct sieve_settings *settings = in->settings;
	const struct sieve_tagged *given = sieve_call_value(call, SIEVE_OWN(PERIOD));
	bool is_seconds = call->codes[SIEVE_OWN(PERIOD)] == PERIOD_SECONDS;
	uint64_t least = settings->vacation_min, seconds = settings->vacation_default;

	if (least == 0 && !is_seconds)
		least = SIEVE_VACATION_MIN;
	if (given != NULL && is_seconds)
		seconds = given->number;
	else if (given != NULL)
		seconds = given->number > UINT64_MAX / DAY ? UINT64_MAX : given->number * DAY;
	if (seconds < least)
		return least;
	return seconds > settings->vacation_max ? settings->vacation_max : seconds;
}

/* RFC 5230 4.2: the arguments "MUST NOT have undergone variable expansion". */
static struct sieve_text
find_written(const struct sieve_call *call, enum sieve_group group)
{
	const struct sieve_tagged *tagged = sieve_call_value(call, group);

	return tagged == NULL ? SIEVE_TEXT_EMPTY : tagged->list.at[0].text;
}

/* "care must be taken ... not to let the same string used as the value for
 * different parameters produce the same" */
static struct sieve_text
join(struct sieve_interp *in, const struct sieve_text *pieces, size_t count)
{
	struct sieve_text out = SIEVE_TEXT_EMPTY;
	size_t i, n = 0;
	char *p;

	for (i = 0; i < count; i++)
		n += pieces[i].n + 24;
	p = sieve_arena_get(in->arena, n);
	if (p == NULL) {
		sieve_interp_fail_memory(in);
		return out;
	}
	out.p = p;
	for (i = 0; i < count; i++) {
		out.n += (size_t)snprintf(p + out.n, n - out.n, "%zu:", pieces[i].n);
		if (pieces[i].n > 0)
			memcpy(p + out.n, pieces[i].p, pieces[i].n);
		out.n += pieces[i].n;
	}
	return out;
}

static struct sieve_text
make_handle(struct sieve_interp *in, const struct sieve_call *call)
{
	bool has_handle = sieve_call_has(call, SIEVE_OWN(HANDLE));
	bool is_mime = sieve_call_has(call, SIEVE_OWN(MIME));
	const struct sieve_text named[] = { sieve_text_of("handle"),
		find_written(call, SIEVE_OWN(HANDLE)) };
	const struct sieve_text made[] = { sieve_text_of("reason"),
		find_written(call, SIEVE_OWN(SUBJECT)), find_written(call, SIEVE_OWN(FROM)),
		sieve_text_of(is_mime ? "mime" : ""), call->arguments[0].at[0].text };

	if (has_handle)
		return join(in, named, sizeof named / sizeof named[0]);
	return join(in, made, sizeof made / sizeof made[0]);
}

/* RFC 5230 4.3: one line; it is encoded where it is sent. */
static struct sieve_text
read_subject(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text subject = sieve_interp_keep(in,
	    sieve_interp_tagged(in, call, SIEVE_OWN(SUBJECT)));
	char *p = (char *)(uintptr_t)subject.p;
	size_t i;

	for (i = 0; i < subject.n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			p[i] = ' ';
	return subject;
}

/* Those that are none cannot be the user's. */
static void
read_addresses(struct sieve_interp *in, const struct sieve_call *call,
    struct sieve_vacation *vacation)
{
	const struct sieve_tagged *tagged = sieve_call_value(call, SIEVE_OWN(ADDRESSES));
	struct sieve_addrspec address;
	struct sieve_text *texts;
	unsigned i;

	if (tagged == NULL || tagged->list.n == 0)
		return;
	texts = sieve_arena_get(in->arena, tagged->list.n * sizeof *texts);
	if (texts == NULL) {
		sieve_interp_fail_memory(in);
		return;
	}
	vacation->addresses = texts;
	for (i = 0; i < tagged->list.n && sieve_interp_can_spend(in, 1); i++)
		if (sieve_addrspec_is_mailbox(sieve_interp_text(in, &tagged->list.at[i]), &address))
			texts[vacation->address_count++] =
			    sieve_interp_keep(in, sieve_addrspec_text(&address));
}

static void
read_from(struct sieve_interp *in, const struct sieve_call *call, struct sieve_vacation *vacation)
{
	if (!sieve_call_has(call, SIEVE_OWN(FROM)))
		return;
	vacation->from = sieve_interp_keep(in, sieve_interp_tagged(in, call, SIEVE_OWN(FROM)));
	if (!sieve_addrspec_is_list(vacation->from))
		sieve_interp_fail(in, "%s", bad_from);
}

static void
run_vacation(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_vacation *vacation = sieve_arena_get(in->arena, sizeof *vacation);
	struct sieve_action action = { .kind = SIEVE_VACATION, .vacation = vacation };
	const char *fault = NULL;

	if (vacation == NULL) {
		sieve_interp_fail_memory(in);
		return;
	}
	vacation->seconds = find_period(in, call);
	vacation->is_mime = sieve_call_has(call, SIEVE_OWN(MIME));
	vacation->subject = read_subject(in, call);
	vacation->handle = make_handle(in, call);
	read_from(in, call, vacation);
	read_addresses(in, call, vacation);
	action.target = sieve_interp_keep(in, sieve_interp_argument(in, call, 0));
	if (vacation->is_mime && sieve_interp_can_spend(in, action.target.n / 64))
		fault = find_mime_fault(action.target);
	if (fault != NULL)
		sieve_interp_fail(in, "%s", fault);
	sieve_actions_put(in, call, &action);
}

static const struct sieve_tag vacation_tags[] = {
	{ "days", SIEVE_OWN(PERIOD), SIEVE_VALUE_NUMBER, PERIOD_DAYS },
	{ "subject", SIEVE_OWN(SUBJECT), SIEVE_VALUE_STRING, 1 },
	{ "from", SIEVE_OWN(FROM), SIEVE_VALUE_STRING, 1 },
	{ "addresses", SIEVE_OWN(ADDRESSES), SIEVE_VALUE_STRINGS, 1 },
	{ "mime", SIEVE_OWN(MIME), SIEVE_VALUE_NONE, 1 },
	{ "handle", SIEVE_OWN(HANDLE), SIEVE_VALUE_STRING, 1 },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "vacation", .kind = SIEVE_COMMAND, .tags = vacation_tags,
	    .groups = SIEVE_FCC_GROUPS | SIEVE_OWN_BIT(PERIOD),
	    .positional = { SIEVE_VALUE_STRING }, .names = { "the answer" },
	    .check = check_vacation, .run = run_vacation },
	{ .name = NULL },
};

/* Of the group of :days, for one of them may be given (RFC 6131 2). */
static const struct sieve_tag seconds[] = {
	{ "seconds", SIEVE_OWN(PERIOD), SIEVE_VALUE_NUMBER, PERIOD_SECONDS },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_vacation = {
	.name = "vacation",
	.rfc = "RFC 5230",
	.words = words,
};

const struct sieve_extension sieve_ext_vacation_seconds = {
	.name = "vacation-seconds",
	.rfc = "RFC 6131",
	.tags = seconds,
	.implied = &sieve_ext_vacation,
};

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* duplicate, RFC 7352.  Remembers nothing: the host does, once all is well. */

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "message.h"

#define HANDLE SIEVE_OWN(0)
#define SOURCE SIEVE_OWN(1) /* one group: RFC 7352 3.1 has them exclude each other */
#define SECONDS SIEVE_OWN(2)
#define LAST SIEVE_OWN(3)

enum source { SOURCE_MESSAGE_ID, SOURCE_HEADER, SOURCE_UNIQUE_ID };

/* RFC 7352 3.1; false: there is none. */
static bool
has_id(struct sieve_interp *in, const struct sieve_call *call, struct sieve_text *out)
{
	struct sieve_text text = sieve_interp_tagged(in, call, SOURCE);
	struct sieve_fields fields;

	*out = text;
	if (call->codes[SOURCE] == SOURCE_UNIQUE_ID)
		return true;
	if (call->codes[SOURCE] == SOURCE_MESSAGE_ID)
		text = sieve_text_of("message-id");
	/* "MUST use only the first occurrence". */
	fields = sieve_message_fields(in, 0, text);
	if (fields.n > 0)
		*out = sieve_message_field(in, &fields, 0);
	return fields.n > 0;
}

/* ---- marks ---- */

/* A mark is its parts, each with its length in front, so that no two of
 * different parts are the same. */
struct mark {
	char p[SIEVE_MARK_MAX];
	size_t n;
};

#define PART_MAX 400 /* bytes: two of them and what is around them have room */

static void
put(struct mark *mark, const char *p, size_t n)
{
	if (n > sizeof mark->p - mark->n)
		return;
	memcpy(mark->p + mark->n, p, n);
	mark->n += n;
}

/* FNV-1a.  Who can make two ids with the same sum could as well send the same
 * id twice. */
static uint64_t
sum(struct sieve_text text, uint64_t start)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		start = (start ^ (unsigned char)text.p[i]) * UINT64_C(1099511628211);
	return start;
}

/* Of one that is too long, the front and two sums of all of it. */
static void
put_part(struct mark *mark, char kind, struct sieve_text text)
{
	char front[80];
	int n = snprintf(front, sizeof front, "%c%zu:", kind, text.n);

	if (text.n > PART_MAX)
		n = snprintf(front, sizeof front, "%c%zu#%016llx%016llx:", kind, text.n,
		    (unsigned long long)sum(text, UINT64_C(14695981039346656037)),
		    (unsigned long long)sum(text, 1));
	put(mark, front, (size_t)n);
	if (text.n > 0)
		put(mark, text.p, text.n < PART_MAX ? text.n : PART_MAX);
}

/* RFC 7352 3.2: an empty handle is another one than none; what is not separated
 * by one is one list. */
static void
make_mark(struct sieve_interp *in, const struct sieve_call *call, struct sieve_text id,
    struct mark *out)
{
	out->n = 0;
	put(out, "duplicate ", 10);
	if (sieve_call_has(call, HANDLE))
		put_part(out, 'h', sieve_interp_tagged(in, call, HANDLE));
	put_part(out, 'i', id);
}

/* Of two of the same id, "MAY choose to use [...] the one that was evaluated
 * last" (RFC 7352 3.3). */
static struct sieve_mark *
find_mark(struct sieve_interp *in, struct sieve_text id)
{
	size_t i;

	for (i = 0; i < in->result->mark_count; i++)
		if (in->marks[i].id.n == id.n && memcmp(in->marks[i].id.p, id.p, id.n) == 0)
			return &in->marks[i];
	return NULL;
}

static void
remember(struct sieve_interp *in, struct sieve_text id, uint64_t seconds)
{
	struct sieve_result *result = in->result;
	struct sieve_mark *mark = find_mark(in, id);

	if (mark != NULL) {
		mark->seconds = seconds;
		return;
	}
	if (in->marks == NULL)
		in->marks = sieve_arena_get(in->arena, SIEVE_MARKS_MAX * sizeof *in->marks);
	if (in->marks == NULL) {
		sieve_interp_fail_memory(in);
		return;
	}
	if (result->mark_count == SIEVE_MARKS_MAX) {
		sieve_interp_fail(in, "`duplicate` with too many ids: %d may be remembered",
		    SIEVE_MARKS_MAX);
		return;
	}
	result->marks = in->marks;
	in->marks[result->mark_count++] =
	    (struct sieve_mark){ sieve_interp_keep(in, id), seconds };
}

/* ---- the test ---- */

static uint64_t
find_seconds(struct sieve_interp *in, const struct sieve_call *call)
{
	const struct sieve_tagged *tagged = sieve_call_value(call, SECONDS);
	uint64_t max = in->settings->duplicate_max;
	uint64_t seconds = tagged == NULL ? in->settings->duplicate_default : tagged->number;

	return seconds < max ? seconds : max;
}

static bool
is_duplicate(struct sieve_interp *in, const struct sieve_call *call)
{
	const struct sieve_host *host = in->host;
	uint64_t seconds = find_seconds(in, call);
	struct sieve_text id;
	struct mark mark;
	bool is_seen;

	/* RFC 7352 3.3: "If the ":seconds" argument is zero [...] "false"
	 * unconditionally". */
	if (!has_id(in, call, &id) || seconds == 0 ||
	    !sieve_interp_can_spend(in, SIEVE_QUESTION_STEPS + id.n / 64))
		return false;
	make_mark(in, call, id, &mark);
	id = (struct sieve_text){ mark.p, mark.n };
	/* Of earlier runs only (RFC 7352 3): the host knows no marks of this one. */
	is_seen = host->is_seen != NULL && host->is_seen(host->arg, id);
	/* Without :last, the time runs from when it was seen first. */
	if (!is_seen || sieve_call_has(call, LAST))
		remember(in, id, seconds);
	return is_seen && !in->is_over;
}

static const struct sieve_tag tags[] = {
	{ "handle", HANDLE, SIEVE_VALUE_STRING, 1 },
	{ "header", SOURCE, SIEVE_VALUE_STRING, SOURCE_HEADER },
	{ "uniqueid", SOURCE, SIEVE_VALUE_STRING, SOURCE_UNIQUE_ID },
	{ "seconds", SECONDS, SIEVE_VALUE_NUMBER, 1 },
	{ "last", LAST, SIEVE_VALUE_NONE, 1 },
	{ .name = NULL },
};

static const struct sieve_word words[] = {
	{ .name = "duplicate", .kind = SIEVE_TEST, .tags = tags, .is_true = is_duplicate },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_duplicate = {
	.name = "duplicate",
	.rfc = "RFC 7352",
	.words = words,
};

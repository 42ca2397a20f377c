/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The envelope test, RFC 5228 5.4, with what RFC 6009 adds to it. */

#include "date.h"
#include "tests.h"

/* How a part is read. */
enum form {
	FORM_ADDRESS,
	FORM_TEXT,	/* no address: it takes no address part */
	FORM_WORDS,	/* with commas between, each by itself */
	FORM_RECIPIENT, /* an address of RFC 822 with its type in front */
	FORM_TIME,	/* seconds from now as a date */
};

/* A part that is here twice is what the last extension that is enabled says. */
static const struct part {
	const char *name;
	enum sieve_envelope part;
	enum form form;
	const struct sieve_extension *extension; /* NULL: envelope alone */
} parts[] = {
	{ "from", SIEVE_ENVELOPE_FROM, FORM_ADDRESS, NULL },
	{ "to", SIEVE_ENVELOPE_TO, FORM_ADDRESS, NULL },
	{ "auth", SIEVE_ENVELOPE_AUTH, FORM_ADDRESS, NULL },
	{ "orcpt", SIEVE_ENVELOPE_ORCPT, FORM_ADDRESS, NULL },
	{ "orcpt", SIEVE_ENVELOPE_ORCPT, FORM_RECIPIENT, &sieve_ext_envelope_dsn },
	{ "notify", SIEVE_ENVELOPE_NOTIFY, FORM_WORDS, &sieve_ext_envelope_dsn },
	{ "ret", SIEVE_ENVELOPE_RET, FORM_TEXT, &sieve_ext_envelope_dsn },
	{ "envid", SIEVE_ENVELOPE_ENVID, FORM_TEXT, &sieve_ext_envelope_dsn },
	{ "bytimeabsolute", SIEVE_ENVELOPE_BY_TIME_RELATIVE, FORM_TIME,
	    &sieve_ext_envelope_deliverby },
	{ "bytimerelative", SIEVE_ENVELOPE_BY_TIME_RELATIVE, FORM_TEXT,
	    &sieve_ext_envelope_deliverby },
	{ "bymode", SIEVE_ENVELOPE_BY_MODE, FORM_TEXT, &sieve_ext_envelope_deliverby },
	{ "bytrace", SIEVE_ENVELOPE_BY_TRACE, FORM_TEXT, &sieve_ext_envelope_deliverby },
};
#define PART_COUNT (sizeof parts / sizeof parts[0])

/* ---- what is enabled ---- */

/* One of these is NULL. */
struct scope {
	const struct sieve_checker *checker;
	const struct sieve_interp *in;
};

static bool
has_extension(const struct scope *scope, const struct sieve_extension *extension)
{
	if (extension == NULL)
		return true;
	if (scope->checker != NULL)
		return sieve_check_has(scope->checker, extension);
	return (scope->in->frame->enabled &
	    SIEVE_SET_BIT(sieve_registry_find(sieve_text_of(extension->name)))) != 0;
}

/* NULL: no such part; *missing_out is what it would need, or NULL too. */
static const struct part *
find_part(const struct scope *scope, struct sieve_text name,
    const struct sieve_extension **missing_out)
{
	const struct part *found = NULL;
	size_t i;

	*missing_out = NULL;
	for (i = 0; i < PART_COUNT; i++) {
		if (!sieve_text_is(name, parts[i].name))
			continue;
		if (has_extension(scope, parts[i].extension))
			found = &parts[i];
		else
			*missing_out = parts[i].extension;
	}
	return found;
}

/* ---- checks ---- */

static void
check_part(struct sieve_checker *checker, const struct sieve_node *node,
    const struct sieve_string *name)
{
	const struct scope scope = { .checker = checker };
	const struct sieve_extension *missing;
	const struct part *part = find_part(&scope, name->text, &missing);

	/* RFC 5463 4: with ihave, it is decided when it is reached. */
	if (part == NULL && missing != NULL && sieve_check_has(checker, &sieve_ext_ihave))
		return;
	if (part == NULL && missing != NULL)
		sieve_error_add(checker->errors, name->offset,
		    "envelope part \"%.*s\" needs require \"%s\" at the top of the script",
		    SIEVE_TEXT_ARG(name->text), missing->name);
	else if (part == NULL)
		sieve_error_add(checker->errors, name->offset,
		    "unknown envelope part \"%.*s\": expected \"from\", \"to\", \"auth\" or "
		    "\"orcpt\"", SIEVE_TEXT_ARG(name->text));
	/* RFC 6009 4, 5: "it is an error to specify an ADDRESS-PART". */
	else if (part->form != FORM_ADDRESS && node->bound.tags[SIEVE_GROUP_PART] != NULL)
		sieve_error_add(checker->errors, name->offset,
		    "envelope part \"%s\" is no address: `:%s` cannot be used with it", part->name,
		    node->bound.tags[SIEVE_GROUP_PART]->name);
}

static void
check_envelope(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = node->bound.positional[0]->strings;

	sieve_date_check_zone(checker, node);
	for (; name != NULL; name = name->next)
		if (!name->has_references)
			check_part(checker, node, name);
}

/* ---- the test ---- */

static bool
is_address_done(struct sieve_compare *compare, const struct sieve_call *call,
    const struct sieve_address *address)
{
	/* RFC 5231 4.2: "will be 0 if the MAIL FROM is empty". */
	if (compare->match == SIEVE_MATCH_COUNT && address->all.n == 0)
		return false;
	return sieve_tests_is_done(compare, call, address);
}

static bool
is_each_done(struct sieve_compare *compare, struct sieve_text words)
{
	struct sieve_text word;
	size_t i = 0;

	while (i < words.n) {
		word = (struct sieve_text){ words.p + i, 0 };
		while (i < words.n && words.p[i++] != ',')
			word.n++;
		if (word.n > 0 && sieve_compare_is_done(compare, word))
			return true;
	}
	return false;
}

/* RFC 6009 4.1: "always contains an address type indicator prefix". */
static bool
is_recipient_done(struct sieve_compare *compare, const struct sieve_address *address)
{
	struct sieve_text type = address->type.n == 0 ? sieve_text_of("rfc822") : address->type;
	struct sieve_text text = sieve_arena_printf(&compare->in->scratch, "%.*s;%.*s",
	    SIEVE_TEXT_ARG(type), SIEVE_TEXT_ARG(address->all));

	if (compare->in->scratch.is_out)
		sieve_interp_fail_memory(compare->in);
	return sieve_compare_is_done(compare, text);
}

static bool
is_number(struct sieve_text text, int64_t *out)
{
	bool is_negative = text.n > 0 && text.p[0] == '-';
	size_t i = is_negative ? 1 : 0;

	*out = 0;
	/* RFC 2852 4: nine digits at most. */
	if (text.n == i || text.n > i + 9)
		return false;
	for (; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*out = *out * 10 + (text.p[i] - '0');
	}
	if (is_negative)
		*out = -*out;
	return true;
}

/* RFC 6009 5: it is "decremented as the message passes", so that it counts from
 * now; the zone is the local one unless :zone says another. */
static bool
is_time_done(struct sieve_compare *compare, const struct sieve_call *call, struct sieve_text text)
{
	struct sieve_interp *in = compare->in;
	struct sieve_date date = { .zone = 0 };
	struct sieve_moment moment;
	char out[SIEVE_DATE_SIZE];

	if (!is_number(text, &date.seconds))
		return false;
	date.seconds += in->host->now;
	if (!sieve_date_can_place(in, call, &date, &moment))
		return true;
	return sieve_compare_is_done(compare,
	    sieve_date_write(sieve_date_part(sieve_text_of("iso8601")), &moment, out));
}

static bool
is_part_done(struct sieve_compare *compare, const struct sieve_call *call,
    const struct part *part)
{
	const struct sieve_host *host = compare->in->host;
	struct sieve_address address;

	if (host->envelope == NULL || !host->envelope(host->arg, part->part, &address))
		return false;
	switch (part->form) {
	case FORM_ADDRESS:
		return is_address_done(compare, call, &address);
	case FORM_WORDS:
		return is_each_done(compare, address.all);
	case FORM_RECIPIENT:
		return is_recipient_done(compare, &address);
	case FORM_TIME:
		return is_time_done(compare, call, address.all);
	case FORM_TEXT:
		break;
	}
	return sieve_compare_is_done(compare, address.all);
}

/* Names from variables: what is checked at once otherwise.  NULL: the run has
 * failed. */
static const struct part *
read_part(struct sieve_interp *in, const struct sieve_call *call, struct sieve_text name)
{
	const struct scope scope = { .in = in };
	struct sieve_text shown = sieve_text_cut(name, SIEVE_RULE_MAX);
	const struct sieve_extension *missing;
	const struct part *part = find_part(&scope, name, &missing);

	if (part == NULL && missing != NULL)
		sieve_interp_fail(in, "envelope part \"%.*s\" was reached, but \"%s\" is not "
		    "required", SIEVE_TEXT_ARG(shown), missing->name);
	else if (part == NULL)
		sieve_interp_fail(in, "unknown envelope part \"%.*s\"", SIEVE_TEXT_ARG(shown));
	else if (part->form != FORM_ADDRESS && sieve_call_has(call, SIEVE_GROUP_PART))
		sieve_interp_fail(in, "envelope part \"%s\" is no address", part->name);
	return in->is_over ? NULL : part;
}

static bool
is_envelope(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = sieve_interp_list(in, call->arguments[0]);
	struct sieve_compare compare;
	const struct part *part;
	unsigned i;

	sieve_compare_begin(&compare, in, call, call->arguments[1]);
	for (i = 0; i < names.n && sieve_interp_can_spend(in, 1); i++) {
		part = read_part(in, call, names.at[i].text);
		if (part == NULL)
			return false;
		if (is_part_done(&compare, call, part))
			return compare.is_true;
	}
	return sieve_compare_end(&compare);
}

static const struct sieve_word words[] = {
	{ .name = "envelope", .kind = SIEVE_TEST, .meaning = SIEVE_MEANS_ENVELOPE,
	    .groups = SIEVE_GROUPS_MATCH | SIEVE_GROUP_BIT(PART) | SIEVE_GROUP_BIT(ZONE),
	    .positional = { SIEVE_VALUE_STRINGS, SIEVE_VALUE_STRINGS },
	    .names = { "envelope parts", "keys" }, .check = check_envelope,
	    .is_true = is_envelope },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_envelope = {
	.name = "envelope",
	.rfc = "RFC 5228",
	.words = words,
};

const struct sieve_extension sieve_ext_envelope_dsn = {
	.name = "envelope-dsn",
	.rfc = "RFC 6009",
};

static const struct sieve_tag zone_tags[] = {
	{ "zone", SIEVE_GROUP_ZONE, SIEVE_VALUE_STRING, SIEVE_ZONE_GIVEN },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_envelope_deliverby = {
	.name = "envelope-deliverby",
	.rfc = "RFC 6009",
	.tags = zone_tags,
};

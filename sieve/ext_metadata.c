/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Annotations of mailboxes and of the server, RFC 5490 3.3 to 4.2. */

#include "actions.h"
#include "check.h"
#include "compare.h"

/* RFC 5464 4.1: "MUST begin with "/private" or "/shared"", "MUST NOT contain"
 * wildcards, slashes in a row or at the end.  There is none of another name. */
static bool
is_annotation(struct sieve_text name)
{
	size_t i;

	if (name.n < 2 || name.n > SIEVE_MAILBOX_MAX || name.p[0] != '/' ||
	    name.p[name.n - 1] == '/')
		return false;
	for (i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || (unsigned char)name.p[i] >= 0x7f ||
		    name.p[i] == '*' || name.p[i] == '%' ||
		    (name.p[i] == '/' && name.p[i + 1] == '/'))
			return false;
	return true;
}

/* mailbox NULL: of the server. */
static bool
has_annotation(struct sieve_interp *in, const struct sieve_text *mailbox,
    struct sieve_text name, struct sieve_text *out)
{
	const struct sieve_host *host = in->host;

	if (host->metadata == NULL || !is_annotation(name) ||
	    (mailbox != NULL && sieve_actions_mailbox_fault(*mailbox) != NULL))
		return false;
	return sieve_interp_can_spend(in, SIEVE_QUESTION_STEPS) &&
	    host->metadata(host->arg, mailbox == NULL ? SIEVE_TEXT_EMPTY : *mailbox, name, out);
}

/* "The test returns true if the annotation exists and its value matches any of
 * the keys."  at: of the argument that names it. */
static bool
is_annotated(struct sieve_interp *in, const struct sieve_call *call, unsigned at,
    const struct sieve_text *mailbox)
{
	struct sieve_text value, name = sieve_interp_argument(in, call, at);
	struct sieve_compare compare;

	sieve_compare_begin(&compare, in, call, call->arguments[at + 1]);
	if (has_annotation(in, mailbox, name, &value))
		(void)sieve_compare_is_done(&compare, value);
	return sieve_compare_end(&compare);
}

static bool
is_metadata(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text mailbox = sieve_interp_argument(in, call, 0);

	return is_annotated(in, call, 1, &mailbox);
}

static bool
is_server_metadata(struct sieve_interp *in, const struct sieve_call *call)
{
	return is_annotated(in, call, 0, NULL);
}

static bool
has_all(struct sieve_interp *in, struct sieve_list list, const struct sieve_text *mailbox)
{
	struct sieve_list names = sieve_interp_list(in, list);
	struct sieve_text ignored;
	unsigned i;

	for (i = 0; i < names.n && !in->is_over; i++)
		if (!has_annotation(in, mailbox, names.at[i].text, &ignored))
			return false;
	return !in->is_over;
}

static bool
has_metadata(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_text mailbox = sieve_interp_argument(in, call, 0);

	return has_all(in, call->arguments[1], &mailbox);
}

static bool
has_server_metadata(struct sieve_interp *in, const struct sieve_call *call)
{
	return has_all(in, call->arguments[0], NULL);
}

static const struct sieve_word mailbox_words[] = {
	{ .name = "metadata", .kind = SIEVE_TEST, .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS },
	    .names = { "a folder name", "an annotation", "keys" }, .is_true = is_metadata },
	{ .name = "metadataexists", .kind = SIEVE_TEST,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS },
	    .names = { "a folder name", "annotations" }, .is_true = has_metadata },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_mboxmetadata = {
	.name = "mboxmetadata",
	.rfc = "RFC 5490",
	.words = mailbox_words,
};

static const struct sieve_word server_words[] = {
	{ .name = "servermetadata", .kind = SIEVE_TEST, .groups = SIEVE_GROUPS_MATCH,
	    .positional = { SIEVE_VALUE_STRING, SIEVE_VALUE_STRINGS },
	    .names = { "an annotation", "keys" }, .is_true = is_server_metadata },
	{ .name = "servermetadataexists", .kind = SIEVE_TEST,
	    .positional = { SIEVE_VALUE_STRINGS }, .names = { "annotations" },
	    .is_true = has_server_metadata },
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_servermetadata = {
	.name = "servermetadata",
	.rfc = "RFC 5490",
	.words = server_words,
};

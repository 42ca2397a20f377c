/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* External lists, RFC 6134: their names, valid_ext_list, and where `:list` may
 * stand.  What is on them, the host knows. */

#include <string.h>

#include "lists.h"

#include "match.h"

/* ---- names ---- */

static const struct sieve_text urn = { "urn:ietf:params:sieve:", 22 };
static const struct sieve_text addrbook = { ":addrbook:", 10 };

static bool
begins_with(struct sieve_text text, struct sieve_text front)
{
	return text.n >= front.n &&
	    sieve_text_is_same((struct sieve_text){ text.p, front.n }, front);
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, sieve_text_lower((unsigned char)c));

	return c == '\0' || at == NULL ? -1 : (int)(at - digits);
}

/* RFC 3986 2, 3.1: a scheme, and nothing but characters of URIs. */
static bool
is_uri(struct sieve_text name)
{
	size_t i, scheme = 0;

	for (i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f ||
		    strchr("\"<>\\^`{|}", name.p[i]) != NULL)
			return false;
		if (name.p[i] == '%' && (name.n - i < 3 || hex_digit(name.p[i + 1]) == -1 ||
		    hex_digit(name.p[i + 2]) == -1))
			return false;
	}
	while (scheme < name.n && name.p[scheme] != ':') {
		i = sieve_text_lower((unsigned char)name.p[scheme]);
		if (!(i >= 'a' && i <= 'z') && (scheme == 0 || strchr("+-.0123456789", (int)i) == NULL))
			return false;
		scheme++;
	}
	return scheme + 1 < name.n;
}

/* Without its percent signs, which is_uri has found to be in order. */
static struct sieve_text
decode_book(struct sieve_arena *a, struct sieve_text name)
{
	struct sieve_text rest = { name.p + addrbook.n, name.n - addrbook.n };
	char *p = sieve_arena_get(a, name.n + sizeof "default");
	struct sieve_text out = { p, addrbook.n }, book;
	size_t i;

	if (p == NULL)
		return SIEVE_TEXT_EMPTY;
	memcpy(p, addrbook.p, addrbook.n);
	for (i = 0; i < rest.n; i++) {
		p[out.n] = rest.p[i];
		if (rest.p[i] == '%') {
			p[out.n] = (char)(hex_digit(rest.p[i + 1]) << 4 | hex_digit(rest.p[i + 2]));
			i += 2;
		}
		out.n++;
	}
	book = (struct sieve_text){ p + addrbook.n, out.n - addrbook.n };
	/* RFC 6134 2.5: it "MUST be considered case-insensitive after decoding". */
	if (sieve_text_is(book, "default"))
		memcpy(p + addrbook.n, "default", book.n);
	return out;
}

bool
sieve_lists_is_name(struct sieve_arena *a, struct sieve_text name, struct sieve_text *out)
{
	struct sieve_text rest = name;

	if (name.n == 0 || name.n > SIEVE_MAILBOX_MAX)
		return false;
	/* One form is behind `urn`, from its last colon on. */
	if (begins_with(name, urn))
		rest = (struct sieve_text){ name.p + urn.n - 1, name.n - urn.n + 1 };
	if (rest.p[0] != ':' || rest.n == 1) {
		*out = name;
		return is_uri(name) && rest.n > 1;
	}
	if (!is_uri((struct sieve_text){ rest.p + 1, rest.n - 1 }))
		return false;
	*out = rest;
	if (!begins_with(rest, addrbook))
		return true;
	*out = decode_book(a, rest);
	return out->n > addrbook.n;
}

bool
sieve_lists_can_find(struct sieve_interp *in, struct sieve_text name, struct sieve_text *out)
{
	struct sieve_text shown = sieve_text_cut(name, SIEVE_TRACED_MAX);
	const struct sieve_host *host = in->host;

	if (!sieve_lists_is_name(&in->scratch, name, out))
		sieve_interp_fail(in, "\"%.*s\" cannot name a list", SIEVE_TEXT_ARG(shown));
	else if (sieve_interp_can_spend(in, SIEVE_QUESTION_STEPS) &&
	    (host->has_list == NULL || !host->has_list(host->arg, *out)))
		sieve_interp_fail(in, "there is no list \"%.*s\"", SIEVE_TEXT_ARG(shown));
	return !in->is_over;
}

struct sieve_list
sieve_lists_find(struct sieve_interp *in, struct sieve_list names)
{
	struct sieve_template *found = sieve_arena_get(&in->scratch, names.n * sizeof *found);
	unsigned i;

	if (found == NULL) {
		sieve_interp_fail_memory(in);
		names.n = 0;
	}
	for (i = 0; i < names.n; i++)
		if (!sieve_lists_can_find(in, names.at[i].text, &found[i].text))
			break;
	return (struct sieve_list){ found, i, true };
}

/* ---- the checks ---- */

/* RFC 6134 2.2, and of the dates its example (2.9.2). */
static bool
has_lists(const struct sieve_word *word)
{
	static const char *const words[] = { "header", "address", "envelope", "string", "date",
		"currentdate" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word->name, words[i]) == 0)
			return true;
	return false;
}

/* The names are the last argument. */
static void
check_names(struct sieve_checker *checker, const struct sieve_node *node)
{
	const struct sieve_string *name = NULL;
	struct sieve_text ignored;
	unsigned i;

	for (i = 0; i < SIEVE_POSITIONAL_MAX && node->bound.positional[i] != NULL; i++)
		name = node->bound.positional[i]->strings;
	for (; name != NULL; name = name->next)
		if (!name->has_references &&
		    !sieve_lists_is_name(checker->errors->arena, name->text, &ignored))
			sieve_error_add(checker->errors, name->offset,
			    "\"%.*s\" cannot name a list: expected a URI, as in "
			    "\":addrbook:default\"", SIEVE_TEXT_ARG(name->text));
}

void
sieve_lists_check(struct sieve_checker *checker, const struct sieve_node *node)
{
	if (!has_lists(node->word))
		sieve_error_add(checker->errors, node->offset, "`%s` takes no `:list`",
		    node->word->name);
	else if (node->bound.tags[SIEVE_GROUP_COMPARATOR] != NULL)
		sieve_error_add(checker->errors, node->offset,
		    "`:comparator` cannot stand beside `:list`");
	else
		check_names(checker, node);
}

/* ---- valid_ext_list ---- */

/* RFC 6134 2.7: "exactly the same validation [...] as would be performed by the
 * "header :list" test", but no error. */
static bool
has_valid_lists(struct sieve_interp *in, const struct sieve_call *call)
{
	struct sieve_list names = sieve_interp_list(in, call->arguments[0]);
	const struct sieve_host *host = in->host;
	struct sieve_text name;
	unsigned i;

	for (i = 0; i < names.n && sieve_interp_can_spend(in, SIEVE_QUESTION_STEPS); i++)
		if (!sieve_lists_is_name(&in->scratch, names.at[i].text, &name) ||
		    host->has_list == NULL || !host->has_list(host->arg, name))
			return false;
	return !in->is_over;
}

static const struct sieve_word words[] = {
	{ .name = "valid_ext_list", .kind = SIEVE_TEST, .positional = { SIEVE_VALUE_STRINGS },
	    .names = { "lists" }, .is_true = has_valid_lists },
	{ .name = NULL },
};

static const struct sieve_tag tags[] = {
	{ "list", SIEVE_GROUP_MATCH, SIEVE_VALUE_NONE, SIEVE_MATCH_LIST },
	{ "list", SIEVE_GROUP_LIST, SIEVE_VALUE_NONE, 1 }, /* of redirect, RFC 6134 2.3 */
	{ .name = NULL },
};

const struct sieve_extension sieve_ext_extlists = {
	.name = "extlists",
	.rfc = "RFC 6134",
	.words = words,
	.tags = tags,
};

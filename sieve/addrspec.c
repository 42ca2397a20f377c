/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Reads the addresses that scripts name.  Does not read those of messages:
 * the host does, and forgives more. */

#include "addrspec.h"

#include <string.h>

#include "unicode.h"

struct cursor {
	struct sieve_text text;
	size_t i;
};

static bool
is_at(const struct cursor *cursor, char c)
{
	return cursor->i < cursor->text.n && cursor->text.p[cursor->i] == c;
}

static bool
has_taken(struct cursor *cursor, char c)
{
	bool is_there = is_at(cursor, c);

	cursor->i += is_there;
	return is_there;
}

/* Line breaks are none: nothing of this may begin another field. */
static bool
is_visible(char c)
{
	return (unsigned char)c >= ' ' && c != 0x7f;
}

/* atext of RFC 5322 3.2.3 and RFC 6532 3.2. */
static bool
is_atext(char c)
{
	return is_visible(c) && c != ' ' && strchr("()<>[]:;@\\,\".", c) == NULL;
}

/* Up to behind the closing parenthesis. */
static bool
has_comment(struct cursor *cursor)
{
	unsigned depth = 0;
	char c;

	for (; cursor->i < cursor->text.n; cursor->i++) {
		c = cursor->text.p[cursor->i];
		if (!is_visible(c) && c != '\t')
			return false;
		if (c == '\\')
			cursor->i++;
		depth += c == '(';
		depth -= c == ')';
		if (depth == 0) {
			cursor->i++;
			return true;
		}
	}
	return false;
}

/* CFWS, RFC 5322 3.2.2; half a comment is none. */
static void
skip_blanks(struct cursor *cursor)
{
	struct cursor ahead;

	for (;; *cursor = ahead) {
		while (has_taken(cursor, ' ') || has_taken(cursor, '\t'))
			;
		ahead = *cursor;
		if (!is_at(cursor, '(') || !has_comment(&ahead))
			return;
	}
}

/* Appends what fits: limits are below the size of `at`, and checked. */
static void
add(struct sieve_addrspec *out, char c)
{
	if (out->n < sizeof out->at)
		out->at[out->n++] = c;
}

/* A quoted string; what it holds, without quotes, is added to out. */
static bool
has_quoted(struct cursor *cursor, struct sieve_addrspec *out)
{
	char c;

	if (!has_taken(cursor, '"'))
		return false;
	while (cursor->i < cursor->text.n) {
		c = cursor->text.p[cursor->i++];
		if (c == '"')
			return true;
		if (c == '\\' && cursor->i < cursor->text.n)
			c = cursor->text.p[cursor->i++];
		if (!is_visible(c))
			return false;
		add(out, c);
	}
	return false;
}

static bool
is_dot_atom(struct sieve_text text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '.' ? i == 0 || i + 1 == text.n || text.p[i - 1] == '.'
				     : !is_atext(text.p[i]))
			return false;
	}
	return text.n > 0;
}

/* Atoms and dots. */
static struct sieve_text
take_atoms(struct cursor *cursor)
{
	struct sieve_text atoms = { cursor->text.p + cursor->i, 0 };

	while (cursor->i < cursor->text.n &&
	    (is_atext(cursor->text.p[cursor->i]) || is_at(cursor, '.'))) {
		cursor->i++;
		atoms.n++;
	}
	return atoms;
}

static void
add_local(struct sieve_addrspec *out, struct sieve_text local)
{
	bool is_quoted = !is_dot_atom(local);
	size_t i;

	if (is_quoted)
		add(out, '"');
	for (i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			add(out, '\\');
		add(out, local.p[i]);
	}
	if (is_quoted)
		add(out, '"');
}

static bool
has_local(struct cursor *cursor, struct sieve_addrspec *out)
{
	struct sieve_addrspec content = { .n = 0 };
	struct sieve_text local;

	if (is_at(cursor, '"')) {
		if (!has_quoted(cursor, &content))
			return false;
		local = sieve_addrspec_text(&content);
	} else {
		local = take_atoms(cursor);
		if (!is_dot_atom(local))
			return false;
	}
	if (local.n > SIEVE_LOCAL_PART_MAX)
		return false;
	add_local(out, local);
	return out->n <= SIEVE_LOCAL_PART_MAX;
}

/* RFC 5321 4.1.3, or what may be one. */
static bool
is_literal(struct sieve_text domain)
{
	size_t i;

	for (i = 1; i + 1 < domain.n; i++)
		if (!is_atext(domain.p[i]) && domain.p[i] != ':' && domain.p[i] != '.')
			return false;
	return domain.n > 2 && domain.p[domain.n - 1] == ']';
}

static bool
is_alphanumeric(char c)
{
	unsigned char lower = sieve_text_lower((unsigned char)c);

	return (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower >= 0x80;
}

/* RFC 5321 4.1.2, and UTF-8 in it (RFC 6531 3.3). */
static bool
is_domain(struct sieve_text domain)
{
	size_t i, label = 0;

	for (i = 0; i <= domain.n; i++) {
		if (i < domain.n && domain.p[i] != '.') {
			if (!is_alphanumeric(domain.p[i]) && domain.p[i] != '-')
				return false;
			continue;
		}
		if (i == label || i - label > SIEVE_LABEL_MAX || domain.p[label] == '-' ||
		    domain.p[i - 1] == '-')
			return false;
		label = i + 1;
	}
	return true;
}

static bool
has_domain(struct cursor *cursor, struct sieve_addrspec *out)
{
	struct sieve_text domain = { cursor->text.p + cursor->i, 0 };
	bool is_right;
	size_t i;

	if (is_at(cursor, '[')) {
		while (cursor->i + domain.n < cursor->text.n && domain.p[domain.n] != ']')
			domain.n++;
		domain.n += cursor->i + domain.n < cursor->text.n;
		cursor->i += domain.n;
		is_right = is_literal(domain);
	} else {
		domain = take_atoms(cursor);
		is_right = is_domain(domain);
	}
	for (i = 0; i < domain.n && i <= SIEVE_DOMAIN_MAX; i++)
		add(out, domain.p[i]);
	return is_right && domain.n <= SIEVE_DOMAIN_MAX;
}

/* addr-spec, RFC 5322 3.4.1. */
static bool
has_addrspec(struct cursor *cursor, struct sieve_addrspec *out)
{
	out->n = 0;
	skip_blanks(cursor);
	if (!has_local(cursor, out))
		return false;
	skip_blanks(cursor);
	if (!has_taken(cursor, '@'))
		return false;
	add(out, '@');
	skip_blanks(cursor);
	if (!has_domain(cursor, out))
		return false;
	skip_blanks(cursor);
	return sieve_unicode_is_valid(sieve_addrspec_text(out));
}

/* Words up to the angle bracket, RFC 5322 3.2.5; there may be none. */
static bool
has_phrase(struct cursor *cursor)
{
	struct sieve_addrspec ignored = { .n = 0 };

	for (skip_blanks(cursor); !is_at(cursor, '<'); skip_blanks(cursor))
		if (is_at(cursor, '"') ? !has_quoted(cursor, &ignored)
				       : take_atoms(cursor).n == 0)
			return false;
	return true;
}

static bool
has_mailbox(struct cursor *cursor, struct sieve_addrspec *out)
{
	struct cursor start = *cursor;

	if (has_addrspec(cursor, out))
		return true;
	*cursor = start;
	if (!has_phrase(cursor) || !has_taken(cursor, '<') || !has_addrspec(cursor, out) ||
	    !has_taken(cursor, '>'))
		return false;
	skip_blanks(cursor);
	return true;
}

struct sieve_text
sieve_addrspec_text(const struct sieve_addrspec *address)
{
	return (struct sieve_text){ address->at, address->n };
}

bool
sieve_addrspec_is_mailbox(struct sieve_text text, struct sieve_addrspec *out)
{
	struct cursor cursor = { text, 0 };

	return has_mailbox(&cursor, out) && cursor.i == text.n;
}

bool
sieve_addrspec_is_bare(struct sieve_text text, struct sieve_addrspec *out)
{
	struct cursor cursor = { text, 0 };

	out->n = 0;
	if (!has_local(&cursor, out) || !has_taken(&cursor, '@'))
		return false;
	add(out, '@');
	return has_domain(&cursor, out) && cursor.i == text.n && sieve_unicode_is_valid(text);
}

bool
sieve_addrspec_can_take(struct sieve_text *rest, bool *has_more, struct sieve_addrspec *out)
{
	struct cursor cursor = { *rest, 0 };

	if (!has_mailbox(&cursor, out))
		return false;
	*has_more = has_taken(&cursor, ',');
	*rest = (struct sieve_text){ rest->p + cursor.i, rest->n - cursor.i };
	return *has_more || rest->n == 0;
}

bool
sieve_addrspec_is_list(struct sieve_text text)
{
	struct sieve_addrspec ignored;
	bool has_more = true;

	while (has_more)
		if (!sieve_addrspec_can_take(&text, &has_more, &ignored))
			return false;
	return true;
}

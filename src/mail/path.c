/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Envelope addresses.  Judges their form only: who exists is the directory's
 * business. */

#include <arpa/inet.h>
#include <string.h>

#include "mail/path.h"

static bool
is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
is_atext(unsigned char c)
{
	return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

bool
path_is_ascii(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	return true;
}

/* The length of the well-formed sequence at the front of s, 0 when none. */
static size_t
sequence_length(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	unsigned char low = 0x80, high = 0xbf;
	size_t n, i;

	if (c < 0x80)
		return c == 0 ? 0 : 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	/* RFC 3629 4: these leads narrow the range of the second byte. */
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	for (i = 1; i < n; i++) {
		if (i >= s.n || (unsigned char)s.p[i] < low || (unsigned char)s.p[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

bool
path_is_utf8(struct str text)
{
	while (text.n > 0) {
		size_t n = sequence_length(text);

		if (n == 0)
			return false;
		text = str_from(text, n);
	}
	return true;
}

/* Underscores are no part of a domain name, and common in those of machines. */
static bool
is_label(struct str label, bool is_utf8)
{
	size_t i;

	if (label.n == 0 || label.n > PATH_LABEL_MAX)
		return false;
	for (i = 0; i < label.n; i++) {
		unsigned char c = (unsigned char)label.p[i];

		if (!is_alnum(c) && c != '-' && c != '_' && !(is_utf8 && c >= 0x80))
			return false;
	}
	return label.p[0] != '-' && label.p[label.n - 1] != '-';
}

bool
path_is_domain(struct str text, bool is_utf8)
{
	struct str label = STR_EMPTY;
	struct str rest = text;

	if (text.n == 0 || text.n > PATH_DOMAIN_MAX || text.p[text.n - 1] == '.')
		return false;
	while (str_can_split(&rest, '.', &label))
		if (!is_label(label, is_utf8))
			return false;
	return !is_utf8 || path_is_utf8(text);
}

static bool
is_address(int family, struct str text)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char out[sizeof(struct in6_addr)];

	if (text.n >= sizeof copy)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return strlen(copy) == text.n && inet_pton(family, copy, out) == 1;
}

/* RFC 5321 4.1.3: General-address-literal, a tag and dcontent. */
static bool
is_general_literal(struct str inner)
{
	ptrdiff_t colon = str_find_byte(inner, ':');
	size_t i;

	if (colon <= 0 || (size_t)colon + 1 == inner.n || inner.p[colon - 1] == '-')
		return false;
	for (i = 0; i < inner.n; i++) {
		unsigned char c = (unsigned char)inner.p[i];

		if (i < (size_t)colon ? !is_alnum(c) && c != '-'
				      : c < 33 || c > 126 || (c >= '[' && c <= ']'))
			return false;
	}
	return true;
}

bool
path_is_literal(struct str text)
{
	struct str inner;

	if (text.n < 3 || text.n > PATH_DOMAIN_MAX || text.p[0] != '[' || text.p[text.n - 1] != ']')
		return false;
	inner = str_sub(text, 1, text.n - 2);
	if (str_has_prefix_nocase(inner, STR("IPv6:")))
		return is_address(AF_INET6, str_from(inner, 5));
	return is_address(AF_INET, inner) || is_general_literal(inner);
}

/* The length of the quoted string at the front of s, 0 when there is none;
 * its content goes to out, which has room for s. */
static size_t
take_quoted(struct str s, bool is_utf8, char *out, size_t *out_n)
{
	size_t i, n = 0;

	for (i = 1; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"') {
			*out_n = n;
			return i + 1;
		}
		if (c == '\\') {
			if (++i == s.n)
				return 0;
			c = (unsigned char)s.p[i];
			if (c >= 0x80)
				return 0;
		}
		if (c < ' ' || c == 0x7f || (c >= 0x80 && !is_utf8))
			return 0;
		out[n++] = (char)c;
	}
	return 0;
}

/* The length of the Dot-string at the front of s.  Dots may stand anywhere:
 * some carriers gave out such addresses, and a last hop that is stricter than
 * the MTA before it only makes bounces. */
static size_t
take_dot_string(struct str s, bool is_utf8)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!is_atext(c) && c != '.' && !(is_utf8 && c >= 0x80))
			break;
	}
	return i;
}

static size_t
take_local(struct str s, bool is_utf8, struct arena *a, struct str *local_out)
{
	size_t used;

	if (s.n > 0 && s.p[0] == '"') {
		char *content = arena_alloc(a, s.n);
		size_t n = 0;

		used = content == NULL ? 0 : take_quoted(s, is_utf8, content, &n);
		*local_out = (struct str){ content, n };
	} else {
		used = take_dot_string(s, is_utf8);
		*local_out = str_sub(s, 0, used);
	}
	if (local_out->n > PATH_LOCAL_MAX || (is_utf8 && !path_is_utf8(*local_out)))
		return 0;
	return used;
}

static size_t
domain_length(struct str s)
{
	size_t i = 0;

	if (s.n > 0 && s.p[0] == '[') {
		ptrdiff_t end = str_find_byte(s, ']');

		return end == -1 ? 0 : (size_t)end + 1;
	}
	while (i < s.n && (is_label(str_sub(s, i, 1), true) || s.p[i] == '-' || s.p[i] == '.'))
		i++;
	return i;
}

static size_t
take_domain(struct str s, bool is_utf8, struct str *domain_out)
{
	size_t n = domain_length(s);

	*domain_out = str_sub(s, 0, n);
	if (n == 0 || (!path_is_domain(*domain_out, is_utf8) && !path_is_literal(*domain_out)))
		return 0;
	return n;
}

/* The length of the Mailbox, or bare local part, at the front of s. */
static size_t
take_mailbox(struct str s, bool is_utf8, struct arena *a, struct path *out)
{
	size_t used = take_local(s, is_utf8, a, &out->local);
	size_t n;

	if (used == 0)
		return 0;
	if (used < s.n && s.p[used] == '@') {
		n = take_domain(str_from(s, used + 1), is_utf8, &out->domain);
		if (n == 0)
			return 0;
		used += 1 + n;
	}
	out->text = str_sub(s, 0, used);
	return used;
}

/* A-d-l ":" — *rest loses it.  False: begun, and wrong. */
static bool
can_skip_route(struct str *rest, bool is_utf8)
{
	struct str hop;
	size_t n;

	if (rest->n == 0 || rest->p[0] != '@')
		return true;
	for (;;) {
		if (rest->n == 0 || rest->p[0] != '@')
			return false;
		n = take_domain(str_from(*rest, 1), is_utf8, &hop);
		*rest = str_from(*rest, 1 + n);
		if (n == 0 || rest->n == 0)
			return false;
		n = rest->p[0] == ':';
		if (n == 0 && rest->p[0] != ',')
			return false;
		*rest = str_from(*rest, 1);
		if (n != 0)
			return true;
	}
}

bool
path_can_take(struct str *rest, bool is_utf8, struct arena *a, struct path *out)
{
	struct str s = *rest;

	memset(out, 0, sizeof *out);
	if (s.n < 2 || s.p[0] != '<')
		return false;
	s = str_from(s, 1);
	if (s.p[0] != '>') {
		if (!can_skip_route(&s, is_utf8))
			return false;
		s = str_from(s, take_mailbox(s, is_utf8, a, out));
		if (out->text.n == 0 || s.n == 0 || s.p[0] != '>')
			return false;
	}
	*rest = str_from(s, 1);
	return true;
}

bool
path_is_mailbox(struct str text, bool is_utf8, struct arena *a, struct path *out)
{
	memset(out, 0, sizeof *out);
	return text.n > 0 && take_mailbox(text, is_utf8, a, out) == text.n;
}

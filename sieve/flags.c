/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Lists of IMAP flags.  Knows no script. */

#include "flags.h"

#include <string.h>

bool
sieve_flags_can_take(struct sieve_text *rest, struct sieve_text *out)
{
	size_t i = 0, from;

	while (i < rest->n && rest->p[i] == ' ')
		i++;
	from = i;
	while (i < rest->n && rest->p[i] != ' ')
		i++;
	*out = (struct sieve_text){ rest->p + from, i - from };
	rest->p += i;
	rest->n -= i;
	return out->n > 0;
}

/* RFC 9051 9, flag: the system flags that a client may set, or an atom. */
static bool
is_flag(struct sieve_text flag)
{
	static const char *const system[] = { "\\Answered", "\\Flagged", "\\Deleted", "\\Seen",
		"\\Draft" };
	size_t i;

	if (flag.p[0] == '\\') {
		for (i = 0; i < sizeof system / sizeof system[0]; i++)
			if (sieve_text_is(flag, system[i]))
				return true;
		return false;
	}
	for (i = 0; i < flag.n; i++)
		if (flag.p[i] <= ' ' || flag.p[i] == 0x7f || (unsigned char)flag.p[i] >= 0x80 ||
		    strchr("(){%*\"\\]", flag.p[i]) != NULL)
			return false;
	return true;
}

static bool
is_listed(struct sieve_text list, struct sieve_text flag)
{
	struct sieve_text each;

	while (sieve_flags_can_take(&list, &each))
		if (sieve_text_is_same(each, flag))
			return true;
	return false;
}

struct sieve_text
sieve_flags_text(const struct sieve_flags *flags)
{
	return (struct sieve_text){ flags->at, flags->n };
}

static void
add_one(struct sieve_flags *flags, struct sieve_text flag)
{
	if (flag.n + 1 > sizeof flags->at - flags->n)
		return;
	if (flags->n > 0)
		flags->at[flags->n++] = ' ';
	memcpy(flags->at + flags->n, flag.p, flag.n);
	flags->n += flag.n;
}

void
sieve_flags_add(struct sieve_flags *flags, struct sieve_text more)
{
	struct sieve_text flag;

	while (sieve_flags_can_take(&more, &flag))
		if (is_flag(flag) && !is_listed(sieve_flags_text(flags), flag))
			add_one(flags, flag);
}

void
sieve_flags_remove(struct sieve_flags *flags, struct sieve_text less)
{
	struct sieve_flags rest = { .n = 0 };
	struct sieve_text all = sieve_flags_text(flags), flag;

	while (sieve_flags_can_take(&all, &flag))
		if (!is_listed(less, flag))
			add_one(&rest, flag);
	memcpy(flags->at, rest.at, rest.n);
	flags->n = rest.n;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Path patterns of the settings, in Dovecot's letters. */

#include "directory/expand.h"

#include "base/buf.h"
#include "directory/lookup.h"

static int
add_letter(char letter, const struct expand_values *values, struct buf *text)
{
	switch (letter) {
	case 'u':
		buf_add_str(text, values->local);
		if (values->domain.n > 0) {
			buf_add_byte(text, '@');
			buf_add_str(text, values->domain);
		}
		return 0;
	case 'n':
		buf_add_str(text, values->local);
		return 0;
	case 'd':
		buf_add_str(text, values->domain);
		return 0;
	case 'h':
		buf_add_str(text, values->home);
		return values->home.n > 0 ? 0 : -1;
	case '%':
		buf_add_byte(text, '%');
		return 0;
	default:
		return -1;
	}
}

/* ~ means the home at the start and behind the format's colon
 * (maildir:~/Maildir). */
static bool
is_home_place(struct str pattern, size_t i)
{
	return pattern.p[i] == '~' && (i == 0 || pattern.p[i - 1] == ':') &&
	    (i + 1 == pattern.n || pattern.p[i + 1] == '/');
}

int
expand_pattern(struct str pattern, const struct expand_values *values, struct arena *a,
    struct str *out, struct fail *why)
{
	struct buf text = BUF_LIMIT(LOOKUP_PATH_MAX);
	int rc = 0;
	size_t i;

	for (i = 0; i < pattern.n && rc == 0; i++) {
		if (is_home_place(pattern, i))
			rc = add_letter('h', values, &text);
		else if (pattern.p[i] == '%')
			rc = i + 1 < pattern.n ? add_letter(pattern.p[++i], values, &text) : -1;
		else
			buf_add_byte(&text, pattern.p[i]);
	}
	if (rc == -1 || !buf_is_ok(&text))
		rc = fail_set(why, FAIL_TEMP, 3, 5, 0, "User database is misconfigured",
		    "\"%.*s\" cannot be expanded for %.*s@%.*s: %%u %%n %%d %%h, ~ only with a home",
		    STR_ARG(pattern), STR_ARG(values->local), STR_ARG(values->domain));
	else
		*out = arena_str(a, buf_str(&text));
	buf_fini(&text);
	return rc;
}

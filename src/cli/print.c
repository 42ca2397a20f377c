/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Foreign text made harmless for terminals and for JSON. */
#include "cli/print.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "mail/charset.h"

static bool
is_control(unsigned long code)
{
	return code < ' ' || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

/* Calls for each character of the text as UTF-8. */
static void
print_each(FILE *to, const char *text, void (*print)(FILE *to, struct str bytes, unsigned long code))
{
	struct buf clean = BUF_EMPTY;
	struct str rest;
	unsigned long code;
	size_t n;

	charset_add_unlabelled(&clean, str_of(text));
	rest = buf_str(&clean);
	while ((n = charset_take_utf8(rest, &code)) > 0) {
		print(to, str_sub(rest, 0, n), code);
		rest = str_from(rest, n);
	}
	buf_fini(&clean);
}

static void
print_harmless(FILE *to, struct str bytes, unsigned long code)
{
	if (is_control(code))
		fputc('?', to);
	else
		fwrite(bytes.p, 1, bytes.n, to);
}

void
print_text(FILE *to, const char *text)
{
	print_each(to, text, print_harmless);
}

static void
print_escaped(FILE *to, struct str bytes, unsigned long code)
{
	if (code == '"' || code == '\\')
		fprintf(to, "\\%c", (int)code);
	else if (is_control(code))
		fprintf(to, "\\u%04lx", code);
	else
		fwrite(bytes.p, 1, bytes.n, to);
}

void
print_json(FILE *to, const char *text)
{
	fputc('"', to);
	print_each(to, text, print_escaped);
	fputc('"', to);
}

void
print_time(FILE *to, int64_t microseconds)
{
	time_t seconds = (time_t)(microseconds / 1000000);
	char text[64] = "?";
	struct tm tm;

	if (localtime_r(&seconds, &tm) != NULL)
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	fputs(text, to);
}

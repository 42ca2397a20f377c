/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Errors in a script: kept in order, written for people.  Decides nothing. */

#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "limit.h"

void
sieve_errors_init(struct sieve_errors *errors, struct sieve_arena *a, struct sieve_text script)
{
	*errors = (struct sieve_errors){ .arena = a, .script = script };
}

static bool
is_character_start(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

void
sieve_error_find_place(struct sieve_text script, size_t offset, unsigned *line_out,
    unsigned *column_out)
{
	size_t i;

	*line_out = 1;
	*column_out = 1;
	for (i = 0; i < offset && i < script.n; i++) {
		if (script.p[i] == '\n') {
			++*line_out;
			*column_out = 1;
		} else if (is_character_start(script.p[i])) {
			++*column_out;
		}
	}
}

struct sieve_text
sieve_error_find_line(struct sieve_text script, size_t offset)
{
	size_t from = offset < script.n ? offset : script.n, to = from;

	while (from > 0 && script.p[from - 1] != '\n')
		from--;
	while (to < script.n && script.p[to] != '\n')
		to++;
	if (to > from && script.p[to - 1] == '\r')
		to--;
	return (struct sieve_text){ script.p + from, to - from };
}

static void
put(struct sieve_errors *errors, size_t offset, bool is_warning, const char *format, va_list ap)
{
	char text[512];
	struct sieve_error *error, **link = &errors->first;
	int n = vsnprintf(text, sizeof text, format, ap);

	error = sieve_arena_get(errors->arena, sizeof *error);
	if (error == NULL || n < 0)
		return;
	error->is_warning = is_warning;
	if ((size_t)n >= sizeof text)
		n = sizeof text - 1;
	error->offset = offset;
	error->text = sieve_arena_copy(errors->arena, (struct sieve_text){ text, (size_t)n });
	sieve_error_find_place(errors->script, offset, &error->line, &error->column);
	/* The parser's come first; people read from the top. */
	while (*link != NULL && (*link)->offset <= offset)
		link = &(*link)->next;
	error->next = *link;
	*link = error;
}

void
sieve_error_add(struct sieve_errors *errors, size_t offset, const char *format, ...)
{
	va_list ap;

	if (errors->count++ >= SIEVE_ERRORS_MAX)
		return;
	va_start(ap, format);
	put(errors, offset, false, format, ap);
	va_end(ap);
}

void
sieve_error_warn(struct sieve_errors *errors, size_t offset, const char *format, ...)
{
	va_list ap;

	if (errors->warning_count++ >= SIEVE_ERRORS_MAX)
		return;
	va_start(ap, format);
	put(errors, offset, true, format, ap);
	va_end(ap);
}

/* A terminal must not be steered by what a script holds. */
static void
write_clean(struct sieve_text t, sieve_error_sink add, void *arg)
{
	size_t i, from = 0;

	for (i = 0; i < t.n; i++) {
		if ((unsigned char)t.p[i] >= ' ' && t.p[i] != 0x7f)
			continue;
		add(arg, t.p + from, i - from);
		add(arg, t.p[i] == '\t' ? " " : "?", 1);
		from = i + 1;
	}
	add(arg, t.p + from, t.n - from);
}

static size_t
count_characters(const char *from, const char *to)
{
	size_t n = 0;

	for (; from < to; from++)
		if (is_character_start(*from))
			n++;
	return n;
}

static void
write_line(struct sieve_text script, size_t offset, sieve_error_sink add, void *arg)
{
	struct sieve_text line = sieve_error_find_line(script, offset);
	const char *at = script.p + (offset < script.n ? offset : script.n), *from = line.p;
	size_t i, caret;

	/* Of a long line the part around the place is shown. */
	if ((size_t)(at - from) > SIEVE_LINE_SHOWN_MAX / 2 && line.n > SIEVE_LINE_SHOWN_MAX)
		from = at - SIEVE_LINE_SHOWN_MAX / 2;
	while (from < at && !is_character_start(*from))
		from++;
	line.n -= (size_t)(from - line.p);
	line.p = from;
	if (line.n > SIEVE_LINE_SHOWN_MAX) {
		line.n = SIEVE_LINE_SHOWN_MAX;
		while (line.n > 0 && !is_character_start(line.p[line.n]))
			line.n--;
	}
	caret = count_characters(from, at);
	add(arg, "    ", 4);
	write_clean(line, add, arg);
	add(arg, "\n    ", 5);
	for (i = 0; i < caret; i++)
		add(arg, " ", 1);
	add(arg, "^\n", 2);
}

void
sieve_errors_write(const struct sieve_errors *errors, sieve_error_sink add, void *arg)
{
	const struct sieve_error *error;
	char place[64];
	int n;

	for (error = errors->first; error != NULL; error = error->next) {
		if (errors->name.n > 0) {
			write_clean(errors->name, add, arg);
			add(arg, ":", 1);
		}
		n = snprintf(place, sizeof place, "%u:%u: %s", error->line, error->column,
		    error->is_warning ? "warning: " : "");
		add(arg, place, (size_t)n);
		write_clean(error->text, add, arg);
		add(arg, "\n", 1);
		write_line(errors->script, error->offset, add, arg);
	}
	if (errors->count <= SIEVE_ERRORS_MAX)
		return;
	n = snprintf(place, sizeof place, "and %u more errors\n", errors->count - SIEVE_ERRORS_MAX);
	add(arg, place, (size_t)n);
}

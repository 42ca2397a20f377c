/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Message text to DATA.  Knows no connection and no header. */
#include "cli/stuff.h"

static const struct str mbox_mark = { "From ", 5 };

static void
add_byte(struct stuff *s, char c, struct buf *out)
{
	if (c == '\n') {
		if (!s->is_behind_cr)
			buf_add_byte(out, '\r');
		buf_add_byte(out, '\n');
		s->is_in_line = false;
		s->is_behind_cr = false;
		return;
	}
	if (c == '.' && !s->is_in_line)
		buf_add_byte(out, '.');
	buf_add_byte(out, c);
	s->is_in_line = true;
	s->is_behind_cr = c == '\r';
}

/* What was held back in the hope of "From " is text after all. */
static void
start(struct stuff *s, struct buf *out)
{
	size_t i;

	s->is_started = true;
	for (i = 0; i < s->matched; i++)
		add_byte(s, mbox_mark.p[i], out);
}

void
stuff_take(struct stuff *s, struct str in, struct buf *out)
{
	size_t i;

	for (i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (s->is_skipping) {
			s->is_skipping = c != '\n';
		} else if (!s->is_started && c == mbox_mark.p[s->matched]) {
			if (++s->matched == mbox_mark.n) {
				s->is_started = true;
				s->is_skipping = true;
			}
		} else {
			if (!s->is_started)
				start(s, out);
			add_byte(s, c, out);
		}
	}
}

void
stuff_end(struct stuff *s, struct buf *out)
{
	if (!s->is_started)
		start(s, out);
	/* Not a LF alone: a CR before it would be taken for half of a line end. */
	if (s->is_in_line)
		buf_add_cstr(out, "\r\n");
	buf_add_cstr(out, ".\r\n");
}

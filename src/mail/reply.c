/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* How a reply looks on the wire.  Knows no command and no reason. */

#include "mail/reply.h"

static void
add_text(struct buf *out, struct str text, size_t room)
{
	size_t i;

	for (i = 0; i < text.n && i < room; i++) {
		unsigned char c = (unsigned char)text.p[i];

		buf_add_byte(out, c >= ' ' && c < 0x7f ? (char)c : '?');
	}
}

static void
add_line(struct buf *out, int code, char between, const char *enhanced, struct str text)
{
	size_t start = out->n;

	buf_addf(out, "%03d%c", code, between);
	if (*enhanced != '\0')
		buf_addf(out, "%s ", enhanced);
	add_text(out, text, REPLY_LINE_MAX - 2 - (out->n - start));
	buf_add(out, "\r\n", 2);
}

void
reply_add(struct buf *out, int code, const char *enhanced, struct str text)
{
	struct str line = STR_EMPTY;
	struct str rest = text;

	while (str_can_split(&rest, '\n', &line)) {
		if (rest.n == 0)
			break;
		add_line(out, code, '-', enhanced, line);
	}
	add_line(out, code, ' ', enhanced, line);
}

void
reply_add_fixed(struct buf *out, const struct reply *reply)
{
	reply_add(out, reply->code, reply->enhanced, str_of(reply->text));
}

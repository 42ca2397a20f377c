/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* How a reply looks on the wire.  Knows no command and no reason. */

#include "mail/reply.h"

#include "mail/charset.h"
#include "mail/path.h"

static void
add_text(struct buf *out, struct str text, size_t room, bool is_utf8)
{
	size_t i;

	is_utf8 = is_utf8 && path_is_utf8(text);
	text = is_utf8 ? charset_cut_utf8(text, room) : str_sub(text, 0, room);
	for (i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool is_fine = c >= 0x80 ? is_utf8 : c >= ' ' && c != 0x7f;

		buf_add_byte(out, is_fine ? (char)c : '?');
	}
}

static void
add_line(struct buf *out, int code, char between, const char *enhanced, struct str text,
    bool is_utf8)
{
	size_t start = out->n;

	buf_addf(out, "%03d%c", code, between);
	if (*enhanced != '\0')
		buf_addf(out, "%s ", enhanced);
	add_text(out, text, REPLY_LINE_MAX - 2 - (out->n - start), is_utf8);
	buf_add(out, "\r\n", 2);
}

static void
add_reply(struct buf *out, int code, const char *enhanced, struct str text, bool is_utf8)
{
	struct str line = STR_EMPTY;
	struct str rest = text;

	while (str_can_split(&rest, '\n', &line)) {
		if (rest.n == 0)
			break;
		add_line(out, code, '-', enhanced, line, is_utf8);
	}
	add_line(out, code, ' ', enhanced, line, is_utf8);
}

void
reply_add(struct buf *out, int code, const char *enhanced, struct str text)
{
	add_reply(out, code, enhanced, text, false);
}

void
reply_add_utf8(struct buf *out, int code, const char *enhanced, struct str text)
{
	add_reply(out, code, enhanced, text, true);
}

void
reply_add_fixed(struct buf *out, const struct reply *reply)
{
	reply_add(out, reply->code, reply->enhanced, str_of(reply->text));
}

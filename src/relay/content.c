/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The bytes of a message on their way out.  Nothing that leaves here by DATA
 * holds a bare CR, a bare LF or an unstuffed dot, whatever the file holds. */
#include "relay/content.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

void
content_init(struct content *c, struct str text, int fd, uint64_t size)
{
	*c = CONTENT_EMPTY;
	c->fd = fd;
	c->size = size;
	if (fd != -1)
		return;
	buf_add_str(&c->owned, text);
	c->text = buf_str(&c->owned);
	c->size = text.n;
}

void
content_fini(struct content *c)
{
	file_unmap(c->map, c->size);
	file_close(&c->fd);
	buf_fini(&c->owned);
	buf_fini(&c->window);
	*c = CONTENT_EMPTY;
}

void
content_replace(struct content *c, struct buf *bytes)
{
	struct buf taken = *bytes;

	*bytes = BUF_EMPTY;
	content_fini(c);
	c->owned = taken;
	c->text = buf_str(&c->owned);
	c->size = c->text.n;
}

static bool
is_in_memory(const struct content *c)
{
	return c->fd == -1 || c->map != NULL;
}

/* A sealed file can be mapped without fear of its owner. */
static int
open_up(struct content *c, struct fail *why)
{
	if (is_in_memory(c) || !file_is_sealed(c->fd))
		return 0;
	c->map = file_map(c->fd, c->size, why);
	if (c->map == NULL)
		return -1;
	c->text = (struct str){ c->map, c->size };
	return 0;
}

static int
fill_window(struct content *c, uint64_t at, struct fail *why)
{
	size_t want = c->size - at < CONTENT_WINDOW ? (size_t)(c->size - at) : CONTENT_WINDOW;
	char *room;

	buf_clear(&c->window);
	room = buf_reserve(&c->window, want);
	if (room == NULL)
		return fail_errno(why, ENOMEM, "read", "a message");
	if (file_pread_all(c->fd, room, want, (int64_t)at, "a message", why) == -1)
		return -1;
	buf_grew(&c->window, want);
	c->window_at = at;
	return 0;
}

/* Bytes from `at` on, at least one, at most a window of them. */
static int
look(struct content *c, uint64_t at, struct str *out, struct fail *why)
{
	if (is_in_memory(c)) {
		*out = str_sub(c->text, at, CONTENT_WINDOW);
		return 0;
	}
	if (at < c->window_at || at >= c->window_at + c->window.n)
		if (fill_window(c, at, why) == -1)
			return -1;
	*out = str_from(buf_str(&c->window), (size_t)(at - c->window_at));
	return 0;
}

int
content_whole(struct content *c, struct str *out, struct fail *why)
{
	struct buf whole = BUF_LIMIT(c->size + 1);
	struct str piece;
	int rc = -1;

	if (open_up(c, why) == -1)
		goto out;
	if (!is_in_memory(c)) {
		while (whole.n < c->size) {
			if (look(c, whole.n, &piece, why) == -1)
				goto out;
			buf_add_str(&whole, piece);
		}
		if (!buf_is_ok(&whole)) {
			fail_errno(why, ENOMEM, "read", "a message");
			goto out;
		}
		content_replace(c, &whole);
	}
	*out = c->text;
	rc = 0;
out:
	buf_fini(&whole);
	return rc;
}

/* ---- what is in it ---- */

struct scan {
	struct content_facts *facts;
	uint64_t line; /* bytes of the line so far */
	bool is_body;
};

static void
scan_byte(struct scan *s, unsigned char c)
{
	if (c == '\n') {
		s->is_body = s->is_body || s->line == 0;
		s->line = 0;
		s->facts->wire_size++;
		return;
	}
	if (++s->line > CONTENT_LINE_MAX)
		s->facts->has_long = true;
	if (c == '\0')
		s->facts->has_nul = true;
	else if (c == '\r')
		s->facts->has_cr = true;
	else if (c >= 0x80 && s->is_body)
		s->facts->has_8bit_body = true;
	else if (c >= 0x80)
		s->facts->has_8bit_header = true;
}

int
content_scan(struct content *c, struct content_facts *out, struct fail *why)
{
	struct scan s = { .facts = out };
	struct str piece;
	uint64_t at;
	size_t i;

	memset(out, 0, sizeof *out);
	if (open_up(c, why) == -1)
		return -1;
	for (at = 0; at < c->size; at += piece.n) {
		if (look(c, at, &piece, why) == -1)
			return -1;
		for (i = 0; i < piece.n; i++)
			scan_byte(&s, (unsigned char)piece.p[i]);
	}
	out->wire_size += c->size;
	if (s.line > 0)
		out->wire_size += 2;
	return 0;
}

/* ---- saying it ---- */

void
content_begin(struct content_saying *s, const struct content_facts *facts, bool is_dotted)
{
	*s = (struct content_saying){ .facts = facts, .is_dotted = is_dotted };
}

/* Runs without LF are copied whole: most of any message. */
static void
say_piece(struct content_saying *s, struct str piece, struct buf *out)
{
	struct str rest = piece, run;
	ptrdiff_t end;

	while (rest.n > 0) {
		if (s->is_dotted && !s->is_in_line && rest.p[0] == '.')
			buf_add_byte(out, '.');
		end = str_find_byte(rest, '\n');
		run = end == -1 ? rest : str_sub(rest, 0, (size_t)end);
		buf_add_str(out, run);
		s->said += run.n;
		s->is_in_line = s->is_in_line || run.n > 0;
		rest = str_from(rest, run.n);
		if (end == -1)
			break;
		buf_add(out, "\r\n", 2);
		s->said += 2;
		s->is_in_line = false;
		rest = str_from(rest, 1);
	}
}

static int
refuse_changed(struct fail *why)
{
	return fail_set(why, FAIL_OURS, 3, 0, 0, "Local error, try again later",
	    "the message was changed while it was sent");
}

/* The end: a last line gets its line end, which content_scan has counted. */
static int
say_end(struct content_saying *s, struct buf *out, struct fail *why)
{
	if (s->is_in_line) {
		buf_add(out, "\r\n", 2);
		s->said += 2;
		s->is_in_line = false;
	}
	if (s->said != s->facts->wire_size)
		return refuse_changed(why);
	if (s->is_dotted)
		buf_add(out, ".\r\n", 3);
	s->is_over = true;
	return 0;
}

int
content_say(struct content *c, struct content_saying *s, struct buf *out, struct fail *why)
{
	size_t from = out->n;
	struct str piece;

	while (s->at < c->size && out->n - from < CONTENT_WINDOW) {
		if (look(c, s->at, &piece, why) == -1)
			return -1;
		/* Only a file that its owner has written anew brings a CR here. */
		if (!s->facts->has_cr && str_find_byte(piece, '\r') != -1)
			return refuse_changed(why);
		say_piece(s, piece, out);
		s->at += piece.n;
		if (s->said > s->facts->wire_size)
			return refuse_changed(why);
	}
	return s->at < c->size ? 0 : say_end(s, out, why);
}

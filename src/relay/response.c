/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Replies of a remote, which may say anything.  It knows no command and no
 * state: what a reply answers is client.c's matter. */
#include "relay/response.h"

#include "mail/path.h"

#define STATUS_MAX 999 /* RFC 3463 2: three digits */

void
response_clear(struct response *r)
{
	r->code = 0;
	r->count = 0;
	buf_clear(&r->lines);
}

void
response_fini(struct response *r)
{
	buf_fini(&r->lines);
	response_clear(r);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 5321 4.2: 2 to 5, then 0 to 5, then any digit; `-` when more lines come. */
static int
code_of(struct str line)
{
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !is_digit(line.p[1])
	    || !is_digit(line.p[2]))
		return 0;
	if (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-')
		return 0;
	return (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0');
}

static enum response_result
take_line(struct response *r, struct str line)
{
	int code = code_of(line);

	if (code == 0 || (r->code != 0 && code != r->code))
		return RESPONSE_BROKEN;
	if (++r->count > RESPONSE_LINES_MAX || r->lines.n + line.n > RESPONSE_BYTES_MAX)
		return RESPONSE_BROKEN;
	if (r->code != 0)
		buf_add_byte(&r->lines, '\n');
	r->code = code;
	buf_add_str(&r->lines, str_from(line, 4));
	return line.n > 3 && line.p[3] == '-' ? RESPONSE_MORE : RESPONSE_DONE;
}

enum response_result
response_take(struct response *r, struct str in, size_t *used_out)
{
	enum response_result result = RESPONSE_MORE;
	struct str rest = in, line;
	ptrdiff_t end;

	while (result == RESPONSE_MORE && (end = str_find_byte(rest, '\n')) != -1) {
		line = str_sub(rest, 0, (size_t)end);
		rest = str_from(rest, (size_t)end + 1);
		/* A bare LF ends a line too: nothing can be smuggled to a client that
		 * waits for each reply, and some old servers send it. */
		if (str_has_suffix(line, STR("\r")))
			line.n--;
		if (line.n > RESPONSE_LINE_MAX || str_find_byte(line, '\0') != -1)
			result = RESPONSE_BROKEN;
		else
			result = take_line(r, line);
	}
	*used_out = in.n - rest.n;
	if (result == RESPONSE_MORE && rest.n > RESPONSE_LINE_MAX)
		return RESPONSE_BROKEN;
	return result;
}

/* RFC 6531 3.7.4.1: a remote may say UTF-8; a character that the limit has cut
 * goes, and other bytes become `?`. */
static void
settle_utf8(struct buf *out, size_t from)
{
	bool is_cut = out->n - from >= RESPONSE_TEXT_MAX;
	size_t n = out->n, i;

	for (i = 0; i < (is_cut ? 4 : 1) && n > from; i++, n--) {
		if (!path_is_utf8(str_sub(buf_str(out), from, n - from)))
			continue;
		buf_truncate(out, n);
		return;
	}
	for (i = from; i < out->n; i++)
		if ((unsigned char)out->p[i] >= 0x80)
			out->p[i] = '?';
}

void
response_add_text(const struct response *r, struct buf *out)
{
	struct str text = buf_str(&r->lines);
	size_t from = out->n, i;

	buf_addf(out, "%03d ", r->code);
	for (i = 0; i < text.n && out->n - from < RESPONSE_TEXT_MAX; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '\n')
			buf_add_byte(out, ' ');
		else
			buf_add_byte(out, c < ' ' || c == 127 ? '?' : text.p[i]);
	}
	if (!buf_is_ok(out))
		return;
	settle_utf8(out, from);
	while (out->n > from && out->p[out->n - 1] == ' ')
		buf_truncate(out, out->n - 1);
}

/* Takes a number of a status off the front: up to three digits. */
static bool
has_number(struct str *rest, unsigned *out)
{
	size_t n = 0;
	uint64_t number;

	while (n < rest->n && n < 3 && is_digit(rest->p[n]))
		n++;
	if (n == 0 || !str_is_number(str_sub(*rest, 0, n), STATUS_MAX, &number))
		return false;
	*out = (unsigned)number;
	*rest = str_from(*rest, n);
	return true;
}

/* RFC 2034 4: class.subject.detail and a blank in front of the text; its class
 * must be that of the code. */
static bool
has_status(const struct response *r, unsigned *subject, unsigned *detail)
{
	struct str rest = buf_str(&r->lines);
	unsigned class;

	if (!has_number(&rest, &class) || class != (unsigned)r->code / 100)
		return false;
	if (!str_has_prefix(rest, STR(".")))
		return false;
	rest = str_from(rest, 1);
	if (!has_number(&rest, subject) || !str_has_prefix(rest, STR(".")))
		return false;
	rest = str_from(rest, 1);
	if (!has_number(&rest, detail) || *subject > UINT8_MAX || *detail > UINT8_MAX)
		return false;
	return rest.n == 0 || rest.p[0] == ' ' || rest.p[0] == '\n';
}

void
response_judge(const struct response *r, struct fail *out)
{
	struct buf text = BUF_EMPTY;
	unsigned subject = 0, detail = 0;
	enum fail_class class = FAIL_TEMP;

	if (!has_status(r, &subject, &detail)) {
		subject = 0;
		detail = 0;
	}
	response_add_text(r, &text);
	*out = FAIL_EMPTY;
	if (r->code / 100 == 5)
		class = FAIL_PERM;
	/* 421 is the connection's end; 530 and 538 say that our settings do not
	 * suit the remote, which is no fault of the mail (RFC 4954 6). */
	if (r->code == 530 || r->code == 538)
		class = FAIL_TEMP;
	fail_set(out, class, subject, detail, 0, "", "%s", buf_cstr(&text));
	if (r->code / 100 == 2)
		out->class = FAIL_NONE;
	buf_fini(&text);
}

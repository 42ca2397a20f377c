/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * A message made sayable by encoding parts of it.  It never touches what is
 * signed, and gives up rather than lose a byte. */
#include "relay/downgrade.h"

#include <string.h>

#include "mail/encode.h"
#include "mail/header.h"
#include "mail/mime.h"

struct job {
	struct mime mime;
	bool is_8bit_ok;
	struct buf out;
	size_t at; /* up to where the message is in out */
};

static int
refuse(struct fail *why, unsigned detail, const char *what)
{
	return fail_set(why, FAIL_PERM, 6, detail, 0, "",
	    "the remote cannot take the message as it is, and %s", what);
}

/* Of these bytes alone: does something in them stand in the way? */
static bool
is_sayable(struct str bytes, bool is_8bit_ok)
{
	size_t line = 0, i;

	for (i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		if (c == '\n') {
			line = 0;
			continue;
		}
		if (++line > CONTENT_LINE_MAX || c == '\0' || c == '\r'
		    || (c >= 0x80 && !is_8bit_ok))
			return false;
	}
	return true;
}

/* Whether a part is, or lies in, what a signature or a cipher covers. */
static bool
is_protected(const struct mime *mime, const struct mime_part *part)
{
	const struct mime_part *at = part;

	for (;;) {
		if (mime_part_is(at, STR("multipart"), STR("signed"))
		    || mime_part_is(at, STR("multipart"), STR("encrypted")))
			return true;
		if (at->parent == MIME_NO_PARENT)
			return false;
		at = &mime->parts[at->parent];
	}
}

/* The header of a part with another encoding named in it; the top one gets what
 * makes the message MIME when it was not. */
static void
add_header(struct job *job, const struct mime_part *part, const char *encoding)
{
	struct str header = mime_part_header(&job->mime, part);
	bool has_type = false, has_version = false, is_top = part->parent == MIME_NO_PARENT;
	struct header_cursor cursor;
	struct header_field field;
	size_t done = 0;

	header_cursor_init(&cursor, header);
	while (header_has_field(&cursor, &field)) {
		size_t from = (size_t)(field.name.p - header.p);
		size_t end = (size_t)(field.value.p + field.value.n - header.p);

		has_type = has_type || str_is_equal_nocase(field.name, STR("Content-Type"));
		has_version = has_version
		    || str_is_equal_nocase(field.name, STR("MIME-Version"));
		if (!str_is_equal_nocase(field.name, STR("Content-Transfer-Encoding")))
			continue;
		buf_add_str(&job->out, str_sub(header, done, from - done));
		while (end < header.n && header.p[end] != '\n')
			end++;
		done = end < header.n ? end + 1 : end;
	}
	/* A leaf with a body has an empty line, which comes last. */
	buf_add_str(&job->out, str_sub(header, done, header.n > done ? header.n - 1 - done : 0));
	if (is_top && !has_version)
		buf_add_cstr(&job->out, "MIME-Version: 1.0\n");
	/* RFC 1428 3: nobody said what the bytes mean. */
	if (is_top && !has_type)
		buf_add_cstr(&job->out, "Content-Type: text/plain; charset=unknown-8bit\n");
	buf_addf(&job->out, "Content-Transfer-Encoding: %s\n\n", encoding);
}

/* Quoted-printable where people may have to read it raw; a bare CR in it would
 * become a line end, and NUL is no text at all. */
static bool
is_for_quoting(const struct mime_part *part, struct str body)
{
	return str_is_equal_nocase(part->type, STR("text")) && str_find_byte(body, '\0') == -1
	    && str_find_byte(body, '\r') == -1;
}

/* RFC 2045 6.8: lines of the body are CRLF before they are encoded. */
static void
add_base64(struct buf *out, struct str body)
{
	struct buf lines = BUF_EMPTY;
	struct str rest = body;
	ptrdiff_t end;

	while ((end = str_find_byte(rest, '\n')) != -1) {
		buf_add_str(&lines, str_sub(rest, 0, (size_t)end));
		buf_add(&lines, "\r\n", 2);
		rest = str_from(rest, (size_t)end + 1);
	}
	buf_add_str(&lines, rest);
	encode_add_base64(out, buf_str(&lines));
	out->bad = out->bad || lines.bad;
	buf_fini(&lines);
}

static int
convert_leaf(struct job *job, const struct mime_part *part, struct fail *why)
{
	struct str body = mime_part_body(&job->mime, part);
	bool is_quoted = is_for_quoting(part, body);

	if (is_protected(&job->mime, part))
		return refuse(why, 2, "what stands in its way is signed or encrypted");
	/* Encoded once and odd all the same: a second encoding would hide it. */
	if (part->encoding != TRANSFER_7BIT && part->encoding != TRANSFER_8BIT
	    && part->encoding != TRANSFER_BINARY)
		return refuse(why, 3, "a part of it breaks its own encoding");
	buf_add_str(&job->out, str_sub(job->mime.message, job->at, part->header - job->at));
	add_header(job, part, is_quoted ? "quoted-printable" : "base64");
	if (is_quoted)
		encode_add_quoted_printable(&job->out, body);
	else
		add_base64(&job->out, body);
	/* The line end before a boundary is the boundary's: what the encoder has
	 * put there goes, what the text had of its own stays. */
	if (part->body + body.n < job->mime.message.n && buf_is_ok(&job->out)
	    && (!is_quoted || !str_has_suffix(body, STR("\n"))))
		buf_truncate(&job->out, job->out.n - 1);
	job->at = part->body + body.n;
	return 0;
}

static int
convert(struct job *job, struct fail *why)
{
	uint32_t i;

	for (i = 0; i < job->mime.count; i++) {
		const struct mime_part *part = &job->mime.parts[i];

		if (!part->is_leaf
		    || is_sayable(mime_part_body(&job->mime, part), job->is_8bit_ok))
			continue;
		if (convert_leaf(job, part, why) == -1)
			return -1;
	}
	buf_add_str(&job->out, str_from(job->mime.message, job->at));
	if (!buf_is_ok(&job->out))
		return refuse(why, 3, "it is too large to be converted");
	/* What is left stands in a header, a preamble or a boundary. */
	if (!is_sayable(buf_str(&job->out), job->is_8bit_ok))
		return refuse(why, 3, "what stands in its way is in no part that can be encoded");
	return 0;
}

int
downgrade(struct content *content, bool is_8bit_ok, struct fail *why)
{
	struct job job = { .is_8bit_ok = is_8bit_ok, .out = BUF_LIMIT(4 * DOWNGRADE_MAX) };
	struct arena arena;
	struct str message;
	int rc = -1;

	arena_init(&arena);
	if (content->size > DOWNGRADE_MAX) {
		refuse(why, 3, "it is too large to be converted");
		goto out;
	}
	if (content_whole(content, &message, why) == -1)
		goto out;
	mime_parse(message, &arena, &job.mime);
	if (convert(&job, why) == -1)
		goto out;
	content_replace(content, &job.out);
	rc = 0;
out:
	buf_fini(&job.out);
	arena_fini(&arena);
	return rc;
}

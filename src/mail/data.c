/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* The content of DATA and BDAT, chunk by chunk.  Knows nothing of limits,
 * files or replies. */

#include <string.h>

#include "mail/data.h"

void
data_init(struct data *d, enum data_mode mode)
{
	memset(d, 0, sizeof *d);
	d->mode = mode;
	d->place = DATA_AT_START;
}

bool
data_is_ended(const struct data *d)
{
	return d->place == DATA_AT_END;
}

static void
give(struct data *d, struct buf *out, const char *p, size_t n)
{
	d->size += n;
	if (out != NULL && n > 0)
		buf_add(out, p, n);
}

/* The fast path: everything up to the LF that ends this run, or up to a CR
 * that ends the input and cannot be judged yet.  Returns the bytes used. */
static size_t
take_run(struct data *d, struct str in, struct buf *out)
{
	const char *lf = memchr(in.p, '\n', in.n);
	size_t n = lf != NULL ? (size_t)(lf - in.p) : in.n;

	if (lf == NULL) {
		d->place = in.p[n - 1] == '\r' ? DATA_AT_CR : DATA_IN_LINE;
		give(d, out, in.p, d->place == DATA_AT_CR ? n - 1 : n);
		d->wire_size += n;
		return n;
	}
	d->wire_size += n + 1;
	if (n > 0 && in.p[n - 1] == '\r') {
		give(d, out, in.p, n - 1);
		d->place = DATA_AT_START;
	} else {
		/* Bare LF: no line of the protocol ended here. */
		give(d, out, in.p, n);
		d->place = DATA_IN_LINE;
	}
	give(d, out, "\n", 1);
	return n + 1;
}

static size_t
take_at_start(struct data *d, struct str in, struct buf *out)
{
	if (d->mode == DATA_CHUNKED || in.p[0] != '.')
		return take_run(d, in, out);
	d->place = DATA_AT_DOT;
	return 1;
}

/* One CR was held back (and counted). */
static size_t
take_at_cr(struct data *d, struct str in, struct buf *out)
{
	if (in.p[0] != '\n') {
		give(d, out, "\r", 1);
		return take_run(d, in, out);
	}
	d->wire_size++;
	give(d, out, "\n", 1);
	d->place = DATA_AT_START;
	return 1;
}

/* RFC 5321 4.5.2: the dot is dropped unless the line holds nothing else. */
static size_t
take_at_dot(struct data *d, struct str in, struct buf *out)
{
	if (in.p[0] != '\r')
		return take_run(d, in, out);
	d->place = DATA_AT_DOT_CR;
	return 1;
}

static size_t
take_at_dot_cr(struct data *d, struct str in, struct buf *out)
{
	if (in.p[0] == '\n') {
		d->place = DATA_AT_END;
		return 1;
	}
	/* CRLF.CR and no LF: a stuffed dot, then a bare CR. */
	d->wire_size++;
	give(d, out, "\r", 1);
	return take_run(d, in, out);
}

size_t
data_take(struct data *d, struct str in, struct buf *out)
{
	static size_t (*const takes[])(struct data *, struct str, struct buf *) = {
		[DATA_AT_START] = take_at_start,
		[DATA_IN_LINE] = take_run,
		[DATA_AT_CR] = take_at_cr,
		[DATA_AT_DOT] = take_at_dot,
		[DATA_AT_DOT_CR] = take_at_dot_cr,
	};
	size_t used = 0;

	while (used < in.n && d->place != DATA_AT_END)
		used += takes[d->place](d, str_from(in, used), out);
	return used;
}

void
data_end(struct data *d, struct buf *out)
{
	if (d->place == DATA_AT_CR)
		give(d, out, "\r", 1);
	d->place = DATA_AT_END;
}

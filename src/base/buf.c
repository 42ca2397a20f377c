/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* Owned, growing bytes that remember a failed append, so that a chain of
 * appends is checked once.  Never ends the program, so libdoorstep may use it. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

/* The first allocation: most lines and packets fit and never grow again. */
#define FIRST_CAP 256

void
buf_fini(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = 0;
	b->cap = 0;
	b->bad = false;
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->bad = false;
}

bool
buf_is_ok(const struct buf *b)
{
	return !b->bad;
}

static size_t
max_of(const struct buf *b)
{
	return b->max == 0 ? BUF_MAX_DEFAULT : b->max;
}

static bool
can_hold(struct buf *b, size_t need)
{
	size_t cap = b->cap < FIRST_CAP ? FIRST_CAP : b->cap;
	char *p;

	if (need <= b->cap)
		return true;
	if (need > SIZE_MAX / 2)
		return false;
	while (cap < need)
		cap *= 2;
	p = realloc(b->p, cap);
	if (p == NULL)
		return false;
	b->p = p;
	b->cap = cap;
	return true;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	if (b->bad)
		return NULL;
	if (b->n > max_of(b) || n > max_of(b) - b->n || !can_hold(b, b->n + n)) {
		b->bad = true;
		return NULL;
	}
	/* Never NULL for "no bytes": the caller takes NULL for failure. */
	if (b->p == NULL && !can_hold(b, 1)) {
		b->bad = true;
		return NULL;
	}
	return b->p + b->n;
}

void
buf_grew(struct buf *b, size_t n)
{
	BUG_ON(n > b->cap - b->n);
	b->n += n;
}

void
buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *to;

	if (n == 0)
		return;
	to = buf_reserve(b, n);
	if (to == NULL)
		return;
	memcpy(to, bytes, n);
	b->n += n;
}

void
buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void
buf_add_cstr(struct buf *b, const char *cstr)
{
	buf_add(b, cstr, strlen(cstr));
}

void
buf_add_byte(struct buf *b, char byte)
{
	buf_add(b, &byte, 1);
}

void
buf_add_number(struct buf *b, uint64_t number)
{
	char digits[20]; /* UINT64_MAX has 20 */
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	buf_add(b, digits + at, sizeof digits - at);
}

void
buf_add_hex(struct buf *b, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = bytes;
	char *to;
	size_t i;

	if (n > SIZE_MAX / 2) {
		b->bad = true;
		return;
	}
	to = buf_reserve(b, 2 * n);
	if (to == NULL)
		return;
	for (i = 0; i < n; i++) {
		to[2 * i] = digits[from[i] >> 4];
		to[2 * i + 1] = digits[from[i] & 15];
	}
	b->n += 2 * n;
}

void
buf_addf(struct buf *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	buf_addv(b, format, ap);
	va_end(ap);
}

void
buf_addv(struct buf *b, const char *format, va_list ap)
{
	va_list again;
	char *to;
	int need;

	va_copy(again, ap);
	need = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (need < 0) {
		b->bad = true;
		return;
	}
	/* vsnprintf ends with a NUL that is not counted: it is no part of max. */
	if (buf_reserve(b, (size_t)need) == NULL)
		return;
	if (!can_hold(b, b->n + (size_t)need + 1)) {
		b->bad = true;
		return;
	}
	to = b->p + b->n;
	vsnprintf(to, (size_t)need + 1, format, ap);
	b->n += (size_t)need;
}

void
buf_cut_front(struct buf *b, size_t n)
{
	BUG_ON(n > b->n);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

void
buf_truncate(struct buf *b, size_t n)
{
	BUG_ON(n > b->n);
	b->n = n;
}

struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

const char *
buf_cstr(struct buf *b)
{
	if (b->bad || b->n == 0)
		return "";
	if (!can_hold(b, b->n + 1)) {
		b->bad = true;
		return "";
	}
	b->p[b->n] = '\0';
	return b->p;
}

bool
buf_has_nul(const struct buf *b)
{
	return b->n > 0 && memchr(b->p, '\0', b->n) != NULL;
}

char *
buf_take(struct buf *b, size_t *n_out)
{
	char *p = b->p;

	*n_out = b->n;
	b->p = NULL;
	buf_fini(b);
	return p;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_BUF_H
#define DOORSTEP_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * An owned, growing run of bytes.  An append that would pass `max`, or that
 * finds no memory, sets `bad` and does nothing; every later append then does
 * nothing too.  So a chain of appends is checked once, at its end, by
 * buf_is_ok.  max 0 means BUF_MAX_DEFAULT.
 */
struct buf {
	char *p;
	size_t n, cap, max;
	bool bad;
};

/* What a buffer may hold when its owner named no limit: a bug guard. */
#define BUF_MAX_DEFAULT ((size_t)1 << 30)

#define BUF_EMPTY ((struct buf){ NULL, 0, 0, 0, false })
#define BUF_LIMIT(limit) ((struct buf){ NULL, 0, 0, (limit), false })

void buf_fini(struct buf *b);  /* frees; the buffer is empty and usable again */
void buf_clear(struct buf *b); /* n = 0 and bad = false, keeps the memory and max */
bool buf_is_ok(const struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_add_cstr(struct buf *b, const char *cstr);
void buf_add_byte(struct buf *b, char byte);
void buf_add_number(struct buf *b, uint64_t number); /* decimal */
void buf_add_hex(struct buf *b, const void *bytes, size_t n);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));

/* Room for n more bytes at p + n, to be filled and then counted with
 * buf_grew; NULL (and bad set) when there is none. */
char *buf_reserve(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

void buf_cut_front(struct buf *b, size_t n); /* drops the first n bytes */
void buf_truncate(struct buf *b, size_t n);

struct str buf_str(const struct buf *b); /* borrowed until the next append */

/*
 * The bytes as a C string, borrowed until the next append.  "" when bad or
 * empty: callers at the system's edge check buf_is_ok and for embedded NUL
 * (buf_has_nul) first.
 */
const char *buf_cstr(struct buf *b);
bool buf_has_nul(const struct buf *b);

/* Ownership of the bytes moves to the caller (malloc'd, not terminated). */
char *buf_take(struct buf *b, size_t *n_out);

#endif

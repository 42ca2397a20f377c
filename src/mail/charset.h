/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_CHARSET_H
#define DOORSTEP_MAIL_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Text to UTF-8.  utf-8, windows-1252, iso-8859-1 (read as windows-1252, as
 * all mail programs do) and us-ascii (read as charset_add_unlabelled does) are
 * built in; others come from iconv(3) and are kept open in a set.  Other names
 * of a charset are known, and some narrow ones are read as the wider ones that
 * are used under their name (gb2312 as gb18030).
 *
 * All output is well-formed UTF-8 without NUL: a byte that means nothing, or
 * NUL, becomes U+FFFD.
 */
struct charset_set;

struct charset_set *charset_set_new(void); /* owned; never NULL */
void charset_set_free(struct charset_set **set);

/*
 * Opens the charsets that mail is written in and seals the set: from now on
 * no file is opened, and a charset that is not in it is unknown.  For before
 * a sandbox closes.  Returns how many were opened.
 */
size_t charset_preload(struct charset_set *set);

/*
 * Appends bytes as UTF-8.  False, and nothing appended, when the charset is
 * not known (its name too long, of strange characters, or iconv has none).
 * set NULL: only the built-in ones.
 */
bool charset_is_converted(struct charset_set *set, struct str charset, struct str bytes,
    struct buf *out);

/*
 * Appends text of no declared charset: as UTF-8 when all of it is well-formed
 * UTF-8, else all of it as windows-1252.
 */
void charset_add_unlabelled(struct buf *out, struct str bytes);

/* UTF-8 of one code point; U+FFFD for what is none. */
void charset_add_utf8(struct buf *out, unsigned long code);

/*
 * Takes one code point off the front of well-formed or other text: returns
 * its length and sets *code_out; 0 when text does not begin with one (RFC
 * 3629: no overlong forms, no surrogates).
 */
size_t charset_take_utf8(struct str text, unsigned long *code_out);

/* Cuts UTF-8 to at most `max` bytes without splitting a character. */
struct str charset_cut_utf8(struct str text, size_t max);

#endif

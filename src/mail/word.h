/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_WORD_H
#define DOORSTEP_MAIL_WORD_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct charset_set;

/*
 * Encoded words (RFC 2047).  Decoders append well-formed UTF-8 that holds no
 * NUL (U+FFFD instead), no CR and no LF (a blank instead; folds go), however
 * they were encoded: what comes out fits into one line of a log or a header.
 * An encoded word that is malformed or of an unknown charset stays as
 * written.  Blanks between two encoded words go; words of one charset that
 * follow each other are converted together, for some split a character.
 * 8-bit text outside of them: charset_add_unlabelled.  Linear.
 */

/* Of an unstructured field (Subject): raw or unfolded value.  Blanks at both
 * ends go. */
void word_add_decoded(struct buf *out, struct str raw, struct charset_set *set);

/*
 * Of a phrase (a display name): as above, and quoted strings are undone,
 * comments dropped, runs of blanks outside quotes become one.  Encoded words
 * inside quotes are decoded too: forbidden, common.
 */
void word_add_phrase(struct buf *out, struct str raw, struct charset_set *set);

/* Bytes that were declared to be of that charset; of an unknown one:
 * charset_add_unlabelled.  For RFC 2231. */
void word_add_labelled(struct buf *out, struct str bytes, struct str charset,
    struct charset_set *set);

/*
 * UTF-8 text as the value of an unstructured field or as a phrase: as it is
 * when it is printable ASCII without "=?" (a phrase is quoted when it must be),
 * else as encoded words of utf-8, each at most 75 long.  Folded with LF where
 * there is a blank, so that lines stay under 78 if they can.  column:
 * characters already in the line ("Subject: " is 9).  Bytes that are not
 * UTF-8 become U+FFFD; CR and LF become blanks.
 */
void word_add_encoded(struct buf *out, struct str text, size_t column);
void word_add_encoded_phrase(struct buf *out, struct str text, size_t column);

#endif

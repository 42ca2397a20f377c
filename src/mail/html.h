/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_HTML_H
#define DOORSTEP_MAIL_HTML_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * HTML as a person reads it, and text as HTML.  Whatever comes is taken as a
 * browser takes it, nothing fails, time is linear and memory is the output's,
 * however deep elements stand in each other.
 */

/*
 * Appends the text of an HTML document that is UTF-8.  Tags, comments, scripts,
 * styles and titles go, references (&amp;) are undone, images leave their alt
 * text.  White space is one blank but in <pre>; what begins a block or a row
 * begins a line (LF), paragraphs have an empty one between them.  A no-break
 * space is a blank, and characters that are not seen (soft hyphens, zero-width
 * spaces) go: they hide words from filters.  No style sheet is read: what one
 * hides is shown.  Ends without a line end.
 */
void html_add_text(struct buf *out, struct str html);

/* Appends text (UTF-8) as an HTML document: an empty line ends a paragraph,
 * other line ends and runs of blanks stay.  Lines end in LF. */
void html_add_document(struct buf *out, struct str text);

/*
 * Whether text, which begins with `&`, begins with a reference to a character
 * (HTML 13.5, those of HTML 4 and some more): then its code and its size.
 */
bool html_has_reference(struct str text, unsigned long *code_out, size_t *size_out);

#endif

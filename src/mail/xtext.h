/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_XTEXT_H
#define DOORSTEP_MAIL_XTEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/*
 * The encodings of ESMTP parameter values.  Each decoder gives true and *out
 * (in the arena), or false when the text is not of that form.
 */

/* xtext (RFC 3461 4); what it encodes must be printable ASCII or space. */
bool xtext_is_decoded(struct str text, struct arena *a, struct str *out);

/* The same, encoding UTF-8 without control characters: our own XMAILBOX. */
bool xtext_is_decoded_utf8(struct str text, struct arena *a, struct str *out);

/* utf-8-addr-xtext, utf-8-addr-unitext, utf-8-address (RFC 6533 3). */
bool xtext_is_unitext(struct str text, struct arena *a, struct str *out);

void xtext_add(struct buf *out, struct str bytes); /* encodes */

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_MUTF7_H
#define DOORSTEP_MAIL_MUTF7_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Modified UTF-7 of mailbox names (RFC 9051 appendix A.1, RFC 3501 5.1.3).
 * Both append to out and give false when the input is not of its form; then
 * out is as it was.  (Whether it all fitted is buf_is_ok's to say.)
 */

/* name: UTF-8 without NUL. */
bool mutf7_is_encoded(struct buf *out, struct str name);

/*
 * Only the one canonical form is taken, so that no two directories have the
 * same name: no encoded printable ASCII but `&` as `&-`, no two shifts in a
 * row, no stray bits, whole surrogate pairs; no NUL.
 */
bool mutf7_is_decoded(struct buf *out, struct str encoded);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_RELAY_DOWNGRADE_H
#define DOORSTEP_RELAY_DOWNGRADE_H

#include "base/fail.h"
#include "relay/content.h"

/*
 * Makes a message sayable to a remote that cannot take it as it is: bare CRs,
 * NULs, lines above 998 bytes, and 8-bit bytes when is_8bit_ok is false.  The
 * parts of it that hold such bytes get a Content-Transfer-Encoding
 * (RFC 6152 3, RFC 2045 6): quoted-printable for text, base64 for the rest.
 * A DKIM signature over the body does not survive that (RFC 6376 5.3 advises
 * signers against 8-bit text for that reason).
 *
 * -1 with *why, and the content as it was, when that is forbidden: 5.6.2
 * inside multipart/signed and multipart/encrypted, 5.6.3 elsewhere (a header,
 * a preamble, a message that is too large to be changed in memory).
 */
#define DOWNGRADE_MAX ((uint64_t)64 * 1024 * 1024)

int downgrade(struct content *content, bool is_8bit_ok, struct fail *why);

#endif

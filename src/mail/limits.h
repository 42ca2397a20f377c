/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_LIMITS_H
#define DOORSTEP_MAIL_LIMITS_H

/*
 * How far a message is looked at in detail.  Beyond a limit nothing fails and
 * nothing is lost: the rest is counted or passed over, and the bit of that
 * limit is set in the `limits` of the result.  Each is far above what mail of
 * people and programs holds, and low enough that the worst message costs a
 * filter milliseconds and a few megabytes.
 */

/* Fields indexed of one header.  Long Received chains make some 200. */
#define LIMITS_HEADER_FIELDS 10000
/* Bytes of one header that are indexed; the field that crosses it is cut.
 * MTAs stop at 100 KB or so; DKIM, ARC and spam reports make 50 KB. */
#define LIMITS_HEADER_BYTES ((size_t)1 << 20)
/* Bytes of a field's name: longer ones are counted, not indexed.  Real ones
 * have some 40. */
#define LIMITS_HEADER_NAME 256
/* Mailboxes and groups of one field: large Cc lists hold some thousand. */
#define LIMITS_ADDRESSES 10000
/* Parameters of one Content-Type or Content-Disposition, continuations
 * (RFC 2231 3) counted one by one: 10 KB of file name in pieces of 70. */
#define LIMITS_PARAMS 150
/* Multiparts and messages inside each other.  Ten is a lot; it bounds the
 * boundaries that each line is compared with. */
#define LIMITS_DEPTH 100
/* Parts described, inner nodes included. */
#define LIMITS_PARTS 1000
/* Bytes of a boundary: RFC 2046 5.1.1 allows 70. */
#define LIMITS_BOUNDARY 256
/* Bytes of a charset name. */
#define LIMITS_CHARSET_NAME 64
/* Charsets open at once in a set that is not sealed. */
#define LIMITS_CHARSETS 96

/* Bits: which limits were met. */
enum limits_met {
	LIMITS_MET_FIELDS = 1,
	LIMITS_MET_BYTES = 2,
	LIMITS_MET_ADDRESSES = 4,
	LIMITS_MET_PARAMS = 8,
	LIMITS_MET_DEPTH = 16,
	LIMITS_MET_PARTS = 32,
	LIMITS_MET_BOUNDARY = 64,
	LIMITS_MET_MEMORY = 128, /* the ceiling of the caller's arena */
};

#endif

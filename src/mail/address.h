/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_ADDRESS_H
#define DOORSTEP_MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/*
 * Addresses of message headers (RFC 5322 3.4 and 4.4, RFC 6532 3.2).  Those
 * of the envelope are another grammar: path.h.
 *
 * More than the grammar is taken, because it is common: dots anywhere in a
 * local part, a local part without domain ("root"), any text before <...> as
 * a display name (joe@a.example <joe@b.example>), <> (Return-Path), empty list
 * elements, `;` between addresses.  local and domain are well-formed UTF-8
 * without control bytes.
 */
enum address_kind {
	ADDRESS_MAILBOX,     /* local and domain are set */
	ADDRESS_GROUP_START, /* display is the group's name */
	ADDRESS_GROUP_END,   /* its `;`, or the end of the field */
	ADDRESS_INVALID,     /* only raw is set; it reaches to the next comma */
};

struct address {
	enum address_kind kind;
	struct str raw;	    /* as written, without blanks at both ends; borrowed */
	struct str display; /* raw phrase, for word_add_phrase; borrowed */
	struct str comment; /* inside of the last comment, for word_add_phrase; borrowed */
	struct str local;   /* unquoted; borrowed or in the arena */
	struct str domain;  /* as written, [ ] of a literal with it; empty: there was none */
};

struct address_list {
	struct str text;
	size_t at;
	struct arena *a;
	size_t count;	   /* of what was given out */
	unsigned limits;   /* enum limits_met */
	unsigned unclosed; /* private */
	bool in_group;	   /* private */
};

/*
 * value: of a field, raw or unfolded.  Nothing fails: what cannot be
 * understood comes as ADDRESS_INVALID.  A quote or bracket that is never
 * closed counts as an invalid character; so does a parenthesis, and all those
 * behind it.  Linear in the size of value; ends at LIMITS_ADDRESSES, or early
 * and with LIMITS_MET_MEMORY at the arena's ceiling.
 */
void address_list_init(struct address_list *list, struct str value, struct arena *a);
bool address_has_next(struct address_list *list, struct address *out);

/*
 * An addr-spec that may be written into a header or an envelope by us: a
 * Mailbox with a domain as path.h takes it, UTF-8 allowed; no comments, no
 * blanks outside quotes.
 */
bool address_is_valid(struct str text);

/* local-part as text: quoted when it must be (RFC 5321 4.1.2).  A control
 * byte, which no address here holds, becomes `?`. */
void address_add_local(struct buf *out, struct str local);
/* local@domain; local alone without domain; nothing when both are empty. */
void address_add(struct buf *out, struct str local, struct str domain);
/* The inside of a quoted string or comment: quoted pairs and line ends undone. */
void address_add_unquoted(struct buf *out, struct str quoted);

#endif

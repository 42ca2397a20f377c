/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_MAIL_PARAM_H
#define DOORSTEP_MAIL_PARAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct charset_set;

/*
 * Parameters of MIME fields (RFC 2045 5.1) with their continuations and
 * charsets (RFC 2231).  What is malformed is passed over up to the next
 * semicolon; an unclosed quoted string ends with the field.  A value without
 * quotes reaches to the semicolon or the end of the line, blanks inside.
 */
struct param {
	struct str name;  /* as written, `*0*` and the like with it; borrowed */
	struct str value; /* raw, without the quotes; borrowed */
	bool is_quoted;
};

struct param_list {
	const struct param *at; /* in the arena */
	size_t n;
	unsigned limits; /* enum limits_met */
};

/*
 * text: raw, from the first semicolon on.  Linear; at most LIMITS_PARAMS are
 * kept.  The first of two equal names counts.
 */
void param_parse(struct str text, struct arena *a, struct param_list *out);

/*
 * Appends the value of a parameter as UTF-8 (as clean as word.h says): of
 * NAME* and NAME*0.. (RFC 2231) before plain NAME, whose encoded words are
 * decoded too: forbidden, common.  False: there is none.
 */
bool param_has_value(const struct param_list *list, struct str name, struct charset_set *set,
    struct buf *out);

/*
 * The value of plain NAME, byte for byte, quoted pairs undone: a boundary, a
 * charset.  Borrowed, or in the arena; the empty str when there is none.
 */
struct str param_plain(const struct param_list *list, struct str name, struct arena *a);

#endif

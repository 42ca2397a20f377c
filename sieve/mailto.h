/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_MAILTO_H
#define SIEVE_MAILTO_H

#include "alloc.h"
#include "limit.h"

/*
 * A mailto URI (RFC 6068) as a method of notification (RFC 5436).  All texts
 * are decoded: UTF-8, those of fields without line breaks or other control
 * characters, the body with LF at its lines' ends.
 */
struct sieve_mailto_field {
	struct sieve_text name, value;
};

struct sieve_mailto {
	/* Addresses alone, none twice: of the To field, then, from to_count on,
	 * of Cc.  There may be none: `mailto:`. */
	struct sieve_text recipients[SIEVE_MAILTO_RECIPIENTS_MAX];
	size_t to_count, recipient_count;
	struct sieve_text subject, body; /* p NULL: not given */
	/* Others, in their order, none of those that RFC 5436 2.7 and RFC 6068 4
	 * have ignored. */
	struct sieve_mailto_field fields[SIEVE_MAILTO_FIELDS_MAX];
	size_t field_count;
};

bool sieve_mailto_is(struct sieve_text uri); /* has this scheme */

/* NULL, or what is wrong with it.  Texts live in the arena; when that is out,
 * it is as good as empty, and a->is_out tells. */
const char *sieve_mailto_parse(struct sieve_arena *a, struct sieve_text uri,
    struct sieve_mailto *out);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_REFERENCE_H
#define SIEVE_REFERENCE_H

#include "text.h"

/* `${name}` in a string, RFC 5229 3. */
struct sieve_reference {
	size_t from, end;	   /* of the whole, in the text */
	struct sieve_text name;	   /* all between the braces */
	bool has_namespace;	   /* a dot in it */
	bool is_number;		   /* ${1} */
	unsigned number;	   /* UINT_MAX: too large */
};

/* The first one at or behind `from`; what only looks like one is text. */
bool sieve_reference_find(struct sieve_text text, size_t from, struct sieve_reference *out);
bool sieve_reference_is_name(struct sieve_text name); /* that `set` may take */

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_SETTINGS_H
#define SIEVE_SETTINGS_H

#include "text.h"

/* Extensions, as bits of their indexes in the registry. */
typedef uint64_t sieve_set;
#define SIEVE_SET_BIT(index) (UINT64_C(1) << (index))

/*
 * What a site may set about extensions.  Borrowed by programs and runs, must
 * outlive them.  Fields that are zero mean the default beside them.
 */
struct sieve_protected {
	struct sieve_text name; /* of a header field */
	bool no_add, no_delete;
};

/* Where a checker in front of us has left its verdict (RFC 5235): a value of a
 * header, of which the parts in brackets of the expressions count. */
enum sieve_score_type { SIEVE_SCORE_NONE, SIEVE_SCORE_NUMBER, SIEVE_SCORE_STARS, SIEVE_SCORE_TEXT };
struct sieve_score {
	enum sieve_score_type type;
	struct sieve_text status_header; /* `name` or `name: regex` */
	struct sieve_text max_header;	 /* likewise; or empty: max_value */
	struct sieve_text max_value;
	struct sieve_text text_values[11]; /* of SIEVE_SCORE_TEXT, by score */
};

struct sieve_settings {
	const struct sieve_protected *protected; /* editheader, RFC 5293 */
	size_t protected_count;
	size_t header_size_max; /* of an added one; SIEVE_HEADER_SIZE_MAX */
	unsigned includes_max, include_depth_max; /* SIEVE_INCLUDES_MAX, _DEPTH_MAX */
	size_t value_size_max; /* bytes of a variable; SIEVE_VARIABLE_SIZE_MAX */
	unsigned variables_max; /* SIEVE_VARIABLES_MAX */
	/* Seconds; SIEVE_VACATION_*.  Without a least one, :seconds may be 0. */
	uint64_t vacation_min, vacation_max, vacation_default;
	uint64_t duplicate_default, duplicate_max;	       /* seconds; SIEVE_DUPLICATE_* */
	unsigned notifications_max; /* SIEVE_NOTIFICATIONS_MAX */
	struct sieve_score spam, virus;
};

/* The defaults in the place of zeros.  Programs do that to their own copy. */
void sieve_settings_fill(struct sieve_settings *settings);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_DATE_H
#define SIEVE_DATE_H

#include "calendar.h"
#include "check.h"
#include "interp.h"

/* Dates as tests see them, RFC 5260 4.1 and 4.2, RFC 6009 5. */

/* Codes of the tags of SIEVE_GROUP_ZONE. */
enum sieve_zone { SIEVE_ZONE_LOCAL, SIEVE_ZONE_GIVEN, SIEVE_ZONE_ORIGINAL };

struct sieve_moment {
	struct sieve_calendar at;
	int zone; /* minutes east */
};

/* What stands behind `:zone`, if it is a constant. */
void sieve_date_check_zone(struct sieve_checker *checker, const struct sieve_node *node);
/* A date in the zone that the call asks for.  False: the run has failed. */
bool sieve_date_can_place(struct sieve_interp *in, const struct sieve_call *call,
    const struct sieve_date *date, struct sieve_moment *out);

#define SIEVE_DATE_SIZE 64 /* of a part as text: a date with a year of 64 bits */
struct sieve_date_part;
const struct sieve_date_part *sieve_date_part(struct sieve_text name); /* NULL: there is none */
struct sieve_text sieve_date_write(const struct sieve_date_part *part,
    const struct sieve_moment *moment, char out[SIEVE_DATE_SIZE]);

#endif

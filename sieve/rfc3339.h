/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_RFC3339_H
#define SIEVE_RFC3339_H

#include "text.h"

/* date-time of RFC 3339 5.6, in seconds since the epoch; the colon of the zone
 * may be missing, as in the example of RFC 6009 7.2. */
bool sieve_rfc3339_is_time(struct sieve_text text, int64_t *seconds_out);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_HOST_KNOWN_H
#define DOORSTEP_FILTER_HOST_KNOWN_H

#include "filter/host.h"

/* What host.c and its pieces keep of each part. */
struct host_known {
	struct header header; /* not of part 0 */
	struct str decoded, text;
	bool has_header, has_decoded, has_text;
	bool is_readable; /* encoding and charset are known */
};

/* NULL: no such part, or no memory. */
struct host_known *host_find_known(struct host *host, uint32_t part);

void host_drop_texts(struct host *host);

#endif

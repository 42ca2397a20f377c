/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* What of a changed message is the original.  Parses nothing. */

#include "filter/version.h"

#include <string.h>

#include "ipc/actions.h"

static size_t
common_end(struct str a, struct str b)
{
	size_t n = 0;

	while (n < a.n && n < b.n && a.p[a.n - 1 - n] == b.p[b.n - 1 - n])
		n++;
	return n;
}

/* The whole original with something behind it too (RFC 5703 6, enclose). */
static bool
is_around(struct str original, struct str changed, struct rec_version *out)
{
	const char *at =
	    original.n == 0 ? NULL : memmem(changed.p, changed.n, original.p, original.n);
	size_t before;

	if (at == NULL)
		return false;
	before = (size_t)(at - changed.p);
	*out = (struct rec_version){ .head = str_sub(changed, 0, before), .from = 0,
		.end = original.n, .foot = str_from(changed, before + original.n) };
	return out->head.n + out->foot.n <= FILTER_VERSION_MAX;
}

bool
version_is_made(struct str original, struct str changed, struct rec_version *out)
{
	size_t same = common_end(original, changed);

	*out = (struct rec_version){ .head = str_sub(changed, 0, changed.n - same),
		.from = original.n - same, .end = original.n };
	return out->head.n <= FILTER_VERSION_MAX || is_around(original, changed, out);
}

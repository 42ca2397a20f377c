/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Every well-formed name is a user; where its mail lives is a pattern in the
 * settings. */

#include "directory/source.h"

static struct source *
open_static(struct str argument)
{
	(void)argument;
	return NULL;
}

static void
close_static(struct source *source)
{
	(void)source;
}

static enum source_result
find_static(struct source *source, struct str local, struct str domain, struct arena *a,
    struct source_record *record, struct fail *why)
{
	(void)source;
	(void)why;
	if (!source_is_name(local) || !source_is_name(domain))
		return SOURCE_UNKNOWN;
	*record = (struct source_record){
		.user = arena_printf(a, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain)),
	};
	return SOURCE_FOUND;
}

const struct source_kind source_static = {
	.name = "static",
	.open = open_static,
	.close = close_static,
	.find = find_static,
};

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DIRECTORY_ALIAS_H
#define DOORSTEP_DIRECTORY_ALIAS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * A file in aliases(5) format: `name: member, member`, continued on lines that
 * start with white space.  Names are matched without regard to ASCII case.
 */
struct alias_file;

struct alias_file *alias_open(struct str path); /* owned; reads nothing yet */
void alias_close(struct alias_file **file);	/* legal on NULL */

enum alias_result { ALIAS_FOUND, ALIAS_UNKNOWN, ALIAS_BROKEN };

/* The right side of a name as written, borrowed until the next call. */
enum alias_result alias_find(struct alias_file *file, struct str name, struct str *members_out,
    struct fail *why);

/* Takes the next member off *rest: unquoted, trimmed, into the arena. A
 * `:include:/path` is given as it stands.  False at the end. */
bool alias_has_member(struct str *rest, struct arena *a, struct str *member_out);

#endif

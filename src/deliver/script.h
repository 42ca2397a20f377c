/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DELIVER_SCRIPT_H
#define DOORSTEP_DELIVER_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * Sieve scripts on disk, read as the owner of the mail and handed to filter as
 * text.  A version of a file has an id; a changed file is a new version.
 */
struct script {
	uint64_t id;	   /* from 1, never used again */
	struct str path;
	struct str text;
	unsigned holders; /* jobs that name it */
	bool is_current;  /* still what is on disk, as far as known */
	bool is_global;	  /* the site's */
	struct script_private *private;
};

/* Where a script's `include` looks (RFC 6609 3.2); empty: nowhere. */
struct script_dirs {
	struct str personal, global;
	bool is_global; /* the script is one of the site's */
};

/* Other scripts that one may include, there or missing. */
#define SCRIPT_INCLUDES_MAX 300

/* Versions kept in memory, and so in every filter. */
#define SCRIPT_CACHE_MAX 4096

struct scripts;
/* A version will not be named again: filters may forget it. */
typedef void (*script_gone_fn)(uint64_t id, void *arg);

struct scripts *scripts_new(script_gone_fn gone, void *arg); /* owned */
void scripts_free(struct scripts **scripts);

/*
 * The script at this path as it is now, held.  0 and *out NULL: there is none
 * (no file).  -1 with FAIL_TEMP or FAIL_POLICY: it is there and cannot be
 * used (unreadable, not a regular file, somebody else's, larger than max_size):
 * the caller keeps the mail in the inbox and tells.
 */
int scripts_take(struct scripts *scripts, struct str path, struct script_dirs dirs,
    uint64_t max_size, struct script **out, struct fail *why);
void scripts_give(struct scripts *scripts, struct script **script); /* legal on NULL */

/*
 * A script that this version includes, by name, without `.sieve`.  From now on
 * the version is current only as long as that file stays as it was (or
 * missing).  *out is appended to.  SCRIPT_MISSING: there is none.  SCRIPT_UNFIT:
 * it cannot be used, *why says why; also when the version is not known any more.
 */
enum script_found { SCRIPT_FOUND, SCRIPT_MISSING, SCRIPT_UNFIT };
enum script_found scripts_include(struct scripts *scripts, uint64_t id, bool is_global,
    struct str name, uint64_t max_size, struct buf *out, struct fail *why);

/* Appends a line for the user to PATH.log (mode 0600, bounded in size). */
void script_tell_user(struct str path, struct str line);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_DIRECTORY_SOURCE_H
#define DOORSTEP_DIRECTORY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * Where users come from.  Each kind of source is one const descriptor in a file
 * of its own; an opened source belongs to a domain block.  Found, not there and
 * broken are never mixed up: a broken source means 451, an unknown user 550.
 */
enum source_result {
	SOURCE_FOUND,	/* *record is filled */
	SOURCE_UNKNOWN, /* the source works and does not know the name */
	SOURCE_BROKEN,	/* *why says what is wrong with it: nothing is known */
};

/* What a source says of a user; an empty field leaves it to the settings. */
struct source_record {
	struct str user; /* canonical name */
	bool has_uid, has_gid;
	uid_t uid;
	gid_t gid;
	struct str home, mail, script;
	bool has_quota;
	uint64_t quota_bytes, quota_messages;
};

struct source;

struct source_kind {
	const char *name;
	bool has_argument; /* `file:/path` */
	/* Owned; never fails: a file that is not there is a broken source. */
	struct source *(*open)(struct str argument);
	void (*close)(struct source *source);
	/* Strings of the record live in the arena. */
	enum source_result (*find)(struct source *source, struct str local, struct str domain,
	    struct arena *a, struct source_record *record, struct fail *why);
};

extern const struct source_kind source_passwd, source_file, source_static;

/* The kind a setting names (`file:/path`), its argument in *argument_out;
 * NULL: there is no such kind. */
const struct source_kind *source_find_kind(struct str setting, struct str *argument_out);

/*
 * Whether a name may become part of a path or of a lookup: no empty name, no
 * NUL or control character, no slash, not starting with a dot, at most
 * SOURCE_NAME_MAX bytes.
 */
#define SOURCE_NAME_MAX 255
bool source_is_name(struct str name);

/* "1G", "500M", "10k", "5b" as Dovecot writes sizes, to bytes. */
bool source_is_size(struct str text, uint64_t *out);

#endif

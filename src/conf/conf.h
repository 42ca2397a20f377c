/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CONF_CONF_H
#define DOORSTEP_CONF_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"
#include "ipc/wire.h"

/*
 * All settings, typed, from params.def.  master (and the CLI) read the file
 * (conf_read, conf/file.c, links libconfuse); every other process is given
 * the same settings over its link (conf_from_settings) and cannot read files.
 * A struct conf is owned by whoever made it; strings in it live as long.
 */
struct conf_list {
	char **at;
	size_t n;
};

#define CONF_C_STR char *
#define CONF_C_NUM int64_t
#define CONF_C_SIZE int64_t /* bytes */
#define CONF_C_TIME int64_t /* microseconds */
#define CONF_C_BOOL bool
#define CONF_C_MODE int64_t
#define CONF_C_LIST struct conf_list
#define CONF_C_ENUM char * /* one of the declared words */

#define CONF_PICK_G_G(x) x
#define CONF_PICK_L_L(x) x
#define CONF_PICK_D_D(x) x
#define CONF_PICK_G_L(x)
#define CONF_PICK_G_D(x)
#define CONF_PICK_L_G(x)
#define CONF_PICK_L_D(x)
#define CONF_PICK_D_G(x)
#define CONF_PICK_D_L(x)

struct conf_listener {
	char *title;
#define PARAM(section, type, name, preset, doc) CONF_PICK_L_##section(CONF_C_##type name;)
#include "conf/params.def"
#undef PARAM
};

struct conf_domain {
	char *title; /* lower case, A-labels turned into U-labels; "*" */
#define PARAM(section, type, name, preset, doc) CONF_PICK_D_##section(CONF_C_##type name;)
#include "conf/params.def"
#undef PARAM
};

struct conf {
#define PARAM(section, type, name, preset, doc) CONF_PICK_G_##section(CONF_C_##type name;)
#include "conf/params.def"
#undef PARAM
	struct conf_listener *listeners;
	size_t listener_count;
	struct conf_domain *domains;
	size_t domain_count;
};

/*
 * Reads a configuration file.  On failure -1 and every error found, one a
 * line, `FILE:LINE: text`, in *errors (an unknown key with the nearest known
 * one).  *out is owned: conf_free.
 */
int conf_read(const char *path, struct conf **out, struct buf *errors);
/* The same with `key=value` settings (global ones) that override the file. */
int conf_read_with(const char *path, const char *const *overrides, size_t count, struct conf **out,
    struct buf *errors);
/* Whether doorstepd can do its work with it.  A file that was cut to nothing
 * reads well, but with it every user would be unknown: -1 and a line in *errors
 * when no listener or no domain is there. */
int conf_check_usable(const struct conf *conf, const char *path, struct buf *errors);
struct conf *conf_defaults(void); /* owned; no listeners, no domains */
/* A copy of the global settings, owned. */
struct conf *conf_copy_global(const struct conf *conf);
/* One global setting from text; -1 with the reason, and it stays as it was. */
int conf_set(struct conf *conf, struct str name, struct str value, struct buf *reason);
/* What is empty and stands for "as built" or "the host's own" gets its value
 * (hostname, runtime_dir, state_dir); conf_read has done it already. */
void conf_settle(struct conf *conf);
void conf_free(struct conf **conf); /* legal on NULL */

/* The settings as messages carry them: what differs from its default, and for
 * each block first a record without a key.  All lives in the arena but for the
 * titles, which are conf's. */
void conf_to_settings(const struct conf *conf, struct arena *a, struct msg_MASTER_GIVES_CONF *out);
/* From a message; a setting that conf_read would refuse is refused: -1. */
int conf_from_settings(const struct msg_MASTER_GIVES_CONF *message, struct conf **out,
    struct fail *why);

/* The domain block that answers for a domain: its own, or "*", or NULL. */
const struct conf_domain *conf_find_domain(const struct conf *conf, struct str domain);
const struct conf_listener *conf_find_listener(const struct conf *conf, struct str title);

/* A value in canonical text, for `doorstep check -v` and man page lints. */
struct conf_param {
	char section; /* 'G', 'L', 'D' */
	const char *type, *name, *preset, *doc;
};
extern const struct conf_param conf_params[]; /* ends with name NULL */

#endif

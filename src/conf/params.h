/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CONF_PARAMS_H
#define DOORSTEP_CONF_PARAMS_H

#include "conf/conf.h"

/* For conf/ itself: one setting at a time, from text and back. */

enum params_type {
	PARAMS_STR,
	PARAMS_NUM,
	PARAMS_SIZE,
	PARAMS_TIME,
	PARAMS_BOOL,
	PARAMS_MODE,
	PARAMS_LIST,
	PARAMS_ENUM
};

struct params_entry {
	char section; /* 'G', 'L', 'D' */
	enum params_type type;
	const char *name, *preset;
	size_t offset; /* in the struct of its section */
};

/* No value is longer; paths and patterns are far below it. */
#define PARAMS_VALUE_MAX 4096

const struct params_entry *params_find(char section, struct str name); /* NULL unknown */
size_t params_count(void);
const struct params_entry *params_at(size_t i); /* in the order of params.def */

/* Appends the names of a section nearest to an unknown one (suggest.h). */
void params_suggest(char section, struct str name, struct buf *out);

/* A block (struct conf, conf_listener, conf_domain) with its defaults; the
 * memory is the caller's and all zero.  params_clear frees what it holds. */
void params_preset(char section, void *block);
void params_clear(char section, void *block);

/* Sets a member from text.  -1: the text is not of its type; *reason says what
 * is expected.  A list is its items with commas between. */
int params_set(const struct params_entry *entry, void *block, struct str text, struct buf *reason);
/* The member in canonical text: what params_set reads as the same value. */
void params_get(const struct params_entry *entry, const void *block, struct buf *out);

/* Adds an empty block with its defaults; borrowed until the next one is added. */
struct conf_listener *params_add_listener(struct conf *conf, struct str title);
struct conf_domain *params_add_domain(struct conf *conf, struct str title);

/* What no single value shows: a block that lacks something, or contradicts
 * itself (check.c).  -1 with the reason. */
int params_check_listener(const struct conf_listener *listener, struct buf *reason);
int params_check_domain(const struct conf_domain *domain, struct buf *reason);
int params_check_sieve(const struct conf *conf, struct buf *reason); /* check_sieve.c */
int params_check_relay(const struct conf *conf, struct buf *reason); /* check_relay.c */
int params_check(const struct conf *conf, struct buf *reason);

#endif

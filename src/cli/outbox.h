/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_OUTBOX_H
#define DOORSTEP_CLI_OUTBOX_H

#include "cli/owners.h"

/* What waits to be sent, as LMDB has it.  `doorstep outbox` and `status`. */

/* Owners with something in the outbox, perhaps; free with owners_free_list. */
char **outbox_list_owners(const struct conf *conf, size_t *count_out);
bool outbox_is_there(const struct conf *conf, const char *owner);
/* Rows in the store of an owner; 0 when it cannot be told. */
uint64_t outbox_count(const struct conf *conf, const char *owner);

struct outbox_listing {
	const char *user; /* NULL: all */
	bool is_json;
	uint64_t *printed; /* in memory that a child process shares */
};
/* Prints the rows of a store; a status of sysexits(3), or OWNERS_NOT_HERE. */
int outbox_print_rows(const struct conf *conf, const char *owner,
    struct outbox_listing *listing);
/* One row with its text. */
int outbox_print_row(const struct conf *conf, const char *owner, uint64_t id);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CLI_INDEX_H
#define DOORSTEP_CLI_INDEX_H

#include "cli/owners.h"

/* The work of `doorstep index`, a file each; quota uses the rebuild too.
 * user NULL: everybody.  All return a status of sysexits(3). */

/* Prints what differs between index and mailboxes; 1 when something does. */
int index_verify(const struct conf *conf, const struct owners_user *user);

/* Through doorstepd when it runs (`verb`: recalc or rebuild), else here. */
int index_rebuild(const struct conf *conf, const struct owners_user *user, const char *verb);

/* Asks doorstepd, when it runs, to bring the index of an owner up to date. */
void index_sync(const struct conf *conf, const char *owner);

#endif

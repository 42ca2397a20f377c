/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_VERSION_H
#define DOORSTEP_FILTER_VERSION_H

#include "filter/host.h"
#include "ipc/wire.h"

/*
 * A changed message as ipc/pieces.h wants it.  What is not the original's is
 * appended to made.  The list of pieces lives in the host's arena.  False: no
 * memory, or more than FILTER_MADE_MAX would have been made.
 */
bool version_is_made(const struct host *host, const struct str *pieces, size_t n,
    struct buf *made, struct rec_version *out);

/* The version as one text until host_restore.  False: no room. */
bool version_is_joined(struct host *host, const struct rec_version *version, struct str made,
    struct str *out);

#endif

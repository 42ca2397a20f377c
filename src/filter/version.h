/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_VERSION_H
#define DOORSTEP_FILTER_VERSION_H

#include <stdbool.h>

#include "ipc/wire.h"

/*
 * A changed message as what was put around a part of the original, so that it
 * travels without what deliver has already.  Borrows from changed.  False:
 * more than FILTER_VERSION_MAX would have to travel.
 */
bool version_is_made(struct str original, struct str changed, struct rec_version *out);

#endif

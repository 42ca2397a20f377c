/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_IPC_PIECES_H
#define DOORSTEP_IPC_PIECES_H

#include <stdbool.h>

#include "ipc/actions.h"
#include "ipc/wire.h"

/*
 * A message that a script has changed (RFC 5293, 5703) travels as pieces: what
 * stays of it deliver has already, and only the rest was made.  Both kinds
 * come in the order of their bytes and never twice, so a changed message is no
 * longer than what came and what was made together.
 *
 * True: every piece is there; out[0] to out[n - 1], n being version->pieces.n
 * and FILTER_PIECES_MAX at most, are their bytes, borrowed from the two texts.
 * False: the sender is not to be believed.
 */
bool pieces_are_found(const struct rec_version *version, struct str message, struct str made,
    struct str out[FILTER_PIECES_MAX]);

#endif

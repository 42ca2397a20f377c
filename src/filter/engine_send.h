/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_ENGINE_SEND_H
#define DOORSTEP_FILTER_ENGINE_SEND_H

#include "filter/run.h"
#include "sieve/sieve.h"

/*
 * Actions that send mail, told to the run: each message is made whole by
 * compose.h, and is one more version in the outcome.
 *
 * actions[i] is a redirect, a vacation, a notify, a reject or an ereject; version
 * and text: the message as the script had it when it came to that, its number
 * in the outcome and all of it.  A message that must
 * not be sent is none, and the trace says why; one that cannot be is a note for
 * the user, and a redirect's message is kept then.  False: the script must end
 * (run_fail was called).
 */
bool engine_can_send(struct run *run, const struct sieve_action *actions, size_t i,
    uint32_t version, struct str text);

#endif

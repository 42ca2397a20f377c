/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_ACTIONS_H
#define SIEVE_ACTIONS_H

#include "interp.h"

/* Puts an action on the list; one too many ends the run.  target is copied. */
void sieve_actions_add(struct sieve_interp *in, const struct sieve_call *call,
    enum sieve_action_kind kind, struct sieve_text target);

/* What is wrong with a folder's name or a forwarding address, or NULL. */
const char *sieve_actions_mailbox_fault(struct sieve_text name);
const char *sieve_actions_address_fault(struct sieve_text address);

#endif

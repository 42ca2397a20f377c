/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef SIEVE_ACTIONS_H
#define SIEVE_ACTIONS_H

#include "interp.h"

/*
 * The list of actions of a run, RFC 5228 2.10.
 *
 * One mailbox gets the message once, and so does one address: of two such
 * actions the later is done, in the place of the earlier, with its flags and
 * the message as it was then (RFC 5293 7 leaves the choice, but asks that a
 * changed message be no other one).  INBOX, in any case, is where keep stores;
 * the action is then a keep.  It is a copy only if both are, and creates the
 * mailbox if one does.  Mailboxes to be found by special use or id are other
 * ones than those named only.
 *
 * What cannot stand beside each other ends the run: RFC 5429 2.4, 5230 4.7.
 */

/* Puts an action on the list; one too many ends the run.  target is copied. */
void sieve_actions_add(struct sieve_interp *in, const struct sieve_call *call,
    enum sieve_action_kind kind, struct sieve_text target);

/* Likewise with what belongs to its kind, which the caller has filled in,
 * target too, with memory of the run's arena.  What all commands have in
 * common (line, rule, version, :copy, :create, :flags, :fcc and so on) is
 * filled in here. */
void sieve_actions_put(struct sieve_interp *in, const struct sieve_call *call,
    const struct sieve_action *action);

/*
 * The actions of another run, as if this one had come to them; with its flags,
 * and the keep as it left it.  Nothing of `from` is borrowed.  versions: for
 * each of its versions of the message, which one of this run it is; NULL: all
 * of them are the message as this run has it now.  False: this run has failed.
 */
bool sieve_actions_import(struct sieve_interp *in, const struct sieve_result *from,
    const unsigned *versions);
/* A run that has asked for nothing yet. */
void sieve_actions_reset(struct sieve_interp *in);

/* As sieve_actions_put, of an action that has all of it. */
void sieve_actions_append(struct sieve_interp *in, const struct sieve_action *action);

/* What is wrong with a folder's name or a forwarding address, or NULL. */
const char *sieve_actions_mailbox_fault(struct sieve_text name);
const char *sieve_actions_address_fault(struct sieve_text address);

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_ENGINE_MESSAGE_H
#define DOORSTEP_FILTER_ENGINE_MESSAGE_H

#include "filter/run.h"
#include "sieve/sieve.h"

/*
 * Fills in all that sieve/ may ask about the message, its parts, dates and
 * texts.  out->arg must be a struct run.
 */
void engine_message_fill(struct sieve_host *out, const struct run *run);

static inline struct str
engine_str(struct sieve_text text)
{
	return (struct str){ text.p, text.n };
}

static inline struct sieve_text
engine_text(struct str s)
{
	return (struct sieve_text){ s.p == NULL ? "" : s.p, s.n };
}

/* A version as pieces, and that of a message that was not changed as one;
 * host_can_render tells the rest. */
bool engine_message_can_render(struct host *host, const struct sieve_version *version,
    host_take_fn take, void *arg);
/* A version as one text, until host_restore, or the message's own when there
 * is nothing to be changed.  False: no room for it. */
bool engine_message_is_rendered(struct host *host, const struct sieve_version *version,
    struct str *out);

/* What a program made of a message: lines of ours end in LF. */
struct str engine_message_without_cr(struct str text, struct arena *a);

struct sieve_address engine_address(const struct host_address *address);

#endif

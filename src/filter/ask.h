/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_ASK_H
#define DOORSTEP_FILTER_ASK_H

#include "base/arena.h"
#include "ipc/actions.h"
#include "ipc/wire.h"

/*
 * Questions to deliver in the middle of work: filter has no files, and knows
 * nothing but what it is told.  What else deliver sends meanwhile is kept for
 * later, in its order.
 */
struct asker;

struct asker *asker_new(int deliver_fd); /* owned; the descriptor is borrowed */
void asker_free(struct asker **asker);

/* A new question of deliver is worked on: the count of ours begins anew. */
void asker_begin(struct asker *asker);

/*
 * FILTER_IN_DOUBT when deliver does not know, is gone, or was asked
 * FILTER_QUESTIONS_MAX times.  *text_out (NULL allowed) is copied to the arena.
 * Legal on NULL: the answer is no.
 */
enum filter_answer asker_ask(struct asker *asker, const struct msg_FILTER_ASKS *question,
    struct arena *a, struct str *text_out);

/* A file of this size, to be written from its start and closed; it cannot
 * grow.  -1: none is to be had.  Legal on NULL. */
int asker_take_space(struct asker *asker, size_t size);
/* The same for a program; FILTER_LATER: the run is to be given up. */
enum filter_answer asker_ask_program(struct asker *asker,
    const struct msg_FILTER_ASKS_PROGRAM *question, struct arena *a, struct str *text_out);

/* The next of what was kept; it lives until the next call.  False: nothing. */
bool asker_has_kept(struct asker *asker, enum msg *m_out, const union msg_any **message_out);
bool asker_is_over(const struct asker *asker); /* deliver has closed the link */

#endif

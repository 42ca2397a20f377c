/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_FILTER_ANSWER_H
#define DOORSTEP_FILTER_ANSWER_H

#include "filter/cache.h"

/* What answering needs besides the question. */
struct answerer {
	const struct engine *engine;
	struct cache *cache;
	struct charset_set *charsets;
	const char *delimiters; /* borrowed */
	const char *hostname;	/* borrowed, or NULL */
	struct asker *asker;	/* borrowed, or NULL: nobody to be asked */
	const struct engine_settings *settings; /* borrowed, or NULL: defaults */
	struct arena arena; /* of the question that is answered */
	struct buf made;    /* likewise: bytes of changed messages */
	struct buf scratch;
};

/*
 * Parses the message once and runs every recipient's scripts.  text is the
 * message, wherever it came from.  The answer lives in the answerer's arena,
 * borrows from question, text and answerer, and fits into a packet: what does
 * not is written to a file that the asker is asked for.
 */
void answer_question(struct answerer *self, const struct msg_DELIVER_ASKS_FILTER *question,
    struct str text, struct msg_FILTER_ANSWERS *out);

#endif

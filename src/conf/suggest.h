/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_CONF_SUGGEST_H
#define DOORSTEP_CONF_SUGGEST_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* What somebody may have meant who wrote an unknown word: offer every known
 * word, then ask. */
struct suggest {
	struct str word, best;
	size_t distance;
};

void suggest_begin(struct suggest *s, struct str word);
void suggest_offer(struct suggest *s, struct str known); /* borrowed until the end */
/* Appends `: did you mean "best"?`, or nothing when no word is near. */
void suggest_end(const struct suggest *s, struct buf *out);

#endif

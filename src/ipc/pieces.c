/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Where the pieces of a changed message are.  Believes no number, and does not
 * know what the message is. */

#include "ipc/pieces.h"

bool
pieces_are_found(const struct rec_version *version, struct str message, struct str made,
    struct str out[FILTER_PIECES_MAX])
{
	const struct str texts[2] = { message, made };
	size_t ends[2] = { 0, 0 }, i;

	if (version->pieces.n > FILTER_PIECES_MAX)
		return false;
	for (i = 0; i < version->pieces.n; i++) {
		const struct rec_piece *piece = &version->pieces.at[i];
		struct str text = texts[piece->is_made != 0];
		size_t *end = &ends[piece->is_made != 0];

		if (piece->from < *end || piece->from > text.n || piece->size > text.n - piece->from)
			return false;
		out[i] = str_sub(text, (size_t)piece->from, (size_t)piece->size);
		*end = (size_t)(piece->from + piece->size);
	}
	return true;
}

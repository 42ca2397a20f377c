/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Headers: the size is within the text, and what the index finds is in it. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena a = ARENA_EMPTY;
	struct header h;

	header_parse(text, &a, &h);
	BUG_ON(h.size > size || h.size != header_size(text) || h.count > h.seen);
	for (uint32_t i = 0; i < h.count; i++) {
		const struct header_field *field = header_first(&h, h.fields[i].name);

		while (field != NULL && field != &h.fields[i])
			field = header_next(&h, field);
		BUG_ON(field == NULL);
		BUG_ON(str_find_byte(header_unfold(field->value, &a), '\n') >= 0);
	}
	arena_fini(&a);
	return 0;
}

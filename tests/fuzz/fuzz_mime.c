/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Structure: every part lies within the message and behind its parent. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "mail/limits.h"
#include "mail/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_EMPTY;
	struct buf out = BUF_EMPTY;
	struct mime m;

	mime_parse((struct str){ (const char *)data, size }, &a, &m);
	BUG_ON(m.count == 0 || m.leaves == 0);
	for (uint32_t i = 0; i < m.count; i++) {
		const struct mime_part *part = &m.parts[i];

		BUG_ON(part->header + part->header_size != part->body);
		BUG_ON(part->body > size || part->body_size > size - part->body);
		BUG_ON(i > 0 && (part->parent >= i || part->depth >= LIMITS_DEPTH));
		BUG_ON(i > 0 && part->header < m.parts[part->parent].body);
		mime_part_has_filename(part, NULL, &out);
		buf_clear(&out);
		transfer_add_decoded(&out, mime_part_body(&m, part), part->encoding);
		buf_clear(&out);
	}
	buf_fini(&out);
	arena_fini(&a);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Packets from a peer that lies: what decodes must encode to the same bytes. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "ipc/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct buf again = BUF_EMPTY;
	struct arena arena;
	union msg_any message;
	enum msg m;

	arena_init_limit(&arena, (size_t)8 << 20);
	if (wire_is_decoded(bytes, &m, &message, &arena)) {
		BUG_ON(!wire_is_encoded(m, &message, &again));
		BUG_ON(!str_is_equal(buf_str(&again), bytes));
	}
	buf_fini(&again);
	arena_fini(&arena);
	return 0;
}

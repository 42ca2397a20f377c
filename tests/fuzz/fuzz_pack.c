/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Stored records from a damaged disk: what is read writes the same bytes. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "base/pack.h"

struct item {
	struct str name;
	struct pack_list items;
	uint8_t kind;
	int fd;
	int64_t size;
};

static const struct pack_field leaf[] = {
	{ PACK_STR, offsetof(struct item, name), NULL, 0, "name" },
	{ PACK_U8, offsetof(struct item, kind), NULL, 0, "kind" },
	{ PACK_END, 0, NULL, 0, NULL },
};

static const struct pack_field root[] = {
	{ PACK_U8, offsetof(struct item, kind), NULL, 0, "kind" },
	{ PACK_FD, offsetof(struct item, fd), NULL, 0, "fd" },
	{ PACK_LIST, offsetof(struct item, items), leaf, sizeof(struct item), "items" },
	{ PACK_I64, offsetof(struct item, size), NULL, 0, "size" },
	{ PACK_END, 0, NULL, 0, NULL },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct buf again = BUF_EMPTY;
	struct arena arena;
	struct item item;

	arena_init_limit(&arena, (size_t)1 << 20);
	if (pack_is_read(root, bytes, false, &item, sizeof item, &arena)) {
		pack_add(root, &item, &again);
		BUG_ON(!buf_is_ok(&again) || item.fd != -1);
		bytes = str_sub(bytes, 0, again.n);
		/* An older record's missing fields are written as zeros. */
		BUG_ON(!str_has_prefix(buf_str(&again), bytes));
	}
	if (pack_is_read(root, bytes, true, &item, sizeof item, &arena))
		BUG_ON(bytes.n < 13);
	buf_fini(&again);
	arena_fini(&arena);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * Replay over any bytes, and any payload behind a good checksum. */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/xalloc.h"
#include "store/apply.h"
#include "store/journal_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
read_one(void *arg, const struct journal_record *record, struct fail *why)
{
	union apply_record content;
	struct arena a;

	arena_init_limit(&a, (size_t)1 << 24);
	(void)apply_read(record, &a, &content, why);
	arena_fini(&a);
	BUG_ON(record->seq != ++*(uint64_t *)arg);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t last = 0;
	char *record = xcalloc(1, JOURNAL_HEAD + size);

	(void)journal_scan((struct str){ (const char *)data, size }, 0, 1, 100, read_one, &last, NULL);
	memcpy(record + JOURNAL_HEAD, data, size);
	for (uint32_t type = 0; type <= JOURNAL_TYPES; type++) {
		journal_put_head(record, type, 1, size, 0);
		last = 0;
		BUG_ON(journal_scan((struct str){ record, JOURNAL_HEAD + size }, 0, 1, 100, read_one, &last,
		    NULL) != 2);
	}
	free(record);
	return 0;
}

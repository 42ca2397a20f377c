/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Any bytes as a script: compiled, and run on an empty message. */

#include <stdint.h>

#include "filter/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answerer self = { .engine = engine_find(STR("libsieve")), .delimiters = "+" };
	struct rec_script_ref ref = { .id = 1 };
	struct rec_filter_rcpt rcpt = { .scripts = { &ref, 1 } };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1, .recipients = { &rcpt, 1 } };
	struct msg_FILTER_ANSWERS answer;

	if (self.engine == NULL)
		return 0;
	arena_init_limit(&self.arena, HOST_MEMORY_MAX);
	self.cache = cache_new(self.engine);
	cache_give(self.cache, 1, (struct str){ (const char *)data, size });
	answer_question(&self, &question, STR("Subject: a\nTo: a@b\n\n"), &answer);
	arena_fini(&self.arena);
	cache_free(&self.cache);
	buf_fini(&self.scratch);
	buf_fini(&self.made);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A script and, behind the first NUL, a message: compiled and run by the
 * engine of our own. */

#include <stdint.h>

#include "filter/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answerer self = { .engine = &engine_own, .delimiters = "+" };
	struct rec_script_ref ref = { .id = 1 };
	struct rec_filter_rcpt rcpt = { .address = STR("a+b@c"), .scripts = { &ref, 1 } };
	struct msg_DELIVER_ASKS_FILTER question = { .fd = -1, .recipients = { &rcpt, 1 } };
	struct msg_FILTER_ANSWERS answer;
	struct str all = { (const char *)data, size };
	ptrdiff_t end = str_find_byte(all, '\0');
	struct str script = end == -1 ? all : str_sub(all, 0, (size_t)end);
	struct str message = end == -1 ? STR_EMPTY : str_from(all, (size_t)end + 1);

	arena_init_limit(&self.arena, HOST_MEMORY_MAX);
	self.cache = cache_new(self.engine);
	cache_give(self.cache, 1, script);
	answer_question(&self, &question, message, &answer);
	arena_fini(&self.arena);
	cache_free(&self.cache);
	buf_fini(&self.scratch);
	buf_fini(&self.made);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Any bytes as a message: its fields, and a script that looks at all of it. */

#include <stdint.h>

#include "filter/answer.h"

#define ALL "[\"from\",\"to\",\"cc\",\"subject\",\"x\"]"
#define SCRIPT "require [\"relational\",\"regex\",\"subaddress\",\"comparator-i;ascii-numeric\"];" \
	"if header :contains " ALL " \"x\" {discard;} if header :matches " ALL " \"*a?b*\" {stop;}" \
	"if address :detail " ALL " \"x\" {keep;} if header :regex " ALL " \"a|b+c\" {keep;}" \
	"if address :count \"gt\" :comparator \"i;ascii-numeric\" " ALL " \"3\" {keep;}"

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
	cache_give(self.cache, 1, STR(SCRIPT));
	answer_question(&self, &question, (struct str){ (const char *)data, size }, &answer);
	arena_fini(&self.arena);
	cache_free(&self.cache);
	buf_fini(&self.scratch);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* A whole conversation, directory and deliver being stubs: first byte LMTP or
 * LDA, lazy answers or not, and where the bytes are cut. */

#include "../lib/session_world.h"

#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	unsigned how = n > 0 ? bytes[0] : 0;
	struct str in = str_from((struct str){ (const char *)bytes, n }, 1);
	size_t step = how / 4 == 0 ? in.n + 1 : how / 4;

	log_set_level(LOG_L_ERROR);
	world_begin(how % 2 == 0 ? COMMAND_LMTP : COMMAND_LDA);
	world.is_lazy = how % 4 >= 2;
	world.conf->message_size_limit = 5000;
	for (; in.n > 0; in = str_from(in, step))
		world_say(str_sub(in, 0, step));
	if (dialog_is_waiting(&world.dialog) || world.in.n > 5000)
		abort();
	world_end();
	return 0;
}

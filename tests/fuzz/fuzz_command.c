/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Any bytes as a command line: first byte protocol, state and SMTPUTF8. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mail/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena arena = ARENA_EMPTY;
	struct command command;
	struct reply why = REPLY_NONE;
	unsigned how = n > 0 ? bytes[0] : 0;
	struct str line = str_from((struct str){ (const char *)bytes, n }, 1);
	int rc = command_parse(line, (enum command_protocol)(1u << how % 3),
	    (enum command_state)(1u << how / 4 % 5), how >= 128, &arena, &command, &why);

	if (rc == -1 && (why.code < 500 || *why.text == '\0'))
		abort();
	arena_fini(&arena);
	return 0;
}

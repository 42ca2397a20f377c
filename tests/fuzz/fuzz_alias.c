/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Any bytes as an aliases file; asked for what stands before the first colon. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "directory/alias.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str text = { (const char *)bytes, n }, rest, member, name = text;
	struct arena arena = ARENA_EMPTY;
	struct alias_file *file;
	char path[32];
	int fd = -1;

	if (file_sealed(text, &fd, NULL) == -1)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	file = alias_open(str_of(path));
	str_can_split(&text, ':', &name);
	if (alias_find(file, name, &rest, NULL) == ALIAS_FOUND)
		while (alias_has_member(&rest, &arena, &member))
			if (member.n == 0 || member.n > n || str_trim(member).n != member.n)
				abort();
	alias_close(&file);
	arena_fini(&arena);
	file_close(&fd);
	return 0;
}

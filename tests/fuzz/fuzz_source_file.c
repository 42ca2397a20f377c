/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Any bytes as a passwd-file; asked for its first user. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "directory/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str text = { (const char *)bytes, n }, name = text;
	struct arena arena = ARENA_EMPTY;
	struct source_record record = { 0 };
	struct fail why = FAIL_EMPTY;
	struct source *source;
	char path[32];
	int fd = -1;

	if (file_sealed(text, &fd, NULL) == -1)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	source = source_file.open(str_of(path));
	str_can_split(&text, ':', &name);
	if (source_file.find(source, name, STR("x.example"), &arena, &record, &why) ==
	    SOURCE_BROKEN && why.class != FAIL_TEMP)
		abort();
	source_file.close(source);
	arena_fini(&arena);
	file_close(&fd);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef TESTS_UNIT_DIRECTORY_SETUP_H
#define TESTS_UNIT_DIRECTORY_SETUP_H

/* A directory for the files of a test, gone at its end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"

struct place {
	char path[64];
	struct arena arena;
};

static int
open_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	snprintf(place->path, sizeof place->path, "/tmp/directory.XXXXXX");
	assert_non_null(mkdtemp(place->path));
	arena_init(&place->arena);
	*state = place;
	return 0;
}

static int
close_place(void **state)
{
	struct place *place = *state;
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", place->path);
	assert_int_equal(system(command), 0);
	arena_fini(&place->arena);
	free(place);
	return 0;
}

/* The path of a file in the place, in its arena. */
static inline struct str
path_of(struct place *place, const char *name)
{
	return arena_printf(&place->arena, "%s/%s", place->path, name);
}

/* As editors do it: a new file under the old name. */
static inline struct str
write_text(struct place *place, const char *name, struct str text)
{
	struct str path = path_of(place, name);
	struct str fresh = arena_printf(&place->arena, "%s.new", path.p);
	FILE *file = fopen(fresh.p, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(fresh.p, path.p), 0);
	return path;
}

#define assert_str_equal(s, cstr)                                                      \
	do {                                                                           \
		struct str got_ = (s);                                                 \
		char *text_ = strndup(got_.n > 0 ? got_.p : "", got_.n);               \
		assert_string_equal(text_, cstr);                                      \
		free(text_);                                                           \
	} while (0)

#endif

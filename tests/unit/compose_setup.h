/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_TESTS_UNIT_COMPOSE_SETUP_H
#define DOORSTEP_TESTS_UNIT_COMPOSE_SETUP_H

/* A delivery from joe@a.example to me@b.example, and what composers make of it;
 * looked at with the parsers that read other people's mail. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/compose.h"
#include "mail/header.h"
#include "mail/mime.h"
#include "mail/path.h"
#include "mail/transfer.h"
#include "mail/word.h"

#define NOW 1764032455 /* Tue, 25 Nov 2025 01:00:55 +0000 */

struct fixture {
	struct arena arena;
	struct header header;
	struct compose_settings settings;
	struct compose_env env;
	struct compose_message out;
	struct buf text; /* out, whole */
	struct buf scratch;
};

static inline void
fixture_begin(struct fixture *f, struct str message)
{
	memset(f, 0, sizeof *f);
	arena_init(&f->arena);
	header_parse(message, &f->arena, &f->header);
	f->env = (struct compose_env){
		.text = message,
		.header = &f->header,
		.sender = STR("joe@a.example"),
		.recipient = STR("me@b.example"),
		.hostname = STR("mx.b.example"),
		.seed = STR("seed"),
		.now = NOW,
		.settings = &f->settings,
		.arena = &f->arena,
	};
	f->out = COMPOSE_EMPTY;
}

static inline void
fixture_end(struct fixture *f)
{
	compose_fini(&f->out);
	buf_fini(&f->text);
	buf_fini(&f->scratch);
	arena_fini(&f->arena);
}

/* Gathers what was made; every line must be one that a mail system takes. */
static inline struct str
fixture_text(struct fixture *f)
{
	struct str rest, line;

	buf_clear(&f->text);
	buf_add_str(&f->text, buf_str(&f->out.made));
	buf_add_str(&f->text, f->out.rest);
	rest = buf_str(&f->out.made);
	assert_true(rest.n > 0);
	while (str_can_split(&rest, '\n', &line))
		assert_true(line.n <= 998);
	return buf_str(&f->text);
}

/* The value of the only field of that name, decoded; "(none)", "(several)". */
static inline const char *
fixture_field(struct fixture *f, const char *name)
{
	struct arena a = ARENA_EMPTY;
	struct header header;
	const struct header_field *field;
	const char *value = "(none)";

	header_parse(fixture_text(f), &a, &header);
	field = header_first(&header, str_of(name));
	buf_clear(&f->scratch);
	if (field != NULL && header_next(&header, field) != NULL) {
		value = "(several)";
	} else if (field != NULL) {
		word_add_decoded(&f->scratch, field->value, NULL);
		value = buf_cstr(&f->scratch);
	}
	arena_fini(&a);
	return value;
}

/* Names of all fields, a blank between. */
static inline const char *
fixture_names(struct fixture *f)
{
	struct header_cursor cursor;
	struct header_field field;

	buf_clear(&f->scratch);
	header_cursor_init(&cursor, fixture_text(f));
	while (header_has_field(&cursor, &field)) {
		if (f->scratch.n > 0)
			buf_add_byte(&f->scratch, ' ');
		buf_add_str(&f->scratch, field.name);
	}
	assert_true(cursor.is_ended);
	return buf_cstr(&f->scratch);
}

/* The decoded body of a part. */
static inline const char *
fixture_body(struct fixture *f, uint32_t part)
{
	struct arena a = ARENA_EMPTY;
	struct mime mime;

	mime_parse(fixture_text(f), &a, &mime);
	assert_true(part < mime.count);
	buf_clear(&f->scratch);
	transfer_add_decoded(&f->scratch, mime_part_body(&mime, &mime.parts[part]),
	    mime.parts[part].encoding);
	arena_fini(&a);
	return buf_cstr(&f->scratch);
}

static inline struct sieve_text
text_of(const char *cstr)
{
	return (struct sieve_text){ cstr, strlen(cstr) };
}

#endif

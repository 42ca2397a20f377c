/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Changed messages as pieces: what filter finds of the original in them, and
 * what nobody is believed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/version.h"
#include "ipc/pieces.h"

/* ---- whom to believe ---- */

static void
test_pieces_are_in_order_and_there(void **state)
{
	const struct str message = STR("0123456789"), made = STR("abcd");
	struct {
		struct rec_piece pieces[3];
		size_t n;
		const char *want; /* NULL: not to be believed */
	} samples[] = {
		{ { { 1, 0, 4 }, { 0, 0, 10 } }, 2, "abcd0123456789" },
		{ { { 0, 2, 3 }, { 1, 1, 2 }, { 0, 5, 5 } }, 3, "234bc56789" },
		{ { { 0, 0, 0 } }, 1, "" },
		{ { { 0, 10, 0 } }, 1, "" },
		{ { { 0, 0, 0 } }, 0, "" },
		{ { { 7, 0, 1 } }, 1, "a" },
		{ { { 0, 0, 11 } }, 1, NULL },
		{ { { 0, 11, 0 } }, 1, NULL },
		{ { { 0, 5, 6 } }, 1, NULL },
		{ { { 1, 4, 1 } }, 1, NULL },
		{ { { 0, 1, UINT64_MAX } }, 1, NULL },
		{ { { 0, UINT64_MAX, 1 } }, 1, NULL },
		{ { { 0, UINT64_MAX, UINT64_MAX } }, 1, NULL },
		{ { { 0, 0, 5 }, { 0, 4, 1 } }, 2, NULL },
		{ { { 0, 5, 5 }, { 1, 0, 1 }, { 0, 0, 5 } }, 3, NULL },
		{ { { 1, 0, 2 }, { 0, 0, 1 }, { 1, 1, 1 } }, 3, NULL },
	};
	struct str found[FILTER_PIECES_MAX];
	struct rec_version version;
	struct buf text = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		version.pieces.at = samples[i].pieces;
		version.pieces.n = samples[i].n;
		if (pieces_are_found(&version, message, made, found) != (samples[i].want != NULL))
			fail_msg("%zu: %s", i, samples[i].want == NULL ? "believed" : "not believed");
		buf_clear(&text);
		for (size_t j = 0; samples[i].want != NULL && j < samples[i].n; j++)
			buf_add_str(&text, found[j]);
		assert_string_equal(buf_cstr(&text), samples[i].want == NULL ? "" : samples[i].want);
	}
	buf_fini(&text);
}

static void
test_too_many_pieces_are_none(void **state)
{
	static struct rec_piece pieces[FILTER_PIECES_MAX + 1];
	struct rec_version version = { .pieces = { pieces, FILTER_PIECES_MAX } };
	struct str found[FILTER_PIECES_MAX];

	(void)state;
	assert_true(pieces_are_found(&version, STR(""), STR(""), found));
	version.pieces.n++;
	assert_false(pieces_are_found(&version, STR(""), STR(""), found));
}

/* ---- what is the original's ---- */

struct fixture {
	struct arena arena;
	struct buf scratch, text, made;
	struct charset_set *charsets;
	struct host host;
};

/* A message with a field and lines of 100 bytes, all different. */
static void
begin(struct fixture *f, size_t lines)
{
	memset(f, 0, sizeof *f);
	arena_init_limit(&f->arena, HOST_MEMORY_MAX);
	f->charsets = charset_set_new();
	f->made.max = FILTER_MADE_MAX;
	buf_add_cstr(&f->text, "Subject: one\nX-Old: two\n\n");
	for (size_t i = 0; i < lines; i++)
		buf_addf(&f->text, "%099zu\n", i);
	host_init(&f->host, buf_str(&f->text), &f->arena, f->charsets, &f->scratch);
}

static void
end(struct fixture *f)
{
	host_fini(&f->host);
	charset_set_free(&f->charsets);
	arena_fini(&f->arena);
	buf_fini(&f->scratch);
	buf_fini(&f->text);
	buf_fini(&f->made);
}

/* The version says what the pieces say. */
static void
make(struct fixture *f, const struct str *pieces, size_t n, struct rec_version *version)
{
	struct str found[FILTER_PIECES_MAX];
	struct buf want = BUF_EMPTY, got = BUF_EMPTY;

	for (size_t i = 0; i < n; i++)
		buf_add_str(&want, pieces[i]);
	assert_true(version_is_made(&f->host, pieces, n, &f->made, version));
	assert_true(pieces_are_found(version, buf_str(&f->text), buf_str(&f->made), found));
	for (size_t i = 0; i < version->pieces.n; i++)
		buf_add_str(&got, found[i]);
	assert_true(str_is_equal(buf_str(&got), buf_str(&want)));
	buf_fini(&want);
	buf_fini(&got);
}

static void
test_what_stays_is_not_made_again(void **state)
{
	struct fixture f;
	struct rec_version version;
	struct str pieces[4];

	(void)state;
	begin(&f, 1000);
	pieces[0] = STR("X-New: yes\n");
	pieces[1] = buf_str(&f.text);
	make(&f, pieces, 2, &version);
	assert_int_equal(version.pieces.n, 2);
	assert_int_equal(f.made.n, 11);
	/* A second one has its own bytes, behind those of the first. */
	pieces[2] = STR("tail");
	make(&f, pieces, 3, &version);
	assert_int_equal(version.pieces.n, 3);
	assert_int_equal(version.pieces.at[0].from, 11);
	assert_int_equal(f.made.n, 26);
	/* Neighbours are one piece. */
	pieces[0] = str_sub(buf_str(&f.text), 0, 500);
	pieces[1] = str_sub(buf_str(&f.text), 500, 500);
	make(&f, pieces, 2, &version);
	assert_int_equal(version.pieces.n, 1);
	end(&f);
}

static void
test_a_text_made_of_texts_is_still_the_originals(void **state)
{
	static const struct host_edit old = { HOST_EDIT_DELETE, { "X-Old", 5 }, { "", 0 }, 0 };
	static const struct host_edit new = { HOST_EDIT_ADD_FIRST, { "New", 3 }, { "1", 1 }, 0 };
	struct fixture f;
	struct rec_version version;
	struct str first, second, pieces[3];

	(void)state;
	begin(&f, 1000);
	assert_true(host_is_rendered(&f.host, f.host.base, &old, 1, &first));
	pieces[0] = str_sub(first, 0, 50000);
	pieces[1] = STR("in the middle\n");
	pieces[2] = str_from(first, 60000);
	assert_true(host_is_joined(&f.host, pieces, 3, &second));
	host_drop_text(&f.host, first);
	assert_true(host_is_rendered(&f.host, second, &new, 1, &first));
	make(&f, &first, 1, &version);
	/* New and Subject are bytes, then the body, then bytes, then the rest. */
	assert_int_equal(version.pieces.n, 4);
	assert_true(f.made.n < 64);
	end(&f);
}

static void
test_the_next_script_finds_what_the_last_one_left(void **state)
{
	struct fixture f;
	struct rec_version version;
	struct str pieces[2], text, again;

	(void)state;
	begin(&f, 100);
	pieces[0] = STR("A: b\n");
	pieces[1] = buf_str(&f.text);
	make(&f, pieces, 2, &version);
	assert_true(version_is_joined(&f.host, &version, buf_str(&f.made), &text));
	assert_true(host_is_based(&f.host, text));
	again = text;
	make(&f, &again, 1, &version);
	assert_int_equal(version.pieces.n, 2);
	assert_int_equal(f.made.n, 10);
	end(&f);
}

static void
test_many_places_are_fewer_pieces_and_more_bytes(void **state)
{
	struct fixture f;
	struct rec_version version;
	struct str *pieces = calloc(4000, sizeof *pieces);
	struct str text;

	(void)state;
	begin(&f, 2000);
	text = buf_str(&f.text);
	/* Every second line is another; some of those that stay are longer. */
	for (size_t i = 0; i < 2000; i++) {
		pieces[2 * i] = str_sub(text, 25 + 100 * i, 100);
		pieces[2 * i + 1] = i % 100 < 50 ? STR_EMPTY : STR("x\n");
	}
	make(&f, pieces, 4000, &version);
	assert_true(version.pieces.n <= FILTER_PIECES_MAX);
	assert_in_range(f.made.n, 2000, text.n / 2 + 20000);
	end(&f);
	free(pieces);
}

static void
test_what_is_out_of_its_order_is_bytes(void **state)
{
	struct fixture f;
	struct rec_version version;
	struct str pieces[3], text;

	(void)state;
	begin(&f, 100);
	text = buf_str(&f.text);
	pieces[0] = str_from(text, 5000);
	pieces[1] = str_sub(text, 0, 5000);
	pieces[2] = str_sub(text, 0, 5000);
	make(&f, pieces, 3, &version);
	assert_int_equal(version.pieces.n, 2);
	assert_int_equal(f.made.n, 10000);
	end(&f);
}

static void
test_new_bytes_have_a_ceiling(void **state)
{
	struct fixture f;
	struct rec_version version;
	struct str piece = { malloc(FILTER_MADE_MAX), FILTER_MADE_MAX };

	(void)state;
	begin(&f, 1);
	memset((char *)(uintptr_t)piece.p, 'x', piece.n);
	assert_true(version_is_made(&f.host, &piece, 1, &f.made, &version));
	piece.n = 1;
	assert_false(version_is_made(&f.host, &piece, 1, &f.made, &version));
	free((char *)(uintptr_t)piece.p);
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_in_order_and_there),
		cmocka_unit_test(test_too_many_pieces_are_none),
		cmocka_unit_test(test_what_stays_is_not_made_again),
		cmocka_unit_test(test_a_text_made_of_texts_is_still_the_originals),
		cmocka_unit_test(test_the_next_script_finds_what_the_last_one_left),
		cmocka_unit_test(test_many_places_are_fewer_pieces_and_more_bytes),
		cmocka_unit_test(test_what_is_out_of_its_order_is_bytes),
		cmocka_unit_test(test_new_bytes_have_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

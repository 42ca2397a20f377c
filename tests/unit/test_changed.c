/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */

/* Changed messages at deliver: what a filter that is not to be trusted says of
 * them, the file that it is given, and what becomes of copies. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/file.h"
#include "deliver/changed.h"
#include "deliver/deliver.h"
#include "ipc/actions.h"

/* Of main.c, which no test links. */
void
deliver_check_stop(struct deliver *d)
{
	(void)d;
}

struct world {
	struct loop *loop;
	struct wire *wire;
	int filter; /* the other end */
	struct buf packet;
	struct job job;
	struct job_rcpt rcpts[2];
	struct job_copy copies[2][2];
};

static void
gone(struct wire *w, void *arg)
{
	(void)w;
	(void)arg;
}

static void
open_world(struct world *w)
{
	static const wire_handler none[MSG_COUNT] = { NULL };
	int ends[2];

	memset(w, 0, sizeof *w);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	w->loop = loop_new();
	w->wire = wire_new(w->loop, ends[0], none, gone, NULL);
	w->filter = ends[1];
	arena_init(&w->job.arena);
	w->job.body = w->job.stored = STR("Subject: x\n\ny\n");
	w->job.body_fd = w->job.made_fd = -1;
	w->job.rcpts = w->rcpts;
	w->job.rcpt_count = 2;
	for (size_t i = 0; i < 2; i++) {
		w->rcpts[i].job = &w->job;
		w->rcpts[i].copies = w->copies[i];
		w->copies[i][0].prefix = w->copies[i][1].prefix = STR("P: p\n");
	}
}

static void
close_world(struct world *w)
{
	file_close(&w->job.made_fd);
	arena_fini(&w->job.arena);
	wire_free(&w->wire);
	loop_free(&w->loop);
	file_close(&w->filter);
	buf_fini(&w->packet);
}

/* The file that filter got, or -1. */
static int
ask_space(struct world *w, uint64_t size)
{
	const struct msg_FILTER_ASKS asked = { .id = 9, .kind = FILTER_ASKS_SPACE, .size = size };
	union msg_any told;
	enum msg m;
	int fd;

	changed_give_space(&w->job, w->wire, &asked);
	assert_int_equal(wire_recv_blocking(w->filter, &w->packet, &w->job.arena, &m, &told),
	    WIRE_OK);
	assert_int_equal(m, MSG_DELIVER_TELLS);
	assert_int_equal(told.DELIVER_TELLS.id, 9);
	fd = told.DELIVER_TELLS.fd;
	assert_int_equal(told.DELIVER_TELLS.answer, fd == -1 ? FILTER_IN_DOUBT : FILTER_YES);
	return fd;
}

static void
take(struct world *w, uint64_t size)
{
	const struct msg_FILTER_ANSWERS answer = { .made_size = size };

	changed_take(&w->job, &answer);
	assert_int_equal(w->job.made_fd, -1);
}

/* ---- the file ---- */

static void
what_filter_wrote_cannot_be_changed_any_more(void **state)
{
	struct world w;
	struct fail why;
	int fd;

	(void)state;
	open_world(&w);
	fd = ask_space(&w, 4);
	assert_int_equal(file_write_all(fd, STR("made"), "", &why), 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	take(&w, 4);
	assert_true(str_is_equal(w.job.made, STR("made")));
	assert_int_equal(pwrite(fd, "X", 1, 0), -1);
	assert_true(mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	close(fd);
	close_world(&w);
}

static void
a_file_that_filter_can_still_write_is_not_used(void **state)
{
	struct world w;
	char *p;
	int fd;

	(void)state;
	open_world(&w);
	fd = ask_space(&w, 4096);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(p != MAP_FAILED);
	take(&w, 4096);
	assert_int_equal(w.job.made.n, 0);
	munmap(p, 4096);
	close(fd);
	close_world(&w);
}

static void
a_file_is_no_larger_than_it_is(void **state)
{
	struct world w;
	int fd;

	(void)state;
	open_world(&w);
	fd = ask_space(&w, 4096);
	take(&w, 4097);
	assert_int_equal(w.job.made.n, 0);
	close(fd);
	fd = ask_space(&w, 4096);
	take(&w, UINT64_MAX);
	assert_int_equal(w.job.made.n, 0);
	close(fd);
	/* No file, and yet a size. */
	take(&w, 10);
	assert_int_equal(w.job.made.n, 0);
	close_world(&w);
}

static void
space_is_given_once_and_within_its_limit(void **state)
{
	struct world w;
	int fd;

	(void)state;
	open_world(&w);
	assert_int_equal(ask_space(&w, 0), -1);
	assert_int_equal(ask_space(&w, FILTER_MADE_MAX + 1), -1);
	assert_int_equal(ask_space(&w, UINT64_MAX), -1);
	fd = ask_space(&w, FILTER_MADE_MAX);
	assert_true(fd != -1);
	assert_int_equal(ask_space(&w, 1), -1);
	/* The filter died: the next one may ask. */
	changed_take(&w.job, NULL);
	close(fd);
	fd = ask_space(&w, 1);
	assert_true(fd != -1);
	close(fd);
	close_world(&w);
}

/* ---- copies ---- */

static struct str
text_of(struct world *w, const struct job_copy *copy)
{
	struct buf text = BUF_EMPTY;
	struct str kept;

	buf_add_str(&text, copy->prefix);
	if (!copy->is_changed)
		buf_add_str(&text, w->job.stored);
	for (size_t i = 0; copy->is_changed && i < copy->piece_count; i++)
		buf_add_str(&text, copy->pieces[i]);
	kept = arena_str(&w->job.arena, buf_str(&text));
	assert_int_equal(copy->size, kept.n);
	assert_int_equal(copy->wire_size, kept.n + str_count_byte(kept, '\n'));
	buf_fini(&text);
	return kept;
}

static void
set(struct world *w, size_t i, size_t j, struct rec_piece *pieces, size_t n)
{
	const struct rec_version version = { .pieces = { pieces, n } };

	w->rcpts[i].copy_count = j + 1;
	assert_int_equal(changed_set(&w->job, &w->copies[i][j], &version), 0);
}

static void
a_field_in_front_is_one_of_the_prefix(void **state)
{
	struct rec_piece pieces[] = { { 1, 0, 5 }, { 0, 0, 14 } };
	struct world w;

	(void)state;
	open_world(&w);
	w.job.made = STR("N: n\n");
	set(&w, 0, 0, pieces, 2);
	assert_false(w.copies[0][0].is_changed);
	assert_true(str_is_equal(text_of(&w, &w.copies[0][0]), STR("P: p\nN: n\nSubject: x\n\ny\n")));
	close_world(&w);
}

static void
one_changed_message_of_all_copies_goes_into_the_record(void **state)
{
	struct rec_piece first[] = { { 0, 0, 11 }, { 1, 0, 5 }, { 0, 11, 3 } };
	struct rec_piece second[] = { { 0, 0, 11 }, { 1, 5, 5 }, { 0, 11, 3 } };
	struct rec_piece other[] = { { 0, 11, 3 } };
	struct world w;

	(void)state;
	open_world(&w);
	w.job.made = STR("N: n\nN: n\n");
	set(&w, 0, 0, first, 3);
	set(&w, 1, 0, second, 3);
	changed_ease(&w.job, 18);
	assert_true(w.copies[0][0].is_changed);
	changed_ease(&w.job, 19);
	assert_false(w.copies[0][0].is_changed || w.copies[1][0].is_changed);
	assert_true(str_is_equal(text_of(&w, &w.copies[1][0]), STR("P: p\nSubject: x\nN: n\n\ny\n")));
	assert_true(str_is_equal(w.job.body, STR("Subject: x\n\ny\n")));
	close_world(&w);

	open_world(&w);
	w.job.made = STR("N: n\nN: n\n");
	set(&w, 0, 0, first, 3);
	set(&w, 1, 0, other, 1);
	changed_ease(&w.job, 1000);
	assert_true(w.copies[0][0].is_changed && w.copies[1][0].is_changed);
	assert_true(str_is_equal(text_of(&w, &w.copies[1][0]), STR("P: p\n\ny\n")));
	/* One that is refused is not looked at; one that is as it came is. */
	w.rcpts[1].is_settled = true;
	changed_ease(&w.job, 1000);
	assert_false(w.copies[0][0].is_changed);
	close_world(&w);
}

static void
what_cannot_be_leaves_the_copy_as_it_was(void **state)
{
	struct rec_piece pieces[] = { { 0, 0, 14 }, { 0, 0, 14 } };
	const struct rec_version version = { .pieces = { pieces, 2 } };
	struct world w;

	(void)state;
	open_world(&w);
	assert_int_equal(changed_set(&w.job, &w.copies[0][0], &version), -1);
	assert_false(w.copies[0][0].is_changed);
	assert_int_equal(w.copies[0][0].size, 0);
	close_world(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_filter_wrote_cannot_be_changed_any_more),
		cmocka_unit_test(a_file_that_filter_can_still_write_is_not_used),
		cmocka_unit_test(a_file_is_no_larger_than_it_is),
		cmocka_unit_test(space_is_given_once_and_within_its_limit),
		cmocka_unit_test(a_field_in_front_is_one_of_the_prefix),
		cmocka_unit_test(one_changed_message_of_all_copies_goes_into_the_record),
		cmocka_unit_test(what_cannot_be_leaves_the_copy_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

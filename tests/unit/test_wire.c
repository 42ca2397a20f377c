/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * The grammar between processes, over real socket pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "ipc/roles.h"
#include "ipc/wire.h"

struct seen {
	struct loop *loop;
	struct wire *wire;
	uint64_t ids[WIRE_QUEUE_MAX];
	size_t count, stop_at, gone;
	struct wire *free_in_handler;
	int fd;
};

static void
on_room(struct wire *w, const union msg_any *message, void *arg)
{
	struct seen *seen = arg;

	(void)w;
	seen->ids[seen->count++] = message->SESSION_ASKS_ROOM.id;
	if (seen->free_in_handler != NULL)
		wire_free(&seen->wire);
	if (seen->count == seen->stop_at)
		loop_stop(seen->loop);
}

static void
on_listener(struct wire *w, const union msg_any *message, void *arg)
{
	struct seen *seen = arg;

	(void)w;
	seen->count++;
	if (seen->stop_at == 1)
		seen->fd = wire_take_fd(message, &message->MASTER_GIVES_LISTENER.fd);
	else
		seen->fd = message->MASTER_GIVES_LISTENER.fd;
	loop_stop(seen->loop);
}

static void
on_gone(struct wire *w, void *arg)
{
	struct seen *seen = arg;

	(void)w;
	seen->gone++;
	wire_free(&seen->wire);
	loop_stop(seen->loop);
}

static const wire_handler handlers[MSG_COUNT] = {
	[MSG_SESSION_ASKS_ROOM] = on_room,
	[MSG_MASTER_GIVES_LISTENER] = on_listener,
};

static void
set_up(struct seen *seen, int fds[2])
{
	memset(seen, 0, sizeof *seen);
	seen->fd = -1;
	assert_int_equal(net_pair(fds, NULL), 0);
	seen->loop = loop_new();
	seen->wire = wire_new(seen->loop, fds[0], handlers, on_gone, seen);
}

static void
tear_down(struct seen *seen, int fd)
{
	wire_free(&seen->wire);
	loop_free(&seen->loop);
	file_close(&fd);
}

static void
send_room(int fd, uint64_t id)
{
	struct msg_SESSION_ASKS_ROOM m = { .id = id, .user = STR("ada"), .size = 7 };
	struct buf scratch = BUF_EMPTY;

	assert_int_equal(wire_send_blocking(fd, MSG_SESSION_ASKS_ROOM, &m, &scratch), WIRE_OK);
	buf_fini(&scratch);
}

static void
a_message_with_nested_lists_comes_back_equal(void **state)
{
	struct rec_script_ref scripts[] = { { .id = 5, .place = 1 }, { .id = 9, .place = 2 } };
	struct rec_filter_rcpt rcpts[2] = { { .index = 1, .address = STR("a@x"),
		.scripts = { scripts, 2 } }, { .index = 2, .detail = STR("spam") } };
	struct msg_DELIVER_ASKS_FILTER m = { .id = UINT64_MAX, .body = STR("To: x\n\n\0y"),
		.now = -5, .fd = 7, .recipients = { rcpts, 2 } };
	struct buf bytes = BUF_EMPTY;
	struct arena arena;
	union msg_any out;
	enum msg number;

	(void)state;
	arena_init(&arena);
	assert_true(wire_is_encoded(MSG_DELIVER_ASKS_FILTER, &m, &bytes));
	assert_true(wire_is_decoded(buf_str(&bytes), &number, &out, &arena));
	assert_int_equal(number, MSG_DELIVER_ASKS_FILTER);
	assert_true(out.DELIVER_ASKS_FILTER.id == UINT64_MAX);
	assert_true(out.DELIVER_ASKS_FILTER.now == -5);
	assert_int_equal(out.DELIVER_ASKS_FILTER.fd, -1);
	assert_int_equal(out.DELIVER_ASKS_FILTER.body.n, 9);
	assert_int_equal(out.DELIVER_ASKS_FILTER.recipients.n, 2);
	assert_int_equal(out.DELIVER_ASKS_FILTER.recipients.at[0].scripts.n, 2);
	assert_int_equal(out.DELIVER_ASKS_FILTER.recipients.at[0].scripts.at[1].id, 9);
	assert_true(str_is_equal(out.DELIVER_ASKS_FILTER.recipients.at[1].detail, STR("spam")));
	arena_fini(&arena);
	buf_fini(&bytes);
}

static void
a_packet_that_is_cut_or_too_long_is_no_message(void **state)
{
	struct msg_SESSION_ASKS_ROOM m = { .id = 1, .user = STR("ada"), .size = 7 };
	struct buf bytes = BUF_EMPTY;
	struct arena arena;
	union msg_any out;
	enum msg number;
	size_t n;

	(void)state;
	arena_init(&arena);
	assert_true(wire_is_encoded(MSG_SESSION_ASKS_ROOM, &m, &bytes));
	for (n = 0; n < bytes.n; n++)
		assert_false(wire_is_decoded(str_sub(buf_str(&bytes), 0, n), &number, &out, &arena));
	buf_add_byte(&bytes, 0);
	assert_false(wire_is_decoded(buf_str(&bytes), &number, &out, &arena));
	assert_false(wire_is_decoded(STR("\xff\xff"), &number, &out, &arena));
	arena_fini(&arena);
	buf_fini(&bytes);
}

static void
a_message_above_the_packet_limit_cannot_be_carried(void **state)
{
	static char large[WIRE_PACKET_MAX];
	struct msg_SESSION_ASKS_ROOM m = { .user = { large, sizeof large } };

	(void)state;
	assert_false(wire_can_carry(MSG_SESSION_ASKS_ROOM, &m));
	m.user.n -= 2 + 8 + 4 + 8;
	assert_true(wire_can_carry(MSG_SESSION_ASKS_ROOM, &m));
	m.user.n++;
	assert_false(wire_can_carry(MSG_SESSION_ASKS_ROOM, &m));
}

static void
a_full_socket_queues_and_order_is_kept(void **state)
{
	static char filler[30000];
	struct msg_SESSION_ASKS_ROOM m = { .user = { filler, sizeof filler } };
	struct seen seen;
	struct wire *sender;
	int fds[2];
	size_t i;

	(void)state;
	set_up(&seen, fds);
	seen.stop_at = 100;
	sender = wire_new(seen.loop, fds[1], handlers, on_gone, &seen);
	for (i = 0; i < 100; i++) {
		m.id = i;
		wire_send(sender, MSG_SESSION_ASKS_ROOM, &m);
	}
	assert_true(wire_queued(sender) > 0);
	loop_run(seen.loop);
	for (i = 0; i < 100; i++)
		assert_int_equal(seen.ids[i], i);
	assert_int_equal(wire_queued(sender), 0);
	wire_free(&sender);
	tear_down(&seen, -1);
}

static void
a_stuck_peer_ends_the_link_once_from_the_loop(void **state)
{
	struct msg_SESSION_ASKS_ROOM m = { .user = STR("ada") };
	struct seen seen;
	int fds[2];
	size_t i;

	(void)state;
	set_up(&seen, fds);
	for (i = 0; i < 3 * WIRE_QUEUE_MAX; i++)
		wire_send(seen.wire, MSG_SESSION_ASKS_ROOM, &m);
	assert_int_equal(seen.gone, 0);
	loop_run(seen.loop);
	assert_int_equal(seen.gone, 1);
	tear_down(&seen, fds[1]);
}

static void
what_a_peer_sent_before_it_went_is_still_handled(void **state)
{
	struct msg_SESSION_ASKS_ROOM m = { .user = STR("ada") };
	struct seen seen;
	int fds[2];

	(void)state;
	set_up(&seen, fds);
	wire_send(seen.wire, MSG_SESSION_ASKS_ROOM, &m); /* never read: a reset */
	send_room(fds[1], 1);
	send_room(fds[1], 2);
	file_close(&fds[1]);
	wire_send(seen.wire, MSG_SESSION_ASKS_ROOM, &m);
	wire_send(seen.wire, MSG_SESSION_ASKS_ROOM, &m);
	loop_run(seen.loop);
	assert_int_equal(seen.gone, 1);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.ids[1], 2);
	tear_down(&seen, -1);
}

static void
a_message_that_a_role_may_not_receive_ends_the_link(void **state)
{
	struct seen seen;
	struct buf scratch = BUF_EMPTY;
	int fds[2];

	(void)state;
	set_up(&seen, fds);
	assert_int_equal(wire_send_blocking(fds[1], MSG_DELIVER_IS_IDLE, NULL, &scratch), WIRE_OK);
	send_room(fds[1], 1);
	loop_run(seen.loop);
	assert_int_equal(seen.gone, 1);
	assert_int_equal(seen.count, 0);
	buf_fini(&scratch);
	tear_down(&seen, fds[1]);
}

static void
bytes_that_are_no_message_end_the_link(void **state)
{
	struct seen seen;
	int fds[2];

	(void)state;
	set_up(&seen, fds);
	assert_int_equal(write(fds[1], "\xff\xff\xff", 3), 3);
	loop_run(seen.loop);
	assert_int_equal(seen.gone, 1);
	tear_down(&seen, fds[1]);
}

static void
a_wire_may_be_freed_in_its_own_handler(void **state)
{
	struct seen seen;
	int fds[2];

	(void)state;
	set_up(&seen, fds);
	seen.free_in_handler = seen.wire;
	seen.stop_at = 1;
	send_room(fds[1], 1);
	send_room(fds[1], 2);
	loop_run(seen.loop);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.gone, 0);
	assert_null(seen.wire);
	tear_down(&seen, fds[1]);
}

static void
give_descriptor(int to)
{
	struct msg_MASTER_GIVES_LISTENER m = { .listener = STR("local") };
	struct buf scratch = BUF_EMPTY;

	m.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(wire_send_blocking(to, MSG_MASTER_GIVES_LISTENER, &m, &scratch), WIRE_OK);
	close(m.fd);
	buf_fini(&scratch);
}

static void
a_descriptor_is_closed_unless_it_is_taken(void **state)
{
	struct seen seen;
	int fds[2];

	(void)state;
	set_up(&seen, fds);
	give_descriptor(fds[1]);
	loop_run(seen.loop);
	assert_true(seen.fd != -1);
	assert_int_equal(fcntl(seen.fd, F_GETFD), -1);
	seen.stop_at = 1;
	give_descriptor(fds[1]);
	loop_run(seen.loop);
	assert_int_equal(fcntl(seen.fd, F_GETFD), FD_CLOEXEC);
	file_close(&seen.fd);
	tear_down(&seen, fds[1]);
}

/* A raw packet with descriptors beside it. */
static void
send_raw(int to, struct str bytes, const int *passed, size_t count)
{
	char room[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { (void *)(uintptr_t)bytes.p, bytes.n };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), passed, count * sizeof(int));
	assert_int_equal(sendmsg(to, &header, 0), (ssize_t)bytes.n);
}

static void
descriptors_nobody_asked_for_end_the_link_and_leak_nothing(void **state)
{
	struct msg_MASTER_GIVES_LISTENER listener = { .listener = STR("x") };
	struct msg_SESSION_ASKS_ROOM room = { .id = 1 };
	int two[2] = { 0, 1 }, fds[2], before, after, round;
	struct buf bytes = BUF_EMPTY;
	struct seen seen;

	(void)state;
	before = dup(0);
	close(before);
	for (round = 0; round < 2; round++) {
		set_up(&seen, fds);
		buf_clear(&bytes);
		if (round == 0)
			assert_true(wire_is_encoded(MSG_MASTER_GIVES_LISTENER, &listener, &bytes));
		else
			assert_true(wire_is_encoded(MSG_SESSION_ASKS_ROOM, &room, &bytes));
		send_raw(fds[1], buf_str(&bytes), two, round == 0 ? 2 : 1);
		loop_run(seen.loop);
		assert_int_equal(seen.gone, 1);
		assert_int_equal(seen.count, 0);
		tear_down(&seen, fds[1]);
	}
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
	buf_fini(&bytes);
}

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

static void
nothing_is_read_while_paused(void **state)
{
	struct watch timer = { 0 };
	struct seen seen;
	int fds[2];

	(void)state;
	set_up(&seen, fds);
	wire_pause(seen.wire);
	send_room(fds[1], 1);
	loop_timer(seen.loop, &timer, 10000, stop_loop, seen.loop);
	loop_run(seen.loop);
	assert_int_equal(seen.count, 0);
	wire_resume(seen.wire);
	seen.stop_at = 1;
	loop_run(seen.loop);
	assert_int_equal(seen.count, 1);
	loop_unwatch(&timer);
	tear_down(&seen, fds[1]);
}

static void
the_blocking_end_tells_closed_from_broken(void **state)
{
	struct buf packet = BUF_EMPTY;
	struct arena arena;
	union msg_any out;
	enum msg m;
	int fds[2];

	(void)state;
	arena_init(&arena);
	assert_int_equal(net_pair(fds, NULL), 0);
	send_room(fds[1], 3);
	assert_int_equal(wire_recv_blocking(fds[0], &packet, &arena, &m, &out), WIRE_OK);
	assert_int_equal(m, MSG_SESSION_ASKS_ROOM);
	assert_int_equal(out.SESSION_ASKS_ROOM.id, 3);
	assert_int_equal(write(fds[1], "?", 1), 1);
	assert_int_equal(wire_recv_blocking(fds[0], &packet, &arena, &m, &out), WIRE_BROKEN);
	file_close(&fds[1]);
	assert_int_equal(wire_recv_blocking(fds[0], &packet, &arena, &m, &out), WIRE_CLOSED);
	file_close(&fds[0]);
	arena_fini(&arena);
	buf_fini(&packet);
}

static void
only_the_declared_sender_may_send(void **state)
{
	(void)state;
	assert_true(role_may_send(ROLE_SESSION, MSG_SESSION_ASKS_RCPT));
	assert_false(role_may_send(ROLE_FILTER, MSG_SESSION_ASKS_RCPT));
	assert_true(role_may_send(ROLE_FILTER, MSG_CHILD_IS_READY));
	assert_false(role_may_send(ROLE_CONTROL, MSG_CHILD_IS_READY));
	assert_false(role_may_send(ROLE_CONTROL, MSG_MASTER_SAYS_STOP));
	assert_false(role_may_send(ROLE_MASTER, MSG_COUNT));
	assert_false(role_may_send(ROLE_MASTER, -1));
}

static void
peers_know_each_other_on_both_sides(void **state)
{
	int a, b;

	(void)state;
	for (a = 0; a < ROLE_COUNT; a++) {
		assert_int_equal(role_spec((enum role)a)->role, a);
		for (b = 0; b < ROLE_COUNT; b++)
			assert_int_equal(role_spec((enum role)a)->peers >> b & 1,
			    role_spec((enum role)b)->peers >> a & 1);
	}
	/* The argument of doc/privileges.md: who parses strangers' bytes reaches
	 * neither the other parser nor the way out. */
	assert_int_equal(role_spec(ROLE_FILTER)->peers, 1 << ROLE_MASTER | 1 << ROLE_DELIVER);
	assert_int_equal(role_spec(ROLE_SESSION)->peers >> ROLE_RELAY & 1, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_with_nested_lists_comes_back_equal),
		cmocka_unit_test(a_packet_that_is_cut_or_too_long_is_no_message),
		cmocka_unit_test(a_message_above_the_packet_limit_cannot_be_carried),
		cmocka_unit_test(a_full_socket_queues_and_order_is_kept),
		cmocka_unit_test(a_stuck_peer_ends_the_link_once_from_the_loop),
		cmocka_unit_test(what_a_peer_sent_before_it_went_is_still_handled),
		cmocka_unit_test(a_message_that_a_role_may_not_receive_ends_the_link),
		cmocka_unit_test(bytes_that_are_no_message_end_the_link),
		cmocka_unit_test(a_wire_may_be_freed_in_its_own_handler),
		cmocka_unit_test(a_descriptor_is_closed_unless_it_is_taken),
		cmocka_unit_test(descriptors_nobody_asked_for_end_the_link_and_leak_nothing),
		cmocka_unit_test(nothing_is_read_while_paused),
		cmocka_unit_test(the_blocking_end_tells_closed_from_broken),
		cmocka_unit_test(only_the_declared_sender_may_send),
		cmocka_unit_test(peers_know_each_other_on_both_sides),
	};

	log_init("test_wire", 2, LOG_L_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

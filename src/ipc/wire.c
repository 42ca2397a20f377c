/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors
 *
 * One packet a message: the codec, its way through a socket, and the end that
 * blocks.  It knows the grammar of messages.def and no meaning, and no loop:
 * the programs that have one link wire_loop.c. */
#include "ipc/wire_packet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/file.h"

#define RECORD(name)                                                           \
	typedef struct rec_##name owner_##name;                                \
	static const struct pack_field fields_##name[] = {
#define END_RECORD(name)                                                       \
	{ PACK_END, 0, NULL, 0, NULL }                                         \
	}                                                                      \
	;
#define MESSAGE(name, from)                                                    \
	typedef struct msg_##name owner_##name;                                \
	static const struct pack_field fields_##name[] = {
#define END_MESSAGE(name) END_RECORD(name)
#define FIELD(owner, type, name, doc)                                          \
	{ PACK_##type, offsetof(owner_##owner, name), NULL, 0, #name },
#define LIST(owner, record, name, doc)                                         \
	{ PACK_LIST, offsetof(owner_##owner, name), fields_##record,           \
	    sizeof(struct rec_##record), #name },
#include "ipc/messages.def"
#include "ipc/messages_end.h"

struct grammar {
	const char *name;
	const struct pack_field *fields;
	size_t size;
};

static const struct grammar grammar[MSG_COUNT] = {
#define RECORD(name)
#define END_RECORD(name)
#define MESSAGE(name, from) { #name, fields_##name, sizeof(struct msg_##name) },
#define END_MESSAGE(name)
#define FIELD(owner, type, name, doc)
#define LIST(owner, record, name, doc)
#include "ipc/messages.def"
#include "ipc/messages_end.h"
};

const char *
wire_name(enum msg m)
{
	BUG_ON((unsigned)m >= MSG_COUNT);
	return grammar[m].name;
}

int *
wire_packet_fd(enum msg m, const void *message)
{
	const struct pack_field *field;

	for (field = grammar[m].fields; field->type != PACK_END; field++)
		if (field->type == PACK_FD)
			return (int *)((char *)(uintptr_t)message + field->offset);
	return NULL;
}

bool
wire_is_encoded(enum msg m, const void *message, struct buf *out)
{
	size_t start = out->n;

	BUG_ON((unsigned)m >= MSG_COUNT);
	buf_add_byte(out, (char)(m & 0xff));
	buf_add_byte(out, (char)(m >> 8));
	pack_add(grammar[m].fields, message, out);
	return buf_is_ok(out) && out->n - start <= WIRE_PACKET_MAX;
}

bool
wire_can_carry(enum msg m, const void *message)
{
	struct buf scratch = BUF_LIMIT(WIRE_PACKET_MAX);
	bool can = wire_is_encoded(m, message, &scratch);

	buf_fini(&scratch);
	return can;
}

bool
wire_is_decoded(struct str bytes, enum msg *m_out, union msg_any *out, struct arena *a)
{
	unsigned number;

	if (bytes.n < 2 || bytes.n > WIRE_PACKET_MAX)
		return false;
	number = (unsigned char)bytes.p[0] | (unsigned)(unsigned char)bytes.p[1] << 8;
	if (number >= MSG_COUNT)
		return false;
	*m_out = (enum msg)number;
	return pack_is_read(grammar[number].fields, str_from(bytes, 2), true, out,
	    grammar[number].size, a);
}

/* ---- one system call ---- */

int
wire_packet_send(int fd, struct str bytes, int passed)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes.p, bytes.n };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t n;

	if (passed != -1) {
		header.msg_control = control.room;
		header.msg_controllen = sizeof control.room;
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &passed, sizeof passed);
	}
	do {
		n = sendmsg(fd, &header, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	return n == -1 ? errno : 0;
}

/* The descriptors that came along: the first into *fd_out, any other is
 * closed and makes the packet malformed. */
static bool
is_at_most_one_fd(struct msghdr *header, int *fd_out)
{
	struct cmsghdr *c;
	size_t i, n;
	bool is_fine = (header->msg_flags & MSG_CTRUNC) == 0;
	int fd;

	*fd_out = -1;
	for (c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof fd;
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (*fd_out == -1) {
				*fd_out = fd;
			} else {
				close(fd);
				is_fine = false;
			}
		}
	}
	return is_fine;
}

enum wire_receipt
wire_packet_receive(int fd, struct buf *in, int *fd_out)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { NULL, WIRE_PACKET_MAX };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.room, .msg_controllen = sizeof control.room };
	ssize_t n;

	*fd_out = -1;
	buf_clear(in);
	iov.iov_base = buf_reserve(in, WIRE_PACKET_MAX);
	BUG_ON(iov.iov_base == NULL);
	/* ECONNRESET is told once, before what the peer sent in time: read on. */
	do {
		n = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
	} while (n == -1 && (errno == EINTR || errno == ECONNRESET));
	if (n == -1)
		return errno == EAGAIN ? WIRE_RECEIPT_NOTHING : WIRE_RECEIPT_END;
	if (!is_at_most_one_fd(&header, fd_out) || (header.msg_flags & MSG_TRUNC) != 0)
		return WIRE_RECEIPT_BROKEN;
	if (n == 0)
		return WIRE_RECEIPT_END;
	buf_grew(in, (size_t)n);
	return WIRE_RECEIPT_PACKET;
}

bool
wire_packet_is_understood(struct buf *in, int *fd, struct arena *a, enum msg *m_out,
    union msg_any *out)
{
	int *member;

	if (!wire_is_decoded(buf_str(in), m_out, out, a))
		return false;
	if (*fd == -1)
		return true;
	member = wire_packet_fd(*m_out, out);
	if (member == NULL)
		return false;
	*member = *fd;
	*fd = -1;
	return true;
}

/* ---- the end that blocks ---- */

static void
wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	/* A failure here shows again, with its reason, at the next call. */
	(void)poll(&p, 1, -1);
}

enum wire_result
wire_recv_blocking(int fd, struct buf *packet, struct arena *a, enum msg *m_out, union msg_any *out)
{
	enum wire_receipt receipt;
	int passed;

	while ((receipt = wire_packet_receive(fd, packet, &passed)) == WIRE_RECEIPT_NOTHING)
		wait_for(fd, POLLIN);
	if (receipt == WIRE_RECEIPT_END)
		return WIRE_CLOSED;
	if (receipt == WIRE_RECEIPT_PACKET && wire_packet_is_understood(packet, &passed, a, m_out, out))
		return WIRE_OK;
	file_close(&passed);
	return WIRE_BROKEN;
}

enum wire_result
wire_send_blocking(int fd, enum msg m, const void *message, struct buf *scratch)
{
	const int *member = wire_packet_fd(m, message);
	int errnum;

	buf_clear(scratch);
	BUG_ON(!wire_is_encoded(m, message, scratch));
	for (;;) {
		errnum = wire_packet_send(fd, buf_str(scratch), member == NULL ? -1 : *member);
		if (errnum == 0)
			return WIRE_OK;
		if (errnum != EAGAIN && errnum != ENOBUFS)
			return WIRE_CLOSED;
		wait_for(fd, POLLOUT);
	}
}

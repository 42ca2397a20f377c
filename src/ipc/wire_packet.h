/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_IPC_WIRE_PACKET_H
#define DOORSTEP_IPC_WIRE_PACKET_H

#include "ipc/wire.h"

/* What the two ends of wire.h share; nobody else includes this. */

/* Borrowed: the descriptor member of a message, or NULL when it has none. */
int *wire_packet_fd(enum msg m, const void *message);

/* One sendmsg: 0, or errno.  `passed` (or -1) stays the caller's. */
int wire_packet_send(int fd, struct str bytes, int passed);

enum wire_receipt {
	WIRE_RECEIPT_PACKET,
	WIRE_RECEIPT_NOTHING, /* would block */
	WIRE_RECEIPT_END,     /* the peer has gone, and all it sent is read */
	WIRE_RECEIPT_BROKEN,  /* too long, or more than one descriptor */
};

/* One packet into *in; its descriptor, if any, is the caller's in *fd_out. */
enum wire_receipt wire_packet_receive(int fd, struct buf *in, int *fd_out);

/* Decodes what was received.  When true the descriptor has moved into the
 * message and *fd is -1. */
bool wire_packet_is_understood(struct buf *in, int *fd, struct arena *a, enum msg *m_out,
    union msg_any *out);

#endif

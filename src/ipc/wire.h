/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_IPC_WIRE_H
#define DOORSTEP_IPC_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/loop.h"
#include "base/pack.h"
#include "base/str.h"

/*
 * Messages between our processes: one packet of a SOCK_SEQPACKET socket each,
 * at most one descriptor with it.  Everything here is expanded from
 * messages.def: the enum, the structs, the field tables that the one codec
 * interprets, the names for logs.
 *
 * A packet is u16 message number (little endian), then the fields in order as
 * base/pack.h writes them.  A packet that is malformed, or one that `from` may not send, is a
 * BUG of the peer: wire_read reports WIRE_BROKEN, and the caller ends the link
 * (a role whose only peer it is ends itself).
 */
#define WIRE_PACKET_MAX ((size_t)160 * 1024)
/* A message body up to this size travels inside its packet (DESIGN 1). */
#define WIRE_INLINE_MAX ((size_t)64 * 1024)

/* A decoded or to-be-encoded list: `at` points to n structs of its record. */
#define WIRE_LIST_OF(record)                                                   \
	struct {                                                               \
		struct rec_##record *at;                                       \
		size_t n;                                                      \
	}

enum msg {
#define RECORD(name)
#define END_RECORD(name)
#define MESSAGE(name, from) MSG_##name,
#define END_MESSAGE(name)
#define FIELD(owner, type, name, doc)
#define LIST(owner, record, name, doc)
#include "ipc/messages.def"
#include "ipc/messages_end.h"
	MSG_COUNT
};

#define RECORD(name) struct rec_##name {
#define END_RECORD(name)                                                       \
	}                                                                      \
	;
#define MESSAGE(name, from) struct msg_##name {
#define END_MESSAGE(name)                                                      \
	}                                                                      \
	;
#define FIELD(owner, type, name, doc) PACK_C_##type name;
#define LIST(owner, record, name, doc) WIRE_LIST_OF(record) name;
#include "ipc/messages.def"
#include "ipc/messages_end.h"

/* Any message, as dispatch tables get it: cast by its number. */
union msg_any {
	int none;
#define RECORD(name)
#define END_RECORD(name)
#define MESSAGE(name, from) struct msg_##name name;
#define END_MESSAGE(name)
#define FIELD(owner, type, name, doc)
#define LIST(owner, record, name, doc)
#include "ipc/messages.def"
#include "ipc/messages_end.h"
};

const char *wire_name(enum msg m); /* "SESSION_ASKS_RCPT" */

/* Codec on plain memory, for tests, fuzzing and the store.  Decoded strings
 * point into `bytes`; lists live in the arena.  FD fields are -1 after
 * decoding: wire_read puts the descriptor in. */
bool wire_is_encoded(enum msg m, const void *message, struct buf *out);
bool wire_is_decoded(struct str bytes, enum msg *m_out, union msg_any *out, struct arena *a);
/* Whether it would fit into a packet: to be asked before a message whose size
 * strangers decide is sent, because sending one that does not fit is a BUG. */
bool wire_can_carry(enum msg m, const void *message);

/*
 * One end of a link.  Sends are queued when the socket is full; the queue is
 * bounded (WIRE_QUEUE_MAX packets), overflowing it ends the link: the peer is
 * stuck.  `handlers` has a hole (NULL) for each message this role may not
 * receive on this link; a hole that is hit ends the link.
 */
#define WIRE_QUEUE_MAX 8192

struct wire;
typedef void (*wire_handler)(struct wire *w, const union msg_any *message, void *arg);
typedef void (*wire_gone_fn)(struct wire *w, void *arg);

/* For programs with a loop.  gone(arg) is called once from the loop when the
 * peer closed, broke the grammar, or the queue overflowed (logged); the
 * callee then calls wire_free.  Takes fd over.
 * In a handler, the message and what it points to live until it returns; an
 * FD field belongs to the handler (it must take it or it is closed: set the
 * field in the message to -1 through wire_take_fd). */
struct wire *wire_new(struct loop *loop, int fd, const wire_handler *handlers,
    wire_gone_fn gone, void *arg);
void wire_free(struct wire **w); /* legal inside a handler of the same wire, and on NULL */
/* message may be NULL when it has no fields.  An FD field stays the sender's (it is duplicated if it must wait).  After
 * the peer has gone a send does nothing; what the peer had sent is still
 * handled before gone is called. */
void wire_send(struct wire *w, enum msg m, const void *message); /* never blocks, never fails */
int wire_take_fd(const union msg_any *message, const int *field); /* the fd is the caller's now */
size_t wire_queued(const struct wire *w);
void *wire_arg(const struct wire *w);
/* No more packets are read until wire_resume: back-pressure. */
void wire_pause(struct wire *w);
void wire_resume(struct wire *w);

/* For filter and the CLI, which block.  An end of file is WIRE_CLOSED.  A
 * received message points into *packet and the arena (which the caller
 * empties); its descriptor is the caller's. */
enum wire_result { WIRE_OK, WIRE_CLOSED, WIRE_BROKEN };
enum wire_result wire_recv_blocking(int fd, struct buf *packet, struct arena *a, enum msg *m_out,
    union msg_any *out);
enum wire_result wire_send_blocking(int fd, enum msg m, const void *message, struct buf *scratch);

#endif

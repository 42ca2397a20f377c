/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_PACK_H
#define DOORSTEP_BASE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/*
 * The one codec: a struct described by a table of its fields, to bytes and
 * back.  Packets between processes (ipc/messages.def), journal records and
 * LMDB values (store/format.def) all use it.
 *
 * Bytes: integers little endian; STR as u32 length and its bytes; LIST as u32
 * count and that many records; FD takes no room (it travels beside the packet).
 */
enum pack_type { PACK_END, PACK_U8, PACK_U32, PACK_U64, PACK_I64, PACK_STR, PACK_FD, PACK_LIST };

struct pack_field {
	enum pack_type type;
	size_t offset;			 /* of the member in its struct */
	const struct pack_field *record; /* of a LIST: the table of one record */
	size_t record_size;
	const char *name;
};

/* Every LIST member has this shape, whatever its record type. */
struct pack_list {
	void *at;
	size_t n;
};

/* A count above this is malformed: it guards the multiplication, the packet's
 * or record's own length is the real limit. */
#define PACK_LIST_MAX ((uint32_t)1 << 20)

#define PACK_C_U8 uint8_t
#define PACK_C_U32 uint32_t
#define PACK_C_U64 uint64_t
#define PACK_C_I64 int64_t
#define PACK_C_STR struct str
#define PACK_C_FD int

/* Appends; out->bad tells whether it fitted. */
void pack_add(const struct pack_field *fields, const void *from, struct buf *out);

/*
 * Fills *out (zeroed first; FD fields -1).  Strings point into bytes, lists
 * live in the arena.  exact: bytes must end where the last field ends.  Not
 * exact is for stored records: fields that an older version did not write
 * stay zero, fields that a newer one appended are passed over (only at the
 * end of the outermost struct; records inside lists never grow).
 * False: malformed, or the arena's ceiling.
 */
bool pack_is_read(const struct pack_field *fields, struct str bytes, bool exact, void *out,
    size_t out_size, struct arena *a);

#endif

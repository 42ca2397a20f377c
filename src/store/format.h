/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_STORE_FORMAT_H
#define DOORSTEP_STORE_FORMAT_H

#include <stdint.h>

#include "base/pack.h"

/*
 * What is on disk.  A store is a directory:
 *
 *   OWNER/lock          flock'd by the writer (deliver) as long as it lives;
 *                       not empty: the last one did not end in order
 *   OWNER/journal/N     segments, N from 1: journal.h
 *   OWNER/journal/voids deliveries taken back after they were committed
 *   OWNER/journal/note  how far things have got, unsynced: journal.h
 *   OWNER/index/        an LMDB environment with the tables below
 *   OWNER/outbox/       texts of large outgoing mail: outbox.h
 *
 * LMDB values and journal payloads are the records of format.def; keys are
 * fixed-size integers in big endian, so that ranges scan in order, and digests:
 * never text that somebody outside chose.
 */
#define FORMAT_VERSION 1

#define FORMAT_TABLE_META "meta"
#define FORMAT_TABLE_USERS "users"	   /* user id(8) -> user_row */
#define FORMAT_TABLE_MAILBOXES "mailboxes" /* user id(8) mailbox id(8) -> mailbox_row */
#define FORMAT_TABLE_MESSAGES "messages"   /* mailbox id(8) uid(4) -> message_row */
#define FORMAT_TABLE_NAMES "names"	   /* mailbox id(8) name hash(16) -> name_row */
#define FORMAT_TABLE_MARKS "marks"	   /* digest(32) -> mark_row */
#define FORMAT_TABLE_UNACKED "unacked"	   /* digest(32) -> mark_row */
#define FORMAT_TABLE_OUTBOX "outbox"	   /* row id(8) -> outbox_row */
#define FORMAT_TABLES 8

/*
 * Ids are the first 8 bytes (big endian) of SHA-256 over "user" NUL name, and
 * over "mailbox" NUL user id NUL name: the same on every replay, so that a
 * record can be applied twice.  The rows hold the names, and whoever reads a
 * row compares: another name there means a collision, which is refused as
 * FAIL_OURS and never mixed.
 */
uint64_t format_user_id(struct str user);
uint64_t format_mailbox_id(uint64_t user_id, struct str mailbox);
void format_name_hash(struct str file, unsigned char out[16]);

/* Of a row of the outbox: made by message `index` of the record.  Never given
 * twice, since sequences are not. */
#define FORMAT_OUTGOING_MAX 65536 /* in one record */
uint64_t format_outbox_id(uint64_t seq, uint32_t index);

/* Keys, into a caller's bytes. */
#define FORMAT_KEY_MAX 32
size_t format_key_user(unsigned char key[FORMAT_KEY_MAX], uint64_t user_id);
size_t format_key_mailbox(unsigned char key[FORMAT_KEY_MAX], uint64_t user_id,
    uint64_t mailbox_id);
size_t format_key_message(unsigned char key[FORMAT_KEY_MAX], uint64_t mailbox_id, uint32_t uid);
size_t format_key_name(unsigned char key[FORMAT_KEY_MAX], uint64_t mailbox_id, struct str file);
size_t format_key_outbox(unsigned char key[FORMAT_KEY_MAX], uint64_t id);
/* A number of n <= 8 bytes out of a key. */
uint64_t format_number(const unsigned char *bytes, size_t n);

/* struct disk_NAME and the table disk_NAME_fields for every record. */
#define DISK_LIST_OF(record)                                                   \
	struct {                                                               \
		struct disk_##record *at;                                      \
		size_t n;                                                      \
	}
#define RECORD(name) struct disk_##name {
#define END_RECORD(name)                                                       \
	}                                                                      \
	;
#define FIELD(owner, type, name, doc) PACK_C_##type name;
#define LIST(owner, record, name, doc) DISK_LIST_OF(record) name;
#include "store/format.def"
#undef RECORD
#undef END_RECORD
#undef FIELD
#undef LIST

#define RECORD(name) extern const struct pack_field disk_##name##_fields[];
#define END_RECORD(name)
#define FIELD(owner, type, name, doc)
#define LIST(owner, record, name, doc)
#include "store/format.def"
#undef RECORD
#undef END_RECORD
#undef FIELD
#undef LIST

#endif

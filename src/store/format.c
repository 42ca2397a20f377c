/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* The tables that describe what is on disk, ids and keys.  Knows layouts only:
 * neither LMDB nor files. */
#include "store/format.h"

#include <stddef.h>
#include <string.h>

#include "base/hash.h"

#define RECORD(name) const struct pack_field disk_##name##_fields[] = {
#define END_RECORD(name)                                                       \
	{ PACK_END, 0, NULL, 0, NULL }                                         \
	}                                                                      \
	;
#define FIELD(owner, type, name, doc)                                          \
	{ PACK_##type, offsetof(struct disk_##owner, name), NULL, 0, #name },
#define LIST(owner, record, name, doc)                                         \
	{ PACK_LIST, offsetof(struct disk_##owner, name), disk_##record##_fields, \
	    sizeof(struct disk_##record), #name },
#include "store/format.def"

static size_t
put_number(unsigned char *out, uint64_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[i] = (unsigned char)(number >> (8 * (bytes - 1 - i)));
	return bytes;
}

uint64_t
format_number(const unsigned char *bytes, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* The first 8 bytes of SHA-256 over the parts, which have a NUL between them. */
static uint64_t
digest_id(const struct str *parts, size_t count)
{
	unsigned char digest[HASH_SHA256_SIZE];

	hash_short_sha256(parts, count, digest);
	return format_number(digest, 8);
}

uint64_t
format_user_id(struct str user)
{
	const struct str parts[] = { STR("user\0"), user };

	return digest_id(parts, 2);
}

uint64_t
format_mailbox_id(uint64_t user_id, struct str mailbox)
{
	unsigned char id[8];
	const struct str parts[] = { STR("mailbox\0"), { (const char *)id, sizeof id }, STR("\0"),
		mailbox };

	put_number(id, user_id, sizeof id);
	return digest_id(parts, 4);
}

void
format_name_hash(struct str file, unsigned char out[16])
{
	unsigned char digest[HASH_SHA256_SIZE];

	hash_short_sha256(&file, 1, digest);
	memcpy(out, digest, 16);
}

size_t
format_key_user(unsigned char key[FORMAT_KEY_MAX], uint64_t user_id)
{
	return put_number(key, user_id, 8);
}

size_t
format_key_mailbox(unsigned char key[FORMAT_KEY_MAX], uint64_t user_id, uint64_t mailbox_id)
{
	return put_number(key, user_id, 8) + put_number(key + 8, mailbox_id, 8);
}

size_t
format_key_message(unsigned char key[FORMAT_KEY_MAX], uint64_t mailbox_id, uint32_t uid)
{
	return put_number(key, mailbox_id, 8) + put_number(key + 8, uid, 4);
}

size_t
format_key_name(unsigned char key[FORMAT_KEY_MAX], uint64_t mailbox_id, struct str file)
{
	put_number(key, mailbox_id, 8);
	format_name_hash(file, key + 8);
	return 8 + 16;
}

uint64_t
format_outbox_id(uint64_t seq, uint32_t index)
{
	return seq * FORMAT_OUTGOING_MAX + index;
}

size_t
format_key_outbox(unsigned char key[FORMAT_KEY_MAX], uint64_t id)
{
	return put_number(key, id, 8);
}

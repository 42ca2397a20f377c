/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
#ifndef DOORSTEP_BASE_HASH_H
#define DOORSTEP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4): guards journal records.
 * crc is 0 to begin with, or the result so far. */
uint32_t hash_crc32c(uint32_t crc, struct str bytes);

/* SipHash-1-3 with a key made at the first call: hash tables, never disk.  A
 * sandbox that forbids getrandom(2) closes after that call. */
uint64_t hash_seeded(struct str bytes);
uint64_t hash_sip13(const uint64_t key[2], struct str bytes); /* the same, for tests */

/* SHA-256 by libcrypto. Begin, add, end; then begin may be called again. */
#define HASH_SHA256_SIZE 32
struct hash_sha256;
struct hash_sha256 *hash_sha256_new(void); /* owned; never NULL */
void hash_sha256_free(struct hash_sha256 **h);
void hash_sha256_begin(struct hash_sha256 *h);
void hash_sha256_add(struct hash_sha256 *h, struct str bytes);
/* A field of a larger message: its length (64 bits, little endian), then it. */
void hash_sha256_add_field(struct hash_sha256 *h, struct str bytes);
void hash_sha256_end(struct hash_sha256 *h, unsigned char out[HASH_SHA256_SIZE]);

/* The same of short parts one behind the other: slower by the byte, and needs
 * neither memory nor libcrypto. */
void hash_short_sha256(const struct str *parts, size_t count, unsigned char out[HASH_SHA256_SIZE]);

void hash_random(void *out, size_t n); /* getrandom(2); BUG when it fails */

#endif

/* SPDX-License-Identifier: ISC
 * SPDX-FileCopyrightText: 2026 The Doorstep authors */
/* SHA-256 (FIPS 180-4) of names and file names, for libdoorstep too, which must
 * not end for want of memory: libcrypto's asks for some.  Messages are its. */
#include <endian.h>
#include <string.h>

#include "base/hash.h"

#define BLOCK 64

struct short_hash {
	uint32_t state[8];
	unsigned char block[BLOCK];
	uint64_t length;
};

static const uint32_t start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
	0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

static const uint32_t rounds[64] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b,
	0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6,
	0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
	0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585,
	0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa,
	0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

static uint32_t
turn(uint32_t word, int bits)
{
	return word >> bits | word << (32 - bits);
}

/* FIPS 180-4 6.2.2 (1). */
static void
schedule(const unsigned char block[BLOCK], uint32_t words[64])
{
	uint32_t word;
	int i;

	for (i = 0; i < 16; i++) {
		memcpy(&word, block + 4 * i, sizeof word);
		words[i] = be32toh(word);
	}
	for (; i < 64; i++) {
		uint32_t near = words[i - 2], far = words[i - 15];

		words[i] = (turn(near, 17) ^ turn(near, 19) ^ near >> 10) + words[i - 7] +
		    (turn(far, 7) ^ turn(far, 18) ^ far >> 3) + words[i - 16];
	}
}

/* FIPS 180-4 6.2.2 (2) to (4); v is a to h. */
static void
mix(struct short_hash *hash)
{
	uint32_t words[64], v[8], one, two;
	int i;

	schedule(hash->block, words);
	memcpy(v, hash->state, sizeof v);
	for (i = 0; i < 64; i++) {
		one = v[7] + (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) +
		    ((v[4] & v[5]) ^ (~v[4] & v[6])) + rounds[i] + words[i];
		two = (turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) +
		    ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof *v);
		v[4] += one;
		v[0] = one + two;
	}
	for (i = 0; i < 8; i++)
		hash->state[i] += v[i];
}

static void
add(struct short_hash *hash, struct str bytes)
{
	size_t used, n;

	while (bytes.n > 0) {
		used = hash->length % BLOCK;
		n = bytes.n < BLOCK - used ? bytes.n : BLOCK - used;
		memcpy(hash->block + used, bytes.p, n);
		hash->length += n;
		bytes = str_from(bytes, n);
		if (used + n == BLOCK)
			mix(hash);
	}
}

/* FIPS 180-4 5.1.1: a bit, zeros, and the length in bits at a block's end. */
static void
pad(struct short_hash *hash)
{
	uint64_t bits = htobe64(hash->length * 8);

	add(hash, STR("\x80"));
	while (hash->length % BLOCK != BLOCK - sizeof bits)
		add(hash, STR("\0"));
	add(hash, (struct str){ (const char *)&bits, sizeof bits });
}

void
hash_short_sha256(const struct str *parts, size_t count, unsigned char out[HASH_SHA256_SIZE])
{
	struct short_hash hash = { .length = 0 };
	uint32_t word;
	size_t i;

	memcpy(hash.state, start, sizeof start);
	for (i = 0; i < count; i++)
		add(&hash, parts[i]);
	pad(&hash);
	for (i = 0; i < 8; i++) {
		word = htobe32(hash.state[i]);
		memcpy(out + 4 * i, &word, sizeof word);
	}
}
